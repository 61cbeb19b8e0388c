"""Steps by the root of a running mean of squares: RMSprop, Adadelta, Adagrad."""

from gradviz.engine.backend import module_of
from gradviz.engine.dtypes import float32
from gradviz.engine.tensor import Tensor
from gradviz.optim.optimizer import Optimizer, refuse_negative


def started(parameter, state, *names, value=0):
    """Fills an empty state: a step of 0, and tensors like the parameter under these names."""
    if not state:
        xp = module_of(parameter._array)
        state["step"] = Tensor(xp.zeros((), float32.numpy))
        state |= {name: Tensor(xp.full_like(parameter._array, value)) for name in names}


def slope(parameter, group):
    """The gradient's array, turned round to maximize, with the weight decay in it."""
    gradient = -parameter._grad._array if group["maximize"] else parameter._grad._array
    return gradient + group["weight_decay"] * parameter._array if group["weight_decay"] else gradient


class RMSprop(Optimizer):
    """Steps by the gradient over the root of the running mean of its squares.

    Source: Hinton's lecture 6e (2012); `centered` as Graves, "Generating sequences" (2013).
    """

    def __init__(
        self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False, capturable=False,
        foreach=None, maximize=False, differentiable=False,
    ):  # fmt: skip
        refuse_negative(
            learning_rate=lr, epsilon_value=eps, momentum_value=momentum, weight_decay_value=weight_decay,
            alpha_value=alpha,
        )  # fmt: skip
        super().__init__(
            params,
            {
                "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
                "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach, "maximize": maximize,
                "differentiable": differentiable,
            },
        )  # fmt: skip

    def move(self, parameter, group, state):
        """One step of one parameter."""
        xp, alpha = module_of(parameter._array), group["alpha"]
        extra = ("momentum_buffer",) * (group["momentum"] > 0) + ("grad_avg",) * group["centered"]
        started(parameter, state, "square_avg", *extra)
        state["step"]._array += 1
        gradient, square = slope(parameter, group), state["square_avg"]._array
        square *= alpha
        square += (1 - alpha) * gradient * gradient
        if group["centered"]:
            mean = state["grad_avg"]._array
            mean += (gradient - mean) * (1 - alpha)
            square = square - mean * mean
        step = gradient / (xp.sqrt(square) + group["eps"])
        if group["momentum"] > 0:
            velocity = state["momentum_buffer"]._array
            velocity *= group["momentum"]
            velocity += step
            step = velocity.copy()
        parameter.sub_(Tensor(xp.asarray(step)), alpha=group["lr"])


class Adagrad(Optimizer):
    """Steps by the gradient over the root of the sum of its squares: Duchi, Hazan and Singer (2011)."""

    def __init__(
        self, params, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10, foreach=None, *,
        maximize=False, differentiable=False, fused=None,
    ):  # fmt: skip
        refuse_negative(
            learning_rate=lr, lr_decay_value=lr_decay, weight_decay_value=weight_decay,
            initial_accumulator_value_value=initial_accumulator_value, epsilon_value=eps,
        )  # fmt: skip
        super().__init__(
            params,
            {
                "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value, "foreach": foreach, "maximize": maximize,
                "differentiable": differentiable, "fused": fused,
            },
        )  # fmt: skip
        for group in self.param_groups:
            for each in group["params"]:
                self._start(each, self.state[each])

    def _start(self, parameter, state):
        started(parameter, state, "sum", value=self.defaults["initial_accumulator_value"])

    def move(self, parameter, group, state):
        """One step of one parameter."""
        xp = module_of(parameter._array)
        self._start(parameter, state)
        state["step"]._array += 1
        rate = group["lr"] / (1 + (float(state["step"]._array) - 1) * group["lr_decay"])
        gradient, squares = slope(parameter, group), state["sum"]._array
        squares += gradient * gradient
        parameter.sub_(Tensor(xp.asarray(gradient / (xp.sqrt(squares) + group["eps"]))), alpha=rate)


class Adadelta(Optimizer):
    """Steps as large as the last ones were, by the root of the running mean of squares: Zeiler (2012)."""

    def __init__(
        self, params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, foreach=None, *, capturable=False, maximize=False,
        differentiable=False,
    ):  # fmt: skip
        refuse_negative(learning_rate=lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        refuse_negative(epsilon_value=eps, weight_decay_value=weight_decay)
        super().__init__(
            params,
            {
                "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
                "capturable": capturable, "foreach": foreach, "differentiable": differentiable,
            },
        )  # fmt: skip

    def move(self, parameter, group, state):
        """One step of one parameter."""
        xp, rho, eps = module_of(parameter._array), group["rho"], group["eps"]
        started(parameter, state, "square_avg", "acc_delta")
        state["step"]._array += 1
        gradient, square, moved = slope(parameter, group), state["square_avg"]._array, state["acc_delta"]._array
        square *= rho
        square += (1 - rho) * gradient * gradient
        step = xp.sqrt(moved + eps) / xp.sqrt(square + eps) * gradient
        moved *= rho
        moved += (1 - rho) * step * step
        parameter.sub_(Tensor(xp.asarray(step)), alpha=group["lr"])
