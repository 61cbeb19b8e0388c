"""Distribution: what all share."""

from numbers import Number

from gradviz.engine.creation import tensor
from gradviz.engine.switches import mode, no_grad
from gradviz.engine.tensor import Size, Tensor
from gradviz.ops import stacking

NO_NUMBERS = (
    "Input arguments must all be instances of Number, torch.Tensor or objects implementing __torch_function__."
)


def broadcast_all(*values):
    """Tensors and numbers as tensors of one shape; numbers take the dtype of the first tensor."""
    if not all(isinstance(each, (Tensor, Number)) for each in values):
        raise ValueError(NO_NUMBERS)
    first = next((each for each in values if isinstance(each, Tensor)), None)
    options = {"dtype": mode.default_dtype} if first is None else {"dtype": first.dtype, "device": first.device}
    return stacking.broadcast_tensors(*(each if isinstance(each, Tensor) else tensor(each, **options) for each in values))  # noqa: E501


class Distribution:
    """Independent draws, in a batch; a subclass says of what."""

    has_rsample = False
    arg_constraints = {}
    support = None
    validate_by_default = True

    def __init__(self, batch_shape=(), event_shape=(), validate_args=None):
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        self._validate_args = self.validate_by_default if validate_args is None else validate_args
        if self._validate_args:
            self._check_parameters()

    @staticmethod
    def set_default_validate_args(value):
        """Whether parameters and values are looked at, where nothing else is said."""
        if value not in (True, False):
            raise ValueError
        Distribution.validate_by_default = value

    @property
    def batch_shape(self):
        """The shape of the parameters."""
        return self._batch_shape

    @property
    def event_shape(self):
        """The shape of one draw."""
        return self._event_shape

    def _check_parameters(self):
        for name, constraint in self.arg_constraints.items():
            if name not in self.__dict__ and name in ("probs", "logits"):
                continue  # the one of the two that wasn't given
            value = getattr(self, name)
            if not bool(constraint.check(value).all()):
                raise ValueError(
                    f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of distribution "
                    f"{self!r} to satisfy the constraint {constraint!r}, but found invalid values:\n{value}"
                )

    def _check_sample(self, value):
        if not self._validate_args:
            return
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        wanted = self._batch_shape + self._event_shape
        for n, m in zip(reversed(value.shape), reversed(wanted), strict=False):
            if n != 1 and m != 1 and n != m:
                raise ValueError(f"Value is not broadcastable with batch_shape+event_shape: {value.shape} vs {Size(wanted)}.")  # noqa: E501
        if not bool(self.support.check(value).all()):
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) to be within the "
                f"support ({self.support!r}) of the distribution {self!r}, but found invalid values:\n{value}"
            )

    def _shape(self, sample_shape=()):
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def sample(self, sample_shape=()):
        """Draws, outside the graph."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape=()):
        """Draws whose gradient is that of the parameters; written by the subclasses that have it."""
        raise NotImplementedError

    @property
    def stddev(self):
        """The standard deviation."""
        return self.variance.sqrt()

    def perplexity(self):
        """exp of the entropy."""
        return self.entropy().exp()

    def __repr__(self):
        names = [name for name in self.arg_constraints if name in self.__dict__]
        given = ((name, self.__dict__[name]) for name in names)
        shown = (f"{name}: {each if each.numel() == 1 else each.size()}" for name, each in given)
        return f"{type(self).__name__}({', '.join(shown)})"
