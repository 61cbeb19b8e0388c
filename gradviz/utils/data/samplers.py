"""Samplers: in which order a loader takes a dataset's items. The draws are PyTorch's own for the same seed."""

from itertools import islice
from typing import Generic, TypeVar

from gradviz.engine.creation import empty, randint, randperm
from gradviz.engine.dtypes import float64, int64
from gradviz.engine.exchange import as_tensor
from gradviz.engine.random import Generator
from gradviz.ops.sampling import multinomial

Index = TypeVar("Index", covariant=True)
AT_ONCE = 32  # draws with replacement


def drawn_seed(generator=None):
    """A seed out of a generator, the default one for None."""
    return empty((), dtype=int64).random_(generator=generator).item()


class Sampler(Generic[Index]):
    """Gives indices, or batches of them: a subclass has `__iter__`."""

    def __iter__(self):
        raise NotImplementedError


class SequentialSampler(Sampler[int]):
    """0, 1, ..."""

    def __init__(self, data_source):
        self.data_source = data_source

    def __iter__(self):
        return iter(range(len(self.data_source)))

    def __len__(self):
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """All indices in a random order, or some drawn with replacement.

    TypeError and ValueError for a replacement that is no bool and a number of samples that is not positive.
    """

    def __init__(self, data_source, replacement=False, num_samples=None, generator=None):
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        self._num_samples = num_samples
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(f"num_samples should be a positive integer value, but got num_samples={self.num_samples}")

    @property
    def num_samples(self):
        """How many it draws: as many as there are items, unless it was told."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self):
        count, wanted = len(self.data_source), self.num_samples
        generator = self.generator or Generator().manual_seed(drawn_seed())
        if self.replacement:
            sizes = [AT_ONCE] * (wanted // AT_ONCE) + [wanted % AT_ONCE]
            for size in sizes:
                yield from randint(high=count, size=(size,), dtype=int64, generator=generator).tolist()
            return
        for _ in range(wanted // count):
            yield from randperm(count, generator=generator).tolist()
        yield from randperm(count, generator=generator).tolist()[: wanted % count]

    def __len__(self):
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """Given indices in a random order."""

    def __init__(self, indices, generator=None):
        self.indices, self.generator = indices, generator

    def __iter__(self):
        for place in randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[place]

    def __len__(self):
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn by their weights (N,).

    ValueError for a number of samples that is not positive, a replacement that is no bool, weights of more dims.
    """

    def __init__(self, weights, num_samples, replacement=True, generator=None):
        _refuse_size("num_samples", num_samples)
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.weights = as_tensor(weights, dtype=float64)
        if self.weights.ndim != 1:
            shape = tuple(self.weights.shape)
            raise ValueError(f"weights should be a 1d sequence but given weights have shape {shape}")
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator

    def __iter__(self):
        drawn = multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator)
        yield from drawn.tolist()

    def __len__(self):
        return self.num_samples


class BatchSampler(Sampler[list]):
    """Lists of what another sampler gives. ValueError for a size that is not positive, a drop_last that is no bool."""

    def __init__(self, sampler, batch_size, drop_last):
        _refuse_size("batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self):
        indices = iter(self.sampler)
        while batch := list(islice(indices, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield batch

    def __len__(self):
        whole, rest = divmod(len(self.sampler), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)


def _refuse_size(name, size):
    if not isinstance(size, int) or isinstance(size, bool) or size <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={size}")
