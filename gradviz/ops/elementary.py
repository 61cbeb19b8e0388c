"""Roots, powers, logarithms, trigonometry and its hyperbolic kin, element by element."""

from math import log as log_of
from math import pi

from gradviz.engine.op import op, vjp
from gradviz.ops.refusals import refuse_kinds, tensors_only

LN2, LN10 = log_of(2.0), log_of(10.0)


@op(self=vjp("result * log(2)", lambda grad, result: grad * result * LN2), dtype="float")
def exp2(xp, self):
    """2 to the power of each element."""
    return xp.exp2(self)


@op(self=vjp("result + 1", lambda grad, result: grad * (result + 1)), dtype="float")
def expm1(xp, self):
    """`exp(self) - 1`, exact near zero."""
    return xp.expm1(self)


@op(self=vjp("1 / (self * log(2))", lambda grad, self: grad / (self * LN2)), dtype="float")
def log2(xp, self):
    """Logarithm to base 2."""
    return xp.log2(self)


@op(self=vjp("1 / (self * log(10))", lambda grad, self: grad / (self * LN10)), dtype="float")
def log10(xp, self):
    """Logarithm to base 10."""
    return xp.log10(self)


@op(grad_fn="Log1PBackward0", self=vjp("1 / (self + 1)", lambda grad, self: grad / (self + 1)), dtype="float")
def log1p(xp, self):
    """`log(1 + self)`, exact near zero."""
    return xp.log1p(self)


@op(self=vjp("-0.5 * result**3", lambda grad, result: -0.5 * grad * result**3), dtype="float")
def rsqrt(xp, self):
    """`1 / sqrt(self)`."""
    return 1 / xp.sqrt(self)


@op(self=vjp("1 + result**2", lambda ops, grad, result: grad * (1 + ops.pow_scalar(result, exponent=2))), dtype="float")
def tan(xp, self):
    """Tangent."""
    return xp.tan(self)


@op(self=vjp("1 / sqrt(1 - self**2)", lambda ops, grad, self: grad * ops.rsqrt(-self * self + 1)), dtype="float")
def asin(xp, self):
    """Inverse sine."""
    return xp.arcsin(self)


@op(self=vjp("-1 / sqrt(1 - self**2)", lambda ops, grad, self: grad * -ops.rsqrt(-self * self + 1)), dtype="float")
def acos(xp, self):
    """Inverse cosine."""
    return xp.arccos(self)


@op(self=vjp("1 / (self**2 + 1)", lambda grad, self: grad / (self * self + 1)), dtype="float")
def atan(xp, self):
    """Inverse tangent."""
    return xp.arctan(self)


@op(self=vjp("cosh(self)", lambda ops, grad, self: grad * ops.cosh(self)), dtype="float")
def sinh(xp, self):
    """Hyperbolic sine."""
    return xp.sinh(self)


@op(self=vjp("sinh(self)", lambda ops, grad, self: grad * ops.sinh(self)), dtype="float")
def cosh(xp, self):
    """Hyperbolic cosine."""
    return xp.cosh(self)


@op(
    self=vjp(
        "1 / sqrt(self**2 + 1)", lambda ops, grad, self: grad * ops.rsqrt(ops.pow_scalar(self, exponent=2) + 1)
    ),
    dtype="float",
)
def asinh(xp, self):
    """Inverse hyperbolic sine."""
    return xp.arcsinh(self)


@op(self=vjp("1 / sqrt(self**2 - 1)", lambda ops, grad, self: grad * ops.rsqrt(self * self - 1)), dtype="float")
def acosh(xp, self):
    """Inverse hyperbolic cosine."""
    return xp.arccosh(self)


@op(
    self=vjp("1 / (1 - self**2)", lambda ops, grad, self: grad * 1 / (1 - ops.pow_scalar(self, exponent=2))),
    dtype="float",
)
def atanh(xp, self):
    """Inverse hyperbolic tangent."""
    return xp.arctanh(self)


def _inverse_square(ops, self, other):
    square = self * self + other * other
    return ops.masked_fill_number(ops.reciprocal(square), square == 0, value=0)


@op(
    self=vjp(
        "other / (self**2 + other**2)", lambda ops, grad, self, other: grad * other * _inverse_square(ops, self, other)
    ),
    other=vjp(
        "-self / (self**2 + other**2)", lambda ops, grad, self, other: grad * -self * _inverse_square(ops, self, other)
    ),
    dtype="float",
)
def atan2(xp, self, other):
    """The angle of the point (other, self), from -pi to pi."""
    return xp.arctan2(self, other)


@op(
    self=vjp("self / result", lambda grad, self, result: grad * self / result),
    other=vjp("other / result", lambda grad, other, result: grad * other / result),
    dtype="promote",
)
def hypot(xp, self, other):
    """`sqrt(self**2 + other**2)`."""
    refuse_kinds("hypot_cpu", self, "biu")
    return xp.hypot(self, other)


@op(grad_fn="Deg2RadBackward0", self=vjp("pi / 180", lambda grad: grad * (pi / 180)), dtype="float")
def deg2rad(xp, self):
    """Degrees as radians."""
    return self * (pi / 180)


@op(grad_fn="Rad2DegBackward0", self=vjp("180 / pi", lambda grad: grad * (180 / pi)), dtype="float")
def rad2deg(xp, self):
    """Radians as degrees."""
    return self * (180 / pi)


atan2, hypot = tensors_only(atan2), tensors_only(hypot)
arcsin, arccos, arctan, arcsinh, arccosh, arctanh, arctan2 = asin, acos, atan, asinh, acosh, atanh, atan2

__all__ = [
    "acos", "acosh", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "asin", "asinh", "atan",
    "atan2", "atanh", "cosh", "deg2rad", "exp2", "expm1", "hypot", "log10", "log1p", "log2", "rad2deg", "rsqrt", "sinh",
    "tan",
]  # fmt: skip
METHODS = __all__
