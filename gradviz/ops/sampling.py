"""Drawing from distributions that tensors describe: normal, bernoulli, poisson, multinomial. PyTorch's own draws.

What is drawn is part of the graph, with a gradient of zero. Source: ATen's Distributions.cpp; multinomial without
replacement takes the greatest of probability / exponential.
"""

import numpy as np

from gradviz.engine import backend, coerce, dtypes, random
from gradviz.engine.creation import made, numpy_dtype, one_size
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops.drawing import NONE, refuse_no_probability, work_dtype
from gradviz.ops.refusals import no_derivative, refuse_kinds

# -- normal ------------------------------------------------------------------------------------------


def _zeros(ops, grad, size):
    return ops.new_zeros(grad, size=tuple(size))


def _normal(self, shape, std, mean):
    """Normal numbers in the dtype and on the device of an array."""
    refuse_kinds("normal_kernel_cpu", self, "biu")
    drawn = backend.moved(random.normal(shape, self.dtype), backend.device_of(self))
    return (drawn * std + mean).astype(self.dtype, copy=False)


_OF_MEAN = vjp("0", lambda ops, grad, mean_sym_sizes: _zeros(ops, grad, mean_sym_sizes))
_OF_STD = vjp("0", lambda ops, grad, std_sym_sizes: _zeros(ops, grad, std_sym_sizes))


@op(title="normal", grad_fn="NormalBackward1", mean=_OF_MEAN)
def normal_around(xp, mean, *, std):
    """Normal numbers, one around each mean."""
    return _normal(mean, mean.shape, std, mean)


@op(title="normal", grad_fn="NormalBackward2", std=_OF_STD)
def normal_within(xp, std, *, mean):
    """Normal numbers, one of each deviation."""
    return _normal(std, std.shape, std, mean)


@op(title="normal", grad_fn="NormalBackward3", mean=_OF_MEAN, std=_OF_STD)
def normal_of(xp, mean, std):
    """Normal numbers, one of each mean and deviation; shapes broadcast."""
    return _normal(mean, np.broadcast_shapes(mean.shape, std.shape), std, mean)


def normal(mean, std=1.0, size=None, *, generator=None, dtype=None, device=None, requires_grad=False):
    """Normal random numbers: of `size` for a mean and deviation that are numbers, else one for each of theirs."""
    with random.drawing_from(generator):
        if isinstance(mean, Tensor) or isinstance(std, Tensor):
            return _normal_of_tensors(mean, std)
        if size is None:
            raise TypeError(
                f"normal() received an invalid combination of arguments - got ({type(mean).__name__}, "
                f"{type(std).__name__}): without a tensor among them, a size is needed"
            )
        _refuse_negative_deviation(std)
        array = random.normal(one_size("normal", size), numpy_dtype(dtype), mean, std)
        return made("normal", array.astype(numpy_dtype(dtype), copy=False), None, device, requires_grad)


def _normal_of_tensors(mean, std):
    first = mean if isinstance(mean, Tensor) else std
    refuse_kinds("normal_kernel_cpu", first._array, "biu")
    _refuse_negative_deviation(std)
    if not isinstance(std, Tensor):
        return normal_around(mean, std=std)
    if not isinstance(mean, Tensor):
        return normal_within(std, mean=mean)
    complaint = coerce.broadcast_complaint(mean._array.shape, std._array.shape)
    if complaint:
        raise RuntimeError(complaint)
    return normal_of(mean, std)


def _refuse_negative_deviation(std):
    if isinstance(std, Tensor):
        if not (std._array >= 0).all():
            raise RuntimeError("normal expects all elements of std >= 0.0")
    elif std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")


# -- bernoulli and poisson ---------------------------------------------------------------------------


@op(title="bernoulli", grad_fn="BernoulliBackward0", **NONE)
def bernoulli_of(xp, self):
    """1 with the probability that each element is, else 0."""
    refuse_no_probability(self)
    drawn = random.uniform(self.shape, work_dtype(self))
    return (backend.moved(drawn, backend.device_of(self)) < self).astype(self.dtype)


@op(
    title="bernoulli",
    grad_fn="NotImplemented",
    self=vjp("none, as in PyTorch", lambda grad: no_derivative("bernoulli")),
)
def bernoulli_like(xp, self, *, p):
    """1 with a probability, else 0, in the shape and dtype of self."""
    return backend.moved(random.bernoulli(self.shape, p).astype(self.dtype), backend.device_of(self))


def bernoulli(input, p=None, *, generator=None):
    """1 with the probability that each element is, or p, else 0."""
    _array_of("bernoulli", input)
    with random.drawing_from(generator):
        if p is None:
            return bernoulli_of(input)
        if not 0 <= p <= 1:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
        return bernoulli_like(input, p=p)


@op(title="poisson", grad_fn="PoissonBackward0", **NONE)
def poisson_of(xp, self):
    """Counts of a Poisson process, one of each rate."""
    refuse_kinds("poisson_cpu", self, "biu")
    if not (self >= 0).all():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    drawn = random.poisson(backend.moved(self, "cpu"))
    return backend.moved(drawn.astype(self.dtype), backend.device_of(self))


def poisson(input, generator=None):
    """Counts of a Poisson process, one of each rate."""
    with random.drawing_from(generator):
        return poisson_of(input)


# -- multinomial -------------------------------------------------------------------------------------


def multinomial(input, num_samples, replacement=False, *, generator=None):
    """(num_samples,) or (N, num_samples) places, drawn by the weights in (C,) or (N, C)."""
    weights = _array_of("multinomial", input)
    _refuse_weights(weights, num_samples, replacement)
    with random.drawing_from(generator):
        places = (_with_replacement if replacement and num_samples > 1 else _without)(weights, num_samples)
    return made("multinomial", np.ascontiguousarray(places).astype(np.int64))


def _without(weights, count):
    ranks = weights / random.exponential(weights.shape, weights.dtype)  # PyTorch's takes one double a number
    return np.argsort(-ranks, axis=-1, kind="stable")[..., :count]


def _with_replacement(weights, count):
    rows = weights.reshape(-1, weights.shape[-1])
    places = []
    for row in rows:
        sums = np.cumsum(row)
        sums /= sums[-1]
        places.append(np.searchsorted(sums, random.uniform((count,), np.dtype(np.float64)), side="left"))
    return np.stack(places).reshape(*weights.shape[:-1], count)


def _refuse_weights(weights, count, replacement):
    if weights.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if weights.dtype.kind != "f":
        raise RuntimeError(
            f"multinomial only supports floating-point dtypes for input, got: {dtypes.title(weights.dtype)}"
        )
    if count <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and count > weights.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if (weights.sum(-1) <= 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")


def _array_of(name, input):
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    return input._array


__all__ = ["bernoulli", "multinomial", "normal", "poisson"]
METHODS = ["bernoulli", "multinomial"]
