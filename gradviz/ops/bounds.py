"""Picking and bounding: clamp, the larger of two, masks, and what NaN and infinities become.

At a bound the gradient passes; where two are equal, each gets half of it: PyTorch's conventions.
"""

import numpy as np

from gradviz.engine import coerce, dtypes
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops import composite
from gradviz.ops.choosing import LARGE, chosen
from gradviz.ops.refusals import invalid_combination, no_derivative, refuse_kinds, refuse_whole_in_graph, tensors_only


def _halved(ops, grad, self, other, less):
    """The gradient for one of two: half of it where they are equal, none where it is `less`."""
    return ops.masked_fill_number(ops.where(self == other, grad / 2, grad), less, value=0)


@op(
    self=vjp(
        "1 where self > other, 1 / 2 where equal, else 0",
        lambda ops, grad, self, other: _halved(ops, grad, self, other, self < other),
    ),
    other=vjp(
        "1 where other > self, 1 / 2 where equal, else 0",
        lambda ops, grad, self, other: _halved(ops, grad, self, other, self > other),
    ),
    dtype="promote",
)
def maximum(xp, self, other):
    """The greater of two elements; NaN where one is."""
    return xp.maximum(self, other)


@op(
    self=vjp(
        "1 where self < other, 1 / 2 where equal, else 0",
        lambda ops, grad, self, other: _halved(ops, grad, self, other, self > other),
    ),
    other=vjp(
        "1 where other < self, 1 / 2 where equal, else 0",
        lambda ops, grad, self, other: _halved(ops, grad, self, other, self < other),
    ),
    dtype="promote",
)
def minimum(xp, self, other):
    """The smaller of two elements; NaN where one is."""
    return xp.minimum(self, other)


@op(
    self=vjp(
        "1 where self >= other, else 0",
        lambda ops, grad, self, other: ops.masked_fill_number(grad, ~((self >= other) | (other != other)), value=0),
    ),
    other=vjp(
        "1 where self < other, else 0",
        lambda ops, grad, self, other: ops.masked_fill_number(grad, (self >= other) | (other != other), value=0),
    ),
    dtype="promote",
)
def fmax(xp, self, other):
    """The greater of two elements; a NaN gives way to a number."""
    return xp.fmax(self, other)


@op(
    self=vjp(
        "1 where self <= other, else 0",
        lambda ops, grad, self, other: ops.masked_fill_number(grad, ~((self <= other) | (other != other)), value=0),
    ),
    other=vjp(
        "1 where self > other, else 0",
        lambda ops, grad, self, other: ops.masked_fill_number(grad, (self <= other) | (other != other), value=0),
    ),
    dtype="promote",
)
def fmin(xp, self, other):
    """The smaller of two elements; a NaN gives way to a number."""
    return xp.fmin(self, other)


# -- clamp -------------------------------------------------------------------------------------------


def _within(self, min, max):
    if min is None:
        return self <= max
    return self >= min if max is None else (self >= min) & (self <= max)


def _bounded(xp, self, min, max):
    if xp is np and min is not None and max is not None and self.size >= LARGE and self.dtype.kind == "f":
        return np.clip(self, min, max)  # a quarter of the time; the greater of the two where min is above max, too
    if min is not None:
        self = xp.maximum(self, min)
    return self if max is None else xp.minimum(self, max)


def _as_one(self, number):
    """A bound in the tensor's dtype, into which integers wrap around as in PyTorch."""
    return number if self.dtype.kind == "f" else np.asarray(number).astype(self.dtype)[()]


def _alike(*arrays):
    """The arrays in PyTorch's common dtype; None stays."""
    wanted = dtypes.result_type([Tensor(each) for each in arrays if each is not None])
    return [each if each is None or each.dtype == wanted else each.astype(wanted) for each in arrays]


def _min_gradient(ops, grad, self, min, max):
    below = self < min
    return ops.where(below if max is None else below & (min < max), grad, 0.0)


def _max_gradient(ops, grad, self, min, max):
    above = self > max
    return ops.where(above if min is None else above | (max < min), grad, 0.0)


