"""The forward ops of a trace as columns: what made each input, and what each node keeps.

An op is known by its place here, from 0, in execution order; people see place + 1.
"""

import numpy as np

from gradviz.errors import BadTrace
from gradviz.trace.events import Flag, Kind


class Newest:
    """Answers 'the newest row about this number, at or before that step', for whole arrays at once."""

    def __init__(self, numbers: np.ndarray, steps: np.ndarray, span: int):
        self._span = span + 1
        keys = numbers.astype(np.int64) * self._span + steps
        order = np.argsort(keys, kind="stable")
        self._keys = keys[order]

    def at(self, numbers, steps) -> np.ndarray:
        """The step of the newest row for each (number, step), or -1."""
        numbers = np.asarray(numbers, np.int64)
        if not self._keys.size:
            return np.full(numbers.shape, -1, np.int64)
        places = np.searchsorted(self._keys, numbers * self._span + np.asarray(steps, np.int64), "right") - 1
        keys = self._keys[np.maximum(places, 0)]
        known = (places >= 0) & (keys // self._span == numbers) & (numbers > 0)
        return np.where(known, keys % self._span, -1)


class Forwards:
    """Columns, one entry a forward op: steps, node, tensor, call, buffer, meta, flags; the rest in slots.

    The inputs of op i are at slots input_from[i]:input_from[i + 1] of input_tensor, input_row (the row that
    made the tensor, -1 unknown) and input_op (the op that did, -1 unknown); what its node keeps is at slots
    kept_from[i]:kept_from[i + 1] of kept_which, kept_buffer, kept_meta, kept_op (the op whose value it is, -1
    for an intermediate) and kept_name (an index into names).
    """

    def __init__(self, trace):
        rows = trace.rows
        self.steps = steps = trace.of(Kind.FORWARD)
        ops = rows[steps]
        self.node = ops["node"].astype(np.int64)
        self.tensor = ops["tensor"].astype(np.int64)
        self.call = ops["ref"].astype(np.int64)
        self.buffer = ops["buffer"].astype(np.int64)
        self.meta = ops["meta"].astype(np.int64)
        self.flags = ops["flags"]
        if self.call.size and not 0 < self.call.min() <= self.call.max() <= 8 * len(rows) + (1 << 16):
            raise BadTrace("this trace is damaged: a forward row has no call")
        self._calls, self._call_place = np.unique(self.call, return_inverse=True)
        self._signatures = [trace.call(number) for number in self._calls.tolist()]
        self._made = self._makers(trace)
        made = trace.of(Kind.NODE)
        self._accumulators = Newest(rows["tensor"][made], made, len(rows))
        self._nodes = rows["node"]
        self._op_of_node = np.full(int(self.node.max(initial=0)) + 1, -1)
        self._op_of_node[self.node] = np.arange(len(steps))
        self._inputs(trace, ops)
        self._kept(trace)

    def __len__(self):
        return len(self.steps)

    def op_of(self, rows) -> np.ndarray:
        """The op that each row belongs to: its own FORWARD row, or the one before it; -1 for none."""
        return np.searchsorted(self.steps, rows, "right") - 1

    def maker(self, tensor: int, before: int) -> int:
        """The op that made a tensor before a step, -1 when nobody saw it made."""
        row = self.row_of(tensor, before)
        return int(self.op_of(row)) if row >= 0 else -1

    def row_of(self, tensor: int, before: int) -> int:
        """The row that made a tensor before a step, -1 when nobody saw it made."""
        return int(self._made.at(tensor, before - 1))

    def accumulator(self, tensors, steps) -> np.ndarray:
        """The AccumulateGrad node of each leaf at a step: the newest that was made for it; 0 for none."""
        rows = self._accumulators.at(tensors, steps)
        return np.where(rows >= 0, self._nodes[rows], 0).astype(np.int64)

    def op_of_node(self, node: int) -> int:
        """The op that made a node, -1 for one that no forward op made."""
        return int(self._op_of_node[node]) if 0 < node < len(self._op_of_node) else -1

    def inputs_of(self, op: int) -> list[tuple[int, int]]:
        """(tensor, the op that made it or -1) of each input of an op."""
        slots = slice(self.input_from[op], self.input_from[op + 1])
        return list(zip(self.input_tensor[slots].tolist(), self.input_op[slots].tolist(), strict=True))

    def kept_by(self, node: int) -> range:
        """The slots of what a node keeps; none for a node that no forward op made."""
        op = self.op_of_node(node)
        return range(self.kept_from[op], self.kept_from[op + 1]) if op >= 0 else range(0)

    def first_row(self, tensor: int) -> int:
        """The row that first made a tensor, -1 when nobody saw it made."""
        return int(self._first[tensor]) if 0 < tensor < len(self._first) else -1

    def _makers(self, trace):
        rows = trace.rows
        steps = trace.of(Kind.FORWARD, Kind.OUTPUT)
        tensors = rows["tensor"][steps].astype(np.int64)
        self._first = np.full(int(tensors.max(initial=0)) + 1, -1, np.int64)
        self._first[tensors[::-1]] = steps[::-1]
        # an in-place op makes its tensor anew only when it gives it a new node; under no_grad the tensor
        # stays what it was in the graph
        made = (rows["node"][steps] > 0) | (self._first[tensors] == steps)
        return Newest(tensors[made], steps[made], len(rows))

    def _inputs(self, trace, ops):
        rows = trace.rows
        count = np.array([min(call.inputs, 3) for call in self._signatures], np.int64)[self._call_place]
        slots = np.stack([ops["a"], ops["b"], ops["c"]], axis=1) if len(ops) else np.zeros((0, 3), np.int64)
        there = np.arange(3) < count[:, None]
        owner, position = np.nonzero(there)
        more = trace.of(Kind.INPUT)
        more_owner = self.op_of(more)
        more = more[more_owner >= 0]
        owner = np.concatenate([owner, more_owner[more_owner >= 0]])
        position = np.concatenate([position, rows["a"][more]])
        tensor = np.concatenate([slots[there], rows["tensor"][more]]).astype(np.int64)
        order = np.lexsort((position, owner))
        self.input_owner, self.input_position = owner[order], position[order]
        self.input_tensor = tensor[order]
        self.input_from = _starts(self.input_owner, len(self))
        self.input_row = self._made.at(self.input_tensor, self.steps[self.input_owner] - 1)
        self.input_op = np.where(self.input_row >= 0, self.op_of(self.input_row), -1)

    def _kept(self, trace):
        rows = trace.rows
        saved = [call.saved for call in self._signatures]
        self.names, numbers = [], {}

        def numbered(name):
            if name not in numbers:
                numbers[name] = len(self.names)
                self.names.append(name)
            return numbers[name]

        flat = np.array(
            [(numbered(name), which) for pairs in saved for name, which in pairs], np.int64
        ).reshape(-1, 2)
        count = np.array([len(pairs) for pairs in saved], np.int64)
        begin = np.cumsum(count) - count
        of_op = np.where(self.node > 0, count[self._call_place], 0)
        owner = np.repeat(np.arange(len(self)), of_op)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(of_op) - of_op, of_op)
        pick = flat[begin[self._call_place[owner]] + within]
        name, which = pick[:, 0], pick[:, 1]
        listed = which != -2  # the intermediates come as KEPT rows, which know their buffers
        owner, name, which = owner[listed], name[listed], which[listed]
        slot, known = self._slots(owner, which)
        made = np.where(known, self.input_row[slot] if len(self.input_row) else -1, -1)
        row = np.where(which == -1, self.steps[owner], made)
        extra = trace.of(Kind.KEPT)
        extra_owner = self.op_of(extra)
        extra = extra[extra_owner >= 0]
        extra_name = [numbered(trace.text(ref, "name")) for ref in rows["ref"][extra].tolist()]
        owner = np.concatenate([owner, extra_owner[extra_owner >= 0]])
        name = np.concatenate([name, np.array(extra_name, np.int64)])
        which = np.concatenate([which, np.full(len(extra), -2)])
        row = np.concatenate([row, extra])
        order = np.argsort(owner, kind="stable")
        self.kept_owner, self.kept_name, self.kept_which = owner[order], name[order], which[order]
        row = row[order]
        there = row >= 0
        self.kept_buffer = np.where(there, rows["buffer"][row] if len(rows) else 0, 0).astype(np.int64)
        self.kept_meta = np.where(there, rows["meta"][row] if len(rows) else 0, 0).astype(np.int64)
        self.kept_op = np.where(there & (self.kept_which != -2), self.op_of(row), -1)
        self.kept_from = _starts(self.kept_owner, len(self))

    def _slots(self, owner, which):
        """The slot of the input at position `which` of each owner, and whether there is one."""
        span = int(self.input_position.max(initial=0)) + 2
        keys = self.input_owner * span + self.input_position
        wanted = owner * span + np.clip(which, -1, span - 1)
        slot = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
        known = (which >= 0) & (keys[slot] == wanted) if len(keys) else np.zeros(len(owner), bool)
        return slot, known

    def requires_grad(self) -> np.ndarray:
        """Whether each op's output requires grad."""
        return (self.flags & Flag.REQUIRES_GRAD) > 0


def _starts(owners, count):
    """For slots sorted by owner: where the slots of each owner begin, and one more for the end."""
    return np.searchsorted(owners, np.arange(count + 1))
