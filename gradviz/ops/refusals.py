"""PyTorch's words for what an op doesn't take: dtypes without a kernel, numbers in a tensor's place, no derivative."""

from functools import wraps

from gradviz.engine.coerce import KIND_RANK, size_at
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


def refuse_scalar(name, array):
    """IndexError for what a 0-d tensor doesn't have."""
    if not array.ndim:
        raise IndexError(f"{name}() cannot be applied to a 0-dim tensor.")


def refuse_whole_in_graph(self, given):
    """RuntimeError for integers that would be part of a graph, by what is put into them."""
    if self._array.dtype.kind != "f" and given._requires_grad and mode.grad:
        raise RuntimeError(f"Autograd not support dtype: {title(self._array.dtype)}")


def refuse_mixed(array, *others):
    """RuntimeError where a kernel meets another dtype than its first input's."""
    for other in others:
        if other.dtype != array.dtype:
            raise RuntimeError(f"expected scalar type {title(array.dtype)} but found {title(other.dtype)}")


def refuse_whole_result(array, wanted="Float", shown=title):
    """RuntimeError for integers, into whose memory PyTorch would write what is `wanted`; shown: what names them."""
    if array.dtype.kind != "f":
        raise RuntimeError(f"result type {wanted} can't be cast to the desired output type {shown(array.dtype)}")


def refuse_unfit(target, shape, dtype):
    """RuntimeError where a result of this shape and dtype can't be written into an array in place."""
    if shape != target.shape:
        raise RuntimeError(f"output with shape {list(target.shape)} doesn't match the broadcast shape {list(shape)}")
    if KIND_RANK[dtype.kind] > KIND_RANK[target.dtype.kind]:
        raise RuntimeError(f"result type {title(dtype)} can't be cast to the desired output type {title(target.dtype)}")


def refuse_missing_dims(array, *dims):
    """IndexError, as of Tensor.size, for a dimension that an array, or a tensor, doesn't have."""
    for dim in dims:
        size_at(array, dim)


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
