"""trace --verify of random programs: lives are those of a run without, each gradient is judged once, none is marked."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from gradviz.record.verify import Verifier
from gradviz.trace.events import Kind
from gradviz.trace.store import load
from gradviz.trace.verified import verified
from tests.record.random_programs import LARGE, SMALL, STATEMENTS, Program, programs, run
from tests.record.test_lives import HEADER, Seen, Told


def check(program, path):
    seen = Seen()
    run(program, seen)
    with Verifier(path, HEADER) as recorder:
        told = Told(recorder)
        run(program, told)
        recorder.verify()
    trace = load(path)
    stop = seen.story.index("collector")
    assert told.story(trace)[:stop] == seen.story[:stop]
    found, rows = verified(trace), trace.rows
    handed = Counter(tuple(int(rows[name][step]) for name in ("node", "a", "b")) for step in trace.of(Kind.GRAD))
    assert Counter((each.node, each.backward, each.position) for each in found) == handed
    if {"checkpointed", "update"} <= {name for name, *_ in program.steps}:
        return  # what is run again has other parameters by then, as in PyTorch: such gradients are wrong
    assert [each for each in found if each.verdict == "differs"] == []


def test_a_checkpoint_that_is_run_again_with_other_parameters_is_wrong(tmp_path):
    program = Program(SMALL, [("checkpointed", 0, 0), ("update", 0, 0), ("backward", 3, 0)])
    check(program, tmp_path / "t.gradviz")
    assert "differs" in {each.verdict for each in verified(load(tmp_path / "t.gradviz"))}


@pytest.mark.filterwarnings("ignore")  # numbers run out of bounds, which is no matter here
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(programs())
def test_random_programs(tmp_path, program):
    check(program, tmp_path / "t.gradviz")


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("statement", STATEMENTS)
def test_each_statement_before_and_after_a_backward(statement, size, tmp_path):
    steps = [("mul", 0, 1), ("scaled", 3, 0), (statement, 4, 3), ("backward", 4, 0), (statement, 4, 0)]
    check(Program(size, [*steps, ("backward", 0, 0), ("delete", 9, 0)]), tmp_path / "t.gradviz")
