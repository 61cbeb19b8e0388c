"""GV106 and GV107: what is kept alive for nothing."""

import pytest

pytest_plugins = "tests.check.runs"

START = """\
import gradviz as torch
x = torch.tensor([1.0, 2.0, 3.0, 4.0])
w = torch.tensor(0.5, requires_grad=True)
def f(w=w):
    return ((w * x - 1) ** 2).mean()
kept = []
"""


def loop(*body, times=3, before="", after=""):
    """START, the line before (7), then a loop from line 8 on with this body, and the lines after it."""
    return START + f"{before}\nfor step in range({times}):\n" + "".join(f"    {line}\n" for line in body) + after


# -- GV106: graphs kept alive across iterations


def test_the_sample_of_kept_graphs(sample):
    losses, state, by_function = sample("GV106", "gv106_graphs_kept")
    assert losses == (
        "`losses` keeps the graphs of 4 iterations, 4 nodes and 0 B of saved tensors each.",
        "losses.append(loss.item())",
        [("held by", 23), ("built", 25)],
    )
    assert state == (
        "`state` carries one graph through 4 iterations, and each makes it longer by 3 nodes and 20 B of saved "
        "tensors.",
        "state = state.detach()",
        [("held by", 31)],
    )
    assert by_function.fix == "# to be kept in place of score\nscore.item()"
    assert by_function.cause == (
        "a variable of a function that has returned kept the graphs of 4 iterations, 3 nodes and 0 B of saved tensors "
        "each."
    )
    assert by_function.places == [("built", 17), ("backward", 18)]


def test_the_near_miss_of_kept_graphs(sample):
    assert sample("GV106", "gv106_near_miss") == []


GROWING = {
    "a list": (["loss = f()", "loss.backward()", "kept.append(loss)"], "kept.append(loss.item())"),
    "a dict": (["loss = f()", "loss.backward()", "kept[str(step)] = loss"], "keep a number (.item()) in kept"),
    "a total": (["loss = f()", "loss.backward()", "total = total + loss"], "total += loss.item()"),
    "a total that no backward ran": (["total += f()"], "total += value.item()"),
    "scores that no backward ran": (["score = f()", "kept.append(score)"], "kept.append(score.item())"),
}


@pytest.mark.parametrize("name", GROWING)
def test_what_grows(found, name):
    body, fix = GROWING[name]
    before = "kept, total = {}, 0.0" if name == "a dict" else "total = 0.0; f().backward()"
    (told,) = found("GV106", loop(*body, before=before))
    assert told.fix == fix
    assert " keeps the graphs of 3 iterations, " in told.cause


def test_saved_tensors_that_stay_are_counted(found):
    (told,) = found("GV106", loop("kept.append(f())", before="f().backward()"))
    assert "the graphs of 3 iterations, about 4 nodes and 21 B of saved tensors each" in told.cause  # x counts once
    assert told.places == [("held by", 6), ("built", 5)]


def test_a_crash_keeps_the_functions_variables(found):
    body = ["def train():", "    mine = []", "    for step in range(3):", "        loss = f()"]
    body += ["        loss.backward()", "        mine.append(loss)", "    raise KeyError", "train()"]
    (told,) = found("GV106", START + "\n".join(body))
    assert told.cause == "`mine` keeps the graphs of 3 iterations, 4 nodes and 0 B of saved tensors each."
    assert told.fix == "mine.append(loss.item())"


def test_two_names_for_one_list_are_one_finding(found):
    assert len(found("GV106", loop("loss = f()", "loss.backward()", "kept.append(loss)", after="also = kept"))) == 1


QUIET = {
    "floats": ["loss = f()", "loss.backward()", "kept.append(loss.item())"],
    "detached": ["loss = f()", "loss.backward()", "kept.append(loss.detach())"],
    "the last three only": ["loss = f()", "loss.backward()", "kept = [loss]"],
    "under no_grad": ["with torch.no_grad():", "    kept.append(f())"],
    "no backward anywhere": ["kept.append(f())"],
    "activations of one forward": ["x = torch.tanh(w * x)", "kept.append(x)"],
    "a residual": ["x = x + torch.tanh(w * x)"],
    "the gradients": ["loss = f()", "loss.backward()", "kept.append(w.grad)", "w.grad = None"],
    "parameters": ["kept.append(torch.tensor(1.0, requires_grad=True))", "f(kept[-1]).backward()"],
}


@pytest.mark.parametrize("name", QUIET)
def test_what_does_not_grow(found, name):
    before = "f().backward()" if name in ("activations of one forward", "a residual") else ""
    assert found("GV106", loop(*QUIET[name], before=before)) == []


def test_one_backward_through_all_that_is_held(found):
    after = "sum(kept).backward()\n"
    assert found("GV106", loop("kept.append(f())", after=after)) == []
    assert found("GV106", loop("kept.append(f())", after="for loss in kept: loss.backward()\n")) == []


