"""What the recorder tells of hooks on saved tensors, checkpoints, inference mode, anomaly mode and module hooks."""


import pytest

import gradviz as torch
from gradviz import nn
from gradviz.engine.switches import mode
from gradviz.record.recorder import Recorder
from gradviz.record.script import Outcome
from gradviz.trace.events import FLOWING, SAVED, Kind
from gradviz.trace.graph import graphs
from gradviz.trace.memory import saved_summary
from gradviz.trace.store import load
from gradviz.utils.checkpoint import checkpoint

HEADER = {"format": 1, "gradviz": "test", "script": "test", "argv": [], "mode": "script"}


def recorded(path, program):
    """The trace of a program that returns its variables."""
    with Recorder(path, HEADER) as recorder:
        variables = program()
        recorder.finish(Outcome("finished", "", 0, None, variables))
        variables.clear()
    return load(path)


@pytest.fixture
def x():
    return torch.tensor([1.0, 2.0, 3.0], requires_grad=True)


def nodes_of(trace):
    return [node for graph in graphs(trace) for node in graph.nodes]


def saved_by(trace, grad_fn):
    """[(name, bytes, buffer)] of the first node of this name."""
    node = next(each for each in nodes_of(trace) if each.grad_fn == grad_fn)
    return [(each.name, each.nbytes, each.buffer) for each in node.saved]


def buffers_freed(trace):
    rows = trace.of(Kind.FREED)
    return set(trace.rows["buffer"][rows].tolist())


def hooked(pack, unpack=lambda packed: packed):
    return torch.autograd.graph.saved_tensors_hooks(pack, unpack)


def test_what_a_hook_writes_elsewhere_is_not_saved(tmp_path, x):
    def program():
        with hooked(lambda t: t.tolist(), torch.tensor):
            y = x.exp()
        y.sum().backward()
        return {"y": y}

    trace = recorded(tmp_path / "t.gradviz", program)
    assert saved_by(trace, "ExpBackward0") == []
    assert saved_summary(trace, trace.lives).peak == 0


def test_what_a_hook_copies_is_what_is_saved(tmp_path, x):
    def program():
        with hooked(lambda t: ("a note", [t.detach().clone()]), lambda packed: packed[1][0]):
            y = x.exp()
        loss = y.sum()
        del y
        loss.backward()
        return {"loss": loss}

    trace = recorded(tmp_path / "t.gradviz", program)
    ((name, nbytes, buffer),) = saved_by(trace, "ExpBackward0")
    own = trace.rows["buffer"][next(each.step for each in nodes_of(trace) if each.grad_fn == "ExpBackward0")]
    assert (name, nbytes) == ("_saved_result", 12) and buffer != own
    assert {buffer, own} <= buffers_freed(trace)
    assert saved_summary(trace, trace.lives).peak == 12


def test_a_hook_that_hands_the_tensor_through_changes_nothing(tmp_path, x):
    def program():
        y = x * x
        y.sum().backward()
        return {"y": y}

    def with_hooks():
        with hooked(lambda t: t):
            return program()

    plain, through = (recorded(tmp_path / f"{k}.gradviz", each) for k, each in enumerate((program, with_hooks)))
    assert [each[:2] for each in saved_by(plain, "MulBackward0")] == [
        each[:2] for each in saved_by(through, "MulBackward0")
    ]
    assert saved_by(through, "MulBackward0") == [("_saved_other", 12, 1), ("_saved_self", 12, 1)]


def test_a_result_that_a_hook_looks_at_was_not_made_before_the_recording(tmp_path, x):
    def program():
        with hooked(lambda t: t.detach().clone()):
            y = x.exp()
        return {"y": y}

    trace = recorded(tmp_path / "t.gradviz", program)
    assert [node.op for node in nodes_of(trace)].count(SAVED) == 1


def test_a_checkpoint_saves_nothing_and_is_seen_to_run_again(tmp_path, x):
    def program():
        y = checkpoint(lambda a: a.exp().sin(), x, use_reentrant=False, early_stop=False)
        y.sum().backward()
        return {"y": y}

    trace = recorded(tmp_path / "t.gradviz", program)
    first, again = (
        [node for node in graph.nodes if node.grad_fn in ("ExpBackward0", "SinBackward0")] for graph in graphs(trace)
    )
    assert [node.grad_fn for node in first] == [node.grad_fn for node in again] == ["ExpBackward0", "SinBackward0"]
    assert [node.saved for node in first] == [(), ()] and all(node.saved for node in again)
    assert not [node for node in again if node.op == FLOWING]


def test_a_reentrant_checkpoint_is_a_function_with_a_backward_of_its_own(tmp_path, x):
    def program():
        y = checkpoint(lambda a: a.exp().sin(), x, use_reentrant=True)
        y.sum().backward()
        return {"y": y}

    trace = recorded(tmp_path / "t.gradviz", program)
    assert [name for name, _, _ in saved_by(trace, "CheckpointFunctionBackward")] == ["saved_tensors[0]"]
    assert len(trace.of(Kind.BACKWARD)) == len(trace.of(Kind.BACKWARD_ENDED)) == 2


def test_inference_mode_hands_all_on_to_the_recorder(tmp_path, x):
    def program():
        with torch.inference_mode():
            y = nn.Linear(3, 2)(x)
            y.add_(1)
            with torch.inference_mode(False):
                z = x * 2
        return {"y": y, "z": z}

    trace = recorded(tmp_path / "t.gradviz", program)
    assert {"Parameter", "addmm", "add_", "mul"} <= {node.op for node in nodes_of(trace)}
    assert len(trace.of(Kind.MUTATED)) == 2 and mode.observer is None  # y, and what it is a view of


def test_a_backward_from_an_edge_is_told(tmp_path, x):
    def program():
        y = x.exp()
        edge, leaf = torch.autograd.graph.get_gradient_edge(y), torch.autograd.graph.get_gradient_edge(x)
        torch.autograd.grad(edge, [leaf, edge], torch.ones(3), retain_graph=True)
        torch.autograd.backward(edge, torch.ones(3))
        torch.autograd.backward(leaf, torch.ones(3))
        return {"y": y}

    trace = recorded(tmp_path / "t.gradviz", program)
    assert len(trace.of(Kind.BACKWARD)) == 3 and len(trace.of(Kind.CAPTURED)) == 2
    assert len(graphs(trace)) == 1


def test_module_hooks_are_nodes_of_the_graph(tmp_path, x):
    def program():
        layer = nn.Linear(3, 2)
        layer.register_full_backward_hook(lambda *_: None)
        layer(x).sum().backward()
        return {"layer": layer}

    trace = recorded(tmp_path / "t.gradviz", program)
    names = [node.grad_fn for node in nodes_of(trace)]
    assert names.count("BackwardHookFunctionBackward") == 2
