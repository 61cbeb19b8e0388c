"""`x[index]` and `x[index] = value`: ints, slices, None and ... are views one after the other, then tensors pick.

As in PyTorch, ints are selects also beside index tensors, and a list counts as a tensor.
"""

import warnings
from builtins import slice as Slice
from typing import NamedTuple

import numpy as np

from gradviz.engine import backend, coerce, nested, versions, views
from gradviz.engine.dtypes import title
from gradviz.engine.inference import refuse_change
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import composite, in_place, indexing, picking, pointwise
from gradviz.ops import shape as shapes

NO_TUPLE = (
    "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in pytorch 2.9; use "
    "x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as tensor index, x[torch.tensor(seq)], "
    "which will result either in an error or a different result"
)
BYTES = "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead."


class Steps(NamedTuple):
    """An index taken apart: views in order, what they are in NumPy's notation, and the index tensors after them."""

    views: list  # ("select", dim, index), ("slice", dim, slice), ("unsqueeze", dim, None)
    basic: tuple
    indices: list  # a Tensor, or None for a whole dimension


@composed("getitem")
def getitem(self, index):
    """`x[2]`, `x[1:3, None, ..., -1]`, `x[mask]`, `x[[0, 2], 1:]`: as PyTorch."""
    if index.__class__ is int and self._array.ndim:
        return indexing.select(self, dim=0, index=_position(index, 0, 0, self._array.shape[0]))
    steps = _steps(self, index)
    out = self
    for kind, dim, part in steps.views:
        if kind == "select":
            out = indexing.select(out, dim=dim, index=part)
        elif kind == "slice":
            out = indexing.slice(out, dim=dim, **part)
        else:
            out = composite.unsqueeze(out, dim)
    if steps.indices:
        check_indices(out._array.shape, steps.indices)
        return picking.index(out, *steps.indices)
    return shapes.alias(self) if out is self else out


def _parts(index):
    if isinstance(index, tuple):
        return index
    # as in NumPy once, and in PyTorch still: a short list with more than numbers in it is a tuple
    if isinstance(index, list) and len(index) < 32:
        if any(isinstance(each, (Tensor, list, tuple, range, Slice)) or each is None or each is ... for each in index):
            warnings.warn(NO_TUPLE, UserWarning, stacklevel=5)
            return tuple(index)
    return (index,)


def _steps(self, index):
    parts = [_plain(part) for part in _parts(index)]
    shape = list(self._array.shape)
    picked = sum([_width(part) for part in parts])
    if picked > len(shape):
        _refuse_too_many(shape, parts, not isinstance(index, (int, np.integer, Slice)))
    whole_costs = not isinstance(index, tuple)  # in a tuple a whole dimension costs no node; x[:] is a slice
    views, basic, indices, dots = [], [], [], False
    dim = gone = folded = 0  # folded: dimensions that masks take beyond their one place in the list
    for part in parts:
        if part.__class__ is Slice:
            start, end, step = _bounds(part, shape[dim])
            if whole_costs or (start, end, step) != (0, shape[dim], 1):
                views.append(("slice", dim, {"start": start, "end": end, "step": step}))
            basic.append(Slice(start, end, step))
            shape[dim] = len(range(start, end, step))
            dim += 1
        elif part is Ellipsis:
            dots = True
            basic.append(part)
            dim += len(self._array.shape) - picked
        elif part is None or isinstance(part, bool):
            views.append(("unsqueeze", dim, None))
            basic.append(None)
            shape.insert(dim, 1)
            gone -= 1
            if part is not None:
                _place(indices, dim - folded, _like(self, np.zeros(int(part), np.int64)))
            dim += 1
        elif isinstance(part, int):
            views.append(("select", dim, _position(part, dim, gone, shape[dim])))
            basic.append(part)
            del shape[dim]
            gone += 1
        else:
            _place(indices, dim - folded, _like(self, part))
            basic += [Slice(None)] * _width(part)
            dim += _width(part)
            folded += _width(part) - 1
    if not dots:
        basic.append(...)  # with the dots, one element is a view too
    return Steps(views, tuple(basic), indices)


