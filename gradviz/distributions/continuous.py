"""Distributions of numbers and vectors that may take any value in between."""

from math import log, pi, sqrt

from gradviz.distributions import constraints
from gradviz.distributions.distribution import Distribution, batch_of, broadcast_all, checked, standard_normal
from gradviz.engine.asking import finfo
from gradviz.engine.creation import rand
from gradviz.engine.switches import no_grad
from gradviz.ops.sampling import normal


class _LocationScale(Distribution):
    """One that is shifted by `loc` and stretched by `scale`."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(batch_of(loc, scale), validate_args=validate_args)

    @property
    def mean(self):
        """loc."""
        return self.loc

    mode = mean


class Normal(_LocationScale):
    """Normal numbers of mean `loc` and standard deviation `scale`."""

    @property
    def stddev(self):
        """scale."""
        return self.scale

    @property
    def variance(self):
        """scale squared."""
        return self.scale.pow(2)

    def sample(self, sample_shape=()):
        """Random values, outside any graph."""
        shape = tuple(self._extended_shape(sample_shape))
        with no_grad():
            return normal(self.loc.expand(shape), self.scale.expand(shape))

    def rsample(self, sample_shape=()):
        """`loc + eps * scale`, with eps standard normal."""
        return self.loc + standard_normal(self._extended_shape(sample_shape), self.loc) * self.scale

    @checked
    def log_prob(self, value):
        """The logarithm of the density."""
        variance = self.scale**2
        return -((value - self.loc) ** 2) / (2 * variance) - self.scale.log() - log(sqrt(2 * pi))

    @checked
    def cdf(self, value):
        """The probability of less."""
        return 0.5 * (1 + ((value - self.loc) * self.scale.reciprocal() / sqrt(2)).erf())

    def icdf(self, value):
        """Below which the probability is this."""
        return self.loc + self.scale * (2 * value - 1).erfinv() * sqrt(2)

    def entropy(self):
        """In nats."""
        return 0.5 + 0.5 * log(2 * pi) + self.scale.log()


class LogNormal(_LocationScale):
    """exp of normal numbers of mean `loc` and standard deviation `scale`."""

    support = constraints.positive

    @property
    def base_dist(self):
        """The normal distribution of the logarithms."""
        return Normal(self.loc, self.scale, validate_args=False)

    @property
    def mean(self):
        """exp(loc + scale**2 / 2)."""
        return (self.loc + self.scale.pow(2) / 2).exp()

    @property
    def mode(self):
        """exp(loc - scale**2)."""
        return (self.loc - self.scale.square()).exp()

    @property
    def variance(self):
        """(exp(scale**2) - 1) * exp(2 * loc + scale**2)."""
        squared = self.scale.pow(2)
        return squared.expm1() * (2 * self.loc + squared).exp()

    def sample(self, sample_shape=()):
        """Random values, outside any graph."""
        return self.base_dist.sample(sample_shape).exp()

    def rsample(self, sample_shape=()):
        """exp of the normal distribution's."""
        return self.base_dist.rsample(sample_shape).exp()

    @checked
    def log_prob(self, value):
        """The logarithm of the density."""
        logarithm = value.log()
        return -logarithm + self.base_dist.log_prob(logarithm)

    @checked
    def cdf(self, value):
        """The probability of less."""
        return self.base_dist.cdf(value.log())

    def icdf(self, value):
        """Below which the probability is this."""
        return self.base_dist.icdf(value).exp()

    def entropy(self):
        """In nats."""
        return self.base_dist.entropy() + self.loc

    def __repr__(self):
        return "LogNormal()"  # as PyTorch, which keeps the parameters in the other distribution


