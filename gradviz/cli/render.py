"""`gradviz render`: the picture of a graph, after forward, during backward and after it."""

from typing import Annotated

import typer

from gradviz.cli.choices import (
    AXES,
    FOLDS,
    THEMES,
    WHEN,
    Theme,
    TraceFile,
    fold_choice,
    graph_choice,
    limit,
    moment,
    one_of,
    trace_file,
)
from gradviz.cli.files import FORMATS, picture_file, picture_format, write_picture
from gradviz.cli.say import note
from gradviz.errors import BadInput

VIEWS = ("graph", "memory")
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
    view: Annotated[
        str, typer.Option("--view", metavar="|".join(VIEWS), help="The filmstrip, or the bytes alive over time.")
    ] = "graph",
    when: Annotated[
        str,
        typer.Option(
            "--when",
            metavar="|".join((*WHEN, "step=N", "line=N")),
            help="One panel of the filmstrip, all three, or the moment after an event: a step, or the last of a line.",
        ),
    ] = "all",
    direction: Annotated[
        str, typer.Option("--direction", metavar="|".join(DIRECTIONS), help="Which way data flows.")
    ] = "TB",
    graph: Annotated[
        str | None,
        typer.Option("--graph", metavar="N|all|last", help="Default: the last that ran backward; of memory, all."),
    ] = None,
    axis: Annotated[
        str, typer.Option("--axis", metavar="|".join(AXES), help="Of memory: by the steps of the trace, or by time.")
    ] = "events",
    fold: Annotated[
        str | None,
        typer.Option("--fold", metavar="|".join(FOLDS), help="Alike results in one box, from 60 on; none: each drawn."),
    ] = None,
    expand: Annotated[
        list[str] | None,
        typer.Option("--expand", metavar="NAME", help="Open the boxes of this name, such as Block or 'line 14'."),
    ] = None,
    depth: Annotated[
        int | None, typer.Option("--depth", metavar="N", min=1, help="Open all boxes down to this depth.")
    ] = None,
    nodes: Annotated[
        str | None,
        typer.Option("--nodes", metavar="N|all", help="Unfolded: at most so many, nearest the root. Default: 150."),
    ] = None,
    saved: Annotated[
        bool, typer.Option("--saved", help="Saved tensors as cards of their own: whose memory, live or released when.")
    ] = False,
    norms: Annotated[
        bool, typer.Option("--norms", help="On the arrows of backward the gradients' norms, not their values.")
    ] = False,
    theme: Theme = "light",
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, help="Give up on the layout then.")
    ] = 60,
) -> None:
    """Draw a graph as a filmstrip: after forward, during backward, and after it. Or the memory over time.

    \b
    Examples:
      gradviz render
      gradviz render train.gradviz --format png -o train.png
      gradviz render --when backward --norms --direction LR --graph 3
      gradviz render --when step=120 --saved
      gradviz render --when line=14
      gradviz render --expand Block --expand "line 14"
      gradviz render --view memory --format png --theme dark
      gradviz render --format dot -o - | dot -Tsvg -Kneato -n2
    """
    one_of("--view", view, VIEWS)
    one_of("--axis", axis, AXES)
    one_of("--theme", theme, THEMES)
    memory = view == "memory"
    which = graph_choice(graph or ("all" if memory else "last"))
    folding = fold_choice(fold, depth, expand or [], nodes)
    most = limit("--nodes", nodes or "150")
    if which == "all" and not memory:
        raise BadInput("--graph all: a picture shows one graph; give its number, or last")
    of_graphs = (when, direction.upper(), nodes, saved, norms, fold, depth, expand or None)
    if memory and of_graphs != ("all", "TB", None, False, False, None, None, None):
        raise BadInput("--view memory: --when, --direction, --nodes, --saved, --norms and folding are for --view graph")
    kind = picture_format(format, output)
    moment("--when", when)
    direction = direction.upper()
    one_of("--direction", direction, DIRECTIONS)
    path = trace_file(file)
    target = picture_file(output, path, f"memory.{kind}" if memory else kind)

    from gradviz.cli.story import Story

    story = Story(path)
    if memory:
        picture = story.memory_picture(which, kind, axis, timeout, theme)
    else:
        picture = story.picture(
            which, kind, when=when, direction=direction, nodes=most, timeout=timeout, theme=theme,
            saved=saved, norms=norms, fold=folding,
        )  # fmt: skip
    story.tell_damage()
    write_picture(target, picture)
    if story.folded[0]:
        note(f"{story.folded[0]} (--expand NAME, --fold none): {story.folded[1]}")


