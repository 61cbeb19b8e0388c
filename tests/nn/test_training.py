"""A training loop beside PyTorch's: 20 steps in float64, parameters equal to 1e-10."""

import numpy as np
import pytest

import gradviz

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")
STEPS = 20


def _data():
    draws = np.random.RandomState(0)
    return draws.randn(16, 3), draws.randn(16, 2), draws.randint(0, 2, 16)


def _train(torch, loss_of, settings):
    """The losses of each step and the parameters at the end."""
    torch.set_default_dtype(torch.float64)
    try:
        torch.manual_seed(3)
        nn = torch.nn
        model = nn.Sequential(
            nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 4), nn.Sigmoid(), nn.Linear(4, 2)
        )
        optimizer = torch.optim.SGD(model.parameters(), **settings)
        x, y, classes = (torch.from_numpy(each) for each in _data())
        losses = []
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = loss_of(torch, model(x), y, classes)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses, [each.detach().numpy() for each in model.parameters()]
    finally:
        torch.set_default_dtype(torch.float32)


LOSSES = {
    "mse": lambda torch, out, y, classes: torch.nn.MSELoss()(out, y),
    "cross_entropy": lambda torch, out, y, classes: torch.nn.CrossEntropyLoss()(out, classes),
    "by hand": lambda torch, out, y, classes: ((out - y) ** 2).sum() / out.numel() + 0.01 * out.abs().exp().mean(),
}
SETTINGS = {
    "plain": {"lr": 0.3},
    "momentum": {"lr": 0.1, "momentum": 0.9},
    "momentum and weight decay": {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.01},
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("settings", SETTINGS)
def test_twenty_steps_are_pytorchs(loss, settings):
    ours, theirs = (_train(side, LOSSES[loss], SETTINGS[settings]) for side in (gradviz, torch))
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-10)
    for mine, real in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(mine, real, rtol=1e-10, atol=1e-12)
    assert ours[0][-1] < ours[0][0]


def test_a_step_needs_no_gradient_everywhere():
    for side in (gradviz, torch):
        used, unused = side.ones(2, requires_grad=True), side.ones(2, requires_grad=True)
        optimizer = side.optim.SGD([used, unused], lr=0.5)
        used.sum().backward()
        optimizer.step()
        assert (used.tolist(), unused.tolist()) == ([0.5, 0.5], [1, 1])
        assert used.requires_grad and used.is_leaf and used._version == 1


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("ignore", [-100, 1])
def test_cross_entropy_with_weights_and_ignored_classes(reduction, ignore):
    found = []
    for side in (gradviz, torch):
        draws = np.random.RandomState(1)
        scores = side.from_numpy(draws.randn(6, 3)).requires_grad_()
        classes = side.from_numpy(draws.randint(0, 3, 6))
        weight = side.from_numpy(draws.rand(3))
        loss = side.nn.CrossEntropyLoss(weight=weight, ignore_index=ignore, reduction=reduction)(scores, classes)
        loss.sum().backward()
        found.append((loss.detach().numpy(), scores.grad.numpy()))
    for mine, real in zip(*found, strict=True):
        np.testing.assert_allclose(mine, real, rtol=1e-12)


def test_mse_loss_warns_when_shapes_differ():
    said = []
    for side in (gradviz, torch):
        with pytest.warns(UserWarning, match="Using a target size") as caught:
            side.nn.functional.mse_loss(side.ones(3, 1), side.ones(3))
        said.append(str(caught[0].message))
    assert said[0] == said[1]
