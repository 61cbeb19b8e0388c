"""Where requires_grad was lost among the results that a tensor was computed from outside any graph."""

from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from gradviz.check.mending import expression
from gradviz.trace.events import FLOWING, GRAD, NUMBER, RETURNED, SHARED, Flag, Kind
from gradviz.trace.forwards import Newest
from gradviz.trace.trace import Trace

MAKERS = ("tensor", "as_tensor", "asarray", "from_numpy", "from_dlpack", "frombuffer", "Parameter")
CASTS = ("to", "long", "int", "bool", "short", "byte", "char", "type")
LEAVING = (".numpy(", ".item(", ".tolist(", "float(")  # how values leave the graph without a row
MOST = 3  # cuts that are looked for
_COMPUTED = Flag.INLINE | Flag.REQUIRES_GRAD | Flag.LEAF


class Cut(NamedTuple):
    """The row that made something without requires_grad, of a tensor that has it (0: unknown which).

    how: 'integer' and 'cast' (no gradient in that dtype), 'no_grad', 'detach', 'data', 'new' (a new tensor of its
    values), 'gradient' (computed outside any graph) or 'other' (an op without a gradient).
    """

    row: int
    source: int
    how: str


class Earlier:
    """Finds the newest row before another one of a tensor that shares its memory, or has its very value."""

    def __init__(self, trace: Trace):
        steps = trace.of(Kind.FORWARD, Kind.OUTPUT)
        made = trace.rows[steps]
        tensors, buffers, flags = made["tensor"].astype(np.int64), made["buffer"], made["flags"]
        accumulating = np.zeros(int(trace.rows["tensor"].max(initial=0)) + 1, bool)
        accumulating[trace.rows["tensor"][trace.of(Kind.NODE)]] = True
        wants = ((flags & Flag.REQUIRES_GRAD) > 0) | accumulating[tensors]
        self.wanting = frozenset(steps[wants].tolist())  # rows of tensors that require grad
        span = len(trace.rows)
        self._sharing = [Newest(buffers[some], steps[some], span) for some in (wants, ~wants)]
        computed = (flags & _COMPUTED) == Flag.INLINE | Flag.REQUIRES_GRAD
        self._values, place = np.unique(made["value"][computed], return_inverse=True)
        self._with_value = Newest(place + 1, steps[computed], span)

    def sharing(self, buffer: int, row: int) -> int:
        """A row of the same memory, of a tensor that requires grad where there is one; -1 for none."""
        found = (int(newest.at(buffer, row - 1)) for newest in self._sharing)
        return next((each for each in found if each >= 0), -1)

    def with_value(self, bits: int, row: int) -> int:
        """A row of a result in a graph that is this very number; -1 for none."""
        place = int(np.searchsorted(self._values, np.uint64(bits)))  # as an int64 both would become floats
        known = place < len(self._values) and self._values[place] == bits
        return int(self._with_value.at(place + 1, row - 1)) if known else -1


class Cuts:
    """The way back from a tensor as it was at a step: to cuts, the newest first, and to leaves (rows)."""

    def __init__(self, trace: Trace, earlier: Earlier, root: int, before: int):
        self._trace, self._rows, self._forwards, self._earlier = trace, trace.rows, trace.forwards, earlier
        self.found: list[Cut] = []
        self.leaves: list[int] = []
        self._waiting: list[int] = []
        self._seen: set[int] = set()
        self._reach(trace.forwards.row_of(root, before))
        while self._waiting and len(self.found) < MOST:
            self._look(-heappop(self._waiting))

    def op_name(self, row: int) -> str:
        """The op that made what a row tells of."""
        step = int(self._forwards.steps[self._forwards.op_of(row)])
        return self._trace.call(int(self._rows["ref"][step])).op

    def _reach(self, row):
        if row >= 0 and row not in self._seen:
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
        wanted = [source for source in sources if source in self._earlier.wanting]
        how = self._how(row, op, name) if wanted else ""
        if how == "other" and all(int(self._rows["flags"][source]) & Flag.LEAF for source in wanted):
            self.leaves += wanted  # no op lost it: they were frozen since
            for source in set(sources) - set(wanted):
                self._reach(source)
        elif wanted:
            self.found.append(Cut(row, int(self._rows["tensor"][wanted[0]]), how))
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

    def _same_memory(self, row):
        new = int(self._rows["flags"][row]) & Flag.NEW_BUFFER
        return -1 if new else self._earlier.sharing(int(self._rows["buffer"][row]), row)

    def _same_value(self, row, name):
        """What `.item()` of a result gave, which leaves no row of its own."""
        if name not in (*MAKERS, NUMBER) or not int(self._rows["flags"][row]) & Flag.INLINE:
            return -1
        value = self._rows["value"][row : row + 1].view("<f8")[0]
        if not np.isfinite(value) or value == np.round(value):  # whole numbers are everywhere
            return -1
        return self._earlier.with_value(int(self._rows["value"][row]), row)

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
