"""`gradviz why`: who keeps a graph alive at the end of a run, and what would let it go."""

import shutil
from typing import Annotated

import typer

from gradviz.cli.choices import Json, TraceFile, trace_file
from gradviz.cli.files import is_trace
from gradviz.cli.say import printable_stdout
from gradviz.errors import BadInput

DEFAULT_WIDTH = 80


def why(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME|NODE",
            help="A variable, container, attribute, grad_fn, or a number of the table. Default: all that holds nodes.",
            show_default=False,
        ),
    ] = None,
    file: TraceFile = None,
    json: Json = False,
) -> None:
    """Tell why nodes and saved tensors are alive at the end: the way from a variable through grad_fns to the bytes.

    Looked for in the script's modules, in what their variables hold (elements, attributes, closures, generators,
    exceptions), and in the functions that an exception came through. It tells a leak of nodes from a leak of
    activations (saved tensors), and names one line that mends it.

    \b
    Examples:
      gradviz why
      gradviz why losses
      gradviz why "losses[3]" train.gradviz
      gradviz why 12
      gradviz why MulBackward0 --json
    """
    if file is None and name is not None and is_trace(name):
        name, file = None, name

    from gradviz.cli.story import Story

    story = Story(trace_file(file))
    if story.trace.ending is None:
        raise BadInput(f"{story.trace.path}: the run was cut off, so nobody saw at its end which variable held what")

    from gradviz.trace.holding import Alive, holdings
    from gradviz.views import why as view

    found, alive = holdings(story.trace), Alive(story.trace)
    what = view.asked(story.trace, alive, found, name) if name is not None else None
    facts = {"asked": name, **view.facts(story.trace, alive, found, what)}
    if json:
        import json as text

        print(text.dumps(facts, indent=1))
    elif printable_stdout():
        print("\n".join(view.lines(facts, shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns)))
    story.tell_damage()
