"""`gradviz render`: the picture of a graph, after forward, during backward and after it."""

from typing import Annotated

import typer

from gradviz.cli.choices import GraphChoice, TraceFile, graph_choice, limit, trace_file
from gradviz.cli.files import FORMATS, picture_file, picture_format, write_picture
from gradviz.errors import BadInput

WHEN = ("all", "forward", "backward", "freed")
DIRECTIONS = ("TB", "LR", "BT", "RL")


def render(
    file: TraceFile = None,
    format: Annotated[
        str | None,
        typer.Option("--format", metavar="|".join(FORMATS), help="Default: as -o ends, else svg."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="The picture, or - for stdout. Default: beside the trace."),
    ] = None,
    when: Annotated[
        str, typer.Option("--when", metavar="|".join(WHEN), help="One panel of the filmstrip, or all three.")
    ] = "all",
    direction: Annotated[
        str, typer.Option("--direction", metavar="|".join(DIRECTIONS), help="Which way data flows.")
    ] = "TB",
    graph: GraphChoice = "last",
    nodes: Annotated[
        str, typer.Option("--nodes", metavar="N|all", help="At most so many, nearest the root. all: none left out.")
    ] = "150",
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, help="Give up on the layout then.")
    ] = 60,
) -> None:
    """Draw a graph as a filmstrip: after forward, during backward, and after it.

    \b
    Examples:
      gradviz render
      gradviz render train.gradviz --format png -o train.png
      gradviz render --when backward --direction LR --graph 3
      gradviz render --format dot -o - | dot -Tsvg -Kneato -n2
    """
    which, most = graph_choice(graph), limit("--nodes", nodes)
    if which == "all":
        raise BadInput("--graph all: a picture shows one graph; give its number, or last")
    kind = picture_format(format, output)
    _one_of("--when", when, WHEN)
    direction = direction.upper()
    _one_of("--direction", direction, DIRECTIONS)
    path = trace_file(file)
    target = picture_file(output, path, kind)

    from gradviz.cli.story import Story

    story = Story(path)
    picture = story.picture(which, kind, when=when, direction=direction, nodes=most, timeout=timeout)
    story.tell_damage()
    write_picture(target, picture)


def _one_of(option: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise BadInput(f"{option} {given}: expected one of {', '.join(known)}")
