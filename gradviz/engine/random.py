"""Random numbers: the very ones that PyTorch draws on the CPU for the same seed.

Source: at::CPUGeneratorImpl (mt19937), uniform_real_distribution and normal_fill in ATen's
DistributionTemplates.h: float32 takes 24 bits of one draw, float64 53 bits of two; a normal fill of 16 or
more elements is Box-Muller over blocks of 16, a smaller one draws pairs in float64. float32 has the bits of
processors with AVX2, which fuse products with sums.
"""

import math
import os
from contextlib import contextmanager

import numpy as np

from gradviz.engine.box_muller import normals, scaled
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
        if low or high != 1:
            drawn = scaled(drawn, drawn.dtype.type(high) - drawn.dtype.type(low), low)
        return drawn.astype(dtype, copy=False).reshape(shape)

    def normal(self, shape, dtype, mean=0.0, std=1.0, one_by_one=False):
        """Normal numbers; one_by_one: as PyTorch draws them for what doesn't lie in rows."""
        count = int(np.prod(shape, dtype=np.int64))
        if count < 16 or one_by_one:
            drawn = np.array([self._one_normal() for _ in range(count)], np.float64) * std + mean
            return drawn.astype(dtype).reshape(shape)
        work = np.dtype(np.float64) if dtype == np.float64 else np.dtype(np.float32)
        flat = self.uniform((count,), work)
        whole = count - count % 16
        normals(flat[:whole], mean, std)
        if count != whole:
            flat[-16:] = self.uniform((16,), work)
            normals(flat[-16:], mean, std)
        return flat.astype(dtype, copy=False).reshape(shape)

    def bernoulli(self, shape, probability):
        """True with a probability, as PyTorch's bernoulli_: a double draw below it."""
        return self._uniform_double(int(np.prod(shape, dtype=np.int64))).reshape(shape) < probability

    def exponential(self, shape, dtype):
        """Exponential numbers of rate 1, as PyTorch's exponential_: each from a double draw."""
        drawn = self._uniform_double(int(np.prod(shape, dtype=np.int64)))
        return -np.log1p(-drawn).astype(dtype).reshape(shape)

    def cauchy(self, shape, median, sigma):
        """Numbers of a Cauchy distribution, each from a double draw."""
        drawn = np.maximum(self._doubles(shape), np.finfo(np.float64).eps)
        return median + sigma * np.tan(np.pi * (drawn - 0.5))

    def geometric(self, shape, p):
        """How many trials of probability p the first success takes, each from a double draw."""
        return np.ceil(np.log(self._doubles(shape)) / np.log1p(-p))

    def log_normal(self, shape, mean, std):
        """exp of normal numbers, each pair of them from two double draws."""
        drawn = [self._one_normal() for _ in range(int(np.prod(shape, dtype=np.int64)))]
        return np.exp(np.array(drawn, np.float64) * std + mean).reshape(shape)

    def poisson(self, rates):
        """Counts, one of each rate: products of uniform numbers, from 10 on Hormann's transformed rejection (1993)."""
        counts = [self._one_count(rate) for rate in rates.astype(np.float64).ravel().tolist()]
        return np.array(counts, np.float64).reshape(rates.shape)

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

    def _doubles(self, shape):
        return self._uniform_double(int(np.prod(shape, dtype=np.int64))).reshape(shape)

    def _one_count(self, rate):
        if rate >= 10:
            return self._one_large_count(rate)
        count, product, limit = 0, 1.0, math.exp(-rate)
        while rate and (product := product * float(self._uniform_double(1)[0])) > limit:
            count += 1
        return count

    def _one_large_count(self, rate):
        b = 0.931 + 2.53 * math.sqrt(rate)
        a = -0.059 + 0.02483 * b
        factor, ratio = 1.1239 + 1.1328 / (b - 3.4), 0.9277 - 3.6224 / (b - 2)
        while True:
            u, v = self._uniform_double(2).tolist()
            u -= 0.5
            rest = 0.5 - abs(u)
            count = (2 * a / rest + b) * u + rate + 0.43
            count = math.floor(count) if abs(count) < 2.0**63 else -(2**63)  # as C makes an int64 of it
            if rest >= 0.07 and v <= ratio:
                return count
            if count < 0 or (rest < 0.013 and v > rest):
                continue
            height = math.log(v) + math.log(factor) - math.log(a / (rest * rest) + b)
            if height <= -rate + count * math.log(rate) - math.lgamma(count + 1):
                return count

    def _one_normal(self):
        if self._spare is not None:
            spare, self._spare = self._spare, None
            return spare
        one, two = self._uniform_double(2)
        radius, angle = np.sqrt(-2 * np.log1p(-two)), 2 * np.pi * one
        self._spare = radius * np.sin(angle)
        return radius * np.cos(angle)


default_generator = Generator()  # the one stream of everything that names no other
uniform, normal, bernoulli = default_generator.uniform, default_generator.normal, default_generator.bernoulli
exponential, cauchy, geometric = default_generator.exponential, default_generator.cauchy, default_generator.geometric
log_normal, poisson = default_generator.log_normal, default_generator.poisson
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
def drawing_from(generator):
    """Inside, random numbers come from this generator, or from the default one for None."""
    if generator is None or generator is default_generator:
        yield
        return
    states = default_generator.__dict__, generator.__dict__
    default_generator.__dict__, generator.__dict__ = reversed(states)
    try:
        yield
    finally:
        default_generator.__dict__, generator.__dict__ = states


@contextmanager
def fork_rng(devices=None, enabled=True, device_type="cuda"):
    """Inside, random numbers go their own way; afterwards the stream goes on as if nothing had been drawn."""
    state = default_generator.get_state() if enabled else None
    try:
        yield
    finally:
        if enabled:
            default_generator.set_state(state)
