"""Ops that pick elements by integers or masks, and put them back: index, gather, scatter, take and their kin.

What adds up where indices repeat goes through one flat list of places: no loop over elements on any device.
"""

import numpy as np

from gradviz.engine.backend import module_of
from gradviz.engine.dtypes import title
from gradviz.engine.fitting import refuse_misfit
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops import twins


def refuse_outside(error, index, size, what):
    """`error` for the first index outside of 0 ... size - 1; on a GPU this look would wait for the device."""
    if type(index).__module__ != "numpy" or not index.size or (index.min() >= 0 and index.max() < size):
        return
    wrong = index[(index < 0) | (index >= size)]
    raise error(what.format(int(wrong.reshape(-1)[0])))


_OUT_OF_BOUNDS = "index {{}} is out of bounds for dimension {} with size {}"


WIDE = 512  # elements of a slice that are worth a call


def _at_least_1d(array):
    return array.reshape(1) if array.ndim == 0 else array


def _flat_places(xp, shape, dim, index):
    """Where in a flattened array of `shape` the elements of `index` along `dim` point: (index's shape)."""
    places, step = 0, 1
    for d in reversed(range(len(shape))):
        count = (1,) * d + (-1,) + (1,) * (len(shape) - 1 - d)
        along = index if d == dim else xp.arange(index.shape[d]).reshape(count)
        places = places + (along if step == 1 else along * step)
        step *= shape[d]
    return places


def added_at(xp, out, places, values):
    """`values` added to a contiguous array at flat places, which may repeat."""
    small = xp is not np and out.dtype.itemsize < 4 and out.dtype.kind in "biu"
    wide = out.astype(xp.int64) if small else out  # CuPy adds no small integers at places
    xp.add.at(wide.reshape(-1), xp.broadcast_to(places, values.shape).reshape(-1), values.reshape(-1))
    return wide.astype(out.dtype) if small else out


def slices_added(xp, out, dim, places, values):
    """Whether `values` were added to `out` at places along a dimension, which may repeat: slice by slice.

    For large slices on the CPU; that takes half the time, or less, of an addition at each element's place.
    """
    if twins.slices_added(out, places, values, dim):
        return True
    if xp is not np or out.size < WIDE * out.shape[dim]:
        return False
    slices = np.moveaxis(out, dim, 0)
    for place, value in zip(places.tolist(), np.moveaxis(values, dim, 0), strict=True):
        slices[place] += value
    return True


def rows_added_at(xp, out, rows, values):
    """`values` (N, ...) added to a contiguous array (M, ...) at N rows, which may repeat."""
    if out.size and slices_added(xp, out, 0, rows, values):
        return out
    width = out.size // max(len(out), 1)
    places = rows[:, None] * width + xp.arange(width)
    return added_at(xp, out, places, values.reshape(len(rows), width))


# -- x[index] ----------------------------------------------------------------------------------------


def key_of(indices):
    """Index arrays as NumPy and CuPy take them; None stands for a whole dimension."""
    if sum(each is not None and each.dtype.kind == "b" for each in indices) > 1:  # CuPy takes one mask at most
        indices = [part for each in indices for part in _places_of(each)]
    return tuple(slice(None) if each is None else each for each in indices)


def _places_of(index):
    """A mask as the indices of its dimensions; any other index as it is."""
    return index.nonzero() if index is not None and index.dtype.kind == "b" else (index,)


def _unpicked(ops, grad, self_sym_sizes, indices):
    return ops.index_put_impl(
        ops.new_zeros(grad, size=tuple(self_sym_sizes)), grad, *indices, accumulate=True, unsafe=True
    )


@op(self=vjp("1 where picked (added up), else 0", _unpicked))
def index(xp, self, *indices):
    """Elements picked by integers or masks, `self[indices]`; None stands for a whole dimension."""
    picked = self[key_of(indices)]
    return xp.asarray(picked, order="C") if self.flags.c_contiguous else picked


def assign(array, key, values):
    """`array[key] = values`; RuntimeError with PyTorch's words when the shapes don't fit."""
    try:
        array[key] = values
    except (ValueError, TypeError):  # the latter for a mask and values of several dimensions
        raise RuntimeError(_mismatch(values.shape, array[key].shape)) from None


def _mismatch(given, wanted):
    return (
        f"shape mismatch: value tensor of shape {list(given)} cannot be broadcast to indexing result of shape "
        f"{list(wanted)}"
    )


def _put(xp, self, values, indices, accumulate):
    out = xp.array(self, order="C")  # a copy
    key = key_of(indices)
    if not accumulate:
        assign(out, key, values)
        return out
    if len(indices) == 1 and indices[0].dtype.kind == "i" and values.shape == indices[0].shape + out.shape[1:]:
        rows = indices[0].reshape(-1)
        if rows.size and out.size:
            refuse_outside(IndexError, rows + len(out) * (rows < 0), len(out), _OUT_OF_BOUNDS.format(0, len(out)))
            out = rows_added_at(xp, out, rows + len(out) * (rows < 0), values.reshape(len(rows), *out.shape[1:]))
        return out
    places = xp.arange(out.size).reshape(out.shape)[key]
    try:
        spread = xp.broadcast_to(values, places.shape)
    except ValueError:
        raise RuntimeError(_mismatch(values.shape, places.shape)) from None
    return added_at(xp, out, places, spread)