class Laplace(_LocationScale):
    """Two exponential tails, from `loc` on both sides."""

    @property
    def variance(self):
        """2 * scale**2."""
        return 2 * self.scale.pow(2)

    @property
    def stddev(self):
        """sqrt(2) * scale."""
        return 2**0.5 * self.scale

    def rsample(self, sample_shape=()):
        """From uniform numbers, by the inverse of the cdf."""
        shape = tuple(self._extended_shape(sample_shape))
        drawn = self.loc.new_empty(shape).uniform_(finfo(self.loc.dtype).eps - 1, 1)
        return self.loc - self.scale * drawn.sign() * (-drawn.abs()).log1p()

    @checked
    def log_prob(self, value):
        """The logarithm of the density."""
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    @checked
    def cdf(self, value):
        """The probability of less."""
        return 0.5 - 0.5 * (value - self.loc).sign() * (-(value - self.loc).abs() / self.scale).expm1()

    def icdf(self, value):
        """Below which the probability is this."""
        term = value - 0.5
        return self.loc - self.scale * term.sign() * (-2 * term.abs()).log1p()

    def entropy(self):
        """In nats."""
        return 1 + (2 * self.scale).log()


class Uniform(Distribution):
    """Any number in [low, high) as likely as another."""

    has_rsample = True

    def __init__(self, low, high, validate_args=None):
        self.low, self.high = broadcast_all(low, high)
        super().__init__(batch_of(low, high), validate_args=validate_args)

    @property
    def arg_constraints(self):
        """low is less than high."""
        return {"low": constraints.less_than(self.high), "high": constraints.greater_than(self.low)}

    @property
    def support(self):
        """The interval."""
        return constraints.interval(self.low, self.high)

    @property
    def mean(self):
        """The middle."""
        return (self.high + self.low) / 2

    @property
    def mode(self):
        """NaN: there is none."""
        return float("nan") * self.high

    @property
    def stddev(self):
        """The length by sqrt(12)."""
        return (self.high - self.low) / 12**0.5

    @property
    def variance(self):
        """The length squared, by 12."""
        return (self.high - self.low).pow(2) / 12

    def rsample(self, sample_shape=()):
        """`low + u * (high - low)`, with u uniform in [0, 1)."""
        shape = tuple(self._extended_shape(sample_shape))
        drawn = rand(shape, dtype=self.low.dtype, device=self.low.device)
        return self.low + drawn * (self.high - self.low)

    @checked
    def log_prob(self, value):
        """The logarithm of the density."""
        inside = self.low.le(value).type_as(self.low).mul(self.high.gt(value).type_as(self.low))
        return inside.log() - (self.high - self.low).log()

    @checked
    def cdf(self, value):
        """The probability of less."""
        return ((value - self.low) / (self.high - self.low)).clamp(min=0, max=1)

    def icdf(self, value):
        """Below which the probability is this."""
        return value * (self.high - self.low) + self.low

    def entropy(self):
        """In nats."""
        return (self.high - self.low).log()


class Exponential(Distribution):
    """How long until the next of events that come at a `rate`."""

    arg_constraints = {"rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, rate, validate_args=None):
        (self.rate,) = broadcast_all(rate)
        super().__init__(batch_of(rate), validate_args=validate_args)

    @property
    def mean(self):
        """1 / rate."""
        return self.rate.reciprocal()

    stddev = mean

    @property
    def mode(self):
        """0."""
        return self.rate.new_zeros(tuple(self.rate.shape))

    @property
    def variance(self):
        """1 / rate**2."""
        return self.rate.pow(-2)

    def rsample(self, sample_shape=()):
        """Exponential numbers of rate 1, by the rate."""
        return self.rate.new_empty(tuple(self._extended_shape(sample_shape))).exponential_() / self.rate

    @checked
    def log_prob(self, value):
        """The logarithm of the density."""
        return self.rate.log() - self.rate * value

    @checked
    def cdf(self, value):
        """The probability of less."""
        return 1 - (-self.rate * value).exp()

    def icdf(self, value):
        """Below which the probability is this."""
        return -(-value).log1p() / self.rate

    def entropy(self):
        """In nats."""
        return 1.0 - self.rate.log()
