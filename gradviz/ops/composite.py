"""Functions that PyTorch composes from ops, or that pick an op by their arguments."""

from math import prod

import numpy as np

from gradviz.engine import backend, coerce
from gradviz.engine.catalogue import lifted
from gradviz.engine.creation import numpy_dtype
from gradviz.engine.devices import Device
from gradviz.engine.dtypes import bool_, title
from gradviz.engine.dtypes import dtype as dtype_class
from gradviz.engine.layouts import contiguous_format, preserve_format, suggested
from gradviz.engine.layouts import memory_format as memory_format_class
from gradviz.engine.switches import no_grad
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import indexing, joining, loss, pointwise, reduction
from gradviz.ops import matmul as products
from gradviz.ops import shape as shapes


def operator_matmul(self, other):
    """`self @ other`; Python says what is wrong with an `other` that is no tensor."""
    return matmul(self, other) if isinstance(other, Tensor) else NotImplemented


def where(condition, self=None, other=None):
    """`self` where the condition (bool) holds, else `other`; of a condition alone, the places where it is not zero."""
    if self is None and other is None:
        if not condition._array.ndim:
            condition = unsqueeze(condition, 0)
        return joining.unbind(indexing.nonzero(condition), dim=1)
    if isinstance(condition, Tensor) and condition._array.dtype == np.uint8:  # the bool of old
        condition = to(condition, bool_)
    if isinstance(condition, Tensor) and condition._array.dtype.kind != "b":
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{title(condition._array.dtype)}"
        )
    return pointwise.where(condition, self, other)


# -- reductions --------------------------------------------------------------------------------------


def wrapped(dim, ndim):
    """A dim counted from the front; IndexError with PyTorch's wording when it is out of range."""
    limit = max(ndim, 1)
    if not -limit <= dim < limit:
        raise IndexError(coerce.dim_complaint(dim, ndim))
    return dim % limit


def wrapped_all(dims, ndim):
    """Several dims counted from the front; RuntimeError with PyTorch's wording for one that comes twice."""
    found = []
    for each in dims:
        dim = wrapped(each, ndim)
        if dim in found:
            raise RuntimeError(f"dim {dim} appears multiple times in the list of dims")
        found.append(dim)
    return tuple(found)


def _dims(self, dim):
    ndim = self._array.ndim
    if isinstance(dim, int):
        found = (wrapped(dim, ndim),)
    else:
        found = wrapped_all([wrapped(each, ndim) for each in dim], ndim)
    return found if ndim else ()


def _numpy(dtype):
    return None if dtype is None else numpy_dtype(dtype, "sum")


def sum(self, dim=None, keepdim=False, *, dtype=None):
    """Sum of all elements, or over `dim` (an int or a tuple), in another dtype if told."""
    if dim is None:
        return reduction.sum(self, dtype=_numpy(dtype))
    return reduction.sum_dim(self, dim=_dims(self, dim), keepdim=keepdim, dtype=_numpy(dtype))


def mean(self, dim=None, keepdim=False, *, dtype=None):
    """Mean of all elements, or over `dim` (an int or a tuple), in another dtype if told."""
    if dim is None:
        return reduction.mean(self, dtype=_numpy(dtype))
    return reduction.mean_dim(self, dim=_dims(self, dim), keepdim=keepdim, dtype=_numpy(dtype))


# -- shapes ------------------------------------------------------------------------------------------


def size(self, dim=None):
    """The shape, or one size of it."""
    if dim is None:
        return self.shape
    return coerce.size_at(self._array, dim)


def _size(size, named=None):
    if named is not None and not size:
        return named
    return size[0] if len(size) == 1 and isinstance(size[0], (tuple, list)) else size


def view(self, *sizes, size=None):
    """The same elements in another shape, sharing memory; one size may be -1."""
    return shapes.view(self, size=shapes.inferred_size(self._array.size, _size(sizes, size)))


def reshape(self, *sizes, shape=None):
    """A view where the strides allow it, otherwise a copy; one size may be -1."""
    size = shapes.inferred_size(self._array.size, _size(sizes, shape))
    array = self._array
    if array.flags.c_contiguous:
        return shapes.view(self, size=size)
    if backend.owner(array.reshape(size)) is backend.owner(array):
        return shapes.reshape_alias(self, size=size)
    return _copied(self, size)


@composed("reshape")
def _copied(self, size):
    return shapes.unsafe_view(pointwise.clone(self, memory_format=contiguous_format), size=size)


lifted.reshape_raw = lambda tensor, *, size: reshape(tensor, *size)


