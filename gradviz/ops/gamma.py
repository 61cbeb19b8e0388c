"""The gamma function's logarithm and its derivatives, and the inverse of the error function."""

from math import factorial, log, pi, sqrt

from gradviz.engine.op import op, vjp
from gradviz.ops.choosing import chosen
from gradviz.ops.error_function import erf_of, in_float32_at_least

_FAR = 10.0  # from here on, Stirling's series has all digits
# B(2k) / (2k * (2k - 1)), from the lowest power of 1 / x**2 on
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
# B(2k) / (2k)! of the Euler-Maclaurin formula
_BERNOULLI = (
    1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000, 1 / 74724249600,
    -3617 / 10670622842880000, 43867 / 5109094217170944000,
)  # fmt: skip


def _log_gamma_above(xp, x):
    """log(gamma(x)) for x >= 0.5: moved beyond _FAR by `gamma(x + 1) = x * gamma(x)`, then Stirling's series."""
    product, at = xp.ones_like(x), x
    for _ in range(int(_FAR)):
        near = at < _FAR
        product = chosen(xp, near, product * at, product)
        at = chosen(xp, near, at + 1, at)
    turned, total = 1 / (at * at), 0
    for each in reversed(_STIRLING):
        total = total * turned + each
    return (at - 0.5) * xp.log(at) - at + 0.5 * log(2 * pi) + total / at - xp.log(product)


@in_float32_at_least
def _log_gamma(xp, x):
    wide = x.astype(xp.float64)
    low = wide < 0.5
    above = _log_gamma_above(xp, chosen(xp, low, 1 - wide, wide))
    # gamma(x) * gamma(1 - x) = pi / sin(pi * x)
    folded = log(pi) - xp.log(xp.abs(xp.sin(pi * (wide - xp.floor(wide))))) - above
    found = chosen(xp, low, folded, above)
    found = chosen(xp, (wide <= 0) & (wide == xp.floor(wide)) | xp.isinf(wide), xp.inf, found)
    return found.astype(x.dtype)


@op(self=vjp("lgamma'(self)", lambda ops, grad, self: grad * ops.digamma(self)), dtype="float")  # noqa: E501
def lgamma(xp, self):
    """Logarithm of the absolute value of the gamma function."""
    return _log_gamma(xp, self)


@in_float32_at_least
def _digamma(xp, x):
    wide = x.astype(xp.float64)
    whole = (wide <= 0) & (wide == xp.floor(wide))
    turned = wide < 0
    at, total = chosen(xp, turned, 1 - wide, chosen(xp, whole, 1.0, wide)), xp.zeros_like(wide)
    for _ in range(int(_FAR)):
        near = at < _FAR
        total = chosen(xp, near, total - 1 / at, total)
        at = chosen(xp, near, at + 1, at)
    square, series = 1 / (at * at), 0
    for k, each in reversed(list(enumerate(_STIRLING))):
        series = series * square + each * (2 * k + 1)
    total = total + xp.log(at) - 0.5 / at - square * series
    share = pi * (wide - xp.trunc(wide))
    total = chosen(xp, turned, total - pi / chosen(xp, share == 0, 1.0, xp.tan(share)), total)
    return chosen(xp, whole, chosen(xp, wide == 0, xp.copysign(xp.inf, -wide), xp.nan), total).astype(x.dtype)


@op(
    self=vjp("digamma'(self)", lambda ops, grad, self: grad * ops.polygamma_of(self, n=1)),
    dtype="float",
)
def digamma(xp, self):
    """Derivative of the logarithm of the gamma function."""
    return _digamma(xp, self)


def _hurwitz(xp, s, q):
    """`sum((q + k)**-s)` over all k; what lies below zero is a difference of two sums of what lies above."""
    low = q < 0
    above = chosen(xp, low, q - xp.floor(q), q)
    below = _hurwitz_above(xp, s, 1 - above) - _hurwitz_above(xp, s, 1 - q)
    return _hurwitz_above(xp, s, above) + chosen(xp, low, (-1) ** s * below, 0.0)


