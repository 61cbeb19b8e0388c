"""What `gradviz trace --verify` found: gradients that nodes handed on, beside central differences."""

from typing import NamedTuple

from gradviz.errors import BadTrace
from gradviz.trace.events import Kind
from gradviz.trace.trace import Trace

AGREES, DIFFERS, DELIBERATE, UNKNOWN = VERDICTS = ("agrees", "differs", "deliberate", "unknown")


class Verified(NamedTuple):
    """One gradient. verdict: 'agrees', 'differs', 'deliberate' (backward is meant to be no slope) or 'unknown'.

    step: the VERIFIED row; position: the input's; why: of the last two; given: what the node handed on, numeric: what
    it should be, of the element at `place`, else (None) along a direction that moves all elements; ratio: numeric /
    given where it is the same everywhere, else 0; function: the user's Function, '' for an op; origin: where its
    backward returns.
    """

    step: int
    node: int
    backward: int
    position: int
    verdict: str
    why: str
    given: float
    numeric: float
    place: tuple[int, ...] | None
    ratio: float
    input: str
    function: str
    origin: int


def verified(trace: Trace) -> list[Verified]:
    """All gradients that were looked at, in the order in which backward came to them; none without --verify."""
    return [_read(trace, step) for step in trace.of(Kind.VERIFIED).tolist()]


def by_node(trace: Trace) -> dict[int, list[Verified]]:
    """The same by node."""
    found: dict[int, list[Verified]] = {}
    for each in verified(trace):
        found.setdefault(each.node, []).append(each)
    return found


def _read(trace, step):
    row = trace.rows[step]
    told = trace.record(int(row["ref"]))
    texts = [told.get(name) for name in ("verdict", "why", "input", "function")]
    numbers = [told.get(name) for name in ("given", "numeric", "ratio")]
    place = told.get("place")
    if not (
        all(type(each) is str for each in texts)
        and texts[0] in VERDICTS
        and all(type(each) in (int, float) for each in numbers)
        and (place is None or type(place) is list and all(type(at) is int for at in place))
    ):
        raise BadTrace(f"this trace is damaged: row {step} tells of a gradient what can't be")
    verdict, why, name, function = texts
    given, numeric, ratio = map(float, numbers)
    place = None if place is None else tuple(place)
    numbers = (int(row[column]) for column in ("node", "a", "b"))
    return Verified(step, *numbers, verdict, why, given, numeric, place, ratio, name, function, int(row["origin"]))
