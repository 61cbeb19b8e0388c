"""Orders: sort, topk, kthvalue with their indices, and what only counts or looks up."""

from typing import NamedTuple

from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops.composite import wrapped
from gradviz.ops.ordering import first, order, ranked
from gradviz.ops.refusals import refuse_kinds


def _back_to_places(ops, grad, dim, indices, self_sym_sizes):
    zeros = ops.new_zeros(grad, size=tuple(self_sym_sizes))
    return ops.scatter(zeros, indices, grad, dim=dim) if len(self_sym_sizes) else grad


def _sorted(xp, self, dim, descending):
    if not self.ndim:
        return self.copy(), xp.zeros((), xp.int64)
    places = order(xp, self, dim, descending)
    return xp.take_along_axis(self, places, axis=dim), places


SELECTED = vjp("1 where it came from, else 0", _back_to_places)


@op(title="sort", grad_fn="SortBackward0", self=SELECTED, intermediates=("indices",), returned=True)
def sort_any(xp, self, *, dim, descending):
    """Elements in order along a dimension, and where they were."""
    return _sorted(xp, self, dim, descending)


@op(title="sort", grad_fn="SortBackward1", self=SELECTED, intermediates=("indices",), returned=True)
def sort_stable(xp, self, *, dim, descending, stable):
    """Elements in order along a dimension, equal ones as they come, and where they were."""
    return _sorted(xp, self, dim, descending)


@op(self=SELECTED, intermediates=("indices",), returned=True, title="topk", grad_fn="TopkBackward0")
def topk_of(xp, self, *, k, dim, largest, sorted):
    """The k greatest (or least) elements along a dimension in order, and where they were."""
    if self.dtype.kind == "b":
        raise RuntimeError("topk does not support bool dtypes on CPU")
    if not self.ndim:
        return _sorted(xp, self, dim, largest)
    places = first(xp, self, k, dim, largest).copy()
    return xp.take_along_axis(self, places, axis=dim), places


def _kth_back(ops, grad, dim, keepdim, indices, self_sym_sizes):
    if len(self_sym_sizes) and not keepdim:
        grad, indices = ops.unsqueeze(grad, dim=dim), ops.unsqueeze(indices, dim=dim)
    return _back_to_places(ops, grad, dim, indices, self_sym_sizes)


@op(
    title="kthvalue",
    grad_fn="KthvalueBackward0",
    self=vjp("1 where it came from, else 0", _kth_back),
    intermediates=("indices",),
    returned=True,
)
def kth(xp, self, *, k, dim, keepdim):
    """The k-th least element along a dimension, and where it was."""
    refuse_kinds("kthvalue_cpu", self, "b")
    if not self.ndim:
        return _sorted(xp, self, dim, False)
    places = ranked(xp, self, k - 1, dim)
    found = xp.take_along_axis(self, places, axis=dim), places.copy()
    return found if keepdim else tuple(each.squeeze(axis=dim) for each in found)


@op()
def argsort_of(xp, self, *, dim, descending):
    """Where the elements in order were; no gradient."""
    return _sorted(xp, self, dim, descending)[1]


# -- as PyTorch calls them ---------------------------------------------------------------------------


class Selected(NamedTuple):
    """Values and where they were, as torch.return_types has it."""

    values: Tensor
    indices: Tensor

    def __repr__(self):
        return f"torch.return_types.{type(self).__name__}(\nvalues={self.values!r},\nindices={self.indices!r})"


def _named(name):
    return type(name, (Selected,), {"__slots__": (), "__module__": "torch.return_types"})


_SORT, _TOPK, _KTH = _named("sort"), _named("topk"), _named("kthvalue")


def sort(self, dim=-1, descending=False, *, stable=None):
    """(values, indices): elements in order along `dim`; NaN counts as the greatest."""
    dim = wrapped(dim, self._array.ndim)
    if stable is None:
        return _SORT(*sort_any(self, dim=dim, descending=bool(descending)))
    return _SORT(*sort_stable(self, dim=dim, descending=bool(descending), stable=stable))


def msort(self):
    """Elements in order along the first dimension."""
    return sort(self, 0)[0]


def argsort(self, dim=-1, descending=False, *, stable=False):
    """Where the elements in order along `dim` were."""
    return argsort_of(self, dim=wrapped(dim, self._array.ndim), descending=bool(descending))


def topk(self, k, dim=-1, largest=True, sorted=True):
    """(values, indices): the k greatest elements along `dim`, or the least; in order."""
    dim = wrapped(dim, self._array.ndim)
    if not 0 <= k <= (self._array.shape[dim] if self._array.ndim else 1):
        raise RuntimeError("selected index k out of range")
    return _TOPK(*topk_of(self, k=k, dim=dim, largest=bool(largest), sorted=bool(sorted)))


def kthvalue(self, k, dim=-1, keepdim=False):
    """(values, indices): the k-th least element along `dim`."""
    dim = wrapped(dim, self._array.ndim)
    if self._array.ndim and not self._array.shape[dim]:
        raise IndexError(f"kthvalue(): Expected reduction dim {dim} to have non-zero size.")
    if not 1 <= k <= (self._array.shape[dim] if self._array.ndim else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {dim}")
    return _KTH(*kth(self, k=k, dim=dim, keepdim=keepdim))


__all__ = ["argsort", "kthvalue", "msort", "sort", "topk"]
METHODS = __all__
