"""Normal numbers from uniform ones, with the very bits of PyTorch's float32 on a processor with AVX2.

Source: Box and Muller, "A note on the generation of random normal deviates" (1958); normal_fill_AVX2 in ATen's
DistributionTemplates.h, whose logarithm, sine and cosine are those of avx_mathfun.h, after S. Moshier's Cephes library.
Multiplications there are fused with the additions behind them.
"""

import numpy as np

_LOG = (
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
    2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)  # fmt: skip
_LOG_OF_2 = (-2.12194440e-4, 0.693359375)  # in two parts: their sum is it
_COS = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
_SIN = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
_QUARTER = (-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)  # pi / 4, negative, in three parts
_SINGLE = np.float32
IN_CACHE = 16 << 9  # numbers, a multiple of 16


def normals(flat, mean=0.0, std=1.0):
    """Makes uniform numbers (16 N,) in [0, 1) normal ones, in place: of each 16, eight radii and eight angles."""
    for start in range(0, len(flat), IN_CACHE):
        part = flat[start : start + IN_CACHE]
        part[:] = _normals(part, mean, std)


def _normals(flat, mean, std):
    blocks = flat.reshape(-1, 2, 8)
    kind = flat.dtype.type
    angle = kind(2 * np.pi) * blocks[:, 1]
    if kind is _SINGLE:
        radius = np.sqrt(_SINGLE(-2) * _log(_SINGLE(1) - blocks[:, 0]))
        sine, cosine = _sine_and_cosine(angle)
    else:
        radius, sine, cosine = np.sqrt(-2 * np.log(1 - blocks[:, 0])), np.sin(angle), np.cos(angle)
    drawn = np.stack([radius * cosine, radius * sine], axis=1).reshape(-1)
    return drawn if mean == 0 and std == 1 else scaled(drawn, std, mean)


def scaled(numbers, scale, offset):
    """numbers * scale + offset; float32 is rounded once, as fused operations are: float64 holds a product exactly."""
    kind = numbers.dtype.type
    return _fused(numbers, kind(scale), kind(offset)) if kind is _SINGLE else numbers * scale + offset


def _fused(one, other, addend):
    product = np.multiply(one, other, dtype=np.float64)
    return np.add(product, addend, out=product).astype(_SINGLE)


def _polynomial(coefficients, x):
    found = _SINGLE(coefficients[0])
    for each in coefficients[1:]:
        found = _fused(found, x, _SINGLE(each))
    return found


def _log(x):
    """Of positive float32."""
    fraction, exponent = np.frexp(x)
    exponent = exponent.astype(_SINGLE)
    low = fraction < _SINGLE(0.707106781186547524)
    fraction, exponent = np.where(low, fraction + fraction, fraction) - _SINGLE(1), exponent - low
    square = fraction * fraction
    found = _polynomial(_LOG, fraction) * fraction
    found = _fused(found, square, exponent * _SINGLE(_LOG_OF_2[0]))
    found = _fused(square, _SINGLE(-0.5), found)
    return _fused(exponent, _SINGLE(_LOG_OF_2[1]), fraction + found)


def _sine_and_cosine(x):
    """Of float32, 0 or greater."""
    octant = (x * _SINGLE(1.27323954473516)).astype(np.int32) + 1 & ~1  # of pi / 4, made even
    for part in _QUARTER:
        x = _fused(octant.astype(_SINGLE), _SINGLE(part), x)
    square = x * x
    cosine = _polynomial(_COS, square) * square
    cosine = _fused(cosine, square, -(square * _SINGLE(0.5))) + _SINGLE(1)
    sine = _fused(_polynomial(_SIN, square) * square, x, x)
    turned = octant & 2 != 0
    sine, cosine = np.where(turned, cosine, sine), np.where(turned, sine, cosine)
    return np.where(octant & 4, -sine, sine), np.where(octant + 2 & 4, -cosine, cosine)
