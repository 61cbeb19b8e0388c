"""The greatest, the smallest, the middle: shared by equals, or with indices, where the one that is named gets all."""

from math import nan

from gradviz.engine.backend import module_of
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import bounds, composite, reduction
from gradviz.ops.choosing import chosen
from gradviz.ops.named import named_result
from gradviz.ops.ordering import ranked
from gradviz.ops.refusals import refuse_kinds

_MAX, _MIN, _MEDIAN = (named_result(name, "values", "indices") for name in ("max", "min", "median"))
_AMINMAX = named_result("aminmax", "min", "max")


def _shared(ops, grad, self, result, dim, keepdim):
    """The gradient of an extreme, in equal shares to all elements that are it."""
    if dim is None or dim == () or not len(self.shape):
        dim = tuple(range(len(self.shape)))
    elif isinstance(dim, int):
        dim = (dim,)
    if not keepdim:
        kept = tuple(1 if d in dim else n for d, n in enumerate(self.shape))
        grad, result = (ops.reshape_raw(each, size=kept) for each in (grad, result))
    hit = self == result
    return grad / ops.sum_dim(hit, dim=dim, keepdim=True) * hit


def _shared_by_all(ops, grad, self, result):
    hit = (self == result) | ((self != self) & (result != result))  # a NaN is its own extreme here
    if not isinstance(grad, Tensor):
        return ops.where(hit, grad / ops.sum(hit), 0.0)
    return ops.masked_fill_tensor(ops.new_zeros(grad, size=tuple(self.shape)), hit, grad / ops.sum(hit))


@op(
    title="amax",
    grad_fn="AmaxBackward0",
    self=vjp("1 / (elements of the dims that are it) where it is, else 0", _shared),
    fits=True,
)
def amax_of(xp, self, *, dim, keepdim):
    """The greatest element over dims; equal ones share the gradient."""
    return self.max(axis=dim or None, keepdims=keepdim)


@op(
    title="amin",
    grad_fn="AminBackward0",
    self=vjp("1 / (elements of the dims that are it) where it is, else 0", _shared),
    fits=True,
)
def amin_of(xp, self, *, dim, keepdim):
    """The smallest element over dims; equal ones share the gradient."""
    return self.min(axis=dim or None, keepdims=keepdim)


def _shared_of_both(ops, grads, self, min, max, dim, keepdim):
    low, high = grads
    shares = [
        _shared(ops, grad, self, extreme, dim, keepdim)
        for grad, extreme in ((low, min), (high, max))
        if grad is not None
    ]
    return shares[0] if len(shares) == 1 else shares[0] + shares[1]


@op(
    title="aminmax",
    grad_fn="AminmaxBackward0",
    self=vjp("1 / (elements of the dims that are it) where it is, else 0", _shared_of_both),
    intermediates=("min", "max"),
    several=True,
    fits=True,
)
def aminmax_of(xp, self, *, dim, keepdim):
    """The smallest and the greatest element."""
    low, high = (xp.asarray(extreme(axis=dim, keepdims=keepdim)) for extreme in (self.min, self.max))
    return [low, high], low, high


@op(
    title="max",
    grad_fn="MaxBackward1",
    self=vjp("1 / (elements that are it) where it is, else 0", _shared_by_all),
    fits=True,
)
def max_of_all(xp, self):
    """The greatest element of all."""
    return self.max()


@op(
    title="min",
    grad_fn="MinBackward1",
    self=vjp("1 / (elements that are it) where it is, else 0", _shared_by_all),
    fits=True,
)
def min_of_all(xp, self):
    """The smallest element of all."""
    return self.min()


# -- with indices: first where, then what is there ---------------------------------------------------


def _to_the_place(ops, grad, indices, self_sym_sizes, dim, keepdim):
    """The gradient of an element along a dimension, put at its place."""
    if not keepdim and len(self_sym_sizes):
        grad, indices = (ops.unsqueeze(each, dim=dim) for each in (grad, indices))
    zeros = ops.new_zeros(grad, size=tuple(self_sym_sizes))
    if isinstance(grad, Tensor) or not len(self_sym_sizes):
        return ops.scatter(zeros, indices, grad, dim=dim)
    module_of(grad).put_along_axis(zeros, indices, grad, axis=dim)
    return zeros


def _picked(xp, self, indices, dim, keepdim):
    if not self.ndim:
        return self.copy()
    places = indices if keepdim else xp.expand_dims(indices, dim)
    found = xp.take_along_axis(self, places, axis=dim)
    return found if keepdim else found.squeeze(axis=dim)


@op(title="max", grad_fn="MaxBackward0", self=vjp("1 where indices say, else 0", _to_the_place))
def max_at(xp, self, indices, *, dim, keepdim):
    """The greatest elements along a dimension, whose places are known."""
    return _picked(xp, self, indices, dim, keepdim)


@op(title="min", grad_fn="MinBackward0", self=vjp("1 where indices say, else 0", _to_the_place))
def min_at(xp, self, indices, *, dim, keepdim):
    """The smallest elements along a dimension, whose places are known."""
    return _picked(xp, self, indices, dim, keepdim)


@op(title="median", grad_fn="MedianBackward1", self=vjp("1 where indices say, else 0", _to_the_place))
def median_at(xp, self, indices, *, dim, keepdim):
    """The medians along a dimension, whose places are known."""
    return _picked(xp, self, indices, dim, keepdim)


# -- as PyTorch calls them ---------------------------------------------------------------------------


def _dims(self, dim):
    return () if dim == () else composite._dims(self, dim)


