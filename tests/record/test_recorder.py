"""The recorder tells what happened, and changes nothing about it."""

import gc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gradviz as torch
from gradviz.engine.switches import mode
from gradviz.record.recorder import Recorder
from gradviz.record.script import Outcome
from gradviz.trace.events import Flag, Kind
from gradviz.trace.store import load

HEADER = {"format": 1, "gradviz": "test", "script": "test", "argv": [], "mode": "script"}


def ended(namespace):
    return Outcome("finished", "", 0, None, namespace)


def recorded(path, program):
    with Recorder(path, HEADER) as recorder:
        namespace = program() or {}
        recorder.finish(ended(namespace))
        namespace.clear()
    return load(path)


def test_the_recorder_holds_no_tensor_node_or_array(tmp_path):
    """What the recorder itself can reach is numbers: no engine object among all it refers to."""
    with Recorder(tmp_path / "t.gradviz", HEADER) as recorder:
        w = torch.ones(3, requires_grad=True)
        (w * w).sum().backward()
        waiting, seen = list(vars(recorder).values()), set()
        while waiting:
            thing = waiting.pop()
            if id(thing) in seen or isinstance(thing, (type, type(sys))):
                continue
            seen.add(id(thing))
            assert not isinstance(thing, (torch.Tensor, np.ndarray)), thing
            if not callable(thing) or hasattr(thing, "__self__"):
                waiting += gc.get_referents(thing)
    assert len(seen) > 20


# -- what the rows tell ---------------------------------------------------------------------------------


def kinds(trace, kind):
    return trace.rows[trace.rows["kind"] == kind]


def test_every_forward_op_is_recorded_also_under_no_grad(tmp_path):
    def program():
        w = torch.ones(2, requires_grad=True)
        with torch.no_grad():
            w * 2.0
        w.exp()

    trace = recorded(tmp_path / "t.gradviz", program)
    rows = kinds(trace, Kind.FORWARD)
    ops = [(trace.call(int(row["ref"])).op, bool(row["flags"] & Flag.NO_GRAD)) for row in rows]
    assert ops == [("ones", False), ("(number)", False), ("mul", True), ("exp", False)]
    assert list(rows["node"] > 0) == [False, False, False, True]


def test_backward_steps_carry_their_gradients_and_leaves_take_them_in(tmp_path):
    def program():
        w = torch.tensor(3.0, requires_grad=True)
        (w * w).backward()
        (w * 5.0).backward()

    trace = recorded(tmp_path / "t.gradviz", program)
    added = trace.of(Kind.ADDED)
    assert [trace.value(step).values.item() for step in added] == [6.0, 11.0]
    grads = [trace.value(step).values.item() for step in trace.of(Kind.GRAD)]
    assert grads == [3.0, 3.0, 5.0]  # both edges of w * w, then the second call's
    incoming = [trace.value(step).values.item() for step in trace.of(Kind.STEP)]
    assert incoming == [1.0, 6.0, 1.0, 5.0]  # MulBackward0, AccumulateGrad (summed), and again


def test_gradients_that_are_summed_in_place_are_told_before_and_after(tmp_path):
    def program():
        x = torch.ones(5000, requires_grad=True)
        y = x * 2
        ((y * 3).sum() + (y * 4).sum()).backward()

    trace = recorded(tmp_path / "t.gradviz", program)
    handed_on = {int(row["c"]): [] for row in kinds(trace, Kind.GRAD)}
    for step in trace.of(Kind.GRAD):
        handed_on[int(trace.rows["c"][step])].append(step)
    (twice,) = [steps for steps in handed_on.values() if len(steps) == 2]
    (taken,) = [step for step in trace.of(Kind.STEP) if trace.rows["node"][step] == trace.rows["c"][twice[0]]]
    assert [trace.value(step).summary.mean for step in (*twice, taken)] == [4.0, 3.0, 7.0]
    assert trace.rows["buffer"][taken] == trace.rows["buffer"][twice[0]] != trace.rows["buffer"][twice[1]]


def test_releases_name_the_backward_call_and_nothing_is_released_that_saved_nothing(tmp_path):
    def program():
        w = torch.ones(2, requires_grad=True)
        loss = (w.exp() + 1).sum()
        loss.backward(retain_graph=True)
        loss.backward()

    trace = recorded(tmp_path / "t.gradviz", program)
    released = kinds(trace, Kind.RELEASED)
    assert list(released["a"]) == [2]  # by the second call, of exp alone
    exp = next(row for row in kinds(trace, Kind.FORWARD) if trace.call(int(row["ref"])).op == "exp")
    assert list(released["node"]) == [exp["node"]]


