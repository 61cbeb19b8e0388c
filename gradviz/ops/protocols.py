"""What Python asks of a tensor: `in`, reversed, complex(); its type by name; and detaching it for good."""

from gradviz.engine import coerce, dtypes
from gradviz.engine.backend import device_of
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor
from gradviz.ops.composite import to
from gradviz.ops.pointwise import eq
from gradviz.ops.rearranging import flip

NO_VIEWS = (
    "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for training, "
    "and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence detach_() cannot be "
    "called on these gradients. To fix this error, please refer to the Optimizer.zero_grad() function in "
    "torch/optim/optimizer.py as the solution."
)


def __contains__(self, element):
    """Whether an element equals this number or tensor."""
    if not isinstance(element, Tensor) and element.__class__ not in coerce.NUMBERS:
        raise RuntimeError(
            f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {element.__class__}."
        )
    return bool(eq(element, self)._array.any())


def __reversed__(self):
    """The tensor with every dimension reversed, as PyTorch's."""
    return flip(self, dims=tuple(range(self._array.ndim))) if self._array.ndim else self


def __complex__(self):
    """`complex(tensor)`, of one element."""
    return complex(float(self))


def type(self, dtype=None):  # noqa: A001  PyTorch's name
    """The name of the tensor's type, "torch.FloatTensor"; or the tensor in another dtype."""
    if dtype is None:
        where = "torch.cuda" if device_of(self._array) != "cpu" else "torch"
        return f"{where}.{dtypes.title(self._array.dtype)}Tensor"
    if isinstance(dtype, str):
        found = dtypes.of_title(dtype.removeprefix("torch.").removesuffix("Tensor"))
        if found is None or not dtype.startswith("torch.") or not dtype.endswith("Tensor"):
            raise ValueError(f"invalid type: '{dtype}'")
        return to(self, dtype=found)
    if not isinstance(dtype, dtypes.dtype):
        raise TypeError("dtype must be a type, str, or dtype object")
    return to(self, dtype=dtype)


def type_as(self, other):
    """The tensor in the dtype of another one."""
    if not isinstance(other, Tensor):
        raise TypeError(f"type_as(): argument 'other' (position 1) must be Tensor, not {other.__class__.__name__}")
    return to(self, other)


def detach_(self):
    """Takes the tensor out of its graph for good, and returns it: a leaf that needs no gradient."""
    if self._edge is not None and getattr(self.grad_fn.op, "view", False):
        raise RuntimeError(NO_VIEWS)
    self._edge, self._requires_grad = None, False
    if mode.observer is not None:
        mode.observer.forward("detach_", self, (), None, {}, 0)
    return self


def is_signed(self):
    """Whether the dtype has negative numbers."""
    return self._array.dtype.kind in "if"


def is_complex(self):
    """Whether the dtype is complex: never, since gradviz has none."""
    return False


def ndimension(self):
    """How many dimensions."""
    return self._array.ndim


def is_tensor(obj):
    """Whether obj is a tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input):
    """Whether the dtype is a floating one."""
    return _checked("is_floating_point", input).is_floating_point()


def numel(input):
    """How many elements."""
    return _checked("numel", input).numel()


def is_nonzero(input):
    """Whether the one element is not zero."""
    return bool(_checked("is_nonzero", input))


def _checked(name, input):
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {input.__class__.__name__}")
    return input


__all__ = ["is_complex", "is_floating_point", "is_nonzero", "is_signed", "is_tensor", "numel"]
METHODS = [
    "__complex__", "__contains__", "__reversed__", "detach_", "is_complex", "is_nonzero", "is_signed", "ndimension",
    "type", "type_as",
]  # fmt: skip
