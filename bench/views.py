"""What it costs to look at a long graph: the trace loaded, and each view of it drawn, at 1,000 to 100,000 ops."""

import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.command import python
from bench.timing import Comparison, Contender, interleaved

SIZES = (1_000, 10_000, 100_000)
ROWS = 50
LOOP = """\
x = w
for _ in range({turns}):
    x = torch.tanh(x)
    x = x * w
    x = x + w
    x = x / 1.5
"""
CHAIN = """\
import random
random.seed(0)
x, ops = w, [torch.tanh, torch.sin, torch.exp, torch.neg, lambda x: x * w]
for op in random.choices(ops, k={ops}):
    x = op(x * 0.5) if op is torch.exp else op(x)
"""
SCRIPT = """\
import gradviz as torch
w = torch.tensor([0.5, 0.25], requires_grad=True)
{body}
x.sum().backward()
"""


def comparisons(rounds: int) -> Iterator[Comparison]:
    """One for each size of a loop, and one for a long chain of random ops; the longer, the fewer rounds."""
    for ops in SIZES:
        yield looking(f"looking at a loop of {ops:,} ops", LOOP.format(turns=ops // 4), ops, rounds)
    yield looking(f"looking at {SIZES[-1]:,} random ops", CHAIN.format(ops=SIZES[-1]), SIZES[-1], rounds)


def looking(work: str, body: str, ops: int, rounds: int) -> Comparison:
    """Each view beside the bare load, which is part of all."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "script.py")
        script.write_text(SCRIPT.format(body=body))
        python("-m", "gradviz", "trace", "--no-diagram", "--rows", "1", str(script), folder=folder)
        trace = Path(folder, "script.gradviz")
        contenders = [Contender(name, lambda view=view: view(trace)) for name, view in views().items()]
        timings = interleaved(contenders, max(1, rounds * 1_000 // (5 * ops)))
        size = trace.stat().st_size
        rows = len(_story(trace).trace.rows)
    note = f"its trace: {size / 1e6:.1f} MB, {size / ops:.0f} bytes an op, {size / rows:.0f} an event"
    return Comparison(work, ops, timings, (note,))


def views() -> dict[str, Callable[[Path], object]]:
    """{what is shown: how}: each begins with the file, as a command does."""
    return {
        "trace load, lives and graphs": _loaded,
        f"table of {ROWS} rows": _table,
        "memory chart": _chart,
        "folded diagram": _diagram,
    }


def _story(path: Path):
    from gradviz.cli.story import Story

    return Story(path)


def _loaded(path: Path):
    story = _story(path)
    return story.graphs, story.lives


def _table(path: Path) -> str:
    from rich.console import Console

    from gradviz.views.table import render_table

    story, text = _story(path), io.StringIO()
    render_table(Console(file=text, width=80), story.trace, story.graphs[-1], story.lives, limit=ROWS)
    return text.getvalue()


def _chart(path: Path) -> list:
    from gradviz.views import memory

    story = _story(path)
    return memory.chart(memory.sampled(story.trace, story.usage, 80, (0, story.trace.end), "events"), True)


def _diagram(path: Path) -> bytes:
    return _story(path).picture("last", "dot", timeout=600.0)

