"""gather, scatter, index_select and their kin as PyTorch calls them: dims wrapped, sizes and dtypes checked."""

import warnings

import numpy as np

from gradviz.engine import coerce
from gradviz.engine.coerce import size_at
from gradviz.engine.dtypes import title
from gradviz.engine.tensor import Tensor
from gradviz.ops import composite, flattened, folding, indexing, picking, rounding, subscripts
from gradviz.ops import shape as shapes
from gradviz.ops.composite import wrapped
from gradviz.ops.refusals import refuse_scalar, refuse_whole_in_graph


def _long(name, index):
    if index._array.dtype.kind not in "iu" or index._array.dtype.itemsize < 4:
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")


def _fits(name, self, index, dim):
    """RuntimeError unless index has as many dimensions as self, and no greater size but along dim."""
    mine, its = self._array.shape or (1,), index._array.shape or (1,)
    if len(mine) != len(its):
        raise RuntimeError(
            "Index tensor must have the same number of dimensions as input tensor"
            if name == "gather"
            else "Index tensor must have the same number of dimensions as self tensor"
        )
    return [d for d, (n, m) in enumerate(zip(mine, its, strict=True)) if d != dim and m > n]


def gather(self, dim, index, *, sparse_grad=False):
    """`self[i, index[i, j]]` along `dim`, for every element of index."""
    _long("gather", index)
    dim = wrapped(dim, self._array.ndim)
    if index._array.size:
        wrong = _fits("gather", self, index, dim)
        if wrong:
            raise RuntimeError(
                f"Size does not match at dimension {wrong[0]} expected index {list(index._array.shape)} to be no "
                f"larger than self {list(self._array.shape)} apart from dimension {dim}"
            )
    return picking.gather(self, index, dim=dim, sparse_grad=sparse_grad)


def _ready_to_scatter(name, self, dim, index, src):
    _long("scatter", index)
    dim = wrapped(dim, self._array.ndim)
    if isinstance(src, Tensor):
        if src._array.dtype != self._array.dtype:
            raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
        if index._array.size:
            wrong = _fits("scatter", self, index, dim)
            shown = f"index {list(index._array.shape)} to be no larger than"
            mine, given = list(self._array.shape), list(src._array.shape)
            wrong = wrong or (given and any(m > size_at(src._array, d) for d, m in enumerate(index._array.shape)))
            if len(given or (1,)) != len(index._array.shape or (1,)):
                raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
            if wrong:
                raise RuntimeError(
                    f"Expected {shown} self {mine} apart from dimension {dim} and to be no larger size than src {given}"
                )
    elif index._array.size:
        wrong = _fits("scatter", self, index, dim)
        if wrong:
            raise RuntimeError(
                f"Expected index {list(index._array.shape)} to be no larger than self {list(self._array.shape)} apart "
                f"from dimension {dim}"
            )
    return dim


def scatter(self, dim, index, src=None, *, value=None, reduce=None):
    """A copy with the elements of src, or a number, put where index points along `dim`; or "add", "multiply" them."""
    if reduce is not None:
        return _scattered_together(self, dim, index, value if src is None else src, reduce)
    src = value if src is None else src
    dim = _ready_to_scatter("scatter", self, dim, index, src)
    if isinstance(src, Tensor):
        return picking.scatter(self, index, src, dim=dim)
    return picking.scatter_value(self, index, dim=dim, value=src)


_WITH_TENSOR = (
    "The reduce argument of torch.scatter with Tensor src is deprecated and will be removed in a future PyTorch "
    "release. Use torch.scatter_reduce instead for more reduction options."
)


def _scattered_together(self, dim, index, src, reduce):
    if reduce not in ("add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")
    dim, reduce = _ready_to_scatter("scatter", self, dim, index, src), "sum" if reduce == "add" else "prod"
    if isinstance(src, Tensor):
        warnings.warn(_WITH_TENSOR, UserWarning, stacklevel=4)
        return folding.scatter_folded(self, index, src, dim=dim, reduce=reduce)
    return folding.scatter_folded_value(self, index, dim=dim, value=src, reduce=reduce)


def scatter_add(self, dim, index, src):
    """A copy with the elements of src added where index points along `dim`."""
    dim = _ready_to_scatter("scatter", self, dim, index, src)
    return picking.scatter_add(self, index, src, dim=dim)


# -- positions of a dimension ------------------------------------------------------------------------


def index_select(self, dim, index):
    """Positions of a dimension, one for each element of a vector."""
    dim = wrapped(dim, self._array.ndim)
    if not isinstance(index, Tensor):
        raise TypeError(f"index_select(): argument 'index' (position 2) must be Tensor, not {type(index).__name__}")
    if index._array.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if index._array.dtype.kind not in "iu" or index._array.dtype.itemsize < 4:
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    return picking.index_select(self, index, dim=dim)


