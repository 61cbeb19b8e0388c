"""Rounding, what is left over, and division that rounds: slopes of 0, or 1 for what is left."""

import numpy as np

from gradviz.engine import coerce
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops import pointwise
from gradviz.ops.choosing import LARGE
from gradviz.ops.refusals import invalid_combination, no_derivative, refuse_kinds


def _zero(ops, grad):
    return ops.zeros_like(grad)


def _rounded(kernel, function, self):
    refuse_kinds(kernel, self, "b")
    return function(self) if self.dtype.kind == "f" else self.copy()


@op(self=vjp("0", _zero))
def floor(xp, self):
    """The integer below."""
    return _rounded("floor_vml_cpu", xp.floor, self)


@op(self=vjp("0", _zero))
def ceil(xp, self):
    """The integer above."""
    return _rounded("ceil_vml_cpu", xp.ceil, self)


@op(self=vjp("0", _zero))
def trunc(xp, self):
    """The integer towards zero."""
    return _rounded("trunc_vml_cpu", xp.trunc, self)


@op(title="round", grad_fn="RoundBackward0", self=vjp("0", _zero))
def round_whole(xp, self):
    """The nearest integer, halves to the even one."""
    return _rounded("round_vml_cpu", xp.rint, self)


@op(title="round", grad_fn="RoundBackward1", self=vjp("0", _zero))
def round_decimals(xp, self, *, decimals):
    """The nearest number of so many decimals; a negative count rounds to tens, hundreds, ..."""
    refuse_kinds("round_cpu", self, "biu")
    scale = self.dtype.type(10.0 ** abs(decimals))
    return xp.rint(self * scale) / scale if decimals > 0 else xp.rint(self / scale) * scale


def round(input, *, decimals=0):
    """The nearest integer, or number of so many decimals; halves go to the even one."""
    return round_decimals(input, decimals=decimals) if decimals else round_whole(input)


@op(self=vjp("1", lambda grad: grad))
def frac(xp, self):
    """What is after the decimal point, with the sign."""
    refuse_kinds("frac_cpu", self, "biu")
    return self - xp.trunc(self)


# -- remainders --------------------------------------------------------------------------------------


def _checked(xp, kernel, self, other):
    refuse_kinds(kernel, self, "b")
    if self.dtype.kind in "iu" and xp.__name__ == "numpy" and (other == 0).any():  # a GPU doesn't look either
        raise RuntimeError("ZeroDivisionError")


_SAFE = 2.0**29  # a quotient of two float32 below this is less than half a float64's digit away from no integer


def _is_many(xp, array):
    """Whether NumPy's own way, an element at a time, would be slow; a sketch has no size, and so no plan."""
    return array.size >= LARGE and xp is np and array.dtype == np.float32


def _left_over(xp, self, other, function):
    """fmod or remainder; of many float32 by way of float64, where what is left over comes out exactly, too."""
    if not _is_many(xp, self) or not np.isfinite(other).all():
        return function(self, other)
    wide, divisor = self.astype(np.float64), other.astype(np.float64)
    with np.errstate(all="ignore"):
        quotient = wide / divisor
    if not (np.abs(quotient) < _SAFE).all():
        return function(self, other)
    (np.trunc if function is np.fmod else np.floor)(quotient, out=quotient)
    quotient *= divisor
    wide = np.subtract(wide, quotient, out=quotient)
    return np.copysign(wide, self if function is np.fmod else divisor).astype(np.float32)


@op(
    title="remainder",
    grad_fn="RemainderBackward1",
    self=vjp("1", lambda grad: grad),
    other=vjp(
        "-floor(self / other)",
        lambda ops, grad, self, other: -grad * ops.div_rounded(self, other, rounding_mode="floor"),
    ),
    dtype="promote",
)
def remainder_tensor(xp, self, other):
    """`self - floor(self / other) * other`: with the sign of other."""
    _checked(xp, "remainder_cpu", self, other)
    return _left_over(xp, self, other, xp.remainder)


@op(
    title="fmod",
    grad_fn="FmodBackward1",
    self=vjp("1", lambda grad: grad),
    other=vjp(
        "-trunc(self / other)",
        lambda ops, grad, self, other: -grad * ops.div_rounded(self, other, rounding_mode="trunc"),
    ),
    dtype="promote",
)
def fmod_tensor(xp, self, other):
    """`self - trunc(self / other) * other`: with the sign of self."""
    _checked(xp, "fmod_cpu", self, other)
    return _left_over(xp, self, other, xp.fmod)


# A Python number goes in as a second tensor, so that promotion is that of two; it gets no edge and is not saved.


