"""Which values of a trace are not finite: NaN or infinite, by row."""

from typing import NamedTuple

import numpy as np

from gradviz.trace.events import Flag, Kind
from gradviz.trace.preview import Preview
from gradviz.trace.trace import Trace

VALUED = (
    Kind.FORWARD, Kind.OUTPUT, Kind.MUTATED, Kind.STEP, Kind.INCOMING, Kind.GRAD, Kind.ADDED, Kind.CAPTURED,
)  # fmt: skip


class Bad(NamedTuple):
    """How many elements of a value are NaN, and how many infinite."""

    nan: int
    inf: int


def not_finite(trace: Trace) -> dict[int, Bad]:
    """{step: Bad} for all rows, forward and backward, whose value is known not to be finite throughout."""
    steps = trace.of(*VALUED)
    rows = trace.rows[steps]
    bits = np.ascontiguousarray(rows["value"])
    inline = (rows["flags"] & Flag.INLINE) > 0
    numbers = bits.view("<f8")
    found = {
        step: Bad(int(np.isnan(number)), int(np.isinf(number)))
        for step, number in zip(steps[inline].tolist(), numbers[inline].tolist(), strict=True)
        if not np.isfinite(number)
    }
    kept = ~inline & (bits > 0)
    refs, which = np.unique(bits[kept], return_inverse=True)  # a gradient handed on is often that which comes in
    counts = [_counted(trace.preview(ref)) for ref in refs.tolist()]
    found |= {
        step: counts[place]
        for step, place in zip(steps[kept].tolist(), which.tolist(), strict=True)
        if any(counts[place])
    }
    return dict(sorted(found.items()))


def extremes(value: Preview | None) -> tuple[float, float] | None:
    """The smallest and the largest finite element; None where there is none, or none is known."""
    if value is None:
        return None
    if value.summary is not None:
        low, high = value.summary.min, value.summary.max
        return None if np.isnan(low) else (low, high)
    if value.values.dtype.kind not in "fiub":
        return None
    finite = value.values[np.isfinite(value.values)]
    return (float(finite.min()), float(finite.max())) if finite.size else None


def norm(value: Preview | None) -> float | None:
    """The 2-norm of a value; None where it is not known."""
    if value is None:
        return None
    if value.summary is not None:
        return float(value.summary.norm)
    flat = value.values.astype(np.float64).reshape(-1)
    return float(np.sqrt(flat @ flat))


def _counted(value):
    if value.summary is not None:
        return Bad(int(value.summary.nan), int(value.summary.inf))
    if value.values.dtype.kind != "f" or np.isfinite(value.values).all():
        return Bad(0, 0)
    return Bad(int(np.isnan(value.values).sum()), int(np.isinf(value.values).sum()))
