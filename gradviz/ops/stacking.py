"""What PyTorch makes of cat, stack, split and unbind: stacks, chunks, grids."""

from itertools import accumulate

import numpy as np

from gradviz.engine import coerce
from gradviz.engine.coerce import size_at
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import composite, indexing, joining
from gradviz.ops import shape as shapes
from gradviz.ops.composite import wrapped


def _listed(name, tensors):
    """The tensors of a list; RuntimeError or TypeError, as PyTorch's, for an empty list or no tensors."""
    if isinstance(tensors, Tensor) or not isinstance(tensors, (tuple, list)):
        kind = type(tensors).__name__
        raise TypeError(f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not {kind}")
    for place, each in enumerate(tensors):
        if not isinstance(each, Tensor):
            raise TypeError(
                f"expected Tensor as element {place} in argument 0, but got {type(each).__name__}"
            )
    if not tensors:
        if name == "cat":
            raise ValueError("torch.cat(): expected a non-empty list of Tensors")
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return tuple(tensors)


def cat(tensors, dim=0):
    """Tensors one after the other along a dimension that they have."""
    tensors = _listed("cat", tensors)
    for place, each in enumerate(tensors):
        if not each._array.ndim:
            raise RuntimeError(f"zero-dimensional tensor (at position {place}) cannot be concatenated")
    return joining.cat(*tensors, dim=wrapped(dim, max(each._array.ndim for each in tensors)))


def stack(tensors, dim=0):
    """Tensors of one shape along a new dimension."""
    tensors = _listed("stack", tensors)
    return joining.stack(*tensors, dim=wrapped(dim, tensors[0]._array.ndim + 1))


def unbind(self, dim=0):
    """Every position of a dimension, a tuple of views."""
    dim = wrapped(dim, self._array.ndim)
    size_at(self._array, dim)
    return joining.unbind(self, dim=dim)


def _first_given(*named):
    return next((each for each in named if each is not None), None)


def split(self, split_size_or_sections=None, dim=0, *, split_size=None):
    """Ranges of one size (an int) or of given sizes (a list); views."""
    split_size_or_sections = _first_given(split_size_or_sections, split_size)
    if isinstance(split_size_or_sections, (tuple, list)):
        return split_with_sizes(self, split_size_or_sections, dim)
    if not self._array.ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    size, dim = int(split_size_or_sections), wrapped(dim, self._array.ndim)
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if not size and self._array.shape[dim]:
        raise RuntimeError(
            f"split_size can only be 0 if dimension size is 0, but got dimension size of {self._array.shape[dim]}"
        )
    return joining.split(self, split_size=size, dim=dim)


def split_with_sizes(self, split_sizes, dim=0):
    """Ranges of given sizes; views."""
    if not self._array.ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    sizes, dim = tuple(int(each) for each in split_sizes), wrapped(dim, self._array.ndim)
    if any(each < 0 for each in sizes):
        raise RuntimeError(
            f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={list(sizes)}"
        )
    if sum(sizes) != self._array.shape[dim]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {self._array.shape[dim]} (input tensor's size at "
            f"dimension {dim}), but got split_sizes={list(sizes)}"
        )
    return joining.split_with_sizes(self, split_sizes=sizes, dim=dim)


def chunk(self, chunks, dim=0):
    """At most `chunks` ranges of one size, the last one what is left; views."""
    if not self._array.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    dim = wrapped(dim, self._array.ndim)
    size = self._array.shape[dim]
    if not size:
        return joining.split_with_sizes(self, split_sizes=(0,) * chunks, dim=dim)
    return joining.split(self, split_size=-(-size // chunks), dim=dim)


def tensor_split(
    self, indices_or_sections=None, dim=0, *, sections=None, indices=None, tensor_indices_or_sections=None
):
    """A number of nearly equal ranges, or the ranges between indices; views."""
    indices_or_sections = _first_given(indices_or_sections, sections, indices, tensor_indices_or_sections)
    if isinstance(indices_or_sections, Tensor):
        indices_or_sections = indices_or_sections.tolist()
    if not self._array.ndim:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    dim = wrapped(dim, self._array.ndim)
    size = self._array.shape[dim]
    if isinstance(indices_or_sections, int):
        count = indices_or_sections
        if count <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {count}")
        ends = [*accumulate(size // count + (i < size % count) for i in range(count))]
        starts = [0, *ends[:-1]]
    else:
        starts, ends = [0, *indices_or_sections], [*indices_or_sections, size]
    found = []
    for start, end in zip(starts, ends, strict=True):
        first, last, _ = slice(start, end).indices(size)
        found.append(indexing.slice(self, dim=dim, start=first, end=max(first, last), step=1))
    return tuple(found)


def hsplit(self, indices_or_sections=None, *, sections=None, indices=None):
    """tensor_split along the second dimension, or the first of a vector."""
    indices_or_sections = _first_given(indices_or_sections, sections, indices)
    if not self._array.ndim:
        raise RuntimeError(
            "torch.hsplit requires a tensor with at least 1 dimension, but got a tensor with 0 dimensions!"
        )
    dim = 0 if self._array.ndim == 1 else 1
    _refuse_a_rest("hsplit", self, indices_or_sections, dim)
    return tensor_split(self, indices_or_sections, dim)


def _refuse_a_rest(name, self, sections, dim):
    if isinstance(sections, int) and (sections <= 0 or self._array.shape[dim] % sections):
        raise RuntimeError(
            f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension "
            f"{self._array.shape[dim]} is not divisible by the split_size {sections}!"
        )


def vsplit(self, indices_or_sections=None, *, sections=None, indices=None):
    """tensor_split along the first dimension."""
    indices_or_sections = _first_given(indices_or_sections, sections, indices)
    if self._array.ndim < 2:
        raise RuntimeError(
            "torch.vsplit requires a tensor with at least 2 dimension, but got a tensor with "
            f"{self._array.ndim} dimensions!"
        )
    _refuse_a_rest("vsplit", self, indices_or_sections, 0)
    return tensor_split(self, indices_or_sections, 0)


def dsplit(self, indices_or_sections=None, *, sections=None, indices=None):
    """tensor_split along the third dimension."""
    indices_or_sections = _first_given(indices_or_sections, sections, indices)
    if self._array.ndim < 3:
        raise RuntimeError(
            "torch.dsplit requires a tensor with at least 3 dimension, but got a tensor with "
            f"{self._array.ndim} dimensions!"
        )
    _refuse_a_rest("dsplit", self, indices_or_sections, 2)
    return tensor_split(self, indices_or_sections, 2)


# -- vectors, matrices and grids ---------------------------------------------------------------------


def _at_least(name, raised):
    def call(*tensors):
        if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
            return tuple(raised(each) for each in tensors[0])
        return raised(tensors[0]) if len(tensors) == 1 else tuple(raised(each) for each in tensors)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"Dimensions of size 1 added until there are {name[8]}; several tensors give a tuple."
    return call


def _to_1d(self):
    return composite.reshape(self, 1) if not self._array.ndim else self


def _to_2d(self):
    if not self._array.ndim:
        return composite.reshape(self, 1, 1)
    return shapes.unsqueeze(self, dim=0) if self._array.ndim == 1 else self


def _to_3d(self):
    if not self._array.ndim:
        return composite.reshape(self, 1, 1, 1)
    if self._array.ndim == 1:
        self = shapes.unsqueeze(self, dim=0)
    return shapes.unsqueeze(self, dim=2) if self._array.ndim == 2 else self


atleast_1d = _at_least("atleast_1d", _to_1d)
atleast_2d = _at_least("atleast_2d", _to_2d)
atleast_3d = _at_least("atleast_3d", _to_3d)


@composed("hstack")
def hstack(tensors):
    """Tensors side by side: along the second dimension, vectors along their only one."""
    tensors = atleast_1d(_listed("hstack", tensors))
    return cat(tensors, 0 if tensors[0]._array.ndim == 1 else 1)


@composed("vstack")
def vstack(tensors):
    """Tensors one below the other; a vector is a row."""
    return cat(atleast_2d(_listed("vstack", tensors)), 0)


@composed("dstack")
def dstack(tensors):
    """Tensors one behind the other, along the third dimension."""
    return cat(atleast_3d(_listed("dstack", tensors)), 2)


@composed("column_stack")
def column_stack(tensors):
    """Tensors side by side; a vector is a column."""
    columns = [
        composite.reshape(each, each._array.size, 1) if each._array.ndim <= 1 else each
        for each in _listed("column_stack", tensors)
    ]
    return cat(columns, 1)


@composed("meshgrid")
def meshgrid(*tensors, indexing="ij"):
    """Vectors spread over a grid; indexing "xy" swaps the first two dimensions."""
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    tensors = [*given]
    if indexing not in ("ij", "xy"):
        raise RuntimeError(
            f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}'
        )
    for each in tensors:
        if each._array.ndim > 1:
            raise RuntimeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {each!r}")
    if len({each._array.dtype for each in tensors}) > 1:
        raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    places = [*range(len(tensors))]
    if indexing == "xy":
        places[:2] = places[1::-1]  # the first along the columns
    size = tuple(tensors[place]._array.size for place in places)
    grids = {  # in the order of the dimensions, as PyTorch makes them
        place: shapes.expand(composite.view(tensors[place], *(1,) * dim, -1, *(1,) * (len(size) - 1 - dim)), size=size)
        for dim, place in enumerate(places)
    }
    return tuple(grids[k] for k in range(len(tensors)))


@composed("cartesian_prod")
def cartesian_prod(*tensors):
    """Every combination of elements of vectors, a row each."""
    for each in tensors:
        if each._array.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(each._array.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([composite.flatten(each) for each in meshgrid(*tensors)], 1)


@composed("broadcast_tensors")
def broadcast_tensors(*tensors):
    """Tensors expanded to the shape that they have in common; views."""
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    found = [each._array.shape for each in given]
    try:
        size = np.broadcast_shapes(*found)
    except ValueError:
        raise RuntimeError(_complaint(found)) from None
    return tuple(each if each._array.shape == size else shapes.expand(each, size=size) for each in given)


def _complaint(found):
    size = found[0]
    for each in found[1:]:
        said = coerce.broadcast_complaint(size, each)
        if said:
            return said
            size = np.broadcast_shapes(size, each)
    return "shapes don't broadcast"


concat = concatenate = cat
row_stack = vstack

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_tensors", "cartesian_prod", "cat", "chunk", "column_stack",
    "concat", "concatenate", "dsplit", "dstack", "hsplit", "hstack", "meshgrid", "row_stack", "split",
    "split_with_sizes", "stack", "tensor_split", "unbind", "vsplit", "vstack",
]  # fmt: skip
METHODS = ["chunk", "dsplit", "hsplit", "split", "split_with_sizes", "tensor_split", "unbind", "vsplit"]
