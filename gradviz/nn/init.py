"""Filling parameters with first values, as `torch.nn.init`; the random numbers are PyTorch's for the same seed."""

from math import prod, sqrt

from gradviz.engine import random
from gradviz.engine.backend import device_of, moved
from gradviz.engine.switches import no_grad
from gradviz.engine.tensor import Tensor

GAINS = {"linear": 1, "sigmoid": 1, "tanh": 5.0 / 3, "relu": sqrt(2.0), "selu": 3.0 / 4}
GAINS |= {f"conv{kind}{n}d": 1 for kind in ("", "_transpose") for n in (1, 2, 3)}


def _filled(tensor, array):
    with no_grad():
        return tensor.copy_(Tensor(moved(array, device_of(tensor._array))))


def uniform_(tensor, a=0.0, b=1.0):
    """Uniform numbers in [a, b)."""
    return _filled(tensor, random.uniform(tensor.shape, tensor._array.dtype, a, b))


def normal_(tensor, mean=0.0, std=1.0):
    """Normal numbers."""
    return _filled(tensor, random.normal(tensor.shape, tensor._array.dtype) * std + mean)


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


def xavier_uniform_(tensor, gain=1.0):
    """Uniform, so that variances stay alike both ways: Glorot and Bengio (2010)."""
    bound = sqrt(3.0) * (gain * sqrt(2.0 / float(sum(fans(tensor)))))
    return uniform_(tensor, -bound, bound)


def xavier_normal_(tensor, gain=1.0):
    """Normal, so that variances stay alike both ways: Glorot and Bengio (2010)."""
    return normal_(tensor, 0.0, gain * sqrt(2.0 / float(sum(fans(tensor)))))


def _deviation(tensor, a, mode, nonlinearity):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return calculate_gain(nonlinearity, a) / sqrt(fans(tensor)[mode == "fan_out"])


def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu"):
    """Uniform, so that a rectified variance stays: He et al. (2015)."""
    bound = sqrt(3.0) * _deviation(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound)


def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu"):
    """Normal, so that a rectified variance stays: He et al. (2015)."""
    return normal_(tensor, 0.0, _deviation(tensor, a, mode, nonlinearity))
