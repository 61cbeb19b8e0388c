"""What trains in a run: who was given to which optimizer, when it stepped, and when a leaf moved by a gradient."""

from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradviz.trace.events import GRAD, RETURNED, SHARED, Flag, Kind
from gradviz.trace.trace import Trace


class Given(NamedTuple):
    """A tensor that an optimizer was given to move; requires_grad: at that time."""

    optimizer: int
    tensor: int
    step: int
    requires_grad: bool


class Move(NamedTuple):
    """A leaf was changed in place by an optimizer's step, or by an op that computed with a gradient."""

    step: int
    leaf: int


class Training:
    """The optimizers of a run, and the leaves that moved.

    given: what each optimizer was given; stepped: {optimizer: the steps of its STEPPED rows}; moves: in order
    """

    def __init__(self, trace: Trace):
        self._trace = trace
        rows = trace.rows
        self.given = [
            Given(int(row["a"]), int(row["tensor"]), step, bool(row["flags"] & Flag.REQUIRES_GRAD))
            for step, row in ((step, rows[step]) for step in trace.of(Kind.OPTIMIZED).tolist())
        ]
        self.stepped: dict[int, list[int]] = {}
        steps = trace.of(Kind.STEPPED)
        for optimizer, step in zip(rows["a"][steps].tolist(), steps.tolist(), strict=True):
            self.stepped.setdefault(optimizer, []).append(step)

    @cached_property
    def optimizer_of(self) -> dict[int, Given]:
        """The first optimizer that each tensor was given to."""
        found: dict[int, Given] = {}
        for given in self.given:
            found.setdefault(given.tensor, given)
        return found

    @cached_property
    def leaves(self) -> set[int]:
        """The tensors that a graph adds gradients to, and those that an optimizer was given."""
        rows, made = self._trace.rows, self._trace.of(Kind.NODE)
        return set(rows["tensor"][made].tolist()) | {given.tensor for given in self.given}

    @cached_property
    def moves(self) -> list[Move]:
        """Each change of a leaf in place that is a step of training, in order."""
        trace = self._trace
        rows, steps = trace.rows, trace.of(Kind.MUTATED)
        leaf_of = self._memory_of_leaves()
        by_gradient = self._computed_with_gradients()
        columns = (rows[column][steps].tolist() for column in ("tensor", "buffer", "within"))
        found = []
        for step, tensor, buffer, within in zip(steps.tolist(), *columns, strict=True):
            leaf = tensor if tensor in self.leaves else leaf_of.get(buffer, 0)
            if leaf and (self._is_step(within) or self._writer(step) in by_gradient):
                found.append(Move(step, leaf))
        return found

    @cached_property
    def moved(self) -> set[int]:
        """The leaves that moved at least once."""
        return {move.leaf for move in self.moves}

    @cached_property
    def trained(self) -> set[int]:
        """The optimizers that stepped; of those whose step is the script's own, those that alone had what moved."""
        told = {given.tensor for given in self.given if given.optimizer in self.stepped}
        own = {given.optimizer for given in self.given if given.tensor in self.moved - told}
        return own | set(self.stepped)

    def uses(self, tensor: int) -> list[int]:
        """The steps of the ops that took in a tensor, or its .data; without an optimizer's own work."""
        steps, tensors, memory = self._inputs
        row = self._trace.forwards.first_row(tensor)
        mine = tensors == tensor
        if row >= 0 and self._trace.rows["flags"][row] & Flag.NEW_BUFFER:  # else others lie in its memory, too
            mine |= memory == self._trace.rows["buffer"][row]
        return np.unique(steps[mine]).tolist()

    @cached_property
    def _inputs(self):
        """(step of the op, tensor, memory) of each input of an op that is no work beside the graph.

        memory: the buffer of a tensor that no op made and that only shows another one's, as .data does; else -1
        """
        trace, forwards = self._trace, self._trace.forwards
        rows = trace.rows
        steps = forwards.steps[forwards.input_owner]
        withins, places = np.unique(rows["within"][steps], return_inverse=True)
        aside = np.array([trace.within(number).aside for number in withins.tolist()], bool)[places]
        shared = [call for call in np.unique(forwards.call).tolist() if trace.call(call).op == SHARED]
        op = forwards.input_op
        memory = np.where((op >= 0) & np.isin(forwards.call[op], shared), forwards.buffer[op].astype(np.int64), -1)
        return steps[~aside], forwards.input_tensor[~aside], memory[~aside]

    def name(self, tensor: int) -> str:
        """The script's name for what is trained; '' for what is known from an optimizer's own lists alone."""
        name = self._trace.name(tensor)
        if not _of_optimizer(name):
            return name
        told = [each for each in self._names(tensor) if not _of_optimizer(each)]
        return max(reversed(told), key=lambda each: each.count("."), default="")

    def optimizer_name(self, given: Given) -> str:
        """The variable that an optimizer was assigned to, `optimizer` where it has none."""
        origin = self._trace.origin(int(self._trace.rows["origin"][given.step]))
        return (origin and origin.target) or "optimizer"

    def made_at(self, tensor: int) -> int:
        """The origin (its number) of the line that made a tensor; 0 unknown."""
        row = self._trace.forwards.first_row(tensor)
        return int(self._trace.rows["origin"][row]) if row >= 0 else 0

    def _names(self, tensor: int) -> list[str]:
        """All names that the script gave a tensor, the oldest first."""
        trace = self._trace
        origin = self.made_at(tensor)
        target = trace.origin(origin).target if origin else ""
        return [*filter(None, [target]), *self._named.get(tensor, ())]

    def made_by(self, tensor: int) -> str:
        """The op that made a tensor, `Parameter` for an nn.Parameter; '' unknown."""
        forwards = self._trace.forwards
        row = forwards.first_row(tensor)
        return self._trace.call(int(forwards.call[forwards.op_of(row)])).op if row >= 0 else ""

    @cached_property
    def _named(self):
        trace, found = self._trace, {}
        rows = trace.rows[trace.of(Kind.NAMED)]
        for tensor, ref in zip(rows["tensor"].tolist(), rows["ref"].tolist(), strict=True):
            found.setdefault(tensor, []).append(trace.text(ref, "name"))
        return found

    def _memory_of_leaves(self):
        """{buffer: the leaf whose values lie in it}."""
        forwards, rows = self._trace.forwards, self._trace.rows
        first = {leaf: forwards.first_row(leaf) for leaf in sorted(self.leaves, reverse=True)}
        return {int(rows["buffer"][row]): leaf for leaf, row in first.items() if row >= 0 and rows["buffer"][row]}

    def _is_step(self, within):
        called = self._trace.within(within)
        return called.aside and called.name.endswith(".step")

    def _writer(self, step):
        """The op whose result a MUTATED row wrote; -1 where the change was no op's."""
        op = int(self._trace.forwards.op_of(step))
        return op if op >= 0 and -int(self._trace.rows["buffer"][step]) in self._read(op) else -1

    def _read(self, op):
        """The inputs of an op: the numbers of the tensors, and those of their buffers with a minus."""
        forwards = self._trace.forwards
        slots = slice(forwards.input_from[op], forwards.input_from[op + 1])
        made = forwards.input_row[slots]
        buffers = self._trace.rows["buffer"][made[made >= 0]].astype(np.int64)
        return forwards.input_tensor[slots].tolist() + (-buffers[buffers > 0]).tolist()

    def _computed_with_gradients(self):
        """The ops without a node that computed with a gradient, or with what was computed with one."""
        trace, forwards = self._trace, self._trace.forwards
        gradients, of_leaves = self._gradients(), self._memory_of_leaves()
        found = set()
        for op in np.flatnonzero(forwards.node == 0).tolist():
            if gradients.isdisjoint(self._read(op)):
                continue
            found.add(op)
            rows = [forwards.steps[op], *filter(None, [trace.in_place.get(op)])]  # such as a momentum that took one in
            for tensor, buffer in ((int(trace.rows["tensor"][row]), int(trace.rows["buffer"][row])) for row in rows):
                if buffer not in of_leaves:
                    gradients |= {tensor, -buffer} - {0}
        return found

    def _gradients(self):
        """The numbers of tensors that are gradients, and of their buffers with a minus."""
        trace, forwards = self._trace, self._trace.forwards
        calls = [call for call in np.unique(forwards.call).tolist() if trace.call(call).op in (GRAD, RETURNED)]
        met = forwards.tensor[np.isin(forwards.call, calls)]
        added = trace.rows["buffer"][trace.of(Kind.ADDED, Kind.ASSIGNED, Kind.CAPTURED)]
        return set(met.tolist()) | set((-added[added > 0].astype(np.int64)).tolist())


def _of_optimizer(name):
    return ".param_groups[" in name or ".state." in name or ".state[" in name
