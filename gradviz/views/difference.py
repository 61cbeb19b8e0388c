"""The table of a diff: nodes added, removed and changed, and what changed about them."""

from collections import Counter

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gradviz.views import format as fmt
from gradviz.views.comparison import ADDED, ALIKE, CHANGED, MARKS, REMOVED, Comparison, Entry

LINES = 200
NAME = 24  # characters of a name
STYLES = {ADDED: "green", REMOVED: "red", CHANGED: "yellow", ALIKE: "dim"}


def render_difference(console: Console, found: Comparison, every: bool = False):
    """Print what differs between two graphs; `every`: what doesn't as well, and no line left out."""
    console.print(Text(f"{found.left.label} → {found.right.label}", style="bold"))
    shown = [entry for entry in found.entries if every or entry.what != ALIKE]
    left_out = 0 if every else max(len(shown) - LINES, 0)
    half = LINES // 2
    if shown:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), highlight=False)
        for heading in ("", "#", "#", "name", "op", "what changed"):
            numeric = heading == "#"
            table.add_column(heading, justify="right" if numeric else "left", no_wrap=numeric or not heading)
        for position, entry in enumerate(shown):
            if left_out and position == half:
                table.add_row("", "⋮", "⋮", Text(f"… {left_out:,} more"))
            if not left_out or not half <= position < len(shown) - half:
                table.add_row(*(Text(cell) for cell in _cells(entry, every)), style=STYLES[entry.what])
        console.print(table)
    for line in summary_lines(found):
        console.print(Text(line))
    for note in _notes(found, every, left_out):
        console.print(Text(note, style="dim"))


def summary_lines(found: Comparison) -> list[str]:
    """How many nodes of each kind, and how often each thing changed."""
    counts = {what: found.count(what) for what in MARKS}
    if counts[ALIKE] == len(found.entries):
        return [f"no difference: {fmt.count(counts[ALIKE], 'node')}, alike in op, inputs, shape, saved "
                "tensors, line and gradient norm"]  # fmt: skip
    often = Counter(change.what for entry in found.entries for change in entry.changes)
    changes = ", ".join(f"{what} {count:,}" for what, count in often.items())
    told = f"{counts[ADDED]:,} added, {counts[REMOVED]:,} removed, {counts[CHANGED]:,} changed"
    return [f"{told}{f' ({changes})' if changes else ''}, {counts[ALIKE]:,} alike"]


def as_json(found: Comparison) -> dict:
    """Every node of both graphs, as JSON values."""
    return {
        "schema_version": 1,
        "left": {"trace": str(found.left.trace.path), "graph": found.left.graph.number},
        "right": {"trace": str(found.right.trace.path), "graph": found.right.graph.number},
        **{what: found.count(what) for what in MARKS},
        "not_compared": {"left": found.unseen[0], "right": found.unseen[1]},
        "beside_left_out": found.beside,
        "nodes": [
            {
                "what": entry.what,
                "left": entry.left.number if entry.left else None,
                "right": entry.right.number if entry.right else None,
                "name": entry.called,
                "op": entry.row.op,
                "grad_fn": entry.row.grad_fn,
                "changes": [change._asdict() for change in entry.changes],
            }
            for entry in found.entries
        ],
    }


def _cells(entry: Entry, every: bool) -> tuple[str, ...]:
    left, right = (f"{row.number:,}" if row else "" for row in (entry.left, entry.right))
    told = [f"{change.what} {change.before} → {change.after}" for change in entry.changes]
    if entry.what in (ADDED, REMOVED):
        told = [f"{fmt.shape(entry.row.meta.shape)} {entry.row.meta.dtype}"]
    name = entry.called if every else fmt.clip_path(entry.called, NAME)
    return MARKS[entry.what], left, right, name, entry.row.grad_fn or entry.row.op, "\n".join(told)


def _notes(found: Comparison, every: bool, left_out: int) -> list[str]:
    notes = []
    alike = found.count(ALIKE)
    if 0 < alike < len(found.entries) and not every:
        notes.append(f"{fmt.count(alike, 'node')} alike not listed (--all)")
    if left_out:
        notes.append(f"{fmt.count(left_out, 'line')} left out (--all)")
    if found.beside:
        notes.append(f"{fmt.count(found.beside, 'result')} beside the graphs not compared (--all)")
    if any(found.unseen):
        here, there = found.unseen
        notes.append(
            f"too much differs: {fmt.count(here, 'node')} of the first and {there:,} of the second were not compared; "
            "they are listed as removed and added"
        )
    return notes