def flatten(self, start_dim=0, end_dim=-1):
    """Dimensions start_dim to end_dim made one."""
    dims = self._array.shape
    first, last = wrapped(start_dim, len(dims)), wrapped(end_dim, len(dims))
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if first == last and dims:
        return self
    return reshape(self, *dims[:first], -1, *dims[last + 1 :])


def transpose(self, dim0, dim1):
    """Two dimensions swapped, a view."""
    ndim = self._array.ndim
    return shapes.transpose(self, dim0=wrapped(dim0, ndim), dim1=wrapped(dim1, ndim))


def permute(self, *places, dims=None):
    """Dimensions in another order, a view."""
    ndim, dims = self._array.ndim, _size(places, dims)
    if len(dims) != ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(dims)}"
        )
    found = tuple(wrapped(each, ndim) for each in dims)
    if len(set(found)) != ndim:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return shapes.permute(self, dims=found)


def unsqueeze(self, dim):
    """A dimension of size 1 put in, a view."""
    return shapes.unsqueeze(self, dim=wrapped(dim, self._array.ndim + 1))


def expand(self, *sizes, size=None):
    """Dimensions of size 1 spread to `size` (-1 keeps one), a view."""
    size = _size(sizes, size)
    complaint = shapes.expand_complaint(self._array, size)
    if complaint is not None:
        raise RuntimeError(complaint)
    extra = len(size) - self._array.ndim
    return shapes.expand(self, size=tuple(self._array.shape[i - extra] if n == -1 else n for i, n in enumerate(size)))


# -- matrix products ---------------------------------------------------------------------------------


def matmul(self, other):
    """The product of vectors, matrices or batches of them; expands to the ops that PyTorch expands to."""
    if not isinstance(self, Tensor) or not isinstance(other, Tensor):
        bad, place = (self, "'input' (position 1)") if not isinstance(self, Tensor) else (other, "'other' (position 2)")
        raise TypeError(f"matmul(): argument {place} must be Tensor, not {type(bad).__name__}")
    a, b = self._array.ndim, other._array.ndim
    if a == 0 or b == 0:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {a}D and {b}D")
    if a == 1 and b == 1:
        return products.dot(self, other)
    if a == 2 and b == 1:
        return products.mv(self, other)
    if a == 1 and b == 2:
        return _row(self, other)
    if a == 2 and b == 2:
        return products.mm(self, other)
    if a > 2 and b <= 2 and (b == 1 or _folds(self._array, other)):
        return _folded(self, other)
    if a <= 2 and b > 2 and (self._requires_grad or (a == 1 and _folds(other._array.swapaxes(-1, -2), self))):
        return _folded_back(self, other)
    return _batched(self, other)


def _folds(array, one):
    """Whether PyTorch takes a batch of matrices times one as one large product: never if only that needs a copy."""
    steps = zip(array.strides[:-2], array.strides[1:], array.shape[1:], strict=False)
    return one._requires_grad or not array.size or all(step == inner * size for step, inner, size in steps)


@composed("matmul")
def _row(self, other):
    """(K,) @ (K, M) as an mm with one row."""
    return shapes.squeeze_dim(products.mm(unsqueeze(self, 0), other), dim=0)


@composed("matmul")
def _folded(self, other):
    """(..., N, K) @ (K, M) as one large mm; (..., N, K) @ (K,) as one large mv."""
    shape = self._array.shape
    rows = reshape(self, prod(shape[:-1]), shape[-1])
    if other._array.ndim == 1:
        return shapes.unsafe_view(products.mv(rows, other), size=shape[:-1])
    return shapes.unsafe_view(products.mm(rows, other), size=(*shape[:-1], other._array.shape[1]))


@composed("matmul")
def _folded_back(self, other):
    """(K,) or (N, K) @ (..., K, M) as one large product of the second, transposed."""
    turned = transpose(other, -2, -1)
    if self._array.ndim == 1:
        return _folded(turned, self)
    return contiguous(transpose(_folded(turned, shapes.t(self)), -2, -1))


@composed("matmul")
def _batched(self, other):
    vector = self._array.ndim == 1
    one, two = (1, *self._array.shape) if vector else self._array.shape, other._array.shape
    try:
        batch = np.broadcast_shapes(one[:-2], two[:-2])
    except ValueError:
        raise RuntimeError(coerce.broadcast_complaint(one[:-2], two[:-2])) from None
    count = prod(batch)  # not -1: where a size is 0, that would be anybody's guess
    left = reshape(expand(self, *batch, *one[-2:]), count, *one[-2:])
    right = reshape(expand(other, *batch, *two[-2:]), count, *two[-2:])
    rows = () if vector else one[-2:-1]
    return shapes.unsafe_view(products.bmm(left, right), size=(*batch, *rows, two[-1]))


