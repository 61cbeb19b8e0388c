"""Numbers in rows lead to what they stand for; what is missing is BadTrace."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.errors import BadTrace
from gradviz.trace.events import GRAD, MET, Flag, Kind
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


def grads_of(build, *pairs):
    call = build._define(Kind.CALL, "a", dict(CALL, op=GRAD, saved=[], inputs=0))
    for tensor, leaf in pairs:
        build.row(Kind.FORWARD, tensor=tensor, c=leaf, meta=1, ref=call)
    return build.load()


def test_a_grad_may_have_a_grad(build):
    w = build.leaf("w")
    trace = grads_of(build, (30, w.tensor), (31, 30), (32, 31))
    assert [trace.name(tensor) for tensor in (30, 31, 32)] == ["w.grad", "w.grad.grad", "w.grad.grad.grad"]


@pytest.mark.parametrize("pairs", [[(1, 2), (2, 1)], [(1, 1)], [(1, 2), (2, 3), (3, 1)], [(1, 9)]], ids=str)
def test_grads_of_each_other_and_of_nothing_have_no_name(build, pairs):
    trace = grads_of(build, *pairs)
    assert {trace.name(tensor) for tensor, _ in pairs} == {""}


def test_a_chain_of_grads_ends(build):
    trace = grads_of(build, *((tensor, tensor + 1) for tensor in range(1, 5000)))
    assert trace.name(1) == ""


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


@pytest.mark.parametrize("dims", [64, 65, 300])
def test_a_number_of_more_dimensions_than_arrays_have_is_damage(build, dims):
    record = dict(shape=[1] * dims, dtype="float32", device="cpu", nbytes=4)
    build.row(Kind.FORWARD, Flag.INLINE, meta=build._define(Kind.META, "meta", record), value=1.0)
    trace = build.load()
    if dims == 64:
        assert trace.value(1).values.shape == (1,) * 64
        return
    with pytest.raises(BadTrace, match=f"row 1 has {dims} dimensions"):
        trace.value(1)


def test_a_value_at_no_place_of_the_heap_is_damage(build):
    build.row(Kind.FORWARD, value=12_345)
    build.row(Kind.FORWARD, value=(1 << 64) - 1)
    trace = build.load()
    for step in (0, 1):
        with pytest.raises(BadTrace, match="no text or value at position"):
            trace.value(step)


def test_the_package_leaves_torch_trace_callable():
    code = "import gradviz as torch, gradviz.trace.events; print(torch.trace(torch.eye(3)).item())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert (done.stdout, done.stderr) == ("3.0\n", "")
