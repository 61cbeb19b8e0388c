"""Truth values and bits: what is NaN, logical and bitwise ops, closeness, and longer names of comparisons."""

from math import inf

from gradviz.engine.creation import tensor
from gradviz.engine.dtypes import default_float, title
from gradviz.engine.op import op
from gradviz.engine.tensor import Tensor
from gradviz.ops import pointwise
from gradviz.ops.refusals import refuse_kinds, tensors_only


def _never(xp, self):
    return xp.zeros(self.shape, bool)


@op()
def isnan(xp, self):
    """Whether not a number."""
    return xp.isnan(self) if self.dtype.kind == "f" else _never(xp, self)


@op()
def isinf(xp, self):
    """Whether infinite, of either sign."""
    return xp.isinf(self) if self.dtype.kind == "f" else _never(xp, self)


@op()
def isfinite(xp, self):
    """Whether a number and not infinite."""
    return xp.isfinite(self) if self.dtype.kind == "f" else ~_never(xp, self)


@op()
def logical_and(xp, self, other):
    """Whether both are other than zero."""
    return xp.logical_and(self, other)


@op()
def logical_or(xp, self, other):
    """Whether one is other than zero."""
    return xp.logical_or(self, other)


@op()
def logical_xor(xp, self, other):
    """Whether exactly one is other than zero."""
    return xp.logical_xor(self, other)


@op(dtype="promote")
def bitwise_xor(xp, self, other):
    """Exclusive or of booleans, or of integers bit by bit."""
    refuse_kinds("bitwise_xor_cpu", self, "f")
    return self ^ other


@op(dtype="promote")
def bitwise_left_shift(xp, self, other):
    """Bits moved up, `self << other`."""
    refuse_kinds("lshift_cpu", self, "bf")
    return self << other


@op(dtype="promote")
def bitwise_right_shift(xp, self, other):
    """Bits moved down, `self >> other`."""
    refuse_kinds("rshift_cpu", self, "bf")
    return self >> other


@op(title="isclose")
def near(xp, self, other, *, rtol, atol, equal_nan):
    """Whether the difference is at most `atol + rtol * |other|`."""
    if self.dtype != other.dtype:
        raise RuntimeError(f"{title(self.dtype)} did not match {title(other.dtype)}")
    close = self == other
    if equal_nan and self.dtype.kind == "f":
        close = close | (xp.isnan(self) & xp.isnan(other))
    if rtol == atol == 0:
        return close
    if self.dtype.kind != "f":  # as PyTorch: the distance is one of floating point numbers
        self, other = (each.astype(default_float()) for each in (self, other))
    allowed = atol + xp.abs(other * other.dtype.type(rtol))
    distance = xp.abs(self - other)
    return close | ((distance < inf) & (distance <= allowed))


@op(title="isin")
def isin_of(xp, self, other, *, invert):
    """Whether each element is among those of other."""
    return xp.isin(self, other, invert=invert)


def isin(elements, test_elements, *, assume_unique=False, invert=False):
    """Whether each element is among test_elements, a tensor or a number."""
    given = [each if isinstance(each, Tensor) else tensor(each) for each in (elements, test_elements)]
    for each in given:
        if each._array.dtype.kind == "b":
            raise RuntimeError(f"Unsupported input type encountered for isin(): {title(each._array.dtype)}")
    return isin_of(*given, invert=invert)


@op()
def isposinf(xp, self):
    """Whether each element is infinity."""
    return xp.isposinf(self) if self.dtype.kind == "f" else xp.zeros(self.shape, bool)


@op()
def isneginf(xp, self):
    """Whether each element is minus infinity."""
    return xp.isneginf(self) if self.dtype.kind == "f" else xp.zeros(self.shape, bool)


def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether the difference is at most `atol + rtol * |other|`, element by element."""
    return _near(input, other, rtol, atol, equal_nan, "isclose")


def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all elements are close: a Python bool."""
    return bool(_near(input, other, rtol, atol, equal_nan, "allclose")._array.all())


def _near(input, other, rtol, atol, equal_nan, name):
    if not isinstance(other, Tensor):
        raise TypeError(f"{name}(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}")
    return near(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)


def equal(input, other):
    """Whether two tensors have one shape and the same elements: a Python bool."""
    if not isinstance(other, Tensor):
        raise TypeError(f"equal(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}")
    one, two = input._array, other._array
    return one.shape == two.shape and bool((one == two).all())


logical_and, logical_or, logical_xor = (tensors_only(each) for each in (logical_and, logical_or, logical_xor))
greater, greater_equal, less, less_equal = pointwise.gt, pointwise.ge, pointwise.lt, pointwise.le
not_equal = pointwise.ne
bitwise_and, bitwise_or, bitwise_not = pointwise.bitwise_and, pointwise.bitwise_or, pointwise.bitwise_not

__all__ = [
    "allclose", "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor",
    "equal", "greater", "greater_equal", "isclose", "isfinite", "isinf", "isnan", "isneginf", "isposinf", "less",
    "less_equal", "logical_and", "logical_or", "logical_xor", "not_equal",
]  # fmt: skip
METHODS = list(__all__)
__all__ += ["isin"]
