"""Data sets, samplers and loaders beside PyTorch's: the same samples in the same batches for the same seed."""

from collections import OrderedDict, namedtuple

import numpy as np
import pytest

import gradviz

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

SIDES = (gradviz, torch)
Pair = namedtuple("Pair", "x y")


def plain(value):
    """Tensors as lists, with their dtypes; all else as it is."""
    if isinstance(value, (gradviz.Tensor, torch.Tensor)):
        return [str(value.dtype), value.tolist()]
    if isinstance(value, dict):
        return type(value).__name__, {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [plain(each) for each in value]
    return value


def rows(side, count=10):
    """A data set of rows and their numbers."""
    return side.utils.data.TensorDataset(side.arange(2.0 * count).reshape(count, 2), side.arange(count))


def both(run):
    """Asserts that a function of either module comes to the same, or is refused with the same words."""
    found = []
    for side in SIDES:
        side.manual_seed(7)
        try:
            found.append(plain(run(side)))
        except Exception as error:
            found.append((type(error).__name__, str(error)))
    assert found[0] == found[1]
    return found[0]


def loaded(**settings):
    return lambda side: [list(side.utils.data.DataLoader(rows(side), **settings)) for _ in range(2)]


@pytest.mark.parametrize(
    "settings",
    [
        {}, {"batch_size": 4}, {"batch_size": 4, "drop_last": True}, {"batch_size": 3, "shuffle": True},
        {"batch_size": None}, {"batch_size": None, "shuffle": True}, {"batch_sampler": [[1, 2], [5]]},
        {"sampler": [3, 1, 4], "batch_size": 2}, {"collate_fn": len, "batch_size": 4},
    ],
    ids=str,
)  # fmt: skip
def test_batches(settings):
    both(loaded(**settings))
    both(lambda side: len(side.utils.data.DataLoader(rows(side), **settings)))


def test_a_generator_of_ones_own():
    def run(side):
        draws = side.Generator()
        draws.manual_seed(5)
        loader = side.utils.data.DataLoader(rows(side), 3, shuffle=True, generator=draws)
        return [list(loader), list(loader), side.rand(2)]

    both(run)


def test_what_is_drawn_afterwards():
    both(lambda side: [list(side.utils.data.DataLoader(rows(side), 3, shuffle=True)), side.randint(0, 100, (3,))])


SAMPLERS = {
    "SequentialSampler": lambda data, source: data.SequentialSampler(source),
    "RandomSampler": lambda data, source: data.RandomSampler(source),
    "RandomSampler, more": lambda data, source: data.RandomSampler(source, num_samples=25),
    "RandomSampler, again": lambda data, source: data.RandomSampler(source, True, 40),
    "SubsetRandomSampler": lambda data, source: data.SubsetRandomSampler([2, 5, 7]),
    "WeightedRandomSampler": lambda data, source: data.WeightedRandomSampler([0.1, 0.2, 0.7], 6),
    "WeightedRandomSampler, once": lambda data, source: data.WeightedRandomSampler([0.1, 0.2, 0.7], 2, False),
    "BatchSampler": lambda data, source: data.BatchSampler(data.RandomSampler(source), 3, False),
    "BatchSampler, whole": lambda data, source: data.BatchSampler(range(7), 3, True),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers(name):
    def run(side):
        sampler = SAMPLERS[name](side.utils.data, range(10))
        return [list(sampler), list(sampler), len(sampler)]

    both(run)


def _iterable(side, count=5):
    class Numbers(side.utils.data.IterableDataset):
        def __iter__(self):
            return iter(range(count))

        def __len__(self):
            return count

    return Numbers()


DATASETS = {
    "split": lambda side, data: [each.indices for each in data.random_split(rows(side), [3, 7])],
    "fractions": lambda side, data: [list(each) for each in data.random_split(rows(side), [0.35, 0.35, 0.3])],
    "a split of too few": lambda side, data: data.random_split(rows(side), [3, 3]),
    "a fraction beyond 1": lambda side, data: data.random_split(rows(side), [1.5, -0.5]),
    "subset": lambda side, data: [data.Subset(rows(side), [4, 2])[1], len(data.Subset(rows(side), [4, 2]))],
    "one behind the other": lambda side, data: [(rows(side, 2) + rows(side, 3))[k] for k in (0, 2, -1)],
    "before the first": lambda side, data: (rows(side, 2) + rows(side, 3))[-6],
    "side by side": lambda side, data: data.StackDataset(rows(side, 2), rows(side, 2))[1],
    "with names": lambda side, data: list(data.DataLoader(data.StackDataset(a=rows(side, 2), b=rows(side, 2)), 2)),
    "of other lengths": lambda side, data: data.StackDataset(rows(side, 2), rows(side, 3)),
    "none": lambda side, data: data.StackDataset(),
    "rows of other lengths": lambda side, data: data.TensorDataset(side.ones(2), side.ones(3)),
    "iterable": lambda side, data: [list(data.DataLoader(_iterable(side), 2)), len(data.DataLoader(_iterable(side), 2))],  # noqa: E501
    "iterable, whole": lambda side, data: list(data.DataLoader(_iterable(side), 2, drop_last=True)),
    "iterable, each": lambda side, data: list(data.DataLoader(_iterable(side), None)),
    "chained": lambda side, data: [list(_iterable(side, 2) + _iterable(side, 3)), len(_iterable(side, 2) + _iterable(side, 3))],  # noqa: E501
    "nothing there": lambda side, data: data.Dataset()[0],
}


@pytest.mark.parametrize("name", DATASETS)
def test_datasets(name):
    both(lambda side: DATASETS[name](side, side.utils.data))


BATCHES = {
    "numbers": [1, 2], "reals": [1.5, 2.0], "truths": [True, False], "words": ["a", "b"], "pairs": [(1, 2.0), (3, 4.0)],
    "lists": [[1, 2], [3, 4]], "dicts": [{"a": 1, "b": (2, 3)}, {"a": 4, "b": (5, 6)}],
    "ordered": [OrderedDict(a=1), OrderedDict(a=2)], "named": [Pair(1, 2.0), Pair(3, 4.0)],
    "arrays": [np.ones(2), np.zeros(2)], "of numpy": [np.float32(1), np.float32(2)], "unlike": [[1, 2], [3]],
    "objects": [object(), object()], "words in arrays": [np.array(["a"])] * 2,
}  # fmt: skip


@pytest.mark.parametrize("name", BATCHES)
def test_collating(name):
    found = both(lambda side: side.utils.data.default_collate(BATCHES[name]))
    assert found is not None
    both(lambda side: side.utils.data.default_convert(BATCHES[name] if name != "objects" else 3))


REFUSED = [
    {"num_workers": -1}, {"timeout": -1}, {"prefetch_factor": 2}, {"persistent_workers": True}, {"wrong": 1},
    {"shuffle": True, "sampler": [1]}, {"batch_sampler": [[1]], "batch_size": 2}, {"batch_size": None, "drop_last": True},  # noqa: E501
    {"batch_size": 0}, {"drop_last": 1, "batch_size": 2}, {"multiprocessing_context": "fork"},
]  # fmt: skip


@pytest.mark.parametrize("settings", REFUSED, ids=str)
def test_refusals(settings):
    assert both(loaded(**settings))[0].endswith("Error")


@pytest.mark.parametrize("settings", [{"shuffle": True}, {"sampler": [1]}, {"batch_sampler": [[1]]}], ids=str)
def test_refusals_of_what_has_no_numbers(settings):
    assert both(lambda side: side.utils.data.DataLoader(_iterable(side), **settings))[0] == "ValueError"


def test_the_order_is_fixed():
    both(lambda side: setattr(side.utils.data.DataLoader(rows(side)), "batch_size", 3))
    assert gradviz.utils.data.get_worker_info() is None


def test_workers_change_nothing():
    plainly, beside = (list(gradviz.utils.data.DataLoader(rows(gradviz), 4, num_workers=n)) for n in (0, 2))
    assert plain(plainly) == plain(beside)
