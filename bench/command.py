"""The command line: how soon it answers, and what tracing adds to a script of 10,000 ops, end to end."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from bench.timing import Comparison, Contender, interleaved

ROOT = Path(__file__).parents[1]
OPS = 10_000
SCRIPT = f"""\
import gradviz as torch

x = torch.tensor([0.5, 0.25], requires_grad=True)
total = 0.0
for _ in range({OPS // 100}):
    y = x
    for _ in range(49):
        y = torch.tanh(y)
        y = y + x
    y = y * y
    loss = y.sum()
    loss.backward()
    total += loss.item()
print(f"{{total:.3f}} {{x.grad.tolist()[0]:.3f}}")
"""


def start_up(rounds: int) -> Comparison:
    """`gradviz --version` beside a Python that does nothing, and one that loads NumPy."""
    nothing, numpy = "python -c pass", "python -c 'import numpy'"
    version = ("-m", "gradviz", "--version")
    contenders = [
        Contender(nothing, lambda: python("-c", "pass")),
        Contender(numpy, lambda: python("-c", "import numpy"), against=(nothing,)),
        Contender("gradviz --version", lambda: python(*version), against=(nothing, numpy)),
    ]
    return Comparison("start-up of the command", 0, interleaved(contenders, rounds))


def tracing(rounds: int) -> Comparison:
    """A script run plainly, under `gradviz trace` with and without the picture, and on PyTorch."""
    work = f"a script of {OPS:,} ops in {OPS // 100} graphs, end to end"
    plain, untouched, pictured = "python script.py", "gradviz trace --no-diagram", "gradviz trace"
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "script.py")
        script.write_text(SCRIPT)
        runs = {
            plain: (str(script),),
            untouched: ("-m", "gradviz", "trace", "--no-diagram", str(script)),
            pictured: ("-m", "gradviz", "trace", str(script)),
        }
        notes = []
        if find_spec("torch"):
            theirs = Path(folder, "theirs.py")
            theirs.write_text(SCRIPT.replace("import gradviz as torch", "import torch"))
            runs["python script.py, on PyTorch"] = (str(theirs),)
        printed = {name: python(*run, folder=folder) for name, run in runs.items()}
        for name, text in printed.items():
            if not text.startswith(printed[plain]):
                return Comparison(work, OPS, (), (f"not timed: {name!r} prints something else",))
        size = Path(folder, "script.gradviz").stat().st_size
        notes.append(f"its trace: {size / 1e6:.1f} MB, {size / OPS:.0f} bytes an op")
        contenders = [
            Contender(name, lambda run=run: python(*run, folder=folder), against=(plain,)) for name, run in runs.items()
        ]
        return Comparison(work, OPS, interleaved(contenders, rounds), notes)


def comparisons(rounds: int) -> Iterator[Comparison]:
    """Both, with fewer rounds than an engine's work takes: each starts a process."""
    rounds = max(1, rounds // 3)
    yield start_up(rounds)
    yield tracing(rounds)


def python(*arguments: str, folder: str | None = None) -> str:
    """What a fresh Python prints; subprocess.CalledProcessError when it fails."""
    found = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": found},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout
