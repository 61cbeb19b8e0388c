"""`torch.distributions`, the most used of it: densities, samples, and gradients through both."""

from gradviz.distributions import constraints
from gradviz.distributions.continuous import Exponential, Laplace, LogNormal, Normal, Uniform
from gradviz.distributions.discrete import (
    Bernoulli,
    Categorical,
    Geometric,
    OneHotCategorical,
    OneHotCategoricalStraightThrough,
    Poisson,
)
from gradviz.distributions.distribution import Distribution
from gradviz.distributions.divergence import kl_divergence, register_kl
from gradviz.distributions.vectors import Independent, MultivariateNormal

__all__ = [
    "Bernoulli", "Categorical", "Distribution", "Exponential", "Geometric", "Independent", "Laplace", "LogNormal",
    "MultivariateNormal", "Normal", "OneHotCategorical", "OneHotCategoricalStraightThrough", "Poisson", "Uniform",
    "constraints", "kl_divergence", "register_kl",
]  # fmt: skip
