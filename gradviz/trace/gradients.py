"""The gradients that flowed: which came into a node, which it handed on, and what reached the leaves."""

from collections.abc import Set
from typing import NamedTuple

import numpy as np

from gradviz.trace.events import Kind
from gradviz.trace.graph import Graph
from gradviz.trace.memory import Lives
from gradviz.trace.stored import StoredAt
from gradviz.trace.trace import Trace


class HandedOn(NamedTuple):
    """One gradient that a node handed on: to the node of its input at a position; step is the GRAD row."""

    position: int
    node: int
    step: int


class Gradient(NamedTuple):
    """A node's newest run in backward.

    step: its STEP row (ADDED for an AccumulateGrad that has none); order: from 1 within its backward call
    incoming: the step whose value is the gradient that came in; trace.value(incoming) reads it
    """

    step: int
    order: int
    incoming: int
    handed_on: tuple[HandedOn, ...]
    backward: int


def gradients(trace: Trace, graph: Graph, at: int | None = None, only: Set[int] | None = None) -> dict[int, Gradient]:
    """{node: Gradient} for the nodes of a graph that backward ran through, as of a step (default: the end).

    only: the nodes that are wanted (None: all)
    """
    at = trace.end if at is None else at
    nodes = {node.node for node in graph.nodes if node.node} if only is None else only - {0}
    found = {}
    for call in graph.backwards:
        if call.started <= at:
            found.update(_in_call(trace, call, nodes, min(call.ended, at)))
    return found


def untouched(trace: Trace, graph: Graph, lives: Lives, at: int) -> set[int]:
    """The numbers of the results whose node is alive at a step, but run by no backward of the graph that came later.

    Such nodes are not on the way from a backward's root, nor on the way to the inputs that it was asked for.
    """
    started = max((call.started for call in graph.backwards if call.started <= at), default=-1)
    steps = trace.of(Kind.STEP)
    ran = set(trace.rows["node"][steps[: np.searchsorted(steps, at, "right")]].tolist())
    return {
        node.number
        for node in graph.nodes
        if node.node and node.step < started and node.grad_fn != "AccumulateGrad" and node.node not in ran
        and lives.state(node.node, bool(node.saved), at) == "live"
    }  # fmt: skip


def leaf_grads(trace: Trace, at: int | None = None) -> StoredAt:
    """{tensor: the newest step, up to a step, whose row shows its whole .grad}; trace.value of that is what it showed.

    A change in place of a part of .grad, or through a view of another shape, does not show the whole and is not
    in it: the value is then that of the last row before it that does.
    """
    return StoredAt(trace.stored, trace.end if at is None else at)


def _in_call(trace, call, nodes, end):
    """{node: Gradient} for one backward call, as far as it had come at the step end."""
    rows = trace.rows
    inside = {
        kind: steps[np.searchsorted(steps, call.started) : np.searchsorted(steps, end, "right")]
        for kind in (Kind.STEP, Kind.GRAD, Kind.ADDED)
        for steps in [trace.of(kind)]
    }
    steps, grads, added = inside[Kind.STEP], inside[Kind.GRAD], inside[Kind.ADDED]
    steps = steps[rows["a"][steps] == call.number]
    grads = grads[rows["a"][grads] == call.number]  # a call inside this one has its own
    added = added[rows["a"][added] == call.number]
    added = added[~np.isin(rows["node"][added], rows["node"][steps])]
    arrived = dict(zip(rows["c"][grads].tolist(), grads.tolist(), strict=True))
    ran = np.sort(np.concatenate([steps, added]))
    starts = np.searchsorted(grads, ran)
    ends = np.append(starts[1:], len(grads)) if len(ran) else starts
    columns = zip(rows["b"][grads].tolist(), rows["c"][grads].tolist(), grads.tolist(), strict=True)
    handed = [HandedOn(*each) for each in columns]
    is_step = rows["kind"][ran] == int(Kind.STEP)
    columns = [column.tolist() for column in (ran, rows["node"][ran], is_step, starts, ends)]
    found = {}
    for order, (step, node, of_op, start, stop) in enumerate(zip(*columns, strict=True), 1):
        if node in nodes:
            incoming = step if of_op else arrived.get(node, step)
            own = tuple(handed[start:stop]) if of_op else ()
            found[node] = Gradient(step, order, incoming, own, call.number)
    return found
