"""The graphs of a trace: which forward results hang together, what each kept, and which backward calls ran.

One graph is what hangs together through grad_fns and their next edges; a leaf, though it may be shared by
all iterations of a loop, does not join them. It is shown in each graph that uses it.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from gradviz.trace.events import Flag, Kind
from gradviz.trace.forwards import Forwards
from gradviz.trace.trace import Meta, Origin, Trace, Within

_NO_META = Meta((), "", "", 0)


class Saved(NamedTuple):
    """One tensor that a node keeps; of: the number of the result that it is, 0 for an intermediate."""

    name: str
    buffer: int
    nbytes: int
    of: int


class GraphNode(NamedTuple):
    """One forward result: a leaf, an op's output or a constant.

    number: its place in the trace's execution order from 1, the number shown to people
    step: its FORWARD row
    tensor, node: running numbers; the node of a leaf is its AccumulateGrad in this graph; 0: none
    op: with PyTorch's underscore where it wrote into its input
    inputs: the numbers of the results it was made from, 0 for one that nobody saw made
    """

    number: int
    step: int
    tensor: int
    node: int
    op: str
    grad_fn: str
    name: str
    inputs: tuple[int, ...]
    saved: tuple[Saved, ...]
    meta: Meta
    flags: int
    origin: Origin | None
    within: Within


class Backward(NamedTuple):
    """One call of backward: the steps between which it ran, and the number of the result it started from."""

    number: int
    started: int
    ended: int
    origin: Origin | None
    retain_graph: bool
    create_graph: bool
    failed: bool
    root: int


class Graph(NamedTuple):
    """Results that hang together, in execution order.

    number: from 1, in the order of first ops
    root: the number of the result that the newest backward started from, else of the last op
    built: the step of the last forward op before any backward; first, last: the steps of its ops
    """

    number: int
    nodes: "Nodes"
    root: int
    backwards: tuple[Backward, ...]
    built: int
    first: int
    last: int


class Nodes(Sequence):
    """The nodes of one graph, made when first looked at: a long run has more graphs than are shown.

    ops: the places in forwards of all of them; graph_ops: of those that hang together
    """

    def __init__(self, trace: Trace, ops: np.ndarray, graph_ops: np.ndarray):
        self._trace = trace
        self.ops = ops
        self.graph_ops = graph_ops
        self._made: tuple[GraphNode, ...] | None = None

    def __len__(self):
        return len(self.ops)

    def __getitem__(self, at):
        return self._all()[at]

    def __iter__(self):
        return iter(self._all())

    def _all(self):
        if self._made is None:
            self._made = tuple(_nodes(self._trace, self.ops, self.graph_ops))
        return self._made


def graphs(trace: Trace) -> list[Graph]:
    """The graphs of a trace, in the order of their first ops.

    Ops without a node (under no_grad, or where nothing requires grad) belong to the graph that uses their
    result, else to the one being built, or built last, at that time. With no node at all: one graph of all.
    """
    forwards = trace.forwards
    if not len(forwards):
        return []
    calls, roots = _backwards(trace)
    label = _labels(forwards, calls, roots)
    members, count = _members(forwards, label)
    ran = _ran(trace, label, calls, roots, count)
    found = []
    for index in range(count):
        ops = members[index]
        own = ops[label[ops] == index]
        own = own if own.size else ops
        backwards = tuple(calls[call] for call in ran[index])
        steps = forwards.steps[own]
        before = steps[steps < backwards[0].started] if backwards else steps
        started = [backward.root for backward in backwards if backward.root]
        root = started[-1] if started else int(own[-1]) + 1
        built = int(before[-1] if before.size else steps[0])
        nodes = Nodes(trace, ops, own)
        found.append(Graph(index + 1, nodes, root, backwards, built, int(steps[0]), int(steps[-1])))
    return found


def last_backward(graphs: Sequence[Graph]) -> Graph | None:
    """The graph that the newest backward call ran through; None when none ran."""
    ran = [graph for graph in graphs if graph.backwards]
    return max(ran, key=lambda graph: graph.backwards[-1].started) if ran else None


def saved_of(trace: Trace, op: int) -> tuple[Saved, ...]:
    """The tensors that the node of the forward op at this place keeps."""
    forwards = trace.forwards
    start, stop = forwards.kept_from[op], forwards.kept_from[op + 1]
    if start == stop:
        return ()
    kept = zip(
        forwards.kept_name[start:stop].tolist(),
        forwards.kept_buffer[start:stop].tolist(),
        forwards.kept_meta[start:stop].tolist(),
        forwards.kept_op[start:stop].tolist(),
        strict=True,
    )
    return tuple(
        Saved(forwards.names[name], buffer, trace.meta(meta).nbytes if meta else 0, op + 1)
        for name, buffer, meta, op in kept
    )


def _backwards(trace):
    """All backward calls in order, and the op each started from (-1 unknown)."""
    rows, forwards = trace.rows, trace.forwards
    ended = trace.of(Kind.BACKWARD_ENDED)
    end_of = dict(zip(rows["a"][ended].tolist(), ended.tolist(), strict=True))
    calls, roots = [], []
    for step in trace.of(Kind.BACKWARD).tolist():
        row = rows[step]
        number, flags = int(row["a"]), int(row["flags"])
        end = end_of.get(number, len(rows) - 1)
        root = forwards.maker(int(row["tensor"]), step)
        flags |= int(rows["flags"][end]) & Flag.FAILED
        backward = Backward(
            number,
            step,
            end,
            trace.origin(int(row["origin"])),
            bool(flags & Flag.RETAIN_GRAPH),
            bool(flags & Flag.CREATE_GRAPH),
            bool(flags & Flag.FAILED),
            root + 1,
        )
        calls.append(backward)
        roots.append(root)
    return calls, roots


def _labels(forwards: Forwards, calls, roots):
    """The index of each op's graph, in order of first ops; -1 for an op without a node."""
    has_node = forwards.node > 0
    joined = (forwards.input_op >= 0) & has_node[forwards.input_owner]
    joined &= has_node[forwards.input_op]
    ends = [(forwards.input_owner[joined], forwards.input_op[joined])]
    for call, root in zip(calls, roots, strict=True):
        if call.create_graph and root >= 0 and has_node[root]:
            made = np.arange(*np.searchsorted(forwards.steps, (call.started, call.ended)))
            made = made[has_node[made]]
            ends.append((made, np.full(len(made), root)))
    first = _components(
        len(forwards),
        np.concatenate([left for left, _ in ends]),
        np.concatenate([right for _, right in ends]),
    )
    label = np.full(len(forwards), -1)
    label[has_node] = np.unique(first[has_node], return_inverse=True)[1]
    return label


