"""What a variable keeps alive more and more of: the graphs of earlier iterations, which have had their backward."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from gradviz.trace.events import Kind
from gradviz.trace.graph import Graph
from gradviz.trace.holding import ACTIVATIONS, NODES, Alive, Holding, Weight
from gradviz.trace.memory import NEVER, saved_places
from gradviz.trace.trace import Trace

FEWEST = 3  # iterations through one graph that hangs together, which a script may mean to run twice


class Growth(NamedTuple):
    """Nodes and bytes that each iteration adds, rounded where `exact` is False.

    joined: it is one graph, which each iteration makes longer; newest: the FORWARD row of the newest result held
    """

    iterations: int
    nodes: int
    nbytes: int
    exact: bool
    joined: bool
    newest: int


def growth(alive: Alive, holding: Holding, weight: Weight) -> Growth | None:
    """How what is held grew from iteration to iteration; None where it did not.

    An iteration ends with the backward call that is the first to run nodes of it, and the next one, which the same
    line ends, builds its nodes after that. Results that no backward ran through count where one line's are held again
    and again, each a graph of its own, or a sum of such: to the end of a run that ended by itself, since they may have
    been about to be used.
    """
    trace = alive.trace
    leak = weight.verdict in (NODES, ACTIVATIONS)
    iterations, ran = _iterations(alive, holding)
    if not ran and leak and trace.of(Kind.BACKWARD).size and trace.ending is not None:
        iterations = _apart(alive, holding) if trace.ending.how in ("finished", "exited") else 0
    enough = iterations >= 2 if leak else min(iterations, weight.repeats) >= FEWEST
    if not enough:
        return None
    exact = weight.nodes % iterations == weight.nbytes % iterations == 0
    nodes = (alive.of(held) for held in holding.held)
    newest = max(alive.ops[node] for node in nodes if node in alive.ops)
    return Growth(
        iterations, round(weight.nodes / iterations), round(weight.nbytes / iterations), exact, not leak,
        int(trace.forwards.steps[newest]),
    )  # fmt: skip


def _iterations(alive, holding):
    """(how many backward calls of one line followed each other, whether a backward ran any of the nodes)."""
    first: dict[int, int] = {}  # backward call -> the oldest op among the nodes that it was the first to run
    for node in alive.reached_from(map(alive.of, holding.held)):
        calls = [call for call in alive.ran.get(node, ()) if call in alive.final]
        op = alive.ops.get(node, -1)
        if calls and op >= 0:
            call = min(calls)
            first[call] = min(first.get(call, op), op)
    steps, origins = alive.trace.forwards.steps, alive.trace.rows["origin"]
    lines: dict[int, list[int]] = {}
    for call in sorted(first):
        lines.setdefault(int(origins[alive.final[call]]), []).append(call)
    followed = [
        sum(bool(steps[first[call]] > alive.final[before]) for before, call in pairwise(calls))
        for calls in lines.values()
    ]
    most = max(followed, default=0)
    return most + 1 if most else 0, bool(first)


def _apart(alive, holding):
    """How many results of one line are held, none of which was computed with another; or are summed in the one held."""
    nodes = {alive.of(held) for held in holding.held} & alive.ops.keys()
    if len(nodes) == 1:
        nodes = _terms(alive, *nodes)
    lines = Counter(_line(alive, node) for node in nodes)
    line = max(lines, key=lines.__getitem__, default=0)
    mine = [node for node in nodes if _line(alive, node) == line]
    inside = alive.reached_from([each for node in mine for each in alive.following(node)])
    return len(mine) if inside.isdisjoint(mine) else 0


def _terms(alive, total):
    """What a running total added up: at each of its additions, the node that is not the total of before."""
    line, terms = _line(alive, total), set()
    while total and _adds(alive, total):
        following = alive.following(total)
        before = next((node for node in following if _line(alive, node) == line), 0)
        terms.update(node for node in following if node != before and node in alive.ops)
        total = before
    return terms


def _line(alive, node):
    """The origin of a node's op; 0 for a leaf."""
    op = alive.ops.get(node, -1)
    return int(alive.trace.rows["origin"][alive.trace.forwards.steps[op]]) if op >= 0 else 0


def _adds(alive, node):
    forwards = alive.trace.forwards
    return alive.trace.call(int(forwards.call[alive.ops[node]])).op in ("add", "add_")


class Together(NamedTuple):
    """Graphs of one line that were alive together, each after its backward, and had ended by the script's end.

    graphs: in order; nodes, nbytes: of the newest one's nodes, and of what they had saved and no backward released;
    exact: whether the others have as much
    """

    graphs: tuple[Graph, ...]
    nodes: int
    nbytes: int
    exact: bool


def together(trace: Trace, graphs: Sequence[Graph]) -> list[Together]:
    """Where a line built graph after graph, three or more, and none ended before the last of them was built; then all.

    A variable of a function that has returned held them: nobody could see it at the script's end.
    """
    lines: dict[int, list[Graph]] = {}
    for graph in graphs:
        lines.setdefault(int(trace.rows["origin"][graph.built]), []).append(graph)
    return [_weighed(trace, stay) for found in lines.values() for stay in _stays(trace, found)]


def _stays(trace, graphs):
    """Graphs of one line that stayed together: from where none was left until none was, or the script ended."""
    stay: list[Graph] = []
    alone, first_gone, last_gone = True, NEVER, -1
    for graph in graphs:
        follows = not stay or stay[-1].backwards and stay[-1].backwards[-1].ended < graph.first < first_gone
        if not follows:
            alone_again = last_gone < graph.first
            if alone and alone_again and len(stay) >= FEWEST:
                yield stay
            stay, alone, first_gone = [], alone_again, NEVER
        stay.append(graph)
        gone = _gone(trace, graph)
        first_gone, last_gone = min(first_gone, gone), max(last_gone, gone)
    if alone and len(stay) >= FEWEST and stay[-1].backwards and last_gone <= trace.end:
        yield stay


def _gone(trace, graph):
    """The step at which a graph's last node ended."""
    nodes = trace.forwards.node[graph.nodes.graph_ops]
    return int(trace.lives.gone_at[nodes].max(initial=-1))


def _weighed(trace, graphs):
    forwards, lives = trace.forwards, trace.lives
    own = [forwards.node[graph.nodes.graph_ops] for graph in graphs]
    counts = [int((nodes > 0).sum()) for nodes in own]
    buffers, nbytes = saved_places(trace, forwards, lives.nbytes)
    owners = forwards.node[forwards.kept_owner]
    kept = np.isin(owners, own[-1][own[-1] > 0]) & (lives.released_at[owners] == NEVER)
    return Together(tuple(graphs), counts[-1], int(nbytes[np.unique(buffers[kept])].sum()), len(set(counts)) == 1)
