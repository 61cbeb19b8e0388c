"""The chain rule at each node of a graph: what came in and from where, the local gradients, what was handed on.

All numbers are the recorded ones; a local gradient is worked out from the recorded values of the op's inputs, result
and settings, and counts only where it leads to the gradient that was recorded.
"""

import math
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradviz.trace.events import Kind
from gradviz.trace.gradients import gradients
from gradviz.trace.graph import Graph, GraphNode
from gradviz.trace.local import AVERAGED, ELEMENTS, NUMEL, split, worked
from gradviz.trace.preview import Preview
from gradviz.trace.spread import as_preview, layings, same, summed
from gradviz.trace.trace import Call, Trace
from gradviz.trace.verified import Verified, by_node

LARGEST = 1 << 64  # of the whole numbers that are worked with
MEAN = 1  # PyTorch's number for a loss's reduction
ELEMENTWISE, PRODUCT, WORDS = "elementwise", "product", "words"  # how a local gradient is known


class Arrival(NamedTuple):
    """A gradient that a node took in: from a result's node (its number, 0 unknown) as its input `name`; a GRAD row."""

    source: int
    name: str
    step: int


class Operand(NamedTuple):
    """An input of an op: the op's name for it, its number (0 unknown), the step that has its value (-1 unknown)."""

    name: str
    number: int
    step: int


class Passed(NamedTuple):
    """A gradient that a node handed on, as it computed it: for its input `name`, the result `target` (0 unknown).

    formula: the local gradient as people read it, '' unknown; step: the GRAD row; shape: the input's own, which
    differs from the gradient's where the input was broadcast.
    """

    name: str
    formula: str
    target: int
    node: int
    step: int
    shape: tuple[int, ...]


class Work(NamedTuple):
    """One node's backward. incoming: the steps whose values came in, by output_nr; order: 0 for one that only took in.

    arrivals: what was summed to it (none at a root); added: the ADDED row of a leaf, -1 for none.
    """

    entry: GraphNode
    backward: int
    order: int
    incoming: tuple[tuple[int, int], ...]
    arrivals: tuple[Arrival, ...]
    passed: tuple[Passed, ...]
    added: int


class Local(NamedTuple):
    """A local gradient: how it is known, its text, and its value; of a PRODUCT, both are those of the product.

    laid: the shape in which the incoming gradient is multiplied, which differs where an op changes the shape.
    """

    how: str
    text: str
    value: np.ndarray | None
    laid: tuple[int, ...] = ()


