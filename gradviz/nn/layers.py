"""Layers."""

from math import sqrt

from gradviz.engine import random
from gradviz.engine.backend import moved
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor
from gradviz.nn import functional as F
from gradviz.nn import init
from gradviz.nn.factory import factory
from gradviz.nn.module import Module, Parameter


@factory
class Linear(Module):
    """`x @ weight.T + bias`, weight (out_features, in_features); uniform in +-1/sqrt(in_features) at first."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        bound = self._bound()
        self.weight = _uniform((out_features, in_features), bound)
        if bias:
            self.bias = _uniform((out_features,), bound)
        else:
            self.register_parameter("bias", None)

    def _bound(self):
        return 1 / sqrt(self.in_features) if self.in_features else 0

    def reset_parameters(self):
        """Uniform within 1 / sqrt(in_features), anew."""
        for each in (self.weight, self.bias):
            if each is not None:
                init.uniform_(each, -self._bound(), self._bound())

    def forward(self, input):
        """(..., in_features) to (..., out_features)."""
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def _uniform(shape, bound):
    array = random.uniform(shape, mode.default_dtype.numpy, -bound, bound)
    return Parameter(Tensor(moved(array, mode.default_device)))


class ReLU(Module):
    """`max(x, 0)`."""

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input):
        """Any shape, kept."""
        return F.relu(input, self.inplace)

    def extra_repr(self):
        """As PyTorch prints it."""
        return "inplace=True" if self.inplace else ""


class Tanh(Module):
    """Hyperbolic tangent."""

    def forward(self, input):
        """Any shape, kept."""
        return F.tanh(input)


class Sigmoid(Module):
    """Logistic function."""

    def forward(self, input):
        """Any shape, kept."""
        return F.sigmoid(input)
