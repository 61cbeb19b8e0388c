"""Distributions of whole numbers and of choices."""

from gradviz.distributions import constraints
from gradviz.distributions.distribution import (
    Distribution,
    batch_of,
    broadcast_all,
    checked,
    lazy_property,
    logits_to_probs,
    one_of_two,
    probs_to_logits,
)
from gradviz.engine.asking import finfo
from gradviz.engine.creation import arange, eye, full
from gradviz.engine.switches import no_grad
from gradviz.engine.tensor import Size
from gradviz.nn.functional import binary_cross_entropy_with_logits, one_hot
from gradviz.ops.sampling import bernoulli, multinomial, poisson
from gradviz.ops.stacking import broadcast_tensors


class _OfOdds(Distribution):
    """One that has either probabilities or log-odds."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}

    def __init__(self, probs=None, logits=None, validate_args=None):
        one_of_two(probs, logits)
        if probs is not None:
            (self.probs,) = broadcast_all(probs)
        else:
            (self.logits,) = broadcast_all(logits)
        super().__init__(batch_of(logits if probs is None else probs), validate_args=validate_args)

    @lazy_property
    def logits(self):
        """The logarithms of the odds."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self):
        """The probabilities."""
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def param_shape(self):
        """The shape of the parameter."""
        return self.probs.size()


class Bernoulli(_OfOdds):
    """1 with a probability, else 0."""

    support = constraints.boolean
    has_enumerate_support = True

    @property
    def mean(self):
        """The probability."""
        return self.probs

    @property
    def mode(self):
        """The more likely one; NaN where both are as likely."""
        mode = (self.probs >= 0.5).to(self.probs)
        mode[self.probs == 0.5] = float("nan")
        return mode

    @property
    def variance(self):
        """p * (1 - p)."""
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape=()):
        """Random values, outside any graph."""
        with no_grad():
            return bernoulli(self.probs.expand(tuple(self._extended_shape(sample_shape))))

    @checked
    def log_prob(self, value):
        """The logarithm of the probability."""
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self):
        """In nats."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand=True):
        """0 and 1, along a first dim."""
        return _enumerated(arange(2, dtype=self.probs.dtype), self._batch_shape, expand)


class Geometric(_OfOdds):
    """How many trials fail before the first success."""

    support = constraints.nonnegative_integer

    def __init__(self, probs=None, logits=None, validate_args=None):
        super().__init__(probs, logits, validate_args)
        if self._validate_args and probs is not None and not (self.probs > 0).all():
            raise ValueError(
                f"Expected parameter probs (Tensor of shape {tuple(self.probs.shape)}) of distribution {self!r} to be "
                f"positive but found invalid values:\n{self.probs.detach()[~(self.probs > 0)]}"
            )

    @property
    def mean(self):
        """1 / p - 1."""
        return 1.0 / self.probs - 1.0

    @property
    def mode(self):
        """0."""
        return self.probs.new_zeros(tuple(self.probs.shape))

    @property
    def variance(self):
        """(1 / p - 1) / p."""
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape=()):
        """Random values, outside any graph."""
        with no_grad():
            drawn = self.probs.new_empty(tuple(self._extended_shape(sample_shape)))
            return (drawn.uniform_(finfo(self.probs.dtype).tiny, 1).log() / (-self.probs).log1p()).floor()

    @checked
    def log_prob(self, value):
        """The logarithm of the probability."""
        value, probs = broadcast_all(value, self.probs)
        probs = probs.clone()
        probs[(probs == 1) & (value == 0)] = 0
        return value * (-probs).log1p() + self.probs.log()

    def entropy(self):
        """In nats."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs


class Poisson(Distribution):
    """How many of the events that come at a `rate` come in one unit of time."""

    arg_constraints = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer

    def __init__(self, rate, validate_args=None):
        (self.rate,) = broadcast_all(rate)
        super().__init__(batch_of(rate), validate_args=validate_args)

    @property
    def mean(self):
        """The rate."""
        return self.rate

    variance = mean

    @property
    def mode(self):
        """The rate, rounded down."""
        return self.rate.floor()

    def sample(self, sample_shape=()):
        """Random values, outside any graph."""
        with no_grad():
            return poisson(self.rate.expand(tuple(self._extended_shape(sample_shape))))

    @checked
    def log_prob(self, value):
        """The logarithm of the probability."""
        rate, value = broadcast_all(self.rate, value)
        return value.xlogy(rate) - rate - (value + 1).lgamma()


