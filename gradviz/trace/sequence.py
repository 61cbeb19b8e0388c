"""The graphs of a run over time: what each one was, who released its saved tensors, and when its last node ended."""

import re
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

from gradviz.trace.events import Kind
from gradviz.trace.graph import Backward, Graph
from gradviz.trace.memory import NEVER, saved_places
from gradviz.trace.structure import structures
from gradviz.trace.trace import Origin, Trace

_LONGEST = 8  # graphs that a loop may build in each pass and still be seen as a loop


class Released(NamedTuple):
    """Nodes whose saved tensors went together: by a backward call, or (None) when the nodes themselves ended.

    which: the place of the call, from 1, among those that ran through the graph; 0: it is none of them
    """

    backward: Backward | None
    which: int
    nodes: int


class Gone(NamedTuple):
    """The end of a graph's last node: during a backward call, or after the last line that the trace saw run."""

    step: int
    backward: Backward | None
    after: Origin | None


class GraphLife(NamedTuple):
    """One graph from its first op to its end.

    structure: a number that graphs of the same ops, grad_fns, edges and shapes share; from 1, by first appearance
    nodes, accumulators: its ops' nodes, and the AccumulateGrads of its leaves; saving: nodes that saved something
    began, built: where its first op ran, and the last one before any backward
    alive: its ops' nodes that had not ended at the script's end; holders: variables that held some of them
    gone: when the last one ended; None while alive, and for a graph without nodes
    ran: how often a static graph ran; 1 for others
    """

    number: int
    structure: int
    nodes: int
    accumulators: int
    saving: int
    saved_bytes: int
    began: Origin | None
    built: Origin | None
    backwards: tuple[Backward, ...]
    released: tuple[Released, ...]
    alive: int
    holders: tuple[str, ...]
    gone: Gone | None
    ran: int = 1

    def fate(self) -> Hashable:
        """What graphs have in common that one line can tell of: all but their numbers and the times."""
        calls = tuple((call.origin, call.retain_graph, call.create_graph, call.failed) for call in self.backwards)
        released = tuple((each.which, each.backward and each.backward.origin, each.nodes) for each in self.released)
        gone = self.gone and (self.gone.backward and self.gone.backward.origin, self.gone.after)
        return self[1:8], self.ran, calls, released, self.alive, tuple(map(series, self.holders)), gone


class Run(NamedTuple):
    """Graphs that one line can tell of: count of them, every so many from the first on."""

    first: int
    every: int
    count: int


def sequence(trace: Trace, graphs: Sequence[Graph]) -> list[GraphLife]:
    """The life of each graph, in order; in time linear in the number of events."""
    if not graphs:
        return []
    columns = _Columns(trace, graphs)
    calls = sorted({call for graph in graphs for call in graph.backwards}, key=lambda call: call.started)
    counted = zip(
        structures(trace, graphs),
        columns.nodes.tolist(),
        columns.accumulators.tolist(),
        columns.saving.tolist(),
        columns.saved_bytes.tolist(),
        columns.alive.tolist(),
        strict=True,
    )
    lines = _Lines(trace, calls)
    released, holders = _released(columns, graphs, calls), _holders(trace, columns)
    ran = _ran(trace, columns)
    found = []
    for at, (graph, (structure, nodes, accumulators, saving, nbytes, alive)) in enumerate(
        zip(graphs, counted, strict=True)
    ):
        gone = lines.gone(int(columns.gone_at[at])) if nodes and not alive else None
        first, last = (trace.origin(int(trace.rows["origin"][step])) for step in (graph.first, graph.built))
        counts = (structure, nodes, accumulators, saving, nbytes)
        ended = (released[at], alive, holders.get(at, ()), gone, ran.get(at, 1))
        found.append(GraphLife(graph.number, *counts, first, last, graph.backwards, *ended))
    return found


def series(name: str) -> str:
    """`losses[…]` for `losses[3]`: what the places of one list have in common."""
    return re.sub(r"\[\d+\]", "[…]", name)


def runs(fates: Sequence[Hashable]) -> list[Run]:
    """Equal fates in a row, or taking turns (train, train, evaluate, …), as few runs; in the order of their firsts.

    A turn must come three times to count as one. Linear: each place is looked at once for each length of a turn.
    """
    known: dict[Hashable, int] = {}
    same = [known.setdefault(fate, len(known)) for fate in fates]
    found, at = [], 0
    while at < len(same):
        length, turns = max(
            ((length, _turns(same, at, length)) for length in range(1, _LONGEST + 1)),
            key=lambda turn: (turn[0] * turn[1] if turn[0] == 1 or turn[1] > 2 else 0, -turn[0]),
        )
        found += [Run(at + place, length, turns) for place in range(length)]
        at += length * turns
    return found


def _turns(same, start, length):
    """How often the first `length` from start come there in a row."""
    at = start + length
    while at < len(same) and same[at] == same[at - length]:
        at += 1
    return (at - start) // length


