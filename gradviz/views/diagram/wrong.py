"""The mark on a card whose node handed on a gradient that central differences deny: `gradviz trace --verify`."""

from gradviz.trace.events import Kind
from gradviz.trace.verified import Verified
from gradviz.views import format as fmt
from gradviz.views import verification
from gradviz.views.diagram.cards import Card, Item, Line, Panel
from gradviz.views.diagram.scene import Scene
from gradviz.views.format import COLOURS

WRONG = Item("wrong", f"{verification.MARK} gradient that central differences deny")
TOLD = 3  # gradients told of where the pointer rests on a card


def with_wrong(scene: Scene, panels: list[Panel]) -> list[Panel]:
    """The panels with the marks of the gradients that were handed on by then."""
    wrong = verification.differing(verification.of_rows(scene.trace, scene.graph))
    if not wrong:
        return panels
    rows = scene.trace.rows
    ran = {(int(rows["node"][step]), int(rows["a"][step])): step for step in scene.trace.of(Kind.STEP).tolist()}
    boxes = scene.folds.numbers.items() if scene.folds else ()
    within = {number: key for key, numbers in boxes for number in numbers}
    return [_marked(panel, wrong, ran, within) for panel in panels]


def _marked(panel: Panel, wrong: dict[int, list[Verified]], ran: dict[tuple, int], within: dict[int, int]) -> Panel:
    of_card: dict[int, list[Verified]] = {}
    for number, found in wrong.items():
        key = within.get(number, number)
        there = [each for each in found if ran.get((each.node, each.backward), 0) <= panel.until]
        if there and key in panel.cards and panel.cards[key].look != "later":
            of_card.setdefault(key, []).extend(there)
    return panel._replace(cards=panel.cards | {key: _card(panel.cards[key], found) for key, found in of_card.items()})


def _card(card: Card, found: list[Verified]) -> Card:
    told = [verification.difference(each) for each in found]
    text = fmt.count(len(found), "wrong gradient") if len(found) > 1 else verification.short(found[0])
    line = Line(f"{verification.MARK} {text}", 10.0, COLOURS["wrong"], True, pill=COLOURS["wrong pill"])
    more = [f"{len(told) - TOLD} more"] if len(told) > TOLD else []
    tooltip = "; ".join([*([card.tooltip] if card.tooltip else []), *told[:TOLD], *more])
    return card._replace(lines=(*card.lines, line), tooltip=tooltip)
