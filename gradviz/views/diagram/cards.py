"""What a picture is made of, and how much room its text needs.

A panel holds cards (one a node of the graph) and arrows between them. Sizes are worked out from a
table of character widths instead of from the fonts of this machine, so that the same trace gives the
same DOT text everywhere. The table is generous: Helvetica's widths and a fifth more.
"""

import unicodedata
from typing import NamedTuple

from gradviz.views.format import COLOURS

SLACK = 1.2
_WIDTHS = {
    0.24: "ijl'|",
    0.30: " ,.:;!ftrI()[]{}/\\`-·",
    0.40: '"*^',
    0.52: "ksvxyzcJ_?",
    0.72: "ABEKPSXYVZCDHNRUwTFL&",
    0.80: "mMGOQ",
    0.96: "W@%…→←",
}
_WIDTH_OF = {character: width for width, characters in _WIDTHS.items() for character in characters}


class Line(NamedTuple):
    """One line of text on a card; `pill` is the colour behind it. bar: (share, colour) side by side instead of text."""

    text: str
    size: float = 10.0
    ink: str = COLOURS["ink"]
    bold: bool = False
    struck: bool = False
    pill: str = ""
    bar: tuple[tuple[float, str], ...] = ()


class Card(NamedTuple):
    """One node in one panel: its look (see drawing.LOOKS; "later": not drawn), lines, corner text and step badge.

    several: it stands for more than one, and has a second outline
    """

    look: str
    lines: tuple[Line, ...]
    corner: str = ""
    badge: str = ""
    tooltip: str = ""
    several: bool = False


LATER = Card("later", ())  # its place is kept, nothing is drawn: it was not made yet


class Arrow(NamedTuple):
    """One edge in one panel, in data-flow direction; its look says which end carries the head ("later": not drawn)."""

    tail: int
    head: int
    look: str
    label: str = ""
    tooltip: str = ""


class Panel(NamedTuple):
    """One moment, that after the step `at`: the same cards and arrows as in every other panel, in the same order.

    until: the step up to which what backward did is told
    """

    title: str
    caption: tuple[str, ...]
    cards: dict[int, Card]
    arrows: tuple[Arrow, ...]
    at: int = -1
    until: int = -1


class Item(NamedTuple):
    """One entry of the legend: a sample and what it means."""

    look: str
    text: str


class Cluster(NamedTuple):
    """A labelled box around cards, in every panel; outer: the place of the one around it, -1 for none."""

    title: str
    beside: str
    outer: int
    cards: tuple[int, ...]


class Strip(NamedTuple):
    """A whole picture; aside: the cards that hang beside the flow of data.

    told: how much was folded, and the largest of it; back: (tail, head) of the arrows that lead back up
    """

    heading: str
    panels: tuple[Panel, ...]
    legend: tuple[Item, ...]
    direction: str
    aside: frozenset[int] = frozenset()
    clusters: tuple[Cluster, ...] = ()
    told: tuple[str, str] = ("", "")
    back: frozenset[tuple[int, int]] = frozenset()


MARGIN = 5.0  # between the outline of a card and its lines, left and right
INDENT = 3.0  # between the edge of a pill and its text; lines without a pill keep it, so that texts align
GAP = 1.0  # between the lines of a card
LABEL_SIZE = 10.0


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Points that the text may take in whatever sans-serif font the viewer has."""
    ems = sum(map(_character_width, text))
    return ems * size * SLACK * (1.06 if bold else 1.0)


def _character_width(character: str) -> float:
    if character.isascii() or character in "…·→←":
        return _WIDTH_OF.get(character, 0.56)
    if unicodedata.combining(character):
        return 0.0
    return 1.05 if unicodedata.east_asian_width(character) in "WF" else 0.72


def line_height(line: Line) -> float:
    """Points from one line to the next."""
    return round(line.size * 1.2 + 2 * INDENT)


def card_size(card: Card) -> tuple[float, float]:
    """Width and height in points, the margins within the outline included."""
    corner = text_width(card.corner, 9) + 8 if card.corner else 0.0
    width = 0.0
    for position, line in enumerate(card.lines):
        width = max(width, text_width(line.text, line.size, line.bold) + (corner if position == 0 else 0))
    height = sum(line_height(line) + GAP for line in card.lines) + GAP
    return float(round(width + 2 * (MARGIN + INDENT) + 4)), float(round(height + 6))


def cluster_lines(cluster: Cluster) -> tuple[Line, ...]:
    """The label of a cluster."""
    return (Line(f"{cluster.title}   {cluster.beside}".rstrip(), 10.0, COLOURS["dim"], True),)


def cluster_size(cluster: Cluster) -> tuple[float, float]:
    """Width and height in points of a cluster's label."""
    (line,) = cluster_lines(cluster)
    return float(round(text_width(line.text, line.size, True) + 2 * INDENT)), float(line_height(line))


def label_size(text: str) -> tuple[float, float]:
    """Width and height in points of an arrow's label; nothing for no label."""
    return (float(round(text_width(text, LABEL_SIZE) + 8)), 16.0) if text else (0.0, 0.0)
