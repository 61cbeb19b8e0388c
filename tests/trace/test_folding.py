"""Folding: what stands in which group, for hand-made sequences of results and for random ones."""

from itertools import count
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradviz.trace.folding import MOST, MOST_LEAVES, folded, is_source, nested
from gradviz.trace.graph import GraphNode
from gradviz.trace.trace import Meta, Origin, Within

META = Meta((2,), "float32", "cpu", 8)
AT_TOP = Within("", False, False)


class Sequence:
    """Results in the order in which a script would make them."""

    def __init__(self):
        self.nodes = []
        self._numbers = count(1).__next__

    def op(self, op, line, *inputs, function="<module>", within=AT_TOP, name="", grad_fn="", column=0):
        """One result; its number."""
        number = self._numbers()
        origin = Origin("test.py", function, line, column, line, column + 1, "", "") if line else None
        grad_fn = grad_fn or (f"{op.title()}Backward0" if inputs else "")
        columns = (number, number, number, number if grad_fn else 0, op, grad_fn, name, inputs, (), META, 0)
        self.nodes.append(GraphNode(*columns, origin, within))
        return number

    def leaf(self, name, **more):
        """A parameter."""
        return self.op("tensor", 1, name=name, grad_fn="AccumulateGrad", **more)


def module(*path, inside=False, around=None):
    """Within a module: ('Net', 'layers.0:Block') for a Block that its Net calls layers.0."""
    names, classes = zip(*((part.partition(":")[0], part.partition(":")[2] or part) for part in path), strict=True)
    around = around if around is not None else len(path) - inside
    return Within(" > ".join(classes), inside, False, names, around)


def shown(group):
    """A tree as text: a group and its children in brackets."""
    what = group.kind if group.kind in ("loop", "part") else group.name
    named = f"{what}×{group.times}" if group.times > 1 else what
    inner = " ".join(shown(child) for child in group.children if child.kind != "leaf")
    return f"{named}[{inner}]" if group.children else named


def found(sequence):
    """The tree without its root."""
    return shown(folded(sequence.nodes))[1:-1]


def chain(lines):
    """A chain of ops, each at the line and with the name that is given."""
    sequence = Sequence()
    last = sequence.leaf("x")
    for line, op in lines:
        last = sequence.op(op, line, last)
    return sequence


# -- loops --------------------------------------------------------------------------------------------


def test_a_loop_is_its_body_once():
    assert found(chain([(3, "mul"), (4, "tanh")] * 50 + [(5, "sum")])) == "loop×50[mul×50 tanh×50] sum"


def test_a_line_that_runs_again_and_again_is_one_op():
    assert found(chain([(3, "mul")] * 100)) == "mul×100"


def test_what_runs_once_stays_as_it_is():
    assert found(chain([(3, "mul"), (4, "tanh"), (5, "mul")])) == "mul tanh mul"


def test_a_loop_in_a_loop():
    inner = [(4, "tanh"), (5, "add")]
    lines = [line for turn in range(2, 12) for line in [(3, "mul"), *inner * turn, (6, "sub")]]
    assert found(chain(lines)) == "loop×10[mul×10 loop×65[tanh×65 add×65] sub×10]"


def test_a_pass_that_takes_another_branch_adds_its_places():
    lines = [line for turn in range(20) for line in [(3, "mul"), (5, "tanh") if turn % 3 else (7, "relu"), (8, "add")]]
    assert found(chain(lines)) == "loop×20[mul×20 relu×7 add×20 tanh×13]"


def test_loops_after_each_other_are_told_apart():
    assert found(chain([(3, "mul"), (4, "add")] * 5 + [(6, "sub"), (7, "exp")] * 4)) == (
        "loop×5[mul×5 add×5] loop×4[sub×4 exp×4]"
    )