_PUT = {
    "self": vjp(
        "1 where nothing was put, else 0 (1 where it was added)",
        lambda ops, grad, indices, accumulate: grad
        if accumulate
        else ops.index_put(grad, ops.new_zeros(grad, size=()), *indices, accumulate=False),
    ),
    "values": vjp("1 where it was put, else 0", lambda ops, grad, indices: ops.index(grad, *indices)),
}


@op(**_PUT)
def index_put_impl(xp, self, values, *indices, accumulate, unsafe):
    """What backward of an index runs: values added to zeros at the picked places."""
    return _put(xp, self, values, indices, accumulate)


@op(**_PUT)
def index_put(xp, self, values, *indices, accumulate=False):
    """A copy with values at the picked places, `self[indices] = values`; accumulate adds them."""
    if values.dtype != self.dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {title(self.dtype)} for the destination "
            f"and {title(values.dtype)} for the source."
        )
    return _put(xp, self, values, indices, accumulate)


# -- along a dimension -------------------------------------------------------------------------------


def _gathered_back(ops, grad, self, index, dim, sparse_grad):
    if not isinstance(grad, Tensor):
        xp = module_of(grad)
        return _scattered_into(xp, xp.zeros(self.shape, grad.dtype), index, grad, dim, True)
    return ops.scatter_add(ops.new_zeros(grad, size=tuple(self.shape)), index, grad, dim=dim)


@op(self=vjp("1 where picked (added up), else 0", _gathered_back))
def gather(xp, self, index, *, dim, sparse_grad=False):
    """`self[i, index[i, j]]` along a dimension, for every element of index."""
    if not self.ndim:
        return xp.broadcast_to(self, index.shape).copy()
    found = twins.picked(self, index, dim)
    if found is not None:
        return found
    refuse_outside(RuntimeError, index, self.shape[dim], _OUT_OF_BOUNDS.format(dim, self.shape[dim]))
    if not index.size:
        return xp.zeros(index.shape, self.dtype)
    return xp.take(self.reshape(-1), _flat_places(xp, self.shape, dim, index))


def from_source(ops, grad, index, sizes, dim, node):
    """The gradient of what was put where index points: RuntimeError, as PyTorch's, where that is larger than index."""
    refuse_misfit(node, 1, tuple(index.shape), tuple(sizes))
    return ops.gather(grad, index, dim=dim)


def _scattered(xp, self, index, values, dim, add):
    """A copy of `self` with values put, or added, where index points along dim."""
    return _scattered_into(xp, xp.array(self, order="C"), index, values, dim, add)


def _scattered_into(xp, whole, index, values, dim, add):
    out = whole
    if not out.ndim:
        out, index = out.reshape(1), _at_least_1d(index)
        values = values if not hasattr(values, "ndim") else _at_least_1d(values)
    size = out.shape[dim]
    if add and twins.added_along(out, index, values, dim):
        return whole
    refuse_outside(RuntimeError, index, size, _OUT_OF_BOUNDS.format(dim, size))
    if index.size:
        if hasattr(values, "ndim") and values.ndim:
            values = values[tuple(slice(n) for n in index.shape)]
        places = _flat_places(xp, out.shape, dim, index)
        if add:
            added_at(xp, out, places, values)
        else:
            out.reshape(-1)[places] = values
    return whole


@op(
    hidden=("src_sym_sizes",),
    self=vjp("0 where put, else 1", lambda ops, grad, index, dim: ops.scatter_value(grad, index, dim=dim, value=0)),
    src=vjp(
        "1 where it was put, else 0",
        lambda ops, grad, index, src_sym_sizes, dim: from_source(
            ops, grad, index, src_sym_sizes, dim, "ScatterBackward0"
        ),
    ),
)
def scatter(xp, self, index, src, *, dim):
    """A copy with the elements of src put where index points along a dimension."""
    return _scattered(xp, self, index, src, dim, False)


@op(
    title="scatter",
    grad_fn="ScatterBackward1",
    self=vjp("0 where put, else 1", lambda ops, grad, index, dim: ops.scatter_value(grad, index, dim=dim, value=0)),
)
def scatter_value(xp, self, index, *, dim, value):
    """A copy with a number put where index points along a dimension."""
    return _scattered(xp, self, index, value, dim, False)


@op(
    hidden=("src_sym_sizes",),
    self=vjp("1", lambda grad: grad),
    src=vjp(
        "1 where it was added, else 0",
        lambda ops, grad, index, src_sym_sizes, dim: from_source(
            ops, grad, index, src_sym_sizes, dim, "ScatterAddBackward0"
        ),
    ),
)
def scatter_add(xp, self, index, src, *, dim):
    """A copy with the elements of src added where index points along a dimension."""
    return _scattered(xp, self, index, src, dim, True)


