"""What C's math library and number theory offer: ldexp, nextafter, powers in doubles, gcd and lcm."""

from math import log

from gradviz.engine.coerce import NUMBERS
from gradviz.engine.dtypes import float64, title
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops import arithmetic, composite
from gradviz.ops.refusals import invalid_combination, refuse_kinds, tensors_only


def _scaled_up(ops, grad, other):
    given, kind = (getattr(each, "_array", each).dtype for each in (other, grad))
    if given.kind == "f":
        return grad * ops.pow_number(other, self=2.0)
    whole = ops.to_copy(other, dtype=kind)  # 2**-1 is 0 in integers
    return grad * ops.where((whole < 0) | (whole > 63), 0.0, ops.pow_number(whole, self=2.0))


@op(
    title="ldexp",
    grad_fn="LdexpBackward0",
    self=vjp("2**other", _scaled_up),
    other=vjp("result * log(2)", lambda ops, grad, result: ops.mul_number(grad * result, other=log(2))),
    dtype="float",
)
def ldexp_of(xp, self, other):
    """`self * 2**other`."""
    return self * xp.exp2(other)


@op(
    title="nextafter",
    grad_fn="NextafterBackward0",
    self=vjp(
        "1 where self and other differ, else 0", lambda ops, grad, self, other: ops.where(self != other, grad, 0.0)
    ),
    other=vjp("0", lambda ops, grad: ops.new_zeros(grad, size=tuple(grad.shape))),
    dtype="promote",
)
def nextafter_of(xp, self, other):
    """The next floating point number from self on, towards other."""
    refuse_kinds("nextafter_cpu", self, "biu")
    return xp.nextafter(self, other)


@op(title="gcd", dtype="promote")
def gcd_of(xp, self, other):
    """The greatest common divisor of integers."""
    refuse_kinds("gcd_cpu", self, "bf")
    return xp.gcd(self, other)


@op(title="lcm", dtype="promote")
def lcm_of(xp, self, other):
    """The least common multiple of integers."""
    refuse_kinds("lcm_cpu", self, "bf")
    return xp.lcm(self, other)


_ldexp, nextafter, gcd, lcm = map(tensors_only, (ldexp_of, nextafter_of, gcd_of, lcm_of))


def ldexp(input, other):
    """`input * 2**other`."""
    if isinstance(other, Tensor) and isinstance(input, Tensor) and input._array.dtype.kind == "f":
        refuse_kinds("ldexp_cpu_exp", other._array, "b")
    return _ldexp(input, other)


def ldexp_in_place(self, other):
    """`self * 2**other` of floating point numbers."""
    if self._array.dtype.kind != "f":
        raise RuntimeError(f"ldexp can't be cast to the desired output type {title(self._array.dtype)}")
    return ldexp(self, other)


def float_power(input, exponent):
    """`input ** exponent`, in float64; either may be a Python number."""
    if not isinstance(input, Tensor) and (type(input) not in NUMBERS or not isinstance(exponent, Tensor)):
        raise invalid_combination("float_power", input, exponent)
    exponent = _double(exponent)
    return arithmetic.pow(_double(input), exponent)


def float_power_in_place(self, exponent):
    """`self ** exponent` of a tensor of float64."""
    if self.dtype is not float64:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {self.dtype._title} but the operation's result requires dtype "
            "Double"
        )
    return float_power(self, exponent)


def _double(value):
    return composite.to(value, dtype=float64) if isinstance(value, Tensor) else float(value)


__all__ = ["float_power", "gcd", "lcm", "ldexp", "nextafter"]
METHODS = __all__
