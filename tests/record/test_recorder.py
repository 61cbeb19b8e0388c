"""The recorder tells what happened, and changes nothing about it."""

import gc
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gradviz as torch
from gradviz.engine.backend import owner
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


# -- the free events are the real lives -----------------------------------------------------------------


class Lives:
    """What happens to the nodes and buffers of a program, seen by its own weak references (recorder off)."""

    def __init__(self):
        self.told, self._refs = [], []

    def watch(self, label, tensor):
        self._hold(f"{label} buffer", owner(tensor._array))
        if tensor.grad_fn is not None:
            self._hold(f"{label} node", tensor.grad_fn)

    def mark(self, text):
        self.told.append(text)

    def _hold(self, label, thing):
        if any(ref() is thing for ref in self._refs):
            return  # a view of a buffer that is watched already
        self._refs.append(weakref.ref(thing, lambda _: self.told.append(f"{label} ends")))


class Numbers:
    """The same program's nodes and buffers by the recorder's numbers, and where in the trace the marks fall."""

    def __init__(self, recorder):
        self._recorder, self.labels, self.marks = recorder, {}, []

    def watch(self, label, tensor):
        number, _ = self._recorder._buffers.of_array(tensor._array)
        self.labels.setdefault((Kind.FREED, number), f"{label} buffer")
        if tensor.grad_fn is not None:
            number, _ = self._recorder._nodes.number(tensor.grad_fn)
            self.labels.setdefault((Kind.GONE, number), f"{label} node")

    def mark(self, text):
        self._recorder._row(Kind.BUFFER, buffer=0, value=len(self.marks))
        self.marks.append(text)

    def told(self, trace):
        """Marks and ends in the order of the trace."""
        events = []
        for row in trace.rows:
            kind = Kind(row["kind"])
            if kind is Kind.BUFFER and row["buffer"] == 0:
                events.append(self.marks[int(row["value"])])
            elif kind in (Kind.FREED, Kind.GONE):
                number = int(row["buffer"] if kind is Kind.FREED else row["node"])
                if (kind, number) in self.labels:
                    events.append(f"{self.labels[kind, number]} ends")
        return events


def same_lives(program, path):
    """The ends that the program's own weak references see with the recorder off, and those in its trace."""
    gc.collect()
    seen = Lives()
    program(seen)
    with Recorder(path, HEADER) as recorder:
        numbers = Numbers(recorder)
        program(numbers)
    return seen.told, numbers.told(load(path))


def a_regression(lives):
    x = torch.tensor([1.0, 2.0, 3.0])
    w = torch.tensor([2.0], requires_grad=True)
    product = w * x
    lives.watch("product", product)
    shifted = product - 1.0
    lives.watch("shifted", shifted)
    squares = shifted**2
    lives.watch("squares", squares)
    del product, shifted
    lives.mark("names of the intermediates dropped")
    loss = squares.mean()
    lives.watch("loss", loss)
    del squares
    loss.backward()
    lives.mark("after backward")
    del loss
    lives.mark("loss dropped")


def test_free_events_of_a_script_are_the_lives_that_weak_references_see(tmp_path):
    seen, told = same_lives(a_regression, tmp_path / "t.gradviz")
    assert told == seen
    assert seen.index("squares node ends") > seen.index("after backward")
    assert seen.index("shifted buffer ends") < seen.index("after backward")  # saved by pow, freed by backward


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["mul", "add", "exp", "tanh", "view", "slice", "no_grad", "backward", "retain", "grad", "del", "fail"]
        ),
        st.integers(0, 7),
        st.integers(0, 7),
    ),
    max_size=25,
)


def random_program(steps):
    """A program over a growing list of tensors, made from drawn steps."""

    def program(lives):
        held = [torch.full((4,), 0.5, requires_grad=True), torch.full((4,), 0.25)]
        made = 0
        for kind, i, j in steps:
            made += 1
            a, b = held[i % len(held)], held[j % len(held)]
            lives.mark(f"step {made} {kind}")
            try:
                if kind == "mul":
                    new = a * b
                elif kind == "add":
                    new = a + b
                elif kind in ("exp", "tanh"):
                    new = getattr(torch, kind)(a * 0.1)
                elif kind == "view":
                    new = a.view(2, 2).reshape(4)
                elif kind == "slice":
                    new = a[1:3] * 2
                    new = torch.sum(new) * b
                elif kind == "no_grad":
                    with torch.no_grad():
                        new = a * b + 1
                elif kind in ("backward", "retain"):
                    new = None
                    if a.requires_grad:
                        a.sum().backward(retain_graph=kind == "retain")
                elif kind == "grad":
                    new = torch.autograd.grad(a.sum(), held[0], allow_unused=True)[0]
                elif kind == "del":
                    new = None
                    if len(held) > 2:
                        del held[2 + i % (len(held) - 2)]
                else:
                    new = a @ torch.ones(3)  # sizes differ: an error half way
            except RuntimeError:
                new = None
            del a, b
            if new is not None:
                lives.watch(f"tensor {made}", new)
                held.append(new)
            del new
        lives.mark("end")

    return program


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_random_programs_live_the_same_with_the_recorder_on_and_off(tmp_path, steps):
    seen, told = same_lives(random_program(steps), tmp_path / "t.gradviz")
    assert told == seen


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
