"""The rows: what each result is called, whose work it is, what it kept, what became of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradviz as torch
from gradviz import nn, optim
from gradviz.trace.graph import graphs
from gradviz.trace.sharing import Share
from gradviz.views import rows as of
from gradviz.views.format import safe
from tests.trace.build import Builder, linear_regression


def rows_of(trace, number=1):
    return of.rows(trace, graphs(trace)[number - 1], trace.lives)


def named(found, name):
    (row,) = (row for row in found if row.name == name)
    return row


def called(row):
    return row.name or row.expression


# -- names --------------------------------------------------------------------------------------------


def test_results_inside_a_module_call_are_called_after_it_and_its_value_after_the_variable(record):
    def program():
        model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
        points = torch.ones(4, 2)
        scores = model(points)
        loss = scores.mean()
        loss.backward()
        return {"model": model, "points": points, "loss": loss}

    found = rows_of(record(program))
    assert [called(row) for row in found if row.grad_fn not in ("", "AccumulateGrad")] == [
        "linear.t", "linear.addmm", "Tanh.tanh", "linear.t", "scores", "loss",
    ]  # fmt: skip
    assert [row.name for row in found if row.is_leaf and row.requires_grad] == [
        "model.0.weight", "model.0.bias", "model.2.weight", "model.2.bias",
    ]  # fmt: skip
    assert named(found, "scores").expression == "linear.addmm"


def test_a_gradient_that_is_used_and_literal_numbers_say_what_they_are(record):
    def program():
        w = torch.tensor(2.0, requires_grad=True)
        (w * w).backward()
        with torch.no_grad():
            w -= 0.125 * w.grad
            half = w / 2
        return {"w": w, "half": half}

    found = rows_of(record(program))
    gradient = named(found, "w.grad")
    assert gradient.data.values.item() == 4.0
    assert {row.expression for row in found if not row.name} >= {"0.125", "2", "w * w", "0.125 * w.grad"}
    assert named(found, "half").expression == "w / 2"


def test_what_has_a_name_keeps_its_expression_beside_it(record):
    def program():
        w = torch.tensor(2.0, requires_grad=True)
        loss = (w * 3.0).exp()
        return {"loss": loss}

    found = rows_of(record(program))
    assert [(row.name, row.expression) for row in found if row.op in ("mul", "exp")] == [
        ("", "w * 3.0"),
        ("loss", "(w * 3.0).exp()"),
    ]


def test_no_name_from_a_trace_can_steer_a_terminal(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    evil = "\x1b[2J\r\u202e\n"
    leaf = build.leaf(evil, 1.0)
    made = build.op(evil, [leaf], 2.0, saved=["self"], text=f"{evil} + 1", grad_fn=evil, within=evil)
    unnamed = build.op("neg", [made], 2.0, text=f"{evil} + 1")
    build.hold(evil, unnamed)
    trace = build.load()
    for row in rows_of(trace):
        texts = [row.name, row.expression, row.op, row.grad_fn, row.aside]
        texts += [part for kept in row.saved for part in (kept.name, kept.of)]
        assert texts == [safe(text) for text in texts]
    (graph,) = graphs(trace)
    assert list(of.holders(trace, graph, trace.lives).values()) == [safe(evil)] * 3
    assert set(of.called_by(trace, graph).values()) == {safe(evil), "\\x1b[2J \\u202e"}


# -- whose work it is ---------------------------------------------------------------------------------


def test_an_optimizers_own_work_stands_beside_the_graph(record):
    def program():
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        optimizer = optim.SGD([w], lr=0.1, momentum=0.9)
        for _ in range(2):
            optimizer.zero_grad()
            loss = (w * w).sum()
            loss.backward()
            optimizer.step()
        return {"w": w, "loss": loss}

    found = rows_of(record(program), 2)
    assert {row.aside for row in found if row.aside} == {"SGD.step"}
    assert not any(row.grad_fn for row in found if row.aside)
    assert [called(row) for row in found if not row.aside] == ["w", "w * w", "loss"]


def inner_kept():
    """A Function whose forward computes on the side; the side result is given to the script."""
    kept = []

    class Doubles(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            kept.append(x + 1.0)
            return x * 2.0

        @staticmethod
        def backward(ctx, grad):
            return grad * 2.0

    return Doubles, kept


def test_a_functions_inner_ops_are_its_own_work(record):
    def program():
        w = torch.tensor(3.0, requires_grad=True)
        y = inner_kept()[0].apply(w)
        y.backward()
        return {"w": w, "y": y}

    found = rows_of(record(program))
    assert [called(row) for row in found if not row.aside] == ["w", "y"]
    assert {row.aside for row in found if row.op in ("mul", "add")} == {"Doubles", "Doubles.backward"}


def test_inner_work_that_the_graph_needs_is_not_put_aside(record):
    def program():
        doubles, kept = inner_kept()
        w = torch.tensor(3.0, requires_grad=True)
        z = doubles.apply(w) * kept[0]
        return {"z": z}

    trace = record(program)
    found = rows_of(trace)
    (needed,) = (row for row in found if row.op == "add")
    assert needed.aside == ""
    (graph,) = graphs(trace)
    aside = of.beside(graph)
    assert {node.op for node in graph.nodes if node.number in aside} >= {"mul"}
    assert not any(aside & set(node.inputs) for node in graph.nodes if node.node)


# -- what was kept, and what became of it -------------------------------------------------------------


def test_saved_tensors_say_whose_value_they_are_and_not_that_a_result_is_itself(record):
    def program():
        x = torch.ones(3)
        w = torch.ones(3, requires_grad=True)
        y = (w * x).exp()
        return {"y": y, "w": w, "x": x}

    found = rows_of(record(program))
    kept = {row.op: row.saved for row in found if row.saved}
    assert kept == {
        "mul": (of.Kept("other", "x", 12, Share.HELD, "x"),),
        "exp": (of.Kept("result", "", 12, Share.HELD, "y"),),
    }


def test_each_state_at_the_scripts_end(record):
    def program():
        x = torch.ones(2)
        w = torch.ones(2, requires_grad=True)
        lost = (torch.ones(2) * w).exp()
        del lost
        ran = (w * x).sum()
        ran.backward()
        kept = w.exp()
        with torch.no_grad():
            checked = w * 2.0
        return {"w": w, "x": x, "ran": ran, "kept": kept, "checked": checked}

    trace = record(program)
    found = [row for graph in graphs(trace) for row in of.rows(trace, graph, trace.lives)]
    states = {called(row): (row.state, row.grad_fn, row.no_grad) for row in found}
    assert states["lost"] == ("gone", "ExpBackward0", False)
    assert states["w * x"] == ("saved freed", "MulBackward0", False)
    assert states["ran"] == ("live", "SumBackward0", False)
    assert states["kept"] == ("live", "ExpBackward0", False)
    assert states["checked"] == (of.NO_GRAPH, "", True)
    assert states["x"] == ("live", "", False)
    assert states["torch.ones(2)"] == ("gone", "", False)


def test_a_state_is_that_of_the_moment_asked_for(tmp_path):
    trace = linear_regression(tmp_path / "t.gradviz")
    (graph,) = graphs(trace)
    square, loss = (next(node for node in graph.nodes if node.op == op) for op in ("pow", "mean"))
    call = graph.backwards[0]
    moments = (call.started, call.ended, trace.end)
    assert [of.state_of(trace, trace.lives, square, at) for at in moments] == ["live", "saved freed", "gone"]
    assert [of.state_of(trace, trace.lives, loss, at) for at in moments] == ["live", "live", "gone"]


def test_a_leafs_gradient_is_stored_and_any_other_only_flowed(record):
    def program():
        x = torch.ones(2)
        w = torch.ones(2, requires_grad=True)
        loss = (w * x).sum()
        loss.backward()
        return {"loss": loss, "w": w, "x": x}

    found = rows_of(record(program))
    assert named(found, "w").grad.stored
    assert named(found, "w").grad.value.values.tolist() == [1.0, 1.0]
    assert not named(found, "loss").grad.stored
    assert named(found, "loss").grad.value.values.item() == 1.0
    assert named(found, "x").grad is None
    (product,) = (row for row in found if row.expression == "w * x")
    assert (product.grad.stored, product.grad.value.values.tolist()) == (False, [1.0, 1.0])


def test_a_gradient_that_the_script_asked_to_retain_is_stored(record):
    def program():
        w = torch.tensor(1.0, requires_grad=True)
        kept, plain = w * 2.0, w * 3.0
        kept.retain_grad()
        loss = kept * plain
        loss.backward()
        return {"w": w, "kept": kept, "plain": plain, "loss": loss}

    found = rows_of(record(program))
    assert named(found, "kept").grad.stored
    assert named(found, "kept").grad.value.values.item() == 3.0
    assert not named(found, "plain").grad.stored


def test_a_leafs_data_are_those_that_its_graph_was_built_with(record):
    def program():
        w = torch.tensor(1.0, requires_grad=True)
        for _ in range(2):
            loss = w * w
            with torch.no_grad():
                w.add_(1.0)
        return {"w": w, "loss": loss}

    trace = record(program)
    assert [named(rows_of(trace, number), "w").data.values.item() for number in (1, 2)] == [1.0, 2.0]


def test_a_gradient_that_is_handed_back_is_stored_nowhere(record):
    def program():
        w = torch.tensor(1.0, requires_grad=True)
        loss = w.exp()
        torch.autograd.grad(loss, w)
        return {"w": w, "loss": loss}

    found = rows_of(record(program))
    assert named(found, "w").grad is None
    assert not named(found, "loss").grad.stored


def test_gradients_are_those_after_the_graphs_own_last_backward(record):
    def program():
        w = torch.tensor(1.0, requires_grad=True)
        for factor in (2.0, 5.0):
            loss = w * factor
            loss.backward()
        w.grad = None
        return {"w": w}

    trace = record(program)
    assert [named(rows_of(trace, number), "w").grad.value.values.item() for number in (1, 2)] == [2.0, 7.0]


def test_without_backward_there_is_no_gradient_at_all(record):
    def program():
        w = torch.tensor(1.0, requires_grad=True)
        return {"loss": w * 2.0}

    assert [row.grad for row in rows_of(record(program))] == [None] * 3


# -- holders ------------------------------------------------------------------------------------------


def test_a_variable_holds_all_that_its_graph_was_made_from(record):
    def program():
        w = torch.ones(2, requires_grad=True)
        first = w.exp()
        history = [(first * 2.0).sum()]
        loss = first.sin().sum()
        return {"w": w, "first": first, "history": history, "loss": loss}

    trace = record(program)
    (graph,) = graphs(trace)
    held = of.holders(trace, graph, trace.lives)
    by_op = {node.op: held.get(node.number) for node in graph.nodes if node.grad_fn.endswith("Backward0")}
    assert by_op["exp"] == "first"
    assert by_op["mul"] == "history[0]"
    assert by_op["sin"] == "loss"


def test_what_is_gone_has_no_holder(tmp_path):
    gone, held = linear_regression(tmp_path / "a.gradviz"), linear_regression(tmp_path / "b.gradviz", delete=False)
    for trace, expected in ((gone, {}), (held, dict.fromkeys((1, 2, 5, 6, 7, 8, 9), "loss"))):
        assert of.holders(trace, graphs(trace)[0], trace.lives) == expected


def test_holders_are_handed_down_a_graph_deeper_than_pythons_stack(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    made = build.leaf("w", 1.0)
    for _ in range(2000):
        made = build.op("neg", [made], 1.0)
    build.hold("end", made)
    trace = build.load()
    held = of.holders(trace, graphs(trace)[0], trace.lives)
    assert held == dict.fromkeys(range(1, 2002), "end")


# -- where it broke, and how much memory --------------------------------------------------------------


@pytest.mark.parametrize("how", ["raised", "interrupted"])
def test_the_newest_row_on_the_line_that_ended_the_run_is_marked(tmp_path, how):
    build = Builder(tmp_path / "t.gradviz")
    made = build.leaf("w", 1.0, line=1)
    for _ in range(3):
        made = build.op("mul", [made, made], 1.0, line=7)
    build.op("exp", [made], 1.0, line=8)
    build.end(how, "ValueError: no", 1, line=7, text="mul(...)")
    trace = build.load()
    (graph,) = graphs(trace)
    assert of.failing(trace).line == 7
    assert of.failing_numbers(trace, graph) == {4}


@pytest.mark.parametrize("how", ["finished", "exited"])
def test_no_row_is_marked_when_the_run_ended_by_itself(tmp_path, how):
    build = Builder(tmp_path / "t.gradviz")
    build.leaf("w", 1.0, line=7)
    build.end(how, "", 0, line=7)
    trace = build.load()
    assert of.failing(trace) is None
    assert of.failing_numbers(trace, graphs(trace)[0]) == set()


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 100))))
def test_a_buffer_counts_once_by_its_largest_part(pairs):
    buffers = {buffer for buffer, _ in pairs if buffer}
    expected = sum(max(size for buffer, size in pairs if buffer == each) for each in buffers)
    assert of.distinct_bytes(pairs) == expected + sum(size for buffer, size in pairs if not buffer)


def test_a_leaf_is_one_that_requires_grad_since_after_it_was_made(record):
    def program():
        w = torch.tensor(2.0).requires_grad_()
        v = (3 * torch.tensor(2.0)).requires_grad_()
        (w * v).backward()
        return {"w": w, "v": v}

    trace = record(program)
    (graph,) = graphs(trace)
    told = {row.name: (row.is_leaf, row.requires_grad, row.state) for row in of.rows(trace, graph, trace.lives)}
    assert told["w"] == told["v"] == (True, True, "live")
    assert [node.name for node in graph.nodes if of.is_leaf(node) and of.wants_grad(node)] == ["w", "v"]
