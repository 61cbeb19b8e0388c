"""Bernoulli and Categorical: by probabilities, or by their logits."""

from math import nan
from numbers import Number

from gradviz.distributions import constraints
from gradviz.distributions.distribution import Distribution, broadcast_all
from gradviz.engine.asking import finfo
from gradviz.engine.creation import arange, full
from gradviz.engine.sampling import bernoulli
from gradviz.engine.switches import enable_grad, no_grad
from gradviz.nn.functional import binary_cross_entropy_with_logits
from gradviz.ops import composite, pointwise, stacking


class _OfTwo(Distribution):
    """What is given as probs or as logits; the other one is made when it is asked for, once."""

    _binary = False

    @property
    def probs(self):
        """The probabilities."""
        if "probs" not in self.__dict__:
            with enable_grad():  # whoever asks first
                self.__dict__["probs"] = self._probs(self.__dict__["logits"])
        return self.__dict__["probs"]

    @property
    def logits(self):
        """The logarithms of the probabilities, or of odds."""
        if "logits" not in self.__dict__:
            with enable_grad():
                self.__dict__["logits"] = self._logits(self.__dict__["probs"])
        return self.__dict__["logits"]

    def _probs(self, logits):
        return pointwise.sigmoid(logits) if self._binary else composite.softmax(logits, dim=-1)

    def _logits(self, probs):
        least = finfo(probs.dtype).eps
        probs = probs.clamp(min=least, max=1 - least)
        return pointwise.log(probs) - (-probs).log1p() if self._binary else pointwise.log(probs)

    def _give(self, probs, logits):
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        return ("probs", probs) if logits is None else ("logits", logits)

    @property
    def param_shape(self):
        """The shape of the probabilities."""
        return self._param.size()


class Bernoulli(_OfTwo):
    """1 with a probability, else 0."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support, _binary = constraints.boolean, True

    def __init__(self, probs=None, logits=None, validate_args=None):
        name, given = self._give(probs, logits)
        (self._param,) = broadcast_all(given)
        self.__dict__[name] = self._param
        super().__init__(() if isinstance(given, Number) else self._param.shape, validate_args=validate_args)

    @property
    def mean(self):
        """The probability of 1."""
        return self.probs

    @property
    def variance(self):
        """`probs * (1 - probs)`."""
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape=()):
        """Draws, outside the graph."""
        with no_grad():
            return bernoulli(self.probs.expand(self._shape(sample_shape)))

    def log_prob(self, value):
        """The logarithm of the probability."""
        self._check_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self):
        """The cross entropy with itself."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")


class Categorical(_OfTwo):
    """A class number, with these probabilities along the last dimension."""

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}

    def __init__(self, probs=None, logits=None, validate_args=None):
        name, given = self._give(probs, logits)
        if given.ndim < 1:
            raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
        total = given.sum(-1, keepdim=True) if name == "probs" else given.logsumexp(dim=-1, keepdim=True)
        self._param = self.__dict__[name] = given / total if name == "probs" else given - total
        super().__init__(self._param.shape[:-1], validate_args=validate_args)

    @property
    def support(self):
        """The class numbers."""
        return constraints.integer_interval(0, self._param.shape[-1] - 1)

    @property
    def mean(self):
        """NaN: class numbers have none."""
        return full(self._shape(), nan, dtype=self.probs.dtype, device=self.probs.device)

    variance = mean

    @property
    def mode(self):
        """The most probable class."""
        return self.probs.argmax(dim=-1)

    def sample(self, sample_shape=()):
        """Draws, outside the graph."""
        shape = self._shape(sample_shape)
        count = 1
        for size in sample_shape:
            count *= size
        with no_grad():
            rows = self.probs.reshape(-1, self._param.shape[-1])
            return rows.multinomial(count, True).T.reshape(shape)

    def log_prob(self, value):
        """The logarithm of the probability."""
        self._check_sample(value)
        value, logits = stacking.broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, value[..., :1]).squeeze(-1)

    def entropy(self):
        """`-sum(probs * log(probs))`."""
        logits = self.logits.clamp(min=finfo(self.logits.dtype).min)
        return -(logits * self.probs).sum(-1)

    def enumerate_support(self, expand=True):
        """All class numbers, in a dimension before the batch."""
        values = arange(self._param.shape[-1]).to(self._param.device)
        values = values.view(-1, *(1,) * len(self._batch_shape))
        return values.expand(-1, *self._batch_shape) if expand else values
