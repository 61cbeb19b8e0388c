"""What of a folded graph is drawn: which groups are opened, the boxes of the others, and the arrows between boxes."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from gradviz.errors import BadInput
from gradviz.trace.folding import folded, nested
from gradviz.trace.graph import GraphNode
from gradviz.trace.group import Group, general
from gradviz.views import format as fmt
from gradviz.views.diagram.cards import Cluster

SMALL = 60  # results up to which all are drawn
LEGIBLE = 24  # cards up to which a folded graph is opened
FEW = 8  # cards up to which it is opened even where no line of the script's is
_NAMED = 8  # groups that are named where another was asked for

Link = tuple[int, int, int]  # tail, head, the input's position


class Fold(NamedTuple):
    """What was asked for. how: 'auto' or 'none'; depth: open everything above it; expand: names of what to open too."""

    how: str = "auto"
    depth: int | None = None
    expand: tuple[str, ...] = ()


class Folds(NamedTuple):
    """A folded graph. boxes: {number of the first op in it: what one box stands for}, without single results.

    numbers: the results in each box; nodes: every result by its number, drawn alone or not
    links: {(tail, head): the edges between two cards}, where either is a box; shown: how many cards there are
    """

    boxes: dict[int, Group]
    numbers: dict[int, list[int]]
    nodes: dict[int, GraphNode]
    links: dict[tuple[int, int], list[Link]]
    clusters: tuple[Cluster, ...]
    shown: int


def folds_of(nodes: Sequence[GraphNode], asked: Fold) -> Folds | None:
    """How to draw these results folded; None where they are few enough, and nothing else was asked for.

    Raises BadInput: a name to expand that no group has.
    """
    if asked.how == "none" or len(nodes) <= SMALL and asked.depth is None and not asked.expand:
        return None
    root = folded(nodes)
    opened = _opened(root, asked)
    known = {node.number: node for node in nodes}
    boxes: dict[int, Group] = {}
    numbers: dict[int, list[int]] = {}
    card: dict[int, int] = {}
    for group in _closed(root, opened):
        inside = group.results()
        if len(inside) == 1 or group in opened:
            card.update(zip(inside, inside, strict=True))
            continue
        key = next((number for number in inside if known[number].inputs), inside[0])
        boxes[key], numbers[key] = group, inside
        card.update(dict.fromkeys(inside, key))
    links: dict[tuple[int, int], list[Link]] = {}
    for node in nodes:
        head = card[node.number]
        for position, used in enumerate(node.inputs):
            tail = card.get(used, head)
            if tail != head and (tail in boxes or head in boxes):
                links.setdefault((tail, head), []).append((used, node.number, position))
    return Folds(boxes, numbers, known, links, _clusters(root, opened, card), len(set(card.values())))


def modules_of(nodes: Sequence[GraphNode], aliases: dict[int, int], users: dict[int, int]) -> tuple[Cluster, ...]:
    """The modules that results drawn one by one ran in; aliases stand where their users (by alias) do."""
    root = nested(nodes)
    opened = {group for group in root.all() if group.kind == "module" and len(group.results()) > 1}
    card = {node.number: node.number for node in nodes}
    beside: dict[int, list[int]] = {}
    for alias in aliases:
        beside.setdefault(users[alias], []).append(alias)
    return _clusters(root, opened, card, beside)


def told(folds: Folds) -> tuple[str, str]:
    """What was folded: `416 of 419 results in 11 boxes`, and the largest of them."""
    sizes = sorted(((len(numbers), key) for key, numbers in folds.numbers.items()), reverse=True)
    largest = [f"{title_of(folds.boxes[key], 18)} ({size:,})" for size, key in sizes[:3]]
    boxes = f"{len(sizes):,} {'box' if len(sizes) == 1 else 'boxes'}"
    counted = f"{sum(size for size, _ in sizes):,} of {fmt.count(len(folds.nodes), 'result')} in {boxes}"
    return counted, ", ".join([*largest, "…"] if len(sizes) > 3 else largest)


# Which groups are opened


def _opened(root: Group, asked: Fold) -> set[Group]:
    """The groups whose children are shown: those asked for, and as many more, the outer first, as stay legible."""
    opened = {root}
    for name in asked.expand:
        found = [group for group in root.all() if name in names_of(group) or general(name) in names_of(group)]
        if not found:
            raise BadInput(_unknown(root, name))
        for group in found:
            while group is not None:
                opened.add(group)
                group = group.parent
    if asked.depth is not None:
        return opened | {group for group in root.all() if group.children and group.depth < asked.depth}
    shown, at = sum(1 for _ in _closed(root, opened)), count()
    waiting: list[tuple] = []

    def wait(groups):
        for group in groups:
            if group.children and group not in opened:
                heappush(waiting, (not _is_own(group), group.depth, len(group.children), next(at), group))

    for group in sorted(opened, key=lambda group: group.depth):
        wait(group.children)
    while waiting:
        library, *_, group = heappop(waiting)
        if shown + len(group.children) - 1 <= LEGIBLE and not (library and shown > FEW):
            opened.add(group)
            shown += len(group.children) - 1
            wait(group.children)
    return opened


def _is_own(group: Group) -> bool:
    """Whether lines of the script's ran right in it, or in a module or function of its own in it."""
    waiting = list(group.children)
    while waiting:
        child = waiting.pop()
        if child.strong and child.kind in ("op", "module"):
            return True
        waiting += child.children if child.kind in ("loop", "part", "module", "function") else ()
    return False


