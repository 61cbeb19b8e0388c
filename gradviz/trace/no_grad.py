"""What a trace knows of no_grad regions whose ops were run once more with gradients on, beside."""

from typing import TYPE_CHECKING, NamedTuple

from gradviz.trace.events import Kind

if TYPE_CHECKING:
    from gradviz.trace.trace import Origin, Trace


class Region(NamedTuple):
    """One no_grad region, over all passes through it.

    function: the decorated one, '' for a with statement
    ops: those on something that requires grad, or would; uncounted: those of them that could not be run beside
    nodes: built with gradients on; peak, kept: bytes that these saved, at most and when the region was last left
    needed: the in-place op that changed a leaf, which is refused with gradients on; '' where there was none
    """

    origin: "Origin | None"
    function: str
    passes: int
    ops: int
    uncounted: int
    nodes: int
    peak: int
    kept: int
    needed: str


def regions(trace: "Trace") -> list[Region]:
    """The regions in the order in which they first began; none where they were not compared."""
    types = {name: str if name in ("function", "needed") else int for name in Region._fields[1:]}
    return [
        Region(trace.origin(int(trace.rows["origin"][step])), *trace.fields(int(trace.rows["ref"][step]), **types))
        for step in trace.of(Kind.NO_GRAD).tolist()
    ]
