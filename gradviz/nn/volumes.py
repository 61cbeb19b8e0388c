"""Layers of volumes, (N, C, D, H, W): pooling and transposed convolution; pools of powers; responses beside others."""

from gradviz.nn import functional as F
from gradviz.nn.convolutions import AdaptiveMaxPool1d, AvgPool2d, _Adaptive, _MaxPool, _Transposed
from gradviz.nn.module import Module


class ConvTranspose3d(_Transposed):
    """The gradient of a Conv3d for its input, as a layer."""

    _spread, _function = 3, staticmethod(F.conv_transpose3d)


class MaxPool3d(_MaxPool):
    """The greatest value of each window of (N, C, D, H, W)."""

    def forward(self, input):
        """(N, C, D, H, W) to (N, C, *windows)."""
        return F.max_pool3d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


class AvgPool3d(AvgPool2d):
    """The mean of each window of (N, C, D, H, W)."""

    def forward(self, input):
        """(N, C, D, H, W) to (N, C, *windows)."""
        return F.avg_pool3d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
            self.divisor_override,
        )  # fmt: skip


class AdaptiveAvgPool3d(_Adaptive):
    """Means of as many windows as asked for."""

    def forward(self, input):
        """(N, C, D, H, W) to (N, C, *output_size)."""
        return F.adaptive_avg_pool3d(input, self.output_size)


class AdaptiveMaxPool3d(AdaptiveMaxPool1d):
    """The greatest values of as many windows as asked for."""

    def forward(self, input):
        """(N, C, D, H, W) to (N, C, *output_size)."""
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)


class LPPool1d(Module):
    """The norm of each window of (N, C, L)."""

    _function = staticmethod(F.lp_pool1d)

    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False):
        super().__init__()
        self.norm_type, self.kernel_size, self.stride, self.ceil_mode = norm_type, kernel_size, stride, ceil_mode

    def forward(self, input):
        """(N, C, ...) to (N, C, *windows)."""
        return type(self)._function(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self):
        """As PyTorch prints it."""
        names = ("norm_type", "kernel_size", "stride", "ceil_mode")
        return ", ".join(f"{name}={getattr(self, name)}" for name in names)


class LPPool2d(LPPool1d):
    """The norm of each window of (N, C, H, W)."""

    _function = staticmethod(F.lp_pool2d)


class LPPool3d(LPPool1d):
    """The norm of each window of (N, C, D, H, W)."""

    _function = staticmethod(F.lp_pool3d)


class LocalResponseNorm(Module):
    """Each element divided by a power of the mean square of `size` channels around it."""

    def __init__(self, size, alpha=1e-4, beta=0.75, k=1.0):
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input):
        """(N, C, ...) to the same shape."""
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
