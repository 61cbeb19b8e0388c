"""Adam's kin: Adamax, NAdam and RAdam."""

from gradviz.engine.backend import module_of
from gradviz.engine.dtypes import float32
from gradviz.engine.tensor import Tensor
from gradviz.optim.optimizer import Optimizer, refuse_negative
from gradviz.optim.rmsprop import slope, started


def _refuse(lr, eps, betas, **rest):
    refuse_negative(learning_rate=lr, epsilon_value=eps)
    for index, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {index}: {beta}")
    refuse_negative(**rest)


def _moments(gradient, group, state):
    """(mean, mean of squares, how far each is from unbiased, the step) after this gradient; in place."""
    state["step"]._array += 1
    step = int(state["step"]._array)
    beta1, beta2 = group["betas"]
    mean, square = state["exp_avg"]._array, state["exp_avg_sq"]._array
    mean += (gradient - mean) * (1 - beta1)
    square *= beta2
    square += (1 - beta2) * gradient * gradient
    return mean, square, (1 - beta1**step, 1 - beta2**step), step


def _decayed(parameter, group):
    """The gradient; the weight decay is in it, or done beside it."""
    if group["weight_decay"] and group["decoupled_weight_decay"]:
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        return slope(parameter, {**group, "weight_decay": 0})
    return slope(parameter, group)


class Adamax(Optimizer):
    """Adam by the greatest of the decaying gradients, not by their squares: Kingma and Ba (2014)."""

    def __init__(
        self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, foreach=None, *, maximize=False,
        differentiable=False, capturable=False,
    ):  # fmt: skip
        _refuse(lr, eps, betas, weight_decay_value=weight_decay)
        super().__init__(
            params,
            {
                "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach,
                "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
            },
        )  # fmt: skip

    def move(self, parameter, group, state):
        """One step of one parameter."""
        xp, (beta1, beta2) = module_of(parameter._array), group["betas"]
        started(parameter, state, "exp_avg", "exp_inf")
        state["step"]._array += 1
        gradient, mean, greatest = slope(parameter, group), state["exp_avg"]._array, state["exp_inf"]._array
        mean += (gradient - mean) * (1 - beta1)
        greatest[...] = xp.maximum(greatest * beta2, xp.abs(gradient) + group["eps"])
        rate = group["lr"] / (1 - beta1 ** int(state["step"]._array))
        parameter.sub_(Tensor(xp.asarray(mean / greatest)), alpha=rate)


class NAdam(Optimizer):
    """Adam with Nesterov's momentum: Dozat, "Incorporating Nesterov momentum into Adam" (2016)."""

    def __init__(
        self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, momentum_decay=4e-3,
        decoupled_weight_decay=False, *, foreach=None, maximize=False, capturable=False, differentiable=False,
    ):  # fmt: skip
        _refuse(lr, eps, betas, weight_decay_value=weight_decay, momentum_decay_value=momentum_decay)
        super().__init__(
            params,
            {
                "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
                "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize, "foreach": foreach,
                "capturable": capturable, "differentiable": differentiable,
            },
        )  # fmt: skip

    def move(self, parameter, group, state):
        """One step of one parameter."""
        xp = module_of(parameter._array)
        if not state:
            state["step"], state["mu_product"] = (Tensor(xp.asarray(n, float32.numpy)) for n in (0, 1))
            state |= {name: Tensor(xp.zeros_like(parameter._array)) for name in ("exp_avg", "exp_avg_sq")}
        gradient = _decayed(parameter, group)
        mean, square, (_, spread), step = _moments(gradient, group, state)
        this, following = (
            group["betas"][0] * (1.0 - 0.5 * 0.96 ** (at * group["momentum_decay"])) for at in (step, step + 1)
        )
        state["mu_product"]._array *= this
        product = float(state["mu_product"]._array)
        root = xp.sqrt(square / spread) + group["eps"]
        parameter.sub_(Tensor(xp.asarray(gradient / root)), alpha=group["lr"] * (1.0 - this) / (1.0 - product))
        rate = group["lr"] * following / (1.0 - product * following)
        parameter.sub_(Tensor(xp.asarray(mean / root)), alpha=rate)


class RAdam(Optimizer):
    """Adam that waits until the variance of its steps is known: Liu et al., "On the variance" (2019)."""

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, decoupled_weight_decay=False, *,
        foreach=None, maximize=False, capturable=False, differentiable=False,
    ):  # fmt: skip
        _refuse(lr, eps, betas, weight_decay_value=weight_decay)
        super().__init__(
            params,
            {
                "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
                "foreach": foreach, "capturable": capturable, "decoupled_weight_decay": decoupled_weight_decay,
                "differentiable": differentiable,
            },
        )  # fmt: skip

    def move(self, parameter, group, state):
        """One step of one parameter."""
        xp, beta2 = module_of(parameter._array), group["betas"][1]
        started(parameter, state, "exp_avg", "exp_avg_sq")
        mean, square, (bias, spread), step = _moments(_decayed(parameter, group), group, state)
        change = mean / bias
        most = 2 / (1 - beta2) - 1
        length = most - 2 * step * beta2**step / spread
        if length > 5.0:
            certain = ((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length)) ** 0.5
            change = change * (spread**0.5 / (xp.sqrt(square) + group["eps"])) * certain
        parameter.sub_(Tensor(xp.asarray(change)), alpha=group["lr"])
