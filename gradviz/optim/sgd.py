"""Stochastic gradient descent."""

from gradviz.optim.optimizer import Optimizer, refuse_negative


class SGD(Optimizer):
    """`p -= lr * p.grad`, with momentum, Nesterov and weight decay as PyTorch defines them."""

    def __init__(
        self, params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False,
        foreach=None, differentiable=False, fused=None,
    ):  # fmt: skip
        refuse_negative(learning_rate=lr, momentum_value=momentum, weight_decay_value=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(
            params,
            {
                "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
                "nesterov": nesterov, "maximize": maximize, "foreach": foreach, "differentiable": differentiable,
                "fused": fused,
            },
        )  # fmt: skip

    def move(self, parameter, group, state):
        """One step of one parameter."""
        gradient = -parameter._grad if group["maximize"] else parameter._grad
        if group["weight_decay"]:
            gradient = gradient + parameter * group["weight_decay"]
        if group["momentum"]:
            velocity = state.get("momentum_buffer")
            if velocity is None:
                velocity = gradient.clone()
            else:
                velocity.mul_(group["momentum"]).add_(gradient, alpha=1 - group["dampening"])
            state["momentum_buffer"] = velocity
            gradient = gradient + velocity * group["momentum"] if group["nesterov"] else velocity
        parameter.sub_(gradient, alpha=group["lr"])
