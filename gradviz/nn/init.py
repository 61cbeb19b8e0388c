"""Filling parameters with first values, as `torch.nn.init`; the random numbers are PyTorch's for the same seed."""

import warnings
from functools import wraps
from math import ceil, erf, prod, sqrt

import numpy as np

from gradviz.engine import random
from gradviz.engine.backend import device_of, moved
from gradviz.engine.switches import no_grad
from gradviz.engine.tensor import Tensor

GAINS = {"linear": 1, "sigmoid": 1, "tanh": 5.0 / 3, "relu": sqrt(2.0), "selu": 3.0 / 4}
GAINS |= {f"conv{kind}{n}d": 1 for kind in ("", "_transpose") for n in (1, 2, 3)}


def _filled(tensor, array):
    with no_grad():
        return tensor.copy_(Tensor(moved(array, device_of(tensor._array))))


def _draws(fill):
    """Lets a function take the generator that it draws from."""

    @wraps(fill)
    def filled(*args, generator=None, **settings):
        with random.drawing_from(generator):
            return fill(*args, **settings)

    return filled


@_draws
def uniform_(tensor, a=0.0, b=1.0):
    """Uniform numbers in [a, b)."""
    return _filled(tensor, random.uniform(tensor.shape, tensor._array.dtype, a, b))


@_draws
def normal_(tensor, mean=0.0, std=1.0):
    """Normal numbers."""
    return _filled(tensor, random.normal(tensor.shape, tensor._array.dtype, mean, std))


def constant_(tensor, val):
    """One value everywhere."""
    with no_grad():
        return tensor.fill_(val)


def zeros_(tensor):
    """Zeros."""
    return constant_(tensor, 0.0)


def ones_(tensor):
    """Ones."""
    return constant_(tensor, 1.0)


def eye_(tensor):
    """Ones on the diagonal of a matrix, zeros elsewhere."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    return _filled(tensor, np.eye(*tensor.shape, dtype=tensor._array.dtype))


def dirac_(tensor, groups=1):
    """A convolution's weight that hands its channels on."""
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if tensor.shape[0] % groups:
        raise ValueError("dim 0 must be divisible by groups")
    array, outs = np.zeros(tensor.shape, tensor._array.dtype), tensor.shape[0] // groups
    middle = tuple(size // 2 for size in tensor.shape[2:])
    for group in range(groups):
        for d in range(min(outs, tensor.shape[1])):
            array[(group * outs + d, d, *middle)] = 1
    return _filled(tensor, array)


def _share_below(x):
    return (1.0 + erf(x / sqrt(2.0))) / 2.0


@_draws
def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0):
    """Normal numbers, drawn anew where they lie outside of [a, b]."""
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be "
            "incorrect.",
            stacklevel=3,
        )
    kind, shape = tensor._array.dtype, tensor.shape
    inside = _share_below((b - mean) / std) - _share_below((a - mean) / std)
    draw = _normals if inside > 0.3 else _uniforms
    return _filled(tensor, draw(shape, kind, mean, std, a, b))


def _normals(shape, kind, mean, std, a, b):
    found = random.normal(shape, kind, mean, std)
    low, high = kind.type(a), kind.type(b)
    while ((found < low) | (found > high)).any():
        found = np.where((found < low) | (found > high), random.normal(shape, kind, mean, std), found)
    return found


def _uniforms(shape, kind, mean, std, a, b):
    """Uniform ones, each taken as often as its density is high: where few normal numbers lie inside."""
    peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
    found, pending = np.zeros(shape, kind), np.ones(shape, bool)
    while pending.any():
        drawn = random.uniform(shape, kind, a, b)
        found = np.where(pending, drawn, found)
        heights = ((drawn - mean) / std) ** 2 * -0.5 - peak
        pending = pending & (np.log(random.uniform(shape, kind, 0.0, 1.0)) > heights)
    return found


def sparse_(tensor, sparsity, std=0.01, generator=None):
    """Normal numbers, and zeros for a share of each column: Martens (2010)."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    with random.drawing_from(generator):  # not so the places of the zeros, as in PyTorch
        array = random.normal(tensor.shape, tensor._array.dtype, 0.0, std)
    for column in range(columns):
        array[random.permutation(rows)[: ceil(sparsity * rows)], column] = 0
    return _filled(tensor, array)


@_draws
def orthogonal_(tensor, gain=1):
    """Rows, or columns, at right angles and of length gain: Saxe et al. (2013)."""
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if not tensor.numel():
        return tensor
    rows = tensor.shape[0]
    flat = random.normal((rows, tensor.numel() // rows), tensor._array.dtype)
    wide = rows < flat.shape[1]
    q, r = np.linalg.qr(flat.T if wide else flat)
    q = q * np.sign(np.diagonal(r))
    return _filled(tensor, (q.T if wide else q).reshape(tensor.shape) * tensor._array.dtype.type(gain))


def calculate_gain(nonlinearity, param=None):
    """How much a nonlinearity shrinks what passes; ValueError for an unknown one."""
    if nonlinearity == "leaky_relu":
        return sqrt(2.0 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return GAINS[nonlinearity]


def fans(tensor):
    """(inputs, outputs) of each unit of a weight; ValueError below two dimensions."""
    if tensor.ndim < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    places = prod(tensor.shape[2:])
    return tensor.shape[1] * places, tensor.shape[0] * places


@_draws
def xavier_uniform_(tensor, gain=1.0):
    """Uniform, so that variances stay alike both ways: Glorot and Bengio (2010)."""
    bound = sqrt(3.0) * (gain * sqrt(2.0 / float(sum(fans(tensor)))))
    return uniform_(tensor, -bound, bound)


@_draws
def xavier_normal_(tensor, gain=1.0):
    """Normal, so that variances stay alike both ways: Glorot and Bengio (2010)."""
    return normal_(tensor, 0.0, gain * sqrt(2.0 / float(sum(fans(tensor)))))


def _deviation(tensor, a, mode, nonlinearity):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return calculate_gain(nonlinearity, a) / sqrt(fans(tensor)[mode == "fan_out"])


@_draws
def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu"):
    """Uniform, so that a rectified variance stays: He et al. (2015)."""
    bound = sqrt(3.0) * _deviation(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound)


@_draws
def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu"):
    """Normal, so that a rectified variance stays: He et al. (2015)."""
    return normal_(tensor, 0.0, _deviation(tensor, a, mode, nonlinearity))


_calculate_fan_in_and_fan_out = fans  # which scripts take from PyTorch's file


def _under_its_old_name(fill):
    name = fill.__name__
    old = name.removesuffix("_")

    def deprecated(*args, **kwargs):
        warnings.warn(
            f"`nn.init.{old}` is now deprecated in favor of `nn.init.{name}`.", FutureWarning, stacklevel=2
        )
        return fill(*args, **kwargs)

    deprecated.__name__ = deprecated.__qualname__ = old
    deprecated.__doc__ = f"{name}, by its old name."
    return deprecated


uniform, normal, constant, eye, dirac, sparse, orthogonal = map(
    _under_its_old_name, (uniform_, normal_, constant_, eye_, dirac_, sparse_, orthogonal_)
)
xavier_uniform, xavier_normal, kaiming_uniform, kaiming_normal = map(
    _under_its_old_name, (xavier_uniform_, xavier_normal_, kaiming_uniform_, kaiming_normal_)
)
