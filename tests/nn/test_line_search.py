"""L-BFGS with the strong Wolfe line search, step by step beside PyTorch."""

import numpy as np
import pytest

from tests.engine.peers import sides

pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")


def rosenbrock(x):
    return ((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2).sum()


def kinked(x):
    return (x**4).sum() + x.abs().sum()


def waves(x):
    return (x.sin() * 3).sum() + (x * x).sum() * 0.1


def cliff(x):
    return (x / 0.01).exp().sum()


def walk(torch, function, steps, **settings):
    """[(loss, where it is then, calls of the closure)] and what the optimizer keeps."""
    x = torch.tensor([-1.2, 1.0, 0.7], dtype=torch.float64, requires_grad=True)
    optimizer, calls = torch.optim.LBFGS([x], line_search_fn="strong_wolfe", **settings), []

    def closure():
        optimizer.zero_grad()
        loss = function(x)
        loss.backward()
        calls.append(1)
        return loss

    found = [(float(optimizer.step(closure)), x.tolist(), len(calls)) for _ in range(steps)]
    state = optimizer.state[x]
    return found, (state["n_iter"], state["func_evals"], sorted(state))


WALKS = {
    "rosenbrock": (rosenbrock, 3, {}),
    "a few moves a step": (rosenbrock, 6, {"max_iter": 3}),
    "few evaluations": (rosenbrock, 4, {"max_iter": 30, "max_eval": 7}),
    "a short history": (rosenbrock, 2, {"history_size": 2}),
    "a kink": (kinked, 3, {}),
    "waves": (waves, 3, {"lr": 5.0}),
    "a cliff": (cliff, 2, {"lr": 10.0}),
}


@pytest.mark.parametrize("name", WALKS)
def test_the_steps_are_those_of_pytorch(name):
    function, steps, settings = WALKS[name]
    (mine, kept), (theirs, yours) = (walk(side, function, steps, **settings) for side in sides())
    assert kept == yours
    for (loss, place, calls), (wanted, at, evaluated) in zip(mine, theirs, strict=True):
        assert calls == evaluated
        np.testing.assert_allclose([loss, *place], [wanted, *at], rtol=1e-4, atol=1e-9)


def test_other_searches_are_refused():
    for side in sides():
        x = side.ones(2, requires_grad=True)
        optimizer = side.optim.LBFGS([x], line_search_fn="armijo")

        def closure(x=x):
            loss = (x * x).sum()
            loss.backward()
            return loss

        with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
            optimizer.step(closure)