def _position(part, dim, gone, size):
    if not -size <= part < size:
        raise IndexError(f"index {part} is out of bounds for dimension {max(dim + gone, 0)} with size {size}")
    return part % size


def _plain(part):
    if part.__class__ is int or part.__class__ is Slice or part is None:
        return part
    if isinstance(part, Tensor):
        _refuse_no_index(part._array.dtype)
        if part._array.ndim == 0:
            return part._array.item()
        return part
    if part is None or part is Ellipsis or isinstance(part, (int, Slice)):
        return part
    if isinstance(part, np.integer):
        return int(part)
    if isinstance(part, np.bool_):
        return bool(part)
    if isinstance(part, (list, tuple, range, np.ndarray)):
        array = part if isinstance(part, np.ndarray) else nested.array_of(list(part), None)
        if not array.size and array.dtype.kind == "f":
            array = array.astype(np.int64)
        return _plain(Tensor(array))
    if isinstance(part, str):
        raise TypeError("new(): invalid data type 'str'")
    raise IndexError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
        f"{type(part).__name__})"
    )


def _width(part):
    """How many dimensions a part of an index stands for."""
    if part.__class__ is int or part.__class__ is Slice:
        return 1
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    if isinstance(part, Tensor) and part._array.dtype.name in ("bool", "uint8"):
        return part._array.ndim
    return 1


def _place(indices, dim, tensor):
    indices += [None] * (dim - len(indices))
    indices.append(tensor)


def _refuse_no_index(dtype):
    if dtype.name not in ("int64", "int32", "uint8", "bool"):
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")


def index_tensor(self, tensor):
    """A tensor as an index of `self`: IndexError for a dtype that is none, bytes as a mask."""
    _refuse_no_index(tensor._array.dtype)
    return _like(self, tensor)


def _like(self, part):
    """An index tensor on the device of the tensor that it picks from."""
    array = part._array if isinstance(part, Tensor) else part
    if array.dtype == np.uint8:
        warnings.warn(BYTES, UserWarning, stacklevel=5)
        array = array.astype(bool)
    device = backend.device_of(self._array)
    if backend.device_of(array) != device:
        if device == "cpu":
            raise RuntimeError("indices should be either on cpu or on the same device as the indexed tensor (cpu)")
        array = backend.moved(array, device)
    return part if isinstance(part, Tensor) and array is part._array else Tensor(array)


def _refuse_too_many(shape, parts, several):
    if shape or several:
        raise IndexError(f"too many indices for tensor of dimension {len(shape)}")
    if parts[0].__class__ is Slice:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    if parts[0]:
        raise IndexError(f"index {parts[0]} is out of bounds for dimension 0 with size 0")
    raise IndexError(
        "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to "
        "convert a 0-dim tensor to a number"
    )


def _bounds(part, size):
    if part.step is not None and int(part.step) < 0:
        raise ValueError("step must be greater than zero")
    start, end, step = part.indices(size)
    return start, max(start, end), step


def check_indices(shape, indices, values=None):
    """IndexError, with PyTorch's words, for indices that are out of bounds or don't fit; masks must have the shape.

    values: the array that is to be put there, which PyTorch looks at before the bounds.
    """
    dim, count, numbers = 0, 0, []
    for each in indices:
        if each is None:
            dim += 1
            continue
        array, width = each._array, 1
        if array.dtype.kind == "b":
            _refuse_mask(shape, array, dim)
            width = array.ndim
        else:
            numbers.append((dim, count, array))
        dim, count = dim + width, count + width
    _refuse_unlike([array.shape for _, _, array in numbers])
    for dim, count, array in numbers:
        if not shape[dim] and array.size:
            raise IndexError("index is out of bounds for dimension with size 0")
        if isinstance(array, np.ndarray):  # on a GPU this look would wait for the device
            wrong = array[(array < -shape[dim]) | (array >= shape[dim])]
            if wrong.size:
                _refuse_values(shape, indices, values)
                raise IndexError(
                    f"index {int(wrong.reshape(-1)[0])} is out of bounds for dimension {count} with size {shape[dim]}"
                )  # as PyTorch, which counts the index tensors


