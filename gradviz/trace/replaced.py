"""Tensors that an optimizer goes on to move though the script computes with others in their place."""

import re
from bisect import bisect_right
from typing import NamedTuple

from gradviz.trace.events import Kind
from gradviz.trace.trace import Trace
from gradviz.trace.training import Given, Training


class Replaced(NamedTuple):
    """What an optimizer was given, and the leaf that took its place: of its name and shape, with gradients.

    stepped: the first STEPPED row of an iteration that had the new one alone
    """

    given: Given
    by: int
    stepped: int


def replaced(trace: Trace, training: Training) -> list[Replaced]:
    """Each of them, in order of what the optimizers were given."""
    if not training.stepped:
        return []
    newcomers = _Newcomers(trace, training)
    found = (newcomers.of(given) for given in training.given if given.optimizer in training.stepped)
    return [each for each in found if each is not None]


class _Newcomers:
    """Leaves that took gradients in though no optimizer has them."""

    def __init__(self, trace, training):
        self._trace, self._training = trace, training
        rows, added = trace.rows, trace.of(Kind.ADDED)
        self._added: dict[int, list[int]] = {}
        for tensor, step in zip(rows["tensor"][added].tolist(), added.tolist(), strict=True):
            if tensor not in training.optimizer_of:
                self._added.setdefault(tensor, []).append(step)
        self._alike: dict[object, list[int]] = {}
        for tensor in self._added:
            self._alike.setdefault(self._what(tensor), []).append(tensor)

    def of(self, given) -> Replaced | None:
        """What took the place of one; None when nothing did."""
        made = self._trace.forwards.first_row(given.tensor)
        others = [
            other
            for other in self._alike.get(self._what(given.tensor), ())
            if self._trace.forwards.first_row(other) > made and self._called_alike(given.tensor, other)
        ]
        if not others:
            return None
        uses = self._training.uses(given.tensor)
        before = given.step
        for stepped in self._training.stepped[given.optimizer]:
            by = next((other for other in others if _between(self._added[other], before, stepped)), 0)
            if by and not _between(uses, before, stepped):
                return Replaced(given, by, stepped)
            before = stepped
        return None

    def _what(self, tensor):
        """Shape and dtype."""
        row = self._trace.forwards.first_row(tensor)
        meta = self._trace.meta(int(self._trace.rows["meta"][row])) if row >= 0 else None
        return (meta.shape, meta.dtype) if meta is not None else None

    def _called_alike(self, tensor, other):
        """Whether two have one name, or the line that made the other assigns to a name of the first."""
        name, new = (self._training.name(each) for each in (tensor, other))
        if name and new:
            return name == new or name.endswith(f".{new}") or new.endswith(f".{name}")
        origin = self._trace.origin(self._training.made_at(other))
        return bool(name) and origin is not None and _assigns(origin.text, name)


def _between(steps, start, stop):
    """Whether one of the ascending steps lies between two."""
    return bisect_right(steps, stop) > bisect_right(steps, start)


def _assigns(text, name):
    return re.match(rf"\s*(?:\w+\.)*{re.escape(name)}\s*=(?!=)", text) is not None
