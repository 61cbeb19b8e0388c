"""Positions, and the way to Graphviz.

Graphviz runs in a child process: it can be stopped at the time limit, it may crash, and its warnings
stay off the user's screen. The child is this file run as a script; it uses the libraries that come
with pygraphviz. Where those can't be loaded, a `dot` program on the PATH does the same work.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Container, Sequence
from typing import NamedTuple

CANNOT_LOAD = 3
UPRIGHT = 8

Point = tuple[float, float]


class Path(NamedTuple):
    """An arrow's way from tail to head: a Bézier chain (3n + 1 points) that touches both outlines."""

    points: tuple[Point, ...]
    tail_tip: Point
    head_tip: Point
    label: Point | None


class Layout(NamedTuple):
    """Where things are, in points, y upwards: cards by number, paths in the order of the arrows.

    clusters: left, bottom, right and top of each, None for one without cards
    """

    width: float
    height: float
    sizes: dict[int, Point]
    centres: dict[int, Point]
    paths: tuple[Path, ...]
    clusters: tuple[tuple[float, float, float, float] | None, ...] = ()


class Around(NamedTuple):
    """A cluster to lay out: the size of its label, the place of the one around it (-1: none), and its cards."""

    width: float
    height: float
    outer: int
    cards: tuple[int, ...]


def arrange(
    cards: dict[int, tuple[float, float]],
    arrows: list,
    direction: str,
    timeout: float,
    clusters: Sequence[Around] = (),
    back: Container[tuple[int, int]] = (),
    aside: frozenset[int] = frozenset(),
) -> Layout:
    """Lay out cards (number -> width, height), arrows ((tail, head, label width, label height), …) and clusters.

    back: (tail, head) of the arrows that lead back up, as what one pass of a loop hands to the next. aside: cards that
    hang beside the flow of data. The result depends on the sizes alone, never on a font. Raises BadInput as `graphviz`
    does.
    """
    across = direction in ("LR", "RL")
    lines = [
        f"digraph {{ graph [rankdir={direction}, nodesep=0.32, ranksep={0.34 if across else 0.26}]",
        'node [shape=box, fixedsize=true, label=""]',
        "edge [dir=both, arrowsize=0.7]",
    ]
    for number, (width, height) in cards.items():
        lines.append(f"{number} [width={width / 72:.4f}, height={height / 72:.4f}]")
    computed = {head for _, head, _, _ in arrows}
    for tail, head, width, height in arrows:
        label = ""
        if width:
            label = f"label={_blank(width, height)}"
        if (tail, head) in back:
            lines.append(f"{head} -> {tail} [weight=0 {label}]")
            continue
        # a chain of ops stands upright, and its leaves go aside
        upright = tail in computed and head not in aside
        lines.append(f"{tail} -> {head} [{f'weight={UPRIGHT} ' if upright else ''}{label}]")
    lines += _subgraphs(clusters)
    found = json.loads(graphviz("\n".join(lines) + "}", "dot", "json0", timeout))
    left, bottom, right, top = _floats(found["bb"])
    objects = found.get("objects", ())
    names = {entry["_gvid"]: int(entry["name"]) for entry in objects if "pos" in entry}
    centres = {int(entry["name"]): tuple(_floats(entry["pos"])) for entry in objects if "pos" in entry}
    paths = _in_order(found.get("edges", ()), names, arrows, back)
    boxes = {entry["name"]: tuple(_floats(entry["bb"])) for entry in objects if "bb" in entry}
    around = tuple(boxes.get(f"cluster{place}") for place in range(len(clusters)))
    return Layout(right - left, top - bottom, cards, centres, paths, around)


def _subgraphs(clusters: Sequence[Around]) -> list[str]:
    """The clusters as DOT, each inside the one around it."""
    inside: dict[int, list[int]] = {}
    for place, cluster in enumerate(clusters):
        inside.setdefault(cluster.outer, []).append(place)
    lines: list[str] = []
    waiting: list[int | str] = list(reversed(inside.get(-1, ())))
    while waiting:
        place = waiting.pop()
        if isinstance(place, str):
            lines.append(place)
            continue
        cluster = clusters[place]
        lines.append(f"subgraph cluster{place} {{ graph [margin=9, labeljust=l, label={_blank(*cluster[:2])}]")
        lines.append("; ".join(map(str, cluster.cards)))
        waiting += ["}", *reversed(inside.get(place, ()))]
    return lines


def _blank(width: float, height: float) -> str:
    """A label that is nothing but room."""
    return (
        f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" FIXEDSIZE="TRUE" '
        f'WIDTH="{width:.0f}" HEIGHT="{height:.0f}"><TR><TD></TD></TR></TABLE>>'
    )


def _floats(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def _in_order(edges, names: dict[int, int], arrows: list, back: Container[tuple[int, int]]) -> tuple[Path, ...]:
    """Paths in the order of `arrows`: Graphviz groups edges by node, and keeps parallel ones in order."""
    waiting: dict[tuple[int, int], list[Path]] = {}
    for edge in sorted(edges, key=lambda edge: edge["_gvid"]):
        waiting.setdefault((names[edge["tail"]], names[edge["head"]]), []).append(_path(edge))
    paths = []
    for tail, head, _, _ in arrows:
        if (tail, head) in back:
            points, first, last, label = waiting[head, tail].pop(0)
            paths.append(Path(points[::-1], last, first, label))
        else:
            paths.append(waiting[tail, head].pop(0))
    return tuple(paths)


def _path(edge: dict) -> Path:
    tips, points = {}, []
    for part in edge["pos"].split():
        if part[:2] in ("s,", "e,"):
            tips[part[0]] = tuple(_floats(part[2:]))
        else:
            points.append(tuple(_floats(part)))
    label = tuple(_floats(edge["lp"])) if "lp" in edge else None
    return Path(tuple(points), tips.get("s", points[0]), tips.get("e", points[-1]), label)


def graphviz(dot: str, engine: str, form: str, timeout: float) -> bytes:
    """Run DOT text through Graphviz: engine `dot` lays out, `nop2` draws at the positions given.

    Raises BadInput, one line: the time limit passed, Graphviz is missing, or it failed.
    """
    from gradviz.errors import BadInput

    ways = [[sys.executable, "-P", os.path.abspath(__file__), engine, form]]
    program = shutil.which("dot")
    if program:
        ways.append([program, f"-K{engine}", f"-T{form}"])
    ways.append([sys.executable, "-P", os.path.join(os.path.dirname(ways[0][2]), "bundled.py"), engine, form])
    for command in ways:
        try:
            done = subprocess.run(command, input=dot.encode(), capture_output=True, timeout=timeout)
        except subprocess.TimeoutExpired:
            raise BadInput(
                f"Graphviz had not finished after {timeout:g} s: draw fewer nodes (--nodes 50) or allow more "
                "time (--timeout)"
            ) from None
        if done.returncode == 0 and done.stdout:
            return done.stdout
        if done.returncode != CANNOT_LOAD:
            break
    else:
        raise BadInput(
            "no Graphviz: pygraphviz can't be imported and there is no dot program on the PATH; "
            "pip install pygraphviz brings it"
        )
    last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    raise BadInput(
        f"Graphviz could not draw the picture as {form}: {last or f'it ended with {done.returncode}'}"
    )


def _child(engine: str, form: str) -> int:
    try:
        import pygraphviz
    except ImportError:
        return CANNOT_LOAD
    graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
    sys.stdout.buffer.write(graph.draw(format=form, prog=engine))
    return 0


if __name__ == "__main__":
    sys.exit(_child(*sys.argv[1:]))
