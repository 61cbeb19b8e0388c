"""Optimizers and gradient clipping beside PyTorch's: 15 steps in float64."""

import numpy as np
import pytest

import gradviz

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

RUNS = {
    "SGD nesterov": lambda optim, p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "SGD dampening": lambda optim, p: optim.SGD(p, lr=0.05, momentum=0.9, dampening=0.4, weight_decay=0.01),
    "SGD maximize": lambda optim, p: optim.SGD(p, lr=0.001, maximize=True),
    "SGD groups": lambda optim, p: optim.SGD([{"params": p[0]}, {"params": p[1:], "lr": 0.2, "momentum": 0.5}], lr=0.01),  # noqa: E501
    "Adam": lambda optim, p: optim.Adam(p, lr=0.05),
    "Adam weight decay": lambda optim, p: optim.Adam(p, lr=0.05, weight_decay=0.1, betas=(0.8, 0.9), eps=1e-3),
    "Adam amsgrad": lambda optim, p: optim.Adam(p, lr=0.3, amsgrad=True),
    "Adam maximize": lambda optim, p: optim.Adam(p, lr=0.01, maximize=True),
    "AdamW": lambda optim, p: optim.AdamW(p, lr=0.05),
    "AdamW weight decay": lambda optim, p: optim.AdamW(p, lr=0.05, weight_decay=0.3),
    "RMSprop": lambda optim, p: optim.RMSprop(p),
    "RMSprop centered": lambda optim, p: optim.RMSprop(p, lr=0.02, centered=True, momentum=0.8, weight_decay=0.1),
    "RMSprop maximize": lambda optim, p: optim.RMSprop(p, lr=0.001, alpha=0.5, maximize=True),
    "Adagrad": lambda optim, p: optim.Adagrad(p, lr=0.1),
    "Adagrad decays": lambda optim, p: optim.Adagrad(p, 0.1, 0.2, 0.3, initial_accumulator_value=0.4),
    "Adadelta": lambda optim, p: optim.Adadelta(p),
    "Adadelta weight decay": lambda optim, p: optim.Adadelta(p, 0.5, 0.8, 1e-3, 0.1, maximize=True),
    "Adamax": lambda optim, p: optim.Adamax(p, lr=0.05, weight_decay=0.1),
    "NAdam": lambda optim, p: optim.NAdam(p, lr=0.05, weight_decay=0.1, decoupled_weight_decay=True),
    "NAdam momentum decay": lambda optim, p: optim.NAdam(p, lr=0.05, momentum_decay=0.1, weight_decay=0.1),
    "RAdam": lambda optim, p: optim.RAdam(p, lr=0.05, betas=(0.8, 0.9)),
    "Rprop": lambda optim, p: optim.Rprop(p),
    "Rprop within bounds": lambda optim, p: optim.Rprop(p, 0.1, (0.3, 1.5), (0.05, 0.2), maximize=True),
    "ASGD": lambda optim, p: optim.ASGD(p, lr=0.1),
    "ASGD averages": lambda optim, p: optim.ASGD(p, 0.1, 0.01, 0.5, 3, weight_decay=0.1),
    "RAdam weight decay": lambda optim, p: optim.RAdam(p, lr=0.05, weight_decay=0.1, decoupled_weight_decay=True),
}


def _start(side):
    draws = np.random.RandomState(0)
    return [side.from_numpy(np.asarray(draws.randn(*shape))).requires_grad_() for shape in ((3, 2), (2,), ())]


def _loss(side, parameters):
    weight, bias, scale = parameters
    x = side.from_numpy(np.random.RandomState(1).randn(6, 3))
    return ((x @ weight + bias) * scale - 1).tanh().square().mean()


def _steps(optimizer, side, parameters, count):
    for _ in range(count):
        optimizer.zero_grad()
        _loss(side, parameters).backward()
        optimizer.step()


@pytest.mark.parametrize("name", RUNS)
def test_steps_are_pytorchs(name):
    found = []
    for side in (gradviz, torch):
        parameters = _start(side)
        optimizer = RUNS[name](side.optim, parameters)
        _steps(optimizer, side, parameters, 15)
        state = optimizer.state_dict()["state"]
        tensors = [each for held in state.values() for each in held.values()]
        found.append([each.detach().numpy() for each in [*parameters, *tensors]])
        if side is gradviz:
            ours = optimizer
    for mine, real in zip(*found, strict=True):
        np.testing.assert_allclose(mine, real, rtol=1e-9, atol=1e-12)
    assert repr(ours) == repr(optimizer)
    assert ours.state_dict()["param_groups"] == optimizer.state_dict()["param_groups"]


@pytest.mark.parametrize("name", ["SGD nesterov", "Adam", "SGD groups", "RMSprop centered", "NAdam", "Rprop"])
def test_a_saved_state_goes_on_where_it_stopped(name):
    straight, resumed = _start(gradviz), _start(gradviz)
    _steps(RUNS[name](gradviz.optim, straight), gradviz, straight, 6)
    first = RUNS[name](gradviz.optim, resumed)
    _steps(first, gradviz, resumed, 3)
    second = RUNS[name](gradviz.optim, resumed)
    second.load_state_dict(first.state_dict())
    _steps(second, gradviz, resumed, 3)
    # NAdam's mu_product is of the default dtype until it is loaded, as in PyTorch
    rounding = 1e-9 if name == "NAdam" else 0
    for one, two in zip(straight, resumed, strict=True):
        np.testing.assert_allclose(one.detach().numpy(), two.detach().numpy(), rtol=rounding, atol=0)


def test_a_state_of_other_groups_is_refused():
    one = gradviz.optim.SGD([gradviz.ones(1, requires_grad=True)])
    two = gradviz.optim.SGD([{"params": [gradviz.ones(1)]}, {"params": [gradviz.ones(1)]}])
    with pytest.raises(ValueError, match="different number of parameter groups"):
        two.load_state_dict(one.state_dict())


def test_a_closure_gives_the_loss():
    x = gradviz.ones(1, requires_grad=True)
    optimizer = gradviz.optim.SGD([x], lr=0.1)

    def closure():
        loss = (x * x).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 1 and x.item() == pytest.approx(0.8)


@pytest.mark.parametrize("order", [2.0, 1.0, float("inf")])
def test_gradients_are_clipped_as_pytorchs(order):
    found = []
    for side in (gradviz, torch):
        parameters = _start(side)
        (_loss(side, parameters) * 50).backward()
        norm = side.nn.utils.clip_grad_norm_(parameters, 0.5, order)
        grads = [each.grad.numpy().copy() for each in parameters]
        side.nn.utils.clip_grad_value_(parameters, 0.05)
        found.append([norm.numpy(), *grads, *(each.grad.numpy() for each in parameters)])
    for mine, real in zip(*found, strict=True):
        np.testing.assert_allclose(mine, real, rtol=1e-12)
    assert gradviz.nn.utils.clip_grad_norm_([gradviz.ones(1)], 1.0).item() == 0