def _hurwitz_above(xp, s, q):
    """The same for q from zero on: a few terms, then the Euler-Maclaurin formula."""
    total, at = xp.zeros_like(q), q
    for _ in range(int(_FAR) + 1):
        near = at < _FAR
        total = chosen(xp, near, total + chosen(xp, near, at, 1.0) ** -s, total)
        at = chosen(xp, near, at + 1, at)
    total = total + at ** (1 - s) / (s - 1) + 0.5 * at**-s
    factor, power = float(s), at ** (-s - 1)
    for k, each in enumerate(_BERNOULLI):
        total = total + each * factor * power
        factor *= (s + 2 * k + 1) * (s + 2 * k + 2)
        power = power / (at * at)
    return total


def _trigamma(xp, x):
    """The first derivative of digamma, with PyTorch's digits: six steps up, then three terms of its series."""
    low = x < 0.5
    at, total = chosen(xp, low, 1 - x, x), chosen(xp, low, -((pi / xp.sin(pi * x)) ** 2), 0.0)
    for _ in range(6):
        total = total + 1 / (at * at)
        at = at + 1
    turned = 1 / (at * at)
    total = total + (1 + 1 / (2 * at) + turned * (1 / 6 - turned * (1 / 30 - turned * (1 / 42)))) / at
    return chosen(xp, low, -total, total)


@op(
    title="polygamma",
    grad_fn="PolygammaBackward0",
    self=vjp(
        "polygamma'(self)",
        lambda ops, grad, self, n: grad * ops.polygamma_of(self, n=n + 1),
    ),
    dtype="float",
)
def polygamma_of(xp, self, *, n):
    """The n-th derivative of digamma."""
    if n == 0:
        return _digamma(xp, self)
    kind = self.dtype
    if n == 1:
        return _trigamma(xp, self.astype(xp.float64)).astype(kind)
    return (_hurwitz(xp, n + 1, self.astype(xp.float64)) * ((-1) ** (n + 1) * factorial(n))).astype(kind)


def polygamma(n, input):
    """The n-th derivative of digamma."""
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return polygamma_of(input, n=n)


# -- the inverse of erf ------------------------------------------------------------------------------

# as in ATen's calc_erfinv: a rational function, then two steps of Newton's
_MIDDLE = ((-0.140543331, 0.914624893, -1.645349621, 0.886226899), (0.012229801, -0.329097515, 1.442710462, -2.118377725, 1))  # noqa: E501
_TAIL = ((1.641345311, 3.429567803, -1.62490649, -1.970840454), (1.6370678, 3.5438892, 1))


def _polynomial(coefficients, x):
    total = 0
    for each in coefficients:
        total = total * x + each
    return total


@in_float32_at_least
def _erf_inverse(xp, y):
    size = xp.abs(y)
    inner = xp.minimum(size, 0.7)
    square = inner * inner
    middle = xp.copysign(inner, y) * _polynomial(_MIDDLE[0], square) / _polynomial(_MIDDLE[1], square)
    z = xp.sqrt(-xp.log((1 - chosen(xp, (size > 0.7) & (size < 1), size, 0.8)) / 2))
    tail = xp.copysign(_polynomial(_TAIL[0], z) / _polynomial(_TAIL[1], z), y)
    x = chosen(xp, size <= 0.7, middle, tail)
    for _ in range(2):
        x = x - (erf_of(xp, x) - y) / (2 / sqrt(pi) * xp.exp(-x * x))
    x = chosen(xp, size == 1, xp.copysign(xp.inf, y), x)
    return chosen(xp, size > 1, xp.nan, x).astype(y.dtype)


@op(
    self=vjp(
        "erfinv'(self)",
        lambda ops, grad, self: 0.5 * sqrt(pi) * ops.exp(ops.pow_scalar(ops.erfinv(self), exponent=2)) * grad,
    ),
    dtype="float",
)
def erfinv(xp, self):
    """The number whose error function is self."""
    return _erf_inverse(xp, self)


__all__ = ["digamma", "erfinv", "lgamma", "polygamma"]
METHODS = ["digamma", "erfinv", "lgamma"]
