"""PyTorch's words for what an op doesn't take: dtypes without a kernel, numbers in a tensor's place, no derivative."""

from functools import wraps

from gradviz.engine.dtypes import title
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor


def refuse_kinds(kernel, array, kinds):
    """NotImplementedError when the array's dtype is of one of these kinds ("b", "biu"); kernel as PyTorch calls it."""
    if array.dtype.kind in kinds:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{title(array.dtype)}'")


def refuse_half(kernel, array):
    """NotImplementedError for float16."""
    if array.dtype.kind == "f" and array.dtype.itemsize == 2:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{title(array.dtype)}'")


def refuse_factor(name, factor, array):
    """RuntimeError for a fraction that integers are to be multiplied by."""
    if array.dtype.kind != "f" and isinstance(factor, float):
        raise RuntimeError(f"For integral input tensors, argument {name} must not be a floating point number.")


def refuse_whole_result(array, wanted="Float", named=title):
    """RuntimeError for integers, into whose memory PyTorch would write what is `wanted`."""
    if array.dtype.kind != "f":
        raise RuntimeError(f"result type {wanted} can't be cast to the desired output type {named(array.dtype)}")


def refuse_scalar(name, array):
    """IndexError for what a 0-d tensor doesn't have."""
    if not array.ndim:
        raise IndexError(f"{name}() cannot be applied to a 0-dim tensor.")


def refuse_whole_in_graph(self, given):
    """RuntimeError for integers that would be part of a graph, by what is put into them."""
    if self._array.dtype.kind != "f" and given._requires_grad and mode.grad:
        raise RuntimeError(f"Autograd not support dtype: {title(self._array.dtype)}")


def tensors_only(call):
    """An op of two inputs as a function that takes no Python numbers."""

    @wraps(call)
    def checked(input, other):
        for position, (name, each) in enumerate((("input", input), ("other", other)), start=1):
            if not isinstance(each, Tensor):
                raise TypeError(
                    f"{call.op.title}(): argument '{name}' (position {position}) must be Tensor, "
                    f"not {type(each).__name__}"
                )
        return call(input, other)

    return checked


def no_derivative(name):
    """What a vjp calls where PyTorch has none: backward then fails, and nothing is silently left out."""
    raise RuntimeError(f"derivative for aten::{name} is not implemented")


def invalid_combination(name, *given):
    """TypeError for arguments that fit no form of a function."""
    kinds = ", ".join(type(each).__name__ for each in given)
    return TypeError(f"{name}() received an invalid combination of arguments - got ({kinds})")