def _refuse_mask(shape, mask, dim):
    for d, size in enumerate(mask.shape):
        if size != shape[dim + d]:
            raise IndexError(
                f"The shape of the mask {list(mask.shape)} at index {d} does not match the shape of the indexed tensor "
                f"{list(shape)} at index {dim + d}"
            )


def _refuse_unlike(found):
    try:
        np.broadcast_shapes(*found)
    except ValueError:
        raise IndexError(
            "shape mismatch: indexing tensors could not be broadcast together with shapes "
            + ", ".join(str(list(each)) for each in found)
        ) from None


def _refuse_values(shape, indices, values):
    """RuntimeError for values that don't fit the places, wherever those are."""
    if values is not None:
        firsts = [None if each is None else each._array * each._array.dtype.type(0) for each in indices]
        picking.assign(np.zeros(shape, values.dtype), picking.key_of(firsts), values)


# -- x[index] = value --------------------------------------------------------------------------------


@composed("setitem")
def setitem(self, index, value):
    """`x[index] = value`, in place: the node that PyTorch gives it where it is part of a graph."""
    if versions.uncounted:
        refuse_change(self)
    given, steps = _value(self, value), _steps(self, index)
    if versions.forks and mode.grad:
        views.settle((self, given) if steps.views else (given,))
    target = self._array[steps.basic]
    all_of_it = target.shape == self._array.shape and all(kind == "slice" for kind, _, _ in steps.views)
    if steps.indices:
        check_indices(target.shape, steps.indices, given._array)
        _refuse_other_dtype(self, given)
        given = _without_leading_ones(given)
        key = picking.key_of([None if each is None else each._array for each in steps.indices])
    else:
        key, given = ..., _fitting(given, target.shape)
    if not (mode.grad and (self.requires_grad or given._requires_grad)):
        if not steps.indices and given._array.ndim:
            in_place.refuse_repeats(target)
            in_place.refuse_overlap(target, given._array)
        picking.assign(in_place.writable(target), key, given._array)
        del target  # a view, for which nothing has to be remembered
        in_place.note(self, "setitem")
        return
    direct = all_of_it if not steps.indices else not steps.views
    part = self if direct else views.part(self, target)
    in_place.refuse_in_graph(part, (given,), "" if direct else steps.views[-1][0].title())
    if steps.indices:
        changed = lambda part: picking.index_put(part, given, *steps.indices)  # noqa: E731
    elif given._array.ndim or not part._array.ndim:
        changed = lambda part: pointwise.copy(part, given)  # noqa: E731
    else:
        changed = lambda part: pointwise.fill_tensor(part, given)  # noqa: E731
    in_place.change(part, "setitem", changed, (given,), repeats=bool(steps.indices) or not given._array.ndim)


def _value(self, value):
    if isinstance(value, Tensor):
        return value if value.is_cuda == self.is_cuda else composite.to(value, self.device)
    if type(value) in coerce.NUMBERS or isinstance(value, np.generic):
        scalar = np.asarray(value).astype(self._array.dtype)[()]
        return Tensor(backend.module_of(self._array).full((), scalar, scalar.dtype))
    raise TypeError(f"can't assign a {_kind(value)} to a torch.{title(self._array.dtype)}Tensor")


def _kind(value):
    return "numpy.ndarray" if isinstance(value, np.ndarray) else type(value).__name__


def _refuse_other_dtype(self, given):
    own, other = self._array.dtype, given._array.dtype
    if own != other:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {title(own)} for the destination and "
            f"{title(other)} for the source."
        )


def _without_leading_ones(given):
    shape = given._array.shape
    first = next((k for k, n in enumerate(shape) if n != 1), len(shape))
    return composite.reshape(given, shape[first:]) if first else given


def _fitting(given, size):
    """A value for a region: as it is, a 0-d one too; else without leading ones, and expanded."""
    shape = given._array.shape
    if shape == size or not shape:
        return given
    first = next((k for k, n in enumerate(shape) if n != 1), len(shape))
    given = composite.reshape(given, shape[first:])  # a view even where nothing is left out, as in PyTorch
    return given if given._array.shape == size else shapes.expand(given, size=size)
