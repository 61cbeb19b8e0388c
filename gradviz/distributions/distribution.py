"""What all distributions share: shapes, checks of parameters and values, samples by batch, and copies by batch."""

from functools import wraps

from gradviz.engine.asking import finfo
from gradviz.engine.creation import get_default_dtype, tensor
from gradviz.engine.switches import enable_grad, no_grad
from gradviz.engine.tensor import Size, Tensor
from gradviz.ops.stacking import broadcast_tensors

NUMBERS = (int, float, bool)


class Distribution:
    """A batch of distributions; parameters that `arg_constraints` names are checked, values by `support`.

    batch_shape: of what the parameters make; event_shape: of one sample. ValueError where a check fails, unless
    validate_args is False.
    """

    has_rsample = False
    has_enumerate_support = False
    arg_constraints = {}
    support = None
    _validate_args = __debug__

    def __init__(self, batch_shape=(), event_shape=(), validate_args=None):
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()

    @staticmethod
    def set_default_validate_args(value):
        """Whether distributions check what they are given, where their maker doesn't say."""
        if value not in (True, False):
            raise ValueError
        Distribution._validate_args = value

    @property
    def batch_shape(self):
        """The shape of what the parameters make."""
        return self._batch_shape

    @property
    def event_shape(self):
        """The shape of one sample of one of them."""
        return self._event_shape

    @property
    def stddev(self):
        """The standard deviation."""
        return self.variance.sqrt()

    def expand(self, batch_shape):
        """The same distributions, spread over a larger batch."""
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        batch_shape = Size(batch_shape)
        for name, constraint in self.arg_constraints.items():
            if name in self.__dict__:
                value = self.__dict__[name]
                own = value.shape[value.ndim - constraint.event_dim :]
                setattr(made, name, value.expand(tuple(batch_shape) + tuple(own)))
        made._batch_shape = batch_shape
        return made

    def sample(self, sample_shape=()):
        """(*sample_shape, *batch_shape, *event_shape) random values, outside any graph."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape=()):
        """The same as a function of the parameters, through which gradients flow."""
        raise NotImplementedError

    def perplexity(self):
        """exp of the entropy."""
        return self.entropy().exp()

    def _extended_shape(self, sample_shape=()):
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def __repr__(self):
        given = {name: self.__dict__[name] for name in self.arg_constraints if name in self.__dict__}
        told = (f"{name}: {value if value.numel() == 1 else value.size()}" for name, value in given.items())
        return f"{type(self).__name__}({', '.join(told)})"

    # -- checks ------------------------------------------------------------------------------------------

    def _check_parameters(self):
        for name, constraint in self.arg_constraints.items():
            value = self.__dict__.get(name)
            if value is not None and not constraint.check(value).all():
                raise ValueError(
                    f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of distribution "
                    f"{self!r} to satisfy the constraint {constraint!r}, but found invalid values:\n{value}"
                )

    def _validate_sample(self, value):
        if not self._validate_args:
            return
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        size, event = value.size(), self._event_shape
        if size[len(size) - len(event) :] != event:
            raise ValueError(f"The right-most size of value must match event_shape: {size} vs {event}.")
        wanted = self._extended_shape()
        if any(1 not in pair and pair[0] != pair[1] for pair in zip(reversed(size), reversed(wanted), strict=False)):
            raise ValueError(f"Value is not broadcastable with batch_shape+event_shape: {size} vs {wanted}.")
        if not self.support.check(value).all():
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) to be within the "
                f"support ({self.support!r}) of the distribution {self!r}, but found invalid values:\n{value}"
            )


class lazy_property:
    """A parameter that is computed from another one when it is first asked for, and kept."""

    def __init__(self, function):
        self._function, self._name = function, function.__name__
        self.__doc__ = function.__doc__

    def __get__(self, instance, kind=None):
        if instance is None:
            return self
        with enable_grad():
            value = self._function(instance)
        setattr(instance, self._name, value)
        return value


def checked(method):
    """Decorates log_prob or cdf: the value is checked first."""

    @wraps(method)
    def after_the_check(self, value):
        self._validate_sample(value)
        return method(self, value)

    return after_the_check


def broadcast_all(*values):
    """Tensors and numbers as tensors of one shape; ValueError for anything else."""
    if not all(isinstance(each, (Tensor, *NUMBERS)) for each in values):
        raise ValueError(
            "Input arguments must all be instances of Number, torch.Tensor or objects implementing __torch_function__."
        )
    first = next((each for each in values if isinstance(each, Tensor)), None)
    kind = {"dtype": get_default_dtype()} if first is None else {"dtype": first.dtype, "device": first.device}
    return broadcast_tensors(*[each if isinstance(each, Tensor) else tensor(each, **kind) for each in values])


def batch_of(*given):
    """The batch shape of parameters: that of the tensors among them, () for numbers alone."""
    found = broadcast_all(*given)[0].shape
    return () if all(isinstance(each, NUMBERS) for each in given) else found


def standard_normal(shape, like):
    """Normal numbers of the kind of another tensor."""
    return like.new_empty(tuple(shape)).normal_()


def sum_rightmost(value, count):
    """Summed over so many last dims."""
    return value if not count else value.reshape(*value.shape[: value.ndim - count], -1).sum(-1)


def probs_to_logits(probs, is_binary=False):
    """Logarithms of probabilities, or of their odds; none is infinite."""
    eps = finfo(probs.dtype).eps
    inside = probs.clamp(min=eps, max=1 - eps)
    return inside.log() - (-inside).log1p() if is_binary else inside.log()


def logits_to_probs(logits, is_binary=False):
    """Probabilities of log-odds, or of unnormalized logarithms."""
    return logits.sigmoid() if is_binary else logits.softmax(-1)


def one_of_two(probs, logits):
    """ValueError unless one of them, and only one, is given."""
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")


__all__ = ["Distribution"]
