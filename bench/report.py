"""Comparisons as text for 80 columns, and as JSON."""

import os
import platform
import sys
from collections.abc import Sequence

from bench.timing import Comparison

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def machine() -> dict[str, str]:
    """What the numbers were measured on."""
    import numpy

    import gradviz

    try:
        import torch

        peer = torch.__version__
    except ImportError:
        peer = "not installed, so no ratios against it"
    return {
        "machine": f"{_processor()}, {os.cpu_count()} CPUs, {platform.system()}",
        "Python": sys.version.split()[0],
        "gradviz": f"{gradviz.__version__} on NumPy {numpy.__version__}",
        "PyTorch": peer,
        "threads": "1 each",
    }


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


def as_json(facts: dict[str, str], rounds: int, comparisons: Sequence[Comparison]) -> dict:
    """Everything that was measured, as JSON types; seconds hold one number a round."""
    return {
        "schema_version": 1,
        "measured_on": facts,
        "rounds": rounds,
        "comparisons": [
            {
                "work": each.work,
                "ops": each.ops,
                "notes": list(each.notes),
                "timings": [
                    {"name": one.name, "median": one.median, "seconds": list(one.seconds)}
                    for one in each.timings
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
