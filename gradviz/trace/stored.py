"""What each .grad was at any time: an index that is made once, so that asking for many moments costs little each."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gradviz.trace.events import Kind

if TYPE_CHECKING:
    from gradviz.trace.trace import Trace


class Stored:
    """The rows that show a whole .grad: of each tensor, and of changes in place by the memory that they change."""

    def __init__(self, trace: "Trace"):
        self._trace = trace
        self._rows = trace.rows

    @cached_property
    def by_tensor(self) -> dict[int, list[int]]:
        """{tensor: the steps, ascending, at which its .grad was another}."""
        steps = self._trace.of(Kind.ADDED, Kind.ASSIGNED)
        found: dict[int, list[int]] = {}
        for tensor, step in zip(self._rows["tensor"][steps].tolist(), steps.tolist(), strict=True):
            found.setdefault(tensor, []).append(step)
        return found

    @cached_property
    def _changes(self) -> dict[tuple, list[int]]:
        """{(buffer, shape): the steps, ascending, at which a .grad in it was changed in place, such as by zero_()}."""
        grads = self._trace.of(Kind.ADDED, Kind.ASSIGNED)
        steps = self._trace.of(Kind.MUTATED)
        rows = self._rows
        steps = steps[np.isin(rows["buffer"][steps], rows["buffer"][grads]) & (rows["meta"][steps] > 0)]
        found: dict[tuple, list[int]] = {}
        columns = (rows["buffer"][steps].tolist(), rows["meta"][steps].tolist(), steps.tolist())
        for buffer, meta, step in zip(*columns, strict=True):
            found.setdefault((buffer, self._trace.meta(meta).shape), []).append(step)
        return found

    def step(self, tensor: int, at: int) -> int:
        """The newest step up to a step whose row shows the whole .grad of a tensor; -1 where it has none."""
        newest = _newest(self.by_tensor.get(tensor, ()), at)
        meta = int(self._rows["meta"][newest]) if newest >= 0 else 0
        if not meta:
            return -1
        changes = self._changes.get((int(self._rows["buffer"][newest]), self._trace.meta(meta).shape), ())
        return max(newest, _newest(changes, at))


class StoredAt(Mapping):
    """{tensor: step} at a moment, looked up when asked for."""

    def __init__(self, stored: Stored, at: int):
        self._stored = stored
        self._at = at

    def __getitem__(self, tensor: int) -> int:
        step = self._stored.step(tensor, self._at)
        if step < 0:
            raise KeyError(tensor)
        return step

    def __iter__(self) -> Iterator[int]:
        return (tensor for tensor in self._stored.by_tensor if self._stored.step(tensor, self._at) >= 0)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _newest(steps, at: int) -> int:
    place = bisect_right(steps, at) - 1
    return steps[place] if place >= 0 else -1