def index_add(self, dim, index, source, *, alpha=1):
    """A copy with `alpha * source` added at the positions of `dim` that index names."""
    dim = _ready_to_index("index_add_", self, dim, index, source)
    return picking.index_add(self, index, source, dim=dim, alpha=alpha)


_REDUCTIONS = ("prod", "mean", "amax", "amin")


def index_reduce(self, dim, index, source, reduce, *, include_self=True):
    """A copy with source brought together at the positions that index names: "prod", "mean", "amax" or "amin"."""
    if reduce not in _REDUCTIONS:
        raise RuntimeError(
            f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}."
        )
    dim = _ready_to_index("index_reduce_", self, dim, index, source)
    warnings.warn("index_reduce() is in beta and the API may change at any time.", UserWarning, stacklevel=3)
    return folding.index_reduced(self, index, source, dim=dim, reduce=reduce, include_self=include_self)


def _ready_to_index(name, self, dim, index, source):
    dim = wrapped(dim, self._array.ndim)
    if index._array.ndim > 1:
        raise IndexError(
            f"{name}(): Index is supposed to be a vector, but got dim: {index._array.ndim} with type: "
            f"{title(index._array.dtype)} and size: {list(index._array.shape)}"
        )
    if index._array.dtype.kind not in "iu" or index._array.dtype.itemsize < 4:
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index but got: {title(index._array.dtype)}")
    if source._array.dtype != self._array.dtype:
        raise RuntimeError(
            f"{name}(): self ({title(self._array.dtype)}) and source ({title(source._array.dtype)}) must have the "
            "same scalar type"
        )
    count, mine, its = index._array.size, self._array.shape, source._array.shape
    if dim and dim >= len(its):
        raise RuntimeError(f"{name}(): Indexing dim {dim} is out of bounds of the source tensor with dim {len(its)}")
    if count != (its[dim] if its else 1):
        raise RuntimeError(
            f"{name}(): Number of indices ({count}) should be equal to source.size(dim): "
            f"({size_at(source._array, dim)}), for dim: {dim}"
        )
    if len(mine) != len(its) or mine[:dim] + mine[dim + 1 :] != its[:dim] + its[dim + 1 :]:
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
            f"{list(self._array.shape)} source.shape = {list(source._array.shape)}"
        )
    return dim


def index_copy(self, dim, index, source):
    """A copy with source put at the positions of `dim` that index names."""
    dim = wrapped(dim, self._array.ndim)
    if index._array.ndim > 1:
        raise IndexError(f"index_copy_(): Index should have dimension 1 or 0 (got {index._array.ndim})")
    if index._array.dtype != np.int64:
        raise RuntimeError(f"index_copy_(): Expected a long tensor for index, but got {title(index._array.dtype)}")
    if source._array.dtype != self._array.dtype:
        raise RuntimeError(
            "index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{title(self._array.dtype)} and (source) {title(source._array.dtype)}"
        )
    mine, its, count = self._array.shape, source._array.shape, index._array.size
    if not its and count != 1:
        raise IndexError(f"index_copy_(): When source is scalar, index should have one element (got {count})")
    if mine and its and len(mine) != len(its):
        raise IndexError(
            "index_copy_(): When source and destination are not scalars, their dimensionality must match. Source "
            f"dimensionality ({len(its)}), destination dimensionality ({len(mine)})"
        )
    one, two = mine[:dim] + mine[dim + 1 :], its[:dim] + its[dim + 1 :]
    if one != two:
        raise RuntimeError(
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: "
            f"{' '.join(map(str, one))} at dimension {dim} and source slice shape: {' '.join(map(str, two))} at "
            "dimension 0."
        )
    if its and count != its[dim]:
        raise IndexError(
            f"index_copy_(): Number of indices ({count}) should be equal to source.size(dim) ({its[dim]})"
        )
    return picking.index_copy(self, index, source, dim=dim)


def select(self, dim, index):
    """One position of a dimension, which is left out; a view."""
    refuse_scalar("select", self._array)
    dim = wrapped(dim, self._array.ndim)
    size = self._array.shape[dim]
    if not -size <= index < size:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(self._array.shape)} at dimension {dim}"
        )
    return indexing.select(self, dim=dim, index=index)


def index_fill(self, dim, index, value):
    """A copy with a number, or a 0-d tensor's value, at the positions of `dim` that index names."""
    if isinstance(value, Tensor) and value._array.ndim:
        raise RuntimeError(
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value._array.ndim} dimension(s)."
        )
    dim = wrapped(dim, self._array.ndim)
    if index._array.dtype.name != "int64":
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    if index._array.ndim > 1:
        raise RuntimeError("Index has to be a vector/scalar")
    if isinstance(value, Tensor):
        refuse_whole_in_graph(self, value)
        return picking.index_fill_tensor(self, index, value, dim=dim)
    return picking.index_fill(self, index, dim=dim, value=value)


