"""The Kullback-Leibler divergence of two distributions, where there is a closed form."""

from math import inf

from gradviz.distributions.continuous import Exponential, Laplace, LogNormal, Normal, Uniform
from gradviz.distributions.discrete import Bernoulli, Categorical, Geometric, OneHotCategorical, Poisson
from gradviz.distributions.distribution import sum_rightmost
from gradviz.distributions.vectors import Independent, MultivariateNormal, kl_of_normal_vectors
from gradviz.nn.functional import softplus

_FORMULAS = {}


def register_kl(type_p, type_q):
    """Decorates the formula of KL(p || q) for distributions of two classes."""

    def register(function):
        _FORMULAS[type_p, type_q] = function
        return function

    return register


def kl_divergence(p, q):
    """KL(p || q), one for each of the batch; NotImplementedError where no formula is registered for the classes."""
    for kind in type(p).__mro__:
        for other in type(q).__mro__:
            if (kind, other) in _FORMULAS:
                return _FORMULAS[kind, other](p, q)
    raise NotImplementedError(
        f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}"
    )  # fmt: skip


register_kl(MultivariateNormal, MultivariateNormal)(kl_of_normal_vectors)


@register_kl(LogNormal, LogNormal)
@register_kl(Normal, Normal)
def _normal(p, q):
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


@register_kl(Laplace, Laplace)
def _laplace(p, q):
    ratio, apart = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + apart / q.scale + ratio * (-apart / p.scale).exp() - 1


@register_kl(Uniform, Uniform)
def _uniform(p, q):
    result = ((q.high - q.low) / (p.high - p.low)).log()
    result[(q.low > p.low) | (q.high < p.high)] = inf
    return result


@register_kl(Exponential, Exponential)
def _exponential(p, q):
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p, q):
    one = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    one[q.probs == 0] = inf
    one[p.probs == 0] = 0
    other = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    other[q.probs == 1] = inf
    other[p.probs == 1] = 0
    return one + other


@register_kl(Categorical, Categorical)
def _categorical(p, q):
    terms = p.probs * (p.logits - q.logits)
    terms[(q.probs == 0).expand_as(terms)] = inf
    terms[(p.probs == 0).expand_as(terms)] = 0
    return terms.sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot(p, q):
    return _categorical(p._categorical, q._categorical)


@register_kl(Geometric, Geometric)
def _geometric(p, q):
    return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits


@register_kl(Poisson, Poisson)
def _poisson(p, q):
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Independent, Independent)
def _independent(p, q):
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)
