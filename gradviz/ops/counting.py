"""Looking up and counting: no gradients here, but where embedding picks rows of a weight."""

from math import prod

import numpy as np

from gradviz.engine import coerce
from gradviz.engine.coerce import size_at
from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops import picking
from gradviz.ops.picking import refuse_outside, rows_added_at
from gradviz.ops.refusals import refuse_kinds
from gradviz.ops.shape import ambiguous


@op(title="searchsorted")
def search(xp, sequence, self, *, right, int32):
    """Before which element of sorted sequences each element would go; no gradient."""
    if sequence.dtype == self.dtype:
        refuse_kinds("searchsorted_out_cpu", self, "b")
    side = "right" if right else "left"
    if sequence.ndim == 1:
        found = xp.searchsorted(sequence, xp.asarray(self, order="C"), side=side)
    else:
        # rows side by side: counting the smaller ones needs no loop over rows
        before = sequence[..., None, :] <= self[..., :, None] if right else sequence[..., None, :] < self[..., :, None]
        found = before.sum(axis=-1)
    return xp.asarray(found).astype(xp.int32 if int32 else xp.int64)


def searchsorted(sorted_sequence, self, *, out_int32=False, right=False, side=None, sorter=None):
    """Before which element of a sorted sequence (the last dimension; sorter sorts it) each element would go."""
    if side not in (None, "left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True"
        )
    if sorter is not None:
        sorted_sequence = picking.gather(sorted_sequence, sorter, dim=max(sorted_sequence._array.ndim - 1, 0))
    if not isinstance(self, Tensor):
        self = coerce.number_like(self, sorted_sequence)
        self = Tensor(self._array)
    one, two = sorted_sequence._array.shape, self._array.shape
    if not two and len(one) != 1:
        raise RuntimeError(
            "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got "
            f"boundaries tensor dim({len(one)}) and input value's dim(0) numel(1)"
        )
    if not one:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension"
        )
    if len(one) > 1 and one[:-1] != two[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
            f"tensor and input value tensor must match, but we got boundaries tensor {list(one)} and input value "
            f"tensor {list(two)}"
        )
    return search(sorted_sequence, self, right=bool(right or side == "right"), int32=bool(out_int32))


def bucketize(self, boundaries, *, out_int32=False, right=False):
    """Between which of sorted boundaries each element lies."""
    if boundaries._array.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries._array.ndim})")
    return searchsorted(boundaries, self, out_int32=out_int32, right=right)


@op(title="bincount", optional=("weights",))
def bincounts(xp, self, weights, *, minlength):
    """How often each number occurs, or the sum of its weights; no gradient."""
    if not self.size:
        return xp.zeros(minlength, xp.int64)  # whatever the weights, as PyTorch
    found = xp.bincount(self, weights, minlength)
    if weights is None:
        return found.astype(xp.int64)
    return found.astype(xp.float32) if weights.dtype == xp.float32 else found


