"""A graph of a trace as rows, one a forward result: what the table, the picture and the exports all show."""

import math
import os
from collections.abc import Container
from typing import NamedTuple

import numpy as np

from gradviz.trace.events import MET, NUMBER, SHARED, UNSEEN, Flag, Kind
from gradviz.trace.gradients import gradients, leaf_grads, untouched
from gradviz.trace.graph import Graph, GraphNode
from gradviz.trace.memory import NEVER, Lives
from gradviz.trace.preview import Preview
from gradviz.trace.sharing import Share, Sharing
from gradviz.trace.trace import Meta, Origin, Trace
from gradviz.views.format import expression, safe, size

LEAF, REQUIRES_GRAD, NO_GRAD = int(Flag.LEAF), int(Flag.REQUIRES_GRAD), int(Flag.NO_GRAD)
NO_GRAPH = "no graph"
ONLY_HELD = "only held"  # in place of a call's name


class Kept(NamedTuple):
    """One saved tensor of a node: `_saved_other`'s name is other, of tells whose value it is.

    share: whose memory it is in; shared_with: the name of a parameter or variable that has it too
    """

    name: str
    of: str
    nbytes: int
    share: Share = Share.GRAPH
    shared_with: str = ""


class Grad(NamedTuple):
    """A gradient: a leaf's .grad (stored), or what flowed into a node and was not kept."""

    value: Preview | None
    stored: bool


class Life(NamedTuple):
    """What became of a result, and the steps of it: made, its saved tensors freed, gone (None: not by the end).

    state: of an op's node 'live', 'untouched' (live, though backward ran elsewhere in the graph), 'saved freed' or
    'gone' at the script's end, 'no graph' for an op without a node; of a leaf or constant 'live' or 'gone', as its
    memory is.
    """

    state: str
    made: int
    released: int | None
    gone: int | None

    @property
    def steps(self) -> str:
        """`12`, `12, freed 40` or `12, freed 40, gone 52`."""
        ends = [(word, step) for word, step in (("freed", self.released), ("gone", self.gone)) if step is not None]
        return ", ".join([str(self.made), *(f"{word} {step}" for word, step in ends)])


class Row(NamedTuple):
    """One forward result. name is '' when the script gave none; then expression says what it is.

    aside: whose own work it is ('SGD.step') where that stands beside the graph, '' otherwise
    """

    number: int
    name: str
    expression: str
    op: str
    grad_fn: str
    meta: Meta
    data: Preview | None
    grad: Grad | None
    requires_grad: bool
    is_leaf: bool
    no_grad: bool
    saved: tuple[Kept, ...]
    life: Life
    origin: Origin | None
    aside: str

    @property
    def state(self) -> str:
        """What became of it: see Life."""
        return self.life.state

    @property
    def line(self) -> int:
        """The source line, 0 when unknown."""
        return self.origin.line if self.origin else 0


def rows(trace: Trace, graph: Graph, lives: Lives, only: Container[int] | None = None) -> list[Row]:
    """The rows of one graph in execution order: leaves as its ops met them, gradients as its last backward left.

    only: the numbers of those that are wanted (None: all)
    """
    nodes = graph.nodes if only is None else [node for node in graph.nodes if node.number in only]
    after = graph.backwards[-1].ended if graph.backwards else trace.end
    flowed = gradients(trace, graph, after, {node.node for node in nodes})
    stored = leaf_grads(trace, after)
    called = called_by(trace, graph, {kept.of for node in nodes for kept in node.saved})
    aside = asides(graph)
    found = [_row(trace, lives, node, called, flowed, stored, aside) for node in nodes]
    left = untouched(trace, graph, lives, trace.end)
    found = [row._replace(life=row.life._replace(state="untouched")) if row.number in left else row for row in found]
    changes = {node.number: trace.changed(node.tensor, graph.built) for node in nodes if is_leaf(node)}
    return [
        row._replace(data=trace.value(change)) if (change := changes.get(row.number, -1)) > 0 else row for row in found
    ]


def _row(trace, lives, node: GraphNode, called, flowed, stored, aside) -> Row:
    leaf = is_leaf(node)
    grad = None
    if node.tensor in stored:
        grad = Grad(trace.value(stored[node.tensor]), True)
    elif not leaf and node.node in flowed:
        grad = Grad(trace.value(flowed[node.node].incoming), False)
    return Row(
        number=node.number,
        name=safe(node.name),
        expression=described(trace, node),
        op=safe(node.op),
        grad_fn=safe(node.grad_fn),
        meta=node.meta,
        data=trace.value(node.step),
        grad=grad,
        requires_grad=wants_grad(node),
        is_leaf=bool(node.flags & LEAF),
        no_grad=bool(node.flags & NO_GRAD) and not leaf,
        saved=kept_by(node, called, trace.sharing),
        life=_life(trace, lives, node),
        origin=node.origin,
        aside=aside.get(node.number, ""),
    )