def _not_empty(name, self, dims, told=None):
    """IndexError for a dimension without elements, RuntimeError for a tensor without any: there is no extreme."""
    shape = self._array.shape
    if not dims and not self._array.size:
        raise RuntimeError(
            f"{name}: Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with "
            "the 'dim' argument."
        )
    for dim, as_told in zip(dims, dims if told is None else told, strict=False):
        if shape and not shape[dim]:
            raise IndexError(f"{name}: Expected reduction dim {as_told} to have non-zero size.")


def amax(input, dim=(), keepdim=False):
    """The greatest element of all, or over `dim` (an int or a tuple); equal ones share the gradient."""
    told = (dim,) if isinstance(dim, int) else dim
    dim = _dims(input, dim)
    _not_empty("amax()", input, dim, told)
    return amax_of(input, dim=dim, keepdim=keepdim)


def amin(input, dim=(), keepdim=False):
    """The smallest element of all, or over `dim` (an int or a tuple); equal ones share the gradient."""
    told = (dim,) if isinstance(dim, int) else dim
    dim = _dims(input, dim)
    _not_empty("amin()", input, dim, told)
    return amin_of(input, dim=dim, keepdim=keepdim)


def aminmax(input, *, dim=None, keepdim=False):
    """(min, max) of all elements, or along `dim`."""
    if dim is not None:
        dim = composite.wrapped(dim, input._array.ndim)
        _not_empty("aminmax", input, (dim,))
    elif not input._array.size:
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    return _AMINMAX(*aminmax_of(input, dim=dim, keepdim=keepdim))


def _along(name, at, input, dim, keepdim):
    dim = composite.wrapped(dim, input._array.ndim)
    _not_empty(f"{name}()", input, (dim,))
    places = (reduction.argmax if name == "max" else reduction.argmin)(
        input, dim=dim if input._array.ndim else None, keepdim=keepdim
    )
    return at(input, places, dim=dim, keepdim=keepdim), places


@composed("max")
def _max_along(input, dim, keepdim):
    return _MAX(*_along("max", max_at, input, dim, keepdim))


@composed("min")
def _min_along(input, dim, keepdim):
    return _MIN(*_along("min", min_at, input, dim, keepdim))


def max(input, dim=None, keepdim=False, *, other=None):
    """The greatest of all; along `dim`, (values, indices); with a second tensor, the greater of two elements."""
    other = dim if isinstance(dim, Tensor) else other
    if other is not None:
        return bounds.maximum(input, other)
    if dim is not None:
        return _max_along(input, dim, keepdim)
    _not_empty("max()", input, ())
    return max_of_all(input)


def min(input, dim=None, keepdim=False, *, other=None):
    """The smallest of all; along `dim`, (values, indices); with a second tensor, the smaller of two elements."""
    other = dim if isinstance(dim, Tensor) else other
    if other is not None:
        return bounds.minimum(input, other)
    if dim is not None:
        return _min_along(input, dim, keepdim)
    _not_empty("min()", input, ())
    return min_of_all(input)


def argmin(input, dim=None, keepdim=False):
    """Place of the smallest element of all, or along `dim`."""
    return _place("argmin", reduction.argmin, input, dim, keepdim)


def argmax(input, dim=None, keepdim=False):
    """Place of the greatest element of all, or along `dim`."""
    return _place("argmax", reduction.argmax, input, dim, keepdim)


def _place(name, place, input, dim, keepdim):
    if input._array.dtype.kind == "b":
        raise RuntimeError(f"{name}(): does not support bool input")
    if dim is not None:
        dim = composite.wrapped(dim, input._array.ndim)
        _not_empty(f"{name}()", input, (dim,))
    elif not input._array.size:
        raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
    return place(input, dim=dim if input._array.ndim else None, keepdim=keepdim)


# -- the median --------------------------------------------------------------------------------------


def _median_place(xp, array, dim):
    """Where the lower of the two middle elements is; a NaN comes before all others."""
    count = array.shape[dim]
    middle = ranked(xp, array, (count - 1) // 2, dim)
    if array.dtype.kind != "f":
        return middle
    lost = xp.isnan(array)
    first = xp.expand_dims(xp.argmax(lost, axis=dim), dim)
    return chosen(xp, lost.any(axis=dim, keepdims=True), first, middle)


@op(
    title="median",
    grad_fn="MedianBackward0",
    self=vjp("1 / (elements that are it) where it is, else 0", _shared_by_all),
    fits=True,
)
def median_of_all(xp, self):
    """The middle element of all, the lower of two; NaN where there is one."""
    refuse_kinds("median_cpu", self, "b")
    flat = self.reshape(-1)
    return flat[_median_place(xp, flat, 0)[0]] if self.size else xp.full((), self.dtype.type(nan))


@op(title="median")
def median_place(xp, self, *, dim, keepdim):
    """Places of the middle elements along a dimension; no gradient."""
    refuse_kinds("median_out", self, "b")
    if not self.ndim:
        return xp.zeros((), xp.int64)
    places = _median_place(xp, self, dim).astype(xp.int64)
    return places if keepdim else places.squeeze(axis=dim)


@composed("median")
def _median_along(input, dim, keepdim):
    places = median_place(input, dim=dim, keepdim=keepdim)
    return _MEDIAN(median_at(input, places, dim=dim, keepdim=keepdim), places)


def median(input, dim=None, keepdim=False):
    """The middle element of all, the lower of two; along `dim`, (values, indices)."""
    if dim is None:
        return median_of_all(input)
    dim = composite.wrapped(dim, input._array.ndim)
    _not_empty("median()", input, (dim,))
    return _median_along(input, dim, keepdim)


__all__ = ["amax", "amin", "aminmax", "argmax", "argmin", "max", "median", "min"]
METHODS = __all__
