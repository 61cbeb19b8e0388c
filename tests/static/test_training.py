"""Training with a static loss: the same bits as without; and what is held between calls stays right."""

import gc
import weakref

import numpy as np
import pytest

import gradviz as torch
from gradviz.engine.switches import Observer, mode
from gradviz.errors import CantCapture
from tests.static.programs import bits

nn = torch.nn


def mlp():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))


def noisy():
    torch.manual_seed(0)
    layers = [nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Sigmoid(), nn.Dropout(0.3), nn.Linear(8, 4), nn.LayerNorm(4)]
    return nn.Sequential(*layers, nn.Linear(4, 1))


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=0.01, momentum=0.9)


@pytest.mark.parametrize("made", [mlp, noisy])
@pytest.mark.parametrize("optimizer", [sgd, lambda parameters: torch.optim.Adam(parameters, lr=0.01)])
def test_many_steps_end_in_the_same_bits(made, optimizer):
    sides = []
    for is_static in (False, True):
        model = made()
        loss_of = lambda x, y, model=model: nn.functional.mse_loss(model(x), y)  # noqa: E731
        sides.append((model, torch.static(loss_of) if is_static else loss_of, optimizer(model.parameters())))
    draws = np.random.RandomState(1)
    for step in range(60):
        x, y = (torch.from_numpy(draws.randn(8, size).astype(np.float32)) for size in (2, 1))
        seen = []
        for model, loss_of, steps in sides:
            torch.manual_seed(step)
            model.train(step % 10 != 9)
            loss = loss_of(x, y)
            loss.backward()
            seen.append([bits(loss), *(bits(each.grad) for each in model.parameters())])
            if step % 3:  # else the gradients add up
                steps.step()
                steps.zero_grad(set_to_none=step % 2 == 0)
            seen[-1] += map(bits, model.state_dict().values())
        assert seen[0] == seen[1]
    static = sides[1][1]
    assert len(static.graphs) == static.runs == 2  # training, and not


