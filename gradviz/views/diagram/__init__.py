"""Pictures: the filmstrip of a graph (after forward, during backward, after it), and what two graphs differ in."""

import re
from functools import partial
from xml.etree import ElementTree

from gradviz.errors import BadInput
from gradviz.trace.graph import Graph
from gradviz.trace.memory import Lives
from gradviz.trace.trace import Trace
from gradviz.views.comparison import Comparison
from gradviz.views.diagram.cards import Strip, card_size, cluster_size, label_size
from gradviz.views.diagram.difference import difference
from gradviz.views.diagram.drawing import draw
from gradviz.views.diagram.groups import Fold
from gradviz.views.diagram.layout import Around, arrange, graphviz
from gradviz.views.diagram.moment import known_moment, moment, step_of
from gradviz.views.diagram.panels import strip
from gradviz.views.diagram.scene import UNFOLDED
from gradviz.views.theme import THEMES, painted_dot, style_sheet

MOST = 5000  # results; Graphviz takes minutes and gigabytes above that
FORMATS = ("svg", "png", "pdf", "dot")
DIRECTIONS = ("TB", "LR", "BT", "RL")

_SVG = "http://www.w3.org/2000/svg"
_TITLE = "{http://www.w3.org/1999/xlink}title"


def dot_text(trace: Trace, graph: Graph, lives: Lives, **options) -> str:
    """The picture's text alone: `drawn` says what the options are, and what is raised."""
    return drawn(trace, graph, lives, **options)[0]


def drawn(
    trace: Trace,
    graph: Graph,
    lives: Lives,
    *,
    when: str = "all",
    direction: str = "TB",
    nodes: int | None = 150,
    of: int = 1,
    timeout: float = 60.0,
    saved: bool = False,
    norms: bool = False,
    fold: Fold = UNFOLDED,
) -> tuple[str, tuple[str, str]]:
    """The picture as DOT text in which everything has its place; and what was folded, as groups.told says it.

    The same trace gives the same text. What was folded is '' where nothing was.

    when: all, or one of forward, backward and freed; or step=N or line=N: the moment after an event.
    nodes: draw at most so many, those nearest to the root, without an optimizer's or a Function's own work (None:
    everything); a folded graph has boxes for all of them instead. of: how many graphs the trace has.
    saved: saved tensors as cards of their own. norms: gradients' norms on the arrows, in place of their values.
    Raises BadInput: an empty graph, a moment that there is not, an unknown direction, a name to expand that nothing
    has, no Graphviz, or the time limit passed.
    """
    known_moment(when)
    _known("direction", direction, DIRECTIONS)
    if not graph.nodes:
        raise BadInput("nothing to draw: the script ran no tensor op that gradviz saw")
    if fold.how == "none":
        _small_enough(len(graph.nodes), nodes)
    most = None if nodes is None else max(nodes, 1)
    at = step_of(trace, graph, when)
    alone = None if at is None else partial(moment, at=at)
    picture = strip(trace, graph, lives, when, direction, most, of, alone, saved, norms, fold)
    cards = len(picture.panels[0].cards)
    if cards > MOST:
        raise BadInput(f"a picture of {cards:,} boxes can't be laid out or read: fold more (--depth 2, fewer --expand)")
    return _placed(picture, timeout), picture.told


def difference_text(found: Comparison, *, direction: str = "TB", nodes: int | None = 150, timeout: float = 60.0) -> str:
    """The picture of what two graphs don't have in common, as dot_text gives it; raises BadInput as it does.

    nodes: draw at most so many, what differs and what is next to it first (None: everything).
    """
    _known("direction", direction, DIRECTIONS)
    if not found.entries:
        raise BadInput("nothing to draw: neither graph has a node")
    _small_enough(len(found.entries), nodes)
    return _placed(difference(found, direction, None if nodes is None else max(nodes, 1)), timeout)


def _small_enough(count: int, nodes: int | None) -> None:
    if min(count, count if nodes is None else nodes) > MOST:
        raise BadInput(
            f"a picture of {count:,} results can't be laid out or read: draw at most {MOST:,} of them with --nodes N"
        )


def _placed(picture: Strip, timeout: float) -> str:
    """DOT text with the place of everything in it."""
    sizes: dict[int, tuple[float, float]] = {}
    for panel in picture.panels:
        for number, card in panel.cards.items():
            width, height = card_size(card)
            most = sizes.get(number, (0.0, 0.0))
            sizes[number] = (max(width, most[0]), max(height, most[1]))
    arrows = []
    for same in zip(*(panel.arrows for panel in picture.panels), strict=True):
        width, height = (max(side) for side in zip(*(label_size(arrow.label) for arrow in same), strict=True))
        arrows.append((same[0].tail, same[0].head, width, height))
    clusters = [Around(*cluster_size(each), each.outer, each.cards) for each in picture.clusters]
    return draw(picture, arrange(sizes, arrows, picture.direction, timeout, clusters, picture.back, picture.aside))


def render(dot: str, form: str, timeout: float = 60.0, theme: str = "light") -> bytes:
    """The file's bytes: svg, png, pdf, or dot (the text itself), in a theme. Raises BadInput as dot_text does."""
    _known("format", form, FORMATS)
    _known("theme", theme, THEMES)
    dot = painted_dot(dot, theme)
    if form == "dot":
        return dot.encode()
    drawn = graphviz(dot, "nop2", form, timeout)
    return _finished(drawn, style_sheet(theme)) if form == "svg" else drawn


def _known(what: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise BadInput(f"unknown {what} {given!r}: choose one of {', '.join(known)}")


def _finished(svg: bytes, style: str) -> bytes:
    """The SVG with a style sheet; groups, which Graphviz titles with node ids, get the source line for browsers."""
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(svg)
    for group in list(root.iter(f"{{{_SVG}}}g")):
        if group.get("class") not in ("node", "edge", "graph"):
            continue
        title = group.find(f"{{{_SVG}}}title")
        anchor = group.find(f"{{{_SVG}}}g/{{{_SVG}}}a")
        text = "gradviz" if group.get("class") == "graph" else anchor.get(_TITLE, "") if anchor is not None else ""
        if title is not None and text.strip():
            title.text = text
        elif title is not None:
            group.remove(title)
        if anchor is not None:
            wrapper = group.find(f"{{{_SVG}}}g")
            group.remove(wrapper)
            group.extend(anchor)
    root.set("role", "img")
    if style:
        sheet = ElementTree.Element(f"{{{_SVG}}}style")
        sheet.text = style
        root.insert(0, sheet)
    text = ElementTree.tostring(root, encoding="unicode")
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + re.sub(r"\n\s*\n+", "\n", text) + "\n").encode()
