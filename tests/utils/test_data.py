"""Datasets, samplers and loaders beside PyTorch's: the same items, in the same order for the same seed."""

from collections import OrderedDict, namedtuple

import numpy as np
import pytest

import gradviz
from tests.autograd.alike import same

pytest.importorskip("torch")

Pair = namedtuple("Pair", "a b")


def squares(data):
    class Squares(data.Dataset):
        def __len__(self):
            return 7

        def __getitem__(self, i):
            return i * i, float(i), np.full(2, i, np.float32)

    return Squares()


def counting(data, upto=5):
    class Counting(data.IterableDataset):
        def __iter__(self):
            return iter(range(upto))

        def __len__(self):
            return upto

    return Counting()


def orders(torch, note):
    data = torch.utils.data
    rows = data.TensorDataset(torch.arange(22.0).reshape(11, 2), torch.arange(11))
    torch.manual_seed(4)
    for options in ({}, {"shuffle": True}, {"drop_last": True}, {"shuffle": True, "drop_last": True}):
        loader = data.DataLoader(rows, batch_size=4, **options)
        note(len(loader), [list(batch) for batch in loader])
        note([list(batch) for batch in loader], torch.rand(2))
    own = torch.Generator().manual_seed(9)
    note([list(batch) for batch in data.DataLoader(rows, 3, shuffle=True, generator=own)], torch.rand(2))
    note([list(batch) for batch in data.DataLoader(squares(data), batch_size=3)])
    note([list(item) for item in data.DataLoader(squares(data), batch_size=None)])
    note(list(data.DataLoader(rows, 5, collate_fn=len)), list(data.DataLoader([1, 2, 3], batch_sampler=[[0, 2], [1]])))


def samplers(torch, note):
    data = torch.utils.data
    torch.manual_seed(1)
    note(list(data.RandomSampler(range(6))), list(data.RandomSampler(range(6), num_samples=15)))
    note(list(data.RandomSampler(range(6), replacement=True, num_samples=70)))
    note(list(data.SubsetRandomSampler([5, 3, 9])), list(data.SequentialSampler("abc")))
    note(list(data.WeightedRandomSampler([0.1, 5.0, 1.0], 8)))
    note(list(data.WeightedRandomSampler([0.1, 5.0, 1.0], 3, replacement=False)))
    for drop in (True, False):
        batches = data.BatchSampler(data.SequentialSampler(range(10)), 3, drop)
        note(list(batches), len(batches))


def iterated(torch, note):
    data = torch.utils.data
    torch.manual_seed(2)
    for options in ({"batch_size": 2}, {"batch_size": 2, "drop_last": True}, {"batch_size": None}):
        loader = data.DataLoader(counting(data), **options)
        note(list(loader), len(loader), torch.rand(1))
    both = counting(data) + counting(data, 2)
    note(list(both), len(both))


def parts(torch, note):
    data = torch.utils.data
    rows = data.TensorDataset(torch.arange(10))
    torch.manual_seed(3)
    for lengths in ([7, 3], [0.5, 0.25, 0.25], [0.3, 0.7]):
        note([subset.indices for subset in data.random_split(rows, lengths)])
    own = torch.Generator().manual_seed(5)
    note([subset.indices for subset in data.random_split(rows, [4, 6], generator=own)])
    joined = rows + data.Subset(rows, [3, 1])
    note(len(joined), joined[11], joined[-1], joined[0], joined.cumulative_sizes)
    note(data.StackDataset(rows, rows)[2], data.StackDataset(x=rows)[1], len(data.StackDataset(rows)))
    subset = data.Subset(rows, [3, 1, 4])
    note(subset[[0, 2]], [list(batch) for batch in data.DataLoader(subset, 2)])


