"""The benchmark compares like with like, and tells it in 80 columns. Nothing here is timed."""

import json

import pytest

import gradviz
from bench import command, engine, report
from bench.timing import Comparison, Contender, Timing, interleaved
from gradviz.engine.switches import Observer, mode


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed: its results can't be compared")


@pytest.mark.parametrize("work", engine.WORKS, ids=lambda work: work.name)
def test_the_recorder_changes_no_result(work, tmp_path):
    assert engine.disagreement(work, None, str(tmp_path)) == ""


@pytest.mark.parametrize("work", engine.WORKS, ids=lambda work: work.name)
def test_both_engines_compute_the_same(work, torch, tmp_path):
    assert engine.disagreement(work, torch, str(tmp_path)) == ""


def test_a_work_that_differs_is_told(torch, tmp_path):
    def make(module):
        return lambda: [1.0 if module is torch else 2.0]

    found = engine.disagreement(engine.Work("a lie", 1, make), torch, str(tmp_path))
    assert found == "not timed: gradviz computes 2 where PyTorch computes 1"


def test_a_chain_has_the_ops_that_it_says(monkeypatch):
    class Counting(Observer):
        ops = 0

        def forward(self, op, outputs, inputs, node, settings, started):
            self.ops += node is not None

    run = engine.chain(gradviz, (), 40)
    counting = Counting()
    monkeypatch.setattr(mode, "observer", counting)
    run()
    assert counting.ops == 40 + 1  # and the sum


def test_a_recorder_leaves_no_file_and_no_observer(tmp_path):
    with engine.recorder(str(tmp_path)):
        assert mode.observer is not None and list(tmp_path.iterdir())
    assert mode.observer is None and not list(tmp_path.iterdir())


def test_each_round_runs_every_contender_in_its_own_context():
    entered, ran = [], []

    class Around:
        def __enter__(self):
            entered.append(len(ran))

        def __exit__(self, *exception):
            assert len(ran) > entered[-1]

    sides = [Contender("a", lambda: ran.append("a"), Around), Contender("b", lambda: ran.append("b"), Around)]
    timings = interleaved(sides, rounds=3)
    assert [each.name for each in timings] == ["a", "b"]
    assert [len(each.seconds) for each in timings] == [3, 3]
    assert len(entered) == 2 + 2 * 3
    turns = [ran[start] for start in entered[2:]]
    assert turns == ["a", "b", "b", "a", "a", "b"]


def test_a_script_of_so_many_ops_runs_the_same_on_both_engines(torch, tmp_path):
    ours, theirs = tmp_path / "ours.py", tmp_path / "theirs.py"
    ours.write_text(command.SCRIPT)
    theirs.write_text(command.SCRIPT.replace("import gradviz as torch", "import torch"))
    assert command.python(str(ours)) == command.python(str(theirs)) != ""


def test_the_report_fits_80_columns_and_names_the_peers():
    longest = max((work.name for work in engine.WORKS), key=len)
    timings = (
        Timing(engine.PYTORCH, (3.0, 1.0, 2.0)),
        Timing(engine.GRADVIZ, (0.5, 1.0, 9.0), (engine.PYTORCH,)),
        Timing(engine.RECORDED, (3.0,), (engine.PYTORCH, engine.GRADVIZ)),
    )
    text = report.text(Comparison(longest, 1000, timings, ("a note",)))
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "0.50 of PyTorch eager" in text
    assert "1.50 of PyTorch eager, 3.00 of gradviz" in text
    assert "2.00 ms an op" in text
    assert text.endswith("a note")


def test_without_pytorch_no_ratio_is_made_against_it():
    text = report.text(Comparison("work", 0, (Timing(engine.GRADVIZ, (1.0,), (engine.PYTORCH,)),)))
    assert "PyTorch" not in text and " of " not in text


def test_the_json_holds_every_round():
    facts = report.machine()
    compared = [Comparison("work", 10, (Timing("a", (1.0, 3.0, 2.0)),))]
    told = json.loads(json.dumps(report.as_json(facts, 3, compared)))
    assert told["schema_version"] == 1
    assert set(told["measured_on"]) == {"machine", "Python", "gradviz", "PyTorch", "threads"}
    assert told["comparisons"][0]["timings"] == [{"name": "a", "median": 2.0, "seconds": [1.0, 3.0, 2.0]}]
