"""Modules called with other tensors than their own, and buffers that a module takes by itself, beside PyTorch's."""

import numpy as np
import pytest

import gradviz

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

SIDES = (gradviz, torch)


def tied(side):
    """A module with one weight under two names."""

    class Tied(side.nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = side.nn.Linear(2, 2, bias=False), side.nn.Linear(2, 2, bias=False)
            self.b.weight = self.a.weight

        def forward(self, x):
            return self.a(x) + self.b(x)

    return Tied()


def rows(side):
    return side.arange(6.0).reshape(3, 2)


def test_other_tensors_for_one_call():
    found = []
    for side in SIDES:
        net = side.nn.Sequential(side.nn.Linear(2, 2), side.nn.BatchNorm1d(2))
        own = net[0].weight
        given = {"0.weight": (rows(side)[:2] + 1).requires_grad_(), "0.bias": side.ones(2), "1.running_mean": side.zeros(2)}  # noqa: E501
        out = side.func.functional_call(net, given, rows(side))
        (out**2).sum().backward()
        assert net[0].weight is own and own.grad is None and net[1].running_mean.tolist() == [0, 0]
        found.append([out, given["0.weight"].grad, given["1.running_mean"]])
    for mine, its in zip(*found, strict=True):
        np.testing.assert_allclose(mine.detach().numpy(), its.detach().numpy(), rtol=1e-4, atol=1e-5)


def test_a_tensor_under_two_names():
    for side in SIDES:
        call, net = side.func.functional_call, tied(side)
        ones, twos = side.ones(2, 2), side.ones(2, 2) * 2
        assert call(net, {"a.weight": ones}, (rows(side),)).tolist() == (rows(side) @ ones * 2).tolist()
        several = call(net, {"a.weight": ones, "b.weight": twos}, (rows(side),), tie_weights=False)
        assert several.tolist() == (rows(side) @ ones * 3).tolist()
        assert [name for name, _ in net.named_parameters(remove_duplicate=False)] == ["a.weight", "b.weight"]


REFUSED = {
    "a module that isn't there": lambda side, call, net: call(net, {"7.weight": side.ones(2, 2)}, rows(side)),
    "names that are missing": lambda side, call, net: call(net, {"0.weight": side.ones(2, 2)}, rows(side), strict=True),
    "names that nothing has": lambda side, call, net: call(net, {"0.weight": side.ones(2, 2), "0.bias": side.ones(2), "0.x": side.ones(2)}, rows(side), strict=True),  # noqa: E501
    "a number": lambda side, call, net: call(net, 3, rows(side)),
    "numbers": lambda side, call, net: call(net, ({}, 3), rows(side)),
    "a name twice": lambda side, call, net: call(net, ({"0.bias": side.ones(2)}, {"0.bias": side.ones(2)}), rows(side)),
    "two tensors for one": lambda side, call, net: call(tied(side), {"a.weight": side.ones(2, 2), "b.weight": side.ones(2, 2)}, rows(side)),  # noqa: E501
    "an argument twice": lambda side, call, net: call(net, {}, rows(side), {"input": 1}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    said = []
    for side in SIDES:
        with pytest.raises(Exception) as refusal:  # noqa: PT011  the class is compared below
            REFUSED[name](side, side.func.functional_call, side.nn.Sequential(side.nn.Linear(2, 2)))
        said.append((type(refusal.value).__name__, str(refusal.value)))
    assert said[0] == said[1]


def test_buffers():
    found = []
    for side in SIDES:
        module = side.nn.Module()
        module.kept, module.left = side.nn.Buffer(side.ones(2)), side.nn.Buffer(side.zeros(1), persistent=False)
        told = [list(module.state_dict()), [name for name, _ in module.named_buffers()], list(module.parameters())]
        module.kept = side.zeros(3)
        with pytest.raises(TypeError) as refusal:
            module.kept = 3
        found.append([*told, module.kept.tolist(), isinstance(side.nn.Buffer(side.ones(1)), side.nn.Buffer), str(refusal.value)])  # noqa: E501
    assert found[0] == found[1]