def test_results_that_a_failing_run_may_have_been_about_to_use(found):
    assert found("GV106", loop("kept.append(f())", before="f().backward()", after="1 / 0\n")) == []


def test_a_state_that_the_second_backward_fails_on(found):
    body = ["state = torch.tanh(w * state)", "loss = state.sum()", "loss.backward()"]
    assert found("GV106", loop(*body, before="state = x")) == []


def test_a_second_order_gradient_is_one_iteration(found):
    body = ["loss = f()", "grad, = torch.autograd.grad(loss, w, create_graph=True)", "(loss + grad**2).backward()"]
    assert found("GV106", loop(*body)) == []


def test_steps_of_an_inner_loop_are_one_graph(found):
    body = ["grad, = torch.autograd.grad(f(fast), fast, create_graph=True)", "fast = fast - 0.1 * grad"]
    after = "outer = f(fast)\nouter.backward()\n"
    assert found("GV106", loop(*body, before="fast = w", after=after)) == []


def test_graphs_of_a_function_that_returns_them_in_turn(found):
    lines = "def train():\n    for step in range(4):\n        loss = f()\n        loss.backward()\n"
    assert found("GV106", START + lines + "train()\ntrain()\n") == []


def test_a_window_of_graphs_that_moves_along(found):
    lines = "from collections import deque\ndef train():\n    last = deque(maxlen=3)\n    for step in range(8):\n"
    lines += "        loss = f()\n        loss.backward()\n        last.append(loss)\n"
    assert found("GV106", START + lines + "train()\n") == []


# -- GV107: retain_graph for nothing


def test_the_sample_of_retained_graphs(sample):
    (told,) = sample("GV107", "gv107_retained_for_nothing")
    assert told == (
        "backward was told to retain its graph and kept 24 B of saved tensors, but no later call ran a node of that "
        "graph (3 calls).",
        "loss.backward()",
        [("retained", 13)],
    )


def test_the_near_miss_of_retained_graphs(sample):
    assert sample("GV107", "gv107_near_miss") == []


WRITTEN = {
    "f().backward(retain_graph=True)": "f().backward()",
    "f().backward(torch.tensor(1.0), retain_graph=True)": "f().backward(torch.tensor(1.0))",
    "f().backward(retain_graph = True, inputs=[w])": "f().backward(inputs=[w])",
    "torch.autograd.grad(f(), w, retain_graph=True)": "torch.autograd.grad(f(), w)",
    "torch.autograd.backward([f()], retain_graph=True)": "torch.autograd.backward([f()])",
    "keep = True; f().backward(retain_graph=keep)": "retain_graph=False",
}


@pytest.mark.parametrize("line", WRITTEN)
def test_retained_for_nothing(found, line):
    (told,) = found("GV107", START + line)
    assert (told.fix, told.places) == (WRITTEN[line], [("retained", 7)])


def test_over_several_lines(found):
    (told,) = found("GV107", START + "f().backward(\n    retain_graph=True,\n)\n")
    assert told.fix == "f().backward()"


def test_two_losses_that_share_a_leaf_alone(found):
    (told,) = found("GV107", START + "f().backward(retain_graph=True)\nf().backward()\n")
    assert told.places == [("retained", 7)]


def test_a_graph_that_had_nothing_to_keep(found):
    (told,) = found("GV107", START + "(w + x).sum().backward(retain_graph=True)")
    assert "had no saved tensors to keep" in told.cause


USED = {
    "again": "loss = f()\nloss.backward(retain_graph=True)\nloss.backward()\n",
    "by grad": "loss = f()\nloss.backward(retain_graph=True)\ntorch.autograd.grad(loss, w)\n",
    "in part": "h = w * x\nh.sum().backward(retain_graph=True)\nh.exp().sum().backward()\n",
    "by the next pass": "h = x\nfor _ in x:\n    h = torch.tanh(w * h)\n    h.sum().backward(retain_graph=True)\n",
    "in a loop, but the last": "loss = f()\nfor _ in range(3):\n    loss.backward(retain_graph=True)\n",
    "not asked for": "f().backward()\n",
    "for a second derivative": "g, = torch.autograd.grad(f(), w, retain_graph=True, create_graph=True)\ng.backward()\n",
    "by a jacobian's own calls": "torch.autograd.functional.jacobian(lambda w: torch.exp(w * x), w)\n",
    "by what a failing run was to do": "loss = f()\nloss.backward(retain_graph=True)\n1 / 0\n",
    "by a call that fails": "loss = f()\nloss.backward(retain_graph=True)\ntorch.autograd.grad(loss, x)\n",
}


@pytest.mark.parametrize("name", USED)
def test_retained_and_used(found, name):
    assert found("GV107", START + USED[name]) == []