@op(
    title="clamp",
    grad_fn="ClampBackward0",
    self=vjp(
        "1 where min <= self <= max, else 0",
        lambda ops, grad, self, min, max: ops.where(_within(self, min, max), grad, 0.0),
    ),
    min=vjp("1 where self < min, else 0", _min_gradient),
    max=vjp("1 where self > max, else 0", _max_gradient),
    optional=("min", "max"),
)
def clamp_tensors(xp, self, min, max):
    """Bounded by tensors, of which one may be None."""
    self, min, max = _alike(self, min, max)
    if min is not None and max is not None:
        refuse_kinds("clamp_cpu", self, "b")
    return _bounded(xp, self, min, max)


@op(
    title="clamp",
    grad_fn="ClampBackward1",
    self=vjp(
        "1 where min <= self <= max, else 0",
        lambda ops, grad, self, min, max: ops.where(_within(self, min, max), grad, 0.0),
    ),
)
def clamp_numbers(xp, self, *, min, max):
    """Bounded by Python numbers, of which one may be None."""
    return _bounded(xp, self, *(each if each is None else _as_one(self, each) for each in (min, max)))


@op(
    title="clamp_min",
    grad_fn="ClampMinBackward0",
    self=vjp("1 where self >= min, else 0", lambda ops, grad, self, min: ops.where(self >= min, grad, 0.0)),
)
def clamp_min_number(xp, self, *, min):
    """At least a Python number."""
    return xp.maximum(self, _as_one(self, min))


@op(
    title="clamp_max",
    grad_fn="ClampMaxBackward0",
    self=vjp("1 where self <= max, else 0", lambda ops, grad, self, max: ops.where(self <= max, grad, 0.0)),
)
def clamp_max_number(xp, self, *, max):
    """At most a Python number."""
    return xp.minimum(self, _as_one(self, max))


@op(
    title="clamp_min",
    grad_fn="ClampMinBackward1",
    self=vjp("1 where self >= min, else 0", lambda ops, grad, self, min: ops.where(self >= min, grad, 0.0)),
    min=vjp("1 where self < min, else 0", lambda ops, grad, self, min: ops.where(self < min, grad, 0.0)),
    dtype="promote",
)
def clamp_min_tensor(xp, self, min):
    """At least a tensor, element by element."""
    return xp.maximum(self, min)


@op(
    title="clamp_max",
    grad_fn="ClampMaxBackward1",
    self=vjp("1 where self <= max, else 0", lambda ops, grad, self, max: ops.where(self <= max, grad, 0.0)),
    max=vjp("1 where self > max, else 0", lambda ops, grad, self, max: ops.where(self > max, grad, 0.0)),
    dtype="promote",
)
def clamp_max_tensor(xp, self, max):
    """At most a tensor, element by element."""
    return xp.minimum(self, max)


def _holding(self, *bounds):
    """The tensor in a dtype that holds the bounds too: integers become floats where a bound is one."""
    numbers = [coerce.number_like(each, self) for each in bounds if each is not None]
    wanted = dtypes.result_type([self, *numbers])
    return self if wanted == self._array.dtype else composite.to(self, dtype=dtypes.of_name(wanted.name))


def clamp(input, min=None, max=None):
    """Each element, or the bound where it lies beyond: two numbers or two tensors, of which one may be None."""
    bounds = [each for each in (min, max) if each is not None]
    if not bounds:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if all(isinstance(each, Tensor) for each in bounds):
        return clamp_tensors(input, min, max)
    if not all(type(each) in coerce.NUMBERS for each in bounds):
        raise invalid_combination("clamp", input, *bounds)
    return clamp_numbers(_holding(input, min, max), min=min, max=max)


def clamp_min(input, min):
    """Each element, at least `min`: a number or a tensor."""
    if isinstance(min, Tensor):
        return clamp_min_tensor(input, min)
    return clamp_min_number(_holding(input, min), min=min)


