"""Changes in place in a trace: of a view in a graph, of its base, of views that follow, and outside of graphs."""

import numpy as np
import pytest

import gradviz as torch
from gradviz.ops.changes import FORMS
from gradviz.record.recorder import Recorder
from gradviz.trace.events import Kind
from gradviz.trace.graph import graphs
from gradviz.trace.store import load
from gradviz.views.diagram import dot_text
from gradviz.views.rows import rows
from tests.engine.samples_in_place import SAMPLES

HEADER = {"format": 1, "gradviz": "test", "script": "test", "argv": [], "mode": "script"}


@pytest.fixture
def traced(tmp_path):
    """program -> its trace; the program returns nothing."""

    def of(program):
        path = tmp_path / "made.gradviz"
        with Recorder(path, HEADER):
            program()
        return load(path)

    return of


def told(trace):
    """(op, grad_fn, ops that made its inputs) of each node of the newest graph."""
    found = graphs(trace)[-1].nodes
    names = {node.number: node.op for node in found}
    return [(node.op, node.grad_fn, [names.get(each) for each in node.inputs]) for node in found if node.grad_fn]


def test_a_change_of_a_view_is_a_node_between_its_base_before_and_after(traced):
    def program():
        w = torch.ones(2, 2, requires_grad=True)
        y = w * 2
        row = y[0]
        row.mul_(w[1])
        (row.sum() + y.sum()).backward()

    assert told(traced(program)) == [
        ("ones", "AccumulateGrad", []),
        ("mul", "MulBackward0", ["ones", "(number)"]),
        ("select", "SelectBackward0", ["mul"]),
        ("select", "SelectBackward0", ["ones"]),
        ("mul_", "CopySlices", ["mul", "select"]),
        ("as_strided", "AsStridedBackward0", ["mul_"]),
        ("sum", "SumBackward0", ["as_strided"]),
        ("sum", "SumBackward0", ["mul_"]),
        ("add", "AddBackward0", ["sum", "sum"]),
    ]


def test_what_a_change_saved_is_told_of_its_own_buffers(traced):
    def program():
        w = torch.ones(2, 2, requires_grad=True)
        y = w * 2
        y[0].mul_(w[1])
        y.exp_()
        y.sum().backward()

    trace = traced(program)
    saved = {node.op: {each.name: each.nbytes for each in node.saved} for node in graphs(trace)[-1].nodes}
    assert saved["mul_"] == {"_saved_self": 8, "_saved_other": 8}  # of self the row before the change
    assert saved["exp_"] == {"_saved_result": 16}
    assert len(trace.of(Kind.RELEASED)) == 3


def test_a_view_that_follows_its_base_is_told_when_it_is_used(traced):
    def program():
        w = torch.ones(2, 2, requires_grad=True)
        y = w * 2
        old = y.t()
        y[0] = 5.0
        old.sum().backward()

    assert [each[:2] for each in told(traced(program))] == [
        ("ones", "AccumulateGrad"), ("mul", "MulBackward0"), ("t", "TBackward0"), ("setitem", "CopySlices"),
        ("as_strided", "AsStridedBackward0"), ("sum", "SumBackward0"),
    ]  # fmt: skip


def test_a_change_of_a_view_outside_of_graphs_is_one_of_its_base(traced):
    def program():
        w = torch.ones(2, 2, requires_grad=True)
        (w * w).sum().backward()
        with torch.no_grad():
            w[0].sub_(3)

    trace = traced(program)
    leaf = next(node for node in graphs(trace)[-1].nodes if node.grad_fn == "AccumulateGrad")
    row = trace.changed(leaf.tensor, trace.end)
    assert row >= 0 and trace.rows["a"][row] == 1
    assert len(trace.of(Kind.MUTATED)) == 2  # of the view, of its base


def _program(sample):
    leaves = [torch.from_numpy(array) for array in sample.arrays(np.float64)]
    for leaf, able in zip(leaves, sample.floating(), strict=True):
        leaf.requires_grad_(able)
    sample.run(torch, *leaves).sum().backward()


@pytest.mark.parametrize("k", range(len(SAMPLES)), ids=lambda k: f"{SAMPLES[k].op}-{k}")
def test_a_change_is_shown(k, traced):
    if SAMPLES[k].run.__qualname__.startswith("twice"):
        return
    trace = traced(lambda: _program(SAMPLES[k]))
    for graph in graphs(trace):
        assert len(rows(trace, graph, trace.lives)) == len(graph.nodes)
        assert dot_text(trace, graph, trace.lives, nodes=None).count("label=") > 1


@pytest.mark.parametrize("name", ["exp_", "mul_", "add_", "sigmoid_", "clamp_", "zero_"])
def test_a_form_has_its_own_name(name, traced):
    arguments = {"mul_": (2,), "add_": (1,), "clamp_": (0, 1)}.get(name, ())

    def program():
        y = torch.ones(2, requires_grad=True) * 2
        FORMS[name](y, *arguments)
        y.sum().backward()

    assert name in [each[0] for each in told(traced(program))]
