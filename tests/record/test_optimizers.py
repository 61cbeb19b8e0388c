"""What a trace tells of optimizers: what they were given, and when they step."""

import pytest

from gradviz.record.recorder import Recorder
from gradviz.record.script import run, script
from gradviz.trace.events import Flag, Kind
from gradviz.trace.store import load
from gradviz.trace.training import Training
from tests.record.test_recorder import HEADER


@pytest.fixture
def traced(tmp_path, monkeypatch):
    """traced(source) -> the trace of a script."""
    monkeypatch.chdir(tmp_path)

    def of(source):
        (tmp_path / "it.py").write_text(source)
        with Recorder(tmp_path / "it.gradviz", HEADER) as recorder:
            recorder.finish(run(script("it.py")))
        return load(tmp_path / "it.gradviz")

    return of


SOURCE = """\
import gradviz as torch
w = torch.tensor([1.0, 2.0], requires_grad=True)
b = torch.tensor(1.0)
first = torch.optim.SGD([w, b], lr=0.1)
second = torch.optim.Adam([w])
second.add_param_group({"params": torch.ones(1, requires_grad=True)})
(w * b).sum().backward()
first.step()
for _ in range(2):
    second.step()
"""


def test_what_each_was_given_and_when_it_stepped(traced):
    trace = traced(SOURCE)
    rows = trace.rows[trace.of(Kind.OPTIMIZED)]
    told = [
        (int(row["a"]), trace.text(int(row["ref"]), "name"), trace.name(int(row["tensor"])),
         bool(row["flags"] & Flag.REQUIRES_GRAD), trace.origin(int(row["origin"])).line)
        for row in rows
    ]  # fmt: skip
    assert [each[:2] + each[3:] for each in told] == [
        (1, "SGD", True, 4),
        (1, "SGD", False, 4),
        (2, "Adam", True, 5),
        (2, "Adam", True, 6),
    ]
    assert [each[2] for each in told[:3]] == ["w", "b", "w"]
    steps = trace.rows[trace.of(Kind.STEPPED)]
    lines = [trace.origin(origin).line for origin in steps["origin"].tolist()]
    assert list(zip(steps["a"].tolist(), lines, strict=True)) == [(1, 8), (2, 10), (2, 10)]


def test_an_optimizer_of_before_ends_with_its_number(traced):
    source = "import gradviz as torch\nw = torch.ones(1, requires_grad=True)\n"
    trace = traced(source + "for _ in range(3):\n    torch.optim.SGD([w])\n")
    assert trace.rows["a"][trace.of(Kind.OPTIMIZED)].tolist() == [1, 2, 3]


def test_in_inference_mode_too(traced):
    source = "import gradviz as torch\nw = torch.ones(1, requires_grad=True)\n"
    trace = traced(source + "with torch.inference_mode():\n    torch.optim.SGD([w]).step()\n")
    assert trace.of(Kind.OPTIMIZED).size == trace.of(Kind.STEPPED).size == 1


def test_what_moves(traced):
    source = SOURCE.replace("first.step()", "with torch.no_grad():\n    w -= w.grad\n    w += 1.0\n    b += w.grad[0]")
    trace = traced(source)
    training = Training(trace)
    lines = [trace.origin(int(trace.rows["origin"][move.step])).text.strip() for move in training.moves]
    assert lines[:2] == ["w -= w.grad", "b += w.grad[0]"]
    assert {training.name(leaf) for leaf in training.moved} == {"w", "b"}
    assert [training.optimizer_name(given) for given in training.given] == ["first", "first", "second", "optimizer"]
