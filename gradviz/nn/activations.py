"""Layers that are activations."""

from gradviz.nn import functional as F
from gradviz.nn import init as init_
from gradviz.nn.convolutions import empty_parameter
from gradviz.nn.factory import factory
from gradviz.nn.module import Module


def _told(inplace):
    return ", inplace=True" if inplace else ""


class SiLU(Module):
    """`x * sigmoid(x)`."""

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input):
        """Any shape, kept."""
        return F.silu(input, self.inplace)

    def extra_repr(self):
        """As PyTorch prints it."""
        return "inplace=True" if self.inplace else ""


class Mish(Module):
    """`x * tanh(softplus(x))`."""

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input):
        """Any shape, kept."""
        return F.mish(input, self.inplace)

    def extra_repr(self):
        """As PyTorch prints it."""
        return "inplace=True" if self.inplace else ""


class GELU(Module):
    """`x * cdf(x)` of the normal distribution, or an approximation by tanh."""

    def __init__(self, approximate="none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input):
        """Any shape, kept."""
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"approximate={self.approximate!r}"


class ELU(Module):
    """`x` above zero, `alpha * (exp(x) - 1)` below."""

    def __init__(self, alpha=1.0, inplace=False):
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input):
        """Any shape, kept."""
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"alpha={self.alpha}" + _told(self.inplace)


class CELU(ELU):
    """`x` above zero, `alpha * (exp(x / alpha) - 1)` below."""

    def forward(self, input):
        """Any shape, kept."""
        return F.celu(input, self.alpha, self.inplace)


class SELU(Module):
    """elu with the scales that keep mean and variance."""

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input):
        """Any shape, kept."""
        return F.selu(input, self.inplace)

    def extra_repr(self):
        """As PyTorch prints it."""
        return "inplace=True" if self.inplace else ""


class Softplus(Module):
    """`log(1 + exp(beta * x)) / beta`."""

    def __init__(self, beta=1.0, threshold=20.0):
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input):
        """Any shape, kept."""
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"beta={self.beta}, threshold={self.threshold}"


class Softsign(Module):
    """`x / (1 + |x|)`."""

    def forward(self, input):
        """Any shape, kept."""
        return F.softsign(input)


class LeakyReLU(Module):
    """`x` above zero, `negative_slope * x` below."""

    def __init__(self, negative_slope=0.01, inplace=False):
        super().__init__()
        self.negative_slope, self.inplace = negative_slope, inplace

    def forward(self, input):
        """Any shape, kept."""
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"negative_slope={self.negative_slope}" + _told(self.inplace)


class Hardtanh(Module):
    """`x` between two numbers, the nearer of them beyond."""

    def __init__(self, min_val=-1.0, max_val=1.0, inplace=False):
        super().__init__()
        self.min_val, self.max_val, self.inplace = min_val, max_val, inplace
        assert self.max_val > self.min_val

    def forward(self, input):
        """Any shape, kept."""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"min_val={self.min_val}, max_val={self.max_val}" + _told(self.inplace)


class ReLU6(Hardtanh):
    """`min(max(x, 0), 6)`."""

    def __init__(self, inplace=False):
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self):
        """As PyTorch prints it."""
        return "inplace=True" if self.inplace else ""


class Hardswish(Module):
    """`x * min(max(x + 3, 0), 6) / 6`."""

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input):
        """Any shape, kept."""
        return F.hardswish(input, self.inplace)


class Hardsigmoid(Module):
    """`min(max(x + 3, 0), 6) / 6`."""

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input):
        """Any shape, kept."""
        return F.hardsigmoid(input, self.inplace)


class LogSigmoid(Module):
    """`log(sigmoid(x))` without overflow."""

    def forward(self, input):
        """Any shape, kept."""
        return F.logsigmoid(input)


class Tanhshrink(Module):
    """`x - tanh(x)`."""

    def forward(self, input):
        """Any shape, kept."""
        return F.tanhshrink(input)


class _Along(Module):
    def __init__(self, dim=None):
        super().__init__()
        self.dim = dim

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"dim={self.dim}"


class Softmin(_Along):
    """softmax of `-x` along a dimension."""

    def forward(self, input):
        """Any shape, kept."""
        return F.softmin(input, self.dim, 5)


class Threshold(Module):
    """`x` above a threshold, a number elsewhere."""

    def __init__(self, threshold, value, inplace=False):
        super().__init__()
        self.threshold, self.value, self.inplace = threshold, value, inplace

    def forward(self, input):
        """Any shape, kept."""
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"threshold={self.threshold}, value={self.value}" + _told(self.inplace)


class Softmax(_Along):
    """Probabilities along a dimension."""

    def forward(self, input):
        """Any shape, kept."""
        return F.softmax(input, self.dim, 5)


class LogSoftmax(_Along):
    """Logarithms of probabilities along a dimension."""

    def forward(self, input):
        """Any shape, kept."""
        return F.log_softmax(input, self.dim, 5)


class Softmax2d(Module):
    """Probabilities of the channels at each place of (N, C, H, W)."""

    def forward(self, input):
        """(N, C, H, W) or (C, H, W), kept."""
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.ndim}D instead")
        return F.softmax(input, -3)


class GLU(_Along):
    """The first half along a dimension, times the sigmoid of the second."""

    def __init__(self, dim=-1):
        super().__init__(dim)

    def forward(self, input):
        """Any shape, half as long in that dimension."""
        return F.glu(input, self.dim)


@factory
class PReLU(Module):
    """`x` above zero, a learned slope of it below: one for all, or one a channel."""

    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = empty_parameter(num_parameters)
        init_.constant_(self.weight, init)

    def forward(self, input):
        """(N, C, ...), kept."""
        return F.prelu(input, self.weight)

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"num_parameters={self.num_parameters}"


class RReLU(Module):
    """`x` above zero, below it times a random slope; in evaluation the mean one."""

    def __init__(self, lower=1.0 / 8, upper=1.0 / 3, inplace=False):
        super().__init__()
        self.lower, self.upper, self.inplace = lower, upper, inplace

    def forward(self, input):
        """Any shape, kept."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"lower={self.lower}, upper={self.upper}" + _told(self.inplace)


class Hardshrink(Module):
    """`x`, zero from -lambd to lambd."""

    def __init__(self, lambd=0.5):
        super().__init__()
        self.lambd = lambd

    def forward(self, input):
        """Any shape, kept."""
        return F.hardshrink(input, self.lambd)

    def extra_repr(self):
        """As PyTorch prints it."""
        return str(self.lambd)


class Softshrink(Hardshrink):
    """`x` moved by lambd towards zero, zero from -lambd to lambd."""

    def forward(self, input):
        """Any shape, kept."""
        return F.softshrink(input, self.lambd)


__all__ = [
    "CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "LogSigmoid",
    "LogSoftmax", "Mish", "PReLU", "RReLU", "ReLU6", "SELU", "SiLU", "Softmax", "Softmax2d", "Softmin", "Softplus",
    "Softshrink", "Softsign", "Tanhshrink", "Threshold",
]  # fmt: skip