def test_names_come_from_assignments_attributes_and_parameters(tmp_path):
    script = tmp_path / "s.py"
    script.write_text(
        "import gradviz as torch\n"
        "class Box: pass\n"
        "box = Box()\n"
        "w = torch.ones(2, requires_grad=True)\n"
        "box.scale = torch.ones(2)\n"
        "model = torch.nn.Sequential(torch.nn.Linear(2, 1))\n"
        "losses = []\n"
        "out = model(w * box.scale)\n"
        "losses.append(out.sum())\n"
        "out.sum().backward()\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "gradviz", "trace", "--no-diagram", "s.py"], cwd=tmp_path, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    trace = load(tmp_path / "s.gradviz")
    names = {trace.name(int(row["tensor"])) for row in kinds(trace, Kind.FORWARD)}
    assert {"w", "box.scale", "model.0.weight", "model.0.bias", "out"} <= names
    holders = {trace.text(int(row["ref"]), "name") for row in kinds(trace, Kind.HOLDER)}
    assert "losses[0]" in holders


def test_a_killed_script_leaves_its_trace(tmp_path):
    (tmp_path / "s.py").write_text(
        "import os, signal\nimport gradviz as torch\n"
        "w = torch.ones(2, requires_grad=True)\nloss = (w * 3).sum()\nloss.backward()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-m", "gradviz", "trace", "s.py"], cwd=tmp_path, capture_output=True)
    assert done.returncode == -9
    trace = load(tmp_path / "s.gradviz")
    assert trace.ending is None
    assert len(trace.of(Kind.ADDED)) == 1


def test_the_observer_slot_is_given_back_and_results_are_the_same(tmp_path):
    def work():
        torch.manual_seed(3)
        w = torch.randn(4, requires_grad=True)
        loss = (w.tanh() * torch.randn(4)).sum()
        loss.backward()
        return loss.item(), w.grad.tolist()

    plain = work()
    with Recorder(tmp_path / "t.gradviz", HEADER):
        assert mode.observer is not None
        watched = work()
    assert mode.observer is None
    assert watched == plain


@pytest.mark.parametrize("values", ["none", "preview", "full"])
def test_values_are_kept_as_asked(tmp_path, values):
    path = tmp_path / "t.gradviz"
    with Recorder(path, HEADER, values=values):
        torch.arange(100.0) * 2
    trace = load(path)
    value = trace.value(trace.of(Kind.FORWARD)[0])
    if values == "none":
        assert value is None
    else:
        assert value.whole == (values == "full")
    assert Path(path).stat().st_size < 40_000


def test_a_tensor_first_met_at_the_end_is_given_no_line_that_never_ran(tmp_path):
    def program():
        w = torch.ones(2, requires_grad=True)
        (w * 2).sum().backward()
        return {"g": w.grad}

    trace = recorded(tmp_path / "t.gradviz", program)
    last = kinds(trace, Kind.FORWARD)[-1]
    assert trace.name(int(last["tensor"])) == "g"
    assert last["origin"] == 0


def test_a_gradient_that_the_script_uses_is_not_said_to_be_older_than_the_recording(tmp_path):
    before = torch.ones(2)

    def program():
        w = torch.ones(2, requires_grad=True)
        (w * before).sum().backward()
        w.grad * 2.0
        w.data * 2.0

    trace = recorded(tmp_path / "t.gradviz", program)
    ops = [trace.call(int(row["ref"])).op for row in kinds(trace, Kind.FORWARD)]
    assert [op for op in ops if op not in ("(number)", "mul", "sum")] == [
        "ones", "(made before recording)", "(.grad)", "(shares memory)",
    ]  # fmt: skip


class Keeps(torch.autograd.Function):
    """Saves its input or its result, as told: one saved tensor either way."""

    @staticmethod
    def forward(ctx, x, its_input):
        y = x.exp()
        ctx.save_for_backward(x if its_input else y)
        return y

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0], None


def test_what_a_function_saved_is_told_of_each_call_alone(tmp_path):
    def program():
        x = torch.ones(2, requires_grad=True)
        Keeps.apply(x, True)
        Keeps.apply(x, False)

    trace = recorded(tmp_path / "t.gradviz", program)
    calls = [trace.call(int(row["ref"])) for row in kinds(trace, Kind.FORWARD)]
    assert [call.saved for call in calls if call.op == "Keeps"] == [
        (("saved_tensors[0]", 0),),
        (("saved_tensors[0]", -1),),
    ]
