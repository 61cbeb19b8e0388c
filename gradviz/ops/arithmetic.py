"""Arithmetic of a tensor with a Python number on either side."""

from gradviz.engine import coerce
from gradviz.engine.dtypes import int64
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import composite, pointwise, powers


def rsub(self, other):
    """`other - self`, for a Python number (RsubBackward1) or a tensor."""
    if type(other) not in coerce.NUMBERS:
        return pointwise.sub(other, self) if isinstance(other, Tensor) else NotImplemented
    if mode.formula:
        return pointwise.sub(other, self)
    return pointwise.rsub(self, other=other)


@composed("rdiv")
def rdiv(self, other):
    """`other / self`, as PyTorch: the reciprocal times a number."""
    if type(other) not in coerce.NUMBERS:
        return NotImplemented
    if mode.formula:
        return pointwise.div(other, self)
    return pointwise.mul(pointwise.reciprocal(self), other)


def pow(self, exponent):
    """`self ** exponent`; either may be a Python number."""
    if not isinstance(self, Tensor):
        return rpow(exponent, self)
    if isinstance(exponent, Tensor):
        return powers.pow_tensor(self, exponent)
    if type(exponent) not in coerce.NUMBERS:
        raise TypeError(
            f"pow(): argument 'exponent' (position 2) must be Tensor or Number, not {type(exponent).__name__}"
        )
    if self._array.dtype.kind in "iub" and isinstance(exponent, float):
        self = composite.to(self, dtype=mode.default_dtype)
    elif self._array.dtype.kind == "b":
        self = composite.to(self, dtype=int64)
    return powers.pow_scalar(self, exponent=exponent)


def rpow(self, number):
    """`number ** self`."""
    if type(number) not in coerce.NUMBERS:
        return NotImplemented
    if self._array.dtype.kind in "iub" and isinstance(number, float):
        self = composite.to(self, dtype=mode.default_dtype)
    return powers.pow_number(self, self=number)


def operator_pow(self, exponent):
    """`self ** exponent`; Python says what is wrong with an exponent that is no number."""
    return pow(self, exponent) if isinstance(exponent, Tensor) or type(exponent) in coerce.NUMBERS else NotImplemented


def square(self):
    """`self ** 2`."""
    return pow(self, 2)


__all__ = ["pow", "square"]
METHODS = __all__
