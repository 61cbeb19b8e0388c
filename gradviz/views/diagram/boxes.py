"""What the box of a group says at a moment: how many of its nodes live, were freed or are gone, from their events."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gradviz.trace.events import NUMBER
from gradviz.trace.gradients import Gradient, leaf_grads
from gradviz.trace.graph import GraphNode
from gradviz.trace.group import Group
from gradviz.trace.memory import Lives
from gradviz.views import format as fmt
from gradviz.views.diagram.cards import LATER, Arrow, Card, Line
from gradviz.views.diagram.groups import Folds, Link, lines_of, title_of
from gradviz.views.format import COLOURS
from gradviz.views.rows import distinct_bytes, is_leaf, place, wants_grad

BARS = {"live": "live", "freed": "live pill", "gone": "faint", "ran": "flow", "not run": "flow pill"}


class States(NamedTuple):
    """How many nodes of a box are in each state, and the saved tensors of the live ones: how many, bytes."""

    live: int
    freed: int
    gone: int
    saved: int
    nbytes: int


def state_at(lives: Lives, nodes: list[GraphNode], at: int) -> States:
    """The states of some nodes after a step; those that were not made by then don't count."""
    nodes = [node for node in nodes if node.step <= at]
    numbers = np.array([node.node for node in nodes], np.int64)
    keeps = np.array([bool(node.saved) for node in nodes], bool)
    gone = lives.gone_at[numbers] <= at
    freed = keeps & (lives.released_at[numbers] <= at) & ~gone
    live = ~(gone | freed)
    pairs = [
        (saved.buffer, saved.nbytes) for place in np.flatnonzero(live & keeps).tolist() for saved in nodes[place].saved
    ]
    counts = (int(each.sum()) for each in (live, freed, gone))
    return States(*counts, len(pairs), distinct_bytes(pairs))


def box_cards(scene, at: int, steps: Mapping[int, Gradient]) -> dict[int, Card]:
    """The cards of all boxes after a step; steps: of the backward call that is shown, which began then."""
    folds: Folds = scene.folds
    order = {number: nth for nth, number in enumerate(sorted(steps, key=lambda number: steps[number].step), 1)}
    made_by = max([at, *(step.step for step in steps.values())])
    grads = leaf_grads(scene.trace, made_by)
    cards = {}
    for key, group in folds.boxes.items():
        nodes = [folds.nodes[number] for number in folds.numbers[key]]
        if all(node.step > made_by for node in nodes):
            cards[key] = LATER
            continue
        leaves = group.kind == "leaf"
        ran = sorted(order[n.number] for n in nodes if n.number in order and (leaves or not is_leaf(n)))
        card = _leaves if leaves else _ops
        then = at if any(node.step <= at for node in nodes) else made_by  # create_graph: backward itself made them
        cards[key] = card(scene, group, nodes, then, grads, ran)._replace(several=True, badge=_span(ran))
    return cards


def box_arrows(scene, cards: dict[int, Card], look: str, steps: Mapping[int, Gradient]) -> list[Arrow]:
    """One arrow for all the edges between two cards of which one is a box."""
    arrows = []
    for (tail, head), links in scene.folds.links.items():
        if LATER in (cards[tail], cards[head]):
            arrows.append(Arrow(tail, head, "later"))
            continue
        flown = [link for link in links if _has_gradient(steps, link)]
        many = flown or links
        shapes = {scene.folds.nodes[used].meta.shape for used, _, _ in many}
        shape = fmt.shape(*shapes) if len(shapes) == 1 else ""
        label = " ".join(filter(None, (shape, f"×{len(many):,}" if len(many) > 1 else "")))
        told = fmt.count(len(many), "gradient" if flown else "edge")
        arrows.append(Arrow(tail, head, "gradient" if flown else look, label, told))
    return arrows


def _has_gradient(steps, link: Link) -> bool:
    _, head, position = link
    return head in steps and any(place == position for place, _, _ in steps[head].handed_on)


def _span(ran: list[int]) -> str:
    """The badge of steps: `4`, or `4–153`."""
    return "" if not ran else f"{ran[0]:,}" if len(ran) == 1 else f"{ran[0]:,}–{ran[-1]:,}"


