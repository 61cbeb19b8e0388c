"""A curve in as many columns as there is room for: what the terminal's chart and the picture both show."""

from typing import NamedTuple

import numpy as np

from gradviz.errors import BadInput
from gradviz.trace.trace import Trace
from gradviz.trace.usage import Phase, Usage
from gradviz.views.rows import at_line, place

TITLES = ("parameters", "gradients", "saved for backward", "still held", "temporary")
PHASES = {Phase.FORWARD: "forward", Phase.BACKWARD: "backward", Phase.STEP: "step"}


class Samples(NamedTuple):
    """The most that was alive in each column, and where the script was then.

    nbytes: by column and category; phases, lines: of each column, a Phase and a source line ('' for none)
    first, last: what stands at the ends of the axis; peak, peak_column, peak_place: the most of all, and where
    """

    nbytes: np.ndarray
    phases: list[Phase]
    lines: list[str]
    first: str
    last: str
    peak: int
    peak_column: int
    peak_place: str


def sampled(trace: Trace, usage: Usage, columns: int, span: tuple[int, int], axis: str = "events") -> Samples:
    """The curve between two steps, both included, along the rows (events) or along the time.

    Raises BadInput when nothing was alive there.
    """
    curve = usage.curve.within(*span)
    if curve.total.max(initial=0) <= 0:
        raise BadInput(f"nothing to show: {trace.path} tells of no array's memory there")
    by_time = axis == "time"
    low, high = (int(usage.clock[step]) if by_time else step for step in span)
    when = np.clip(curve.times if by_time else curve.steps, low, high)
    edges = np.linspace(low, max(high, low + 1), columns + 1)
    cuts = np.searchsorted(when, edges, "left")
    cuts[-1] = len(when)
    total, picked = curve.total, []
    for start, stop in zip(np.maximum(cuts[:-1] - 1, 0).tolist(), cuts[1:].tolist(), strict=True):
        picked.append(start + int(total[start : max(stop, start + 1)].argmax()))  # with what was alive before it
    at = np.maximum(curve.steps[picked], span[0])
    here = {number: place(trace, trace.origin(number)) for number in np.unique(usage.origins[at]).tolist()}
    first, last = (f"{step / 1e6:.1f} ms" if by_time else f"step {step:,}" for step in (low, high))
    return Samples(
        curve.nbytes[picked],
        [Phase(phase) for phase in usage.phases[at].tolist()],
        [here[number] for number in usage.origins[at].tolist()],
        first,
        last,
        int(total[curve.peak]),
        picked.index(curve.peak) if curve.peak in picked else int(total[picked].argmax()),
        reached(trace, usage, int(curve.steps[curve.peak])),
    )


def runs(values: list) -> list[tuple[int, int, object]]:
    """(first, behind the last, value) of each run of equal values."""
    starts = [at for at in range(len(values)) if not at or values[at] != values[at - 1]]
    return [(start, stop, values[start]) for start, stop in zip(starts, [*starts[1:], len(values)], strict=True)]


def reached(trace: Trace, usage: Usage, step: int) -> str:
    """Where the script was at a step: `line 24`, `line 31, in backward`."""
    phase = Phase(int(usage.phases[step]))
    aside = f"in {PHASES[phase]}" if phase in (Phase.BACKWARD, Phase.STEP) else ""
    return ", ".join(filter(None, (at_line(trace, trace.origin(int(usage.origins[step]))), aside)))
