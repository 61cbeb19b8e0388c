"""Real traces to look at: of programs run here, of the samples, and what is drawn of them."""

import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradviz.record.recorder import Recorder
from gradviz.record.script import Outcome
from gradviz.trace.graph import graphs, last_backward
from gradviz.trace.store import load
from gradviz.views.diagram import dot_text
from gradviz.views.diagram.groups import Fold

ROOT = Path(__file__).parents[2]
SAMPLES = tuple(sorted((ROOT / "samples").glob("*.py")))
HEADER = {"format": 1, "gradviz": "test", "script": "test.py", "argv": [], "mode": "script"}


@pytest.fixture
def record(tmp_path):
    """program -> its Trace; what the program returns are its variables at the end."""

    def run(program):
        path = tmp_path / f"{program.__name__}.gradviz"
        with Recorder(path, HEADER) as recorder:
            namespace = program() or {}
            recorder.finish(Outcome("finished", "", 0, None, namespace))
            namespace.clear()
        return load(path)

    return run


@pytest.fixture(scope="session")
def sample_trace(tmp_path_factory):
    """The path of a sample -> the file that `gradviz trace --no-diagram` wrote of it, run once."""
    folder = tmp_path_factory.mktemp("samples")

    @functools.cache
    def of(sample):
        subprocess.run(
            [sys.executable, "-m", "gradviz", "trace", "--no-diagram", "-o", str(folder), f"samples/{sample.name}"],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "80", "NO_COLOR": "1"},
            check=True,
            capture_output=True,
        )
        return folder / f"{sample.stem}.gradviz"

    return of


@pytest.fixture(scope="session")
def sample_dot(sample_trace):
    """The path of a sample -> the DOT text of the graph that its picture shows, drawn once."""

    @functools.cache
    def of(sample):
        return drawn(sample_trace(sample))

    return of


def drawn(path, **options):
    """The DOT text of the last graph of a trace file that ran backward, folded as the commands fold it."""
    trace = load(path)
    found = graphs(trace)
    options = {"fold": Fold("none" if "nodes" in options else "auto")} | options
    return dot_text(trace, last_backward(found) or found[-1], trace.lives, of=len(found), **options)


def pytest_generate_tests(metafunc):
    """Each test with a `sample` runs once for every sample."""
    if "sample" in metafunc.fixturenames:
        metafunc.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
