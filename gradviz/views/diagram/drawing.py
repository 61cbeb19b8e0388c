"""A strip of panels -> one DOT text in which everything has its place.

Each panel is the same layout, moved along; only looks and texts differ. Node ids are running numbers:
n2_7 is card 7 in panel 2, s2_7 its step badge.
"""

from typing import NamedTuple

from gradviz.views.diagram.cards import (
    GAP,
    INDENT,
    LABEL_SIZE,
    MARGIN,
    Arrow,
    Cluster,
    Item,
    Line,
    Panel,
    Strip,
    cluster_lines,
    cluster_size,
    line_height,
    text_width,
)
from gradviz.views.diagram.layout import Layout, Path, Point
from gradviz.views.format import COLOURS

FONT = "Helvetica,Arial,sans-serif"
PAD = 24.0  # inside a panel
APART = 16.0  # between panels
EDGE = 16.0  # around everything
HEADING = 32.0
LEGEND_ROW = 24.0
SAMPLE = (30.0, 15.0)


class Look(NamedTuple):
    """How an outline or an arrow is drawn."""

    style: str
    fill: str
    line: str
    width: float
    outlines: int = 1


LOOKS = {
    "leaf": Look("rounded,filled", COLOURS["leaf fill"], COLOURS["leaf"], 1.4),
    "constant": Look("rounded,filled", COLOURS["constant fill"], COLOURS["faint"], 1.0),
    "live": Look("filled", COLOURS["live fill"], COLOURS["live"], 1.4),
    "flow": Look("filled", COLOURS["flow fill"], COLOURS["flow"], 1.4),
    "untouched": Look("filled", COLOURS["constant fill"], COLOURS["live"], 1.4),
    "held": Look("filled,dashed", COLOURS["paper"], COLOURS["live"], 1.4),
    "gone": Look("filled,dotted", COLOURS["panel"], COLOURS["faint"], 1.4),
    "no graph": Look("filled", COLOURS["constant fill"], COLOURS["faint"], 1.0),
    "alias": Look("rounded,filled", COLOURS["paper"], COLOURS["leaf"], 0.7),
    "again": Look("rounded,filled", COLOURS["paper"], COLOURS["faint"], 0.7),
    "more": Look("rounded,filled,dashed", COLOURS["paper"], COLOURS["faint"], 1.0),
    "added": Look("filled,bold", COLOURS["live fill"], COLOURS["live"], 2.8),
    "removed": Look("filled,dashed", COLOURS["paper"], COLOURS["faded"], 1.4),
    "changed": Look("filled,diagonals", COLOURS["flow fill"], COLOURS["flow"], 1.4),
    "alike": Look("filled", COLOURS["constant fill"], COLOURS["faint"], 1.0),
    "kept": Look("rounded,filled", COLOURS["live pill"], COLOURS["live"], 1.0),
    "kept too": Look("rounded,filled,dashed", COLOURS["leaf fill"], COLOURS["leaf"], 1.0),
    "let go": Look("rounded,filled,dotted", COLOURS["panel"], COLOURS["faint"], 1.2),
    "folded": Look("filled", COLOURS["paper"], COLOURS["dim"], 1.0, 2),
    "cluster": Look("rounded,filled", COLOURS["paper"], COLOURS["faint"], 0.8),
    "panel": Look("rounded,filled", COLOURS["panel"], COLOURS["rule"], 1.0),
    "saved": Look("rounded,filled", COLOURS["live pill"], COLOURS["live pill"], 1.0),
    "wrong": Look("rounded,filled", COLOURS["wrong pill"], COLOURS["wrong"], 1.0),
    "badge": Look("filled", COLOURS["flow"], COLOURS["paper"], 1.5),
}
ARROWS = {
    "data": Look("solid", "", COLOURS["dim"], 1.2),
    "quiet": Look("solid", "", COLOURS["faint"], 0.9),
    "cut": Look("dashed", "", COLOURS["faint"], 1.0),
    "added": Look("bold", "", COLOURS["live"], 2.4),
    "removed": Look("dashed", "", COLOURS["faded"], 1.2),
    "gradient": Look("solid", "", COLOURS["flow"], 1.7),
    "kept": Look("dashed", "", COLOURS["live"], 1.0),
    "let go": Look("dotted", "", COLOURS["faint"], 1.0),
}


def draw(strip: Strip, layout: Layout) -> str:
    """The final DOT: positions in points, drawn by `neato -n2` or the nop2 engine of the libraries."""
    headers = [_header(panel) for panel in strip.panels]
    header = max(sum(line_height(line) + GAP for line in lines) for lines in headers) + 12
    widest = max(text_width(line.text, line.size, line.bold) for lines in headers for line in lines)
    wide = round(max(layout.width, widest) + 2 * PAD)
    tall = round(layout.height + header + 2 * PAD)
    stacked = strip.direction in ("LR", "RL")
    across, down = (1, len(strip.panels)) if stacked else (len(strip.panels), 1)
    heading = text_width(strip.heading, 13, bold=True) + 4 * INDENT - (across - 1) * APART
    wide = max(wide, round(heading / across))
    width = across * wide + (across - 1) * APART + 2 * EDGE
    legend = _rows_of_legend(strip.legend, width - 2 * EDGE)
    bottom = EDGE + HEADING + down * tall + (down - 1) * APART
    sheet = _Sheet(width, bottom + EDGE + LEGEND_ROW * len(legend) + (6 if legend else 0))
    corners = [
        (
            EDGE + (0 if stacked else position * (wide + APART)),
            EDGE + HEADING + (position * (tall + APART) if stacked else 0),
        )
        for position in range(len(strip.panels))
    ]
    # an unseen sheet keeps the margins; frames come next, since later items are drawn over earlier ones
    sheet.node("sheet", (width / 2, sheet.height / 2), (width, sheet.height), "style=invis")
    for position, (left, top) in enumerate(corners, 1):
        sheet.box(f"panel{position}", (left, top), (wide, tall), "panel")
    sheet.lines("heading", (EDGE, EDGE), width - 2 * EDGE, (Line(strip.heading, 13.0, COLOURS["ink"], True),))
    for position, (panel, (left, top), lines) in enumerate(
        zip(strip.panels, corners, headers, strict=True), 1
    ):
        sheet.lines(f"title{position}", (left + PAD - 8, top + PAD - 10), wide - 2 * PAD + 16, lines)
        # the graph's lower left corner, y upwards as Graphviz counts
        origin = (left + (wide - layout.width) / 2, sheet.height - (top + PAD + header + layout.height))
        sheet.clusters(position, panel, strip.clusters, layout, origin)
        sheet.panel(position, panel, layout, origin)
    _draw_legend(sheet, legend, bottom + 10)
    return sheet.text()


def _header(panel: Panel) -> tuple[Line, ...]:
    caption = (Line(text, 10.5, COLOURS["dim"]) for text in panel.caption)
    return (Line(panel.title, 15.0, COLOURS["ink"], True), *caption)


def _item_width(item: Item) -> float:
    return SAMPLE[0] + 8 + text_width(item.text, 10) + 22


def _rows_of_legend(items: tuple[Item, ...], room: float) -> list[list[Item]]:
    rows, used = [], room + 1
    for item in items:
        if used + _item_width(item) > room:
            rows.append([])
            used = 0.0
        rows[-1].append(item)
        used += _item_width(item)
    return rows


def _draw_legend(sheet: "_Sheet", rows: list[list[Item]], top: float) -> None:
    number = 0
    for position, row in enumerate(rows):
        x, y = EDGE, top + position * LEGEND_ROW
        for item in row:
            number += 1
            if item.look == "badge":
                sheet.badge(f"key{number}", "1", (x + SAMPLE[0] / 2, sheet.height - y - SAMPLE[1] / 2))
            else:
                sheet.box(f"key{number}", (x, y), SAMPLE, item.look)
            room = _item_width(item) - SAMPLE[0]
            sheet.lines(
                f"means{number}", (x + SAMPLE[0] + 4, y - 2), room, (Line(item.text, 10.0, COLOURS["dim"]),)
            )
            x += _item_width(item)


class _Sheet:
    """Collects DOT statements; boxes and lines are placed from the top left, cards as Graphviz counts."""

    def __init__(self, width: float, height: float):
        self.width, self.height, self.statements = width, height, []

    def text(self) -> str:
        font = _quoted(FONT)
        head = (
            "digraph gradviz {",
            f'graph [bb="0,0,{_round(self.width)},{_round(self.height)}", bgcolor="{COLOURS["paper"]}",'
            f" outputorder=nodesfirst, pad=0, fontname={font}]",
            f'node [shape=box, fixedsize=true, margin=0, fontname={font}, label=""]',
            f"edge [arrowsize=0.7, fontname={font}, fontsize={LABEL_SIZE:g}]",
        )
        return "\n".join((*head, *self.statements, "}")) + "\n"

    def node(self, name: str, centre: Point, size: Point, more: str) -> None:
        """Any node: its place and its size in points."""
        self.statements.append(
            f'{name} [pos="{_round(centre[0])},{_round(centre[1])}", width={_inches(size[0])},'
            f" height={_inches(size[1])}, {more}]"
        )

    def box(self, name: str, corner: Point, size: Point, look: str) -> None:
        centre = (corner[0] + size[0] / 2, self.height - corner[1] - size[1] / 2)
        self.node(name, centre, size, _outline(LOOKS[look]))

    def lines(self, name: str, corner: Point, width: float, lines: tuple[Line, ...]) -> None:
        height = sum(line_height(line) + GAP for line in lines) + GAP
        centre = (corner[0] + width / 2, self.height - corner[1] - height / 2)
        self.node(name, centre, (width, height), f"shape=none, label=<{_table(lines, width)}>")

    def badge(self, name: str, text: str, centre: Point) -> None:
        look = LOOKS["badge"]
        width = max(19.0, text_width(text, 10, bold=True) + 8)
        centre = (centre[0] - (width - 19.0) / 2, centre[1])  # a wide one grows away from the card's title
        text = f'fontcolor="{look.line}", fontsize=10, fontname="Helvetica-Bold", label={_quoted(text)}'
        self.node(name, centre, (width, 19.0), f"shape=ellipse, {_outline(look)}, {text}")

    def clusters(self, number: int, panel: Panel, clusters: tuple[Cluster, ...], layout: Layout, origin: Point) -> None:
        """The boxes around cards, the outer first, with their labels; none whose cards are all still to come."""
        there = {key for key, card in panel.cards.items() if card.look != "later"}
        drawn = {place for place, cluster in enumerate(clusters) if not there.isdisjoint(cluster.cards)}
        for place in sorted(drawn, reverse=True):
            drawn.add(clusters[place].outer)
        for place, (cluster, around) in enumerate(zip(clusters, layout.clusters, strict=True)):
            if place not in drawn or around is None:
                continue
            left, bottom, right, top = around
            corner = (origin[0] + left, self.height - origin[1] - top)
            self.box(f"c{number}_{place}", corner, (right - left, top - bottom), "cluster")
            corner = (corner[0] + 5, corner[1] + 2)
            self.lines(f"l{number}_{place}", corner, cluster_size(cluster)[0], cluster_lines(cluster))

    def panel(self, number: int, panel: Panel, layout: Layout, origin: Point) -> None:
        """Cards, then arrows, then badges, with the layout's lower left corner at `origin`."""
        badges = []
        for key, card in panel.cards.items():
            if card.look == "later":
                continue
            (x, y), (width, height) = layout.centres[key], layout.sizes[key]
            x, y = x + origin[0], y + origin[1]
            label = f"label=<{_table(card.lines, width - 2 * MARGIN, card.corner)}>"
            outline = _outline(LOOKS[card.look]._replace(outlines=1 + card.several))
            more = f"{outline}, tooltip={_tooltip(card.tooltip or ' ')}, {label}"
            self.node(f"n{number}_{key}", (x, y), (width, height), more)
            if card.badge:
                badges.append((f"s{number}_{key}", card.badge, (x - width / 2 + 2, y + height / 2 - 2)))
        for arrow, path in zip(panel.arrows, layout.paths, strict=True):
            if arrow.look == "later":
                continue
            self.arrow(number, arrow, path, origin)
        for badge in badges:
            self.badge(*badge)

    def arrow(self, number: int, arrow: Arrow, path: Path, origin: Point) -> None:
        look, backwards = ARROWS[arrow.look], arrow.look == "gradient"
        # the layout leaves room for a head at both ends: the end without one is drawn on to its tip
        if backwards:
            tip, points = path.tail_tip, (*path.points, *_straight(path.points[-1], path.head_tip))
        else:
            tip, points = (
                path.head_tip,
                (path.tail_tip, *_straight(path.tail_tip, path.points[0]), *path.points[1:]),
            )
        way = " ".join(f"{_round(x + origin[0])},{_round(y + origin[1])}" for x, y in (tip, *points))
        more = f", tooltip={_tooltip(arrow.tooltip)}" if arrow.tooltip else ""
        if arrow.label and path.label:
            place = f"{_round(path.label[0] + origin[0])},{_round(path.label[1] + origin[1])}"
            ink = COLOURS["dim"] if look.line == COLOURS["faint"] else look.line
            more += f', label={_quoted(arrow.label)}, lp="{place}", fontcolor="{ink}"'
        self.statements.append(
            f'n{number}_{arrow.tail} -> n{number}_{arrow.head} [pos="{"s" if backwards else "e"},{way}",'
            f' dir={"back" if backwards else "forward"}, style={look.style}, color="{look.line}",'
            f" penwidth={look.width:g}{more}]"
        )