class Categorical(Distribution):
    """One of N choices, by probabilities (*, N), which need not add up to 1, or logits (*, N)."""

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True

    def __init__(self, probs=None, logits=None, validate_args=None):
        one_of_two(probs, logits)
        for name, given in (("probs", probs), ("logits", logits)):
            if given is not None and given.ndim < 1:
                raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
        if probs is not None:
            self.probs = self._param = probs / probs.sum(-1, keepdim=True)
        else:
            self.logits = self._param = logits - logits.logsumexp(dim=-1, keepdim=True)
        self._num_events = self._param.shape[-1]
        super().__init__(self._param.shape[:-1], validate_args=validate_args)

    def expand(self, batch_shape):
        """The same distributions, spread over a larger batch."""
        made = super().expand(batch_shape)
        made._param = made.__dict__["probs" if "probs" in made.__dict__ else "logits"]
        return made

    @property
    def support(self):
        """The numbers of the choices."""
        return constraints.integer_interval(0, self._num_events - 1)

    @lazy_property
    def logits(self):
        """The logarithms of the probabilities."""
        return probs_to_logits(self.probs)

    @lazy_property
    def probs(self):
        """The probabilities."""
        return logits_to_probs(self.logits)

    @property
    def param_shape(self):
        """The shape of the parameter."""
        return self._param.size()

    @property
    def mean(self):
        """NaN: choices have none."""
        return full(tuple(self._extended_shape()), float("nan"), dtype=self.probs.dtype, device=self.probs.device)

    variance = mean

    @property
    def mode(self):
        """The likeliest one."""
        return self.probs.argmax(-1)

    def sample(self, sample_shape=()):
        """Numbers of choices."""
        rows = self.probs.reshape(-1, self._num_events)
        with no_grad():
            drawn = multinomial(rows, Size(sample_shape).numel(), True).T
            return drawn.reshape(tuple(self._extended_shape(sample_shape)))

    @checked
    def log_prob(self, value):
        """The logarithm of the probability."""
        value, logits = broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, value[..., :1]).squeeze(-1)

    def entropy(self):
        """In nats."""
        logits = self.logits.clamp(min=finfo(self.logits.dtype).min)
        return -(logits * self.probs).sum(-1)

    def enumerate_support(self, expand=True):
        """All choices, along a first dim."""
        return _enumerated(arange(self._num_events), self._batch_shape, expand)


class OneHotCategorical(Distribution):
    """As Categorical, with samples that are 1 at the choice and 0 elsewhere."""

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.one_hot
    has_enumerate_support = True

    def __init__(self, probs=None, logits=None, validate_args=None):
        self._categorical = Categorical(probs, logits)
        shape = self._categorical.param_shape
        super().__init__(self._categorical.batch_shape, shape[-1:], validate_args=validate_args)

    def expand(self, batch_shape):
        """The same distributions, spread over a larger batch."""
        made = super().expand(batch_shape)
        made._categorical = self._categorical.expand(batch_shape)
        return made

    @property
    def probs(self):
        """The probabilities."""
        return self._categorical.probs

    @property
    def logits(self):
        """The logarithms of the probabilities."""
        return self._categorical.logits

    mean = probs

    @property
    def mode(self):
        """The likeliest one."""
        return one_hot(self.probs.argmax(-1), self.probs.shape[-1]).to(self.probs)

    @property
    def variance(self):
        """p * (1 - p)."""
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape=()):
        """Random values, outside any graph."""
        return one_hot(self._categorical.sample(sample_shape), self.probs.shape[-1]).to(self.probs)

    @checked
    def log_prob(self, value):
        """The logarithm of the probability."""
        return self._categorical.log_prob(value.argmax(-1))

    def entropy(self):
        """In nats."""
        return self._categorical.entropy()

    def enumerate_support(self, expand=True):
        """All choices, along a first dim."""
        count, batch = self.event_shape[0], tuple(self.batch_shape)
        values = eye(count, dtype=self.probs.dtype).view((count,) + (1,) * len(batch) + (count,))
        return values.expand((count, *batch, count)) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """As OneHotCategorical, with gradients of samples that go to the probabilities as they are."""

    has_rsample = True

    def rsample(self, sample_shape=()):
        """A sample, with the gradient of the probabilities."""
        return self.sample(sample_shape) + (self.probs - self.probs.detach())


def _enumerated(values, batch_shape, expand):
    values = values.view((-1,) + (1,) * len(batch_shape))
    return values.expand((-1, *batch_shape)) if expand else values
