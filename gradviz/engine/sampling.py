"""Drawing from distributions that tensors describe: normal, bernoulli, multinomial. The draws are PyTorch's own.

Source: ATen's Distributions.cpp; multinomial without replacement takes the greatest of probability / exponential.
"""

import numpy as np

from gradviz.engine import coerce, dtypes, random
from gradviz.engine.creation import made, numpy_dtype, one_size
from gradviz.engine.tensor import Tensor

PROBABILITIES = (
    "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  If so, please "
    "report an enhancement request to PyTorch.)"
)


def normal(mean, std=1.0, size=None, *, dtype=None, device=None, requires_grad=False):
    """Normal random numbers: of `size` for a mean and deviation that are numbers, else one for each of theirs.

    The result is outside the graph, also where mean or std require grad.
    """
    arrays = [each._array for each in (mean, std) if isinstance(each, Tensor)]
    if not arrays:
        if size is None:
            raise TypeError(
                f"normal() received an invalid combination of arguments - got ({type(mean).__name__}, "
                f"{type(std).__name__}): without a tensor among them, a size is needed"
            )
        _refuse_negative_deviation(std)
        array = random.normal(one_size("normal", size), numpy_dtype(dtype), mean, std)
        return made("normal", array.astype(numpy_dtype(dtype), copy=False), None, device, requires_grad)
    for array in arrays:
        if array.dtype.kind != "f":
            raise NotImplementedError(f"\"normal_kernel_cpu\" not implemented for '{dtypes.title(array.dtype)}'")
    _refuse_negative_deviation(std)
    complaint = coerce.broadcast_complaint(arrays[0].shape, arrays[-1].shape)
    if complaint:
        raise RuntimeError(complaint)
    mean, std = (each._array if isinstance(each, Tensor) else each for each in (mean, std))
    kind = arrays[0].dtype
    drawn = random.normal(np.broadcast_shapes(*(array.shape for array in arrays)), kind) * std + mean
    return made("normal", drawn.astype(kind, copy=False), None, device)


def _refuse_negative_deviation(std):
    if isinstance(std, Tensor):
        if (std._array < 0).any():
            raise RuntimeError("normal expects all elements of std >= 0.0")
    elif std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")


def bernoulli(input, p=None):
    """1 with the probability that each element is, or p, else 0; outside the graph."""
    array = _array_of("bernoulli", input)
    if p is not None:
        if not 0 <= p <= 1:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
        return made("bernoulli", random.bernoulli(array.shape, p).astype(array.dtype))
    if array.dtype.kind != "f":
        raise NotImplementedError(f"\"bernoulli_tensor_cpu_p_\" not implemented for '{dtypes.title(array.dtype)}'")
    if not ((array >= 0) & (array <= 1)).all():
        raise RuntimeError(PROBABILITIES)
    work = array.dtype if array.dtype == np.float64 else np.dtype(np.float32)
    return made("bernoulli", (random.uniform(array.shape, work) < array).astype(array.dtype))


def multinomial(input, num_samples, replacement=False, *, generator=None):
    """(num_samples,) or (N, num_samples) places, drawn by the weights in (C,) or (N, C)."""
    weights = _array_of("multinomial", input)
    _refuse_weights(weights, num_samples, replacement)
    with random.drawing_from(generator):
        if replacement:
            places = _with_replacement(weights, num_samples)
        else:
            # PyTorch's exponential_ takes one double a number
            ranks = weights / random.exponential(weights.shape, weights.dtype)
            places = np.argsort(-ranks, axis=-1, kind="stable")[..., :num_samples]
    return made("multinomial", np.ascontiguousarray(places).astype(np.int64))


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


METHODS = ["bernoulli", "multinomial"]