def _ops(scene, group: Group, nodes: list[GraphNode], at: int, grads: dict, ran: list[int]) -> Card:
    made = [node for node in nodes if node.node and not is_leaf(node)]
    states = state_at(scene.lives, made, at)
    lines = [Line(title_of(group), 13.0, bold=True)]
    lines += [Line(text, 10.0, COLOURS["dim"]) for text in _told(scene, group, nodes, made)]
    if not made:
        lines.append(Line("no graph", 10.0, COLOURS["dim"]))
        return Card("no graph", tuple(lines), _corner(nodes), "", _tip(group, nodes))
    ink = "flow" if ran else "live"
    if states.saved:
        text = f"{'uses' if ran else 'saved'} {fmt.count(states.saved, 'tensor')} · {fmt.size(states.nbytes)}"
        lines.append(Line(text, 10.0, COLOURS[ink], pill=COLOURS[f"{ink} pill"]))
    elif kept := [(saved.buffer, saved.nbytes) for node in made for saved in node.saved]:
        text = f"saved {fmt.count(len(kept), 'tensor')} · {fmt.size(distinct_bytes(kept))}"
        lines.append(Line(text, 10.0, COLOURS["faded"], struck=True))
    if ran:
        counts = {"ran": len(ran), "not run": max(len(made) - len(ran), 0)}
    else:
        counts = {"live": states.live, "freed": states.freed, "gone": states.gone}
    lines += _bar(counts)
    gone = not ran and not states.live and not states.freed
    over = scene.backward is not None and at > scene.backward.started
    kept = states.saved or states.live and not states.freed and not over
    look = "flow" if ran else "gone" if gone else "live" if kept else "held"
    return Card(look, tuple(lines), _corner(nodes), "", _tip(group, nodes))


def _bar(counts: dict[str, int]) -> list[Line]:
    """A bar with a share for each state, and the same in words."""
    whole = sum(counts.values())
    there = {what: count for what, count in counts.items() if count}
    text = " · ".join(f"{count:,} {what}" for what, count in there.items())
    first = next(iter(there))
    ink = {"ran": "flow", "not run": "dim", "gone": "faded"}.get(first, "live")
    shares = tuple((count / whole, COLOURS[BARS[what]]) for what, count in there.items())
    text = f"all {text}" if len(there) == 1 and whole > 1 else text
    return [Line("", 4.0, bar=shares), Line(text, 10.0, COLOURS[ink], True)]


def _told(scene, group: Group, nodes: list[GraphNode], made: list[GraphNode]) -> list[str]:
    """Whose lines they are and how many of what."""
    if group.kind == "op":
        names = {node.grad_fn for node in nodes}
        where = next((f"line {text}" for node in nodes if (text := place(scene.trace, node.origin))), "")
        shapes = {node.meta.shape for node in nodes}
        shape = fmt.shape(*shapes) if len(shapes) == 1 else f"{len(shapes)} shapes"
        named = fmt.clip(fmt.safe(names.pop()), 26) if len(names) == 1 else f"{len(names)} kinds of node"
        return [" · ".join(filter(None, (named or "no grad_fn", where))), shape]
    what = group.what if group.what != group.name else ""
    lines = lines_of(group) if group.kind not in ("loop", "part") else ""
    first = " · ".join(filter(None, (fmt.clip(fmt.safe(what), 26), lines)))
    leaves = sum(1 for node in nodes if is_leaf(node) and node.op != NUMBER)
    counted = [fmt.count(len(made), "node")] if made else [fmt.count(len(nodes) - leaves, "result")]
    counted += [f"{leaves:,} {'leaf' if leaves == 1 else 'leaves'}"] if leaves else []
    return [*filter(None, (first,)), ", ".join(counted)]


def _leaves(scene, group: Group, nodes: list[GraphNode], at: int, grads: dict, ran: list[int]) -> Card:
    wanting = [node for node in nodes if wants_grad(node)]
    shapes = {node.meta.shape for node in nodes}
    shape = f"{fmt.shape(*shapes)} each" if len(shapes) == 1 else f"{len(shapes)} shapes"
    lines = [Line(title_of(group), 13.0, bold=True)]
    lines.append(Line(f"{shape} · {fmt.size(sum(node.meta.nbytes for node in nodes))}", 10.0))
    if not wanting:
        lines.append(Line("numbers" if nodes[0].op == NUMBER else "constants", 10.0, COLOURS["dim"]))
    elif ran:
        text = f".grad += in {len(ran):,} of {len(wanting):,}"
        lines.append(Line(text, 10.0, COLOURS["flow"], True, pill=COLOURS["flow pill"]))
    else:
        have = sum(1 for node in wanting if node.tensor in grads)
        text = f".grad: {have:,} of {len(wanting):,}" if have else ".grad = None"
        lines.append(Line(text, 10.0, COLOURS["leaf"], bool(have)))
    return Card("leaf" if wanting else "constant", tuple(lines), _corner(nodes), "", _tip(group, nodes))


def _corner(nodes: list[GraphNode]) -> str:
    numbers = [node.number for node in nodes if node.inputs] or [node.number for node in nodes]
    return f"#{numbers[0]}…{numbers[-1]}" if len(numbers) > 1 else f"#{numbers[0]}"


def _tip(group: Group, nodes: list[GraphNode]) -> str:
    where = f"{fmt.safe(group.file)}, {lines_of(group)}: " if group.first else ""
    return f"{where}{fmt.count(len(nodes), 'result')} (--expand opens it)"