def test_ops_by_chance_on_one_line_are_one_loop_of_each():
    ops = [("mul", "add", "tanh", "sin")[(turn * turn + turn // 3) % 4] for turn in range(200)]
    tree = folded(chain([(3, op) for op in ops]).nodes)
    (leaf, loop) = tree.children
    assert leaf.kind == "leaf"
    assert {group.what: group.times for group in loop.children} == {op: ops.count(op) for op in set(ops)}


def test_a_function_that_is_called_in_a_loop_has_its_name():
    sequence = Sequence()
    last = sequence.leaf("x")
    for _ in range(50):
        last = sequence.op("mul", 3, last, function="step")
        last = sequence.op("tanh", 4, last, function="step")
    assert found(sequence) == "step×50[mul×50 tanh×50]"


def test_functions_that_take_turns_are_a_loop_of_both():
    sequence = Sequence()
    last = sequence.leaf("x")
    for _ in range(5):
        for function, lines in (("cell", (3, 4)), ("readout", (7, 8))):
            for line in lines:
                last = sequence.op("mul", line, last, function=function)
    assert found(sequence) == "loop×5[cell×5[mul×5 mul×5] readout×5[mul×5 mul×5]]"


def test_a_function_that_is_called_at_the_start_and_the_end_folds_nothing_between():
    sequence = Sequence()
    last = sequence.leaf("x")
    for function, line in (("scale", 3), ("<module>", 10), ("<module>", 11), ("scale", 3)):
        last = sequence.op("mul", line, last, function=function)
        last = sequence.op("add", line, last, function=function)
    assert found(sequence) == "scale[mul add] mul add mul add scale[mul add]"


# -- modules ------------------------------------------------------------------------------------------


def blocks(kinds):
    """A Net of blocks, each of the lines that its kind stands for; with a weight for each."""
    sequence = Sequence()
    last = sequence.leaf("input")
    for at, kind in enumerate(kinds):
        weight = sequence.leaf(f"net.blocks.{at}.weight")
        for line in kind:
            within = module("Net", f"blocks.{at}:Block")
            last = sequence.op("mul", line, last, weight, within=within, function="Block.forward")
    return sequence


def test_layers_that_are_built_alike_are_one():
    tree = folded(blocks([(3, 4)] * 12).nodes)
    assert shown(tree)[1:-1] == "net[blocks.0×12[mul×12 mul×12]]"
    (group,) = (group for group in tree.all() if group.what == "Block")
    assert (group.name, group.last_name) == ("blocks.0", "blocks.11")


def test_a_layer_that_is_built_otherwise_stands_alone():
    assert found(blocks([(3, 4), (3, 4), (3, 4, 5), (3, 4), (3, 4)])) == (
        "net[loop×4[blocks.0×4[mul×4 mul×4] blocks.2[mul mul mul]]]"
    )


def test_the_weights_of_alike_layers_stand_in_them_and_an_input_outside():
    tree = folded(blocks([(3, 4)] * 12).nodes)
    leaves = {group.name: group for group in tree.all() if group.kind == "leaf"}
    assert leaves["net.blocks.0.weight"].times == 12
    assert leaves["net.blocks.0.weight"].parent.what == "Block"
    assert leaves["input"].parent is not leaves["net.blocks.0.weight"].parent


def test_the_outermost_module_is_called_as_its_parameters_tell():
    (net,) = (group for group in folded(blocks([(3, 4)] * 12).nodes).all() if group.what == "Net")
    assert net.name == "net"


def test_one_weight_for_all_passes_stands_outside_the_loop():
    sequence = Sequence()
    weight, last = sequence.leaf("w"), sequence.leaf("x")
    for _ in range(10):
        last = sequence.op("mul", 3, last, weight)
        last = sequence.op("add", 4, last, sequence.leaf("noise"))
    tree = folded(sequence.nodes)
    leaves = {group.name: group for group in tree.all() if group.kind == "leaf"}
    assert leaves["w"].parent is tree
    assert leaves["noise"].parent.kind == "loop"


def test_a_function_of_a_module_stands_in_it_around_the_modules_that_it_calls():
    sequence = Sequence()
    last = sequence.leaf("x")
    last = sequence.op("mm", 5, last, within=module("Net", "query:Linear", inside=True), function="Net.attend")
    last = sequence.op("div", 5, last, within=module("Net"), function="Net.attend")
    last = sequence.op("add", 8, last, within=module("Net"), function="Net.forward")
    assert found(sequence) == "Net[attend[mm div] add]"


def test_a_call_that_is_one_op_is_that_op():
    sequence = Sequence()
    last = sequence.leaf("x")
    for line in (3, 3, 4):
        last = sequence.op("addmm", line, last, within=Within("linear", True, False, ("linear",), 0))
    assert found(sequence) == "addmm×2 addmm"


def test_modules_alone_leave_each_result_alone():
    sequence = blocks([(3, 4)] * 3)
    tree = nested(sequence.nodes)
    assert all(len(group.numbers) == 1 for group in tree.all() if not group.children)
    assert [group.name for group in tree.all() if group.what == "Block"] == ["blocks.0", "blocks.1", "blocks.2"]


# -- what has no structure ----------------------------------------------------------------------------


@pytest.mark.parametrize("length", [41, 100, 1_000, 5_000])
def test_a_long_list_has_parts_that_can_be_shown(length):
    tree = folded(chain([(line, "mul") for line in range(2, length + 2)]).nodes)
    assert max(len(group.children) for group in tree.all()) <= MOST + MOST_LEAVES
    parts = [group for group in tree.all() if group.kind == "part"]
    assert parts
    assert all(group.first <= group.last for group in parts)


def test_a_long_expression_on_one_line_has_parts_too():
    sequence = Sequence()
    last = sequence.leaf("x")
    for column in range(500):
        last = sequence.op("mul", 3, last, column=column)
    for line in range(4, 60):
        last = sequence.op("add", line, last)
    tree = folded(sequence.nodes)
    assert max(len(group.children) for group in tree.all()) <= MOST + MOST_LEAVES
    assert tree.results() == [node.number for node in sequence.nodes]


def test_names_that_only_end_in_a_number_are_no_layers():
    sequence = Sequence()
    last = sequence.leaf("x")
    for turn in (1, 2, 3):
        for _ in range(2):
            within = module("Net", f"conv{turn}:Conv", inside=True, around=0)
            last = sequence.op("convolution", 3, last, within=within)
            last = sequence.op("add", 3, last, within=within)
    names = [group.name for group in folded(sequence.nodes).all() if group.what == "Conv"]
    assert names == ["conv1", "conv2", "conv3"]


def test_ops_of_one_line_go_together_first():
    lines = [(line, op) for line in range(2, 40) for op in ("mul", "tanh")]
    tree = folded(chain(lines).nodes)
    parts = [group for group in tree.children if group.kind == "part"]
    assert [(group.first, group.last) for group in parts] == [(line, line) for line in range(2, 40)]


# -- whatever it is -----------------------------------------------------------------------------------

PATHS = st.lists(
    st.sampled_from(["layers.0:Block", "layers.1:Block", "norm:Norm", "0:Linear", "linear"]), max_size=3
).map(lambda parts: ("Net", *parts))


@st.composite
def sequences(draw):
    """Results at random lines, functions and modules, from random ones before them."""
    sequence = Sequence()
    made = [sequence.leaf("x")]
    for _ in range(draw(st.integers(1, 60))):
        if draw(st.integers(0, 6)) == 0:
            made.append(sequence.leaf(draw(st.sampled_from(["w", "layers.0.weight", "layers.1.weight"]))))
            continue
        path = draw(st.none() | PATHS)
        inside = draw(st.booleans())
        within = AT_TOP if path is None else module(*path, inside=inside, around=draw(st.integers(0, len(path))))
        inputs = [draw(st.sampled_from(made)) for _ in range(draw(st.integers(0, 2)))]
        inputs += [0] * (draw(st.integers(0, 9)) == 0)
        line, function = draw(st.integers(0, 6)), draw(st.sampled_from(["<module>", "step", "Net.forward", "<lambda>"]))
        made.append(sequence.op(draw(st.sampled_from(["mul", "add"])), line, *inputs, within=within, function=function))
    return sequence.nodes


@settings(deadline=None)
@given(sequences())
def test_each_result_is_in_exactly_one_leaf_of_the_tree(nodes):
    for tree in (folded(nodes), nested(nodes)):
        assert tree.results() == [node.number for node in nodes]
        known = {node.number: node for node in nodes}
        for group in tree.all():
            assert bool(group.numbers) != bool(group.children)
            assert all(child.parent is group and child.depth == group.depth + 1 for child in group.children)
            assert group.kind != "leaf" or all(is_source(known[number]) for number in group.numbers)
            assert group.times >= 1


@settings(deadline=None)
@given(sequences())
def test_the_same_results_fold_the_same(nodes):
    assert shown(folded(nodes)) == shown(folded(nodes))


def test_modules_as_deep_as_one_likes():
    sequence = Sequence()
    last = sequence.leaf("x")
    path = tuple(f"part{depth}:Part" for depth in range(2_000))
    for _ in range(3):
        last = sequence.op("mul", 3, last, within=module(*path), function="Part.forward")
    tree = folded(sequence.nodes)
    assert tree.results() == [1, 2, 3, 4]


def test_loops_as_deep_as_one_likes():
    lines = [*range(2, 600), *range(600, 1, -1)]
    assert len(folded(chain([(line, "mul") for line in lines]).nodes).results()) == len(lines) + 1


def test_time_grows_with_the_number_of_results():
    def seconds(turns):
        nodes = chain([(3, "mul"), (4, "tanh"), (5, "add")] * turns).nodes
        began = perf_counter()
        folded(nodes)
        return perf_counter() - began

    small = min(seconds(1_000) for _ in range(5))
    assert min(seconds(8_000) for _ in range(3)) < 8 * 4 * small