def _life(trace, lives, node):
    buffer = int(trace.rows["buffer"][node.step])
    ends = (lives.released_at[node.node] if node.saved else NEVER,
            lives.freed_at[buffer] if is_leaf(node) else lives.gone_at[node.node])  # fmt: skip
    released, gone = (int(step) if step <= trace.end else None for step in ends)
    return Life(state_of(trace, lives, node, trace.end), node.step, released, gone)


def is_leaf(node: GraphNode) -> bool:
    """Whether nothing computed it, or it was made a leaf by requires_grad_().

    Narrower than PyTorch's is_leaf, which also holds for what an op computed outside any graph.
    """
    return bool(node.flags & LEAF) and (node.grad_fn == "AccumulateGrad" or not node.inputs and not node.grad_fn)


def wants_grad(node: GraphNode) -> bool:
    """Whether it requires grad: from its making, or since a requires_grad_() before the graph used it."""
    return bool(node.flags & REQUIRES_GRAD) or node.grad_fn == "AccumulateGrad"


def state_of(trace: Trace, lives: Lives, node: GraphNode, at: int) -> str:
    """What was true of a node at a step: see Row.state."""
    if is_leaf(node):
        buffer = int(trace.rows["buffer"][node.step])
        return "gone" if buffer and lives.freed_at[buffer] <= at else "live"
    if not node.node:
        return NO_GRAPH
    return lives.state(node.node, bool(node.saved), at)


def called_by(trace: Trace, graph: Graph, only: Container[int] | None = None) -> dict[int, str]:
    """What people call each node of a graph, or some of them: the script's name, else the expression, else the op."""
    nodes = graph.nodes if only is None else (node for node in graph.nodes if node.number in only)
    return {node.number: safe(node.name) or described(trace, node) or safe(node.op) for node in nodes}


def described(trace: Trace, node: GraphNode) -> str:
    """What says which result this is where the script gave it no name: `w * x`, `linear.t`, `0.5`, `(gradient)`."""
    if node.op == NUMBER:
        value = trace.value(node.step)
        return str(value.values.item()) if value is not None and value.values.size == 1 else ""
    if node.op in MET:
        return node.op
    if node.within.inside:
        return safe(f"{innermost(node)}.{node.op}")
    return expression(node.origin)


def innermost(node: GraphNode) -> str:
    """The module or composite function whose code ran the node's op."""
    return node.within.name.rpartition(" > ")[2]


def beside(graph: Graph) -> set[int]:
    """The numbers of what views fold where the graph doesn't need it: an optimizer's or a Function's own work, and
    tensors that no op was seen to make or use, such as an optimizer's state.
    """
    work = {node.number for node in graph.nodes if (node.within.aside or _only_held(node)) and not node.node}
    needed: set[int] = set()
    for node in reversed(graph.nodes):
        if node.number not in work or node.number in needed:
            needed.update(node.inputs)
    return work - needed


def asides(graph: Graph) -> dict[int, str]:
    """{number: whose own work it is} for what stands beside the graph: see Row.aside."""
    beside_it = beside(graph)
    return {node.number: safe(innermost(node)) or ONLY_HELD for node in graph.nodes if node.number in beside_it}


def _only_held(node: GraphNode) -> bool:
    return node.op in (UNSEEN, SHARED) and node.origin is None


def kept_by(node: GraphNode, called: dict[int, str], sharing: Sharing) -> tuple[Kept, ...]:
    """A node's saved tensors, with the name of the value that each one is, and whose memory it is in."""
    kept = []
    for saved in node.saved:
        of = "" if saved.of == node.number else called.get(saved.of, "")
        share = sharing.of(saved.buffer)
        other = safe(sharing.name(saved.buffer)) if share.is_shared else ""
        kept.append(Kept(safe(saved.name.removeprefix("_saved_")), of, int(saved.nbytes), share, other))
    return tuple(kept)


def kept_size(kept: Kept, shared: str = "*") -> str:
    """The bytes of a saved tensor, with a mark where the graph is not alone in keeping them."""
    return size(kept.nbytes) + (shared if kept.share.is_shared else "")


