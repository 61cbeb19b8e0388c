"""Schedulers of learning rates beside PyTorch's: the same rates, momentum and state, step by step."""

import warnings

import pytest

import gradviz

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")


def _warmed_up(lr, optimizer):
    parts = [lr.LinearLR(optimizer, 0.1, total_iters=3), lr.CosineAnnealingLR(optimizer, 6), lr.ExponentialLR(optimizer, 0.5)]  # noqa: E501
    return lr.SequentialLR(optimizer, parts, [3, 8])


SCHEDULES = {
    "StepLR": lambda lr, optimizer: lr.StepLR(optimizer, 3, gamma=0.5),
    "MultiStepLR": lambda lr, optimizer: lr.MultiStepLR(optimizer, [2, 5, 5, 9]),
    "ExponentialLR": lambda lr, optimizer: lr.ExponentialLR(optimizer, 0.9),
    "ConstantLR": lambda lr, optimizer: lr.ConstantLR(optimizer, 0.25, total_iters=4),
    "LinearLR": lambda lr, optimizer: lr.LinearLR(optimizer, total_iters=6),
    "PolynomialLR": lambda lr, optimizer: lr.PolynomialLR(optimizer, 7, power=1.5),
    "CosineAnnealingLR": lambda lr, optimizer: lr.CosineAnnealingLR(optimizer, 4, eta_min=0.01),
    "CosineAnnealingWarmRestarts": lambda lr, optimizer: lr.CosineAnnealingWarmRestarts(optimizer, 3, 2, 0.01),
    "LambdaLR": lambda lr, optimizer: lr.LambdaLR(optimizer, [lambda n: 0.9**n, lambda n: 1 / (n + 1)]),
    "MultiplicativeLR": lambda lr, optimizer: lr.MultiplicativeLR(optimizer, lambda n: 0.95),
    "OneCycleLR": lambda lr, optimizer: lr.OneCycleLR(optimizer, [0.3, 0.5], total_steps=15),
    "OneCycleLR in three": lambda lr, optimizer: lr.OneCycleLR(
        optimizer, 0.3, epochs=4, steps_per_epoch=4, three_phase=True, anneal_strategy="linear"
    ),
    "CyclicLR": lambda lr, optimizer: lr.CyclicLR(optimizer, [0.01, 0.02], 0.5, 3, 2),
    "CyclicLR halved": lambda lr, optimizer: lr.CyclicLR(optimizer, 0.01, 0.5, 3, mode="triangular2"),
    "CyclicLR fading": lambda lr, optimizer: lr.CyclicLR(optimizer, 0.01, 0.5, 3, mode="exp_range", gamma=0.9),
    "SequentialLR": _warmed_up,
    "ChainedScheduler": lambda lr, optimizer: lr.ChainedScheduler(
        [lr.StepLR(optimizer, 4), lr.ExponentialLR(optimizer, 0.9)]
    ),
}


def _optimizer(side, kind="SGD"):
    groups = [{"params": [side.ones(2, requires_grad=True)]}, {"params": [side.ones(1, requires_grad=True)], "lr": 0.2}]
    settings = {"momentum": 0.5} if kind == "SGD" else {}
    return getattr(side.optim, kind)(groups, lr=0.1, **settings)


def _plain(state):
    return {
        name: [_plain(each) for each in value] if name == "_schedulers" else value
        for name, value in state.items()
        if name not in ("_anneal_func", "lr_lambdas")
    }


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_rates_are_pytorchs(name, kind):
    found, states = [], []
    for side in (gradviz, torch):
        optimizer = _optimizer(side, kind)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            scheduler = SCHEDULES[name](side.optim.lr_scheduler, optimizer)
            seen = []
            for _ in range(14):
                seen.append([scheduler.get_last_lr(), [group.get("betas", group.get("momentum")) for group in optimizer.param_groups]])  # noqa: E501
                optimizer.step()
                scheduler.step()
        found.append(seen)
        states.append(_plain(scheduler.state_dict()))
    assert found[0] == found[1]
    assert states[0] == states[1]


def test_a_saved_schedule_goes_on_where_it_stopped():
    for name in ("StepLR", "CosineAnnealingLR", "LambdaLR", "SequentialLR"):
        lr = gradviz.optim.lr_scheduler
        one, two = _optimizer(gradviz), _optimizer(gradviz)
        first, second = SCHEDULES[name](lr, one), SCHEDULES[name](lr, two)
        for _ in range(5):
            one.step(), first.step()
        second.load_state_dict(first.state_dict())
        two.load_state_dict(one.state_dict())
        one.step(), first.step(), two.step(), second.step()
        assert first.get_last_lr() == second.get_last_lr() == [group["lr"] for group in two.param_groups]


@pytest.mark.parametrize("settings", [{}, {"mode": "max", "cooldown": 2}, {"threshold_mode": "abs", "threshold": 0.2, "min_lr": [0.01, 0.15]}])  # noqa: E501
def test_a_plateau_is_noticed_as_by_pytorch(settings):
    metrics = [3.0, 2.0, 2.0, 1.9, 1.9, 1.9, 1.85, 2.0, 2.0, 2.0, 2.5, 2.5, 2.5, 2.5, 0.1, 0.1, 0.1, 0.1]
    found = []
    for side in (gradviz, torch):
        optimizer = _optimizer(side)
        scheduler = side.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, factor=0.5, **settings)
        seen = []
        for metric in metrics:
            scheduler.step(side.tensor(metric))
            seen.append((scheduler.get_last_lr(), scheduler.num_bad_epochs, scheduler.in_cooldown))
        found.append((seen, scheduler.state_dict()))
    assert found[0] == found[1]


def _said(run):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run()
    return [(each.category, str(each.message)) for each in caught]


@pytest.mark.parametrize(
    "run",
    [
        lambda lr, optimizer: lr.StepLR(optimizer, 1).step(),
        lambda lr, optimizer: [lr.StepLR(optimizer, 1), optimizer.step()],
        lambda lr, optimizer: lr.StepLR(optimizer, 1).get_lr(),
        lambda lr, optimizer: [scheduler := lr.StepLR(optimizer, 2), optimizer.step(), scheduler.step(6)],
    ],
)
def test_warnings_are_pytorchs(run):
    assert _said(lambda: run(gradviz.optim.lr_scheduler, _optimizer(gradviz))) == _said(
        lambda: run(torch.optim.lr_scheduler, _optimizer(torch))
    )
