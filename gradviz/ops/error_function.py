"""The error function, on both array modules."""

from math import pi, sqrt

import numpy as np

from gradviz.ops.choosing import chosen
from gradviz.ops.twins import erf_for

# W. J. Cody, Rational Chebyshev approximations for the error function, Math. Comp. 23 (1969), as in his CALERF:
# numerator and denominator, the highest power first.
_NEAR = (
    (1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2,
     3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)  # fmt: skip
_MIDDLE = (
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
     2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
     1.23033935479799725e3),
    (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
     3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3),
)  # fmt: skip
_FAR = (
    (1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
     1.60837851487422766e-2, 6.58749161529837803e-4),
    (1.0, 2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1, 6.05183413124413191e-2,
     2.33520497626869185e-3),
)  # fmt: skip
_END = 30.0  # erfc is zero from here on, in float64 too


def _ratio(coefficients, x):
    parts = []
    for side in coefficients:
        total = x * side[0]
        for each in side[1:-1]:
            total += each
            total *= x
        parts.append(total + side[-1])
    return parts[0] / parts[1]


def _near_zero(xp, x):
    """erf where |x| < 0.47."""
    return x * _ratio(_NEAR, x * x)


def _tail(xp, y):
    """erfc of y > 0.46; for smaller y some number."""
    y = xp.minimum(xp.maximum(y, 0.4), _END)
    # exp(-y * y) in two steps, as y * y alone would be rounded
    coarse = xp.trunc(y * 16) / 16
    scale = xp.exp(-coarse * coarse) * xp.exp(-(y - coarse) * (y + coarse))
    middle = _ratio(_MIDDLE, xp.minimum(y, 4.0))
    if xp is np and not (y > 4).any():  # on a GPU this look would wait for the device
        return scale * middle
    turned = 1 / (y * y)
    far = (1 / sqrt(pi) - turned * _ratio(_FAR, turned)) / y
    return scale * chosen(xp, y > 4, far, middle)


def in_float32_at_least(compute):
    """Calls an array function with float16 as float32: its digits don't do for polynomials."""

    def computed(xp, self, *args):
        if self.dtype.itemsize > 2:
            return compute(xp, self, *args)
        return compute(xp, self.astype(xp.float32), *args).astype(self.dtype)

    return computed


@in_float32_at_least
def erf_of(xp, x):
    """The error function of an array."""
    if x.dtype.itemsize == 4:
        return _erf_of_float32(xp, x)
    size = xp.abs(x)
    near = _near_zero(xp, xp.minimum(xp.maximum(x, -0.5), 0.5))
    return chosen(xp, size <= 0.46875, near, xp.copysign(1 - _tail(xp, size), x))


@in_float32_at_least
def erfc_of(xp, x):
    """`1 - erf(x)` of an array, exact where that is small."""
    size = xp.abs(x)
    near = 1 - _near_zero(xp, xp.minimum(xp.maximum(x, -0.5), 0.5))
    tail = _tail(xp, size)
    return chosen(xp, size <= 0.46875, near, chosen(xp, x < 0, 2 - tail, tail))


# of x**2, the highest power first: erf(x) / x where abs(x) < 3.9, fitted to a relative error of 2e-8 everywhere
_OF_SQUARE = (
    (2.0664733710873406e-06, 2.8506232774816453e-04, 3.7383483722805977e-03, 5.2668090909719467e-02,
     1.8966685235500336e-01, 1.1283791065216064e00),
    (3.8270030927378684e-05, 1.1573769152164460e-03, 1.4914281666278839e-02, 1.1381897330284119e-01,
     5.0142067670822144e-01, 1.0),
)  # fmt: skip


def _erf_of_float32(xp, x):
    """To four units in the last place; each step in place, as a float32 costs no more than the pass over it."""
    compiled = erf_for(xp)
    if compiled is not None:
        return compiled(x)
    inside = xp.clip(x, -4.05, 4.05)  # from here on it rounds to 1
    square = xp.multiply(inside, inside, out=xp.empty_like(inside))
    above, below = (_polynomial(xp, side, square) for side in _OF_SQUARE)
    xp.divide(above, below, out=above)
    xp.multiply(above, inside, out=above)
    return xp.clip(above, -1.0, 1.0, out=above)


def _polynomial(xp, coefficients, x):
    total = xp.multiply(x, coefficients[0], out=xp.empty_like(x))
    for each in coefficients[1:-1]:
        total += each
        total *= x
    total += coefficients[-1]
    return total
