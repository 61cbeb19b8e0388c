"""Distributions beside PyTorch's: samples for a seed, densities, gradients through both, divergences, errors."""

import numpy as np
import pytest

import gradviz
from tests.autograd.alike import same

pytest.importorskip("torch")


MADE = []  # parameters, whose gradients are compared


def _t(torch, *values):
    MADE.append(torch.tensor(values, dtype=torch.float64, requires_grad=True))
    return MADE[-1]


def _triangle(torch):
    return torch.tensor([[1.5, 0.0], [0.3, 0.8]], dtype=torch.float64, requires_grad=True)


def _covariance(torch):
    return torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=torch.float64)


KINDS = {  # name -> (maker, a value within its support)
    "Normal": (lambda d, torch: d.Normal(_t(torch, 0.5, -1), _t(torch, 0.7, 2)), [0.3, 1.2]),
    "Normal of numbers": (lambda d, torch: d.Normal(0.5, 2), 0.3),
    "LogNormal": (lambda d, torch: d.LogNormal(_t(torch, 0.5, -1), _t(torch, 0.7, 1)), [0.3, 1.2]),
    "Laplace": (lambda d, torch: d.Laplace(_t(torch, 0.5, -1), _t(torch, 0.7, 2)), [0.3, 1.2]),
    "Uniform": (lambda d, torch: d.Uniform(_t(torch, 0.5, -1), _t(torch, 1.7, 2)), [0.6, 1.2]),
    "Exponential": (lambda d, torch: d.Exponential(_t(torch, 0.5, 3)), [0.3, 1.2]),
    "Bernoulli": (lambda d, torch: d.Bernoulli(_t(torch, 0.2, 0.9)), [1.0, 0.0]),
    "Bernoulli of logits": (lambda d, torch: d.Bernoulli(logits=_t(torch, -1, 2)), [1.0, 1.0]),
    "Geometric": (lambda d, torch: d.Geometric(_t(torch, 0.2, 0.9)), [3.0, 0.0]),
    "Poisson": (lambda d, torch: d.Poisson(_t(torch, 0.2, 7)), [3.0, 0.0]),
    "Categorical": (lambda d, torch: d.Categorical(_t(torch, 1, 2, 1)), 2),
    "Categorical of logits": (lambda d, torch: d.Categorical(logits=_t(torch, -1, 2, 0.5)), 1),
    "OneHotCategorical": (lambda d, torch: d.OneHotCategorical(_t(torch, 1, 2, 1)), [0.0, 1.0, 0.0]),
    "straight through": (lambda d, torch: d.OneHotCategoricalStraightThrough(_t(torch, 1, 2)), [0.0, 1.0]),
    "MultivariateNormal": (lambda d, torch: d.MultivariateNormal(_t(torch, 1, 2), _covariance(torch)), [0.3, 1.2]),
    "of a triangle": (
        lambda d, torch: d.MultivariateNormal(_t(torch, 1, 2), scale_tril=_triangle(torch)), [[0.3, 1.2], [0, 1]]
    ),
    "of a precision": (
        lambda d, torch: d.MultivariateNormal(_t(torch, 1, 2), precision_matrix=_covariance(torch)), [0.3, 1.2]
    ),
    "Independent": (lambda d, torch: d.Independent(d.Normal(_t(torch, 1, 2), _t(torch, 0.7, 2)), 1), [0.3, 1.2]),
}  # fmt: skip
NOT_EVERYWHERE = ("mean", "mode", "variance", "stddev", "entropy", "perplexity", "cdf", "icdf", "enumerate_support")


def _asked(kind, name, value):
    """What a distribution answers, None where it has no such thing."""
    try:
        found = getattr(kind, name)
        if hasattr(found, "nan_to_num"):
            return found.nan_to_num(-99.0)  # NaN is unequal to itself
        if name == "icdf":
            return found(value * 0 + 0.3)
        return found(value) if name == "cdf" else found()
    except (NotImplementedError, AttributeError):
        return None


@pytest.mark.parametrize("name", KINDS)
def test_a_distribution(name):
    make, given = KINDS[name]

    def program(torch, note):
        MADE.clear()
        torch.manual_seed(7)
        kind = make(torch.distributions, torch)
        value = torch.tensor(given, dtype=torch.float64 if not isinstance(given, int) else torch.int64)
        note(tuple(kind.batch_shape), tuple(kind.event_shape), kind.has_rsample, repr(kind).split("(")[0])
        note(kind.sample(), kind.sample((3,)), kind.sample((2, 2)))
        for asked in NOT_EVERYWHERE:
            note(asked, _asked(kind, asked, value))
        log_prob = kind.log_prob(value)
        note(log_prob, log_prob.grad_fn)
        if log_prob.requires_grad:
            log_prob.sum().backward()
            note([each.grad for each in MADE])
        if kind.has_rsample:
            drawn = kind.rsample((4,))
            note(drawn, drawn.requires_grad)
        larger = kind.expand((3, *kind.batch_shape))
        note(tuple(larger.batch_shape), tuple(larger.event_shape), tuple(larger.sample().shape))
        note(larger.mean.nan_to_num(-99.0))

    same(program)


