"""Whose memory saved tensors are in: what ended with the graph, what outlived it, what is a parameter's."""

from collections import Counter

import numpy as np
import pytest

import gradviz as torch
from gradviz import nn
from gradviz.trace.graph import graphs
from gradviz.trace.memory import saved_summary
from gradviz.trace.sharing import Share
from gradviz.trace.store import load
from gradviz.views.diagram import dot_text
from gradviz.views.table import summary_lines
from tests.trace.build import Builder, linear_regression

GRAPH, HELD, PARAMETER = Share.GRAPH, Share.HELD, Share.PARAMETER


def shares(trace):
    """{op.saved name: (share, name of what shares it)} of each saved tensor."""
    forwards, sharing = trace.forwards, trace.sharing
    return {
        f"{trace.call(int(forwards.call[op])).op}.{forwards.names[name].removeprefix('_saved_')}": (
            sharing.of(buffer),
            sharing.name(buffer),
        )
        for op, name, buffer in zip(
            forwards.kept_owner.tolist(), forwards.kept_name.tolist(), forwards.kept_buffer.tolist(), strict=True
        )
    }


def test_a_parameter_and_views_of_it_are_aliases_and_what_nobody_names_is_the_graphs(record):
    def program():
        layer = nn.Linear(3, 2)
        x = torch.ones(4, 3)
        loss = layer(x).exp().sum()
        loss.backward()
        return {"layer": layer, "x": x, "loss": loss}

    trace = record(program)
    assert shares(trace) == {"addmm.mat1": (HELD, "x"), "exp.result": (GRAPH, "")}
    assert trace.sharing.is_input(int(trace.forwards.kept_buffer[0]))


def test_a_view_of_a_weight_that_requires_grad_counts_as_the_weight(record):
    def program():
        w = torch.ones(3, 2, requires_grad=True)
        x = torch.ones(4, 3, requires_grad=True)
        (x @ w.t().t()).sum().backward()
        return {"w": w, "x": x}

    assert set(shares(record(program)).values()) == {(PARAMETER, "x"), (PARAMETER, "w")}


@pytest.mark.parametrize("retain", [False, True])
def test_a_constant_that_only_the_graph_keeps_is_the_graphs(record, retain):
    def program():
        w = torch.ones(3, requires_grad=True)
        loss = (w * torch.full((3,), 2.0)).sum()
        loss.backward(retain_graph=retain)
        return {"w": w, "loss": loss}

    assert shares(record(program))["mul.other"][0] == GRAPH


def test_a_result_that_a_variable_holds_besides_is_not_the_graphs_alone(record):
    def program():
        w = torch.ones(3, requires_grad=True)
        kept = w.exp()
        loss = kept.tanh().sum()
        loss.backward()
        return {"w": w, "kept": kept, "loss": loss}

    assert shares(record(program)) == {"exp.result": (HELD, "kept"), "tanh.result": (GRAPH, "")}


def test_an_element_of_a_list_is_named_as_what_holds_the_memory(record):
    def program():
        state, states = torch.ones(3, requires_grad=True), []
        for _ in range(2):
            state = state.tanh()
            states.append(state)
        loss = state.sum()
        loss.backward()
        return {"states": states, "loss": loss}

    trace = record(program)
    names = [trace.sharing.name(buffer) for buffer in trace.forwards.kept_buffer.tolist()]
    assert names == ["states[0]", "states[1]"]


def test_without_backward_the_variables_at_the_end_tell(record):
    def program():
        w = torch.ones(3, requires_grad=True)
        kept = w.exp()
        loss = kept.tanh().sin()
        return {"w": w, "kept": kept, "loss": loss}

    found = shares(record(program))
    assert {name: share for name, (share, _) in found.items()} == {
        "exp.result": HELD, "tanh.result": GRAPH, "sin.self": GRAPH,
    }  # fmt: skip


def test_a_graph_that_is_dropped_before_backward_takes_its_memory_with_it(record):
    def program():
        w = torch.ones(3, requires_grad=True)
        kept = w.exp()
        loss = kept.tanh()
        del loss
        return {"w": w, "kept": kept}

    assert shares(record(program)) == {"exp.result": (HELD, "kept"), "tanh.result": (GRAPH, "loss")}


def test_a_buffer_that_two_nodes_save_is_counted_once(record):
    def program():
        w = torch.ones(100, requires_grad=True)
        h = w * 2.0
        loss = (h.exp().tanh() * h).sum()
        del h
        loss.backward()
        return {"w": w, "loss": loss}

    trace = record(program)
    saved = saved_summary(trace, trace.lives)
    buffers = {int(buffer) for buffer in trace.forwards.kept_buffer if buffer}
    assert len(trace.forwards.kept_buffer[trace.forwards.kept_buffer > 0]) > len(buffers)
    assert saved.peak == sum(trace.lives.bytes_of(buffer) for buffer in buffers) + 8  # the 2.0
    assert trace.sharing.alone(saved.peak_at) == saved.peak


def test_in_every_sample_what_the_graph_alone_kept_ended_with_it(sample, sample_trace):
    trace = load(sample_trace(sample))
    lives, sharing, forwards = trace.lives, trace.sharing, trace.forwards
    counts = Counter(sharing.of(buffer) for buffer in forwards.kept_buffer[forwards.kept_buffer > 0].tolist())
    assert counts.keys() <= {GRAPH, HELD, PARAMETER}
    peak = saved_summary(trace, lives)
    assert 0 <= sharing.alone(peak.peak_at) <= peak.peak
    for freed in peak.freed:
        assert 0 <= freed.in_use <= freed.nbytes
    for buffer in np.unique(forwards.kept_buffer[forwards.kept_buffer > 0]).tolist():
        if sharing.of(buffer) == GRAPH and sharing.released_at[buffer] <= trace.end:
            assert lives.freed_at[buffer] >= sharing.released_at[buffer]
            assert lives.freed_at[buffer] <= trace.end


def test_after_a_run_that_was_cut_off_what_was_not_released_is_unknown(tmp_path):
    trace = linear_regression(tmp_path / "t.gradviz")
    build = Builder(tmp_path / "cut.gradviz")
    w = build.leaf("w", 1.0)
    build.op("mul", [w, build.constant("x", 2.0)], 2.0, saved=["self", "other"], name="y")
    build.close()
    cut = load(build.path)
    assert cut.ending is None and trace.ending is not None
    assert shares(cut) == {"mul.self": (PARAMETER, "w"), "mul.other": (Share.UNKNOWN, "x")}
    assert cut.sharing.alone(cut.end) is None
    assert "alone" not in summary_lines(cut, graphs(cut), cut.lives)[1]
    dot = dot_text(cut, graphs(cut)[0], cut.lives, saved=True)
    assert "who else keeps it is not known" in dot and "alone" not in dot