def _closed(root: Group, opened: set[Group]) -> Iterator[Group]:
    """What is shown: closed groups, and results."""
    waiting = [root]
    while waiting:
        group = waiting.pop()
        if group in opened and group.children:
            waiting += reversed(group.children)
        else:
            yield group


def names_of(group: Group) -> set[str]:
    """What --expand may call a group."""
    names = {group.name, group.last_name, group.what, group.label, lines_of(group)}
    names |= set(group.label.split())
    if group.first == group.last:
        names.add(str(group.first))
    return (names | {general(name) for name in names}) - {"", "#"}


def _unknown(root: Group, name: str) -> str:
    groups = sorted(root.all(), key=lambda group: (not group.children, group.depth))
    known = {each: None for group in groups for each in sorted(names_of(group)) if "#" not in each}
    near = get_close_matches(name, known, _NAMED, 0.5)
    listed = near or list({name_of(group): None for group in groups if group.kind != "graph"})[:_NAMED]
    some = "near it" if near else "some there are"
    return f"--expand {fmt.safe(name)}: no group has this name; {some}: {', '.join(map(fmt.safe, listed))}"


# What groups are called


def lines_of(group: Group, file: str = "") -> str:
    """`line 14`, `lines 7–10`, or `helper.py:7–10` with the file; '' if unknown."""
    if not group.first:
        return ""
    span = str(group.first) if group.first == group.last else f"{group.first}–{group.last}"
    return f"{file}:{span}" if file else f"line{'' if group.first == group.last else 's'} {span}"


def name_of(group: Group) -> str:
    """What people call a group, without how often it ran."""
    if group.kind in ("loop", "part"):
        return lines_of(group) or "results"
    if group.kind == "op":
        return group.what
    if group.kind == "module":
        first, last = _qualified(group, group.name), group.last_name
        number = re.search(r"\d+$", last)
        return first if last == group.name else f"{first} … {number[0] if number else last}"
    if group.last_name == group.name:
        return group.name
    alike = general(group.name) == general(group.last_name)
    return general(group.name).replace("#", "*") if alike else group.last_name.rpartition(".")[2]


def _qualified(group: Group, name: str) -> str:
    """`layers.0`: the number of a part of a Sequential says little alone."""
    outer = group.parent
    while outer is not None and outer.kind in ("loop", "part"):
        outer = outer.parent
    return f"{outer.name}.{name}" if name.isdigit() and outer is not None and outer.kind == "module" else name


def title_of(group: Group, room: int = 34) -> str:
    """`layers.0 … 11 ×12`."""
    times = len(group.numbers) if group.kind in ("op", "leaf") else group.times
    times = 1 if group.kind == "loop" and not group.strong else times
    return fmt.clip(fmt.safe(name_of(group)), room) + (f" ×{times:,}" if times > 1 else "")


# Clusters


def _clusters(
    root: Group, opened: Iterable[Group], card: dict[int, int], beside: dict[int, list[int]] | None = None
) -> tuple[Cluster, ...]:
    """The opened groups around cards, the outer first; beside: more cards that stand where a card does."""
    opened = set(opened) - {root}
    inner: dict[int, Group] = {}  # card -> the innermost opened group around it
    for group in root.all():
        around = group
        while around is not None and (around not in opened or not around.children):
            around = around.parent
        for number in group.numbers if around else ():
            inner[card[number]] = around
    for number, more in (beside or {}).items():
        inner |= dict.fromkeys(more, inner[number]) if number in inner else {}
    members: dict[Group, list[int]] = {}
    for number, group in inner.items():
        members.setdefault(group, []).append(number)
    found: list[Cluster] = []
    place: dict[Group, int] = {}
    for group in root.all():
        if group not in opened or not group.children:
            continue
        outer = group.parent
        while outer is not None and outer not in place:
            outer = outer.parent
        place[group] = len(found)
        what = group.what if group.what not in (group.name, "") else ""
        lines = lines_of(group) if group.kind not in ("loop", "part") else ""
        beside_title = " · ".join(filter(None, (fmt.safe(what), lines)))
        cards = tuple(sorted(members.get(group, ())))
        found.append(Cluster(title_of(group), beside_title, place.get(outer, -1), cards))
    return tuple(found)
