"""Scaled losses beside PyTorch's, on the CPU."""

import numpy as np
import pytest

import gradviz

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

SIDES = (gradviz, torch)


def trained(side, **settings):
    """What a scaler does in eight steps, of which the fourth meets infinity."""
    weight = side.ones(2, requires_grad=True)
    optimizer = side.optim.SGD([weight], lr=0.1)
    scaler = side.amp.GradScaler("cpu", **settings)
    seen = [scaler.state_dict()]
    for step in range(8):
        optimizer.zero_grad()
        loss = (weight * (float("inf") if step == 3 else step)).sum()
        scaler.scale(loss).backward()
        if step % 2:
            scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()
        seen.append([weight.tolist(), scaler.get_scale(), scaler.state_dict().get("_growth_tracker")])
    return seen


@pytest.mark.parametrize("settings", [{}, {"init_scale": 8.0, "growth_interval": 2}, {"enabled": False}], ids=str)
def test_steps(settings):
    mine, its = (trained(side, **settings) for side in SIDES)
    assert mine[0] == its[0]
    for one, other in zip(mine[1:], its[1:], strict=True):
        np.testing.assert_allclose(one[0], other[0], rtol=1e-6)
        assert one[1:] == other[1:]


def test_a_state_goes_on():
    for side in SIDES:
        scaler = side.amp.GradScaler("cpu", init_scale=4.0)
        other = side.amp.GradScaler("cpu")
        other.load_state_dict(scaler.state_dict())
        assert other.state_dict() == scaler.state_dict() and other.get_scale() == 4.0
        (one, two) = other.scale([side.ones(1), side.ones(1)])
        assert one.tolist() == two.tolist() == [4.0]
        other.update(16.0)
        assert other.get_scale() == 16.0 and other.is_enabled()


def _step_twice(side, scaler, optimizer):
    scaler.scale(optimizer.param_groups[0]["params"][0].sum()).backward()
    scaler.step(optimizer)
    scaler.step(optimizer)


def _unscale_twice(side, scaler, optimizer):
    scaler.scale(optimizer.param_groups[0]["params"][0].sum()).backward()
    scaler.unscale_(optimizer)
    scaler.unscale_(optimizer)


REFUSED = {
    "step before scale": lambda side, scaler, optimizer: scaler.step(optimizer),
    "update before scale": lambda side, scaler, optimizer: scaler.update(),
    "no gradients": lambda side, scaler, optimizer: (scaler.scale(side.ones(1)), scaler.step(optimizer)),
    "two steps": _step_twice,
    "unscaled twice": _unscale_twice,
    "a closure": lambda side, scaler, optimizer: scaler.step(optimizer, closure=None),
    "a scale that shrinks": lambda side, scaler, optimizer: side.amp.GradScaler("cpu", growth_factor=0.5),
    "a scale that never shrinks": lambda side, scaler, optimizer: side.amp.GradScaler("cpu", backoff_factor=1.0),
    "an empty state": lambda side, scaler, optimizer: scaler.load_state_dict({}),
    "a number": lambda side, scaler, optimizer: scaler.scale(3),
    "no device": lambda side, scaler, optimizer: side.autocast(3),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    said = []
    for side in SIDES:
        optimizer = side.optim.SGD([side.ones(1, requires_grad=True)], lr=0.1)
        with pytest.raises(Exception) as refusal:  # noqa: PT011  the class is compared below
            REFUSED[name](side, side.amp.GradScaler("cpu"), optimizer)
        said.append((type(refusal.value).__name__, str(refusal.value)))
    assert said[0] == said[1]


def test_without_a_gpu():
    for side in SIDES:
        with pytest.warns(UserWarning, match="CUDA is not available"), side.autocast("cuda"):
            assert (side.ones(2) @ side.ones(2)).item() == 2
        with side.amp.autocast("cpu", enabled=False):
            assert (side.ones(2) @ side.ones(2)).dtype == side.float32
        with pytest.warns(UserWarning, match="is enabled, but CUDA is not available"):
            assert side.amp.GradScaler().scale(3) == 3
    with pytest.raises(RuntimeError, match="autocast is not supported by gradviz"):
        gradviz.autocast("cpu")