def clamp_max(input, max):
    """Each element, at most `max`: a number or a tensor."""
    if isinstance(max, Tensor):
        return clamp_max_tensor(input, max)
    return clamp_max_number(_holding(input, max), max=max)


# -- masks, NaN and steps ----------------------------------------------------------------------------


def _masked(xp, self, mask, value):
    if mask.dtype.kind != "b":
        raise RuntimeError(
            f"masked_fill_ only supports boolean masks, but got mask with dtype {dtypes.in_cpp(mask.dtype)}"
        )
    try:
        return chosen(xp, mask, value.astype(self.dtype)[()], self)  # a scalar, which either device takes
    except ValueError:
        raise RuntimeError(coerce.broadcast_complaint(mask.shape, self.shape)) from None


@op(
    title="masked_fill",
    grad_fn="MaskedFillBackward0",
    self=vjp("0 where mask, else 1", lambda ops, grad, mask: ops.masked_fill_number(grad, mask, value=0)),
)
def masked_fill_number(xp, self, mask, *, value):
    """A Python number where the mask holds."""
    return _masked(xp, self, mask, np.asarray(value))


@op(
    title="masked_fill",
    grad_fn="MaskedFillBackward1",
    self=vjp("0 where mask, else 1", lambda ops, grad, mask: ops.masked_fill_number(grad, mask, value=0)),
    value=vjp(
        "1 where mask, else 0",
        lambda ops, grad, mask: ops.sum(ops.where(mask, grad, 0.0)),
        lambda ops, grad, mask: ops.sum(ops.masked_select(grad, mask)),
    ),
)
def masked_fill_tensor(xp, self, mask, value):
    """A 0-d tensor's value where the mask holds."""
    if value.ndim:
        raise RuntimeError(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value.ndim} dimension(s)."
        )
    return _masked(xp, self, mask, value)


def masked_fill(input, mask, value):
    """`value`, a number or a 0-d tensor, where the mask holds, else the element; shapes broadcast."""
    if isinstance(value, Tensor):
        refuse_whole_in_graph(input, value)
        return masked_fill_tensor(input, mask, value)
    if type(value) not in coerce.NUMBERS:
        raise invalid_combination("masked_fill", mask, value)
    return masked_fill_number(input, mask, value=value)


@op(
    title="nan_to_num",
    grad_fn="NanToNumBackward0",
    self=vjp("1 where self is finite, else 0", lambda ops, grad, self: grad * ops.isfinite(self)),
)
def numbers_for_nan(xp, self, *, nan, posinf, neginf):
    """Numbers for NaN and the infinities."""
    if self.dtype.kind != "f":
        return self.copy()
    limits = xp.finfo(self.dtype)
    kind = self.dtype.type
    self = chosen(xp, xp.isnan(self), kind(0.0 if nan is None else nan), self)
    self = chosen(xp, self == np.inf, kind(limits.max if posinf is None else posinf), self)
    return chosen(xp, self == -np.inf, kind(limits.min if neginf is None else neginf), self)


def nan_to_num(input, nan=0.0, posinf=None, neginf=None):
    """Numbers for NaN and the infinities: by default 0 and the largest that the dtype holds."""
    return numbers_for_nan(input, nan=nan, posinf=posinf, neginf=neginf)


@op(
    grad_fn="NotImplemented",
    self=vjp("none, as in PyTorch", lambda grad: no_derivative("heaviside")),
    values=vjp("none, as in PyTorch", lambda grad: no_derivative("heaviside")),
)
def heaviside(xp, self, values):
    """0 below zero, 1 above, `values` at zero; PyTorch has no derivative of it."""
    if self.dtype != values.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    return chosen(xp, self == 0, values, (self > 0).astype(self.dtype))


maximum, minimum, fmax, fmin = (tensors_only(each) for each in (maximum, minimum, fmax, fmin))
clip = clamp

__all__ = [
    "clamp", "clamp_max", "clamp_min", "clip", "fmax", "fmin", "heaviside", "masked_fill", "maximum", "minimum",
    "nan_to_num",
]  # fmt: skip
METHODS = __all__
