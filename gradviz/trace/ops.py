"""The forward ops of a trace as questions one asks of them: which is this, what did it get, who used the result.

An op is known by its place in execution order, from 0, as in forwards.py.
"""

from collections.abc import Iterable
from functools import cached_property

import numpy as np

from gradviz.trace.trace import Call, Meta, Trace, Within

LONGEST = 40  # characters of an expression that stands for a name


class Ops:
    """Look-ups by op; what can't be known is -1, '' or None."""

    def __init__(self, trace: Trace):
        self._trace = trace
        self._forwards = trace.forwards

    def __len__(self):
        return len(self._forwards)

    def named(self, names: Iterable[str]) -> list[int]:
        """The ops with one of these names, in order."""
        numbers = np.unique(self._forwards.call)
        wanted = [number for number in numbers.tolist() if self._trace.call(number).op in names]
        return np.flatnonzero(np.isin(self._forwards.call, wanted)).tolist()

    def call(self, op: int) -> Call:
        """What it was called with."""
        return self._trace.call(int(self._forwards.call[op]))

    def step(self, op: int) -> int:
        """Its FORWARD row."""
        return int(self._forwards.steps[op])

    def node(self, op: int) -> int:
        """Its node, 0 for none."""
        return int(self._forwards.node[op])

    def meta(self, op: int) -> Meta | None:
        """Its output's shape and dtype."""
        number = int(self._forwards.meta[op])
        return self._trace.meta(number) if number else None

    def within(self, op: int) -> Within:
        """The modules and composite calls that it ran in."""
        return self._trace.within(int(self._trace.rows["within"][self.step(op)]))

    def origin(self, op: int) -> int:
        """The number of its place in the script, 0 unknown."""
        return int(self._trace.rows["origin"][self.step(op)])

    def line(self, op: int) -> tuple[str, int] | None:
        """(file, line) of its place in the script."""
        origin = self._trace.origin(self.origin(op))
        return (origin.file, origin.line) if origin else None

    def inputs(self, op: int) -> list[int]:
        """The ops that made its inputs, -1 for what nobody saw made."""
        forwards = self._forwards
        return forwards.input_op[forwards.input_from[op] : forwards.input_from[op + 1]].tolist()

    def input_steps(self, op: int) -> list[int]:
        """For each input the row that shows it as it was when the op ran, -1 unknown."""
        forwards, step = self._forwards, self.step(op)
        slots = range(int(forwards.input_from[op]), int(forwards.input_from[op + 1]))
        changed = (self._trace.changed(int(forwards.input_tensor[slot]), step - 1) for slot in slots)
        return [max(int(forwards.input_row[slot]), change) for slot, change in zip(slots, changed, strict=True)]

    def called(self, op: int, position: int) -> str:
        """An input as the script calls it: its name, else the expression that made it, else the op's own name, or x."""
        forwards, names = self._forwards, self.call(op).names
        slot = int(forwards.input_from[op]) + position
        own = names[position] if position < len(names) and names[position] != "self" else "x"
        made = int(forwards.input_op[slot])
        return self._trace.name(int(forwards.input_tensor[slot])) or self._expression(made) or own

    def _expression(self, op):
        """The source of what made a result, where it is short and on one line."""
        if op < 0 or self.within(op).inside:
            return ""
        origin = self._trace.origin(self.origin(op))
        if origin is None or origin.end_line != origin.line or min(origin.column, origin.end_column) < 0:
            return ""
        text = origin.text[origin.column : origin.end_column]
        return text if text.isprintable() and len(text) <= LONGEST else ""

    def users(self, op: int) -> list[int]:
        """The ops that took its result as an input, in order."""
        starts, order = self._users
        return self._forwards.input_owner[order[starts[op] : starts[op + 1]]].tolist()

    def maker(self, node: int) -> int:
        """The op that made a node, -1 for none: an AccumulateGrad."""
        places = self._of_node
        return int(places[node]) if 0 < node < len(places) else -1

    @cached_property
    def _users(self):
        made = self._forwards.input_op
        order = np.argsort(made, kind="stable")
        return np.searchsorted(made[order], np.arange(len(self) + 1)), order

    @cached_property
    def _of_node(self):
        nodes = self._forwards.node
        places = np.full(int(nodes.max(initial=0)) + 1, -1)
        places[nodes] = np.arange(len(nodes))
        return places
