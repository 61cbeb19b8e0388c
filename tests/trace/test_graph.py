"""Graphs are what hangs together through nodes; what has no node is shown where it is used."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.trace.events import Flag, Kind
from gradviz.trace.graph import _components, graphs, last_backward
from tests.trace.build import Builder, linear_regression


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("graph") / "t.gradviz"


@pytest.fixture
def build(tmp_path):
    return Builder(tmp_path / "t.gradviz")


def numbers(graph):
    return [node.number for node in graph.nodes]


def members(build):
    return [numbers(graph) for graph in graphs(build.load())]


class UnionFind:
    def __init__(self, things):
        self.parent = {thing: thing for thing in things}

    def find(self, thing):
        while self.parent[thing] != thing:
            thing = self.parent[thing]
        return thing

    def join(self, one, other):
        one, other = sorted((self.find(one), self.find(other)))
        self.parent[other] = one


# -- what belongs together ------------------------------------------------------------------------------


@given(st.integers(1, 40), st.data())
def test_components_are_those_of_a_union_find(count, data):
    ends = st.integers(0, count - 1)
    links = data.draw(st.lists(st.tuples(ends, ends), max_size=60))
    simple = UnionFind(range(count))
    for one, other in links:
        simple.join(one, other)
    left, right = np.array(links, np.int64).reshape(-1, 2).T
    assert _components(count, left, right).tolist() == [simple.find(thing) for thing in range(count)]


PICK = st.one_of(st.integers(0, 40), st.just(-1))
STEP = st.tuples(
    st.sampled_from(["leaf", "constant", "op", "op", "op"]), st.lists(PICK, min_size=1, max_size=5), st.booleans()
)


def random_program(place, steps):
    build, made = Builder(place), []
    for kind, picks, no_grad in steps:
        if kind != "op":
            made.append(build.leaf(requires_grad=kind == "leaf"))
            continue
        inputs = [made[pick % len(made)] if pick >= 0 and made else None for pick in picks]
        made.append(build.op("op", inputs, no_grad=no_grad))
    return build, made


def expected_members(made):
    place = {result: at for at, result in enumerate(made)}
    uses = [[place[source] for source in result.inputs if source] for result in made]
    has_node = [result.node > 0 for result in made]
    if not any(has_node):
        return [list(range(1, len(made) + 1))] if made else []
    linked = UnionFind(range(len(made)))
    for at, sources in enumerate(uses):
        for source in sources:
            if has_node[at] and has_node[source]:
                linked.join(at, source)
    roots = sorted({linked.find(at) for at in range(len(made)) if has_node[at]})
    label = [roots.index(linked.find(at)) if has_node[at] else -1 for at in range(len(made))]

    def home(at):
        users = [user for user, sources in enumerate(uses) if at in sources]
        found = [label[user] if has_node[user] else home(user) for user in users]
        found = [graph for graph in found if graph is not None]
        return min(found, default=None)

    def built(at):
        return next((label[before] for before in range(at, -1, -1) if has_node[before]), 0)

    found = [set() for _ in roots]
    used = {source for sources in uses for source in sources}
    for at, sources in enumerate(uses):
        mine = label[at]
        if not has_node[at]:
            mine = home(at)
            mine = built(at) if mine is None else mine
        if has_node[at] or made[at].inputs or at not in used:
            found[mine].add(at + 1)
            shown = [source for source in sources if not has_node[source]]
            found[mine] |= {source + 1 for source in shown if has_node[at] or not made[source].inputs}
    return [sorted(graph) for graph in found]


@given(st.lists(STEP, max_size=25))
def test_random_programs_have_the_graphs_of_a_union_find(place, steps):
    build, made = random_program(place, steps)
    found = graphs(build.load())
    assert [numbers(graph) for graph in found] == expected_members(made)
    assert [graph.number for graph in found] == list(range(1, len(found) + 1))
    results = {result.tensor: at for at, result in enumerate(made, 1)}
    for graph in found:
        for node in graph.nodes:
            result = made[node.number - 1]
            assert node.tensor == result.tensor
            assert node.inputs == tuple(results[source.tensor] if source else 0 for source in result.inputs)
            assert (node.node == result.node) or result.leaf


def test_a_chain_of_100_000_ops_is_one_graph(tmp_path):
    build, count = Builder(tmp_path / "t.gradviz"), 100_000
    w = build.leaf("w", 1.0)
    build.op("exp", [w], 1.0)
    row = {"ref": 2, "meta": 1, "value": 1.0}
    for k in range(2, count):
        build.row(Kind.FORWARD, Flag.INLINE, node=k + 1, tensor=k + 1, a=k, **row)
    build.row(Kind.BACKWARD, a=1, node=count, tensor=count)
    build.row(Kind.BACKWARD_ENDED, a=1)
    (graph,) = graphs(build.load())
    assert len(graph.nodes) == graph.root == count
    assert graph.nodes[-1].inputs == (count - 1,)
    assert all(node.inputs == (node.number - 1,) for node in graph.nodes[1:])


def test_a_loop_that_makes_a_graph_each_time_has_as_many_graphs(build):
    w = build.leaf("w")
    for _ in range(500):
        build.backward(build.op("exp", [build.op("sin", [w], line=2)], line=3))
    found = graphs(build.load())
    assert len(found) == 500
    assert [numbers(graph) for graph in found[::100]] == [[1, 2 * k, 2 * k + 1] for k in range(1, 501, 100)]
    assert [[backward.number for backward in graph.backwards] for graph in found] == [[k + 1] for k in range(500)]


def test_results_joined_late_are_one_graph(build):
    w = build.leaf("w")
    one, other = build.op("sin", [w]), build.op("cos", [w])
    build.op("exp", [build.leaf("v")])
    build.op("add", [one, other])
    assert members(build) == [[1, 2, 3, 6], [4, 5]]


def test_a_leaf_has_in_each_graph_the_node_it_had_when_that_was_built(build):
    w = build.leaf("w")
    first = build.op("sin", [w])
    build.gone(first, w)
    build.op("cos", [w])
    found = [graph.nodes[0] for graph in graphs(build.load())]
    assert [(node.name, node.grad_fn, node.op) for node in found] == [("w", "AccumulateGrad", "tensor")] * 2
    assert [node.node for node in found] == [2, 4]


def test_a_constant_and_a_leaf_nobody_used_have_no_node(build):
    w, x = build.leaf("w"), build.constant("x")
    build.op("mul", [w, x])
    build.leaf("unused")
    (graph,) = graphs(build.load())
    assert [(node.node > 0, node.grad_fn) for node in graph.nodes] == [
        (True, "AccumulateGrad"),
        (False, ""),
        (True, "MulBackward0"),
        (False, ""),
    ]


def test_ops_under_no_grad_are_shown_where_their_result_is_used_else_where_they_ran(build):
    w, v = build.leaf("w"), build.leaf("v")
    early = build.op("sin", [w], no_grad=True)
    build.op("exp", [w])
    chained = build.op("neg", [early], no_grad=True)
    build.op("abs", [w], no_grad=True)
    build.op("mul", [v, chained])
    build.op("tan", [w], no_grad=True)
    assert members(build) == [[1, 4, 6], [1, 2, 3, 5, 7, 8]]


def test_with_no_node_at_all_there_is_one_graph_of_everything(build):
    build.op("mul", [build.constant("x"), build.leaf("w")], no_grad=True)
    (graph,) = graphs(build.load())
    assert (numbers(graph), graph.root, graph.backwards) == ([1, 2, 3], 3, ())


def test_an_op_on_what_nobody_saw_made_counts_its_input_as_0(build):
    build.op("exp", [None])
    assert [node.inputs for graph in graphs(build.load()) for node in graph.nodes] == [(0,)]


def test_a_tensor_changed_in_place_leads_to_the_op_that_gave_it_its_newest_node(build):
    w = build.leaf("w")
    y = build.op("sin", [w])
    row = {"tensor": y.tensor, "meta": 1, "ref": 2, "value": 1.0}
    build.row(Kind.FORWARD, Flag.INLINE, node=9, a=y.tensor, **row)
    build.row(Kind.FORWARD, Flag.INLINE | Flag.NO_GRAD, a=y.tensor, **row)
    build.op("exp", [y])
    (graph,) = graphs(build.load())
    assert {node.number: node.inputs for node in graph.nodes} == {1: (), 2: (1,), 3: (2,), 4: (3,), 5: (3,)}


# -- what each result tells -----------------------------------------------------------------------------


def test_the_results_of_a_regression_tell_what_they_are(tmp_path):
    (graph,) = graphs(linear_regression(tmp_path / "t.gradviz"))
    assert [(node.number, node.op, node.name, node.inputs) for node in graph.nodes] == [
        (1, "tensor", "w", ()),
        (2, "tensor", "b", ()),
        (3, "tensor", "x", ()),
        (4, "tensor", "y", ()),
        (5, "mul", "", (1, 3)),
        (6, "add", "", (5, 2)),
        (7, "sub", "", (6, 4)),
        (8, "pow", "", (7,)),
        (9, "mean", "loss", (8,)),
    ]
    saved = {node.number: [(each.name, each.of, each.nbytes) for each in node.saved] for node in graph.nodes}
    assert {number: each for number, each in saved.items() if each} == {
        5: [("_saved_other", 3, 12)],
        8: [("_saved_self", 7, 12)],
    }
    last = graph.nodes[-1]
    assert (last.meta.shape, last.meta.dtype, last.grad_fn) == ((), "float32", "MeanBackward0")
    assert last.flags == Flag.INLINE | Flag.NEW_BUFFER | Flag.REQUIRES_GRAD
    assert (last.origin.line, last.origin.text) == (5, "loss = ((w*x + b - y)**2).mean()")
    (backward,) = graph.backwards
    assert (backward.number, backward.root, backward.origin.line, graph.root) == (1, 9, 6, 9)
    assert graph.first == graph.nodes[4].step
    assert graph.built == graph.last == last.step < backward.started < backward.ended


def test_what_a_node_keeps_may_be_a_result_an_intermediate_or_a_late_input(build):
    w = build.leaf("w", np.ones(4))
    inputs = [build.constant(value=np.ones(size)) for size in (1, 2, 3, 5)]
    y = build.op("five", [*inputs, w], np.ones(6), saved=["result", "arg3", "arg4"])
    ref = build.journal.text({"name": "_saved_mask"})
    build.row(Kind.KEPT, node=y.node, buffer=77, meta=build.meta(np.ones(3)), ref=ref)
    (graph,) = graphs(build.load())
    kept = {each.name: (each.of, each.nbytes, each.buffer) for each in graph.nodes[-1].saved}
    assert kept == {
        "_saved_result": (6, 24, y.buffer),
        "_saved_arg3": (5, 20, inputs[3].buffer),
        "_saved_arg4": (1, 16, w.buffer),
        "_saved_mask": (0, 24, 77),
    }
    assert graph.nodes[-1].inputs == (2, 3, 4, 5, 1)


def test_an_op_without_a_node_keeps_nothing(build):
    w = build.leaf("w")
    build.op("mul", [w, w], saved=["self", "other"], no_grad=True)
    build.op("mul", [w, w], saved=["self", "other"])
    (graph,) = graphs(build.load())
    assert [len(node.saved) for node in graph.nodes] == [0, 0, 2]


def test_another_output_of_an_op_leads_back_to_it(build):
    w = build.leaf("w")
    y = build.op("unbind", [w])
    build.row(Kind.OUTPUT, tensor=50, node=y.node, a=1, meta=build.meta(np.ones(2)), buffer=60)
    call = build._define(Kind.CALL, "a", dict(op="exp", grad_fn="E", params={}, saved=[["_saved_self", 0]], inputs=1))
    build.row(Kind.FORWARD, Flag.INLINE, node=80, tensor=51, a=50, ref=call, meta=1, value=1.0)
    (graph,) = graphs(build.load())
    assert graph.nodes[-1].inputs == (2,)
    assert [(each.of, each.buffer, each.nbytes) for each in graph.nodes[-1].saved] == [(2, 60, 16)]


def test_nodes_can_be_counted_and_picked(tmp_path):
    (graph,) = graphs(linear_regression(tmp_path / "t.gradviz"))
    assert len(graph.nodes) == len(list(graph.nodes)) == 9
    assert graph.nodes[4].op == "mul"
    assert [node.number for node in graph.nodes[-2:]] == [8, 9]


# -- backward calls -------------------------------------------------------------------------------------


def test_a_backward_call_tells_its_flags_and_where_it_ended(build):
    w = build.leaf("w")
    y = build.op("sin", [w])
    build.backward(y, retain_graph=True)
    build.backward(y, create_graph=True)
    build.backward(y, failed=True)
    build.row(Kind.BACKWARD, a=4, node=y.node, tensor=y.tensor)
    (graph,) = graphs(build.load())
    flags = [(each.retain_graph, each.create_graph, each.failed) for each in graph.backwards]
    assert flags == [(True, False, False), (False, True, False), (False, False, True), (False, False, False)]
    assert graph.backwards[-1].ended == build.step
    assert all(one.ended < next_.started for one, next_ in combinations(graph.backwards, 2))


def test_ops_of_a_differentiable_backward_join_the_graph_it_ran_through(build):
    w, v = build.leaf("w"), build.leaf("v")
    y = build.op("pow", [w])
    build.backward(y, create_graph=True, during=lambda: build.op("mul", [w]))
    build.backward(y, retain_graph=True, during=lambda: build.op("exp", [v]))
    build.op("cos", [v])
    assert members(build) == [[1, 3, 4], [2, 5], [2, 6]]


def test_the_root_is_what_the_newest_backward_started_from_else_the_last_op(build):
    w = build.leaf("w")
    y = build.op("sin", [w])
    z = build.op("exp", [y])
    build.op("neg", [z])
    (graph,) = graphs(build.load())
    assert graph.root == 4
    other = Builder(build.path.with_name("u.gradviz"))
    w = other.leaf("w")
    y = other.op("sin", [w])
    other.op("neg", [y])
    built = other.step
    other.backward(y)
    other.op("neg", [y])
    (graph,) = graphs(other.load())
    assert (graph.root, graph.built, graph.last) == (2, built, other.step - 1)


def test_a_backward_belongs_to_the_graphs_it_ran_through(build):
    w = build.leaf("w")
    build.op("sin", [w])
    build.backward(build.op("cos", [w]))
    build.backward(w)
    build.op("tan", [w])
    found = graphs(build.load())
    assert [[each.number for each in graph.backwards] for graph in found] == [[], [1, 2], []]
    assert [graph.root for graph in found] == [2, 1, 4]
    assert last_backward(found) is found[1]


def test_the_last_backward_is_looked_for_in_all_graphs(build):
    w = build.leaf("w")
    y, z = build.op("sin", [w]), build.op("cos", [w])
    build.backward(z)
    build.backward(y)
    found = graphs(build.load())
    assert last_backward(found) is found[0]
    assert last_backward([]) is None
    assert last_backward(found[2:]) is None
