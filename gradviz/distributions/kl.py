"""The Kullback-Leibler divergence of one distribution from another."""

from math import inf

from gradviz.distributions.continuous import Normal, Uniform
from gradviz.distributions.discrete import Bernoulli, Categorical
from gradviz.nn.functional import softplus


def _normal(p, q):
    ratio = (p.scale / q.scale).pow(2)
    apart = ((p.loc - q.loc) / q.scale).pow(2)
    return 0.5 * (ratio + apart - 1 - ratio.log())


def _uniform(p, q):
    found = ((q.high - q.low) / (p.high - p.low)).log()
    found[(q.low > p.low) | (q.high < p.high)] = inf
    return found


def _bernoulli(p, q):
    one = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    one[q.probs == 0] = inf
    one[p.probs == 0] = 0
    other = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    other[q.probs == 1] = inf
    other[p.probs == 1] = 0
    return one + other


def _categorical(p, q):
    each = p.probs * (p.logits - q.logits)
    each[(q.probs == 0).expand_as(each)] = inf
    each[(p.probs == 0).expand_as(each)] = 0
    return each.sum(-1)


_KNOWN = {Normal: _normal, Uniform: _uniform, Bernoulli: _bernoulli, Categorical: _categorical}
_OTHER_FAMILY = (
    "The cross KL-divergence between different exponential families cannot"
    "                             be computed using Bregman divergences"
)


def kl_divergence(p, q):
    """The divergence of p from q, of one kind; NotImplementedError for others."""
    one, other = type(p), type(q)
    if one is other and one in _KNOWN:
        return _KNOWN[one](p, q)
    if Uniform in (one, other) or not {one, other} <= _KNOWN.keys():
        raise NotImplementedError(f"No KL(p || q) is implemented for p type {one.__name__} and q type {other.__name__}")
    raise NotImplementedError(_OTHER_FAMILY)