def test_divergences():
    def program(torch, note):
        d = torch.distributions
        pairs = [
            (d.Normal(_t(torch, 0.5, 1), _t(torch, 1, 2)), d.Normal(_t(torch, 0, 1), _t(torch, 2, 2))),
            (d.LogNormal(0.5, 1.0), d.LogNormal(0.0, 2.0)),
            (d.Laplace(_t(torch, 0.5, 1), _t(torch, 1, 2)), d.Laplace(_t(torch, 0, 1), _t(torch, 2, 2))),
            (d.Uniform(_t(torch, 0.5, 1), _t(torch, 1, 2)), d.Uniform(_t(torch, 0, 1.5), _t(torch, 2, 2.5))),
            (d.Exponential(_t(torch, 0.5)), d.Exponential(_t(torch, 2))),
            (d.Bernoulli(_t(torch, 0.5, 0, 0.3)), d.Bernoulli(_t(torch, 0.2, 0.4, 1))),
            (d.Categorical(_t(torch, 0.5, 0, 0.5)), d.Categorical(logits=_t(torch, 0.2, 1, 2))),
            (d.OneHotCategorical(_t(torch, 0.5, 0.5)), d.OneHotCategorical(_t(torch, 0.2, 1))),
            (d.Geometric(_t(torch, 0.5)), d.Geometric(_t(torch, 0.2))),
            (d.Poisson(_t(torch, 0.5)), d.Poisson(_t(torch, 2))),
            (
                d.MultivariateNormal(_t(torch, 1, 2), _covariance(torch)),
                d.MultivariateNormal(_t(torch, 0, 2), scale_tril=_triangle(torch)),
            ),
            (d.Independent(d.Normal(_t(torch, 1, 2), 1.0), 1), d.Independent(d.Normal(_t(torch, 0, 2), 2.0), 1)),
        ]
        for p, q in pairs:
            note(d.kl_divergence(p, q))
        d.kl_divergence(d.Categorical(torch.ones(2)), d.Normal(0.0, 1.0))

    same(program)


MISTAKES = {
    "scale": lambda d, torch: d.Normal(0.0, -1.0),
    "NaN": lambda d, torch: d.Normal(torch.tensor([0.0, float("nan")]), 1.0),
    "no number": lambda d, torch: d.Normal("a", 1.0),
    "sizes": lambda d, torch: d.Normal(torch.zeros(2), torch.ones(3)),
    "interval": lambda d, torch: d.Uniform(1.0, 0.0),
    "probability": lambda d, torch: d.Bernoulli(1.5),
    "both": lambda d, torch: d.Bernoulli(0.5, 0.5),
    "neither": lambda d, torch: d.Categorical(),
    "0-d": lambda d, torch: d.Categorical(torch.tensor(1.0)),
    "no success": lambda d, torch: d.Geometric(torch.tensor([0.0, 0.5])),
    "rate": lambda d, torch: d.Poisson(-1.0),
    "triangle": lambda d, torch: d.MultivariateNormal(torch.zeros(2), scale_tril=torch.ones(2, 2)),
    "covariance": lambda d, torch: d.MultivariateNormal(torch.zeros(2), -torch.eye(2)),
    "no matrix": lambda d, torch: d.MultivariateNormal(torch.zeros(2)),
    "vector for a matrix": lambda d, torch: d.MultivariateNormal(torch.zeros(2), torch.ones(2)),
    "too many dims": lambda d, torch: d.Independent(d.Normal(0.0, 1.0), 1),
    "outside": lambda d, torch: d.Bernoulli(0.5).log_prob(torch.tensor(0.5)),
    "no tensor": lambda d, torch: d.Normal(0.0, 1.0).log_prob(0.5),
    "of another batch": lambda d, torch: d.Normal(torch.zeros(2), 1.0).log_prob(torch.zeros(3)),
    "of another event": lambda d, torch: d.Independent(d.Normal(torch.zeros(2), 1.0), 1).log_prob(torch.zeros(3)),
    "no choice": lambda d, torch: d.Categorical(torch.ones(3)).log_prob(torch.tensor(3)),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_have_pytorchs_class_and_words(name):
    same(lambda torch, note: MISTAKES[name](torch.distributions, torch))


def test_without_checks():
    d = gradviz.distributions
    assert np.isnan(d.Normal(0.0, -1.0, validate_args=False).log_prob(gradviz.tensor(0.5)).item())
