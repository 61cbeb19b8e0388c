"""The picture: stacked areas, drawn once as plain shapes, and written as SVG or as the background of a DOT text.

Each category has a colour, a pattern of lines and a name in the legend. Graphviz turns the DOT text into pixels.
"""

from typing import NamedTuple
from xml.sax.saxutils import escape

from gradviz.trace.usage import Category
from gradviz.views import format as fmt
from gradviz.views.format import COLOURS
from gradviz.views.memory.samples import PHASES, TITLES, Samples, runs
from gradviz.views.theme import painted, style_sheet

WIDTH, HEIGHT = 960, 440
LEFT, TOP, RIGHT, BOTTOM = 84, 64, 20, 108
PLOT = WIDTH - LEFT - RIGHT
COLUMNS = PLOT // 2
FONT = "Helvetica,Arial,sans-serif"
INK, DIM = COLOURS["ink"], COLOURS["dim"]


class Look(NamedTuple):
    """A category's fill, the ink of its pattern, and how far apart its upright lines are (0: none)."""

    fill: str
    ink: str
    apart: int


LOOKS = (
    Look(COLOURS["parameter area"], COLOURS["leaf"], 0),
    Look(COLOURS["gradient area"], COLOURS["flow"], 6),
    Look(COLOURS["saved area"], COLOURS["live"], 12),
    Look(COLOURS["held area"], COLOURS["faint"], 0),
    Look(COLOURS["paper"], COLOURS["dim"], 4),
)


class Shape(NamedTuple):
    """What is drawn: points joined to an area (fill) or a line (ink), or text that starts, is centred or ends there."""

    points: tuple[tuple[float, float], ...]
    fill: str = ""
    ink: str = ""
    width: float = 1.0
    text: str = ""
    size: float = 11.0
    anchor: str = "start"
    title: str = ""


def shapes(samples: Samples, title: str, theme: str = "light") -> list[Shape]:
    """All that is drawn, in order and in a theme's colours; the origin is the upper left corner."""
    found = [Shape(((LEFT, 26),), text=f"Memory of {title}", size=15, ink=INK)]
    at = f", {samples.peak_place}" if samples.peak_place else ""
    found.append(Shape(((LEFT, 46),), text=f"peak {fmt.size(samples.peak)}{at}", size=12, ink=DIM))
    found += _areas(samples)
    found += _axes(samples)
    found += _bands(samples)
    found += _legend(samples)
    return [each._replace(fill=painted(each.fill, theme), ink=painted(each.ink, theme)) for each in found]


