"""`gradviz graphs`: the graphs of a run over time, as a list."""

from typing import Annotated

import typer

from gradviz.cli.choices import Json, TraceFile, trace_file


def graphs(
    file: TraceFile = None,
    every: Annotated[bool, typer.Option("--all", help="A line for each graph; nothing grouped or left out.")] = False,
    json: Json = False,
) -> None:
    """List the graphs of a run: what each was built of and where, which backward freed it, when it was gone.

    Graphs that are alike share a line, as 1–200 ×200; where a loop builds several in turn, 1, 3 … 399 ×200. A letter
    says how each was built: graphs of one letter have the same ops, edges and shapes. What makes a new letter new is
    said below the table.

    \b
    Examples:
      gradviz graphs
      gradviz graphs train.gradviz --all
      gradviz graphs --json | python -m json.tool
    """
    path = trace_file(file)

    from gradviz.cli.story import Story

    story = Story(path)
    story.list_graphs(every, json)
    story.tell_damage()