LAYERS = {
    "convolutions": (lambda: nn.Sequential(nn.Conv2d(1, 3, 3), nn.GELU(), nn.MaxPool2d(2), nn.Flatten()), (2, 1, 6, 6)),
    "instance norm": (lambda: nn.InstanceNorm2d(2, affine=True), (2, 2, 3, 3)),
    "group norm": (lambda: nn.GroupNorm(2, 4), (3, 4, 2)),
    "rnn": (lambda: nn.RNN(3, 4, num_layers=2, dropout=0.2), (5, 2, 3)),
    "lstm": (lambda: nn.LSTM(3, 4, bidirectional=True), (5, 2, 3)),
    "gru": (lambda: nn.GRU(3, 4), (5, 2, 3)),
    "transformer": (lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), (2, 3, 4)),
    "upsample": (lambda: nn.Sequential(nn.Upsample(scale_factor=2), nn.AvgPool2d(2), nn.Hardswish()), (1, 1, 3, 3)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_captured_once(name):
    made, shape = LAYERS[name]
    torch.manual_seed(0)
    layer = made()

    def function(x):
        out = layer(x)
        return out[0] if isinstance(out, tuple) else out

    static = torch.static(function)
    for turn in range(3):
        x, seen = torch.randn(shape), []
        for each in (static, function):
            given = x.clone().requires_grad_()
            torch.manual_seed(turn)
            out = each(given)
            (out * out).sum().backward()
            leaves = [given, *layer.parameters()]
            seen.append([bits(out), *(bits(leaf.grad) for leaf in leaves)])
            for leaf in leaves:
                leaf.grad = None
        assert seen[0] == seen[1]
    assert static.runs == 1


def test_a_method_and_a_decorated_forward():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(2, 2)

        @torch.static
        def forward(self, x):
            return torch.tanh(self.inner(x))

    one, other, x = Model(), Model(), torch.ones(3, 2)
    for _ in range(2):
        for model in (one, other):
            assert bits(model(x)) == bits(torch.tanh(model.inner(x)))
    assert len(Model.forward.graphs) == Model.forward.runs == 2


def test_what_was_handed_out_stays_as_it_was():
    w = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
    function = lambda x: (torch.tanh(x * w), [x * w + 1, {"sum": (x * w).sum()}], x, w, 5, None)  # noqa: E731
    static = torch.static(function)
    inputs = [torch.full((3,), float(k), requires_grad=True) for k in range(4)]
    held = [static(x) for x in inputs]
    grads = []
    for x in inputs:
        out = static(x)[0]
        grads.append(torch.autograd.grad(out, [x, w], torch.ones(3)))
    for x, found, (for_x, for_w) in zip(inputs, held, grads, strict=True):
        wanted = function(x)
        assert bits(found[0]) == bits(wanted[0]) and bits(found[1][0]) == bits(wanted[1][0])
        assert bits(found[1][1]["sum"]) == bits(wanted[1][1]["sum"])
        assert found[2] is x and found[3] is w and found[4:] == (5, None)
        one, two = torch.autograd.grad(wanted[0], [x, w], torch.ones(3))
        assert (bits(for_x), bits(for_w)) == (bits(one), bits(two))


def test_a_changed_result_is_nobody_elses():
    w = torch.tensor([1.0, -2.0], requires_grad=True)
    static = torch.static(lambda x: x * w * 2)
    for _ in range(3):
        out = static(torch.ones(2))
        assert out.tolist() == [2.0, -4.0]
        out.detach().mul_(0)


def test_outputs_that_show_one_memory_are_not_changed_in_place():
    w = torch.tensor([[1.0, -2.0]], requires_grad=True)
    static = torch.static(lambda x: (x * w, (x * w).view(-1), (x * w).unbind(0)[0], (x + w).chunk(2, 1)))
    for _ in range(2):
        whole, alone, _, (left, right) = static(torch.ones(1, 2))
        whole.mul_(2)
        alone.mul_(2)
        with pytest.raises(RuntimeError, match="of Static is a view and is being modified inplace"):
            left.mul_(2)
        (left + right).sum().backward()


def test_a_backward_after_the_next_call_is_refused():
    w = torch.tensor([1.0, -2.0], requires_grad=True)
    static = torch.static(lambda x: torch.tanh(x * w).sum())
    first, second = static(torch.ones(2)), static(torch.ones(2) * 2)
    with pytest.raises(CantCapture) as caught:
        first.backward()
    assert str(caught.value) == (
        "backward of call 1 of <lambda> after a later call: a static graph has one set of buffers, and the later call "
        "overwrote what this backward needs; run backward before the next call, or call the function itself, "
        "<lambda>.function"
    )
    second.backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        second.backward()


def test_a_backward_that_needs_no_planned_memory_may_come_later():
    w = torch.tensor([1.0, -2.0], requires_grad=True)
    static = torch.static(lambda x: (x * w).sum())
    losses = [static(torch.tensor([1.0, k])) for k in (1.0, 2.0, 3.0)]
    sum(losses).backward()
    assert w.grad.tolist() == [3.0, 6.0]


def test_retain_graph_runs_twice():
    w = torch.tensor([1.0, -2.0], requires_grad=True)
    static = torch.static(lambda x: torch.tanh(x * w).sum())
    for _ in range(2):
        loss = static(torch.ones(2))
        loss.backward(retain_graph=True)
        once = w.grad.clone()
        loss.backward()
        assert (w.grad == 2 * once).all()
        w.grad = None


def test_a_second_gradient_is_refused():
    w = torch.tensor([1.0, -2.0], requires_grad=True)
    static = torch.static(lambda x: (x * w * w).sum())
    with pytest.raises(CantCapture, match="create_graph=True: the backward of <lambda>, a static graph, builds no"):
        torch.autograd.grad(static(torch.ones(2)), w, create_graph=True)


def test_a_parameter_changed_before_backward_is_refused_as_ever():
    texts = []
    for wrap in (torch.static, lambda function: function):
        w = torch.tensor([1.0, -2.0], requires_grad=True)
        function = wrap(lambda x, w=w: (x * w * w).sum())
        for _ in range(2):
            loss = function(torch.ones(2))
            with torch.no_grad():
                w.mul_(2)
            with pytest.raises(RuntimeError, match="modified by an inplace operation") as caught:
                loss.backward()
            texts.append(str(caught.value))
    assert texts[:2] == texts[2:]


def test_hooks_and_the_graph_around_it_work_as_ever():
    seen = {}
    for name, wrap in (("static", torch.static), ("dynamic", lambda function: function)):
        heard = []
        w = torch.tensor([1.0, -2.0], requires_grad=True)
        w.register_hook(lambda grad, heard=heard: heard.append(bits(grad)) or grad * 2)
        function = wrap(lambda x, w=w: (torch.tanh(x * w), x * w))
        for _ in range(3):
            x = w * 3
            one, two = function(x)
            one.retain_grad()
            loss = (one * two).sum() + x.sum()
            loss.backward()
            heard += [bits(one.grad), bits(w.grad)]
        seen[name] = heard
    assert seen["static"] == seen["dynamic"]


def test_temporaries_share_memory_and_the_first_call_is_let_go():
    w = torch.ones(1000, requires_grad=True)

    def function(x):
        with torch.no_grad():
            for _ in range(50):
                x = x * 1.5 - 0.5
        return (torch.exp(-x * w) * w).sum()

    static = torch.static(function)
    x = torch.ones(1000)
    life = weakref.ref(x)
    gc.disable()
    try:
        static(x).backward()
        del x
        assert life() is None
    finally:
        gc.enable()
    saved, shared = static.graphs[0].planned_bytes
    assert shared <= 4 * 4000 and saved <= 4 * 4000


class Told(Observer):
    def __init__(self):
        self.runs, self.steps, self.ops = [], [], []

    def replayed(self, nodes, run):
        self.runs.append((nodes[-1], run))

    def step(self, call, node, incoming, outgoing, started):
        self.steps.append(node.name())

    def forward(self, op, outputs, inputs, node, settings, started):
        self.ops.append(op if isinstance(op, str) else op.title)


def test_an_observer_hears_one_graph_that_runs_again():
    w = torch.tensor([1.0, -2.0], requires_grad=True)
    static = torch.static(lambda x: torch.tanh(x * w).sum())
    mode.observer = told = Told()
    try:
        for _ in range(3):
            static(torch.ones(2)).backward()
    finally:
        mode.observer = None
    inner = ["SumBackward0", "TanhBackward0", "MulBackward0", "StaticBackward0", "torch::autograd::AccumulateGrad"]
    assert told.steps == inner * 3
    assert [run for _, run in told.runs] == [2, 3] and {node for node, _ in told.runs} == {static.graphs[0].nodes[-1]}
    assert [each for each in told.ops if each != "ones"] == ["mul", "tanh", "sum", *["static <lambda>"] * 3]
