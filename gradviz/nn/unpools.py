"""Layers that lead back from a maximum pool."""

from gradviz.nn import functional as F
from gradviz.nn.layer_functions import several
from gradviz.nn.module import Module


class _Unpool(Module):
    _spread, _function = 2, None

    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.kernel_size = several(kernel_size, self._spread)
        self.stride = several(kernel_size if stride is None else stride, self._spread)
        self.padding = several(padding, self._spread)

    def forward(self, input, indices, output_size=None):
        """Values (N, C, *windows) and their places to (N, C, *output_size)."""
        return type(self)._function(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_Unpool):
    """Values put where MaxPool1d found them, zeros elsewhere."""

    _spread, _function = 1, staticmethod(F.max_unpool1d)


class MaxUnpool2d(_Unpool):
    """Values put where MaxPool2d found them, zeros elsewhere."""

    _function = staticmethod(F.max_unpool2d)


class MaxUnpool3d(_Unpool):
    """Values put where MaxPool3d found them, zeros elsewhere."""

    _spread, _function = 3, staticmethod(F.max_unpool3d)
