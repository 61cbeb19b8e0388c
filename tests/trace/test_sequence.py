"""The life of each graph of a run, and alike ones as runs."""

from hypothesis import given
from hypothesis import strategies as st

from gradviz.trace.graph import graphs
from gradviz.trace.sequence import Run, runs, sequence
from tests.trace.build import Builder, linear_regression


def lives(build):
    trace = build.load()
    return sequence(trace, graphs(trace))


def test_a_graph_from_its_first_op_to_its_end(tmp_path):
    trace = linear_regression(tmp_path / "t.gradviz")
    (life,) = sequence(trace, graphs(trace))
    assert (life.number, life.structure, life.nodes, life.accumulators) == (1, 1, 5, 2)
    assert (life.saving, life.saved_bytes) == (2, 24)
    assert (life.began.line, life.built.line) == (5, 5)
    assert [(each.backward.origin.line, each.which, each.nodes) for each in life.released] == [(6, 1, 2)]
    assert (life.alive, life.holders) == (0, ())
    assert (life.gone.backward, life.gone.after.line) == (None, 6)


def test_a_graph_that_is_held(tmp_path):
    trace = linear_regression(tmp_path / "t.gradviz", delete=False)
    (life,) = sequence(trace, graphs(trace))
    assert (life.alive, life.holders, life.gone) == (5, ("loss",), None)


def test_who_released_the_saved_tensors(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    w = build.leaf("w", 2.0)
    y = build.op("exp", [w], 1.0, saved=["result"], name="y", line=2)
    build.backward(y, line=3, retain_graph=True)
    build.backward(y, line=4)
    z = build.op("exp", [w], 1.0, saved=["result"], name="z", line=5)
    build.gone(z)
    build.op("exp", [w], 1.0, saved=["result"], name="kept", line=6)
    twice, ended, kept = lives(build)
    assert [(each.backward.number, each.which) for each in twice.released] == [(2, 2)]
    assert [(each.backward, each.nodes) for each in ended.released] == [(None, 1)]
    assert (ended.gone.after.line, ended.backwards) == (5, ())
    assert (kept.released, kept.saving, kept.alive) == ((), 1, 1)


def test_a_node_that_ends_in_backward(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    w = build.leaf("w", 2.0)
    y = build.op("exp", [w], 1.0, line=2)
    z = build.op("exp", [w], 1.0, line=3)
    build.backward(z, line=4, during=lambda: build.gone(y))
    first, second = lives(build)
    assert first.gone.backward.origin.line == 4
    assert second.gone is None


def test_a_buffer_that_two_nodes_save_counts_once(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    w = build.leaf("w", [1.0, 2.0])
    y = build.op("mul", [w, w], [1.0, 4.0], saved=["self", "other"])
    build.op("mul", [y, w], [1.0, 8.0], saved=["self", "other"])
    (life,) = lives(build)
    assert (life.saving, life.saved_bytes) == (2, 16)


def test_a_script_without_a_graph(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    assert lives(build) == []
    build = Builder(tmp_path / "u.gradviz")
    build.op("exp", [build.constant("x", 1.0)], 1.0)
    (life,) = lives(build)
    assert (life.nodes, life.accumulators, life.alive, life.gone) == (0, 0, 0, None)


def test_fates_tell_what_differs(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    w = build.leaf("w", 2.0)
    for turn in range(4):
        y = build.op("exp", [w], 1.0, saved=["result"], line=2)
        build.backward(y, line=3 + (turn == 2))
        build.gone(y)
    fates = [life.fate() for life in lives(build)]
    assert fates[0] == fates[1] == fates[3] != fates[2]


def test_turns():
    assert runs("") == []
    assert runs("AAAA") == [Run(0, 1, 4)]
    assert runs("ABABAB") == [Run(0, 2, 3), Run(1, 2, 3)]
    assert runs("ABAB") == [Run(0, 1, 1), Run(1, 1, 1), Run(2, 1, 1), Run(3, 1, 1)]
    assert runs("AABAABAABC") == [Run(0, 3, 3), Run(1, 3, 3), Run(2, 3, 3), Run(9, 1, 1)]


@given(st.text("AB", max_size=40))
def test_runs_tell_of_each_graph_once(fates):
    told = {}
    for run in runs(fates):
        for turn in range(run.count):
            told.setdefault(run.first + turn * run.every, fates[run.first])
    assert told == dict(enumerate(fates))
    assert sum(run.count for run in runs(fates)) == len(fates)


@given(st.text("ABC", min_size=1, max_size=8), st.integers(3, 50))
def test_what_repeats_takes_no_more_lines_than_one_turn(turn, count):
    assert len(runs(turn * count)) <= len(turn)
