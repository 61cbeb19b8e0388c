"""Optimizers, as `torch.optim`."""

from gradviz.engine.dtypes import title
from gradviz.engine.switches import no_grad
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import Within


class SGD:
    """Gradient descent: `p -= lr * p.grad`, with momentum and weight decay as PyTorch defines them."""

    def __init__(self, params, lr=1e-3, momentum=0.0, weight_decay=0.0):
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"torch.{title(params._array.dtype)}Tensor"
            )
        self.params = list(params)
        if not self.params:
            raise ValueError("optimizer got an empty parameter list")
        for each in self.params:
            if not isinstance(each, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(each).__name__}")
            if not each.is_leaf:
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, value in (("learning rate", lr), ("momentum value", momentum), ("weight_decay value", weight_decay)):
            if value < 0:
                raise ValueError(f"Invalid {name}: {value}")
        self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
        self._velocity = [None] * len(self.params)

    def __repr__(self):
        shown = {"lr": self.lr, "momentum": self.momentum, "weight_decay": self.weight_decay}
        lines = "".join(f"    {name}: {value:g}\n" for name, value in shown.items())
        return f"SGD (\nParameter Group 0\n{lines})"

    def zero_grad(self, set_to_none=True):
        """Forgets the gradients: .grad becomes None, or zeros."""
        for each in self.params:
            if each._grad is not None:
                each.grad = None if set_to_none else each._grad.detach().zero_()

    @no_grad()
    def step(self):
        """Moves each parameter against its gradient; those without gradient stay."""
        with Within("SGD.step", aside=True):
            for position, parameter in enumerate(self.params):
                gradient = parameter._grad
                if gradient is None:
                    continue
                if self.weight_decay:
                    gradient = gradient + parameter * self.weight_decay
                if self.momentum:
                    velocity = self._velocity[position]
                    velocity = gradient.clone() if velocity is None else velocity * self.momentum + gradient
                    self._velocity[position] = gradient = velocity
                parameter.sub_(gradient, alpha=self.lr)
