"""Random numbers: the very ones that PyTorch draws on the CPU for the same seed.

Source: at::CPUGeneratorImpl (mt19937), uniform_real_distribution and normal_fill in ATen's
DistributionTemplates.h: float32 takes 24 bits of one draw, float64 53 bits of two; a normal fill of 16 or
more elements is Box-Muller over blocks of 16, a smaller one draws pairs in float64. The vectorised
kernels that PyTorch picks by processor differ from this in the last bits.
"""

import numpy as np

_state = {"draws": np.random.RandomState(np.random.randint(2**31)), "spare": None}


def manual_seed(seed):
    """Seeds the generator; any Python int, as in PyTorch."""
    _state["draws"] = np.random.RandomState(np.random.MT19937())
    _state["draws"].seed(int(seed) & 0xFFFFFFFF)
    _state["spare"] = None


def _words(count):
    return _state["draws"].randint(0, 2**32, size=count, dtype=np.uint32)


def uniform(shape, dtype, low=0.0, high=1.0):
    """Uniform numbers in [low, high)."""
    count = int(np.prod(shape, dtype=np.int64))
    drawn = (
        _uniform_double(count)
        if dtype == np.float64
        else (_words(count) & 0xFFFFFF).astype(np.float32) * np.float32(2**-24)
    )
    scale = dtype.type(high - low) if dtype != np.float16 else np.float32(high - low)
    return (drawn * scale + drawn.dtype.type(low)).astype(dtype, copy=False).reshape(shape)


def normal(shape, dtype):
    """Normal numbers of mean 0 and deviation 1."""
    count = int(np.prod(shape, dtype=np.int64))
    if count < 16:
        return np.array([_one_normal() for _ in range(count)], np.float64).astype(dtype).reshape(shape)
    work = np.dtype(np.float64) if dtype == np.float64 else np.dtype(np.float32)
    flat = uniform((count,), work)
    whole = count - count % 16
    flat[:whole] = _box_muller(flat[:whole])
    if count != whole:
        flat[-16:] = _box_muller(uniform((16,), work))
    return flat.astype(dtype, copy=False).reshape(shape)


def bernoulli(shape, probability):
    """True with a probability, as PyTorch's bernoulli_: a double draw below it."""
    return _uniform_double(int(np.prod(shape, dtype=np.int64))).reshape(shape) < probability


def exponential(shape):
    """Exponential numbers of rate 1, in float64."""
    return -np.log1p(-_uniform_double(int(np.prod(shape, dtype=np.int64)))).reshape(shape)


def randint(low, high, shape):
    """Integers in [low, high)."""
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    count = int(np.prod(shape, dtype=np.int64))
    if high - low < 2**32:
        return (low + _words(count).astype(np.int64) % (high - low)).reshape(shape)
    words = _words(2 * count).astype(np.uint64)
    drawn = (words[0::2] << np.uint64(32) | words[1::2]) % np.uint64(high - low)
    return (low + drawn.astype(np.int64)).reshape(shape)


def permutation(count):
    """A random order of range(count): Fisher-Yates with one draw a step, as PyTorch's randperm."""
    order = np.arange(count)
    for i, word in enumerate(_words(max(count - 1, 0)).tolist()):
        j = i + word % (count - i)
        order[i], order[j] = order[j], order[i]
    return order


def _uniform_double(count):
    words = _words(2 * count).astype(np.uint64)
    return ((words[0::2] << np.uint64(32) | words[1::2]) & np.uint64(2**53 - 1)).astype(np.float64) * 2.0**-53


def _one_normal():
    if _state["spare"] is not None:
        spare, _state["spare"] = _state["spare"], None
        return spare
    one, two = _uniform_double(2)
    radius, angle = np.sqrt(-2 * np.log1p(-two)), 2 * np.pi * one
    _state["spare"] = radius * np.sin(angle)
    return radius * np.cos(angle)


def _box_muller(flat):
    blocks = flat.reshape(-1, 2, 8)
    kind = flat.dtype.type
    radius = np.sqrt(kind(-2) * np.log(kind(1) - blocks[:, 0]))
    angle = kind(2 * np.pi) * blocks[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)
