"""What can't be replayed is refused in one line that names it, and leaves all watches behind."""

import random

import numpy as np
import pytest

import gradviz as torch
from gradviz.engine.random import Generator
from gradviz.engine.switches import mode
from gradviz.errors import CantCapture

W = torch.tensor([1.0, 2.0], requires_grad=True)
BUFFER = torch.zeros(2)


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, grad):
        return grad * 2


def hooked(x):
    y = x * W
    y.register_hook(lambda grad: grad)
    return y.sum()


def hooked_outside(x):
    x.register_hook(lambda grad: grad)
    return x * 2


def with_a_leaf(x):
    return (x * torch.ones(2, requires_grad=True)).sum()


def counted(x):
    BUFFER[0] = 1.0
    return x + BUFFER


def tampered(x):
    y = x * W
    with torch.no_grad():
        x.add_(1)
    return y


def by_hand(x):
    x.detach().numpy()[0] = 5.0
    return x * 2


def filled_by_hand(x):
    made = torch.zeros(2)
    made.numpy()[0] = 5.0
    return x + made


def stepped(x):
    torch.optim.SGD([W], lr=0.1).step()
    return x * W


def with_gradient(x):
    return x * W.grad if W.grad is not None else x * W


def without_gradient(x):
    torch.optim.SGD([W], lr=0.1).zero_grad()
    return x * W


def seeded(x):
    torch.manual_seed(0)
    return torch.nn.functional.dropout(x)


def other_memory(x):
    BUFFER.data = torch.ones(2)
    return x + BUFFER


REFUSED = {
    "applies Doubled, a Function whose backward is Python of its own": lambda x: Doubled.apply(x * W),
    "changes a tensor of the graph in place: add": lambda x: (x * W).add_(1),
    "changes a tensor in place: setitem": counted,
    "changes a tensor in place that its own backward needs": tampered,
    "draws random numbers that are not an op's; draw them before, and pass them": lambda x: (
        torch.nn.functional.alpha_dropout(x, 0.5, True)
    ),
    "enters inference mode inside": lambda x: torch.inference_mode()(lambda: x * 2)(),
    "gives a tensor other memory": other_memory,
    "makes a leaf that requires grad inside; make it before": with_a_leaf,
    "reads .grad": with_gradient,
    "reads .grad ": without_gradient,
    "registers a hook, or retain_grad, inside: on a MulBackward0": hooked,
    "returns a list_iterator: it may return tensors, numbers, and tuples, lists or dicts of them": lambda x: iter([x]),
    "returns a view of an argument, or of a tensor from outside, that is part of the graph": lambda x: W.view(2, 1),
    "runs SGD.step, which belongs after the call": stepped,
    "runs backward, which belongs after the call": lambda x: (x * W).sum().backward(),
    "seeds the random numbers, which a replay would not": seeded,
    "runs as_tensor, which is no op that can be replayed": lambda x: x + torch.as_tensor(np.ones(2, np.float32)),
    "uses a tensor that was made inside from an array; make it before, and pass it": lambda x: (
        x + torch.Tensor(x.detach().numpy()[::-1])
    ),
    "writes into a tensor's memory by no op": by_hand,
    "writes into a tensor's memory by no op ": filled_by_hand,
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_in_one_line(what):
    function = REFUSED[what]
    name = function.__name__
    if what == "reads .grad":
        W.grad = torch.ones(2)
    with pytest.raises(CantCapture) as caught:
        torch.static(function)(torch.ones(2))
    W.grad = None
    text = str(caught.value)
    assert text.startswith(f"gradviz.static can't capture {name}: it {what.strip()} (test_refusals.py:")
    assert "\n" not in text
    assert isinstance(caught.value, RuntimeError)


def test_a_hook_on_an_argument_is_refused():
    with pytest.raises(CantCapture, match="registers a hook, or sets requires_grad, of a tensor from outside"):
        torch.static(hooked_outside)(torch.ones(2, requires_grad=True))


def test_a_tensor_that_nothing_leads_to_is_refused():
    made = iter([torch.ones(3)])
    with pytest.raises(CantCapture, match=r"uses a tensor of shape \(3,\) that is no argument and that neither"):
        torch.static(lambda x: x + next(made))(torch.ones(3))


def test_an_array_as_an_argument_is_refused():
    with pytest.raises(CantCapture, match=r"takes tensors, not NumPy arrays: pass torch.from_numpy\(array\)"):
        torch.static(lambda x: torch.tensor(x))(np.ones(2))


@pytest.mark.parametrize("fails", [hooked, lambda x: 1 / 0, lambda x: x + torch.ones(3)])
def test_nothing_is_watched_afterwards(fails):
    slots = [vars(torch.Tensor)[name] for name in ("_array", "_grad")]
    words, observer = Generator._words, mode.observer
    with pytest.raises((RuntimeError, ZeroDivisionError)):
        torch.static(fails)(torch.ones(2))
    assert [vars(torch.Tensor)[name] for name in ("_array", "_grad")] == slots
    assert (Generator._words, mode.observer, mode.capture) == (words, observer, None)


def test_the_script_goes_on_dynamically_where_a_replay_makes_no_sense():
    function = lambda x: x * W  # noqa: E731
    static = torch.static(function)
    with torch.inference_mode():
        assert static(torch.ones(2)).is_inference()
    with torch.autograd.set_detect_anomaly(True):
        assert static(torch.ones(2)).grad_fn.name() == "MulBackward0"
    with torch.autograd.graph.saved_tensors_hooks(lambda x: x, lambda x: x):
        assert static(torch.ones(2)).grad_fn.name() == "MulBackward0"
    assert (len(static.graphs), static.runs) == (0, 3)


def test_a_static_function_inside_another_is_part_of_its_capture():
    inner = torch.static(lambda x: torch.tanh(x * W))
    outer = torch.static(lambda x: inner(x).sum())
    for _ in range(3):
        outer(torch.ones(2))
    assert (len(outer.graphs), outer.runs, len(inner.graphs), inner.runs) == (1, 1, 0, 1)


def test_python_runs_once():
    """As docs/static.md says: what the function does beside its tensors happens at the capture only."""
    calls = []

    def function(x):
        calls.append(random.random())
        return x * 2

    static = torch.static(function)
    for _ in range(3):
        static(torch.ones(2))
    assert len(calls) == 1
