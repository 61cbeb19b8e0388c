"""state_dict and load_state_dict beyond what PyTorch's answers in tests/engine/facts hold."""

import pytest

import gradviz as torch
from gradviz import nn


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 2)
        self.second = self.first
        self.register_buffer("left_out", torch.ones(1), persistent=False)


def test_a_module_under_two_names_is_saved_under_both():
    assert list(Tied().state_dict()) == ["first.weight", "first.bias", "second.weight", "second.bias"]


def test_keep_vars_gives_the_parameters_themselves():
    layer = nn.Linear(2, 1)
    assert layer.state_dict(keep_vars=True)["weight"] is layer.weight
    assert layer.state_dict()["weight"].data_ptr() == layer.weight.data_ptr()
    found = {"other": 1}
    assert layer.state_dict(destination=found, prefix="a.") is found
    assert list(found) == ["other", "a.weight", "a.bias"]


def test_assign_takes_the_tensors_and_keeps_what_they_require():
    layer = nn.Linear(2, 1)
    layer.bias.requires_grad_(False)
    weight, bias = nn.Parameter(torch.ones(1, 2)), torch.zeros(1, dtype=torch.float64)
    layer.load_state_dict({"weight": weight, "bias": bias}, assign=True)
    assert layer.weight is weight
    assert type(layer.bias) is nn.Parameter and not layer.bias.requires_grad and layer.bias.dtype is torch.float64


def test_what_fits_is_loaded_even_when_the_rest_does_not():
    layer = nn.Linear(2, 1)
    with pytest.raises(RuntimeError, match="size mismatch for bias"):
        layer.load_state_dict({"weight": torch.zeros(1, 2), "bias": torch.ones(3)})
    assert layer.weight.tolist() == [[0, 0]]


def test_an_optimizer_s_state_follows_its_parameters_dtype_and_is_shared_where_it_fits():
    single, double = nn.Linear(2, 1), nn.Linear(2, 1).double()
    optimizer = torch.optim.Adam(single.parameters(), lr=0.1)
    single(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    state = optimizer.state_dict()
    for net, dtype in ((single, torch.float32), (double, torch.float64)):
        other = torch.optim.Adam(net.parameters(), lr=0.5)
        other.load_state_dict(state)
        held = other.state[net.weight]
        assert held["exp_avg"].dtype is dtype and held["step"].dtype is torch.float32
        assert (held["exp_avg"] is state["state"][0]["exp_avg"]) is (dtype is torch.float32)
        assert other.param_groups[0]["lr"] == 0.1
