"""Adam and AdamW."""

import numpy as np

from gradviz.engine.backend import module_of
from gradviz.engine.coerce import as_array
from gradviz.engine.dtypes import float32
from gradviz.engine.tensor import Tensor
from gradviz.optim.optimizer import Optimizer, refuse_negative


class Adam(Optimizer):
    """Steps by the mean of the gradients over the root of the mean of their squares.

    Source: Kingma and Ba, "Adam: a method for stochastic optimization" (2014), as in PyTorch's _single_tensor_adam.
    """

    _decoupled = False

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, *, foreach=None,
        maximize=False, capturable=False, differentiable=False, fused=None, decoupled_weight_decay=False,
    ):  # fmt: skip
        refuse_negative(learning_rate=lr, epsilon_value=eps)
        for index, beta in enumerate(betas):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {index}: {beta}")
        refuse_negative(weight_decay_value=weight_decay)
        super().__init__(
            params,
            {
                "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
                "maximize": maximize, "foreach": foreach, "capturable": capturable, "differentiable": differentiable,
                "fused": fused, "decoupled_weight_decay": decoupled_weight_decay or self._decoupled,
            },
        )  # fmt: skip

    def move(self, parameter, group, state):
        """One step of one parameter; its moments are changed in place."""
        xp = module_of(parameter._array)
        if not state:
            state["step"] = Tensor(np.zeros((), float32.numpy))  # on the CPU, where it is looked at
            names = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq") if group["amsgrad"] else ("exp_avg", "exp_avg_sq")
            state |= {name: Tensor(xp.zeros_like(parameter._array)) for name in names}
        state["step"]._array += 1
        step = int(state["step"]._array)
        gradient, decay, rate = parameter._grad._array, group["weight_decay"], group["lr"]
        if group["maximize"]:
            gradient = -gradient
        if decay and group["decoupled_weight_decay"]:
            parameter.mul_(1 - rate * decay)
        elif decay:
            gradient = gradient + decay * parameter._array
        beta1, beta2 = group["betas"]
        mean, square = state["exp_avg"]._array, state["exp_avg_sq"]._array
        mean += (gradient - mean) * (1 - beta1)
        square *= beta2
        square += (1 - beta2) * gradient * gradient
        if group["amsgrad"]:
            greatest = state["max_exp_avg_sq"]._array
            xp.maximum(greatest, square, out=greatest)
            square = greatest
        root = xp.sqrt(square) / (1 - beta2**step) ** 0.5 + group["eps"]
        parameter.sub_(Tensor(as_array(mean / root)), alpha=rate / (1 - beta1**step))


class AdamW(Adam):
    """Adam with weight decay beside the gradient: Loshchilov and Hutter, "Decoupled weight decay" (2017)."""

    _decoupled = True

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False, **settings):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, **settings)
