"""Functions with formulas of their own: the error function, logit, sinc, sums and products of logarithms."""

from math import inf, nan, pi, sqrt
from math import log as log_of

from gradviz.engine import coerce
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops.choosing import chosen, without
from gradviz.ops.error_function import erf_of, erfc_of
from gradviz.ops.refusals import invalid_combination, refuse_kinds, tensors_only

LN2 = log_of(2.0)

@op(
    self=vjp(
        "2 / sqrt(pi) * exp(-self**2)",
        lambda ops, grad, self: 2 / sqrt(pi) * ops.exp(-ops.pow_scalar(self, exponent=2)) * grad,
    ),
    dtype="float",
)
def erf(xp, self):
    """Error function."""
    return erf_of(xp, self)


@op(
    self=vjp(
        "-2 / sqrt(pi) * exp(-self**2)",
        lambda ops, grad, self: -2 / sqrt(pi) * ops.exp(-ops.pow_scalar(self, exponent=2)) * grad,
    ),
    dtype="float",
)
def erfc(xp, self):
    """`1 - erf(self)`, exact where that is small."""
    return erfc_of(xp, self)


def _sinc_gradient(ops, grad, self):
    turned, square = self * pi, self * self * pi
    zero = square == 0
    slope = grad * ((turned * ops.cos(turned) - ops.sin(turned)) / without(ops, square, zero, 1.0))
    return ops.where(zero, 0.0, slope)


@op(
    self=vjp("cos(pi * self) / self - sin(pi * self) / (pi * self**2) where self != 0, else 0", _sinc_gradient),
    dtype="float",
)
def sinc(xp, self):
    """`sin(pi * self) / (pi * self)`, 1 at zero."""
    turned = self * pi
    zero = turned == 0
    return chosen(xp, zero, self.dtype.type(1), xp.sin(turned) / chosen(xp, zero, self.dtype.type(1), turned))


def _logit_gradient(ops, grad, self, eps):
    low = eps or 0.0
    return _logit_slope(ops, grad, self, eps, ~((self < low) | (self > 1 - low)))


def _logit_gradient_as_op(ops, grad, self, eps):
    low = eps or 0.0
    return _logit_slope(ops, grad, self, eps, (self >= low) & (self <= 1 - low))  # where NaN is not, as in PyTorch


def _logit_slope(ops, grad, self, eps, inside):
    return ops.where(inside, grad / (self * (1 - self)), nan if eps is None else 0.0)


@op(
    title="logit",
    grad_fn="LogitBackward0",
    self=vjp(
        "1 / (self * (1 - self)) where eps <= self <= 1 - eps, else 0", _logit_gradient, _logit_gradient_as_op
    ),
    dtype="float",
)
def logit_of(xp, self, *, eps):
    """`log(self / (1 - self))`, clamped to [eps, 1 - eps] first unless eps is None."""
    if eps is not None:
        self = xp.minimum(xp.maximum(self, self.dtype.type(eps)), self.dtype.type(1 - eps))
    return xp.log(self / (1 - self))


def logit(input, eps=None):
    """`log(input / (1 - input))`."""
    return logit_of(input, eps=eps)


def _logaddexp_of(xp, one, other, power, log1p):
    # infinities of one sign: their difference would be NaN
    same = (one == other) & xp.isinf(one)
    high = xp.maximum(one, other)
    return chosen(xp, same, one, high + log1p(power(chosen(xp, same, one.dtype.type(0), -xp.abs(one - other)))))


@op(
    self=vjp("1 / (1 + exp(other - self))", lambda ops, grad, self, other: grad / (1 + ops.exp(other - self))),
    other=vjp("1 / (1 + exp(self - other))", lambda ops, grad, self, other: grad / (1 + ops.exp(self - other))),
    dtype="promote",
)
def logaddexp(xp, self, other):
    """`log(exp(self) + exp(other))` without overflow."""
    refuse_kinds("logaddexp_cpu", self, "biu")
    return _logaddexp_of(xp, self, other, xp.exp, xp.log1p)


@op(
    grad_fn="Logaddexp2Backward0",
    self=vjp(
        "1 / (1 + 2**(other - self))",
        lambda ops, grad, self, other: grad / (1 + ops.exp2(other - self)),
        lambda ops, grad, self, other: grad / (1 + ops.pow_number(other - self, self=2)),
    ),
    other=vjp(
        "1 / (1 + 2**(self - other))",
        lambda ops, grad, self, other: grad / (1 + ops.exp2(self - other)),
        lambda ops, grad, self, other: grad / (1 + ops.pow_number(self - other, self=2)),
    ),
    dtype="promote",
)
def logaddexp2(xp, self, other):
    """`log2(2**self + 2**other)` without overflow."""
    refuse_kinds("logaddexp2_cpu", self, "biu")
    return _logaddexp_of(xp, self, other, xp.exp2, lambda x: xp.log1p(x) / x.dtype.type(LN2))


def _x_log_y(xp, x, y):
    product = x * xp.log(chosen(xp, x == 0, y.dtype.type(1), y))
    return chosen(xp, xp.isnan(y), y, chosen(xp, x == 0, product.dtype.type(0), product))


@op(
    self=vjp(
        "log(other)",
        lambda ops, grad, self, other: ops.masked_fill_number(
            ops.xlogy_tensor(grad, other), (self == 0) & (other <= 0), value=0
        ),
    ),
    other=vjp("self / other", lambda grad, self, other: grad * self / other),
    title="xlogy",
    grad_fn="XlogyBackward0",
    dtype="float",
)
def xlogy_tensor(xp, self, other):
    """`self * log(other)`, 0 where self is 0."""
    return _x_log_y(xp, self, other)


@op(
    title="xlogy",
    grad_fn="XlogyBackward1",
    other=vjp("self / other", lambda grad, self, other: grad * self / other),
    dtype="float",
)
def xlogy_of_number(xp, other, *, self):
    """`self * log(other)` for a Python number `self`, 0 where that is 0."""
    return _x_log_y(xp, xp.full((), self, other.dtype), other)


def _xlogy_number_gradient(ops, grad, self, other):
    slope = ops.xlogy_with_number(grad, other=other)
    return slope if other > 0 else ops.masked_fill_number(slope, self == 0, value=0)


@op(
    title="xlogy", grad_fn="XlogyBackward2", self=vjp("log(other)", _xlogy_number_gradient), dtype="float")
def xlogy_with_number(xp, self, *, other):
    """`self * log(other)` for a Python number `other`."""
    logarithm = nan if other != other or other < 0 else -inf if other == 0 else log_of(other)
    return self * logarithm if other != other else chosen(xp, self == 0, self.dtype.type(0), self * logarithm)


def xlogy(input, other):
    """`input * log(other)`, 0 where input is 0; either may be a Python number."""
    if isinstance(input, Tensor):
        if isinstance(other, Tensor):
            return xlogy_tensor(input, other)
        if type(other) in coerce.NUMBERS:
            return xlogy_with_number(input, other=other)
    elif isinstance(other, Tensor) and type(input) in coerce.NUMBERS:
        return xlogy_of_number(other, self=input)
    raise invalid_combination("xlogy", input, other)


logaddexp, logaddexp2 = tensors_only(logaddexp), tensors_only(logaddexp2)

__all__ = ["erf", "erfc", "logaddexp", "logaddexp2", "logit", "sinc", "xlogy"]
METHODS = __all__
