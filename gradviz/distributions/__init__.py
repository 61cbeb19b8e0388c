"""Distributions to draw from, with densities and entropies: `torch.distributions`, as far as it is here."""

from gradviz.distributions import constraints
from gradviz.distributions.continuous import Normal, Uniform
from gradviz.distributions.discrete import Bernoulli, Categorical
from gradviz.distributions.distribution import Distribution
from gradviz.distributions.kl import kl_divergence

__all__ = ["Bernoulli", "Categorical", "Distribution", "Normal", "Uniform", "constraints", "kl_divergence"]
