"""Elementwise ops. The maths of each vjp is its local gradient; PyTorch's derivatives.yaml is the model for names."""

import numpy as np

from gradviz.engine import backend, coerce, layouts
from gradviz.engine.dtypes import default_float
from gradviz.engine.op import op, vjp
from gradviz.ops.choosing import at_least, chosen, kept
from gradviz.ops.refusals import refuse_factor, refuse_kinds


@op(
    self=vjp("1", lambda grad: grad),
    other=vjp("alpha", lambda grad, alpha: grad if alpha == 1 else grad * alpha),
    dtype="promote",
)
def add(xp, self, other, *, alpha=1):
    """Sum, `self + alpha * other`; shapes broadcast."""
    return self + other if alpha == 1 else self + _times(other, alpha)


def _times(array, alpha):
    """A number times an array, in the array's dtype."""
    refuse_factor("alpha", alpha, array)
    return array & bool(alpha) if array.dtype.kind == "b" else alpha * array


@op(
    self=vjp("1", lambda grad: grad),
    other=vjp("-alpha", lambda grad, alpha: -grad if alpha == 1 else -grad * alpha),
    dtype="promote",
)
def sub(xp, self, other, *, alpha=1):
    """Difference, `self - alpha * other`; shapes broadcast."""
    if self.dtype.kind == "b":
        coerce.refuse_bools(self, other)
    return self - other if alpha == 1 else self - _times(other, alpha)


@op(grad_fn="RsubBackward1", self=vjp("-1", lambda grad, alpha: -grad if alpha == 1 else grad * -alpha))
def rsub(xp, self, *, other, alpha=1):
    """A Python number minus a tensor, `other - alpha * self`."""
    if self.dtype.kind == "b" or isinstance(other, bool):
        coerce.refuse_bools(self, np.asarray(other))
    if self.dtype.kind != "f" and isinstance(other, float):
        self = self.astype(default_float())
    return other - (self if alpha == 1 else alpha * self)


@op(
    self=vjp("other", lambda grad, other: grad * other),
    other=vjp("self", lambda grad, self: grad * self),
    dtype="promote",
)
def mul(xp, self, other):
    """Product; shapes broadcast."""
    return self * other


@op(
    self=vjp("1 / other", lambda grad, other: grad / other),
    other=vjp("-self / other**2", lambda grad, self, other: -grad * ((self / other) / other)),
    dtype="float",
)
def div(xp, self, other):
    """Quotient; shapes broadcast, integers become floats."""
    return self / other


@op(self=vjp("-result**2", lambda grad, result: -grad * (result * result)), dtype="float")
def reciprocal(xp, self):
    """`1 / self`."""
    return xp.reciprocal(self if self.dtype.kind == "f" else self.astype(xp.float32))


@op(self=vjp("-1", lambda grad: -grad))
def neg(xp, self):
    """`-self`."""
    if self.dtype.kind == "b":
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use "
            "the `~` or `logical_not()` operator instead."
        )
    return -self


@op(self=vjp("result", lambda grad, result: grad * result), dtype="float")
def exp(xp, self):
    """e to the power of each element."""
    return xp.exp(self)


@op(self=vjp("1 / self", lambda grad, self: grad / self), dtype="float")
def log(xp, self):
    """Natural logarithm."""
    return xp.log(self)


@op(self=vjp("1 / (2 * result)", lambda grad, result: grad / (2 * result)), dtype="float")
def sqrt(xp, self):
    """Square root."""
    return xp.sqrt(self)


@op(self=vjp("cos(self)", lambda ops, grad, self: grad * ops.cos(self)), dtype="float")
def sin(xp, self):
    """Sine."""
    return xp.sin(self)


@op(self=vjp("-sin(self)", lambda ops, grad, self: grad * -ops.sin(self)), dtype="float")
def cos(xp, self):
    """Cosine."""
    return xp.cos(self)


@op(
    self=vjp(
        "1 - result**2",
        lambda grad, result: grad * (1 - result * result),
        lambda ops, grad, result: ops.tanh_backward(grad, result),
    ),
    dtype="float",
)
def tanh(xp, self):
    """Hyperbolic tangent."""
    return xp.tanh(self)


@op(
    self=vjp(
        "result * (1 - result)",
        lambda grad, result: grad * ((1 - result) * result),
        lambda ops, grad, result: ops.sigmoid_backward(grad, result),
    ),
    dtype="float",
)
def sigmoid(xp, self):
    """Logistic function, `1 / (1 + exp(-self))`, without overflow: 0.5 * (1 + tanh(self / 2))."""
    half = self * self.dtype.type(0.5) if self.dtype.kind == "f" else self * 0.5
    return xp.tanh(half) * half.dtype.type(0.5) + half.dtype.type(0.5)


@op(
    self=vjp(
        "1 where result > 0, else 0",
        lambda grad, result: kept(grad, result != 0),
        lambda ops, grad, result: ops.threshold_backward(grad, result, threshold=0),
    )
)
def relu(xp, self):
    """`max(self, 0)`."""
    if self.dtype.kind == "b":
        raise RuntimeError("Boolean inputs not supported for relu")
    return at_least(xp, self, 0)