def _outline(look: Look) -> str:
    outlines = f", peripheries={look.outlines}" if look.outlines > 1 else ""
    return f'style="{look.style}", fillcolor="{look.fill}", color="{look.line}", penwidth={look.width:g}{outlines}'


def _straight(start: Point, end: Point) -> tuple[Point, Point, Point]:
    """The rest of a Bézier piece that is a straight line."""
    (x, y), (to_x, to_y) = start, end
    return tuple((x + (to_x - x) * part / 3, y + (to_y - y) * part / 3) for part in (1, 2, 3))


def _table(lines: tuple[Line, ...], width: float, corner: str = "") -> str:
    """Lines as cells of fixed size, so that a font wider or narrower than expected moves nothing."""
    rows = []
    beside = round(text_width(corner, 9) + 8) if corner else 0
    for position, line in enumerate(lines):
        height = round(line_height(line))
        text = f'<FONT POINT-SIZE="{line.size:g}" COLOR="{line.ink}">{_marked(line)}</FONT>'
        text = _bar(line.bar, width - 2 * INDENT) if line.bar else text
        pill = f' BGCOLOR="{line.pill}" STYLE="ROUNDED"' if line.pill else ""
        if corner and position == 0:
            rows.append(
                f"<TR>{_cell(text, width - beside, height, pill)}"
                + _cell(
                    f'<FONT POINT-SIZE="9" COLOR="{COLOURS["dim"]}">{_markup(corner)}</FONT>',
                    beside,
                    height,
                    "",
                    "RIGHT",
                )
                + "</TR>"
            )
        else:
            span = ' COLSPAN="2"' if corner else ""
            rows.append(f"<TR>{_cell(text, width, height, span + pill)}</TR>")
    inside = "".join(rows)
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="{GAP:g}" CELLPADDING="{INDENT:g}">{inside}</TABLE>'


def _bar(shares: tuple[tuple[float, str], ...], width: float) -> str:
    """Colours side by side, each as wide as its share."""
    cells = "".join(
        f'<TD FIXEDSIZE="TRUE" WIDTH="{max(width * share, 1):.0f}" HEIGHT="5" BGCOLOR="{colour}"></TD>'
        for share, colour in shares
    )
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"><TR>{cells}</TR></TABLE>'


def _cell(text: str, width: float, height: float, more: str, align: str = "LEFT") -> str:
    fixed = f'FIXEDSIZE="TRUE" WIDTH="{width:.0f}" HEIGHT="{height:.0f}"'
    return f'<TD ALIGN="{align}" {fixed}{more}>{text}</TD>'


def _marked(line: Line) -> str:
    text = _markup(line.text) or " "
    if line.bold:
        text = f"<B>{text}</B>"
    return f"<S>{text}</S>" if line.struck else text


def _markup(text: str) -> str:
    """Text for an HTML-like label; what it may hold beyond these is removed by format.safe."""
    for character, entity in (("\\", "\\\\"), ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text


def _quoted(text: str) -> str:
    """Text for a plain DOT string, where Graphviz would read escapes such as \\N and entities such as &lt;."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") + '"'


def _tooltip(text: str) -> str:
    """As _quoted, for what Graphviz reads twice."""
    return _quoted(text.replace("\\", "\\\\"))


def _inches(points: float) -> str:
    return f"{points / 72:.3f}"


def _round(points: float) -> str:
    text = f"{points:.1f}"
    return text[:-2] if text.endswith(".0") else text
