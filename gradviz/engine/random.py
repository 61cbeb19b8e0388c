"""Random numbers: the very ones that PyTorch draws on the CPU for the same seed.

Source: at::CPUGeneratorImpl (mt19937), uniform_real_distribution and normal_fill in ATen's
DistributionTemplates.h: float32 takes 24 bits of one draw, float64 53 bits of two; a normal fill of 16 or
more elements is Box-Muller over blocks of 16, a smaller one draws pairs in float64. The vectorised
kernels that PyTorch picks by processor differ from this in the last bits.
"""

import os
from contextlib import contextmanager

import numpy as np

from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor

_STATE = np.dtype([("seed", "<u8"), ("keys", "<u4", 624), ("next", "<u4"), ("spare", "<f8")])


class Generator:
    """A stream of random numbers with a seed and a state of its own."""

    def __init__(self, device="cpu"):
        if str(device) != "cpu":
            raise RuntimeError(f"gradviz draws random numbers on the CPU: Generator(device='{device}') is not there")
        self.device = device
        self.seed()

    def manual_seed(self, seed):
        """Starts the stream anew; any Python int; returns self."""
        self._seed = int(seed)
        self._draws = np.random.RandomState(np.random.MT19937())
        self._draws.seed(self._seed & 0xFFFFFFFF)
        self._spare = None
        return self

    def initial_seed(self):
        """The seed that the stream was started with."""
        return self._seed

    def seed(self):
        """Starts the stream with a seed of chance, and returns it."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little"))
        return self._seed

    def get_state(self):
        """The state, an opaque tensor of uint8."""
        _, keys, position, *_ = self._draws.get_state()
        spare = np.nan if self._spare is None else self._spare
        packed = np.array([(self._seed % 2**64, keys, position, spare)], _STATE)
        return Tensor(packed.view(np.uint8).copy())

    def set_state(self, new_state):
        """Goes on from a state that get_state gave; returns self."""
        if not isinstance(new_state, Tensor):
            raise TypeError(f"expected a torch.ByteTensor, but got {type(new_state).__name__}")
        if new_state._array.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if new_state._array.size != _STATE.itemsize:
            raise RuntimeError("RNG state is wrong size")
        seed, keys, position, spare = new_state._array.copy().view(_STATE)[0]
        self.manual_seed(int(seed))
        self._draws.set_state(("MT19937", keys, int(position)))
        self._spare = None if np.isnan(spare) else float(spare)
        return self

    # -- numbers -----------------------------------------------------------------------------------

    def uniform(self, shape, dtype, low=0.0, high=1.0):
        """Uniform numbers in [low, high)."""
        count = int(np.prod(shape, dtype=np.int64))
        drawn = (
            self._uniform_double(count)
            if dtype == np.float64
            else (self._words(count) & 0xFFFFFF).astype(np.float32) * np.float32(2**-24)
        )
        scale = dtype.type(high - low) if dtype != np.float16 else np.float32(high - low)
        return (drawn * scale + drawn.dtype.type(low)).astype(dtype, copy=False).reshape(shape)

    def normal(self, shape, dtype, one_by_one=False):
        """Normal numbers of mean 0 and deviation 1; one_by_one: as PyTorch draws them for what doesn't lie in rows."""
        count = int(np.prod(shape, dtype=np.int64))
        if count < 16 or one_by_one:
            return np.array([self._one_normal() for _ in range(count)], np.float64).astype(dtype).reshape(shape)
        work = np.dtype(np.float64) if dtype == np.float64 else np.dtype(np.float32)
        flat = self.uniform((count,), work)
        whole = count - count % 16
        flat[:whole] = _box_muller(flat[:whole])
        if count != whole:
            flat[-16:] = _box_muller(self.uniform((16,), work))
        return flat.astype(dtype, copy=False).reshape(shape)

    def bernoulli(self, shape, probability):
        """True with a probability, as PyTorch's bernoulli_: a double draw below it."""
        return self._uniform_double(int(np.prod(shape, dtype=np.int64))).reshape(shape) < probability

    def exponential(self, shape, dtype):
        """Exponential numbers of rate 1, as PyTorch's exponential_: each from a double draw."""
        drawn = self._uniform_double(int(np.prod(shape, dtype=np.int64)))
        return -np.log1p(-drawn).astype(dtype).reshape(shape)

    def randint(self, low, high, shape):
        """Integers in [low, high)."""
        if low >= high:
            raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
        count = int(np.prod(shape, dtype=np.int64))
        if high - low < 2**32:
            return (low + self._words(count).astype(np.int64) % (high - low)).reshape(shape)
        words = self._words(2 * count).astype(np.uint64)
        drawn = (words[0::2] << np.uint64(32) | words[1::2]) % np.uint64(high - low)
        return (low + drawn.astype(np.int64)).reshape(shape)

    def permutation(self, count):
        """A random order of range(count): Fisher-Yates with one draw a step, as PyTorch's randperm."""
        order = np.arange(count)
        for i, word in enumerate(self._words(max(count - 1, 0)).tolist()):
            j = i + word % (count - i)
            order[i], order[j] = order[j], order[i]
        return order

    def _words(self, count):
        return self._draws.randint(0, 2**32, size=count, dtype=np.uint32)

    def _uniform_double(self, count):
        words = self._words(2 * count).astype(np.uint64)
        return ((words[0::2] << np.uint64(32) | words[1::2]) & np.uint64(2**53 - 1)).astype(np.float64) * 2.0**-53

    def _one_normal(self):
        if self._spare is not None:
            spare, self._spare = self._spare, None
            return spare
        one, two = self._uniform_double(2)
        radius, angle = np.sqrt(-2 * np.log1p(-two)), 2 * np.pi * one
        self._spare = radius * np.sin(angle)
        return radius * np.cos(angle)


def _box_muller(flat):
    blocks = flat.reshape(-1, 2, 8)
    kind = flat.dtype.type
    radius = np.sqrt(kind(-2) * np.log(kind(1) - blocks[:, 0]))
    angle = kind(2 * np.pi) * blocks[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)


default_generator = Generator()  # the one stream of everything that names no other
uniform, normal, bernoulli = default_generator.uniform, default_generator.normal, default_generator.bernoulli
exponential = default_generator.exponential
randint, permutation = default_generator.randint, default_generator.permutation
manual_seed, initial_seed, seed = default_generator.manual_seed, default_generator.initial_seed, default_generator.seed
get_rng_state = default_generator.get_state


def set_rng_state(new_state):
    """Goes on from a state that get_rng_state gave."""
    default_generator.set_state(new_state)


def drawn(make):
    """The tensor that `make` draws, outside any op; a static graph draws it anew in each replay."""
    return make() if mode.capture is None else mode.capture.drawn(make)


@contextmanager
def fork_rng(devices=None, enabled=True, device_type="cuda"):
    """Inside, random numbers go their own way; afterwards the stream goes on as if nothing had been drawn."""
    state = default_generator.get_state() if enabled else None
    try:
        yield
    finally:
        if enabled:
            default_generator.set_state(state)