def svg(samples: Samples, title: str, theme: str = "light") -> bytes:
    """The picture as SVG."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" font-family="{FONT}">'
    )
    drawn = [_element(shape) for shape in shapes(samples, title, theme)]
    sheet = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{painted(COLOURS["paper"], theme)}"/>'
    name = f"<title>Memory of {_escaped(title)}</title>"
    name += f"<style>{style}</style>" if (style := style_sheet(theme)) else ""
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, name, sheet, *drawn, "</svg>", ""]).encode()


def dot_text(samples: Samples, title: str, theme: str = "light") -> str:
    """The picture as the background of an empty graph, in Graphviz's xdot language."""
    drawn = " ".join(_operation(shape) for shape in shapes(samples, title, theme))
    # Graphviz reads strings of up to 16 KiB, and joins them at a plus
    parts = [drawn[start : start + 4000] for start in range(0, len(drawn), 4000)]
    joined = " + ".join('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in parts)
    paper = painted(COLOURS["paper"], theme)
    size = f"width={WIDTH / 72:.4f}, height={HEIGHT / 72:.4f}"
    return (
        f'digraph gradviz {{\ngraph [bb="0,0,{WIDTH},{HEIGHT}", pad=0, bgcolor="{paper}", _background={joined}]\n'
        f'sheet [pos="{WIDTH / 2:g},{HEIGHT / 2:g}", shape=box, fixedsize=true, label="", style=invis, {size}]\n}}\n'
    )


def _x(samples, column):
    return LEFT + PLOT * column / len(samples.nbytes)


def _y(samples, nbytes):
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * nbytes / samples.peak


def _areas(samples):
    """One area a category, in steps, with its pattern over it."""
    tops = samples.nbytes.cumsum(1)
    bottoms = tops - samples.nbytes
    for category in Category:
        if not samples.nbytes[:, category].any():
            continue
        look, upper, lower = LOOKS[category], [], []
        for start, stop, (low, high) in runs(list(zip(bottoms[:, category], tops[:, category], strict=True))):
            upper += [(_x(samples, start), _y(samples, high)), (_x(samples, stop), _y(samples, high))]
            lower += [(_x(samples, start), _y(samples, low)), (_x(samples, stop), _y(samples, low))]
        yield Shape((*upper, *reversed(lower)), fill=look.fill, ink=look.fill, width=0.5, title=TITLES[category])
        for column in range(look.apart // 2, len(tops), look.apart) if look.apart else ():
            ends = tuple((_x(samples, column), _y(samples, each[column, category])) for each in (bottoms, tops))
            if ends[0] != ends[1]:
                yield Shape(ends, ink=look.ink, width=0.7)
        yield Shape(tuple(upper), ink=look.ink, width=1.2)


def _axes(samples):
    for part in range(5):
        nbytes = samples.peak * part / 4
        y = _y(samples, nbytes)
        yield Shape(((LEFT - 4, y), (LEFT + (PLOT if not part else 0), y)), ink=DIM)
        yield Shape(((LEFT - 8, y + 4),), text=fmt.size(round(nbytes)), anchor="end", ink=DIM)
    yield Shape(((LEFT, TOP), (LEFT, HEIGHT - BOTTOM)), ink=DIM)
    yield Shape(((LEFT, HEIGHT - BOTTOM + 16),), text=samples.first, ink=DIM)
    yield Shape(((LEFT + PLOT, HEIGHT - BOTTOM + 16),), text=samples.last, anchor="end", ink=DIM)
    x = _x(samples, samples.peak_column + 0.5)
    yield Shape(((x - 5, TOP - 9), (x + 5, TOP - 9), (x, TOP - 1)), fill=INK, ink=INK, title="peak")


def _bands(samples):
    """Under the axis: the phases, named where there is room, and the source lines."""
    y = HEIGHT - BOTTOM + 24
    yield Shape(((LEFT - 8, y + 12),), text="phase", anchor="end", ink=DIM)
    for start, stop, phase in runs(samples.phases):
        if phase not in PHASES:
            continue
        left, right = _x(samples, start), _x(samples, stop)
        box = ((left, y), (right, y), (right, y + 16), (left, y + 16))
        fill = {"forward": COLOURS["live pill"], "backward": COLOURS["flow pill"]}.get(PHASES[phase], COLOURS["rule"])
        yield Shape(box, fill=fill, ink=COLOURS["paper"], title=PHASES[phase])
        text = next((text for text in (PHASES[phase], PHASES[phase][0]) if 7 * len(text) <= right - left), "")
        if text:
            yield Shape((((left + right) / 2, y + 12),), text=text, anchor="middle", ink=INK)
    free = LEFT
    yield Shape(((LEFT - 8, y + 34),), text="line", anchor="end", ink=DIM)
    for start, _, line in runs(samples.lines):
        left = _x(samples, start)
        if line and left >= free and left + 7 * len(line) <= LEFT + PLOT:
            yield Shape(((left, y + 34),), text=line, ink=DIM)
            free = left + 7 * len(line) + 5


def _legend(samples):
    x, y = LEFT, HEIGHT - 24
    for category in Category:
        if not samples.nbytes[:, category].any():
            continue
        look = LOOKS[category]
        yield Shape(((x, y), (x + 28, y), (x + 28, y + 14), (x, y + 14)), fill=look.fill, ink=look.ink)
        for inner in range(look.apart, 28, look.apart) if look.apart else ():
            yield Shape(((x + inner, y), (x + inner, y + 14)), ink=look.ink, width=0.7)
        yield Shape(((x + 34, y + 11),), text=TITLES[category], ink=INK)
        x += 34 + 6.6 * len(TITLES[category]) + 18


def _escaped(text):
    return escape(fmt.safe(text), {'"': "&quot;"})


def _element(shape):
    if shape.text:
        (x, y) = shape.points[0]
        return (
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{shape.size:g}" fill="{shape.ink}" '
            f'text-anchor="{shape.anchor}">{_escaped(shape.text)}</text>'
        )
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
    kind = "polygon" if shape.fill else "polyline"
    title = f"<title>{_escaped(shape.title)}</title>" if shape.title else ""
    return (
        f'<{kind} points="{points}" fill="{shape.fill or "none"}" stroke="{shape.ink}" '
        f'stroke-width="{shape.width:g}">{title}</{kind}>'
    )


def _operation(shape):
    """A shape in xdot; its y axis points upwards."""
    points = [(x, HEIGHT - y) for x, y in shape.points]
    if shape.text:
        text, align = fmt.safe(shape.text), {"start": -1, "middle": 0, "end": 1}[shape.anchor]
        (x, y), length = points[0], len(text.encode())
        width = 0.55 * shape.size * len(text)
        return (
            f"{_string('c', shape.ink)} F {shape.size:g} {len('Helvetica')} -Helvetica "
            f"T {x:.1f} {y:.1f} {align} {width:.1f} {length} -{text}"
        )
    listed = f"{len(points)} " + " ".join(f"{x:.1f} {y:.1f}" for x, y in points)
    pen = f"{_string('S', f'setlinewidth({shape.width:g})')} {_string('c', shape.ink)}"
    return f"{pen} {_string('C', shape.fill)} P {listed}" if shape.fill else f"{pen} L {listed}"


def _string(letter, text):
    return f"{letter} {len(text)} -{text}"
