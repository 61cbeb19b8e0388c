"""Backward calls that failed: at which node, and with which error, by the rows that they left."""

from collections.abc import Iterator
from typing import NamedTuple

from gradviz.trace.events import Flag, Kind
from gradviz.trace.trace import Trace


class Failure(NamedTuple):
    """A backward call that raised; waiting: the nodes that had a gradient and did not run, the first in line first.

    Backward takes the newest of them, so that the call failed at the first; a call for some inputs alone leaves
    others out, and those stay among them.
    """

    call: int
    started: int
    ended: int
    root: int
    origin: int
    error: str
    waiting: tuple[int, ...]


def failures(trace: Trace) -> Iterator[Failure]:
    """The failed backward calls in order; of nested ones only the innermost, where the error comes from."""
    rows = trace.rows
    started = {int(rows["a"][step]): step for step in trace.of(Kind.BACKWARD).tolist()}
    inner = -1  # where the newest failed call began
    for ended in trace.of(Kind.BACKWARD_ENDED).tolist():
        row = rows[ended]
        begun = started.get(int(row["a"]), -1)
        if begun < 0 or not int(row["flags"]) & Flag.FAILED:
            continue
        error = trace.text(int(row["ref"]), "error") if row["ref"] else ""
        outer, inner = begun < inner, begun
        if not outer or not error:
            yield _failure(trace, begun, ended, error)


def _failure(trace, begun, ended, error):
    rows = trace.rows[begun : ended + 1]
    call = int(rows["a"][0])
    own = rows[rows["a"] == call]
    waiting = set(own["c"][own["kind"] == Kind.GRAD].tolist()) | {int(rows["node"][0])}
    waiting -= set(own["node"][own["kind"] == Kind.STEP].tolist()) | {0}
    return Failure(
        call, begun, ended, int(rows["tensor"][0]), int(rows["origin"][0]), error, tuple(sorted(waiting, reverse=True))
    )
