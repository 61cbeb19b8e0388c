"""What flowed into and out of each node, and what is in a leaf's .grad, at any step of the run."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.trace.events import Kind
from gradviz.trace.gradients import Gradient, HandedOn, gradients, leaf_grads
from gradviz.trace.graph import graphs
from tests.trace.build import Builder, linear_regression


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("gradients") / "t.gradviz"


@pytest.fixture
def build(tmp_path):
    return Builder(tmp_path / "t.gradviz")


def values(trace, steps):
    return {key: trace.value(step).values.tolist() for key, step in steps.items()}


def step(build, made, call, value=1.0, to=()):
    node = made if isinstance(made, int) else made.node
    build._valued(Kind.STEP, value, a=call, node=node)
    ran = build.step
    for position, (target, handed) in enumerate(to):
        build._valued(Kind.GRAD, handed, a=call, b=position, c=target if isinstance(target, int) else target.node)
    return ran


# -- what flowed through the nodes ----------------------------------------------------------------------


def test_the_gradients_of_a_regression_flow_from_the_loss_to_the_leaves(tmp_path):
    trace = linear_regression(tmp_path / "t.gradviz")
    (graph,) = graphs(trace)
    found = gradients(trace, graph)
    number = {node.node: node.number for node in graph.nodes if node.node}
    incoming = values(trace, {number[node]: gradient.incoming for node, gradient in found.items()})
    down = (2 * (2 * np.array([1, 2, 3]) + 0.5 - np.array([3, 5, 9])) / 3).tolist()
    assert incoming[9] == 1.0
    assert incoming[8] == pytest.approx([1 / 3] * 3)
    assert all(incoming[at] == pytest.approx(down) for at in (7, 6, 5))
    assert (incoming[1], incoming[2]) == pytest.approx((down[0] + 2 * down[1] + 3 * down[2], sum(down)))
    assert set(incoming) == {9, 8, 7, 6, 5, 2, 1}
    order = sorted(found, key=lambda node: found[node].order)
    assert [found[node].order for node in order] == list(range(1, 8))
    assert [number[node] for node in order][:3] == [9, 8, 7]
    assert {number[node]: [number[to.node] for to in found[node].handed_on] for node in found} == {
        9: [8],
        8: [7],
        7: [6],
        6: [5, 2],
        5: [1],
        2: [],
        1: [],
    }
    assert {gradient.backward for gradient in found.values()} == {1}


def rows_scanned(trace, graph, at):
    nodes, calls = {node.node for node in graph.nodes if node.node}, {each.number for each in graph.backwards}
    found, current, arrived, order = {}, None, {}, {}
    for place, row in enumerate(trace.rows[: at + 1]):
        kind, node, call = Kind(row["kind"]), int(row["node"]), int(row["a"])
        if kind is Kind.BACKWARD:
            arrived = {}
        elif kind in (Kind.STEP, Kind.ADDED):
            order[call] = order.get(call, 0) + 1
            incoming = place if kind is Kind.STEP else arrived[node]
            current = [place, order[call], incoming, [], call]
            if node in nodes and call in calls:
                found[node] = current
        elif kind is Kind.GRAD:
            arrived[int(row["c"])] = place
            current[3].append(HandedOn(int(row["b"]), int(row["c"]), place))
    return {node: Gradient(*each[:3], tuple(each[3]), each[4]) for node, each in found.items()}


PICK = st.integers(0, 20)


@given(st.lists(st.lists(PICK, min_size=1, max_size=4), min_size=1, max_size=12), st.lists(PICK, max_size=4), st.data())
def test_random_programs_have_the_gradients_that_a_scan_of_the_rows_finds(place, ops, roots, data):
    build = Builder(place)
    made = [build.leaf(), build.leaf(), build.constant()]
    for picks in ops:
        made.append(build.op("op", [made[pick % len(made)] for pick in picks]))
    for pick in roots:
        root = made[pick % len(made)]
        if root.node:
            build.backward(root)
    trace = build.load()
    at = data.draw(st.one_of(st.just(trace.end), st.integers(0, len(trace.rows))))
    for graph in graphs(trace):
        assert gradients(trace, graph, at) == rows_scanned(trace, graph, at)


def test_backward_is_seen_as_far_as_it_had_come(build):
    w = build.leaf("w")
    y = build.op("sin", [w])
    z = build.op("exp", [y])
    build.backward(z)
    trace = build.load()
    (graph,) = graphs(trace)
    (accumulator,) = set(gradients(trace, graph)) - {y.node, z.node}
    started, end = graph.backwards[0].started, graph.backwards[0].ended
    seen = [set(gradients(trace, graph, at)) for at in range(started - 1, end + 1)]
    assert (seen[0], seen[1]) == (set(), set())
    assert all(one <= other and len(other - one) <= 1 for one, other in zip(seen, seen[1:], strict=False))
    assert seen[-1] == {z.node, y.node, accumulator}
    assert [len(gradients(trace, graph, started + more)[z.node].handed_on) for more in (1, 2)] == [0, 1]


def test_a_second_backward_replaces_what_the_first_one_brought(build):
    w = build.leaf("w", 1.0)
    y = build.op("sin", [w], 1.0)
    build.backward(y, grads={y: 1.0}, retain_graph=True)
    build.backward(y, grads={y: 5.0})
    trace = build.load()
    (graph,) = graphs(trace)
    found = gradients(trace, graph)
    assert trace.value(found[y.node].incoming).values == 5
    assert {(each.backward, each.order) for each in found.values()} == {(2, 1), (2, 2)}
    before = gradients(trace, graph, graph.backwards[1].started)
    assert trace.value(before[y.node].incoming).values == 1
    assert {each.backward for each in before.values()} == {1}


def test_a_node_that_the_second_backward_did_not_reach_keeps_what_the_first_brought(build):
    w = build.leaf("w")
    y = build.op("sin", [w])
    z = build.op("exp", [y])
    build.backward(z, retain_graph=True)
    build.backward(y)
    trace = build.load()
    (graph,) = graphs(trace)
    found = gradients(trace, graph)
    assert (found[z.node].backward, found[y.node].backward) == (1, 2)


def test_a_leaf_with_a_step_of_its_own_takes_in_what_that_says(build):
    w = build.leaf("w", 1.0)
    y = build.op("mul", [w, w], 1.0)
    accumulator = build._accumulators[w.tensor]
    build.row(Kind.BACKWARD, a=1, node=y.node, tensor=y.tensor)
    ran = step(build, y, 1, 1.0, [(accumulator, 2.0), (accumulator, 3.0)])
    summed = step(build, accumulator, 1, 5.0)
    build._valued(Kind.ADDED, 5.0, a=1, node=accumulator, tensor=w.tensor)
    build.row(Kind.BACKWARD_ENDED, a=1)
    trace = build.load()
    found = gradients(trace, graphs(trace)[0])
    assert found == {
        y.node: Gradient(ran, 1, ran, (HandedOn(0, accumulator, ran + 1), HandedOn(1, accumulator, ran + 2)), 1),
        accumulator: Gradient(summed, 2, summed, (), 1),
    }


@pytest.mark.parametrize("ending", ["failed", "killed"])
def test_a_backward_that_did_not_get_through_shows_the_nodes_it_reached(build, ending):
    w = build.leaf("w")
    y = build.op("sin", [w])
    z = build.op("exp", [y])
    build.row(Kind.BACKWARD, a=1, node=z.node, tensor=z.tensor)
    ran = step(build, z, 1, 1.0, [(y, 2.0)])
    if ending == "failed":
        build.row(Kind.BACKWARD_ENDED, 128, a=1)
    build.close()
    trace = build.load()
    assert gradients(trace, graphs(trace)[0]) == {z.node: Gradient(ran, 1, ran, (HandedOn(0, y.node, ran + 1),), 1)}


def test_a_backward_inside_a_backward_keeps_its_gradients_to_itself(build):
    w, u = build.leaf("w"), build.leaf("u")
    y = build.op("sin", [w])
    z, q = build.op("exp", [y]), build.op("cos", [u, w])
    accumulators = [build._accumulators[leaf.tensor] for leaf in (u, w)]
    build.row(Kind.BACKWARD, a=1, node=z.node, tensor=z.tensor)
    outer = step(build, z, 1, 1.0, [(y, 2.0)])
    build.row(Kind.BACKWARD, a=2, node=q.node, tensor=q.tensor)
    inner = step(build, q, 2, 1.0, [(accumulators[0], 3.0), (accumulators[1], 4.0)])
    build._valued(Kind.ADDED, 3.0, a=2, node=accumulators[0], tensor=u.tensor)
    build.row(Kind.BACKWARD_ENDED, a=2)
    last = step(build, y, 1, 2.0, [(accumulators[1], 5.0)])
    build._valued(Kind.ADDED, 5.0, a=1, node=accumulators[1], tensor=w.tensor)
    build.row(Kind.BACKWARD_ENDED, a=1)
    trace = build.load()
    found = {}
    for graph in graphs(trace):
        found |= gradients(trace, graph)
    assert found[z.node].handed_on == (HandedOn(0, y.node, outer + 1),)
    assert found[q.node].handed_on == tuple(HandedOn(at, accumulators[at], inner + 1 + at) for at in (0, 1))
    assert found[y.node].handed_on == (HandedOn(0, accumulators[1], last + 1),)
    assert trace.value(found[accumulators[1]].incoming).values == 5


def test_gradients_of_another_graph_are_not_told(build):
    w = build.leaf("w")
    y, z = build.op("sin", [w]), build.op("cos", [w])
    build.backward(z)
    trace = build.load()
    first, second = graphs(trace)
    assert gradients(trace, first) == {}
    assert z.node in gradients(trace, second)
    assert y.node not in gradients(trace, second)


# -- what is in .grad -----------------------------------------------------------------------------------


def test_a_leafs_grad_grows_with_each_backward(build):
    w, b = build.leaf("w", np.ones(3)), build.leaf("b", np.ones(3))
    starts = []
    for factor, inputs in [(1.0, [w, b]), (2.0, [w]), (4.0, [w, b])]:
        y = build.op("op", inputs, np.ones(3))
        build.backward(y, grads={w: np.full(3, factor), b: np.full(3, factor)})
        starts.append(build.step)
    trace = build.load()
    seen = [values(trace, leaf_grads(trace, at)) for at in (0, *starts)]
    assert seen == [
        {},
        {w.tensor: [1.0] * 3, b.tensor: [1.0] * 3},
        {w.tensor: [3.0] * 3, b.tensor: [1.0] * 3},
        {w.tensor: [7.0] * 3, b.tensor: [5.0] * 3},
    ]
    assert values(trace, leaf_grads(trace)) == seen[-1]


def test_a_grad_counts_from_the_very_step_that_added_it(build):
    w = build.leaf("w", 1.0)
    build.backward(build.op("sin", [w], 1.0))
    trace = build.load()
    (added,) = trace.of(Kind.ADDED).tolist()
    assert (leaf_grads(trace, added - 1), leaf_grads(trace, added)) == ({}, {w.tensor: added})


def test_a_grad_that_the_script_sets_changes_or_drops_is_told_as_it_then_was(build):
    w = build.leaf("w", np.ones(2))
    build.backward(build.op("sin", [w], np.ones(2)))
    buffer = build._grad_buffers[w.tensor]
    build._valued(Kind.MUTATED, np.zeros(2), buffer, tensor=40, a=1)
    zeroed = build.step
    build._valued(Kind.MUTATED, np.full(2, 9.0), buffer + 50, tensor=41, a=1)
    build._valued(Kind.ASSIGNED, np.full(2, 4.0), 30, tensor=w.tensor)
    assigned = build.step
    build.row(Kind.ASSIGNED, tensor=w.tensor)
    dropped = build.step
    build.backward(build.op("cos", [w], np.ones(2)), grads={w: np.full(2, 6.0)})
    trace = build.load()
    seen = [values(trace, leaf_grads(trace, at)) for at in (zeroed - 1, zeroed, assigned - 1, assigned, dropped)]
    assert seen == [
        {w.tensor: [1.0, 1.0]},
        {w.tensor: [0.0, 0.0]},
        {w.tensor: [0.0, 0.0]},
        {w.tensor: [4.0, 4.0]},
        {},
    ]
    assert list(leaf_grads(trace)) == [w.tensor]


def test_a_change_of_a_part_of_a_grad_is_not_taken_for_the_whole(build):
    w, v = build.leaf("w", np.ones(3)), build.leaf("v", np.ones(3))
    build.backward(build.op("op", [w, v], np.ones(3)), grads={w: np.full(3, 2.0), v: np.full(3, 3.0)})
    buffer, seen = build._grad_buffers[w.tensor], [build.step]
    for value in (np.zeros(1), np.zeros(3), np.ones(2), np.ones((3, 1)), np.full(3, 5.0)):
        build._valued(Kind.MUTATED, value, buffer, tensor=40, a=1)
        seen.append(build.step)
    build.row(Kind.MUTATED, buffer=buffer, tensor=40, a=1)  # of a shape that nobody knows
    trace = build.load()
    told = [values(trace, leaf_grads(trace, at)) for at in (*seen, trace.end)]
    assert [each[w.tensor] for each in told] == [[number] * 3 for number in (2, 2, 0, 0, 0, 5, 5)]
    assert all(each[v.tensor] == [3] * 3 for each in told)


def test_grads_after_the_scripts_end_are_not_told(build):
    w = build.leaf("w", 1.0)
    y = build.op("sin", [w], 1.0)
    build.row(Kind.ENDED)
    build.backward(y)
    build.close()
    trace = build.load()
    assert leaf_grads(trace) == {}
    assert gradients(trace, graphs(trace)[0]) == {}
    assert list(leaf_grads(trace, len(trace.rows))) == [w.tensor]
