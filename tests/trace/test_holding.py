"""Why nodes are alive: counts, ways and verdicts of hand-made traces, held against a walk of the slow kind."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradviz.trace.events import Kind
from gradviz.trace.holding import ACTIVATIONS, NODES, ONE_GRAPH, VALUE, Alive, Holding, container, holdings
from tests.trace.build import Builder


@pytest.fixture
def build(tmp_path):
    return Builder(tmp_path / "t.gradviz")


def weighed(build):
    """{name of a holding: its weight}"""
    trace = build.load()
    found = holdings(trace)
    return {holding.name: weight for holding, weight in zip(found, Alive(trace).weigh(found), strict=True)}


def step(build, w, line=5):
    """loss = (w*w).exp(), which saves 3 buffers in two nodes."""
    product = build.op("mul", [w, w], np.zeros(2), saved=["self", "other"], line=line, text="w * w")
    return build.op("exp", [product], np.zeros(2), saved=["result"], line=line, text="loss = exp()", name="loss")


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("w", "w"),
        ("losses[3]", "losses"),
        ("a.b[3].c", "a.b"),
        ("seen{…}", "seen"),
        ('logs["a[b"]', "logs"),
        ("f.<locals>.x", "f.<locals>.x"),
    ],
)
def test_container(name, of):
    assert container(name) == of


def test_a_list_of_losses_after_backward_is_a_leak_of_nodes(build):
    w = build.leaf("w", np.zeros(2))
    for at in range(3):
        loss = step(build, w)
        build.backward(loss, line=9)
        build.hold(f"losses[{at}]", loss)
    weight = weighed(build)["losses"]
    assert (weight.nodes, weight.accumulators, weight.nbytes, weight.verdict) == (6, 1, 0, NODES)
    assert [(each.backward, each.tensors) for each in weight.freed] == [(1, 3), (2, 3), (3, 3)]
    assert weight.own_nodes == 6
    assert weight.backwards == (1, 2, 3)


def test_a_list_of_losses_without_backward_is_a_leak_of_activations(build):
    w = build.leaf("w", np.zeros(2))
    for at in range(3):
        build.hold(f"losses[{at}]", step(build, w))
    weight = weighed(build)["losses"]
    # w's own buffer is saved by each, and counted once
    assert (weight.nodes, weight.nbytes, weight.tensors, weight.verdict) == (6, 4 * 8, 9, ACTIVATIONS)


def test_a_running_total_keeps_all_before_it_and_so_does_who_looks_at_a_part(build):
    w = build.leaf("w", np.zeros(2))
    total = step(build, w)
    for _ in range(3):
        loss = step(build, w)
        total = build.op("add", [total, loss], np.zeros(2), name="total", line=7)
    build.hold("total", total)
    build.hold("loss", loss)
    found = weighed(build)
    assert (found["total"].nodes, found["total"].own_nodes, found["total"].verdict) == (11, 9, ACTIVATIONS)
    assert (found["loss"].nodes, found["loss"].own_nodes, found["loss"].verdict) == (2, 0, ONE_GRAPH)


def test_one_graph_and_a_value_are_no_leaks(build):
    w = build.leaf("w", np.zeros(2))
    loss = step(build, w)
    build.backward(loss, retain_graph=True)
    build.backward(loss)
    build.hold("loss", loss)
    build.hold("w", w)
    found = weighed(build)
    assert found["loss"].verdict == ONE_GRAPH
    assert found["loss"].backwards == (2,)
    assert found["loss"].retained == (1,)
    assert found["w"].verdict == VALUE
    assert found["w"].nodes == found["w"].accumulators == 0


def test_what_is_gone_is_not_counted_nor_walked(build):
    w = build.leaf("w", np.zeros(2))
    old, loss = step(build, w), step(build, w)
    build.gone(old)
    build.hold("loss", loss)
    trace = build.load()
    alive = Alive(trace)
    assert old.node not in alive.ops
    assert len(alive.ops) == 3
    assert alive.way([loss.node], old.node) == []
    assert weighed(build)["loss"].nodes == 2


def test_the_way_leads_to_what_keeps_most(build):
    w = build.leaf("w", np.zeros(2))
    wide = build.op("mul", [w, w], np.zeros(100), saved=["result"])
    small = build.op("mul", [w, w], np.zeros(2), saved=["result"])
    sum_ = build.op("add", [small, wide], np.zeros(2))
    alive = Alive(build.load())
    assert alive.deepest([sum_.node]) == wide.node
    assert alive.way([sum_.node], wide.node) == [sum_.node, wide.node]
    assert [(kept.name, kept.nbytes, kept.backward) for kept in alive.kept(wide.node)] == [("result", 400, None)]


PICKS = st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=3), min_size=1, max_size=12)
HOLDERS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30)), max_size=6)


@settings(max_examples=100)
@given(PICKS, HOLDERS)
def test_weights_are_those_of_a_walk_for_each_holder(tmp_path_factory, picks, holders):
    build = Builder(tmp_path_factory.mktemp("walk") / "t.gradviz")
    made = [build.leaf("w", np.zeros(2))]
    for inputs in picks:
        made.append(build.op("op", [made[pick % len(made)] for pick in inputs], np.zeros(3), saved=["result"]))
    reached = {}
    for at, (name, pick) in enumerate(holders):
        build.hold(f"{name}[{at}]", made[pick % len(made)])
        waiting = [made[pick % len(made)]]
        while waiting:
            result = waiting.pop()
            if result.node:
                reached.setdefault(name, set()).add(result.node)
                waiting += result.inputs
    found = weighed(build)
    for name, _ in holders:
        mine = reached.get(name, set())
        others = set().union(*(nodes for other, nodes in reached.items() if other != name))
        assert found[name].nodes == len(mine)
        assert found[name].own_nodes == len(mine - others)
        assert found[name].nbytes == 12 * len(mine)
        assert found[name].own_bytes == 12 * len(mine - others)


def test_a_deep_graph_and_many_holders_take_seconds(build):
    w = build.leaf("w", np.zeros(2))
    total = build.op("mul", [w, w], np.zeros(2), saved=["self"])
    for at in range(30_000):
        total = build.op("add", [total, w], np.zeros(2), line=3, text="t = t + w", name="t" if at < 3 else "")
        if at % 3 == 2:
            build.hold(f"kept[{at}]", total)
    trace = build.load()
    began = time.process_time()
    alive, found = Alive(trace), holdings(trace)
    (weight,) = alive.weigh(found)
    assert weight.nodes == 30_001
    assert len(found[0].held) == 10_000
    assert len(alive.way([total.node], alive.deepest([total.node]))) == 30_001
    assert time.process_time() - began < 10


def test_what_was_too_much_to_look_at_is_told(build):
    build.leaf("w")
    ended = {"how": "finished", "error": "", "exit_code": 0, "origin": 0, "not_looked_at": 5}
    build.row(Kind.ENDED, ref=build.journal.text(ended))
    build.close()
    assert build.load().not_looked_at == 5


def test_a_trace_of_before_tells_nothing_of_it(build):
    assert build.load().not_looked_at == 0


def test_a_holder_of_nothing(build):
    build.leaf("w")
    assert Alive(build.load()).weigh([Holding("none", ())])[0].verdict == VALUE