def bincount(self, weights=None, minlength=0):
    """How often each of 0, 1, 2, ... occurs in a vector, or the sum of its weights."""
    array = self._array
    if array.dtype.kind in "fb":
        raise NotImplementedError(f"\"bincount_cpu\" not implemented for '{title(array.dtype)}'")
    if array.ndim != 1 or array.dtype.kind not in "iu" or (array.size and int(array.min()) < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if weights is not None and array.size and weights._array.shape != array.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    return bincounts(self, weights, minlength=minlength)


@op(title="unique", intermediates=("inverse", "counts"), returned=True)
def unique_of(xp, self, *, dim=None, in_runs=False):
    """Different elements in order, for each element which it is, and how often each occurs; no gradient.

    dim: positions of a dimension in the elements' place. in_runs: equal neighbours count as one, others stay.
    """
    if in_runs:
        return _runs(xp, self, dim)
    if xp is np and dim is None and self.size and self.dtype.kind == "i":
        least, range_ = int(self.min()), int(self.max()) - int(self.min()) + 1
        if range_ <= self.size:
            return _different(self, least, range_)
    values, inverse, counts = xp.unique(self, return_inverse=True, return_counts=True, axis=dim)
    inverse = inverse.reshape(self.shape if dim is None else -1)
    return values, inverse.astype(xp.int64), counts.astype(xp.int64)


def _different(self, least, range_):
    """unique_of for integers from a small range, which are counted and not sorted."""
    places = self.astype(np.int64) - least
    counts = np.bincount(places.reshape(-1), minlength=range_)
    there = counts > 0
    values = (np.flatnonzero(there) + least).astype(self.dtype)
    return values, (np.cumsum(there) - 1).take(places), counts[there]


def _runs(xp, self, dim):
    rows = self.reshape(-1, 1) if dim is None else xp.moveaxis(self, dim, 0)
    rows = rows.reshape(len(rows), prod(rows.shape[1:]))
    new = xp.ones(len(rows), bool)
    new[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    starts = xp.flatnonzero(new)
    values = self.reshape(-1)[starts] if dim is None else xp.take(self, starts, axis=dim)
    inverse = (xp.cumsum(new) - 1).reshape(self.shape if dim is None else -1)
    counts = xp.diff(xp.append(starts, len(rows)))
    return values, inverse.astype(xp.int64), counts.astype(xp.int64)


def unique(self, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """Different elements in order; with them, as asked, for each element which it is, and how often each occurs."""
    return _asked(unique_of(self, dim=_rows_dim(self._array, dim), in_runs=False), return_inverse, return_counts)


def unique_consecutive(self, return_inverse=False, return_counts=False, dim=None):
    """Elements without repetitions of the one before; with them, as asked, which of them each is, and how often."""
    return _asked(unique_of(self, dim=_rows_dim(self._array, dim), in_runs=True), return_inverse, return_counts)


def _rows_dim(array, dim):
    """A dim whose positions are told apart, counted from the front; RuntimeError where those have no elements."""
    if dim is None:
        return None
    empty = array.shape.count(0)
    if size_at(array, dim):
        if empty:
            raise RuntimeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied")
    elif empty > 1:
        raise RuntimeError("Number of zero sized dimensions is more than one, so unique cannot be applied ")
    return dim % array.ndim


def _asked(found, return_inverse, return_counts):
    values, inverse, counts = found
    found = (values, *((inverse,) if return_inverse else ()), *((counts,) if return_counts else ()))
    return found if len(found) > 1 else values


# -- rows of a weight --------------------------------------------------------------------------------


def _of_rows(ops, grad, indices, weight_sym_argsize_0, padding_idx, scale_grad_by_freq):
    return ops.embedding_dense_backward(
        grad, indices, num_weights=weight_sym_argsize_0, padding_idx=padding_idx, scale_grad_by_freq=scale_grad_by_freq
    )


def _of_rows_of(ops, grad, indices, padding_idx):
    if 0 in indices.shape:
        raise RuntimeError(ambiguous((*indices.shape, -1)))
    rows = ops.embedding(grad, indices, padding_idx=padding_idx)
    if padding_idx < 0:
        return rows
    return ops.where(ops.unsqueeze(indices, dim=len(indices.shape)) == padding_idx, 0.0, rows)


@op(
    weight=vjp(
        "1 where picked (added up), else 0",
        lambda ops, grad, indices, weight_sym_argsize_0, padding_idx, scale_grad_by_freq, sparse: _of_rows(
            ops, grad, indices, weight_sym_argsize_0, padding_idx, scale_grad_by_freq
        ),
    ),
)
def embedding(xp, weight, indices, *, padding_idx=-1, scale_grad_by_freq=False, sparse=False):
    """Rows of a weight (V, D), one for each index."""
    if not len(weight) and indices.size:
        raise RuntimeError("index_select(): self indexing axis dim should be positive")
    refuse_outside(IndexError, indices, weight.shape[0], "index out of range in self")
    return weight[indices]


@op(self=vjp("1 where picked, else 0", _of_rows_of))
def embedding_dense_backward(xp, self, indices, *, num_weights, padding_idx, scale_grad_by_freq):
    """The gradient of an embedding's weight: rows added up, none for padding_idx."""
    rows = indices.reshape(-1)
    values = self.reshape(rows.size, -1) if self.size else self.reshape(rows.size, self.shape[-1])
    if scale_grad_by_freq:
        values = values / xp.bincount(rows, minlength=num_weights)[rows][:, None].astype(self.dtype)
    out = xp.zeros((num_weights, values.shape[1]), self.dtype)
    rows_added_at(xp, out, rows, values)
    if padding_idx >= 0:
        out[padding_idx] = 0
    return out


@op(title="one_hot")
def one_hot_of(xp, self, *, num_classes):
    """1 at each element's class, else 0, along a new last dimension; no gradient."""
    if xp is not np:
        return (xp.asarray(self, order="C")[..., None] == xp.arange(num_classes)).astype(xp.int64)
    out = np.zeros((*self.shape, num_classes), np.int64)
    np.put_along_axis(out, self[..., None], 1, axis=-1)
    return out


def one_hot(input, num_classes=-1):
    """1 at each element's class, else 0, along a new last dimension."""
    array = input._array
    if array.dtype.name != "int64":
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if not array.size:
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
    elif not input.is_cuda and int(array.min()) < 0:  # on a GPU these looks would wait for the device
        raise RuntimeError("Class values must be non-negative.")
    elif num_classes == -1:
        num_classes = int(array.max()) + 1
    elif num_classes < 1:
        raise RuntimeError("num_classes should be positive")
    elif not input.is_cuda and int(array.max()) >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return one_hot_of(input, num_classes=num_classes)


__all__ = ["bincount", "bucketize", "searchsorted", "unique", "unique_consecutive"]
METHODS = ["bincount", "unique", "unique_consecutive"]
