"""Events tell the rows in words, for whoever looks at single ones."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.errors import BadTrace
from gradviz.trace.events import Kind
from gradviz.trace.happened import (
    EVENTS,
    BackwardEnded,
    BackwardStarted,
    BackwardStep,
    BufferFreed,
    ForwardOp,
    GradAccumulated,
    Mutated,
    NodeGone,
    SavedReleased,
)
from tests.trace.build import Builder, linear_regression


@pytest.fixture
def build(tmp_path):
    return Builder(tmp_path / "t.gradviz")


@pytest.fixture(scope="module")
def regression(tmp_path_factory):
    return linear_regression(tmp_path_factory.mktemp("regression") / "t.gradviz")


def told(trace, *kinds):
    return list(trace.events(kinds))


def test_a_regression_is_told_as_it_happened(regression):
    events = list(regression.events())
    assert Counter(type(event) for event in events) == {
        ForwardOp: 9,
        BackwardStarted: 1,
        BackwardStep: 5,
        SavedReleased: 2,
        GradAccumulated: 2,
        BackwardEnded: 1,
        BufferFreed: 5,
        NodeGone: 7,
    }
    assert [event.step for event in events] == sorted(event.step for event in events)
    assert all(event.time_ns == 1000 * (event.step + 1) for event in events)
    forward = events[4]
    assert forward[2:6] == (500, "mul", (1, 3), (5,))
    assert (forward.grad_fn, forward.node > 0, forward.saved, forward.within) == (
        "MulBackward0",
        True,
        ("_saved_other",),
        "",
    )
    assert (forward.origin.line, forward.params) == (5, {})
    assert [(event.op, event.grad_fn, event.node) for event in events[:4]] == [("tensor", "", 0)] * 4
    released = [event for event in events if isinstance(event, SavedReleased)]
    assert [(event.name, event.by) for event in released] == [("_saved_self", 1), ("_saved_other", 1)]
    assert [event.nbytes for event in events if isinstance(event, BufferFreed)] == [12, 12, 12, 4, 12]


@given(st.sets(st.sampled_from(list(Kind))), st.integers(0, 70), st.none() | st.integers(0, 70))
def test_events_can_be_asked_for_by_kind_and_between_steps(regression, kinds, start, stop):
    kind = regression.rows["kind"].tolist()
    end = len(kind) if stop is None else stop
    expected = [event for event in regression.events() if kind[event.step] in kinds and start <= event.step < end]
    assert list(regression.events(kinds, start, stop)) == expected


def test_kinds_may_be_any_iterable(regression):
    assert list(regression.events(iter([Kind.STEP, Kind.GONE]))) == told(regression, Kind.STEP, Kind.GONE)


def test_events_are_read_one_at_a_time(build):
    build.leaf("w")
    build.row(Kind.FORWARD, ref=1, origin=50)
    events = build.load().events()
    assert next(events).op == "tensor"
    with pytest.raises(BadTrace, match="origin 50"):
        next(events)


def test_every_kind_of_event_has_a_telling(build):
    w = build.leaf("w")
    y = build.op("exp", [w], saved=["result"])
    build.backward(y)
    build.mutate(w, 2.0, line=8, text="w.add_(1)", version=3)
    build.freed(y)
    build.gone(y)
    trace = build.load()
    assert {trace.rows["kind"][event.step] for event in trace.events()} == set(EVENTS)
    (changed,) = told(trace, Kind.MUTATED)
    assert (changed.tensor, changed.version, changed.origin.line) == (w.tensor, 3, 8)
    assert isinstance(changed, Mutated)
    (gone,) = told(trace, Kind.GONE)
    assert (type(gone), gone.node) == (NodeGone, y.node)


def test_an_op_tells_all_its_inputs_and_outputs(build):
    inputs = [build.leaf() for _ in range(5)]
    y = build.op("many", inputs, within="Net")
    for number in (1, 2):
        build.row(Kind.OUTPUT, tensor=40 + number, node=y.node, a=number)
    build.op("exp", [None, y])
    build.row(Kind.OUTPUT, tensor=50)
    trace = build.load()
    *_, many, exp = told(trace, Kind.FORWARD)
    assert (many.inputs, many.outputs, many.within) == ((1, 2, 3, 4, 5), (6, 41, 42), "Net")
    assert (exp.inputs, exp.outputs) == ((0, 6), (7, 50))


def test_an_op_that_made_no_node_has_no_grad_fn(build):
    w = build.leaf("w")
    build.op("mul", [w, w], saved=["self"], no_grad=True)
    *_, op = told(build.load(), Kind.FORWARD)
    assert (op.grad_fn, op.node, op.saved) == ("", 0, ())


def test_a_backward_tells_its_calls(build):
    w = build.leaf("w")
    y = build.op("sin", [w])
    build.backward(y, retain_graph=True, line=6)
    build.backward(y, create_graph=True, failed=True)
    first, second = told(build.load(), Kind.BACKWARD)
    assert first[2:6] == (1, y.tensor, True, False)
    assert second[2:6] == (2, y.tensor, False, True)
    assert (type(first), first.origin.line) == (BackwardStarted, 6)
    ended = told(build.load(), Kind.BACKWARD_ENDED)
    assert [(type(event), event.backward_call, event.failed) for event in ended] == [
        (BackwardEnded, 1, False),
        (BackwardEnded, 2, True),
    ]


def test_a_step_tells_the_gradients_that_came_and_went(build):
    w = build.leaf("w")
    y = build.op("two", [w, w])
    build.row(Kind.BACKWARD, a=1)
    for node in (y.node, 30):
        build.row(Kind.STEP, a=1, node=node, duration=7)
        build.row(Kind.INCOMING, b=1)
        build.row(Kind.GRAD, b=0)
        build.row(Kind.GRAD, b=1)
    first, second = told(build.load(), Kind.STEP)
    at = first.step
    assert first == BackwardStep(at, first.time_ns, 7, y.node, (at, at + 1), (at + 2, at + 3), 1)
    assert second.grad_inputs == (second.step + 2, second.step + 3)


def test_a_leaf_tells_its_grad_before_and_after(build):
    w = build.leaf("w", np.ones(2))
    for _ in range(2):
        build.backward(build.op("sin", [w], np.ones(2)), grads={w: np.array([2.0, 3.0])})
    first, second = told(build.load(), Kind.ADDED)
    assert (first.before, first.after.values.tolist()) == (None, [2, 3])
    assert (second.before.values.tolist(), second.after.values.tolist()) == ([2, 3], [4, 6])
    assert (second.leaf, second.backward_call, type(second)) == (w.tensor, 2, GradAccumulated)


def test_every_saved_tensor_is_told_when_its_node_lets_go(build):
    w = build.leaf("w")
    y = build.op("mul", [w, w], saved=["self", "other", "result"])
    build.release(y)
    build.release(build.op("neg", [w]))
    build.row(Kind.RELEASED, node=build._counts["node"] + 1)
    released = told(build.load(), Kind.RELEASED)
    names = [("_saved_self", w.buffer), ("_saved_other", w.buffer), ("_saved_result", y.buffer)]
    assert [(event.name, event.buffer) for event in released] == names
    assert {(event.node, event.by) for event in released} == {(y.node, 0)}
