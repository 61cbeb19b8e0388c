"""Activations as functions, with PyTorch's parameters in PyTorch's order."""

from gradviz.ops import activations
from gradviz.ops.activations import (
    celu,
    gelu,
    hardsigmoid,
    hardswish,
    hardtanh,
    logsigmoid,
    mish,
    relu6,
    selu,
    silu,
    softmin,
    softsign,
    tanhshrink,
    threshold,
)
from gradviz.ops.gates import glu, hardshrink, prelu, rrelu, softshrink


def elu(input, alpha=1.0):
    """`input` above zero, `alpha * (exp(input) - 1)` below."""
    return activations.elu(input, alpha=alpha)


def softplus(input, beta=1, threshold=20):
    """`log(1 + exp(beta * input)) / beta`."""
    return activations.softplus(input, beta=beta, threshold=threshold)


def leaky_relu(input, negative_slope=0.01):
    """`input` above zero, `negative_slope * input` below."""
    return activations.leaky_relu(input, negative_slope=negative_slope)


__all__ = [
    "celu", "elu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "logsigmoid",
    "mish", "prelu", "relu6", "rrelu", "selu", "silu", "softmin", "softplus", "softshrink", "softsign", "tanhshrink",
    "threshold",
]  # fmt: skip
