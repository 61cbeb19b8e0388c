"""Activations with a gate, a learned slope or a random one, or a gap around zero."""

import numpy as np

from gradviz.engine import backend, random
from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops import composite
from gradviz.ops.choosing import chosen
from gradviz.ops.refusals import refuse_half, refuse_kinds

# -- a gate ------------------------------------------------------------------------------------------


def _halves(ops, self, dim):
    half = self.shape[dim] // 2
    return ops.slice(self, dim=dim, start=0, end=half, step=1), ops.slice(self, dim=dim, start=half, end=2 * half, step=1)  # noqa: E501


def _glu_gradient(ops, grad, self, dim):
    first, second = _halves(ops, self, dim)
    share = ops.sigmoid(second)
    return ops.cat(grad * share, grad * first * (share * (1 - share)), dim=dim)


@op(
    title="glu",
    grad_fn="GluBackward0",
    self=vjp("sigmoid of the gate in the first half, else first * sigmoid'(second)", _glu_gradient),
)
def gated(xp, self, *, dim):
    """The first half along a dimension, times the sigmoid of the second."""
    refuse_kinds("glu_cpu", self, "biu")
    first, second = xp.split(self, 2, axis=dim)
    return first / (1 + xp.exp(-second))


def glu(input, dim=-1):
    """The first half along a dimension, times the sigmoid of the second: Dauphin et al. (2017)."""
    if not input._array.ndim:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    dim = composite.wrapped(dim, input._array.ndim)
    if input._array.shape[dim] % 2:
        raise RuntimeError(
            f"Halving dimension must be even, but dimension {dim} is size {input._array.shape[dim]}"
        )
    return gated(input, dim=dim)


# -- slopes below zero -------------------------------------------------------------------------------


@op(
    title="prelu",
    self=vjp("1 where self > 0, else weight", lambda ops, grad, self, weight: ops.where(self > 0, grad, grad * weight)),
    weight=vjp("0 where self > 0, else self", lambda ops, grad, self, weight: ops.where(self > 0, 0.0, grad * self)),
    dtype="promote",
)
def prelu_kernel(xp, self, weight):
    """`self` above zero, `weight * self` below."""
    refuse_kinds("prelu_cpu", self, "biu")
    return chosen(xp, self > 0, self, self * weight)


def prelu(input, weight):
    """`input` above zero, a learned slope of it below: one for all, or one a channel. He et al. (2015)."""
    ndim, count = input._array.ndim, weight._array.size
    if input._array.dtype != weight._array.dtype:
        kinds = f"{title(input._array.dtype)} and {title(weight._array.dtype)}"
        raise RuntimeError(f"prelu: Type promoting not supported. Got {kinds}")
    if count != 1:
        if not ndim:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = input._array.shape[1] if ndim > 1 else 1
        if channels != count:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {count} and channel "
                f"size = {channels}."
            )
    if weight._array.ndim > 1:
        raise RuntimeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight._array.ndim}"
        )
    if weight._array.ndim != ndim:
        weight = composite.reshape(weight, *(count if d == 1 else 1 for d in range(ndim)))
    return prelu_kernel(input, weight)


def _random_slope(ops, grad, self, noise, lower, upper, training):
    if training and upper - lower > 1e-6:
        return grad * noise
    return ops.where(self > 0, grad, grad * ((lower + upper) / 2))


@op(
    title="rrelu",
    self=vjp("noise where training, else 1 where self > 0, else (lower + upper) / 2", _random_slope),
)
def rrelu_with_noise(xp, self, noise, *, lower, upper, training):
    """`self` above zero, below it times a random slope (training) or the mean one."""
    refuse_kinds("rrelu_with_noise_out_cpu" if training else "leaky_relu_cpu", self, "biu")
    if training:
        refuse_half("rrelu_with_noise_out_cpu", self)
    self = xp.asarray(self, order="C")
    return self * noise if training else chosen(xp, self > 0, self, self * ((lower + upper) / 2))


def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, generator=None):
    """`input` above zero, below it times a random slope between two numbers, or in evaluation the mean one."""
    noise = slopes_below(input, lower, upper, training, generator)
    return rrelu_with_noise(input, noise, lower=lower, upper=upper, training=training)


def slopes_below(input, lower, upper, training, generator=None):
    """In training, what rrelu multiplies each element by: a random slope up to zero, else 1."""
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    array = input._array
    device = backend.device_of(array)
    noise = backend.made(device, lambda xp: (xp.ones if training else xp.zeros)(array.shape, array.dtype))
    if training:
        below = backend.made(device, lambda xp: xp.flatnonzero(array <= 0))
        with random.drawing_from(generator):
            slopes = random.uniform((below.size,), np.dtype(np.float64), lower, upper).astype(array.dtype)
        noise.reshape(-1)[below] = backend.moved(slopes, device)
    return Tensor(noise)


# -- a gap around zero -------------------------------------------------------------------------------


def _beyond(ops, grad, self, lambd):
    return ops.where((self >= -lambd) & (self <= lambd), 0.0, grad)


@op(title="hardshrink", grad_fn="HardshrinkBackward0", self=vjp("0 where abs(self) <= lambd, else 1", _beyond))
def without_middle(xp, self, *, lambd):
    """`self`, zero from -lambd to lambd."""
    refuse_kinds("hardshrink_cpu", self, "biu")
    return chosen(xp, (self >= -lambd) & (self <= lambd), self.dtype.type(0), self)


@op(title="softshrink", grad_fn="SoftshrinkBackward0", self=vjp("0 where abs(self) <= lambd, else 1", _beyond))
def drawn_together(xp, self, *, lambd):
    """`self` moved by lambd towards zero, zero from -lambd to lambd."""
    moved = chosen(xp, self > lambd, self - lambd, chosen(xp, self < -lambd, self + lambd, self * self.dtype.type(0)))
    return moved.astype(self.dtype, copy=False)


def hardshrink(input, lambd=0.5):
    """`input`, zero from -lambd to lambd."""
    return without_middle(input, lambd=lambd)


def softshrink(input, lambd=0.5):
    """`input` moved by lambd towards zero, zero from -lambd to lambd."""
    kind = input._array.dtype
    refuse_kinds("softshrink_check", input._array, "biu")
    if not 0 <= lambd:
        most = f"{float(np.finfo(kind).max):.6g}"
        raise RuntimeError(
            f"lambda must be in range [0, {most}] for input dtype {title(kind)}, but found {lambd}"
        )
    return drawn_together(input, lambd=lambd)


__all__ = ["hardshrink", "prelu", "rrelu"]
METHODS = ["hardshrink", "prelu"]
