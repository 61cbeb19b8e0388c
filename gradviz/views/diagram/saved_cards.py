"""Saved tensors as small cards of their own, each hanging on the nodes that keep it; one card for one memory."""

from collections.abc import Container
from typing import NamedTuple

from gradviz.trace.graph import Saved
from gradviz.trace.memory import NEVER
from gradviz.trace.sharing import Share
from gradviz.views import format as fmt
from gradviz.views.diagram.aliases import with_aliases
from gradviz.views.diagram.cards import Arrow, Card, Item, Line, Panel
from gradviz.views.diagram.scene import Scene
from gradviz.views.format import COLOURS
from gradviz.views.rows import is_leaf

LEGEND = (
    Item("kept", "saved tensor"),
    Item("kept too", "saved, in memory that something else keeps too"),
    Item("let go", "saved tensor that was released"),
)
_NAMES = 3  # different names of one memory that a card tells


class Kept(NamedTuple):
    """One memory that drawn nodes save; number: of its card; savers: numbers of the nodes, first to last.

    saved, shape: the first tensor in it
    until: the step at which the last of the graph's nodes, drawn or not, let go of it
    """

    number: int
    savers: tuple[int, ...]
    names: tuple[str, ...]
    saved: Saved
    shape: tuple[int, ...] | None
    until: int


def with_saved(scene: Scene, panels: list[Panel]) -> list[Panel]:
    """The panels with a card for each memory that a drawn node saved, as it was at the panel's step."""
    above = max((number for panel in panels for number in panel.cards), default=0)
    every = _kept(scene, above + 1, {node.number for node in scene.nodes})  # a box counts what is saved in it
    ties, again = _ties(scene, every)
    return [_hung(scene, panel, every, ties, again) for panel in panels]


def _ties(scene: Scene, every: list[Kept]) -> tuple[list[tuple[int, int]], dict[int, int]]:
    """(node, card) of each arrow, and {card: the one that it stands for}: what a whole loop saves has several cards."""
    saved = [(kept.number, saver, 0) for kept in every for saver in kept.savers]
    numbers = [*(kept.number for kept in every), *scene.aliases, *(node.number for node in scene.nodes)]
    known = set(numbers)
    links = [link for link in scene.links if known.issuperset(link[:2])]
    led, again = with_aliases(numbers, links + saved)
    ties = [(saver, number) for number, saver, _ in led[len(links) :]]
    return ties, {alias: number for alias, number in again.items() if number in {kept.number for kept in every}}


def _kept(scene: Scene, first: int, drawn: Container[int]) -> list[Kept]:
    forwards = scene.trace.forwards
    found: dict[tuple, list] = {}
    until: dict[tuple, int] = {}
    for node in scene.graph.nodes:
        if not node.node or is_leaf(node):
            continue
        metas = forwards.kept_meta[forwards.kept_from[node.number - 1] : forwards.kept_from[node.number]].tolist()
        for position, (saved, meta) in enumerate(zip(node.saved, metas, strict=True)):
            # a number has no memory to share
            key = (saved.buffer,) if saved.buffer else (0, node.number, position)
            until[key] = max(_end(scene, node.number), until.get(key, 0))
            if node.number in drawn:
                found.setdefault(key, []).append((node.number, saved, scene.trace.meta(meta).shape if meta else None))
    every = []
    for number, (key, users) in enumerate(found.items(), first):
        names = dict.fromkeys(fmt.safe(saved.name.removeprefix("_saved_")) for _, saved, _ in users)
        savers = tuple(dict.fromkeys(saver for saver, _, _ in users))
        every.append(Kept(number, savers, tuple(names), *users[0][1:], until[key]))
    return every


def _hung(scene: Scene, panel: Panel, every: list[Kept], ties: list, again: dict[int, int]) -> Panel:
    cards, arrows = dict(panel.cards), []
    for kept in every:
        savers = [saver for saver in kept.savers if panel.cards[saver].look != "later"]
        cards[kept.number] = _card(scene, kept, savers, panel.at) if savers else Card("later", ())
    for saver, number in ties:
        hidden = panel.cards[saver].look == "later"
        if number in again:
            name = cards[again[number]].lines[:1]
            cards[number] = Card("later", ()) if hidden else Card("again", name)
        look = "later" if hidden else "kept" if _end(scene, saver) > panel.at else "let go"
        arrows.append(Arrow(saver, number, look))
    return panel._replace(cards=cards, arrows=(*panel.arrows, *arrows))


def _end(scene: Scene, number: int) -> int:
    """The step at which a node let go of what it saved."""
    node = int(scene.trace.forwards.node[number - 1])
    return int(min(scene.lives.released_at[node], scene.lives.gone_at[node]))


def _card(scene: Scene, kept: Kept, savers: list[int], at: int) -> Card:
    saved, lives, gone = kept.saved, scene.lives, kept.until <= at
    share = scene.trace.sharing.of(saved.buffer)
    ink = COLOURS["faded" if gone else "leaf" if share.is_shared else "live"]
    names = ", ".join(kept.names[:_NAMES]) + (", …" if len(kept.names) > _NAMES else "")
    size = fmt.size(saved.nbytes)
    if (whole := lives.bytes_of(saved.buffer)) > saved.nbytes:
        size += f" of {fmt.size(whole)}"
    shape = f"{fmt.shape(kept.shape)} · " if kept.shape is not None else ""
    lines = [
        Line(fmt.clip(names + _value(scene, kept), 28), 11.0, COLOURS["faded"] if gone else COLOURS["ink"], True),
        Line(shape + size, 10.0, COLOURS["faded"] if gone else COLOURS["ink"], struck=gone),
        Line(_whose(scene, saved, share, gone), 10.0, ink),
        Line(_state(scene, kept, savers, at), 10.0, ink, True),
    ]
    return Card("let go" if gone else "kept too" if share.is_shared else "kept", tuple(lines))


def _value(scene: Scene, kept: Kept) -> str:
    """Which result it is, unless that of a node that saved it itself."""
    of = kept.saved.of
    return f" = {scene.called[of]}" if of in scene.called and of not in kept.savers else ""


def _whose(scene: Scene, saved: Saved, share: Share, gone: bool) -> str:
    if not saved.buffer:
        return "a number, no memory of its own"
    if share == Share.UNKNOWN:
        return "who else keeps it is not known"
    if share == Share.GRAPH:
        return f"the graph alone {'kept' if gone else 'keeps'} it"
    name = fmt.clip_path(fmt.safe(scene.trace.sharing.name(saved.buffer)), 20)
    if share == Share.PARAMETER:
        return f"alias of parameter {name}".rstrip()
    if scene.trace.sharing.is_input(saved.buffer):
        return f"alias of input {name}".rstrip()
    return f"kept by {name} too" if name else "something else keeps it too"


def _state(scene: Scene, kept: Kept, savers: list[int], at: int) -> str:
    if kept.until > at:
        waiting = sum(_end(scene, saver) > at for saver in savers)
        return f"live, kept by {waiting} of {len(savers)} nodes" if len(savers) > 1 else "live"
    freed = scene.lives.freed_at[kept.saved.buffer] if kept.saved.buffer else NEVER
    still = ", memory freed" if freed <= at else ", memory lives on" if kept.saved.buffer else ""
    return f"released at step {kept.until}{still}"
