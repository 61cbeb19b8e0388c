"""What results are called: after variables, attributes, parameters, and the calls whose code computed them."""


import pytest

import gradviz as torch
from gradviz import nn, optim
from gradviz.nn import functional as F
from gradviz.record.recorder import Recorder
from gradviz.record.script import Outcome
from gradviz.trace.graph import graphs
from gradviz.trace.store import load
from gradviz.views.rows import called_by

HEADER = {"format": 1, "gradviz": "test", "script": "test", "argv": [], "mode": "script"}


@pytest.fixture
def called(tmp_path):
    """program -> (what each result is called, op), in execution order."""

    def of(program):
        with Recorder(tmp_path / "t.gradviz", HEADER) as recorder:
            namespace = program() or {}
            recorder.finish(Outcome("finished", "", 0, None, namespace))
        trace = load(tmp_path / "t.gradviz")
        found = {}
        for graph in graphs(trace):
            names = called_by(trace, graph)
            found |= {node.number: (names[node.number], node.op) for node in graph.nodes}
        return [found[number] for number in sorted(found)]

    return of


def test_a_calls_value_takes_the_variables_name_and_its_steps_the_calls(called):
    def program():
        model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
        points = torch.ones(4, 2)
        scores = model(points)
        return {"model": model, "scores": scores}

    ops = [each for each in called(program) if each[1] not in ("Parameter", "ones")]
    assert ops == [
        ("linear.t", "t"),
        ("linear.addmm", "addmm"),
        ("Tanh.tanh", "tanh"),
        ("linear.t", "t"),
        ("scores", "addmm"),
    ]


def test_a_loop_over_one_call_names_each_of_its_values(called):
    def program():
        cell, h = nn.Linear(2, 2), torch.ones(1, 2)
        for _ in range(2):
            h = cell(h)
        return {}

    names = [name for name, op in called(program) if op == "addmm"]
    assert names == ["h", "h"]


def test_inside_a_module_of_the_scripts_its_own_lines_give_the_names(called):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(2, 2)

        def forward(self, x):
            hidden = self.first(x)
            scaled = hidden * hidden
            return scaled + hidden

    def program():
        net = Net()
        out = net(torch.ones(1, 2))
        return {"net": net, "out": out}

    found = dict(called(program))
    assert {"hidden": "addmm", "scaled": "mul", "out": "add", "net.first.weight": "Parameter"}.items() <= found.items()


def test_a_parameter_is_named_through_its_module_not_through_the_optimizers_list(called):
    def program():
        model = nn.Sequential(nn.Linear(2, 1))
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        loss = model(torch.ones(1, 2)).sum()
        return {"optimizer": optimizer, "model": model, "loss": loss}

    names = [name for name, op in called(program) if op == "Parameter"]
    assert names == ["model.0.weight", "model.0.bias"]


def test_what_several_ops_compute_has_its_name_once(called):
    def program():
        logits = torch.tensor([[1.0, 2.0]], requires_grad=True)
        target = torch.tensor([1])
        loss = F.cross_entropy(logits, target)
        corner = logits[0, 1]
        row = torch.ones(2) @ torch.ones(2, 3, requires_grad=True)
        return {"loss": loss, "corner": corner, "row": row}

    names = [name for name, _ in called(program)]
    assert [names.count(each) for each in ("loss", "corner", "row")] == [1, 1, 1]


def test_a_gradient_that_is_used_is_named_after_its_leaf_and_a_number_by_its_value(called):
    def program():
        w = torch.tensor(2.0, requires_grad=True)
        (w * w).backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
        return {"w": w}

    found = called(program)
    assert ("w.grad", "(.grad)") in found
    assert ("0.1", "(number)") in found


def test_a_number_does_not_take_the_name_of_what_it_is_used_for(called):
    def program():
        y = torch.ones(2, requires_grad=True) * 3
        return {"y": y}

    assert called(program) == [("torch.ones(2, requires_grad=True)", "ones"), ("3", "(number)"), ("y", "mul")]


def test_ops_bear_pytorchs_names(called):
    def program():
        x = torch.ones(2, 1, requires_grad=True)
        loss = ((x**2).sum(0) + x.mean(0, keepdim=True)).pow(x).double()
        return {"loss": loss}

    assert [op for _, op in called(program)] == ["ones", "pow", "sum", "mean", "add", "pow", "to"]
