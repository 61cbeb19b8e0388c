"""Rows and comparisons as text for 80 columns, and as JSON."""

import os
import platform
import sys
from collections.abc import Sequence
from statistics import median
from textwrap import wrap

from bench import engines
from bench.catalogue import GRADVIZ, PEERS, PYTORCH
from bench.rows import Row
from bench.timing import Comparison

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def machine(threads: int) -> dict[str, str]:
    """What the numbers were measured on, and with which peers."""
    import numpy

    from gradviz.engine import twins

    twinned = "with" if twins.follow is not None else "without"
    facts = {
        "machine": f"{_processor()}, {os.cpu_count()} CPUs, {platform.system()}",
        "Python": sys.version.split()[0],
        "gradviz": f"{engines.version(GRADVIZ)} on NumPy {numpy.__version__}, {twinned} its C twins",
    }
    peers = {name: engines.version(name) for name in (PYTORCH, *PEERS)}
    facts |= {name: found for name, found in peers.items() if found}
    absent = [name for name, found in peers.items() if not found]
    if absent:
        facts["not here"] = ", ".join(absent)
    return facts | {"threads": f"{threads} each"}


def heading(facts: dict[str, str], rounds: int) -> str:
    """What the numbers were measured on, and how to read them."""
    lines = [f"{name:14}{value}" for name, value in facts.items()]
    lines += [
        f"each ratio is the median of up to {rounds} rounds, two processes in turn; best is",
        "the shortest round over the shortest; below 1, gradviz is faster",
    ]
    return "\n".join(lines)


def row_text(row: Row, first: bool) -> str:
    """A row as one line, under its work's title where it is the work's first."""
    lines = ["", row.work.title] if first else []
    name = row.peer if row.ours == GRADVIZ else f"{row.peer} ({row.ours.partition(', ')[2]})"
    if row.note:
        return "\n".join([*lines, *wrap(f"{name:27} {row.note}", 80, initial_indent="  ", subsequent_indent=" " * 30)])
    mine, theirs = (duration(median(side)) for side in zip(*row.seconds, strict=True))
    line = f"  {name:27} {mine:>7} / {theirs:>7} = {row.ratio:5.2f} best {row.best:5.2f}"
    if row.met is not None:
        line += f"  {'met' if row.met else 'NOT MET':7} {row.aim:.2f}"
    return "\n".join([*lines, line.rstrip()])


def text(comparison: Comparison) -> str:
    """The work, then one line a contender: its median, its time an op, its ratios to the others."""
    lines = [comparison.work]
    medians = {each.name: each.median for each in comparison.timings}
    for each in comparison.timings:
        line = f"  {each.name:28} {duration(each.median):>9}"
        if comparison.ops:
            line += f"  {duration(each.median / comparison.ops):>8} an op"
        lines.append(line)
        peers = [name for name in each.against if name in medians and name != each.name]
        ratios = [f"{each.median / medians[name]:.2f} of {name}" for name in peers]
        if ratios:
            lines.append(f"  {'':28}   = {', '.join(ratios)}")
    lines += [f"  {note}" for note in comparison.notes]
    return "\n".join(lines)


def as_json(facts: dict[str, str], rounds: int, rows: Sequence[Row], comparisons: Sequence[Comparison]) -> dict:
    """Everything that was measured, as JSON types; seconds hold one pair, or one number, a round."""
    return {
        "schema_version": 2,
        "measured_on": facts,
        "rounds": rounds,
        "rows": [
            {
                "work": row.work.name,
                "title": row.work.title,
                "ours": row.ours,
                "peer": row.peer,
                "ratio": row.ratio,
                "best": row.best,
                "aim": row.aim,
                "met": row.met,
                "note": row.note,
                "seconds": [list(pair) for pair in row.seconds],
            }
            for row in rows
        ],
        "comparisons": [
            {
                "work": each.work,
                "ops": each.ops,
                "notes": list(each.notes),
                "timings": [
                    {"name": one.name, "median": one.median, "seconds": list(one.seconds)} for one in each.timings
                ],
            }
            for each in comparisons
        ],
    }


def duration(seconds: float) -> str:
    """Three digits and a unit: 1.23 ms."""
    size, unit = next((each for each in UNITS if seconds >= each[0]), UNITS[-1])
    amount = seconds / size
    digits = 0 if amount >= 100 else 1 if amount >= 10 else 2
    return f"{amount:.{digits}f} {unit}"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:  # not a Linux
        pass
    return platform.processor() or platform.machine()
