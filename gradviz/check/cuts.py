"""Where requires_grad was lost among the results that a tensor was computed from outside any graph."""

from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from gradviz.check.case import Case
from gradviz.check.mending import expression
from gradviz.trace.events import FLOWING, GRAD, NUMBER, RETURNED, SHARED, Flag, Kind

MAKERS = ("tensor", "as_tensor", "asarray", "from_numpy", "from_dlpack", "frombuffer", "Parameter")
CASTS = ("to", "long", "int", "bool", "short", "byte", "char", "type")
LEAVING = (".numpy(", ".item(", ".tolist(", "float(")  # how values leave the graph without a row
_COMPUTED = Flag.INLINE | Flag.REQUIRES_GRAD | Flag.LEAF


class Cut(NamedTuple):
    """The row that made something without requires_grad, of a tensor that has it (0: unknown which).

    how: 'integer' and 'cast' (no gradient in that dtype), 'no_grad', 'detach', 'data', 'new' (a new tensor of its
    values), 'gradient' (computed outside any graph) or 'other' (an op without a gradient).
    """

    row: int
    source: int
    how: str


class Cuts:
    """The way back from a tensor as it was at a step: to cuts, the newest first, and to leaves (rows)."""

    def __init__(self, case: Case, root: int, before: int):
        self._trace, self._rows, self._forwards = case.trace, case.trace.rows, case.trace.forwards
        self._accumulating = set(self._rows["tensor"][self._trace.of(Kind.NODE)].tolist())
        steps = self._trace.of(Kind.FORWARD, Kind.OUTPUT)
        self._made = steps[steps < before]
        self.found: list[Cut] = []
        self.leaves: list[int] = []
        self._waiting: list[int] = []
        self._seen: set[int] = set()
        own = self._made[self._rows["tensor"][self._made] == root]
        if own.size:
            self._reach(int(own[-1]))
        while self._waiting:
            self._look(-heappop(self._waiting))

    def op_name(self, row: int) -> str:
        """The op that made what a row tells of."""
        step = int(self._forwards.steps[self._forwards.op_of(row)])
        return self._trace.call(int(self._rows["ref"][step])).op

    def _reach(self, row):
        if row not in self._seen:
            self._seen.add(row)
            heappush(self._waiting, -row)

    def _look(self, row):
        name = self.op_name(row)
        if name in (GRAD, RETURNED, FLOWING):
            self.found.append(Cut(row, 0, "gradient"))
            return
        op = int(self._forwards.op_of(row))
        slots = slice(self._forwards.input_from[op], self._forwards.input_from[op + 1])
        given = [source for source in self._forwards.input_row[slots].tolist() if source >= 0]
        sources = given or [source for source in (self._same_memory(row), self._same_value(row, name)) if source >= 0]
        wanted = [source for source in sources if self._requires_grad(source)]
        if wanted:
            self.found.append(Cut(row, int(self._rows["tensor"][wanted[0]]), self._how(row, op, name)))
        elif name == "Parameter" or not sources and name != NUMBER:
            self._end(row, name)
        else:
            for source in sources:
                self._reach(source)

    def _end(self, row, name):
        """A leaf; or, where its line takes values out of tensors, a cut of we can't know which."""
        text = expression(self._origin(row))
        if name in MAKERS and any(each in text for each in LEAVING):
            self.found.append(Cut(row, 0, "new"))
        else:
            self.leaves.append(row)

    def _origin(self, row):
        return self._trace.origin(int(self._rows["origin"][row]))

    def _requires_grad(self, row):
        tensor, flags = int(self._rows["tensor"][row]), int(self._rows["flags"][row])
        return bool(flags & Flag.REQUIRES_GRAD) or tensor in self._accumulating

    def _same_memory(self, row):
        """A row before this one of a tensor in the same memory, one that requires grad where there is one; -1: none."""
        buffer = int(self._rows["buffer"][row])
        if not buffer or int(self._rows["flags"][row]) & Flag.NEW_BUFFER:
            return -1
        same = self._made[(self._rows["buffer"][self._made] == buffer) & (self._made < row)].tolist()
        return next((each for each in reversed(same) if self._requires_grad(each)), same[-1] if same else -1)

    def _same_value(self, row, name):
        """The newest result in a graph that has the very value of this number: `.item()` leaves no row; -1: none."""
        if name not in (*MAKERS, NUMBER) or not int(self._rows["flags"][row]) & Flag.INLINE:
            return -1
        value = self._rows["value"][row : row + 1].view("<f8")[0]
        if not np.isfinite(value) or value == np.round(value):  # whole numbers are everywhere
            return -1
        earlier = self._made[self._made < row]
        computed = (self._rows["flags"][earlier] & _COMPUTED) == Flag.INLINE | Flag.REQUIRES_GRAD
        same = earlier[computed & (self._rows["value"][earlier].view("<f8") == value)]
        return int(same[-1]) if same.size else -1

    def _how(self, row, op, name):
        if name in (*MAKERS, NUMBER):
            return "new"
        if "float" not in self._trace.meta(int(self._rows["meta"][row])).dtype:
            return "cast" if name in CASTS else "integer"
        if name in ("detach", "detach_"):
            return "new" if self._is_step_of_a_new_tensor(row) else "detach"
        if name == SHARED:
            return "data"
        return "no_grad" if int(self._forwards.flags[op]) & Flag.NO_GRAD else "other"

    def _is_step_of_a_new_tensor(self, row):
        """Whether `tensor(y.detach())` is the whole line: one step to the person who wrote it."""
        makers = [each for each in self._seen if each > row and self.op_name(each) in MAKERS]
        return _line(self._origin(row)) in {_line(self._origin(each)) for each in makers}


def _line(origin):
    return origin and (origin.file, origin.line)