# -- dtypes and devices ------------------------------------------------------------------------------

NO_DESTINATION = """to() received an invalid combination of arguments - got ({}), but expected one of:
 * (torch.device device = None, torch.dtype dtype = None, bool non_blocking = False, bool copy = False, *, torch.memory_format memory_format = None)
 * (torch.dtype dtype, bool non_blocking = False, bool copy = False, *, torch.memory_format memory_format = None)
 * (Tensor tensor, bool non_blocking = False, bool copy = False, *, torch.memory_format memory_format = None)
"""  # noqa: E501


def to(self, *args, dtype=None, device=None, non_blocking=False, copy=False, memory_format=None):
    """The tensor in another dtype, on another device or laid out otherwise; itself when nothing changes, unless `copy`."""  # noqa: E501
    if args:
        given = destination(args)
        dtype, device = given.get("dtype", dtype), given.get("device", device)
        copy = given.get("copy", copy)
    changed = None if dtype is None else numpy_dtype(dtype, "to")
    if changed == self._array.dtype:
        changed = None
    layout = _layout(memory_format)
    if changed is not None and changed.kind != "f" and self._requires_grad:
        with no_grad():  # integers are outside the graph
            return to(pointwise.to_copy(self, dtype=changed, memory_format=layout), device=device)
    if device is not None and not backend.is_on(self._array, device if isinstance(device, str) else Device(device)):
        return pointwise.to_copy(self, dtype=changed, device=Device(device), home=self.device, memory_format=layout)
    if not copy and changed is None and (layout is None or suggested(self._array) is layout):
        return self
    return pointwise.to_copy(self, dtype=changed, memory_format=layout)


def _layout(format):
    """A memory format, None where the layout stays."""
    if format is None or format is preserve_format:
        return None
    if not isinstance(format, memory_format_class):
        raise TypeError(NO_DESTINATION.format(f"memory_format={type(format).__name__}, "))
    return format


def destination(args):
    """What the positional arguments of `to` say: a tensor to be like, or a device, a dtype or both; then two flags."""
    found, flags = {}, ["copy", "non_blocking"]
    for each in args:
        if isinstance(each, dtype_class):
            found["dtype"] = each
        elif isinstance(each, Tensor):
            found |= {"dtype": each.dtype, "device": each.device}
        elif isinstance(each, bool) and flags:
            found[flags.pop()] = each
        elif isinstance(each, (str, int)) and not isinstance(each, bool):
            found["device"] = each
        elif each is not None:
            kinds = ", ".join(type(other).__name__ for other in args)
            raise TypeError(NO_DESTINATION.format(kinds))
    return found


def cuda(self, device=None, non_blocking=False):
    """The tensor on a GPU: the current one, or the one named."""
    device = Device("cuda" if device is None else device)
    if device.type != "cuda":
        raise RuntimeError("Invalid device, must be cuda device")
    return to(self, device)


def cpu(self):
    """The tensor on the CPU."""
    return to(self, "cpu")


def contiguous(self, *, memory_format=contiguous_format):
    """The tensor itself where its elements lie in C order (or as memory_format says), else a copy that has them so."""
    if memory_format is preserve_format:
        raise RuntimeError("preserve memory format is unsupported by the contiguous operator")
    return self if self.is_contiguous(memory_format) else pointwise.clone(self, memory_format=memory_format)


def log_softmax(input, dim, dtype=None):
    """Logarithms of probabilities along a dimension, in another dtype if told."""
    input = input if dtype is None else to(input, dtype=dtype)
    return loss.log_softmax(input, dim=wrapped(dim, input._array.ndim))


def softmax(input, dim, dtype=None):
    """Probabilities along a dimension, in another dtype if told."""
    input = input if dtype is None else to(input, dtype=dtype)
    return loss.softmax(input, dim=wrapped(dim, input._array.ndim))


__all__ = [
    "flatten", "log_softmax", "matmul", "mean", "permute", "reshape", "softmax", "sum",
    "transpose", "unsqueeze", "where",
]  # fmt: skip
METHODS = [
    "contiguous", "cpu", "cuda", "expand", "flatten", "log_softmax", "matmul", "mean", "permute", "reshape",
    "size", "softmax", "sum", "to", "transpose", "unsqueeze", "view",
]  # fmt: skip