def _components(count, left, right):
    """For each of count things, the smallest one that it is linked with, directly or not."""
    smallest = np.arange(count)
    while True:
        one, two = smallest[left], smallest[right]
        if np.array_equal(one, two):
            return smallest
        # every root that has a smaller neighbour hangs itself under it; then all climb to their new roots
        np.minimum.at(smallest, np.maximum(one, two), np.minimum(one, two))
        while not np.array_equal(smallest, higher := smallest[smallest]):
            smallest = higher


def _members(forwards, label):
    """The ops of each graph in execution order, and the number of graphs."""
    count = int(label.max(initial=-1)) + 1
    every = np.arange(len(forwards))
    if not count:
        return [every], 1
    owner, source = forwards.input_owner, forwards.input_op
    known = source >= 0
    owner, source = owner[known], source[known]
    used = (label[owner] >= 0) & (label[source] < 0)
    home = _homes(forwards, label, owner, source, count)
    is_source = np.diff(forwards.input_from) == 0
    beside = (label[owner] < 0) & is_source[source]  # the leaves and constants of an op without a node
    makers = label < 0
    makers &= ~(is_source & np.isin(every, source))  # a leaf that is used is shown where it is used
    pairs = [
        (label[label >= 0], every[label >= 0]),
        (label[owner[used]], source[used]),
        (home[owner[beside]], source[beside]),
        (home[makers], every[makers]),
    ]
    span = len(forwards)
    keys = np.unique(np.concatenate([graph * span + op for graph, op in pairs]))
    cuts = np.searchsorted(keys, np.arange(count + 1) * span)
    return [keys[start:stop] % span for start, stop in pairwise(cuts)], count


