"""Steps by the sign of the gradient, Rprop; and averages of what stochastic gradient descent visits, ASGD."""

from gradviz.engine.backend import module_of
from gradviz.engine.dtypes import float32
from gradviz.engine.tensor import Tensor
from gradviz.optim.optimizer import Optimizer, refuse_negative
from gradviz.optim.rmsprop import slope, started


class Rprop(Optimizer):
    """Steps that grow while the gradient keeps its sign and shrink where it changes: Riedmiller and Braun (1993)."""

    def __init__(
        self, params, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50), *, capturable=False, foreach=None,
        maximize=False, differentiable=False,
    ):  # fmt: skip
        refuse_negative(learning_rate=lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        super().__init__(
            params,
            {
                "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach, "maximize": maximize,
                "differentiable": differentiable, "capturable": capturable,
            },
        )  # fmt: skip

    def move(self, parameter, group, state):
        """One step of one parameter."""
        xp = module_of(parameter._array)
        if not state:
            started(parameter, state, "prev")
            state["step_size"] = Tensor(xp.full_like(parameter._array, group["lr"]))
        state["step"]._array += 1
        gradient = -parameter._grad._array if group["maximize"] else parameter._grad._array
        before, size = state["prev"]._array, state["step_size"]._array
        (less, more), same = group["etas"], xp.sign(gradient * before)
        size *= xp.where(same > 0, more, xp.where(same < 0, less, 1)).astype(size.dtype)
        xp.clip(size, *group["step_sizes"], out=size)
        gradient = xp.where(same < 0, 0, gradient).astype(size.dtype)
        before[...] = gradient
        parameter.addcmul_(Tensor(xp.sign(gradient)), Tensor(size), value=-1)


class ASGD(Optimizer):
    """Stochastic gradient descent that keeps the average of the parameters: Polyak and Juditsky (1992)."""

    def __init__(
        self, params, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0, foreach=None, maximize=False,
        differentiable=False, capturable=False,
    ):  # fmt: skip
        refuse_negative(learning_rate=lr, weight_decay_value=weight_decay)
        super().__init__(
            params,
            {
                "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "foreach": foreach,
                "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
            },
        )  # fmt: skip

    def move(self, parameter, group, state):
        """One step of one parameter."""
        xp, lr = module_of(parameter._array), group["lr"]
        if not state:
            started(parameter, state)
            state["eta"] = Tensor(xp.asarray(lr, float32.numpy))
            state["mu"] = Tensor(xp.ones((), float32.numpy))
            state["ax"] = Tensor(xp.zeros_like(parameter._array))
        state["step"]._array += 1
        gradient = slope(parameter, group)
        eta, mu, mean = float(state["eta"]._array), float(state["mu"]._array), state["ax"]._array
        parameter.mul_(1 - group["lambd"] * eta)
        parameter.sub_(Tensor(xp.asarray(gradient)), alpha=eta)
        mean += (parameter._array - mean) * mu if mu != 1 else parameter._array - mean
        step = float(state["step"]._array)
        state["eta"]._array[...] = lr / (1 + group["lambd"] * lr * step) ** group["alpha"]
        state["mu"]._array[...] = 1 / max(1, step - group["t0"])
