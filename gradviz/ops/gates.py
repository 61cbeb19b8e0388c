"""Activations with a gate, a learned slope or a random one, or a gap around zero."""

import numpy as np

from gradviz.engine import backend, random
from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops import composite, pointwise
from gradviz.ops.choosing import chosen
from gradviz.ops.refusals import refuse_half, refuse_kinds

# -- a gate ------------------------------------------------------------------------------------------


def _halves(ops, self, dim):
    half = self.shape[dim] // 2
    return ops.slice(self, dim=dim, start=0, end=half, step=1), ops.slice(self, dim=dim, start=half, end=2 * half, step=1)  # noqa: E501


def _glu_gradient(ops, grad, self, dim):
    return ops.glu_backward(grad, self, dim=dim)


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


def _glu_change(ops, grad, self, dim):
    """How the result of glu changes where its input does by `grad`."""
    shape = tuple(n // 2 if d == dim else n for d, n in enumerate(self.shape))
    first, second = _halves(ops, grad * ops.glu_backward(ops.new_zeros(self, size=shape) + 1, self, dim=dim), dim)
    return first + second


def _glu_bend(ops, grad, grad_output, self, dim):
    (first, second), (of_first, of_second) = _halves(ops, self, dim), _halves(ops, grad, dim)
    share = ops.sigmoid(second)
    rest = 1 - share
    slope = share * rest
    bend = of_second * first * grad_output * (slope * rest - share * slope)
    return ops.cat(of_second * grad_output * slope, bend + of_first * grad_output * slope, dim=dim)


@op(
    grad_fn="GluBackwardBackward0",
    grad_output=vjp("sigmoid of the gate where it is of the first half, else first * sigmoid'(second)", _glu_change),
    self=vjp("grad_output * glu''(self)", _glu_bend),
)
def glu_backward(xp, grad_output, self, *, dim):
    """The gradient of glu."""
    first, second = xp.split(self, 2, axis=dim)
    share = pointwise.sigmoid.op.forward(xp, second)
    return xp.concatenate((grad_output * share, grad_output * first * (share * (1 - share))), axis=dim)


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


# of its backward's own slopes, 0 counts to those above it: PyTorch's convention


def _prelu_change(ops, grads, self, weight):
    """How the result of prelu changes where its input and its weight do by `grads`."""
    of_self, of_weight = grads
    if of_weight is None:
        return ops.where(self >= 0, of_self, of_self * weight)
    if of_self is None:
        return ops.where(self >= 0, 0.0, of_weight * self)
    return ops.where(self >= 0, of_self, of_self * weight + of_weight * self)


def _prelu_bend(ops, grads, grad_output, self):
    of_self, of_weight = grads
    return ops.zeros_like(of_self) if of_weight is None else ops.where(self >= 0, 0.0, grad_output * of_weight)


def _prelu_bend_of_weight(ops, grads, grad_output, self):
    of_self, of_weight = grads
    return ops.zeros_like(of_weight) if of_self is None else ops.where(self >= 0, 0.0, grad_output * of_self)


@op(
    grad_output=vjp("1 where self >= 0, else weight; and for the weight, 0 where self >= 0, else self", _prelu_change),
    self=vjp("0; and for the weight, 0 where self >= 0, else grad_output", _prelu_bend),
    weight=vjp("0 where self >= 0, else grad_output; and for the weight, 0", _prelu_bend_of_weight),
    several=True,
)
def prelu_kernel_backward(xp, grad_output, self, weight):
    """The gradients of prelu."""
    above = self > 0
    zero = grad_output.dtype.type(0)
    return [chosen(xp, above, grad_output, grad_output * weight), chosen(xp, above, zero, grad_output * self)]


@op(
    title="prelu",
    self=vjp(
        "1 where self > 0, else weight",
        lambda ops, grad, self, weight: ops.where(self > 0, grad, grad * weight),
        lambda ops, grad, self, weight: ops.prelu_kernel_backward(grad, self, weight)[0],
    ),
    weight=vjp(
        "0 where self > 0, else self",
        lambda ops, grad, self, weight: ops.where(self > 0, 0.0, grad * self),
        lambda ops, grad, self, weight: ops.prelu_kernel_backward(grad, self, weight)[1],
    ),
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
    return ops.rrelu_with_noise_backward(grad, self, noise, lower=lower, upper=upper, training=training)


@op(
    grad_fn="RreluWithNoiseBackwardBackward0",
    grad_output=vjp("noise where training, else 1 where self > 0, else (lower + upper) / 2", _random_slope),
    self=vjp("0", lambda ops, grad: ops.zeros_like(grad)),
)
def rrelu_with_noise_backward(xp, grad_output, self, noise, *, lower, upper, training):
    """The gradient of rrelu."""
    if training and upper - lower > 1e-6:
        return grad_output * noise
    return chosen(xp, self > 0, grad_output, grad_output * ((lower + upper) / 2))


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


def _shrinking(name):
    """The op that a gap's backward runs, and the vjp for it."""
    gradient = vjp(
        "0 where abs(self) <= lambd, else 1",
        lambda ops, grad, self, lambd: getattr(ops, f"{name}_backward")(grad, self, lambd=lambd),
    )

    def backward(xp, grad_output, self, *, lambd):
        return chosen(xp, (self >= -lambd) & (self <= lambd), grad_output.dtype.type(0), grad_output)

    backward.__name__, backward.__doc__ = f"{name}_backward", f"The gradient of {name}."
    bend = vjp("0", lambda ops, grad: ops.zeros_like(grad))
    op(grad_fn=f"{name.title()}BackwardBackward0", grad_output=gradient, self=bend)(backward)
    return gradient


@op(title="hardshrink", grad_fn="HardshrinkBackward0", self=_shrinking("hardshrink"))
def without_middle(xp, self, *, lambd):
    """`self`, zero from -lambd to lambd."""
    refuse_kinds("hardshrink_cpu", self, "biu")
    return chosen(xp, (self >= -lambd) & (self <= lambd), self.dtype.type(0), self)


@op(title="softshrink", grad_fn="SoftshrinkBackward0", self=_shrinking("softshrink"))
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
