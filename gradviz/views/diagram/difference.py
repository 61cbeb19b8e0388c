"""Two graphs in one picture: what is in both, and what only one has, told apart by outline, mark and words."""

from gradviz.views import format as fmt
from gradviz.views.comparison import ADDED, ALIKE, CHANGED, MARKS, REMOVED, Comparison, Entry
from gradviz.views.diagram.aliases import with_aliases
from gradviz.views.diagram.cards import Arrow, Card, Item, Line, Panel, Strip
from gradviz.views.format import COLOURS

ROOM = 44  # characters of what changed, on a card
INKS = {ADDED: "live", REMOVED: "faded", CHANGED: "flow", ALIKE: "dim"}
ONLY = {ADDED: "added", REMOVED: "removed"}


def difference(found: Comparison, direction: str, most: int | None) -> Strip:
    """One panel with the nodes of both graphs; at most so many: what differs and what is next to it first."""
    links = _links(found)
    shown = _shown(found, list(links), most)
    drawn = {ends: look for ends, look in links.items() if ends[0] in shown and ends[1] in shown}
    led, aliases = with_aliases(sorted(shown), list(drawn))
    cards = {at: _card(found.entries[at - 1]) for at in sorted(shown)}
    for alias, at in aliases.items():
        entry = found.entries[at - 1]
        cards[alias] = Card("again", (Line(fmt.clip(entry.called, 20), 11.0, bold=True),), _numbers(entry))
    arrows = tuple(
        Arrow(tail, head, look, *_said(look)) for (tail, head, _), look in zip(led, drawn.values(), strict=True)
    )
    counts = [f"{MARKS[what]} {found.count(what):,} {what}" for what in (ADDED, REMOVED, CHANGED)]
    caption = [", ".join([*counts, f"{found.count(ALIKE):,} alike"])]
    if hidden := len(found.entries) - len(shown):
        caption.append(f"… {fmt.count(hidden, 'more node')} not drawn (--nodes all)")
    panel = Panel("What differs", tuple(caption), cards, arrows)
    heading = f"{fmt.safe(found.left.label)}   →   {fmt.safe(found.right.label)}"
    return Strip(heading, (panel,), _legend(cards), direction)


def _links(found: Comparison) -> dict[tuple[int, int, int], str]:
    """{(input, user, position): whose edge it is}; entries are counted from 1."""
    sides = []
    for which in ("left_inputs", "right_inputs"):
        sides.append({
            (used + 1, at, position): None
            for at, entry in enumerate(found.entries, 1)
            for position, used in enumerate(getattr(entry, which))
            if used >= 0
        })  # fmt: skip
    left, right = sides
    return {
        ends: "data" if ends in left and ends in right else ADDED if ends in right else REMOVED
        for ends in left | right
    }


def _shown(found: Comparison, links: list[tuple[int, int, int]], most: int | None) -> set[int]:
    """What differs, then what is next to that, and so on, until it is so many."""
    if most is None or len(found.entries) <= most:
        return set(range(1, len(found.entries) + 1))
    near: dict[int, list[int]] = {}
    for tail, head, _ in links:
        near.setdefault(head, []).append(tail)
        near.setdefault(tail, []).append(head)
    queue = sorted(range(1, len(found.entries) + 1), key=lambda at: found.entries[at - 1].what == ALIKE)
    differing = len(found.entries) - found.count(ALIKE)
    alike, queue = queue[differing:], queue[:differing]
    shown: set[int] = set()
    for numbers in (queue, alike):
        for at in numbers:  # grows while it is walked
            if len(shown) == most:
                return shown
            if at not in shown:
                shown.add(at)
                numbers += [other for other in near.get(at, ()) if other not in shown]
    return shown


def _card(entry: Entry) -> Card:
    row, ink, struck = entry.row, COLOURS[INKS[entry.what]], entry.what == REMOVED
    main = COLOURS["faded"] if struck else COLOURS["ink"]
    lines = [Line(fmt.clip(row.op, 24), 13.0, main, bold=True, struck=struck)]
    lines.append(Line(fmt.clip(row.grad_fn, 28) or "no grad_fn", 10.0, COLOURS["dim"], struck=struck))
    lines.append(Line(f"{fmt.clip(entry.called, 24)}  {fmt.shape(row.meta.shape)}", 10.0, main, struck=struck))
    lines.append(Line(f"{MARKS[entry.what]} {entry.what}", 10.0, ink, bold=True))
    for change in entry.changes:
        text = f"{change.what}: {change.before} → {change.after}"
        lines.append(Line(fmt.clip(text, ROOM), 10.0, ink, pill=COLOURS["flow pill"]))
    badge = "" if entry.what == ALIKE else MARKS[entry.what]
    return Card(entry.what, tuple(lines), _numbers(entry), badge, f"line {row.line}" if row.line else "")


def _numbers(entry: Entry) -> str:
    return " → ".join(f"#{row.number}" for row in (entry.left, entry.right) if row)


def _said(look: str) -> tuple[str, str]:
    """An arrow's label and its tooltip: only what one graph has is labelled."""
    return (MARKS[look], f"{ONLY[look]} edge") if look in ONLY else ("", "")


def _legend(cards: dict[int, Card]) -> tuple[Item, ...]:
    looks = {card.look for card in cards.values()}
    items = [
        Item(ADDED, "+ only in the second graph"),
        Item(REMOVED, "− only in the first"),
        Item(CHANGED, "~ in both, changed"),
        Item(ALIKE, "in both, alike"),
        Item("again", "the same once more"),
    ]
    return tuple(item for item in items if item.look in looks)