class Chain:
    """The backward of one graph, node by node."""

    def __init__(self, trace: Trace, graph: Graph):
        self.trace = trace
        self.graph = graph
        self.entries = {entry.number: entry for entry in graph.nodes}
        self._number_of = {entry.node: entry.number for entry in graph.nodes if entry.node}
        self._flows = gradients(trace, graph)
        self._taken = self._arrived()
        self._locals = {}  # GRAD row -> Local
        added = trace.of(Kind.ADDED)
        calls, nodes = (trace.rows[column][added].tolist() for column in ("a", "node"))
        self._added = dict(zip(zip(calls, nodes, strict=True), added.tolist(), strict=True))

    def verified(self, work: Work, passed: Passed) -> Verified | None:
        """What --verify found of a gradient; None where it did not look at it."""
        position = int(self.trace.rows["b"][passed.step])
        told = self._verified.get(work.entry.node, [])
        return next((each for each in told if (each.backward, each.position) == (work.backward, position)), None)

    @cached_property
    def _verified(self):
        return by_node(self.trace)

    def call(self, entry: GraphNode) -> Call:
        """What the op of a result was called with."""
        return self.trace.call(int(self.trace.forwards.call[entry.number - 1]))

    def ran(self) -> list[int]:
        """The numbers of the results whose nodes took in a gradient in the newest backward, in backward's order."""
        newest = max((flow.backward for flow in self._flows.values()), default=0)
        flows = [(flow.order, node) for node, flow in self._flows.items() if flow.backward == newest]
        return [self._number_of[node] for _, node in sorted(flows)]

    def work(self, number: int) -> Work | None:
        """What a result's node did when backward last came to it; None when it never did."""
        entry = self.entries[number]
        flow, arrived = self._flows.get(entry.node), self._taken.get(entry.node, [])
        if not entry.node or flow is None and not arrived:
            return None
        rows = self.trace.rows
        call = flow.backward if flow else int(rows["a"][arrived[-1]])
        arrivals = tuple(self._arrival(step) for step in arrived if rows["a"][step] == call)
        if flow is None:
            returned = self.captured(number, call)
            return Work(entry, call, 0, ((0, returned),) if returned >= 0 else (), arrivals, (), -1)
        more = self._between(Kind.INCOMING, flow.step)
        incoming = [(0, flow.incoming)] if rows["meta"][flow.incoming] else []
        incoming += [(int(rows["b"][step]), step) for step in more]
        operands = {operand.name: operand for operand in self.operands(entry) if operand.name}
        passed = tuple(self._passed(entry, handed, operands) for handed in flow.handed_on)
        added = self.added(call, entry.node)
        return Work(entry, call, flow.order, tuple(incoming), arrivals, passed, added)

    def local(self, work: Work, passed: Passed) -> Local:
        """The local gradient for one input: in numbers where they lead to the recorded gradient, else in words."""
        if passed.step not in self._locals:
            self._locals[passed.step] = self._local(work, passed)
        return self._locals[passed.step]

    def _local(self, work, passed):
        text, product = split(passed.formula)
        incoming, handed = self.incoming(work), self.trace.value(passed.step)
        if incoming is None or handed is None or not (incoming.whole and handed.whole):
            return Local(PRODUCT if product else WORDS, product or text, None)
        known = self.values(work.entry)
        if product:
            found = worked(product, known | {"grad": incoming.values.astype(np.float64)})
            sure = found is not None and same(found, handed)
            return Local(PRODUCT, product, found if sure else None)
        found = worked(text, known)
        for shape in layings(incoming.shape, handed.shape) if found is not None else ():
            times = worked("local * grad", {"local": found, "grad": incoming.values.reshape(shape)})
            if times is not None and same(times, handed):
                return Local(ELEMENTWISE, text, found, shape)
        return Local(WORDS, text, None)

    def applied(self, work: Work, passed: Passed, local: Local, gradient: np.ndarray) -> np.ndarray | None:
        """What a gradient becomes on its way to one input, un-broadcasting left aside; None where that isn't known."""
        handed = self.trace.value(passed.step)
        if local.value is not None and local.how == ELEMENTWISE:
            return np.broadcast_to(local.value * gradient.reshape(local.laid), handed.shape)
        if local.value is not None:
            found = worked(local.text, self.values(work.entry) | {"grad": gradient})
            return None if found is None else np.broadcast_to(found, handed.shape)
        incoming = self.incoming(work)
        if incoming is None or handed is None or not (incoming.whole and handed.whole):
            return None
        alone = same(gradient, incoming)  # all that came in came along this path
        return handed.values.astype(np.float64) if alone else None

    def incoming(self, work: Work) -> Preview | None:
        """The value that came into a node with a single output; None where there is none, or there are several."""
        return self.trace.value(work.incoming[0][1]) if len(work.incoming) == 1 else None

    def arrival(self, work: Work, arrival: Arrival) -> Preview | None:
        """A gradient that a node with one output took in, un-broadcast; where it was not kept whole, as it was sent."""
        value, incoming = self.trace.value(arrival.step), self.incoming(work)
        if value is None or incoming is None or value.shape == incoming.shape:
            return value
        if value.whole:
            return summed(value, incoming.shape)
        return incoming if len(work.arrivals) == 1 else value

    def is_sum(self, work: Work, arrived: list[Preview | None]) -> bool | None:
        """Whether what came into a node is the sum of what arrived; None where values were not kept whole."""
        values = [self.incoming(work), *arrived]
        if not all(value is not None and value.whole for value in values):
            return None
        return same(sum(value.values.astype(np.float64) for value in values[1:]), values[0])

    def values(self, entry: GraphNode, first: bool = False) -> dict[str, np.ndarray]:
        """By name, what the formulas of an op may ask for: whole inputs, the result, and settings that are numbers.

        first: of inputs and result the first element alone, which is known of those not kept whole too.
        """
        kept = _first if first else _whole
        trace, operands = self.trace, self.operands(entry)
        found = {operand.name: kept(trace.value(operand.step)) for operand in operands if operand.step >= 0}
        found["result"] = kept(trace.value(entry.step))
        found |= self.settings(entry)
        return {name: value for name, value in found.items() if name and value is not None}

    def operands(self, entry: GraphNode) -> list[Operand]:
        """The inputs of a result's op, as they were when it ran."""
        forwards, op = self.trace.forwards, entry.number - 1
        names, found = self.call(entry).names, []
        for at, slot in enumerate(range(int(forwards.input_from[op]), int(forwards.input_from[op + 1]))):
            changed = self.trace.changed(int(forwards.input_tensor[slot]), entry.step - 1)
            step = max(int(forwards.input_row[slot]), changed)
            name = names[at] if at < len(names) else ""
            found.append(Operand(name, int(forwards.input_op[slot]) + 1, step))
        return found

    def settings(self, entry: GraphNode) -> dict[str, np.ndarray]:
        """The numbers among an op's settings, and what formulas ask of shapes."""
        given = self.call(entry).params
        found = {name: np.float64(value) for name, value in given.items() if _is_number(value)}
        steps = [operand.step for operand in self.operands(entry)[:1] if operand.step >= 0]
        made = math.prod(entry.meta.shape)
        if steps and made:
            size = math.prod(self._shape(steps[0]))
            averaged = size if given.get("reduction") == MEAN else 1
            found |= {NUMEL: np.float64(size), ELEMENTS: np.float64(size / made), AVERAGED: np.float64(averaged)}
        return found

    def unbroadcast(self, passed: Passed, backward: int) -> Preview | None:
        """What is left for the input of a gradient that was computed in the shape it was broadcast to."""
        value = self.trace.value(passed.step)
        if value is not None and value.whole:
            return summed(value, passed.shape)
        return self.arrived_at(passed.node, backward) if self.uses(passed, backward) == 1 else None

    def uses(self, passed: Passed, backward: int) -> int:
        """How many gradients the node that this one went to took in, in that backward call."""
        return sum(self.trace.rows["a"][step] == backward for step in self._taken.get(passed.node, []))

    def added(self, backward: int, node: int) -> int:
        """The step at which an AccumulateGrad added to its leaf's .grad in a backward call; -1 for never."""
        return self._added.get((backward, node), -1)

    def captured(self, number: int, backward: int) -> int:
        """The step at which autograd.grad returned the gradient of a result in a backward call; -1 for never."""
        steps = self.trace.of(Kind.CAPTURED)
        rows = self.trace.rows[steps]
        own = steps[(rows["a"] == backward) & (rows["tensor"] == self.entries[number].tensor)] if number else steps[:0]
        return int(own[-1]) if own.size else -1

    def arrived_at(self, node: int, backward: int) -> Preview | None:
        """The gradient that a node took in, summed, in a backward call."""
        steps = self.trace.of(Kind.STEP)
        rows = self.trace.rows[steps]
        own = steps[(rows["node"] == node) & (rows["a"] == backward)]
        return self.trace.value(int(own[-1])) if own.size else None

    def first_element(self, work: Work, passed: Passed) -> tuple[float, float, float] | None:
        """(local, incoming, handed on) of the first element of what was not kept whole; None where it is no product."""
        incoming, handed = self.incoming(work), self.trace.value(passed.step)
        text, product = split(passed.formula)
        if incoming is None or handed is None or product or handed.whole and incoming.whole:
            return None
        if not incoming.values.size or not handed.values.size:
            return None
        local = worked(text, self.values(work.entry, first=True))
        if local is None or local.size != 1:
            return None
        found = (float(local.flat[0]), float(incoming.values.flat[0]), float(handed.values.flat[0]))
        product = as_preview(np.float64(found[2]), handed.dtype)
        return found if same(np.float64(found[0] * found[1]), product) else None

    def _arrived(self):
        """{node: the GRAD rows that went to it in the graph's backward calls}."""
        steps, rows = self.trace.of(Kind.GRAD), self.trace.rows
        steps = steps[np.isin(rows["a"][steps], [call.number for call in self.graph.backwards])]
        found = {}
        for step, node in zip(steps.tolist(), rows["c"][steps].tolist(), strict=True):
            found.setdefault(node, []).append(step)
        return found

    def _between(self, kind, step):
        """The rows of a kind that belong to the STEP row at `step`."""
        owners, steps = self.trace.of(Kind.STEP), self.trace.of(kind)
        following = np.searchsorted(owners, step, "right")
        end = owners[following] if following < len(owners) else len(self.trace.rows)
        return steps[np.searchsorted(steps, step) : np.searchsorted(steps, end)].tolist()

    def _arrival(self, step):
        owners, rows = self.trace.of(Kind.STEP), self.trace.rows
        owner = np.searchsorted(owners, step) - 1  # the gradients that a node hands on follow its STEP row
        source = self._number_of.get(int(rows["node"][owners[owner]]), 0) if owner >= 0 else 0
        name, _ = self._edge(self.entries[source], int(rows["b"][step])) if source else ("", "")
        return Arrival(source, name, step)

    def _edge(self, entry, position):
        """(the input's name, the local gradient's text) of one edge of a node."""
        edges = self.call(entry).edges
        return edges[position] if position < len(edges) else ("", "")

    def _passed(self, entry, handed, operands):
        name, formula = self._edge(entry, handed.position)
        target, shape = self._number_of.get(handed.node, 0), self._shape(handed.step)
        operand = operands.get(name)
        if operand is not None:
            target = operand.number or target
            shape = self._shape(operand.step) if operand.step >= 0 else shape
        return Passed(name, formula, target, handed.node, handed.step, shape)

    def _shape(self, step):
        meta = int(self.trace.rows["meta"][step])
        return self.trace.meta(meta).shape if meta else ()


def _is_number(value):
    return isinstance(value, float) or isinstance(value, int) and abs(value) < LARGEST


def _whole(value):
    if value is None or not value.whole or value.values.dtype.kind not in "fiub":
        return None
    return value.values.astype(np.float64)


def _first(value):
    if value is None or not value.values.size or value.values.dtype.kind not in "fiub":
        return None
    return np.float64(value.values.flat[0])
