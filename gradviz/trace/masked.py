"""Leaves whose every gradient was zeros, where one op made them so: a product with zeros, a relu that was shut."""

from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradviz.trace.accumulation import is_zero
from gradviz.trace.events import NUMBER, Flag, Kind
from gradviz.trace.trace import Trace

FACTORS = {"mul": (0, 1), "mm": (0, 1), "bmm": (0, 1), "mv": (0, 1), "dot": (0, 1), "linear": (0, 1), "addmm": (1, 2)}
ZEROS, RELU = "zeros", "relu"


class Mask(NamedTuple):
    """What made gradients zeros: a FORWARD row; factor: the tensor of zeros (0: the op is a relu)."""

    how: str
    step: int
    factor: int


class Masks:
    """Looks for what made the gradients of a leaf zeros."""

    def __init__(self, trace: Trace):
        self._trace = trace

    def of(self, leaf: int) -> Mask | None:
        """The op of one line that made every gradient of a leaf zeros; None where there is no such op."""
        if not self._is_zero(self._added.get(leaf, -1)):
            return None
        given = [step for node in self._nodes.get(leaf, ()) for step in self._given.get(node, ())]
        if not all(map(self._is_zero, given)):
            return None
        found = {}
        for step in given:
            for mask in self._above(step):
                if mask is None:
                    return None
                found[int(self._trace.rows["origin"][mask.step])] = mask
        return found.popitem()[1] if len(found) == 1 else None

    def _above(self, step):
        """The masks that a GRAD row of zeros comes from; None for zeros of another kind."""
        rows = self._trace.rows
        call, waiting, seen = int(rows["a"][step]), [step], {step}
        while waiting:
            grad = waiting.pop()
            node = int(rows["node"][grad])
            ran = self._ran.get((call, node), ())
            if not all(map(self._is_zero, ran)):
                yield self._mask(node, int(rows["b"][grad]), call)
                continue
            above = [each for each in self._given.get(node, ()) if rows["a"][each] == call and each not in seen]
            if not above:
                yield None
            seen.update(above)
            waiting += above

    def _mask(self, node, position, call):
        """What an op has that turns any gradient for its input at a position into zeros."""
        trace, forwards = self._trace, self._trace.forwards
        op = self._op_of.get(node, -1)
        if op < 0:
            return None
        name, step = trace.call(int(forwards.call[op])).op.rstrip("_"), int(forwards.steps[op])
        if name == "relu" and self._is_zero(step) and not self._is_zero(self._root[call]):
            return Mask(RELU, step, 0)
        first = forwards.input_from[op]
        for other in FACTORS.get(name, ()):
            row = int(forwards.input_row[first + other]) if first + other < forwards.input_from[op + 1] else -1
            told = row >= 0 and self._is_told(row, int(forwards.input_tensor[first + other]))
            constant = told and other != position and not trace.rows["flags"][row] & Flag.REQUIRES_GRAD
            if constant and self._is_zero(row):
                return Mask(ZEROS, step, int(forwards.input_tensor[first + other]))
        return None

    def _is_told(self, row, tensor):
        """Whether the script names a factor, or wrote it as a number: not what a module fills in by itself."""
        forwards = self._trace.forwards
        made = self._trace.call(int(forwards.call[forwards.op_of(row)])).op
        return made == NUMBER or bool(self._trace.name(tensor))

    def _is_zero(self, step):
        """Whether a row is known to show zeros."""
        value = self._trace.value(step) if step >= 0 and self._trace.rows["meta"][step] else None
        return value is not None and is_zero(value)

    @cached_property
    def _added(self):
        """{leaf: the first row that added to its .grad}."""
        steps = self._trace.of(Kind.ADDED)
        leaves, first = np.unique(self._trace.rows["tensor"][steps], return_index=True)
        return dict(zip(leaves.tolist(), steps[first].tolist(), strict=True))

    @cached_property
    def _nodes(self):
        """{leaf: its AccumulateGrads}."""
        found = {}
        for row in self._trace.rows[self._trace.of(Kind.NODE)]:
            found.setdefault(int(row["tensor"]), []).append(int(row["node"]))
        return found

    @cached_property
    def _given(self):
        """{node: the GRAD rows of what it was given}."""
        steps, found = self._trace.of(Kind.GRAD), {}
        for node, step in zip(self._trace.rows["c"][steps].tolist(), steps.tolist(), strict=True):
            found.setdefault(node, []).append(step)
        return found

    @cached_property
    def _ran(self):
        """{(backward call, node): the rows of what came in}."""
        steps, found = self._trace.of(Kind.STEP, Kind.INCOMING), {}
        rows = self._trace.rows[steps]
        for call, node, step in zip(rows["a"].tolist(), rows["node"].tolist(), steps.tolist(), strict=True):
            found.setdefault((call, node), []).append(step)
        return found

    @cached_property
    def _root(self):
        """{backward call: the row that shows its root's value, -1 unknown}."""
        steps = self._trace.of(Kind.BACKWARD)
        rows = self._trace.rows[steps]
        first = self._trace.forwards.first_row
        return {call: first(tensor) for call, tensor in zip(rows["a"].tolist(), rows["tensor"].tolist(), strict=True)}

    @cached_property
    def _op_of(self):
        forwards = self._trace.forwards
        built = np.flatnonzero(forwards.node > 0)
        return dict(zip(forwards.node[built].tolist(), built.tolist(), strict=True))
