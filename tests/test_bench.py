"""The benchmark compares like with like, and tells it in 80 columns. Nothing here is timed."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

import gradviz
from bench import command, engines, report, rows, sides, views
from bench.catalogue import GRADVIZ, NUMPY, PEERS, PYTORCH, RECORDED, WORKS
from bench.timing import Comparison, Contender, Timing, interleaved
from bench.works import torch_like
from gradviz.engine.switches import Observer, mode

QUICK = [work for work in WORKS if work.ops < 100_000]
ROUNDS = ((0.5, 1.0), (1.0, 4.0), (3.0, 4.0))


def named(name):
    return next(work for work in WORKS if work.name == name)


def three(name, work):
    try:
        run = engines.made(name, work)
        return [float(number) for _ in range(3) for number in run()]
    except engines.Unable as why:
        pytest.skip(f"{name}: {why}")


@pytest.mark.parametrize("work", QUICK, ids=lambda work: work.name)
@pytest.mark.parametrize("peer", [PYTORCH, NUMPY, "HIPS autograd", "MyGrad", "DeZero"])
def test_every_engine_computes_the_same(work, peer):
    theirs = three(peer, work)  # first: it may not be able to
    assert rows.difference(GRADVIZ, three(GRADVIZ, work), peer, theirs) == ""


@pytest.mark.parametrize("work", QUICK, ids=lambda work: work.name)
def test_the_recorder_changes_no_result(work, tmp_path):
    with engines.surroundings(RECORDED, str(tmp_path))():
        assert mode.observer is not None and list(tmp_path.iterdir())
        found = three(GRADVIZ, work)
    assert mode.observer is None and not list(tmp_path.iterdir())
    assert found == three(GRADVIZ, work)


@pytest.mark.parametrize("work", QUICK, ids=lambda work: work.name)
def test_a_work_leaves_its_numbers_alone(work):
    numbers, fresh = work.numbers(), work.numbers()
    run = getattr(torch_like, work.function)(gradviz, **numbers)
    first = run()
    assert np.isfinite(first).all()
    again = getattr(torch_like, work.function)(gradviz, **fresh)
    assert again() == first


def test_a_chain_has_the_ops_that_it_says(monkeypatch):
    class Counting(Observer):
        ops = 0

        def forward(self, op, outputs, inputs, node, settings, started):
            self.ops += node is not None

    for work in (named("chain-1k-0d"), named("elementwise")):
        run = engines.made(GRADVIZ, work)
        counting = Counting()
        monkeypatch.setattr(mode, "observer", counting)
        run()
        assert counting.ops == work.ops + 1  # and the sum


def test_each_work_meets_every_peer():
    for work in WORKS:
        found = rows.pairs(work)
        assert found[0] == (GRADVIZ, PYTORCH)
        assert [peer for _, peer in found if peer in PEERS] == list(PEERS)
    assert (RECORDED, PYTORCH) in rows.pairs(named("chain-100k-4x4"))
    assert (GRADVIZ, NUMPY) in rows.pairs(named("mlp-large"))


def test_a_difference_is_told():
    assert rows.difference("ours", [1.0, 2.0], "a peer", [1.0, 2.0001]) == ""
    assert rows.difference("ours", [1.0], "a peer", [2.0]) == "not timed: ours computes 1 where a peer computes 2"
    assert rows.difference("ours", [1e-6], "a peer", [-1e-6]) == ""


def test_a_side_does_its_work_in_a_process_of_its_own():
    side = sides.Side(GRADVIZ, "mlp-small", threads=1)
    try:
        assert side.results() == pytest.approx(three(GRADVIZ, named("mlp-small")), rel=1e-6)
        assert 0 < side.sample(2) < 10
    finally:
        side.close()


def test_what_a_side_can_t_do_is_told():
    row = rows.measured(named("mlp-small"), GRADVIZ, NUMPY, rounds=1, threads=1)
    assert row.note == "only the large works are written by hand"
    assert row.ratio is row.best is row.met is None


def test_a_dead_process_and_a_slow_one_are_told():
    slow = sides.Side(GRADVIZ, "chain-100k-0d", threads=1, limit=0.01)
    with pytest.raises(sides.Silent, match="^gave up after 0.01 s$"):
        slow.results()
    slow._process.kill()
    slow._limit = 60
    with pytest.raises(sides.Silent, match="^its process died, exit code -9$"):
        slow.results()
    slow.close()


def test_a_peer_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(engines, "find_spec", lambda name: None if name == "mygrad" else object())
    with pytest.raises(engines.Unable, match="^it is not installed$"):
        engines.made("MyGrad", named("mlp-small"))
    assert engines.version("MyGrad") == ""


def test_a_round_s_turns_change():
    asked = []

    class Told:
        def __init__(self, name, took):
            self.name, self.took = name, took

        def sample(self, repeats):
            asked.append((self.name, repeats))
            return self.took

    pairs = rows.in_turn([Told("a", 0.01), Told("b", 0.1)], rounds=3)
    assert pairs == ((0.01, 0.1),) * 3
    assert asked == [("a", 1), ("b", 1), ("a", 3), ("b", 1), ("b", 1), ("a", 3), ("a", 3), ("b", 1)]


def test_a_row_s_numbers():
    row = rows.Row(named("mlp-small"), GRADVIZ, PYTORCH, 0.5, ROUNDS)
    assert (row.ratio, row.best, row.met) == (0.5, 0.5, True)
    assert row._replace(aim=0.4).met is False
    assert row._replace(aim=None).met is None


def test_the_report_fits_80_columns():
    for work in WORKS:
        for ours, peer in rows.pairs(work):
            text = report.row_text(rows.Row(work, ours, peer, 0.4, ROUNDS), first=True)
            assert all(len(line) <= 80 for line in text.splitlines())
            assert text.startswith(f"\n{work.title}\n  {peer}")
            assert text.endswith("=  0.50 best  0.50  NOT MET 0.40")
            assert ("(recorder on)" in text) == (ours == RECORDED)
    told = report.row_text(rows.Row(named("mlp-small"), GRADVIZ, "MyGrad", 1.0, note="a reason, " * 20), first=False)
    assert all(len(line) <= 80 for line in told.splitlines()) and len(told.splitlines()) > 1


def test_the_json_holds_every_round():
    row = rows.Row(named("mlp-small"), GRADVIZ, PYTORCH, 0.5, ROUNDS)
    compared = [Comparison("work", 10, (Timing("a", (1.0, 3.0, 2.0)),))]
    told = json.loads(json.dumps(report.as_json(report.machine(2), 3, [row], compared)))
    assert told["schema_version"] == 2
    assert {"machine", "Python", "gradviz", "threads"} <= set(told["measured_on"])
    assert told["rows"][0]["seconds"] == [list(pair) for pair in ROUNDS]
    assert (told["rows"][0]["work"], told["rows"][0]["ratio"], told["rows"][0]["met"]) == ("mlp-small", 0.5, True)
    assert told["comparisons"][0]["timings"] == [{"name": "a", "median": 2.0, "seconds": [1.0, 3.0, 2.0]}]


def test_every_peer_is_told_or_named_absent():
    facts = report.machine(1)
    assert all(name in facts or name in facts["not here"] for name in (PYTORCH, *PEERS))


def bench(*arguments):
    run = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(run, cwd=command.ROOT, capture_output=True, text=True)


def test_the_help_names_every_work_and_peer():
    told = bench("--help").stdout
    assert all(name in told for name in (*(work.name for work in WORKS), "command", PYTORCH, NUMPY, *PEERS))
    assert all(len(line) <= 80 for line in told.splitlines())


def test_what_is_not_known_is_refused():
    for arguments in (("--only", "nothing"), ("--peer", "nobody"), ("--rounds", "0"), ("--threads", "0")):
        done = bench(*arguments)
        assert done.returncode == 2 and arguments[0] in done.stderr and "expected" in done.stderr


def test_one_row_from_the_command_line():
    told = json.loads(bench("--only", "elem", "--peer", "numpy", "--rounds", "1", "--threads", "1", "--json").stdout)
    (row,) = told["rows"]
    assert (row["work"], row["peer"], row["note"]) == ("elementwise", NUMPY, "")
    assert row["ratio"] > 0 and len(row["seconds"]) == 1 and not told["comparisons"]


def test_each_round_runs_every_contender_in_its_own_context():
    entered, ran = [], []

    class Around:
        def __enter__(self):
            entered.append(len(ran))

        def __exit__(self, *exception):
            assert len(ran) > entered[-1]

    both = [Contender("a", lambda: ran.append("a"), Around), Contender("b", lambda: ran.append("b"), Around)]
    timings = interleaved(both, rounds=3)
    assert [each.name for each in timings] == ["a", "b"]
    assert [len(each.seconds) for each in timings] == [3, 3]
    assert len(entered) == 2 + 2 * 3
    turns = [ran[start] for start in entered[2:]]
    assert turns == ["a", "b", "b", "a", "a", "b"]


def test_a_script_of_so_many_ops_runs_the_same_on_both_engines(tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed: its results can't be compared")
    ours, theirs = tmp_path / "ours.py", tmp_path / "theirs.py"
    ours.write_text(command.SCRIPT)
    theirs.write_text(command.SCRIPT.replace("import gradviz as torch", "import torch"))
    assert command.python(str(ours)) == command.python(str(theirs)) != ""


def test_processes_are_compared_in_80_columns():
    timings = (Timing("one", (3.0, 1.0, 2.0)), Timing("two", (0.5, 1.0, 9.0), ("one",)))
    text = report.text(Comparison("a work", 1000, timings, ("a note",)))
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "0.50 of one" in text and "2.00 ms an op" in text and text.endswith("a note")


def test_every_view_of_a_long_graph_is_looked_at():
    found = views.looking("a short loop", views.LOOP.format(turns=30), 120, 1)
    assert [each.name for each in found.timings] == list(views.views())
    told = report.text(found)
    assert max(map(len, told.splitlines())) <= 80
    assert told.count("an op") == 5
    assert re.search(r"\d bytes an op, \d+ an event", told)