def _homes(forwards, label, owner, source, count):
    """The one graph that each op without a node belongs to."""
    far = count
    used_by = np.full(len(label), far)
    direct = label[owner] >= 0
    np.minimum.at(used_by, source[direct], label[owner[direct]])
    # results without a node that feed others without a node: the newest first, so that one pass is enough
    chained = (label[owner] < 0) & (label[source] < 0)
    best = used_by.tolist()
    for user, made in zip(owner[chained][::-1].tolist(), source[chained][::-1].tolist(), strict=True):
        if best[user] < best[made]:
            best[made] = best[user]
    newest = np.maximum.accumulate(np.where(label >= 0, np.arange(len(label)), -1))
    last_built = np.where(newest >= 0, label[newest], 0)
    best = np.array(best)
    return np.where(best < far, best, last_built)


def _ran(trace, label, calls, roots, count):
    """For each graph, the places in calls of the backward calls that ran through it."""
    forwards = trace.forwards
    ran = [set() for _ in range(count)]
    newest = np.maximum.accumulate(np.where(label >= 0, np.arange(len(label)), -1))
    for at, (call, root) in enumerate(zip(calls, roots, strict=True)):
        graph = int(label[root]) if root >= 0 else -1
        if graph < 0:  # a backward from a leaf, or from what nobody saw made: the graph of that time
            before = int(np.searchsorted(forwards.steps, call.started)) - 1
            built = int(newest[before]) if before >= 0 else -1
            graph = int(label[built]) if built >= 0 else 0
        ran[graph].add(at)
    rows = trace.rows
    steps = trace.of(Kind.STEP)
    graph_of = np.full(int(forwards.node.max(initial=0)) + 1, -1)
    graph_of[forwards.node] = label
    nodes = rows["node"][steps]
    inside = (nodes > 0) & (nodes < len(graph_of))
    graph = graph_of[nodes[inside]]
    pairs = np.unique(graph * (1 << 32) + rows["a"][steps][inside])
    place = {call.number: at for at, call in enumerate(calls)}
    for pair in pairs[pairs >= 0].tolist():
        graph, number = divmod(pair, 1 << 32)
        if number in place:
            ran[graph].add(place[number])
    return [sorted(calls_of) for calls_of in ran]


def _nodes(trace, ops, graph_ops):
    """Makes the nodes of one graph."""
    forwards = trace.forwards
    accumulators, in_place = _accumulators(forwards, ops, graph_ops), trace.in_place
    inputs = _cut(forwards.input_op, forwards.input_from, ops)
    steps = forwards.steps[ops]
    rows = trace.rows[steps]
    columns = (ops, steps, forwards.tensor[ops], forwards.node[ops], forwards.call[ops])
    columns += tuple(rows[name] for name in ("meta", "flags", "origin", "within"))
    for (op, step, tensor, node, call, meta, flags, origin, within), used in zip(
        zip(*(column.tolist() for column in columns), strict=True), inputs, strict=True
    ):
        told = trace.call(call)
        grad_fn = told.grad_fn if node else ""
        if not node and op in accumulators:
            node, grad_fn = accumulators[op], "AccumulateGrad"
        yield GraphNode(
            op + 1,
            step,
            tensor,
            node,
            trace.call(int(trace.rows["ref"][in_place[op]])).op if op in in_place else told.op,
            grad_fn,
            trace.name(tensor),
            tuple(made + 1 for made in used),
            saved_of(trace, op),
            trace.meta(meta) if meta else _NO_META,
            flags,
            trace.origin(origin),
            trace.within(within),
        )


def _cut(column, starts, ops):
    """For each op its slots of a column, as lists."""
    counts = starts[ops + 1] - starts[ops]
    ends = np.cumsum(counts)
    slots = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts[ops] - (ends - counts), counts)
    values = column[slots].tolist()
    return [values[end - count : end] for end, count in zip(ends.tolist(), counts.tolist(), strict=True)]


def _accumulators(forwards, ops, graph_ops):
    """{leaf: the AccumulateGrad it has in this graph}, as its first user there saw it."""
    starts = forwards.input_from
    graph_ops = graph_ops[forwards.node[graph_ops] > 0]
    if not graph_ops.size:
        return {}
    slots = np.concatenate([np.arange(starts[op], starts[op + 1]) for op in graph_ops.tolist()])
    slots = slots[forwards.input_op[slots] >= 0]
    slots = slots[forwards.node[forwards.input_op[slots]] == 0]
    made = forwards.accumulator(forwards.input_tensor[slots], forwards.steps[forwards.input_owner[slots]])
    first = {}
    for leaf, node in zip(forwards.input_op[slots].tolist(), made.tolist(), strict=True):
        if node:
            first.setdefault(leaf, node)
    return first