def _selected_back(ops, grad, self_sym_sizes, index, dim):
    if not isinstance(grad, Tensor) and grad.ndim:
        out = module_of(grad).zeros(tuple(self_sym_sizes), grad.dtype)
        if twins.slices_added(out, index, grad, dim):
            return out
    return ops.index_add(ops.new_zeros(grad, size=tuple(self_sym_sizes)), index, grad, dim=dim)


@op(
    self=vjp(
        "1 where picked (added up), else 0",
        _selected_back,
    )
)
def index_select(xp, self, index, *, dim):
    """Positions of a dimension, one for each element of a vector."""
    if not self.ndim:
        return self.copy()
    if not self.shape[dim] and index.size and self.ndim > 1:
        raise RuntimeError("index_select(): self indexing axis dim should be positive")
    if dim == 0:
        refuse_outside(IndexError, index, self.shape[0], "index out of range in self")
    else:
        refuse_outside(
            RuntimeError, index, self.shape[dim],
            f"INDICES element is out of DATA bounds, id={{}} axis_dim={self.shape[dim]}",
        )  # fmt: skip
    return xp.take(self, _at_least_1d(index), axis=dim)


def _from_index(ops, grad, index, source, source_dim, dim):
    found = ops.index_select(grad, index, dim=dim)
    return ops.expand(found, size=tuple(source.shape)) if source_dim else ops.reshape_raw(found, size=())


@op(
    self=vjp("1", lambda grad: grad),
    source=vjp(
        "alpha where it was added, else 0",
        lambda ops, grad, index, source, source_dim, dim, alpha: _scaled(
            _from_index(ops, grad, index, source, source_dim, dim), alpha
        ),
    ),
)
def index_add(xp, self, index, source, *, dim, alpha=1):
    """A copy with `alpha * source` added at the positions of a dimension that index names."""
    out = xp.array(self, order="C")
    flat = out.reshape(1) if not out.ndim else out
    scaled = _at_least_1d(source if alpha == 1 else source * alpha)
    places, size = _at_least_1d(index), flat.shape[dim]
    if not out.size and out.ndim > 1:
        return out
    if out.ndim == 2 and alpha == 1:
        refuse_outside(RuntimeError, places, size, _OUT_OF_BOUNDS.format(dim, size))
    else:
        refuse_outside(IndexError, places, size, "index out of range in self")
    if scaled.size and not slices_added(xp, flat, dim, places, scaled):
        spread = places.reshape((1,) * dim + (-1,) + (1,) * (flat.ndim - 1 - dim))
        added_at(xp, flat, _flat_places(xp, flat.shape, dim, xp.broadcast_to(spread, scaled.shape)), scaled)
    return out


def _scaled(grad, alpha):
    return grad if alpha == 1 else grad * alpha


@op(
    self=vjp("0 where put, else 1", lambda ops, grad, index, dim: ops.index_fill(grad, index, dim=dim, value=0)),
    source=vjp("1 where it was put, else 0", _from_index),
)
def index_copy(xp, self, index, source, *, dim):
    """A copy with source put at the positions of a dimension that index names."""
    size = self.shape[dim] if self.ndim else 1
    refuse_outside(IndexError, _at_least_1d(index), size, "index_copy_(): " + _OUT_OF_BOUNDS.format(dim, size))
    return _filled(xp, self, index, source, dim)


def _filled(xp, self, index, values, dim):
    out = xp.array(self, order="C")
    flat = out.reshape(1) if not out.ndim else out
    size = flat.shape[dim]
    places = _at_least_1d(index)
    refuse_outside(IndexError, places + size * (places < 0), size, _OUT_OF_BOUNDS.format(dim, size))
    flat[(slice(None),) * dim + (places,)] = values
    return out


@op(self=vjp("0 where put, else 1", lambda ops, grad, index, dim: ops.index_fill(grad, index, dim=dim, value=0)))
def index_fill(xp, self, index, *, dim, value):
    """A copy with a number at the positions of a dimension that index names."""
    return _filled(xp, self, index, value, dim)


@op(
    title="index_fill",
    grad_fn="IndexFillBackward1",
    self=vjp("0 where put, else 1", lambda ops, grad, index, dim: ops.index_fill(grad, index, dim=dim, value=0)),
    value=vjp(
        "1 (summed over the places)",
        lambda ops, grad, index, dim: ops.sum(ops.index_select(grad, ops.unique_of(index), dim=dim)),
    ),
)
def index_fill_tensor(xp, self, index, value, *, dim):
    """A copy with a 0-d tensor's value at the positions of a dimension that index names."""
    return _filled(xp, self, index, value, dim)


@op()
def repeated_places(xp, self):
    """0 so often as the first element says, 1 so often as the second, ..."""
    if (self < 0).any():
        raise RuntimeError("repeats can not be negative")
    return xp.repeat(xp.arange(self.shape[0]), self if xp.__name__ == "numpy" else self.tolist())
