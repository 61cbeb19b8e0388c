"""`gradviz explain`: the chain rule in numbers, at one node, along the paths to it, or for a whole backward."""

from typing import Annotated

import typer

from gradviz.cli.choices import GraphChoice, Json, Rows, graph_choice, limit, trace_file
from gradviz.errors import BadInput

FORMATS = ("text", "md", "latex")


def explain(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME|NODE",
            help="A variable, a number of the table, or an expression; left out with --path or --all.",
            show_default=False,
        ),
    ] = None,
    file: Annotated[
        str | None,
        typer.Argument(metavar="TRACE", help="A trace; without it, the newest *.gradviz here.", show_default=False),
    ] = None,
    path: Annotated[
        str | None,
        typer.Option("--path", metavar="FROM..TO", help="Multiply along every path, such as loss..w; then the sum."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole backward as a worked example.")] = False,
    format: Annotated[
        str | None,
        typer.Option("--format", metavar="|".join(FORMATS), help="Text (the default), Markdown, or a LaTeX document."),
    ] = None,
    json: Json = False,
    graph: GraphChoice = "last",
    rows: Rows = "200",
) -> None:
    """Show the chain rule in numbers: local gradient, times incoming gradient, gives what is handed on or stored.

    Of a node: what came in and from where; for each input the op's formula and its value, the product, what
    broadcasting took back (un-broadcast), and .grad before and after. Matrix ops are shown as the
    vector-Jacobian product that ran (grad @ mat2.T). All numbers are the recorded ones; of a trace made with
    --verify, what central differences say of each gradient is told too.

    \b
    Examples:
      gradviz explain w
      gradviz explain 5 train.gradviz
      gradviz explain "w * x"
      gradviz explain --path loss..w
      gradviz explain --all --format md > backward.md
    """
    if json and format is not None:
        raise BadInput("--json and --format were both given; choose one")
    if format is not None and format not in FORMATS:
        raise BadInput(f"--format {format}: expected one of {', '.join(FORMATS)}")
    which, most = graph_choice(graph), limit("--rows", rows)
    if which == "all":
        raise BadInput("--graph all: explain shows one graph; give its number, or last")
    asked, file = _asked(what, file, path, everything)

    from gradviz.cli.story import Story

    story = Story(trace_file(file))
    print(story.explanation(which, asked, form="json" if json else format or "text", rows=most))
    story.tell_damage()


def _asked(what, file, path, everything) -> tuple[tuple[str, ...], str | None]:
    """(what to explain, the trace): () for all, one name for a node, two for a path; BadInput for anything else."""
    if path is None and not everything:
        if what is None:
            raise BadInput("explain what? Give a name or a number, such as gradviz explain w; or --path, or --all")
        return (what,), file
    option = "--path" if path is not None else "--all"
    if path is not None and everything:
        raise BadInput("--path and --all exclude each other; give one")
    if file is not None:
        raise BadInput(f"{option} takes no NAME; give the trace alone: gradviz explain {option} … {file}")
    if path is None:
        return (), what
    start, dots, end = path.partition("..")
    if not dots or not start.strip() or not end.strip():
        raise BadInput(f"--path {path}: expected FROM..TO, such as loss..w")
    return (start.strip(), end.strip()), what
