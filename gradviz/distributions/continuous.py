"""Normal and Uniform."""

from math import log, pi, sqrt
from numbers import Number

from gradviz.distributions import constraints
from gradviz.distributions.distribution import Distribution, broadcast_all
from gradviz.engine.creation import empty, rand
from gradviz.engine.switches import no_grad
from gradviz.ops import gamma, pointwise, special


def _batch(first, *values):
    return () if all(isinstance(each, Number) for each in values) else first.shape


class Normal(Distribution):
    """Numbers of a mean and a standard deviation."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support, has_rsample = constraints.real, True

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(_batch(self.loc, loc, scale), validate_args=validate_args)

    @property
    def mean(self):
        """The mean."""
        return self.loc

    mode = mean

    @property
    def stddev(self):
        """The standard deviation."""
        return self.scale

    @property
    def variance(self):
        """The square of the standard deviation."""
        return self.stddev.pow(2)

    def sample(self, sample_shape=()):
        """Draws, outside the graph."""
        shape = self._shape(sample_shape)
        with no_grad():
            drawn = empty(shape, dtype=self.loc.dtype, device=self.loc.device).normal_()
            return drawn.mul_(self.scale.expand(shape)).add_(self.loc.expand(shape))

    def rsample(self, sample_shape=()):
        """Draws `loc + eps * scale`."""
        eps = empty(self._shape(sample_shape), dtype=self.loc.dtype, device=self.loc.device).normal_()
        return self.loc + eps * self.scale

    def log_prob(self, value):
        """The logarithm of the density."""
        self._check_sample(value)
        variance = self.scale**2
        log_scale = self.scale.log()
        return -((value - self.loc) ** 2) / (2 * variance) - log_scale - log(sqrt(2 * pi))

    def cdf(self, value):
        """The probability of what is less."""
        self._check_sample(value)
        return 0.5 * (1 + special.erf((value - self.loc) * self.scale.reciprocal() / sqrt(2)))

    def icdf(self, value):
        """What has this probability below it."""
        return self.loc + self.scale * gamma.erfinv(2 * value - 1) * sqrt(2)

    def entropy(self):
        """`0.5 + 0.5 * log(2 pi) + log(scale)`."""
        return 0.5 + 0.5 * log(2 * pi) + pointwise.log(self.scale)


class Uniform(Distribution):
    """Numbers in [low, high)."""

    has_rsample = True

    def __init__(self, low, high, validate_args=None):
        self.low, self.high = broadcast_all(low, high)
        super().__init__(_batch(self.low, low, high), validate_args=validate_args)

    @property
    def arg_constraints(self):
        """low is below high."""
        return {"low": constraints.less_than(self.high), "high": constraints.greater_than(self.low)}

    @property
    def support(self):
        """Between the bounds."""
        return constraints.interval(self.low, self.high)

    @property
    def mean(self):
        """The middle."""
        return (self.high + self.low) / 2

    @property
    def stddev(self):
        """The width by the root of 12."""
        return (self.high - self.low) / 12**0.5

    @property
    def variance(self):
        """A twelfth of the width's square."""
        return (self.high - self.low).pow(2) / 12

    def rsample(self, sample_shape=()):
        """Draws `low + rand * (high - low)`."""
        drawn = rand(self._shape(sample_shape), dtype=self.low.dtype, device=self.low.device)
        return self.low + drawn * (self.high - self.low)

    def log_prob(self, value):
        """The logarithm of the density."""
        self._check_sample(value)
        above, below = self.low.le(value).type_as(self.low), self.high.gt(value).type_as(self.low)
        return pointwise.log(above.mul(below)) - pointwise.log(self.high - self.low)

    def cdf(self, value):
        """The probability of what is less."""
        self._check_sample(value)
        return ((value - self.low) / (self.high - self.low)).clamp(min=0, max=1)

    def icdf(self, value):
        """What has this probability below it."""
        return value * (self.high - self.low) + self.low

    def entropy(self):
        """`log(high - low)`."""
        return pointwise.log(self.high - self.low)
