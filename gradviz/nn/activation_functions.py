"""Activations as functions, with PyTorch's parameters in PyTorch's order."""

import warnings

from gradviz.engine import likeness
from gradviz.engine.within import composed
from gradviz.ops import activations, composite, gates, pointwise
from gradviz.ops import activations_in_place as changing
from gradviz.ops.activations import logsigmoid, softsign, tanhshrink
from gradviz.ops.changes import relu_
from gradviz.ops.gates import glu, hardshrink, prelu, softshrink
from gradviz.ops.gelu import gelu
from gradviz.ops.in_place import in_place

celu_, elu_, selu_ = (in_place(f"{form.__name__}_", form) for form in (changing.celu, changing.elu, changing.selu))
leaky_relu_ = in_place("leaky_relu_", changing.leaky_relu)
threshold_ = in_place("threshold_", changing.threshold)
rrelu_ = in_place("rrelu_", changing.rrelu)
hardtanh_ = in_place("hardtanh_", activations.hardtanh)
_relu6_, _silu_ = in_place("relu6_", activations.relu6), in_place("silu_", activations.silu)
_mish_, _hardswish_ = in_place("mish_", activations.mish), in_place("hardswish_", activations.hardswish)
_hardsigmoid_ = in_place("hardsigmoid_", activations.hardsigmoid)


def relu(input, inplace=False):
    """`max(input, 0)`."""
    return relu_(input) if inplace else pointwise.relu(input)


def elu(input, alpha=1.0, inplace=False):
    """`input` above zero, `alpha * (exp(input) - 1)` below."""
    return elu_(input, alpha) if inplace else activations.elu(input, alpha=alpha)


def celu(input, alpha=1.0, inplace=False):
    """`input` above zero, `alpha * (exp(input / alpha) - 1)` below."""
    return celu_(input, alpha) if inplace else activations.celu(input, alpha)


def selu(input, inplace=False):
    """elu with the scales that keep mean and variance."""
    return selu_(input) if inplace else activations.selu(input)


def silu(input, inplace=False):
    """`input * sigmoid(input)`."""
    return _silu_(input) if inplace else activations.silu(input)


def mish(input, inplace=False):
    """`input * tanh(softplus(input))`."""
    return _mish_(input) if inplace else activations.mish(input)


def hardswish(input, inplace=False):
    """`input * min(max(input + 3, 0), 6) / 6`."""
    return _hardswish_(input) if inplace else activations.hardswish(input)


def hardsigmoid(input, inplace=False):
    """`min(max(input + 3, 0), 6) / 6`."""
    return _hardsigmoid_(input) if inplace else activations.hardsigmoid(input)


def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """`input` between two numbers, the nearer of them beyond."""
    return (hardtanh_ if inplace else activations.hardtanh)(input, min_val, max_val)


def relu6(input, inplace=False):
    """`min(max(input, 0), 6)`."""
    return _relu6_(input) if inplace else activations.relu6(input)


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """`input` above zero, `negative_slope * input` below."""
    return (
        leaky_relu_(input, negative_slope) if inplace else activations.leaky_relu(input, negative_slope=negative_slope)
    )


def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False):
    """`input` above zero, below it times a random slope between two numbers, or in evaluation the mean one."""
    return (rrelu_ if inplace else gates.rrelu)(input, lower, upper, training)


def threshold(input, threshold, value, inplace=False):
    """`input` above a threshold, a number elsewhere."""
    return (threshold_ if inplace else activations.threshold)(input, threshold, value)


@composed("gumbel_softmax")
def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """A sample of classes by their logits, soft or (hard) one-hot with the soft one's gradient: Jang et al. (2017)."""
    noise = -likeness.empty_like(logits).exponential_().log()
    soft = ((logits + noise) / tau).softmax(dim)
    if not hard:
        return soft
    picked = soft.max(dim, keepdim=True)[1]
    return likeness.zeros_like(logits).scatter_(dim, picked, 1.0) - soft.detach() + soft


def softmax(input, dim=None, _stacklevel=3, dtype=None):
    """Probabilities along a dimension, in another dtype if told."""
    return composite.softmax(input, _chosen("softmax", input, dim, _stacklevel), dtype)


def log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """Logarithms of probabilities along a dimension, in another dtype if told."""
    return composite.log_softmax(input, _chosen("log_softmax", input, dim, _stacklevel), dtype)


def softmin(input, dim=None, _stacklevel=3, dtype=None):
    """softmax of `-input`."""
    return activations.softmin(input, _chosen("softmin", input, dim, _stacklevel), dtype)


def _chosen(name, input, dim, stacklevel):
    """The dim, or the one of old where there is none, with PyTorch's warning."""
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if input.ndim in (0, 1, 3) else 1


def softplus(input, beta=1, threshold=20):
    """`log(1 + exp(beta * input)) / beta`."""
    return activations.softplus(input, beta=beta, threshold=threshold)


__all__ = [
    "celu", "celu_", "elu", "elu_", "gelu", "glu", "gumbel_softmax", "hardshrink", "hardsigmoid", "hardswish",
    "hardtanh", "hardtanh_", "leaky_relu", "leaky_relu_", "log_softmax", "logsigmoid", "mish", "prelu", "relu",
    "relu6", "relu_", "rrelu", "rrelu_", "selu", "selu_", "silu", "softmax", "softmin", "softplus", "softshrink",
    "softsign", "tanhshrink", "threshold", "threshold_",
]  # fmt: skip