@op(title="remainder", grad_fn="RemainderBackward0", self=vjp("1", lambda grad: grad), dtype="promote")
def remainder_by(xp, self, other):
    """The remainder by a Python number."""
    _checked(xp, "remainder_cpu", self, other)
    return _left_over(xp, self, other, xp.remainder)


@op(title="fmod", grad_fn="FmodBackward0", self=vjp("1", lambda grad: grad), dtype="promote")
def fmod_by(xp, self, other):
    """fmod by a Python number."""
    _checked(xp, "fmod_cpu", self, other)
    return _left_over(xp, self, other, xp.fmod)


@op(
    title="remainder",
    grad_fn="NotImplemented",
    other=vjp("none, as in PyTorch", lambda grad: no_derivative("remainder")),
    dtype="promote",
)
def remainder_of(xp, self, other):
    """The remainder of a Python number."""
    _checked(xp, "remainder_cpu", self, other)
    return _left_over(xp, self, other, xp.remainder)


def remainder(input, other):
    """What is left of input divided by other, with the sign of other; either may be a Python number."""
    if isinstance(other, Tensor):
        return (remainder_tensor if isinstance(input, Tensor) else remainder_of)(input, other)
    if isinstance(input, Tensor) and type(other) in coerce.NUMBERS:
        return remainder_by(input, other)
    raise invalid_combination("remainder", input, other)


def fmod(input, other):
    """What is left of input divided by other, with the sign of input; other may be a Python number."""
    if isinstance(input, Tensor):
        if isinstance(other, Tensor):
            return fmod_tensor(input, other)
        if type(other) in coerce.NUMBERS:
            return fmod_by(input, other)
    raise invalid_combination("fmod", input, other)


def operator_mod(self, other):
    """`self % other`; Python says what is wrong with an `other` that is no number."""
    known = isinstance(other, Tensor) or type(other) in coerce.NUMBERS
    return remainder(self, other) if known else NotImplemented


def operator_rmod(self, other):
    """`other % self` for a Python number."""
    return remainder(other, self) if type(other) in coerce.NUMBERS else NotImplemented


# -- division that rounds ----------------------------------------------------------------------------


def _floor_divided(self, other):
    """`floor_divide` of many float32, by the same steps as NumPy's own."""
    left = _left_over(np, self, other, np.fmod)
    exact = (self - left) / other
    exact -= (left != 0) & ((other < 0) != (left < 0))
    found = np.floor(exact)
    found += exact - found > 0.5
    with np.errstate(all="ignore"):
        plain = self / other
    np.copysign(found, plain, out=found)  # the same but for zeros
    zero = other == 0
    return np.where(zero, plain, found) if zero.any() else found


def _divided(xp, self, other, rounding_mode):
    _checked(xp, f"div_{rounding_mode}_cpu", self, other)
    if rounding_mode == "floor":
        return _floor_divided(self, other) if _is_many(xp, self) else xp.floor_divide(self, other)
    if self.dtype.kind == "f":
        return xp.trunc(self / other)
    quotient = self // other
    return quotient + ((quotient < 0) & (quotient * other != self)).astype(self.dtype)


@op(
    title="div",
    grad_fn="DivBackward2",
    self=vjp("0", lambda ops, grad, other, rounding_mode: ops.zeros_like(grad)),
    other=vjp("0", lambda ops, grad, self, other, rounding_mode: ops.zeros_like(grad)),
    dtype="promote",
)
def div_rounded(xp, self, other, *, rounding_mode):
    """The quotient, rounded down ("floor") or towards zero ("trunc")."""
    return _divided(xp, self, other, rounding_mode)


def div(input, other, *, rounding_mode=None):
    """Quotient; integers become floats unless it is rounded, down ("floor") or towards zero ("trunc")."""
    if rounding_mode is None:
        return pointwise.div(input, other)
    if rounding_mode not in ("floor", "trunc"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    return div_rounded(input, other, rounding_mode=rounding_mode)


@op(
    grad_fn="NotImplemented",
    self=vjp("none, as in PyTorch", lambda grad: no_derivative("floor_divide")),
    other=vjp("none, as in PyTorch", lambda grad: no_derivative("floor_divide")),
    dtype="promote",
)
def floor_divide(xp, self, other):
    """The quotient rounded down, `self // other`; PyTorch has no derivative of it."""
    return _divided(xp, self, other, "floor")


def operator_rfloordiv(self, other):
    """`other // self` for a Python number."""
    return floor_divide(other, self) if type(other) in coerce.NUMBERS else NotImplemented


fix = trunc
divide = div
true_divide = pointwise.div

__all__ = [
    "ceil", "div", "divide", "fix", "floor", "floor_divide", "fmod", "frac", "remainder", "round", "true_divide",
    "trunc",
]  # fmt: skip
METHODS = __all__
