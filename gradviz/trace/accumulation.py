"""What a leaf's .grad adds up: a gradient that a step of training has used stays in it until it is reset."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gradviz.trace.events import Kind
from gradviz.trace.trace import Trace
from gradviz.trace.training import Training

RESETS = ("zero_", "zero")


class Stale(NamedTuple):
    """A leaf moved by a .grad that still held what an earlier step had used.

    old, new: the ADDED rows of the two gradients in it; used: the first step that moved the leaf by the old one;
    again: the one that moved it by both
    """

    leaf: int
    old: int
    used: int
    new: int
    again: int


class _Leaf:
    """A leaf's .grad on its way through the run; each attribute is a step, -1 for none."""

    def __init__(self):
        self.buffer = 0
        self.reset()

    def reset(self):
        """Nothing is left of any gradient."""
        self.old = self.used = self.new = -1

    def added(self, step, buffer):
        """A gradient came in."""
        self.buffer = buffer
        if self.used >= 0:
            self.new = step
        elif self.old < 0:
            self.old = step

    def moved(self, leaf, step):
        """The leaf moved: by gradients of before another step, too?"""
        found = Stale(leaf, self.old, self.used, self.new, step) if self.new >= 0 else None
        if self.new >= 0:
            self.old, self.new = self.new, -1
        if self.old >= 0:
            self.used = step
        return found

    def changed(self, to_zero):
        """The script changed .grad: of what a step has used nothing is left, unless a newer one came in since."""
        if to_zero or self.used >= 0 > self.new:
            self.reset()


def stale(trace: Trace, training: Training) -> Iterator[Stale]:
    """Each step that moved a leaf by gradients of before an earlier step, in order.

    A change of .grad in place, or another tensor in its place, counts as a reset when it comes between a step and the
    next backward; zeros always do.
    """
    rows = trace.rows
    moves = {move.step: move.leaf for move in training.moves}
    leaves: dict[int, _Leaf] = {}
    of_buffer: dict[int, int] = {}
    steps = trace.of(Kind.ADDED, Kind.ASSIGNED, Kind.MUTATED)
    columns = (rows[name][steps].tolist() for name in ("kind", "tensor", "buffer"))
    for step, kind, tensor, buffer in zip(steps.tolist(), *columns, strict=True):
        if kind == Kind.MUTATED:
            if step in moves and moves[step] in leaves:
                found = leaves[moves[step]].moved(moves[step], step)
                if found is not None:
                    yield found
            elif buffer in of_buffer:
                leaves[of_buffer[buffer]].changed(_to_zero(trace, step))
            continue
        leaf = leaves.setdefault(tensor, _Leaf())
        of_buffer.pop(leaf.buffer, None)
        if buffer:
            of_buffer[buffer] = tensor
        if kind == Kind.ADDED:
            leaf.added(step, buffer)
        else:
            leaf.buffer = buffer
            leaf.changed(_to_zero(trace, step))


def _to_zero(trace, step):
    """Whether a .grad is nothing or zeros after a row, as far as its value was recorded."""
    row = trace.rows[step]
    if not row["meta"] or (row["kind"] == Kind.MUTATED and trace.call(int(row["ref"])).op in RESETS):
        return True
    value = trace.value(step)
    return value is None or is_zero(value)


def is_zero(value) -> bool:
    """Whether all elements of a Preview are zeros."""
    if value.whole:
        return not np.any(value.values)
    return value.summary is not None and value.summary.min == value.summary.max == 0