def batches(torch, note):
    collate, convert = torch.utils.data.default_collate, torch.utils.data.default_convert
    items = [
        [torch.ones(2), torch.zeros(2)], [1, 2], [1.5, 2.0], ["a", "b"], [True, False], [np.float32(1), np.float32(2)],
        [{"x": 1, "y": [2, 3]}, {"x": 4, "y": [5, 6]}], [(1, 2.0), (3, 4.0)], [Pair(1, 2), Pair(3, 4)],
        [np.eye(2), np.ones((2, 2))], [OrderedDict(a=1), OrderedDict(a=2)], [range(2), range(2)],
    ]  # fmt: skip
    for each in items:
        note(collate(each), type(collate(each)).__name__)
    for each in (np.ones(2), {"a": np.ones(1)}, (1, np.ones(1)), [np.ones(1), "b"], Pair(np.ones(1), 2), 3, "abc"):
        note(convert(each), type(convert(each)).__name__)


MISTAKES = {
    "no getitem": lambda data: data.Dataset()[0],
    "sizes": lambda data: data.TensorDataset(*(_zeros(data, n) for n in (2, 3))),
    "nothing to join": lambda data: data.ConcatDataset([]),
    "an iterable to join": lambda data: data.ConcatDataset([counting(data)]),
    "below the start": lambda data: data.ConcatDataset([[1, 2]])[-3],
    "chain of lists": lambda data: list(data.ChainDataset([[1]])),
    "stack of nothing": lambda data: data.StackDataset(),
    "stack of both": lambda data: data.StackDataset([1], x=[1]),
    "stack of sizes": lambda data: data.StackDataset([1], [1, 2]),
    "shares": lambda data: data.random_split([1, 2], [1.5, -0.5]),
    "lengths": lambda data: data.random_split([1, 2], [1, 2]),
    "replacement": lambda data: data.RandomSampler([1], replacement=1),
    "no samples": lambda data: data.RandomSampler([]),
    "weights": lambda data: data.WeightedRandomSampler([[1.0]], 1),
    "no weighted samples": lambda data: data.WeightedRandomSampler([1.0], 0),
    "batch size": lambda data: data.BatchSampler([1], 0, False),
    "drop_last": lambda data: data.BatchSampler([1], 1, None),
    "sampler and shuffle": lambda data: data.DataLoader([1], shuffle=True, sampler=[0]),
    "batch sampler and size": lambda data: data.DataLoader([1], batch_size=2, batch_sampler=[[0]]),
    "no batches to drop": lambda data: data.DataLoader([1], batch_size=None, drop_last=True),
    "shuffled iterable": lambda data: data.DataLoader(counting(data), shuffle=True),
    "sampled iterable": lambda data: data.DataLoader(counting(data), sampler=[1]),
    "batched iterable": lambda data: data.DataLoader(counting(data), batch_sampler=[[1]]),
    "workers": lambda data: data.DataLoader([1], num_workers=-1),
    "timeout": lambda data: data.DataLoader([1], timeout=-1),
    "prefetch": lambda data: data.DataLoader([1], prefetch_factor=2),
    "persistent": lambda data: data.DataLoader([1], persistent_workers=True),
    "collated objects": lambda data: data.default_collate([object()]),
    "collated texts": lambda data: data.default_collate([np.array(["a"])]),
    "collated sizes": lambda data: data.default_collate([[1, 2], [1]]),
}


def _zeros(data, count):
    return (gradviz if data is gradviz.utils.data else __import__("torch")).zeros(count)


@pytest.mark.parametrize("program", [orders, samplers, iterated, parts, batches], ids=lambda each: each.__name__)
def test_items_and_their_order(program):
    same(program)


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_have_pytorchs_class_and_words(name):
    same(lambda torch, note: MISTAKES[name](torch.utils.data))


def test_items_are_loaded_here_whatever_the_number_of_workers():
    loader = gradviz.utils.data.DataLoader(range(4), 2, num_workers=3, persistent_workers=True, prefetch_factor=4)
    assert [batch.tolist() for batch in loader] == [[0, 1], [2, 3]]
    assert gradviz.utils.data.get_worker_info() is None
