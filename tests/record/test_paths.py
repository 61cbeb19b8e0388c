"""What modules are called in each other, and how many calls are around the line that an op comes from."""

import weakref

import pytest

import gradviz as torch
from gradviz import nn
from gradviz.errors import BadTrace
from gradviz.record.module_names import ModuleNames
from gradviz.record.recorder import Recorder
from gradviz.record.script import Outcome
from gradviz.trace.events import Kind
from gradviz.trace.graph import graphs
from gradviz.trace.store import load
from tests.trace.build import Builder

HEADER = {"format": 1, "gradviz": "test", "script": "test.py", "argv": [], "mode": "script"}


class Part(nn.Module):
    def forward(self, x):
        return x.exp()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleList([Part(), nn.Sequential(nn.Tanh(), Part())])
        self.loose = [Part()]

    def scaled(self, x):
        return x * 2.0

    def forward(self, x):
        for part in [*self.parts, *self.loose]:
            x = part(x)
        return self.scaled(nn.functional.softplus(x)).sum()


def paths(program, tmp_path):
    """{op: (path, around)} of what a program does."""
    with Recorder(tmp_path / "t.gradviz", HEADER) as recorder:
        program()
        recorder.finish(Outcome("finished", "", 0, None, {}))
    (graph,) = graphs(load(tmp_path / "t.gradviz"))
    return [(node.op, ".".join(node.within.path), node.within.around) for node in graph.nodes if node.inputs]


def test_a_module_is_called_as_the_one_around_it_names_it(tmp_path):
    x = torch.ones(2, requires_grad=True)
    assert paths(lambda: Net()(x), tmp_path) == [
        ("exp", "Net.parts.0", 2),
        ("tanh", "Net.parts.1.0", 1),
        ("exp", "Net.parts.1.1", 3),
        ("exp", "Net.Part", 2),
        ("softplus", "Net", 1),
        ("mul", "Net", 1),
        ("sum", "Net", 1),
    ]


def test_a_module_that_took_anothers_place_has_its_name(tmp_path):
    net, x = nn.Sequential(nn.Tanh()), torch.ones(2, requires_grad=True)

    def program():
        first = net(x)
        net[0] = nn.Sigmoid()
        net.append(nn.Tanh())
        return (first + net(x)).sum()

    assert paths(program, tmp_path)[:3] == [
        ("tanh", "Sequential.0", 0),
        ("sigmoid", "Sequential.0", 0),
        ("tanh", "Sequential.1", 0),
    ]


def test_the_names_of_modules_keep_none_alive(tmp_path):
    names, gone = ModuleNames(), []
    net = nn.Sequential(nn.Tanh())
    assert names.name(net[0], net) == "0"
    assert names.name(net[0], None) == names.name(nn.Tanh(), net) == ""
    assert names.name(net[0], net) == "0"
    weakref.finalize(net[0], gone.append, True)
    del net
    assert gone == [True]


def test_a_trace_without_paths_has_the_classes(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    build.op("mul", [build.leaf("w", 1.0)], 1.0, within="Net > Linear")
    within = build.load().within(1)
    assert (within.path, within.around) == (("Net", "Linear"), 2)


@pytest.mark.parametrize("more", [{"path": ["Net"]}, {"path": "Net"}, {"around": 3}, {"around": -1}, {"around": "1"}])
def test_a_path_that_can_not_be_is_told(tmp_path, more):
    build = Builder(tmp_path / "t.gradviz")
    record = {"name": "Net > Linear", "inside": False, "aside": False} | more
    build.row(Kind.WITHIN, within=1, ref=build.journal.text(record))
    with pytest.raises(BadTrace, match="within 1 has a path that can't be"):
        build.load().within(1)
