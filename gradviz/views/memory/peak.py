"""What was alive at the peak: the largest buffers, who keeps each for backward, and what the script calls it."""

from typing import NamedTuple

import numpy as np

from gradviz.trace.events import MET, Kind
from gradviz.trace.trace import Trace
from gradviz.trace.usage import Category, Usage
from gradviz.views import format as fmt
from gradviz.views.memory.samples import TITLES, reached, sampled
from gradviz.views.rows import at_line

MOST = 10
CURVE = 200  # columns of the curve that the JSON holds


class Large(NamedTuple):
    """One buffer alive at the peak.

    variable: what the script calls it, '' if it has no name; result: what it is, `(relu)`, `(gradient)`
    saved_by: the nodes that keep it then; place: the line that made it
    """

    nbytes: int
    shape: tuple[int, ...] | None
    category: Category
    variable: str
    result: str
    saved_by: tuple[str, ...]
    place: str


def largest(trace: Trace, usage: Usage, step: int) -> tuple[int, list[Large]]:
    """How many buffers were alive after a step, and the ten largest of them."""
    alive = usage.at(step)
    return len(alive), [_large(trace, usage, buffer, step) for buffer in alive[:MOST].tolist()]


def peak_lines(trace: Trace, usage: Usage, span: tuple[int, int]) -> list[str]:
    """The lines under the chart."""
    curve = usage.curve.within(*span)
    step = int(curve.steps[curve.peak])
    count, found = largest(trace, usage, step)
    by = [f"{TITLES[each]} {fmt.size(int(curve.nbytes[curve.peak, each]))}" for each in Category]
    by = [text for each, text in zip(Category, by, strict=True) if curve.nbytes[curve.peak, each]]
    where = reached(trace, usage, step)
    total = fmt.size(int(curve.total[curve.peak]))
    lines = [f"peak: {total}, reached at " + (f"{where} (step {step:,})" if where else f"step {step:,}")]
    lines += ["  " + ", ".join(part) for part in (by[:3], by[3:]) if part]
    lines += [f"at the end: {fmt.size(int(curve.total[-1]))}", ""]
    rows = [("size", "alive as", "variable", "saved by", "made at")]
    for each in found:
        kept = ", ".join(each.saved_by) or "-"
        cells = TITLES[each.category], fmt.clip_path(each.variable or each.result, 21), fmt.clip(kept, 20), each.place
        rows.append((fmt.size(each.nbytes), *cells))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for size, *others in rows:
        cells = [text.ljust(width) for text, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([size.rjust(widths[0]), *cells]).rstrip())
    if count > len(found):
        rest = sum(usage.nbytes[usage.at(step)[MOST:]].tolist())
        lines.append(f"and {fmt.count(count - len(found), 'smaller buffer')}: {fmt.size(rest)}")
    return lines


def as_json(trace: Trace, usage: Usage, span: tuple[int, int], axis: str) -> dict:
    """The curve, the peak and its largest buffers as JSON values."""
    samples = sampled(trace, usage, CURVE, span, axis)
    curve = usage.curve.within(*span)
    step = int(curve.steps[curve.peak])
    count, found = largest(trace, usage, step)
    return {
        "schema_version": 1,
        "categories": [each.name.lower() for each in Category],
        "curve": {
            "axis": axis,
            "first": samples.first,
            "last": samples.last,
            "bytes": samples.nbytes.tolist(),
            "phase": [phase.name.lower() for phase in samples.phases],
            "line": samples.lines,
        },
        "peak": {
            "bytes": samples.peak,
            "place": samples.peak_place,
            "step": step,
            "time_ns": int(curve.times[curve.peak]),
            "by_category": curve.nbytes[curve.peak].tolist(),
            "buffers": count,
            "largest": [
                each._asdict() | {"category": each.category.name.lower(), "saved_by": list(each.saved_by)}
                for each in found
            ],
        },
        "end_bytes": int(curve.total[-1]),
    }


def _large(trace, usage, buffer, step):
    rows, forwards = trace.rows, trace.forwards
    made = int(usage.made_at[buffer])
    meta = int(rows["meta"][made])
    keepers = usage.keepers(buffer, step).tolist()
    names = [fmt.safe(trace.call(int(forwards.call[op])).grad_fn) for op in keepers]
    origin = trace.origin(int(usage.origins[made]))
    return Large(
        int(usage.nbytes[buffer]),
        trace.meta(meta).shape if meta else None,
        usage.category(buffer, step),
        fmt.safe(_variable(trace, buffer)),
        fmt.safe(_result(trace, made)),
        tuple(dict.fromkeys(names)),
        at_line(trace, origin),
    )


def _variable(trace, buffer):
    """The variable that holds it at the script's end, else what the script called it, else what it is."""
    rows = trace.rows
    steps = np.flatnonzero(rows["buffer"] == buffer)
    kinds = rows["kind"][steps]
    tensors = dict.fromkeys(rows["tensor"][steps[np.isin(kinds, (Kind.FORWARD, Kind.OUTPUT))]].tolist())
    leaves = rows["tensor"][steps[np.isin(kinds, (Kind.ADDED, Kind.ASSIGNED))]].tolist()
    holders = trace.of(Kind.HOLDER)
    held = holders[np.isin(rows["tensor"][holders], list(tensors))]
    if held.size and not leaves:
        named = trace.name(int(rows["tensor"][held[0]]))  # model.0.weight says more than params[0]
        return named or trace.text(int(rows["ref"][held[0]]), "name")
    for leaf in leaves[-1:]:
        return f"{name}.grad" if (name := trace.name(leaf)) else ".grad"
    return next(filter(None, map(trace.name, tensors)), "")


def _result(trace, made):
    """What the row that first told of a buffer tells that it is."""
    row = trace.rows[made]
    if row["kind"] not in (Kind.FORWARD, Kind.OUTPUT, Kind.KEPT):
        return "(gradient)"
    op = trace.call(int(trace.forwards.call[trace.forwards.op_of(made)])).op
    return op if op in MET else f"({op})"