class _Columns:
    """Counts, one entry a graph; and for each op its graph, -1 for one outside all of them."""

    def __init__(self, trace, graphs):
        self.forwards = forwards = trace.forwards
        self.lives = lives = trace.lives
        own = [graph.nodes.graph_ops for graph in graphs]
        self.count = len(own)
        graph = np.repeat(np.arange(self.count), [len(each) for each in own])
        ops = np.concatenate(own)
        self.home = np.full(len(forwards), -1)
        self.home[ops] = graph
        node = forwards.node[ops]
        graph, node = graph[node > 0], node[node > 0]
        self.nodes = self._each(graph)
        gone_at = lives.gone_at[node]
        self.alive = self._each(graph[gone_at > trace.end])
        self.gone_at = np.zeros(self.count, np.int64)
        np.maximum.at(self.gone_at, graph, gone_at)
        self.accumulators = self._each(self._leaves())
        self._kept(trace)

    def home_of_nodes(self):
        """For each node's number its graph, -1 for none."""
        home_of = np.full(len(self.lives.gone_at), -1)
        home_of[self.forwards.node] = np.where(self.forwards.node > 0, self.home, -1)
        return home_of

    def _each(self, graph):
        return np.bincount(graph, minlength=self.count)

    def _leaves(self):
        """The graph of each pair of a graph and an AccumulateGrad in it."""
        forwards = self.forwards
        owner = forwards.input_owner
        source = forwards.input_op
        used = (self.home[owner] >= 0) & (forwards.node[owner] > 0) & (source >= 0) & (forwards.node[source] == 0)
        node = forwards.accumulator(forwards.input_tensor[used], forwards.steps[owner[used]])
        node = np.where(self.lives.gone_at[node] > forwards.steps[owner[used]], node, 0)
        span = len(self.lives.gone_at)
        pairs = np.unique(self.home[owner[used]] * span + node)
        return pairs[pairs % span > 0] // span

    def _kept(self, trace):
        """saving, saved_bytes; and for each node that saved: its graph (kept_in) and its number (keeper)."""
        forwards, lives = self.forwards, self.lives
        buffer, nbytes = saved_places(trace, forwards, lives.nbytes)
        home = self.home[forwards.kept_owner]
        inside = home >= 0
        span = len(nbytes)
        pairs = np.unique(home[inside] * span + buffer[inside])
        self.saved_bytes = np.zeros(self.count, np.int64)
        np.add.at(self.saved_bytes, pairs // span, nbytes[pairs % span])
        owners = np.unique(forwards.kept_owner[inside])
        self.kept_in, self.keeper = self.home[owners], forwards.node[owners]
        self.saving = self._each(self.kept_in)


def _released(columns, graphs, calls):
    """For each graph who released its saved tensors, in order of the calls; the nodes' own end last."""
    lives = columns.lives
    released, gone = lives.released_at[columns.keeper], lives.gone_at[columns.keeper]
    ended = (released != NEVER) | (gone != NEVER)
    by = np.where(released != NEVER, lives.released_by[columns.keeper], 0)[ended]
    span = int(by.max(initial=0)) + 1
    pairs, counts = np.unique(columns.kept_in[ended] * span + by, return_counts=True)
    known = {call.number: call for call in calls}
    found: list[list[Released]] = [[] for _ in graphs]
    for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
        at, number = divmod(pair, span)
        numbers = [call.number for call in graphs[at].backwards]
        which = numbers.index(number) + 1 if number in numbers else 0
        found[at].append(Released(known.get(number), which, count))
    return [tuple(sorted(each, key=lambda one: one.backward is None)) for each in found]


def _holders(trace, columns):
    """{place of a graph: the variables that held a node of it at the end}."""
    home_of = columns.home_of_nodes()
    rows = trace.rows[trace.of(Kind.HOLDER)]
    found: dict[int, tuple[str, ...]] = {}
    for node, ref in zip(rows["node"].tolist(), rows["ref"].tolist(), strict=True):
        at = int(home_of[node]) if node else -1
        if at >= 0:
            found[at] = (*found.get(at, ()), trace.text(ref, "name"))
    return {at: tuple(dict.fromkeys(names)) for at, names in found.items()}


def _ran(trace, columns):
    """{place of a static graph: how often it ran}, of those that ran again."""
    rows = trace.rows[trace.of(Kind.REPLAYED)]
    homes = columns.home_of_nodes()[rows["node"]]
    return {int(at): int(run) for at, run in zip(homes, rows["a"], strict=True) if at >= 0}


class _Lines:
    """What ran at a step: a backward call, else the last line before it that the trace knows."""

    def __init__(self, trace, calls):
        self._trace = trace
        self._calls = calls
        self._started = np.array([call.started for call in calls], np.int64)
        steps = trace.of(Kind.FORWARD, Kind.MUTATED, Kind.BACKWARD)
        self._lines = steps[trace.rows["origin"][steps] > 0]

    def gone(self, step: int) -> Gone:
        """What the trace knows of the moment of a step."""
        at = int(np.searchsorted(self._lines, step)) - 1
        after = self._trace.origin(int(self._trace.rows["origin"][self._lines[at]])) if at >= 0 else None
        place = int(np.searchsorted(self._started, step)) - 1
        running = self._calls[place] if place >= 0 and self._calls[place].ended > step else None
        return Gone(step, running, after)
