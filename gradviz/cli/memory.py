"""`gradviz memory`: the bytes alive over time as a chart, and what was alive at the peak."""

from typing import Annotated

import typer

from gradviz.cli.choices import AXES, GraphChoice, Json, TraceFile, graph_choice, one_of, trace_file


def memory(
    file: TraceFile = None,
    graph: GraphChoice = "all",
    axis: Annotated[
        str, typer.Option("--axis", metavar="|".join(AXES), help="Columns of equally many steps, or of equal times.")
    ] = "events",
    json: Json = False,
) -> None:
    """Chart the bytes alive over time; list the largest buffers at the peak, who saved and who holds them.

    A buffer counts once, however many views lie in it, from the event that first told of it to its real end. It
    is, in this order:

    \b
    parameters          a leaf that requires grad or an nn.Parameter lies in it
    gradients           from the first event that tells of it as one to its end
    saved for backward  while a node keeps it
    temporary           it ended before an op of another line ran
    still held          all else: a variable, a container or a running call holds it

    Not counted: what an op takes and gives back while it runs, numbers without a buffer, arrays of NumPy's own.
    Who holds a buffer is known at the script's end only; before, the name is the one that the script gave it.
    --graph N shows the time of one graph. `gradviz render --view memory` draws the same as a picture.

    \b
    Examples:
      gradviz memory
      gradviz memory train.gradviz --graph last --axis time
      gradviz memory --json | python -m json.tool
    """
    which = graph_choice(graph)
    one_of("--axis", axis, AXES)

    from gradviz.cli.story import Story

    story = Story(trace_file(file))
    story.tell_memory(which, axis, json)
    story.tell_damage()
