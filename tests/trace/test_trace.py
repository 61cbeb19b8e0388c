"""Numbers in rows lead to what they stand for, and events tell the rows in words; what is missing is BadTrace."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.errors import BadTrace
from gradviz.trace.events import GRAD, MET, Flag, Kind
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
from gradviz.trace.trace import Call, Ending, Meta, Origin
from tests.trace.build import Builder, linear_regression


@pytest.fixture
def build(tmp_path):
    return Builder(tmp_path / "t.gradviz")


@pytest.fixture(scope="module")
def regression(tmp_path_factory):
    return linear_regression(tmp_path_factory.mktemp("regression") / "t.gradviz")


def told(trace, *kinds):
    return list(trace.events(kinds))


# -- lookups --------------------------------------------------------------------------------------------


def test_steps_of_kinds_ascend(regression):
    kinds = regression.rows["kind"]
    wanted = (Kind.FREED, Kind.FORWARD, Kind.STEP)
    assert regression.of(*wanted).tolist() == [at for at, kind in enumerate(kinds.tolist()) if kind in wanted]
    assert regression.of(Kind.MUTATED).tolist() == []
    assert regression.of().tolist() == []


def test_a_header_and_a_path_come_back(build):
    trace = build.load()
    assert (trace.path, trace.header["script"], trace.damaged) == (build.path, "train.py", "")


def test_definitions_are_found_by_their_numbers(build):
    w = build.leaf("w", np.ones((2, 3)), line=3, text="w = gv.ones(2, 3)")
    build.op("mul", [w, w], np.ones((2, 3)), saved=["self", "other", "result"], within="Net > Linear", line=9)
    trace = build.load()
    leaf, op = trace.rows[trace.of(Kind.FORWARD)]
    assert trace.origin(int(leaf["origin"])) == Origin("train.py", "<module>", 3, 0, 3, 17, "w = gv.ones(2, 3)", "w")
    assert trace.meta(int(leaf["meta"])) == Meta((2, 3), "float32", "cpu", 24)
    saved = (("_saved_self", 0), ("_saved_other", 1), ("_saved_result", -1))
    assert trace.call(int(op["ref"])) == Call("mul", "MulBackward0", {}, saved, 2)
    assert trace.within(int(op["within"])).name == "Net > Linear"
    assert (trace.origin(0), trace.within(0).name) == (None, "")


@pytest.mark.parametrize("what", ["origin", "meta", "call", "within"])
def test_a_number_that_nothing_defines_is_damage(regression, what):
    with pytest.raises(BadTrace, match=f"{what} 99 is used but not defined"):
        getattr(regression, what)(99)


ORIGIN = dict(file="a.py", function="f", line=1, column=0, end_line=1, end_column=5, text="x = 1", target="x")
META = dict(shape=[2], dtype="float32", device="cpu", nbytes=8)
CALL = dict(op="mul", grad_fn="M", params={}, saved=[["self", 0], ["tmp", -2]], inputs=2)


@pytest.mark.parametrize(
    ("what", "kind", "column", "good", "bad"),
    [
        ("origin", Kind.ORIGIN, "origin", ORIGIN, [{"line": "1"}, {"line": True}, {"line": 1.0}, {"file": None}]),
        ("meta", Kind.META, "meta", META, [{"shape": [-1]}, {"shape": [1.5]}, {"shape": [1 << 60]}, {"shape": 2}]),
        ("meta", Kind.META, "meta", META, [{"nbytes": -1}, {"nbytes": 1 << 62}, {"dtype": 4}, {"shape": [True]}]),
        ("call", Kind.CALL, "a", CALL, [{"saved": [["self", 2]]}, {"saved": [["self", -3]]}, {"saved": [["self"]]}]),
        ("call", Kind.CALL, "a", CALL, [{"saved": [3]}, {"saved": [[1, 1]]}, {"inputs": -1}, {"params": []}]),
        ("call", Kind.CALL, "a", CALL, [{"saved": ["ab"]}, {"saved": [["self", True]]}, {"op": None}]),
        ("within", Kind.WITHIN, "within", dict(name="Net", inside=False, aside=True), [{"name": 3}, {"name": None}]),
    ],
)
def test_a_definition_that_cannot_be_is_damage(build, what, kind, column, good, bad):
    texts = [good] + [good | change for change in bad] + [[], 3, None]
    for number, text in enumerate(texts, 1):
        build.row(kind, ref=build.journal.text(text), **{column: number})
    build.row(kind, ref=build.journal.blob(b"not json"), **{column: len(texts) + 1})
    build.row(kind, ref=5, **{column: len(texts) + 2})
    look = getattr(build.load(), what)
    assert look(1)
    for number in range(2, len(texts) + 3):
        with pytest.raises(BadTrace, match="this trace is damaged"):
            look(number)


@pytest.mark.parametrize("column", ["node", "tensor", "buffer", "meta", "origin", "a", "b", "c"])
def test_a_number_far_beyond_the_rows_is_damage(build, column):
    build.row(Kind.FREED, **{column: 65_000})
    assert build.load()
    other = Builder(build.path)
    other.row(Kind.FREED, **{column: 70_000})
    with pytest.raises(BadTrace, match=f"a {column} with the number 70000"):
        other.load()


# -- endings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["finished", "raised", "interrupted", "exited"])
def test_an_ending_tells_how_and_where(build, how):
    build.end(how, "ValueError: no", 3, line=7, text="boom()")
    trace = build.load()
    assert trace.ending == Ending(how, "ValueError: no", 3, trace.ending.origin)
    assert (trace.origin(trace.ending.origin).line, trace.end) == (7, len(trace.rows) - 1)


def test_the_end_is_the_scripts_not_the_files(build):
    build.row(Kind.ENDED)
    build.row(Kind.FREED, buffer=1)
    build.close()
    assert build.load().end == 0


def test_a_run_without_an_ending_ends_at_its_last_row(build):
    build.leaf("w")
    build.close()
    trace = build.load()
    assert (trace.ending, trace.end) == (None, len(trace.rows) - 1)


@pytest.mark.parametrize("change", [{"how": "melted"}, {"exit_code": "1"}, {"origin": None}])
def test_an_ending_that_cannot_be_is_damage(build, change):
    ending = {"how": "finished", "error": "", "exit_code": 0, "origin": 0} | change
    build.row(Kind.ENDED, ref=build.journal.text(ending))
    build.close()
    with pytest.raises(BadTrace, match="this trace is damaged"):
        assert build.load().ending


# -- names ----------------------------------------------------------------------------------------------


def test_a_tensor_has_its_newest_name_else_the_variable_it_was_assigned_to(build):
    w = build.leaf("w")
    y = build.op("exp", [w], name="y")
    build.row(Kind.NAMED, tensor=w.tensor, ref=build.journal.text({"name": "layer.weight"}))
    origin = build.origin(4, "z = y + 1", "z")
    build.row(Kind.FORWARD, Flag.INLINE, tensor=30, origin=origin, meta=1, ref=1)
    build.row(Kind.FORWARD, Flag.INLINE, tensor=31, meta=1, ref=1)
    trace = build.load()
    names = [trace.name(tensor) for tensor in (w.tensor, y.tensor, 30, 31, 32, 0)]
    assert names == ["layer.weight", "y", "z", "", "", ""]


def test_the_first_op_of_a_tensor_names_it_not_a_later_change_in_place(build):
    build.leaf("")
    for line, target in ((4, "z"), (5, "later")):
        origin = build.origin(line, f"{target} = 1", target)
        build.row(Kind.FORWARD, Flag.INLINE, tensor=30, origin=origin, meta=1, ref=1)
    assert build.load().name(30) == "z"


def test_a_grad_is_named_after_its_leaf_and_what_was_only_met_after_nothing(build):
    w, v = build.leaf("w"), build.leaf("")
    here = build.origin(4, "y = net(x)", "y")
    for tensor, leaf in ((30, w), (31, v)):
        grad = build._define(Kind.CALL, "a", dict(CALL, op=GRAD, saved=[], inputs=0))
        build.row(Kind.FORWARD, tensor=tensor, c=leaf.tensor, origin=here, meta=1, ref=grad)
    for tensor, op in enumerate(sorted(MET - {GRAD}), 40):
        met = build._define(Kind.CALL, "a", dict(CALL, op=op, saved=[], inputs=0))
        build.row(Kind.FORWARD, tensor=tensor, c=w.tensor, origin=here, meta=1, ref=met)
    called = build._define(Kind.WITHIN, "within", dict(name="Net", inside=True, aside=False))
    build.row(Kind.FORWARD, tensor=50, within=called, origin=here, meta=1, ref=1)
    trace = build.load()
    assert [trace.name(tensor) for tensor in (30, 31, 40, 41, 42, 50)] == ["w.grad", "", "", "", "", ""]


def test_a_name_that_is_no_text_is_damage(build):
    build.row(Kind.NAMED, tensor=1, ref=build.journal.text({"name": 3}))
    with pytest.raises(BadTrace, match="lacks name"):
        build.load().name(1)


def test_changes_in_place_are_found_up_to_a_step(build):
    w, v = build.leaf("w"), build.leaf("v")
    at = []
    for made, value in ((w, 1.0), (v, 2.0), (w, 3.0)):
        build.mutate(made, value)
        at.append(build.step)
    trace = build.load()
    assert [trace.changed(w.tensor, step) for step in (at[0] - 1, at[0], at[1], at[2], trace.end)] == [
        -1,
        at[0],
        at[0],
        at[2],
        at[2],
    ]
    assert (trace.changed(v.tensor, trace.end), trace.changed(99, trace.end)) == (at[1], -1)


# -- values ---------------------------------------------------------------------------------------------

NUMBERS = {
    "float16": st.floats(width=16),
    "float32": st.floats(width=32),
    "float64": st.floats(),
    "int8": st.integers(-128, 127),
    "int64": st.integers(-(1 << 53), 1 << 53),
    "bool": st.booleans(),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("trace") / "t.gradviz"


@pytest.mark.parametrize("dtype", NUMBERS)
@given(data=st.data())
def test_a_single_number_comes_back_in_its_own_dtype(place, dtype, data):
    build = Builder(place)
    array = np.array(data.draw(NUMBERS[dtype]), dtype).reshape(data.draw(st.sampled_from([(), (1,), (1, 1)])))
    build.row(Kind.FORWARD, Flag.INLINE, meta=build.meta(array), value=float(array.item()))
    preview = build.load().value(1)
    assert (preview.shape, preview.dtype, preview.whole, preview.summary) == (array.shape, dtype, True, None)
    assert preview.values.shape == array.shape
    assert preview.values.tobytes() == array.tobytes() or math.isnan(array.item()) and np.isnan(preview.values)


def test_an_array_comes_back_and_what_was_not_recorded_is_none(build):
    w = build.leaf("w", np.arange(6, dtype=np.int16).reshape(2, 3), dtype=np.int16)
    build.row(Kind.FORWARD, tensor=9, meta=1, ref=1)
    build.row(Kind.BUFFER, buffer=w.buffer, value=12)
    trace = build.load()
    first, second = trace.of(Kind.FORWARD).tolist()
    assert trace.value(first).values.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert trace.value(first).dtype == "int16"
    assert (trace.value(second), trace.value(second + 1)) == (None, None)


def test_a_value_at_no_place_of_the_heap_is_damage(build):
    build.row(Kind.FORWARD, value=12_345)
    build.row(Kind.FORWARD, value=(1 << 64) - 1)
    trace = build.load()
    for step in (0, 1):
        with pytest.raises(BadTrace, match="no text or value at position"):
            trace.value(step)


# -- events ---------------------------------------------------------------------------------------------


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
