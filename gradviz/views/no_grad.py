"""What no_grad saved, region by region, as lines of text and as JSON values."""

from gradviz.trace.no_grad import Region, regions
from gradviz.trace.trace import Trace
from gradviz.views import format as fmt
from gradviz.views.rows import at_line

TITLE = "no_grad, beside the same ops with gradients on (saved bytes at their peak):"


def lines(trace: Trace) -> list[str]:
    """One line a region, under a title; none where nothing was compared."""
    found = regions(trace)
    return [TITLE, *(f"  {_place(trace, each)}: {_outcome(each)}" for each in found)] if found else []


def as_json(trace: Trace) -> list[dict]:
    """The same as plain values."""
    return [
        {"line": each.origin.line if each.origin else 0, "place": at_line(trace, each.origin), **_values(each)}
        for each in regions(trace)
    ]


def _values(region: Region) -> dict:
    values = {name: value for name, value in region._asdict().items() if name != "origin"}
    return values | {"function": fmt.safe(region.function), "needed": fmt.safe(region.needed)}


def _place(trace: Trace, region: Region) -> str:
    where = at_line(trace, region.origin) or "an unknown line"
    name = f" ({fmt.clip(fmt.safe(region.function), 20)})" if region.function else ""
    return f"{where}{name}" + (f" ×{region.passes:,}" if region.passes > 1 else "")


def _outcome(region: Region) -> str:
    if region.needed:
        return f"needs no_grad: {fmt.clip(fmt.safe(region.needed), 20)} changes a leaf in place"
    left_out = f" ({fmt.count(region.uncounted, 'op')} not counted)" if region.uncounted else ""
    if not region.nodes:
        return f"0 nodes either way{left_out}"
    built = f"{fmt.count(region.nodes, 'node')}, {fmt.size(region.peak)} at the peak"
    return f"0 nodes, 0 B; with grad {built}{left_out}"
