"""DataLoader: batches of a dataset's items, in PyTorch's order for the same seed.

There are no worker processes: with `num_workers` items are loaded in the script's own process, when they are asked for,
so that what they do shows in a trace.
"""

import warnings
from itertools import islice, repeat

from gradviz.utils.data.batches import default_collate, default_convert
from gradviz.utils.data.datasets import IterableDataset, batch_of_rows
from gradviz.utils.data.samplers import BatchSampler, RandomSampler, SequentialSampler, drawn_seed

_WITH_BATCHES = "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"


def get_worker_info():
    """None: there are no worker processes."""


class _Endless:
    """The sampler of a dataset that is iterated: its indices mean nothing."""

    def __iter__(self):
        return repeat(None)


class DataLoader:
    """Iterates over a dataset in batches; ValueError for options that exclude each other."""

    def __init__(
        self, dataset, batch_size=1, shuffle=None, sampler=None, batch_sampler=None, num_workers=0, collate_fn=None,
        pin_memory=False, drop_last=False, timeout=0, worker_init_fn=None, multiprocessing_context=None,
        generator=None, **workers,
    ):  # fmt: skip
        _refuse_workers(num_workers, timeout, **workers)
        self._iterates = isinstance(dataset, IterableDataset)
        if self._iterates:
            _refuse_orders(shuffle, sampler, batch_sampler)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(_WITH_BATCHES)
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        if sampler is None and self._iterates:
            sampler = _Endless()
        elif sampler is None:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        if pin_memory:
            warnings.warn(
                "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be "
                "used.",
                stacklevel=2,
            )
        self.dataset, self.batch_size, self.drop_last, self.generator = dataset, batch_size, drop_last, generator
        self.sampler, self.batch_sampler = sampler, batch_sampler
        self.num_workers, self.pin_memory, self.timeout = num_workers, pin_memory, timeout
        self.worker_init_fn, self.multiprocessing_context = worker_init_fn, multiprocessing_context
        self.prefetch_factor = workers.get("prefetch_factor") or (2 if num_workers else None)
        self.persistent_workers = workers.get("persistent_workers", False)
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)

    def __iter__(self):
        drawn_seed(self.generator)  # PyTorch draws one for its workers, also without any
        return self._iterated() if self._iterates else self._picked()

    def __len__(self):
        if not self._iterates:
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)
        count = len(self.dataset)
        if self.batch_size is None:
            return count
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)

    def _picked(self):
        if self.batch_sampler is None:
            for index in self.sampler:
                yield self.collate_fn(self.dataset[index])
            return
        several = getattr(self.dataset, "__getitems__", None)
        for indices in self.batch_sampler:
            batch = batch_of_rows(self.dataset, indices) if self.collate_fn is default_collate else None
            if batch is not None:
                yield batch
                continue
            items = several(indices) if callable(several) else [self.dataset[index] for index in indices]
            yield self.collate_fn(items)

    def _iterated(self):
        items = iter(self.dataset)
        if self.batch_size is None:
            yield from map(self.collate_fn, items)
            return
        while batch := list(islice(items, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield self.collate_fn(batch)


def _refuse_workers(
    num_workers, timeout, *, prefetch_factor=None, persistent_workers=False, pin_memory_device="", in_order=True
):
    """ValueError for what no worker could do; the last two change nothing without them."""
    if num_workers < 0:
        raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to enable "
            "multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _refuse_orders(shuffle, sampler, batch_sampler):
    """What makes no sense with a dataset that is iterated."""
    given = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
            )