def index_put(self, indices, values, accumulate=False):
    """A copy with values at the places that index tensors name; accumulate adds them."""
    if not isinstance(indices, (tuple, list)):
        raise TypeError(
            f"index_put(): argument 'indices' (position 2) must be tuple of Tensors, not {type(indices).__name__}"
        )
    for place, each in enumerate(indices):
        if not isinstance(each, Tensor):
            raise TypeError(f"expected Tensor as element {place} in argument 1, but got {type(each).__name__}")
    if not isinstance(values, Tensor):
        raise TypeError(f"index_put(): argument 'values' (position 3) must be Tensor, not {type(values).__name__}")
    if len(indices) > self._array.ndim:
        raise IndexError(f"too many indices for tensor of dimension {self._array.ndim} (got {len(indices)})")
    indices = [subscripts.index_tensor(self, each) for each in indices]
    subscripts.check_indices(self._array.shape, indices, values._array)
    return picking.index_put(self, values, *indices, accumulate=accumulate)


# -- places and masks --------------------------------------------------------------------------------

take = flattened.take


def put(self, index, source, accumulate=False):
    """A copy with elements put, or added, at places in the flattened tensor."""
    if source._array.dtype != self._array.dtype:
        raise RuntimeError(
            f"put_(): self and source expected to have the same dtype, but got self.dtype = {title(self._array.dtype)} "
            f"and source.dtype = {title(source._array.dtype)}"
        )
    if source._array.size != index._array.size:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source._array.size}, index.numel() = {index._array.size}"
        )
    return flattened.put(self, index, source, accumulate=accumulate)


def take_along_dim(self, indices, dim=None):
    """As gather, but shapes broadcast; without dim as if flattened."""
    if dim is None:
        return gather(composite.view(self, -1), 0, composite.view(indices, -1))
    if self._array.ndim != indices._array.ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{self._array.ndim} dimensions for input, and {indices._array.ndim} dimensions for indices"
        )
    if indices._array.dtype.name != "int64":
        raise RuntimeError(
            f"torch.take_along_dim(): dtype of indices should be Long but got {title(indices._array.dtype)}"
        )
    dim = wrapped(dim, self._array.ndim)
    if not self._array.shape[dim] and indices._array.size:
        raise RuntimeError("ZeroDivisionError")
    mine, its = list(self._array.shape), list(indices._array.shape)
    mine[dim], its[dim] = its[dim], mine[dim]
    coerce.check_broadcast(mine, indices._array.shape)
    size = np.broadcast_shapes(tuple(its), self._array.shape)
    index_size = np.broadcast_shapes(tuple(mine), indices._array.shape)
    spread = shapes.expand(indices, size=index_size)
    return gather(shapes.expand(self, size=size), dim, rounding.remainder(spread, size[dim]))


def masked_select(self, mask):
    """The elements where a mask holds, as a vector; shapes broadcast."""
    if mask._array.dtype.kind != "b":
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    coerce.check_broadcast(mask._array.shape, self._array.shape)
    return flattened.masked_select(self, mask)


def masked_scatter(self, mask, source):
    """A copy with the elements of source, in order, where a mask holds."""
    if self._array.dtype != source._array.dtype:
        raise RuntimeError(
            "masked_scatter: expected self and source to have same dtypes but got"  # no space in PyTorch's either
            f"{title(self._array.dtype)} and {title(source._array.dtype)}"
        )
    if mask._array.dtype.kind != "b":
        raise RuntimeError(
            f"masked_scatter_ only supports boolean masks, but got mask with dtype {title(mask._array.dtype)}"
        )
    coerce.check_broadcast(mask._array.shape, self._array.shape)
    size = np.broadcast_shapes(self._array.shape, mask._array.shape)
    if size != self._array.shape:
        self = shapes.expand(self, size=size)
    return flattened.masked_scatter(self, mask, source)


def nonzero(self, *, as_tuple=False):
    """The places of the elements that are not zero: a row each, or a tuple with a vector a dimension."""
    if not as_tuple:
        return indexing.nonzero(self)
    return composite.where(self)


def argwhere(self):
    """The places of the elements that are not zero, a row each."""
    return indexing.nonzero(self)


__all__ = [
    "argwhere", "gather", "index_add", "index_copy", "index_fill", "index_put", "index_reduce", "index_select",
    "masked_scatter", "masked_select", "nonzero", "put", "scatter", "scatter_add", "select", "take",
    "take_along_dim",
]  # fmt: skip
METHODS = __all__
