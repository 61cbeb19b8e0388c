"""Datasets: what has items by number, or gives them one after the other."""

import warnings
from bisect import bisect_right
from itertools import accumulate
from math import floor, isclose
from typing import Generic, TypeVar

from gradviz.engine.creation import randperm
from gradviz.engine.random import default_generator

Item = TypeVar("Item", covariant=True)


class Dataset(Generic[Item]):
    """Items by number: a subclass has `__getitem__`, and mostly `__len__`."""

    def __getitem__(self, index) -> Item:
        """NotImplementedError, until a subclass has it."""
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other) -> "ConcatDataset[Item]":
        """One after the other."""
        return ConcatDataset([self, other])


class IterableDataset(Dataset[Item]):
    """Items one after the other: a subclass has `__iter__`."""

    def __add__(self, other) -> "ChainDataset":
        """One after the other."""
        return ChainDataset([self, other])

    def __iter__(self):
        """NotImplementedError, until a subclass has it."""
        raise NotImplementedError


class TensorDataset(Dataset[tuple]):
    """Rows of tensors (N, ...): item i is the tuple of their i-th rows. AssertionError where their N differ."""

    def __init__(self, *tensors):
        if any(tensors[0].size(0) != each.size(0) for each in tensors):
            raise AssertionError("Size mismatch between tensors")
        self.tensors = tensors

    def __getitem__(self, index):
        """The rows at an index."""
        return tuple(each[index] for each in self.tensors)

    def __len__(self):
        return self.tensors[0].size(0)


class StackDataset(Dataset[Item]):
    """Datasets of one length beside each other: an item is a tuple, or a dict for keywords, of their items.

    ValueError for none, for both kinds, and where lengths differ.
    """

    def __init__(self, *args, **kwargs):
        if args and kwargs:
            raise ValueError(
                "Supported either ``tuple``- (via ``args``) or``dict``- (via ``kwargs``) like input/output, but both "
                "types are given."
            )
        parts = args or tuple(kwargs.values())
        if not parts:
            raise ValueError("At least one dataset should be passed")
        self._length = len(parts[0])
        if any(len(each) != self._length for each in parts):
            raise ValueError("Size mismatch between datasets")
        self.datasets = args or kwargs

    def __getitem__(self, index):
        """The items at an index."""
        if isinstance(self.datasets, dict):
            return {name: each[index] for name, each in self.datasets.items()}
        return tuple(each[index] for each in self.datasets)

    def __len__(self):
        return self._length


class ConcatDataset(Dataset[Item]):
    """Datasets one after the other. AssertionError for none, and for one that can only be iterated."""

    @staticmethod
    def cumsum(sequence):
        """Where each of the datasets ends."""
        return list(accumulate(len(each) for each in sequence))

    def __init__(self, datasets):
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(each, IterableDataset) for each in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = self.cumsum(self.datasets)

    def __len__(self):
        return self.cumulative_sizes[-1]

    def __getitem__(self, idx):
        """The item at an index; ValueError below -len."""
        if idx < 0:
            if -idx > len(self):
                raise ValueError("absolute value of index should not exceed dataset length")
            idx += len(self)
        place = bisect_right(self.cumulative_sizes, idx)
        return self.datasets[place][idx - (self.cumulative_sizes[place - 1] if place else 0)]


class ChainDataset(IterableDataset):
    """Iterables one after the other. AssertionError, when it is used, for a dataset that is none."""

    def __init__(self, datasets):
        self.datasets = datasets

    def _checked(self):
        for each in self.datasets:
            if not isinstance(each, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield each

    def __iter__(self):
        for each in self._checked():
            yield from each

    def __len__(self):
        return sum(len(each) for each in self._checked())


class Subset(Dataset[Item]):
    """Some items of a dataset, by their indices."""

    def __init__(self, dataset, indices):
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, idx):
        """The item at a place among the indices, or those at several."""
        place = [self.indices[each] for each in idx] if isinstance(idx, list) else self.indices[idx]
        return self.dataset[place]

    def __getitems__(self, indices):
        """The items at these places, in a list."""
        places = [self.indices[each] for each in indices]
        several = getattr(self.dataset, "__getitems__", None)
        return several(places) if callable(several) else [self.dataset[each] for each in places]

    def __len__(self):
        return len(self.indices)


def batch_of_rows(dataset, indices):
    """What default_collate makes of rows of tensors, one op a tensor; None where the items are others.

    Tensors that require grad are left to it too: their graph is to be PyTorch's.
    """
    while type(dataset) is Subset:
        dataset, indices = dataset.dataset, [dataset.indices[each] for each in indices]
    if type(dataset) is not TensorDataset or any(each.requires_grad for each in dataset.tensors):
        return None
    return [each[indices] for each in dataset.tensors]


def random_split(dataset, lengths, generator=default_generator):
    """Subsets of these lengths, or shares that add up to 1, drawn at random; ValueError where they don't add up."""
    if isclose(sum(lengths), 1) and sum(lengths) <= 1:
        lengths = _from_shares(len(dataset), lengths)
    if sum(lengths) != len(dataset):
        raise ValueError("Sum of input lengths does not equal the length of the input dataset!")
    indices = randperm(sum(lengths), generator=generator).tolist()
    ends = accumulate(lengths)
    return [Subset(dataset, indices[end - length : end]) for end, length in zip(ends, lengths, strict=True)]


def _from_shares(count, shares):
    """Rounded down, and what is left dealt out from the first one on."""
    for i, share in enumerate(shares):
        if not 0 <= share <= 1:
            raise ValueError(f"Fraction at index {i} is not between 0 and 1")
    lengths = [floor(count * share) for share in shares]
    for i in range(count - sum(lengths)):
        lengths[i % len(lengths)] += 1
    for i, length in enumerate(lengths):
        if not length:
            warnings.warn(f"Length of split at index {i} is 0. This might result in an empty dataset.", stacklevel=3)
    return lengths
