"""Module, Parameter, Sequential and the layers: what they hold, how they are found, how they are used."""

import pytest

import gradviz as torch
from gradviz import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.scale = nn.Parameter(torch.ones(3))
        self.rest = nn.Sequential(nn.Tanh(), nn.Linear(3, 1, bias=False))
        self.note = "not a part"

    def forward(self, x):
        return self.rest(self.first(x) * self.scale)


def test_parameters_are_found_by_name_in_pytorchs_order():
    assert [name for name, _ in Net().named_parameters()] == ["scale", "first.weight", "first.bias", "rest.1.weight"]


def test_modules_are_found_by_name():
    assert [name for name, _ in Net().named_modules()] == ["", "first", "rest", "rest.0", "rest.1"]
    assert len(list(Net().modules())) == 5 and len(list(Net().children())) == 2


def test_a_shared_part_is_found_once():
    net = Net()
    net.again = net.first
    net.alias = net.first.weight
    assert len(list(net.parameters())) == 4


def test_calling_a_module_runs_its_forward_and_builds_a_graph():
    net = Net()
    out = net(torch.ones(4, 2))
    assert out.shape == (4, 1) and out.requires_grad
    out.sum().backward()
    assert all(each.grad.shape == each.shape for each in net.parameters())
    net.zero_grad()
    assert all(each.grad is None for each in net.parameters())


def test_zero_grad_may_keep_zeros():
    net = Net()
    net(torch.ones(4, 2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert all(each.grad.tolist() == torch.zeros(*each.shape).tolist() for each in net.parameters())


def test_a_parameter_requires_grad_even_inside_no_grad():
    with torch.no_grad():
        assert nn.Parameter(torch.ones(2)).requires_grad
    assert not nn.Parameter(torch.ones(2), requires_grad=False).requires_grad


def test_a_parameter_replaced_by_a_module_is_gone():
    net = Net()
    net.scale = nn.ReLU()
    assert "scale" not in dict(net.named_parameters()) and isinstance(net.scale, nn.ReLU)


def test_train_and_eval_reach_every_part():
    net = Net()
    assert net.eval() is net and not any(each.training for each in net.modules())
    assert net.train() is net and all(each.training for each in net.modules())


def test_parts_before_init_are_refused_in_pytorchs_words():
    class Early(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match="cannot assign module before Module.__init__\\(\\) call"):
        Early()


def test_a_sequential_is_a_sequence():
    layers = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    assert len(layers) == 2 and isinstance(layers[1], nn.ReLU) and isinstance(layers[-1], nn.ReLU)
    assert [type(each).__name__ for each in layers] == ["Linear", "ReLU"]


def test_a_linear_without_bias_says_so():
    layer = nn.Linear(2, 3, bias=False)
    assert layer.bias is None and [name for name, _ in layer.named_parameters()] == ["weight"]
    assert layer(torch.ones(5, 4, 2)).shape == (5, 4, 3) and layer(torch.ones(2)).shape == (3,)


def test_a_linear_starts_within_its_bounds():
    torch.manual_seed(0)
    layer = nn.Linear(16, 50)
    for each in layer.parameters():
        assert abs(each.detach().numpy()).max() <= 0.25 and each.detach().numpy().std() > 0.1
