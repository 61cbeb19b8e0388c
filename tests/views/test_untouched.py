"""What backward left alone: told from what ran, in the rows and in the picture."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradviz as torch
from gradviz.record.recorder import Recorder
from gradviz.trace.gradients import untouched
from gradviz.trace.graph import graphs
from gradviz.trace.store import load
from gradviz.views import rows as of
from gradviz.views.diagram import dot_text
from tests.views.conftest import HEADER


def states_of(trace):
    found = of.rows(trace, graphs(trace)[0], trace.lives)
    return {row.name: row.state for row in found if row.name and not row.is_leaf}


def test_nodes_off_the_way_to_what_was_asked_for_are_untouched(record):
    def program():
        w, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
        offset = b.exp()
        product = w * 2
        loss = (product + offset).sum()
        torch.autograd.grad(loss, w)
        later = loss * 3
        return locals()

    told = states_of(record(program))
    assert told == {"offset": "untouched", "product": "saved freed", "loss": "live", "later": "live"}


def test_what_one_of_two_backwards_ran_is_not_untouched(record):
    def program():
        w = torch.ones(2, requires_grad=True)
        shared = w.exp()
        first, second, third = shared.sin(), shared.cos(), shared.tan()
        first.sum().backward(retain_graph=True)
        second.sum().backward(retain_graph=True)
        return locals()

    told = states_of(record(program))
    assert told == {"shared": "live", "first": "live", "second": "live", "third": "untouched"}


def test_what_a_failing_backward_did_not_come_to_is_untouched(record):
    def program():
        w = torch.ones(2, requires_grad=True)
        below = w.exp()
        above = below * 2

        def fails(grad):
            raise RuntimeError("no further")

        below.register_hook(fails)
        with pytest.raises(RuntimeError, match="no further"):
            above.sum().backward()
        return {"below": below, "above": above}

    assert states_of(record(program)) == {"below": "untouched", "above": "saved freed"}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12), st.data())
def test_untouched_are_the_nodes_that_no_hook_saw_run(tmp_path_factory, pairs, data):
    roots = data.draw(st.lists(st.integers(0, len(pairs) - 1), min_size=1, max_size=3))
    targets = data.draw(st.lists(st.sampled_from([None, 0, 1]), min_size=len(roots), max_size=len(roots)))
    ran = set()
    path = tmp_path_factory.mktemp("untouched") / "t.gradviz"
    with Recorder(path, HEADER) as recorder:
        held = [torch.ones((), requires_grad=True), torch.ones((), requires_grad=True)]
        for at, (i, j) in enumerate(pairs):
            held.append(held[i % len(held)] * held[j % len(held)])
            held[-1].grad_fn.register_hook(lambda *_, at=at: ran.add(at))
        for root, target in zip(roots, targets, strict=True):
            held[2 + root].backward(retain_graph=True, inputs=None if target is None else [held[target]])
        numbers = [recorder._nodes.number(each.grad_fn)[0] for each in held[2:]]
    trace = load(path)
    for graph in graphs(trace):
        shown = {node.number for node in graph.nodes if node.node in numbers and numbers.index(node.node) not in ran}
        assert untouched(trace, graph, trace.lives, trace.end) == (shown if graph.backwards else set())


def test_the_picture_says_of_each_node_whether_it_ran(record):
    def program():
        w, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
        loss = (w * b.exp()).sum()
        torch.autograd.grad(loss, w, retain_graph=True)
        return {"loss": loss}

    trace = record(program)
    (graph,) = graphs(trace)
    numbers = {node.op: node.number for node in graph.nodes}
    during, after = dot_text(trace, graph, trace.lives).split("\ntitle3", 1)
    card = lambda text, panel, op: re.search(rf"^n{panel}_{numbers[op]} .*$", text, re.M)[0]  # noqa: E731
    assert "not run by backward 1" in card(during, 2, "exp")
    assert "gradient in:" in card(during, 2, "mul")
    assert "untouched by backward · held by loss" in card(after, 3, "exp")
    assert "still live · held by loss" in card(after, 3, "mul")
    assert "1 live node not on its way" in during
    assert "node that backward did not run" in after
