"""Layers of convolutions and pooling."""

from math import sqrt

import numpy as np

from gradviz.engine.backend import moved
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor
from gradviz.nn import functional as F
from gradviz.nn import init
from gradviz.nn.factory import factory
from gradviz.nn.layer_functions import several
from gradviz.nn.module import Module, Parameter

_MODES = ("zeros", "reflect", "replicate", "circular")


def empty_parameter(*shape):
    """A parameter to be filled, of the default dtype and device."""
    return Parameter(Tensor(moved(np.zeros(shape, mode.default_dtype.numpy), mode.default_device)))


@factory
class _Conv(Module):
    _spread, _transposed, _function = 2, False, None

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
        padding_mode="zeros", *, output_padding=0,
    ):  # fmt: skip
        super().__init__()
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups:
                raise ValueError(f"{name} must be divisible by groups")
        if isinstance(padding, str) and padding not in ("valid", "same"):
            raise ValueError(f"Invalid padding string {padding!r}, should be one of {{'valid', 'same'}}")
        _refuse_mode(padding_mode)
        spread = self._spread
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride, self.dilation, self.output_padding = (
            several(each, spread) for each in (kernel_size, stride, dilation, output_padding)
        )
        self.padding = padding if isinstance(padding, str) else several(padding, spread)
        self.padding_mode = padding_mode
        first, second = (in_channels, out_channels) if self._transposed else (out_channels, in_channels)
        self.weight = empty_parameter(first, second // groups, *self.kernel_size)
        if bias:
            self.bias = empty_parameter(out_channels)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self):
        """Uniform within 1 / sqrt(inputs of a unit)."""
        init.kaiming_uniform_(self.weight, a=sqrt(5))
        inputs, _ = init.fans(self.weight)
        if self.bias is not None and inputs:
            init.uniform_(self.bias, -1 / sqrt(inputs), 1 / sqrt(inputs))

    def extra_repr(self):
        """As PyTorch prints it."""
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        none = (0,) * self._spread
        if self.padding != none:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self._spread:
            text += f", dilation={self.dilation}"
        if self.output_padding != none:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        text += ", bias=False" if self.bias is None else ""
        return text + (f", padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "")

    def forward(self, input):
        """(N, in_channels, ...) to (N, out_channels, ...)."""
        how = {"output_padding": self.output_padding} if self._transposed else {}
        padding = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._widths(), mode=self.padding_mode), 0
        return type(self)._function(
            input, self.weight, self.bias, stride=self.stride, padding=padding, dilation=self.dilation,
            groups=self.groups, **how,
        )  # fmt: skip


    def _widths(self):
        """What F.pad takes: before and after, the last dimension first."""
        if not isinstance(self.padding, str):
            return [each for each in reversed(self.padding) for _ in range(2)]
        same, sizes = self.padding == "same", zip(self.dilation, self.kernel_size, strict=True)
        totals = [step * (size - 1) * same for step, size in sizes]
        return [each for total in reversed(totals) for each in (total // 2, total - total // 2)]


def _refuse_mode(mode):
    if mode not in _MODES:
        raise ValueError(f"padding_mode must be one of {set(_MODES)}, but got padding_mode='{mode}'")


class Conv1d(_Conv):
    """A convolution over (N, C, L)."""

    _spread, _function = 1, staticmethod(F.conv1d)


class Conv2d(_Conv):
    """A convolution over (N, C, H, W)."""

    _function = staticmethod(F.conv2d)


class Conv3d(_Conv):
    """A convolution over (N, C, D, H, W)."""

    _spread, _function = 3, staticmethod(F.conv3d)


@factory
class _Transposed(_Conv):
    _transposed = True

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True,
        dilation=1, padding_mode="zeros",
    ):  # fmt: skip
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias,
            output_padding=output_padding,
        )  # fmt: skip


class ConvTranspose1d(_Transposed):
    """The gradient of a Conv1d for its input, as a layer."""

    _spread, _function = 1, staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_Transposed):
    """The gradient of a Conv2d for its input, as a layer."""

    _function = staticmethod(F.conv_transpose2d)


# -- pooling -----------------------------------------------------------------------------------------


class _MaxPool(Module):
    def __init__(self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation, self.ceil_mode = padding, dilation, ceil_mode
        self.return_indices = return_indices

    def extra_repr(self):
        """As PyTorch prints it."""
        names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
        return ", ".join(f"{name}={getattr(self, name)}" for name in names)


class MaxPool1d(_MaxPool):
    """The greatest value of each window of (N, C, L)."""

    def forward(self, input):
        """(N, C, L) to (N, C, windows)."""
        return F.max_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


class MaxPool2d(_MaxPool):
    """The greatest value of each window of (N, C, H, W)."""

    def forward(self, input):
        """(N, C, H, W) to (N, C, windows down, windows across)."""
        return F.max_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


class AvgPool1d(Module):
    """The mean of each window of (N, C, L)."""

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        super().__init__()
        self.kernel_size = several(kernel_size, 1)
        self.stride = several(kernel_size if stride is None else stride, 1)
        self.padding, self.ceil_mode, self.count_include_pad = several(padding, 1), ceil_mode, count_include_pad

    def forward(self, input):
        """(N, C, L) to (N, C, windows)."""
        return F.avg_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        )

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(Module):
    """The mean of each window of (N, C, H, W)."""

    def __init__(
        self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
    ):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode, self.count_include_pad = padding, ceil_mode, count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input):
        """(N, C, H, W) to (N, C, windows down, windows across)."""
        return F.avg_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
            self.divisor_override,
        )  # fmt: skip

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _Adaptive(Module):
    def __init__(self, output_size):
        super().__init__()
        self.output_size = output_size

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_Adaptive):
    """Means of as many windows as asked for."""

    def forward(self, input):
        """(N, C, L) to (N, C, output_size)."""
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveMaxPool1d(_Adaptive):
    """The greatest values of as many windows as asked for."""

    def __init__(self, output_size, return_indices=False):
        super().__init__(output_size)
        self.return_indices = return_indices

    def forward(self, input):
        """(N, C, L) to (N, C, output_size)."""
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(AdaptiveMaxPool1d):
    """The greatest values of as many windows as asked for."""

    def forward(self, input):
        """(N, C, H, W) to (N, C, *output_size)."""
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveAvgPool2d(_Adaptive):
    """Means of as many windows as asked for."""

    def forward(self, input):
        """(N, C, H, W) to (N, C, *output_size)."""
        return F.adaptive_avg_pool2d(input, self.output_size)
