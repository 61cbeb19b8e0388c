"""Distributions beside PyTorch's: draws, densities, entropies, divergences, their graphs, and refusals."""

from math import nan

import numpy as np
import pytest

import gradviz

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

SIDES = (gradviz, torch)


def _leaf(side, *values):
    return side.tensor(values, dtype=side.float64, requires_grad=True)


def _logits(side):
    return _leaf(side, [0.1, 0.2, -1.0], [2.0, 0.0, 0.3])


MADE = {
    "Normal": lambda side, d: d.Normal(_leaf(side, 0.5, -1.0), _leaf(side, 1.0, 2.0)),
    "Normal of numbers": lambda side, d: d.Normal(0.0, 1.0),
    "Uniform": lambda side, d: d.Uniform(_leaf(side, 0.5, -1.0), _leaf(side, 1.0, 2.0)),
    "Uniform of numbers": lambda side, d: d.Uniform(0, 2.0),
    "Bernoulli": lambda side, d: d.Bernoulli(_leaf(side, 0.5, 0.3)),
    "Bernoulli of logits": lambda side, d: d.Bernoulli(logits=_leaf(side, 0.5, -1.0)),
    "Bernoulli of a number": lambda side, d: d.Bernoulli(0.3),
    "Categorical": lambda side, d: d.Categorical(_logits(side).softmax(1)),
    "Categorical of logits": lambda side, d: d.Categorical(logits=_logits(side)),
    "Categorical of weights": lambda side, d: d.Categorical(side.tensor([1.0, 2.0])),
}


def told(tensor):
    """The shape, dtype and graph of a tensor."""
    return list(tensor.shape), str(tensor.dtype), graph(tensor.grad_fn)


def graph(node):
    """The names of a graph's nodes."""
    return node and (node.name().rpartition("::")[2], [graph(each) for each, _ in node.next_functions])


def same(found):
    """AssertionError unless both sides have the same tensors, but for rounding."""
    for mine, its in zip(*found, strict=True):
        assert told(mine) == told(its)
        np.testing.assert_allclose(mine.detach().numpy(), its.detach().numpy(), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", MADE)
def test_what_a_distribution_tells(name):
    found, shown = [], []
    for side in SIDES:
        made = MADE[name](side, side.distributions)
        shown.append([repr(made), list(made.batch_shape), list(made.event_shape), made.has_rsample])
        found.append([made.entropy(), made.mean, made.variance, made.stddev, made.perplexity()])
        if "Categorical" in name:
            found[-1] += [made.enumerate_support(), made.mode]
    assert shown[0] == shown[1]
    same(found)


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("shape", [(2,), (2, 5), (20,)])
def test_draws_and_densities(name, shape):
    found = []
    for side in SIDES:
        made = MADE[name](side, side.distributions)
        side.manual_seed(3)
        drawn = made.sample(shape)
        found.append([drawn, made.log_prob(drawn)])
        if made.has_rsample:
            again = made.rsample(shape)
            found[-1] += [again, made.cdf(drawn), made.icdf(side.tensor(0.3))]
    same(found)


PAIRS = [
    ("Normal", "Normal of numbers"), ("Uniform", "Uniform of numbers"), ("Bernoulli", "Bernoulli of a number"),
    ("Categorical", "Categorical of logits"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_divergences(one, other):
    same([[side.distributions.kl_divergence(*(MADE[name](side, side.distributions) for name in (one, other)))] for side in SIDES])  # noqa: E501


REFUSED = {
    "no number": lambda side, d: d.Normal(nan, 1.0),
    "a scale below 0": lambda side, d: d.Normal(0.0, -1.0),
    "a scale of 0": lambda side, d: d.Normal(side.zeros(2), side.tensor([1.0, 0.0])),
    "a probability above 1": lambda side, d: d.Bernoulli(2.0),
    "a negative weight": lambda side, d: d.Categorical(side.tensor([-1.0, 2.0])),
    "one number for classes": lambda side, d: d.Categorical(side.tensor(1.0)),
    "neither": lambda side, d: d.Categorical(),
    "both": lambda side, d: d.Bernoulli(0.5, 0.5),
    "bounds the wrong way round": lambda side, d: d.Uniform(1.0, 0.0),
    "a number's density": lambda side, d: d.Normal(0.0, 1.0).log_prob(3),
    "values of another shape": lambda side, d: d.Normal(side.zeros(2), 1.0).log_prob(side.zeros(3)),
    "neither 0 nor 1": lambda side, d: d.Bernoulli(0.5).log_prob(side.tensor(2.0)),
    "a class too many": lambda side, d: d.Categorical(side.ones(3)).log_prob(side.tensor(3)),
    "out of bounds": lambda side, d: d.Uniform(0.0, 1.0).log_prob(side.tensor(2.0)),
    "a word": lambda side, d: d.Normal("a", 1),
    "shapes that don't fit": lambda side, d: d.Normal(side.zeros(2), side.zeros(3)),
    "other families": lambda side, d: d.kl_divergence(d.Normal(0.0, 1.0), d.Bernoulli(0.5)),
    "no rsample": lambda side, d: d.Bernoulli(0.5).rsample(),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    said = []
    for side in SIDES:
        with pytest.raises(Exception) as refusal:  # noqa: PT011  the class is compared below
            REFUSED[name](side, side.distributions)
        said.append((type(refusal.value).__name__, str(refusal.value)))
    assert said[0] == said[1]


def test_nothing_is_looked_at_unless_wanted():
    for side in SIDES:
        assert side.distributions.Normal(0.0, -1.0, validate_args=False).scale.item() == -1
        side.distributions.Distribution.set_default_validate_args(False)
        try:
            assert side.distributions.Normal(0.0, -1.0).scale.item() == -1
        finally:
            side.distributions.Distribution.set_default_validate_args(True)
