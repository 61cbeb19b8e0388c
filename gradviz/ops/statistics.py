"""Sums of another kind: variance, logsumexp, sums of numbers alone, and what counts or asks."""

import warnings
from math import inf, nan
from math import prod as product

from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.engine.within import composed
from gradviz.ops import composite, logic, pointwise
from gradviz.ops.choosing import chosen
from gradviz.ops.reduction import spread, unsqueezed


def _all_dims(dim, ndim):
    return tuple(range(ndim)) if not dim else dim


def _in_reach(array):
    """float16 as float32, which squares and sums don't leave so soon."""
    return array.astype("float32") if array.dtype.itemsize == 2 else array


# -- variance ----------------------------------------------------------------------------------------


def _freedom(shape, dim, correction):
    return product(shape[d] for d in _all_dims(dim, len(shape))) - (1 if correction is None else correction)


def _variance(xp, self, dim, correction, keepdim):
    wide = _in_reach(self)
    count = product(self.shape[d] for d in _all_dims(dim, self.ndim))
    centred = wide - wide.sum(axis=dim or None, keepdims=True) / wide.dtype.type(count)
    squares = (centred * centred).sum(axis=dim or None, keepdims=keepdim)
    free = _freedom(self.shape, dim, correction)
    return squares / free if free > 0 else squares * inf


def _deviation_gradient(ops, grad, self, dim, correction, keepdim):
    """Of the variance."""
    ndim, free = len(self.shape), _freedom(self.shape, dim, correction)
    if dim is None or not ndim:
        mean = ops.mean(self)
        if free <= 0:  # PyTorch says so of a whole tensor alone
            return grad * ops.where(self == mean, nan, ops.new_zeros(self, size=()) + inf)
        return grad * (2 / free) * (self - mean)
    if not keepdim and ndim > 1:
        grad = unsqueezed(ops, grad, ndim, dim)
    return grad * (2 / free if free else inf) * (self - ops.mean_dim(self, dim=dim, keepdim=True))


@op(
    title="var",
    grad_fn="VarBackward0",
    self=vjp("2 * (self - mean) / (elements of the dims - correction)", _deviation_gradient),
)
def var_of(xp, self, *, dim, correction, keepdim):
    """Variance; correction is taken from the count of elements (None stands for 1)."""
    return _variance(xp, self, dim, correction, keepdim).astype(self.dtype)


def _of_variance(ops, grad, deviation):
    """The gradient of a variance by that of its root."""
    return ops.masked_fill_number(grad / (deviation * 2), deviation == 0, value=0)


def _root_gradient(ops, grad, self, result, dim, correction, keepdim):
    of_variance = _of_variance(ops, grad, result)
    return _deviation_gradient(ops, of_variance, self, dim, correction, keepdim)


@op(
    title="std",
    grad_fn="StdBackward0",
    self=vjp("(self - mean) / (result * (elements of the dims - correction))", _root_gradient),
)
def std_of(xp, self, *, dim, correction, keepdim):
    """Standard deviation; correction is taken from the count of elements (None stands for 1)."""
    return xp.sqrt(_variance(xp, self, dim, correction, keepdim)).astype(self.dtype)


def _both_gradients(ops, grads, self, dim, correction, keepdim):
    of_variance, of_mean = grads
    found = None
    if of_variance is not None:
        found = _deviation_gradient(ops, of_variance, self, dim, correction, keepdim)
    if of_mean is not None:
        count = product(self.shape[d] for d in _all_dims(dim, len(self.shape)))
        shares = spread(ops, of_mean, self.shape, dim, keepdim) / (count or nan)
        found = shares if found is None else found + shares
    return found


@op(
    title="var_mean",
    grad_fn="VarMeanBackward0",
    self=vjp(
        "2 * (self - mean) / (elements of the dims - correction), and 1 / (elements of the dims)", _both_gradients
    ),
    several=True,
)
def var_mean_of(xp, self, *, dim, correction, keepdim):
    """Variance and mean."""
    mean = _in_reach(self).mean(axis=dim or None, keepdims=keepdim)
    return [each.astype(self.dtype) for each in (_variance(xp, self, dim, correction, keepdim), xp.asarray(mean))]


def _deviating(name, call, input, dim, unbiased, keepdim, correction):
    if isinstance(dim, bool):  # var(input, unbiased)
        dim, unbiased = None, dim
    if input._array.dtype.kind != "f":
        raise RuntimeError(f"{_GROUPS[name]} only support floating point and complex dtypes")
    if dim is not None:
        dim = composite._dims(input, dim)
        correction = 1 if correction is None and unbiased is None else correction
    if unbiased is not None:
        correction = int(unbiased)
    if _freedom(input._array.shape, dim, correction) <= 0:
        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor "
            "(input numel divided by output numel).",
            UserWarning,
            stacklevel=4,
        )
    return call(input, dim=dim, correction=correction, keepdim=keepdim)


def _std_mean_gradient(ops, grads, self, result0, dim, correction, keepdim):
    of_std, of_mean = grads
    of_variance = None if of_std is None else _of_variance(ops, of_std, result0)
    return _both_gradients(ops, (of_variance, of_mean), self, dim, correction, keepdim)


@op(
    title="std_mean",
    grad_fn="StdMeanBackward0",
    self=vjp("(self - mean) / (result0 * (elements of the dims - correction)), and 1 / elements", _std_mean_gradient),
    intermediates=("result0",),
    outputs=("result0",),
    several=True,
)
def std_mean_of(xp, self, *, dim, correction, keepdim):
    """Standard deviation and mean."""
    mean = _in_reach(self).mean(axis=dim or None, keepdims=keepdim)
    std = xp.asarray(xp.sqrt(_variance(xp, self, dim, correction, keepdim)).astype(self.dtype))
    return [std, xp.asarray(mean).astype(self.dtype)], std


