"""Graphs of one structure: the same ops, shapes and edges, whatever else differs."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gradviz.trace.graph import graphs
from gradviz.trace.structure import shaped_alike, structures, unlike
from tests.trace.build import Builder

# A program is a list of (op, its second input), which counts back from the newest result; the first is the newest.
PROGRAMS = st.lists(st.tuples(st.sampled_from(["add", "mul", "exp"]), st.integers(0, 3)), min_size=1, max_size=5)


def run(build, program, leaves, line):
    """Build the graph of a program on leaves; every result is used, so that it hangs together."""
    results = list(leaves)
    for op, back in program:
        inputs = results[-1:] if op == "exp" else [results[-1], results[-1 - back % len(results)]]
        results.append(build.op(op, inputs, np.ones(2, np.float32), line=line))
    return results[-1]


def traced(tmp_path_factory, *programs, late=False):
    """The structures of the graphs of programs on two leaves; late: which only the second graph's turn makes."""
    build = Builder(tmp_path_factory.mktemp("t") / "t.gradviz")
    leaves = [build.leaf("w", np.ones(2, np.float32)), build.leaf("v", np.ones(2, np.float32))]
    for turn, program in enumerate(programs):
        if late and turn:
            leaves = [build.leaf("w", np.ones(2, np.float32)), build.leaf("v", np.ones(2, np.float32))]
        build.backward(run(build, program, leaves, line=turn + 10))
    trace = build.load()
    return structures(trace, graphs(trace))


@settings(max_examples=60, deadline=None)
@given(PROGRAMS, st.booleans())
def test_equal_programs_are_of_one_structure(tmp_path_factory, program, late):
    assert traced(tmp_path_factory, program, program, program, late=late) == [1, 1, 1]


@settings(max_examples=60, deadline=None)
@given(PROGRAMS, st.data())
def test_a_changed_program_is_not(tmp_path_factory, program, data):
    place = data.draw(st.integers(0, len(program) - 1))
    op, back = program[place]
    other = data.draw(st.sampled_from(sorted({"add", "mul", "exp"} - {op})))
    changed = [*program[:place], (other, back), *program[place + 1 :]]
    longer = [*program, ("exp", 0)]
    assert traced(tmp_path_factory, program, changed, longer, program) == [1, 2, 3, 1]


def pair(tmp_path, one, other):
    """The trace and both graphs, each made by a function of the builder."""
    build = Builder(tmp_path / "t.gradviz")
    one(build)
    other(build)
    trace = build.load()
    found = graphs(trace)
    assert len(found) == 2
    return trace, found


def of(op, *shapes, same=False, grad=True):
    """A function that builds one op on leaves of these shapes, or twice on the same one."""

    def make(build):
        leaves = [build.leaf("", np.ones(shape), requires_grad=grad or not at) for at, shape in enumerate(shapes)]
        build.op(op, leaves * 2 if same else leaves, np.ones(shapes[0]))

    return make


def test_shapes_tell_structures_apart(tmp_path):
    trace, found = pair(tmp_path, of("mul", (2,), (2,)), of("mul", (3,), (3,)))
    assert structures(trace, found) == [1, 2]
    assert unlike(trace, *found) == []
    assert not shaped_alike(trace, *found)


def test_edges_tell_structures_apart(tmp_path):
    trace, found = pair(tmp_path, of("mul", (2,), (2,)), of("mul", (2,), same=True))
    assert structures(trace, found) == [1, 2]
    assert unlike(trace, *found) == []
    assert shaped_alike(trace, *found)


def test_whether_a_leaf_requires_grad_does(tmp_path):
    trace, found = pair(tmp_path, of("mul", (2,), (2,)), of("mul", (2,), (2,), grad=False))
    assert structures(trace, found) == [1, 2]


def test_ops_that_one_has_more(tmp_path):
    trace, found = pair(tmp_path, of("mul", (2,), (2,)), of("exp", (2,)))
    assert unlike(trace, *found) == [("MulBackward0", -1), ("ExpBackward0", 1)]


def test_a_deep_graph(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    for _ in range(2):
        made = build.leaf("w", 1.0)
        for _ in range(30_000):
            made = build.op("exp", [made], 1.0, line=3)
    trace = build.load()
    assert structures(trace, graphs(trace)) == [1, 1]


def test_no_graph():
    assert structures(None, []) == []
