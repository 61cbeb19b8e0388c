"""Two graphs side by side, node by node: what the table and the picture of a diff both show."""

from typing import NamedTuple

from gradviz.trace.alignment import align_twice
from gradviz.trace.events import NUMBER
from gradviz.trace.graph import Graph
from gradviz.trace.trace import Trace
from gradviz.views import format as fmt
from gradviz.views.rows import Row, beside, called_by, place, rows

ADDED, REMOVED, CHANGED, ALIKE = "added", "removed", "changed", "alike"
MARKS = {ADDED: "+", REMOVED: "−", CHANGED: "~", ALIKE: "="}


class Change(NamedTuple):
    """One thing about a node that differs: name, shape, inputs, saved, requires_grad, line or grad norm."""

    what: str
    before: str
    after: str


class Entry(NamedTuple):
    """A node of either graph, or one of each that correspond.

    left_inputs, right_inputs: the places of its inputs' entries, -1 for one that takes no part; numbers left out
    """

    what: str
    left: Row | None
    right: Row | None
    left_inputs: tuple[int, ...]
    right_inputs: tuple[int, ...]
    changes: tuple[Change, ...]

    @property
    def row(self) -> Row:
        """The right node where there is one, else the left."""
        return self.right or self.left

    @property
    def called(self) -> str:
        """What people call it."""
        return self.row.name or self.row.expression or self.row.op


class Side(NamedTuple):
    """One of the two graphs; label: what tells it from the other, such as `train.gradviz#3`."""

    trace: Trace
    graph: Graph
    label: str


class Comparison(NamedTuple):
    """Both graphs' nodes in one order in which inputs come before users.

    unseen: nodes of either side that were not compared, for too much differs; beside: results outside the graphs
    (an optimizer's own work) that were left out
    """

    left: Side
    right: Side
    entries: tuple[Entry, ...]
    unseen: tuple[int, int]
    beside: int

    def count(self, what: str) -> int:
        """How many entries are of a kind."""
        return sum(entry.what == what for entry in self.entries)


class _Node(NamedTuple):
    """A node that takes part; inputs: numbers of results, or the text of a Python number; names: of all its inputs."""

    number: int
    row: Row
    inputs: tuple[int | str, ...]
    names: str
    called: str


def compare(left: Side, right: Side, every: bool = False) -> Comparison:
    """Pair the nodes of two graphs: first those alike in op, grad_fn, name and shape, then in op and grad_fn.

    A leaf's name has to be the same.
    every: with an optimizer's or a Function's own work.
    """
    aside = [set() if every else beside(side.graph) for side in (left, right)]
    ours, theirs = (_nodes(side, apart) for side, apart in zip((left, right), aside, strict=True))
    strict = tuple([(*_kind(node), node.called, node.row.meta.shape) for node in nodes] for nodes in (ours, theirs))
    found = align_twice(strict, tuple([_kind(node) for node in nodes] for nodes in (ours, theirs)))
    order = [
        (None if here is None else ours[here], None if there is None else theirs[there])
        for here, there in _merged(found.pairs, len(ours), len(theirs))
    ]
    left_place = {before.number: at for at, (before, _) in enumerate(order) if before}
    right_place = {after.number: at for at, (_, after) in enumerate(order) if after}
    entries = []
    for before, after in order:
        here, there = _inputs(before, left_place), _inputs(after, right_place)
        if before is None or after is None:
            what, changes = (ADDED if before is None else REMOVED), ()
        else:
            changes = tuple(_changes(left.trace, right.trace, before, after, here == there))
            what = CHANGED if changes else ALIKE
        known = (tuple(at for at in places if isinstance(at, int)) for places in (here, there))
        entries.append(Entry(what, before and before.row, after and after.row, *known, changes))
    return Comparison(left, right, tuple(entries), found.unseen, sum(map(len, aside)))


def _kind(node: _Node) -> tuple:
    return node.row.op, node.row.grad_fn, node.called if node.row.is_leaf else ""


def _nodes(side: Side, aside: set[int]) -> list[_Node]:
    """The nodes that take part, each leaf right before its first user: it may have been made long before."""
    graph, called = side.graph, called_by(side.trace, side.graph)
    numbers = {node.number for node in graph.nodes if node.op == NUMBER}
    used_at = _first_uses(graph)
    found = []
    for node, row in zip(graph.nodes, rows(side.trace, graph, side.trace.lives), strict=True):
        if node.number not in aside and node.number not in numbers:
            inputs = tuple(called[used] if used in numbers else used for used in node.inputs)
            names = ", ".join(each if isinstance(each, str) else _named(each, called) for each in inputs)
            found.append(_Node(node.number, row, inputs, names, called[node.number]))
    return sorted(found, key=lambda node: (used_at[node.number], node.number))


def _named(number: int, called: dict[int, str]) -> str:
    return f"#{number:,} {called[number]}" if number in called else "?"


def _first_uses(graph: Graph) -> dict[int, tuple[int, int]]:
    """Where each result is first used by a node, as (its number, the input's position); a node's own place: its end."""
    found: dict[int, tuple[int, int]] = {}
    for node in reversed(graph.nodes):
        computed = node.node and node.inputs
        own = found[node.number] = (
            (node.number, len(node.inputs)) if computed else found.get(node.number, (node.number, 0))
        )
        for position, used in enumerate(node.inputs):
            here = (node.number, position) if computed else own
            found[used] = min(found.get(used, here), here)
    return found


def _merged(pairs, left_count, right_count):
    """All places of both sides in one order: (left, right), None where there is only the other."""
    order, here, there = [], 0, 0
    for left, right in [*pairs, (left_count, right_count)]:
        order += [(at, None) for at in range(here, left)]
        order += [(None, at) for at in range(there, right)]
        order.append((left, right))
        here, there = left + 1, right + 1
    return order[:-1]


def _inputs(node: _Node | None, places: dict[int, int]) -> tuple[int | str, ...]:
    """What a node was made from: the places of entries, -1 for what takes no part, and texts of numbers."""
    return tuple(used if isinstance(used, str) else places.get(used, -1) for used in node.inputs) if node else ()


def _changes(left: Trace, right: Trace, before: _Node, after: _Node, same_inputs: bool):
    if before.called != after.called:
        yield Change("name", before.called, after.called)
    if not same_inputs:
        yield Change("inputs", before.names, after.names)
    old, new = _facts(before.row), _facts(after.row)
    for what in old:
        if old[what] != new[what]:
            yield Change(what, old[what], new[what])
    was, now = place(left, before.row.origin), place(right, after.row.origin)
    # in two traces a line that only moved says that something above it changed, not that it did
    if was != now and (left is right or _text(before) != _text(after)):
        yield Change("line", was or "?", now or "?")


def _text(node: _Node) -> str:
    return node.row.origin.text.strip() if node.row.origin else ""


def _facts(row: Row) -> dict[str, str]:
    device = "" if row.meta.device == "cpu" else f" {row.meta.device}"
    return {
        "shape": f"{fmt.shape(row.meta.shape)} {row.meta.dtype}{device}",
        "requires_grad": "yes" if row.requires_grad else "no",
        "saved": ", ".join(f"{kept.name} {fmt.size(kept.nbytes)}" for kept in row.saved) or "nothing",
        "grad norm": _norm(row),
    }


def _norm(row: Row) -> str:
    if row.grad is None:
        return "none"
    return "not kept" if row.grad.value is None else fmt.number(fmt.norm(row.grad.value))
