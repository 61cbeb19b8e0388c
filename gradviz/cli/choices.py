"""Options that several commands share, and what their texts mean."""

import os
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from gradviz.errors import BadInput

MOST_NAMED = 5
AXES = ("events", "time")
WHEN = ("all", "forward", "backward", "freed")
THEMES = ("light", "dark", "auto")
FOLDS = ("auto", "none")

Graph = int | str  # a graph's number, 'all' or 'last'


class TableChoice(NamedTuple):
    """What to show of a trace, and how; rows: at most so many a graph, None for all."""

    graph: Graph
    columns: list[str] | None
    wide: bool
    rows: int | None
    json: bool


TraceFile = Annotated[
    str | None,
    typer.Argument(metavar="TRACE", help="A trace; without it, the newest *.gradviz here.", show_default=False),
]
Module = Annotated[
    str | None, typer.Option("-m", "--module", metavar="MODULE", help="Run a module, as python -m does.")
]
Expression = Annotated[
    str | None, typer.Option("-e", "--expression", metavar="EXPR", help="Trace an expression; backward included.")
]
Variables = Annotated[
    list[str] | None,
    typer.Option("-v", "--variable", metavar="NAME=VALUE", help="With -e: a leaf that requires grad."),
]
Constants = Annotated[
    list[str] | None, typer.Option("-c", "--constant", metavar="NAME=VALUE", help="With -e: a constant.")
]
GraphChoice = Annotated[
    str,
    typer.Option("--graph", metavar="N|all|last", help="Which graphs; last: the last that ran backward."),
]
Columns = Annotated[
    str | None,
    typer.Option("--columns", metavar="A,B,…", help="Show these columns, in this order.", show_default=False),
]
Wide = Annotated[bool, typer.Option("--wide", help="Show every column, however wide the terminal is.")]
Rows = Annotated[
    str,
    typer.Option(
        "--rows", metavar="N|all", help="At most so many rows a graph: its first and its last. all: nothing folded."
    ),
]
Theme = Annotated[
    str,
    typer.Option("--theme", metavar="|".join(THEMES), help="Colours. auto: an SVG as the viewer's system has it."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON (with a schema_version) instead of text.")]


def graph_choice(text: str) -> Graph:
    """'all', 'last' or a number from 1; anything else is BadInput."""
    if text in ("all", "last"):
        return text
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise BadInput(f"--graph {text}: expected a graph's number (from 1), all or last")


def one_of(option: str, given: str, known: tuple[str, ...]) -> None:
    """BadInput when what was given to an option is none of these."""
    if given not in known:
        raise BadInput(f"{option} {given}: expected one of {', '.join(known)}")


def moment(option: str, text: str) -> str:
    """all, forward, backward, freed, step=N or line=N; anything else is BadInput."""
    kind, _, which = text.partition("=")
    if text in WHEN or kind == "line" and which or kind == "step" and which.isdecimal():
        return text
    raise BadInput(f"{option} {text}: expected one of {', '.join(WHEN)}, step=N, line=N")


def limit(option: str, text: str) -> int | None:
    """How many to show at most; None for 'all'. Anything but that or a number from 1 is BadInput."""
    if text == "all":
        return None
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise BadInput(f"{option} {text}: expected a number from 1, or all")


def fold_choice(how: str | None, depth: int | None, expand: list[str], nodes: str | None):
    """How a picture is folded; BadInput for options that contradict each other."""
    from gradviz.views.diagram.groups import Fold

    one_of("--fold", how or "auto", FOLDS)
    asked = [name for name, given in (("--depth", depth is not None), ("--expand", expand)) if given]
    if asked and how == "none":
        raise BadInput(f"{asked[0]}: there is nothing to open with --fold none; leave one of them out")
    if nodes is not None and (asked or how == "auto"):
        raise BadInput(f"--nodes {nodes}: it is for pictures that are not folded; give --fold none, or leave it out")
    return Fold("none" if nodes is not None else how or "auto", depth, tuple(expand))


def table_choice(graph: str, columns: str | None, wide: bool, rows: str, json: bool) -> TableChoice:
    """The table options, checked before anything runs; BadInput names the option that makes no sense."""
    return TableChoice(graph_choice(graph), _column_names(columns), wide, limit("--rows", rows), json)


def _column_names(text: str | None) -> list[str] | None:
    if text is None:
        return None
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise BadInput("--columns is empty: name some columns, such as --columns name,op,grad")
    from gradviz.views.table import known

    return known(names)


def trace_file(text: str | None) -> Path:
    """The trace asked for, or the newest one in the current folder; NoTrace when there is none."""
    if text is not None:
        return Path(text)
    from gradviz.trace.store import newest

    return newest(".")


def graph_of_trace(text: str) -> tuple[Path, Graph]:
    """`3`, `t.gradviz` or `t.gradviz#3` as a trace and which of its graphs; BadInput lists the traces there are."""
    if os.path.exists(text) and not text.isdecimal():
        return Path(text), "last"
    path, mark, number = text.rpartition("#")
    if number.isdecimal() and int(number) > 0 and bool(path) == bool(mark):
        if not path:
            return trace_file(None), int(number)
        if os.path.exists(path):
            return Path(path), int(number)
    from gradviz.trace.journal import shown

    here = sorted(entry for entry in os.listdir() if entry.endswith(".gradviz") and not entry.startswith("."))
    listed = ", ".join(map(shown, here[:MOST_NAMED])) or "none"
    more = f" and {len(here) - MOST_NAMED} more" if len(here) > MOST_NAMED else ""
    raise BadInput(f"{text}: expected a graph's number (from 1), a trace, or TRACE#N; traces here: {listed}{more}")