_GROUPS = {"var": "std and var", "std": "std and var", "var_mean": "var_mean", "std_mean": "std_mean"}


def var(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """Variance of all elements, or over `dim`; divided by the count less `correction` (1 unless told)."""
    return _deviating("var", var_of, input, dim, unbiased, keepdim, correction)


def std(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """Standard deviation of all elements, or over `dim`; see var."""
    return _deviating("std", std_of, input, dim, unbiased, keepdim, correction)


def var_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """(variance, mean) of all elements, or over `dim`; see var."""
    return _deviating("var_mean", var_mean_of, input, dim, unbiased, keepdim, correction)


def std_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """(standard deviation, mean) of all elements, or over `dim`; see var."""
    return _deviating("std_mean", std_mean_of, input, dim, unbiased, keepdim, correction)


# -- logsumexp, sums and means without NaN -----------------------------------------------------------


def _restored(ops, reduced, self, dim, keepdim):
    return reduced if keepdim else unsqueezed(ops, reduced, len(self.shape), dim)


@op(
    title="logsumexp",
    grad_fn="LogsumexpBackward0",
    self=vjp(
        "exp(self - result), result being that of the dims",
        lambda ops, grad, self, result, dim, keepdim: _restored(ops, grad, self, dim, keepdim)
        * ops.exp(self - _restored(ops, result, self, dim, keepdim)),
    ),
    dtype="float",
)
def logsumexp_of(xp, self, *, dim, keepdim):
    """`log(sum(exp(self)))` over dims, shifted by the maximum so that nothing overflows."""
    if not self.size:
        return xp.log(xp.exp(self).sum(axis=dim, keepdims=keepdim))
    top = self.max(axis=dim, keepdims=True)
    top = chosen(xp, xp.isinf(top), top.dtype.type(0), top)
    summed = xp.log(xp.exp(self - top).sum(axis=dim, keepdims=True)) + top
    return summed if keepdim else summed.squeeze(axis=dim)


def logsumexp(input, dim, keepdim=False):
    """`log(sum(exp(input)))` over `dim` (an int or a tuple), without overflow."""
    return logsumexp_of(input, dim=composite._dims(input, dim), keepdim=keepdim)


@op(
    title="nansum",
    grad_fn="NansumBackward0",
    self=vjp(
        "1 where self is a number, else 0",
        lambda ops, grad, self, dim, keepdim: spread(ops, grad, self.shape, dim, keepdim) * (self == self),
    ),
)
def nansum_of(xp, self, *, dim, keepdim, dtype=None):
    """Sum of what is a number."""
    if dtype is not None:
        self = self.astype(dtype)
    if self.dtype.kind != "f":
        return self.sum(axis=dim or None, keepdims=keepdim, dtype=xp.int64)
    return chosen(xp, xp.isnan(self), self.dtype.type(0), self).sum(axis=dim or None, keepdims=keepdim)


def nansum(input, dim=None, keepdim=False, *, dtype=None):
    """Sum of what is a number, of all elements or over `dim`."""
    dim = None if dim is None else composite._dims(input, dim)
    return nansum_of(input, dim=dim, keepdim=keepdim, dtype=None if dtype is None else dtype.numpy)


@composed("nanmean")
def nanmean(input, dim=None, keepdim=False, *, dtype=None):
    """Mean of what is a number, of all elements or over `dim`."""
    if input._array.dtype.kind != "f":
        raise RuntimeError(
            "nanmean(): expected input to have floating point or complex dtype but got "
            f"{title(input._array.dtype)}"
        )
    counted = pointwise.logical_not(logic.isnan(input.detach()))
    return pointwise.div(nansum(input, dim, keepdim, dtype=dtype), composite.sum(counted, dim, keepdim))


# -- what counts or asks -----------------------------------------------------------------------------


def _truth(self, answer):
    return answer.astype(self.dtype) if self.dtype == "uint8" else answer


@op(title="all")
def all_of(xp, self, *, dim, keepdim):
    """Whether all are other than zero."""
    return _truth(self, xp.asarray((self != 0).all(axis=dim, keepdims=keepdim)))


@op(title="any")
def any_of(xp, self, *, dim, keepdim):
    """Whether one is other than zero."""
    return _truth(self, xp.asarray((self != 0).any(axis=dim, keepdims=keepdim)))


@op(title="count_nonzero")
def nonzeros(xp, self, *, dim):
    """How many are other than zero."""
    return (self != 0).sum(axis=dim, dtype=xp.int64)


def all(input, dim=None, keepdim=False):
    """Whether all elements are other than zero, or all over `dim` (an int or a tuple)."""
    return all_of(input, dim=None if dim is None else composite._dims(input, dim), keepdim=keepdim)


def any(input, dim=None, keepdim=False):
    """Whether an element is other than zero, or one over `dim` (an int or a tuple)."""
    return any_of(input, dim=None if dim is None else composite._dims(input, dim), keepdim=keepdim)


def count_nonzero(input, dim=None):
    """How many elements are other than zero, of all or over `dim` (an int or a tuple)."""
    return nonzeros(input, dim=None if dim is None else composite._dims(input, dim) or None)


__all__ = [
    "all", "any", "count_nonzero", "logsumexp", "nanmean", "nansum", "std",
    "std_mean", "var", "var_mean",
]  # fmt: skip
METHODS = [name for name in __all__ if not name.endswith("_mean")]
