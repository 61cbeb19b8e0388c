"""What findings call the things of a trace: results by name, lines by number."""

import os

from gradviz.check.mending import expression
from gradviz.trace.trace import Origin, Trace

LONGEST = 60  # characters of an expression that stands for a name


def origin_of(trace: Trace, step: int) -> Origin | None:
    """Where the row at a step has its line."""
    return trace.origin(int(trace.rows["origin"][step]))


def at_line(trace: Trace, origin: Origin | None) -> str:
    """`line 12`, or `helper.py:12` where that is not the script itself."""
    if origin is None or not origin.line:
        return "a line unknown"
    own = origin.file == os.path.normpath(str(trace.header.get("script", ""))) or len(trace.files) <= 1
    return f"line {origin.line}" if own else f"{os.path.basename(origin.file)}:{origin.line}"


def called(trace: Trace, tensor: int) -> str:
    """A tensor as the script calls it: `loss` by its name, else by the expression that made it, else by its op."""
    if name := trace.name(tensor):
        return f"`{name}`"
    row = trace.forwards.first_row(tensor)
    if row < 0:
        return "a tensor"
    text = expression(origin_of(trace, row))
    if text and len(text) <= LONGEST:
        return f"`{text}`"
    step = int(trace.forwards.steps[trace.forwards.op_of(row)])
    return f"the result of {trace.call(int(trace.rows['ref'][step])).op}"


def bare(name: str) -> str:
    """A name as code: without the quotes that it has in a sentence."""
    return name.strip("`")