@op(self=vjp("sign(self)", lambda ops, grad, self: grad * ops.sgn(self)))
def abs(xp, self):
    """Absolute value."""
    refuse_kinds("abs_cpu", self, "b")
    return xp.abs(self)


@op(self=vjp("0", lambda ops, grad: ops.zeros_like(grad)))
def sign(xp, self):
    """-1, 0 or 1; 0 for NaN, as in PyTorch."""
    return self.copy() if self.dtype.kind == "b" else (self > 0).astype(self.dtype) - (self < 0)


@op(self=vjp("0", lambda ops, grad: ops.zeros_like(grad)))
def zero(xp, self):
    """Zeros of the same size."""
    return xp.zeros_like(self)


@op(title="fill", grad_fn="FillBackward2", self=vjp("0", lambda ops, grad: ops.zeros_like(grad)))
def fill_number(xp, self, *, value):
    """A number at each place."""
    return xp.full_like(self, value)


@op(
    title="fill",
    grad_fn="FillBackward3",
    self=vjp("0", lambda ops, grad: ops.zeros_like(grad)),
    value=vjp("1 (summed over all places)", lambda ops, grad: ops.sum(grad)),
)
def fill_tensor(xp, self, value):
    """A 0-d tensor's value at each place."""
    if value.ndim:
        raise RuntimeError(f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} dimensions.")
    return xp.broadcast_to(value, self.shape).astype(self.dtype)


@op(
    grad_fn="torch::autograd::CopyBackwards",
    self=vjp("0", lambda ops, grad: ops.zeros_like(grad)),
    source=vjp("1", lambda grad: grad),
)
def copy(xp, self, source):
    """Another tensor's values, in this one's size and dtype."""
    try:
        return xp.broadcast_to(source, self.shape).astype(self.dtype)
    except ValueError:
        complaint = coerce.broadcast_complaint(self.shape, source.shape)
        both = None if complaint else list(np.broadcast_shapes(self.shape, source.shape))
        raise RuntimeError(
            complaint or f"output with shape {list(self.shape)} doesn't match the broadcast shape {both}"
        ) from None


@op(self=vjp("1", lambda grad: grad))
def clone(xp, self, *, memory_format=None):
    """A copy, part of the graph; its dimensions lie in memory in the same order, or as memory_format says."""
    return layouts.copied(self, memory_format)


@op(
    title="to",
    self=vjp(
        "1", lambda ops, grad, device, home: grad if home is None else ops.to_copy(grad, device=home, home=device)
    ),
    hidden=("device", "home"),
)
def to_copy(xp, self, *, dtype=None, device=None, home=None, memory_format=None):
    """A copy in another dtype (a NumPy dtype here; `Tensor.to` takes gradviz's), or from its home on another device."""
    out = self if dtype is None else self.astype(dtype, "C" if 0 in self.strides else "K")
    if memory_format is not None:
        out = layouts.copied(out, memory_format)
    if device is not None:
        out = backend.moved(out, device)
    return layouts.copied(self) if out is self else out


@op(
    self=vjp("1 where condition, else 0", lambda ops, grad, condition: ops.where(condition, grad, 0.0)),
    other=vjp("0 where condition, else 1", lambda ops, grad, condition: ops.where(condition, 0.0, grad)),
    dtype="promote",
)
def where(xp, condition, self, other):
    """`self` where the condition holds, else `other`; shapes broadcast."""
    return chosen(xp, condition, self, other)


@op(dtype="promote")
def eq(xp, self, other):
    """Whether equal, elementwise."""
    return self == other


@op(dtype="promote")
def ne(xp, self, other):
    """Whether different, elementwise."""
    return self != other


@op(dtype="promote")
def lt(xp, self, other):
    """Whether smaller, elementwise."""
    return self < other


@op(dtype="promote")
def le(xp, self, other):
    """Whether smaller or equal, elementwise."""
    return self <= other


@op(dtype="promote")
def gt(xp, self, other):
    """Whether greater, elementwise."""
    return self > other


@op(dtype="promote")
def ge(xp, self, other):
    """Whether greater or equal, elementwise."""
    return self >= other


@op(dtype="promote")
def bitwise_and(xp, self, other):
    """And of booleans, or of integers bit by bit."""
    refuse_kinds("bitwise_and_cpu", self, "f")
    return self & other


@op(dtype="promote")
def bitwise_or(xp, self, other):
    """Or of booleans, or of integers bit by bit."""
    refuse_kinds("bitwise_or_cpu", self, "f")
    return self | other


@op()
def bitwise_not(xp, self):
    """`~self`: not of booleans, or of integers bit by bit."""
    if self.dtype.kind == "f":
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return xp.invert(self)


@op()
def logical_not(xp, self):
    """Not, elementwise."""
    return xp.logical_not(self)


__all__ = [
    "abs", "add", "clone", "cos", "div", "eq", "exp", "ge", "gt", "le", "log", "logical_not", "lt", "mul", "ne", "neg",
    "reciprocal", "relu", "sigmoid", "sign", "sin", "sqrt", "sub", "tanh",
]  # fmt: skip
METHODS = __all__