def row_json(row: Row) -> dict:
    """A row as JSON values; numbers that JSON lacks (nan, inf) are text."""
    return {
        "number": row.number,
        "name": row.name,
        "expression": row.expression,
        "op": row.op,
        "grad_fn": row.grad_fn,
        "shape": list(row.meta.shape),
        "dtype": row.meta.dtype,
        "device": row.meta.device,
        "data": _value_json(row.data),
        "grad": None if row.grad is None else {"value": _value_json(row.grad.value), "stored": row.grad.stored},
        "requires_grad": row.requires_grad,
        "is_leaf": row.is_leaf,
        "no_grad": row.no_grad,
        "saved": [_kept_json(kept) for kept in row.saved],
        "state": row.state,
        "step": row.life.made,
        "released_at": row.life.released,
        "gone_at": row.life.gone,
        "line": row.line,
        "aside": row.aside,
    }


def _kept_json(kept: Kept) -> dict:
    told = {"name": kept.name, "of": kept.of, "bytes": kept.nbytes}
    return told | {"memory": kept.share.name.lower(), "shared_with": kept.shared_with}


def _value_json(shown):
    if shown is None:
        return None
    if shown.whole:
        return _finite(shown.values.tolist())
    return {"corners": _finite(shown.values.tolist()), "summary": _finite(dict(shown.summary._asdict()))}


def _finite(value):
    """nan and inf as text; the nesting is the array's dimensions, at most NumPy's 64."""
    if isinstance(value, list):
        return [_finite(each) for each in value]
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def holders(trace: Trace, graph: Graph, lives: Lives) -> dict[int, str]:
    """Node of the graph still alive at the end -> the variable that holds it, itself or through its users."""
    steps = trace.of(Kind.HOLDER)
    named: dict[int, str] = {}
    for node, ref in zip(trace.rows["node"][steps].tolist(), trace.rows["ref"][steps].tolist(), strict=True):
        if node:
            named.setdefault(node, safe(trace.text(ref, "name")))
    held: dict[int, str] = {}
    # users come after what they use: one walk backwards hands every holder down
    for entry in reversed(graph.nodes):
        if not entry.node or lives.gone_at[entry.node] <= trace.end:
            continue
        name = named.get(entry.node) or held.get(entry.number, "")
        held[entry.number] = name
        for used in entry.inputs:
            if used and name:
                held.setdefault(used, name)
    alive = {entry.number for entry in graph.nodes if entry.node and lives.gone_at[entry.node] > trace.end}
    return {number: name for number, name in held.items() if number in alive and name}


def unnamed(trace: Trace, lives: Lives) -> int:
    """How many nodes of ops are alive at the end though no variable leads to them (an exception's frames may)."""
    forwards = trace.forwards
    alive = (forwards.node > 0) & (lives.gone_at[np.maximum(forwards.node, 0)] > trace.end)
    held = set(trace.rows["node"][trace.of(Kind.HOLDER)].tolist())
    waiting = [op for op in np.flatnonzero(alive).tolist() if int(forwards.node[op]) in held]
    reached = set(waiting)
    while waiting:
        op = waiting.pop()
        for used in forwards.input_op[forwards.input_from[op] : forwards.input_from[op + 1]].tolist():
            if used >= 0 and used not in reached and forwards.node[used] > 0:
                reached.add(used)
                waiting.append(used)
    return int(alive.sum()) - len(reached)


def place(trace: Trace, origin: Origin | None) -> str:
    """A source line: `24`, or `helper.py:24` where it is not the script's own and others are too; '' if unknown."""
    if origin is None or not origin.line:
        return ""
    if len(trace.files) <= 1 or origin.file == os.path.normpath(str(trace.header.get("script", ""))):
        return str(origin.line)
    return f"{safe(os.path.basename(origin.file))}:{origin.line}"


def at_line(trace: Trace, origin: Origin | None) -> str:
    """The same in a sentence: `line 24`, or `helper.py:24`."""
    where = place(trace, origin)
    return f"line {where}" if where.isdecimal() else where


def failing(trace: Trace) -> Origin | None:
    """Where the script raised or was interrupted, when it was."""
    ending = trace.ending
    broke = ending is not None and ending.how in ("raised", "interrupted")
    return trace.origin(ending.origin) if broke and ending.origin else None


def failing_numbers(trace: Trace, graph: Graph) -> set[int]:
    """The newest row on the failing line, marked in the table: it, not each pass of a loop, is where it broke."""
    where = failing(trace)
    if where is None:
        return set()
    same = [n.number for n in graph.nodes if n.origin and (n.origin.file, n.origin.line) == (where.file, where.line)]
    return set(same[-1:])


def distinct_bytes(pairs: list[tuple[int, int]]) -> int:
    """Bytes of (buffer, nbytes) pairs: a buffer counts once, by its largest part; buffer 0 counts each time."""
    largest: dict[int, int] = {}
    loose = 0
    for buffer, nbytes in pairs:
        if buffer:
            largest[buffer] = max(largest.get(buffer, 0), nbytes)
        else:
            loose += nbytes
    return loose + sum(largest.values())
