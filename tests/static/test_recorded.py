"""A trace of a static function: one graph, built once, that runs again and is never freed between the calls."""

import json

import pytest

import gradviz as torch
from gradviz.record.recorder import Recorder
from gradviz.trace.events import Kind
from gradviz.trace.graph import graphs
from gradviz.trace.sequence import sequence
from gradviz.trace.store import load

HEADER = {"format": 1, "gradviz": "test", "script": "test", "argv": [], "mode": "script"}


@pytest.fixture
def trace(tmp_path):
    with Recorder(tmp_path / "test.gradviz", HEADER):
        w = torch.tensor([1.0, -2.0], requires_grad=True)
        static = torch.static(lambda x: torch.tanh(x * w).sum())
        for _ in range(4):
            static(torch.ones(2)).backward()
    return load(tmp_path / "test.gradviz")


def test_the_graph_is_built_once_and_its_calls_are_nodes_of_their_own(trace):
    history = sequence(trace, graphs(trace))
    inner, *calls = history
    assert (inner.nodes, inner.ran, len(inner.backwards), inner.alive, inner.released) == (3, 4, 4, 3, ())
    assert [(each.nodes, each.ran, len(each.backwards)) for each in calls] == [(1, 1, 1)] * 4
    assert all(each.gone for each in calls)


def test_its_saved_memory_ends_with_the_script_alone(trace):
    inner = graphs(trace)[0]
    (tanh,) = (op for op in inner.nodes.graph_ops if trace.call(int(trace.forwards.call[op])).op == "tanh")
    assert trace.forwards.buffer[tanh] not in trace.rows["buffer"][trace.of(Kind.FREED)]


def test_each_run_is_a_row(trace):
    rows = trace.rows[trace.of(Kind.REPLAYED)]
    assert rows["a"].tolist() == [2, 3, 4] and len(set(rows["node"].tolist())) == 1


def test_json_tells_how_often_it_ran(trace):
    from gradviz.views.history import as_json

    told = as_json(trace, sequence(trace, graphs(trace)))
    assert [each["ran"] for each in json.loads(json.dumps(told))["graphs"]] == [4, 1, 1, 1, 1]


def test_the_recorder_changes_no_bit(tmp_path):
    def trained():
        w = torch.tensor([1.0, -2.0], requires_grad=True)
        static = torch.static(lambda x: (torch.tanh(x * w) * w).sum() + (x + w).mean())
        for k in range(4):
            static(torch.full((2,), float(k))).backward()
        return w.grad.numpy().tobytes()

    with Recorder(tmp_path / "test.gradviz", HEADER):
        recorded = trained()
    assert recorded == trained()
