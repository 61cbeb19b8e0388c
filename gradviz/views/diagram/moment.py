"""The moment after one event of the trace, as a panel: `--when step=N`, or line=N for the last one of a source line."""

import numpy as np

from gradviz.errors import BadInput
from gradviz.trace.events import Kind
from gradviz.trace.gradients import Gradient, gradients, leaf_grads
from gradviz.trace.graph import Backward, Graph, GraphNode
from gradviz.trace.trace import Trace
from gradviz.views import format as fmt
from gradviz.views.diagram.cards import Card, Panel
from gradviz.views.diagram.happening import event_text
from gradviz.views.diagram.panels import (
    LATER,
    _flow,
    _grad,
    _kept_card,
    _kept_text,
    _leaf,
    _left_over,
    _no_graph,
    _panel,
)
from gradviz.views.diagram.scene import Scene
from gradviz.views.rows import at_line, is_leaf, place, state_of

MOMENTS = ("all", "forward", "backward", "freed", "step=N", "line=N")
_LISTED = 12  # lines that are named where another was asked for


def known_moment(when: str) -> str:
    """What was asked for, or BadInput for what is no moment at all."""
    kind, _, which = when.partition("=")
    if when in MOMENTS[:4] or kind == "line" and which or kind == "step" and which.isdecimal():
        return when
    raise BadInput(f"unknown moment (--when) {when!r}: choose one of {', '.join(MOMENTS)}")


def step_of(trace: Trace, graph: Graph, when: str) -> int | None:
    """The step that `step=N` or `line=N` means, None for a panel of the filmstrip.

    Raises BadInput: a step that the trace hasn't got, one before the graph's first result, or a line without an event.
    """
    kind, _, which = known_moment(when).partition("=")
    if kind not in ("step", "line"):
        return None
    if kind == "line":
        return _last_of(trace, graph, which)
    if int(which) > trace.end:
        raise BadInput(f"--when {when}: the trace's steps are 0 to {trace.end} (gradviz table --columns step,name,op)")
    first = min(node.step for node in graph.nodes)
    if int(which) < first:
        raise BadInput(f"--when {when}: nothing of graph {graph.number} was there yet; it begins at step {first}")
    return int(which)


def _last_of(trace: Trace, graph: Graph, line: str) -> int:
    """The last step at which a line did something with the graph: made a result, ran backward, changed a tensor."""
    happened = [(node.origin, node.step) for node in graph.nodes]
    happened += [(call.origin, call.ended) for call in graph.backwards]
    changes = {trace.changed(node.tensor, trace.end) for node in graph.nodes} - {-1}
    happened += [(trace.origin(int(trace.rows["origin"][step])), step) for step in changes]
    last: dict[str, int] = {}
    for origin, step in happened:
        where = place(trace, origin)
        last[where] = max(step, last.get(where, -1))
    if line in last:
        return last[line]
    known = sorted(filter(None, last), key=lambda text: (not text.isdecimal(), len(text), text))
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    listed = ", ".join(known[:_LISTED]) or "none is known"
    asked = fmt.safe(line)
    raise BadInput(f"--when line={asked}: graph {graph.number} has no event of that line; its lines: {listed}{more}")


def moment(scene: Scene, at: int) -> Panel:
    """Every node as it was right after a step; of a backward call under way, how far it had come."""
    trace, graph = scene.trace, scene.graph
    call = _under_way(graph, at)
    ran = gradients(trace, graph, at)
    steps = {node.number: ran[node.node] for node in graph.nodes if node.node in ran and call}
    steps = {number: step for number, step in steps.items() if step.backward == call.number}
    order = sorted(steps, key=lambda number: steps[number].step)
    badges = {number: str(nth) for nth, number in enumerate(order, 1)}
    running = order[-1] if order and _is_running(trace, steps[order[-1]], at) else 0
    grads = leaf_grads(trace, at)
    cards = {
        node.number: _card(scene, node, at, grads, node.node in ran, steps[running] if node.number == running else None)
        for node in scene.nodes
    }
    for number in badges.keys() & cards.keys():  # the others are in boxes
        cards[number] = cards[number]._replace(badge=badges[number])
    caption = [event_text(trace, at), _counts(scene, at)]
    if call:
        where = f", {at_line(trace, call.origin)}," if call.origin else ""
        caption.append(f"backward {call.number}{where} under way: {fmt.count(len(order), 'step')} so far")
    return _panel(scene, f"After step {at:,}", caption, cards, "quiet" if ran else "data", at, steps)


def _under_way(graph: Graph, at: int) -> Backward | None:
    """The innermost backward call through the graph that had begun and not ended."""
    return max((call for call in graph.backwards if call.started <= at < call.ended), default=None)


def _is_running(trace: Trace, step: Gradient, at: int) -> bool:
    """Whether a node that has run has not let go yet of what it saved, and no other has run since."""
    since = trace.rows["kind"][step.step : at + 1]
    return not np.isin(since, (Kind.RELEASED, Kind.BACKWARD_ENDED)).any()


def _card(scene: Scene, node: GraphNode, at: int, grads: dict, ran: bool, running: Gradient | None) -> Card:
    if node.step > at:
        return LATER
    if is_leaf(node):
        return _leaf(scene, node, at, _grad(scene, node, grads))
    if not node.node:
        return _no_graph(scene, node)
    if running is not None:
        return _flow(scene, node, running)
    return _left_over(scene, node, "", at, grads) if ran else _kept_card(scene, node, at)


def _counts(scene: Scene, at: int) -> str:
    """`5 nodes live, 2 saved freed, 1 gone; 3 saved tensors kept for backward: 36 B`."""
    nodes = [node for node in scene.graph.nodes if node.step <= at and node.node and not is_leaf(node)]
    states = [state_of(scene.trace, scene.lives, node, at) for node in nodes]
    told = [f"{states.count(state):,} {state}" for state in ("live", "saved freed", "gone") if state in states]
    if not told:
        return "no node was made yet"
    live = [node for node, state in zip(nodes, states, strict=True) if state == "live"]
    return f"nodes: {', '.join(told)}; {_kept_text(scene, live)}"
