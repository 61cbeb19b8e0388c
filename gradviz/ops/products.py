"""Products, and running sums and products."""

import numpy as np

from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops import composite
from gradviz.ops.reduction import _restored
from gradviz.ops.scans import accumulated

# -- products ----------------------------------------------------------------------------------------


def _all_others(ops, self, dim):
    """For each element along a dimension the product of all others: of those before it, times those behind."""
    size = self.shape[dim]
    ones = ops.zero(ops.slice(self, dim=dim, start=0, end=1, step=1)) + 1.0
    before = ops.slice(self, dim=dim, start=0, end=size - 1, step=1)
    behind = ops.flip(ops.slice(self, dim=dim, start=1, end=size, step=1), dims=(dim,))
    first, last = (ops.cumprod_of(ops.cat(ones, each, dim=dim), dim=dim) for each in (before, behind))
    return first * ops.flip(last, dims=(dim,))


def _count(ops, zero):
    return int(ops.sum(zero * 1))


def _prod_gradient(ops, grad, self, result):
    if not len(self.shape):
        return grad
    zeros = _count(ops, self == 0)
    if not zeros:
        return grad * (result / self)
    if zeros > 1 and not isinstance(self, Tensor):  # every slope is 0, not every slope of a slope
        return ops.zero(self)
    flat = ops.reshape_raw(self, size=(-1,))
    return grad * ops.reshape_raw(_all_others(ops, flat, 0), size=tuple(self.shape))


def _prod_dim_gradient(ops, grad, self, result, dim, keepdim):
    if not len(self.shape):
        return grad
    grad, result = (_restored(ops, each, self.shape, (dim,), keepdim) for each in (grad, result))
    return grad * (_all_others(ops, self, dim) if _count(ops, self == 0) else result / self)


def _multiplied(xp, self, dim, keepdim, dtype):
    dtype = dtype or (xp.int64 if self.dtype.kind in "biu" else None)
    if self.dtype.itemsize == 2 and self.dtype.kind == "f" and dtype is None:
        return self.prod(axis=dim, keepdims=keepdim, dtype=xp.float32).astype(self.dtype)
    return self.prod(axis=dim, keepdims=keepdim, dtype=dtype)


@op(title="prod", grad_fn="ProdBackward0", self=vjp("result / self", _prod_gradient))
def prod_of(xp, self, *, dtype=None):
    """Product of all elements."""
    return _multiplied(xp, self, None, False, dtype)


@op(
    title="prod",
    grad_fn="ProdBackward1",
    self=vjp("result / self, result being that of the dims", _prod_dim_gradient),
)
def prod_dim(xp, self, *, dim, keepdim=False, dtype=None):
    """Product along a dimension."""
    return _multiplied(xp, self, dim if self.ndim else None, keepdim, dtype)


def prod(input, dim=None, keepdim=False, *, dtype=None):
    """Product of all elements, or along `dim`."""
    dtype = None if dtype is None else dtype.numpy
    if dim is None:
        return prod_of(input, dtype=dtype)
    return prod_dim(input, dim=composite.wrapped(dim, input._array.ndim), keepdim=keepdim, dtype=dtype)


# -- running sums and products -----------------------------------------------------------------------


def _accumulated(xp, name, self, dim, dtype):
    dtype = dtype or (xp.int64 if self.dtype.kind in "biu" else self.dtype)
    if xp is np and self.ndim:
        function = np.add if name == "cumsum" else np.multiply
        return np.asarray(accumulated(np, function, self.astype(dtype, copy=False), dim), order="C")
    return xp.asarray(getattr(xp, name)(self, axis=dim, dtype=dtype), order="C") if self.ndim else self.astype(dtype)


@op(
    title="cumsum",
    grad_fn="CumsumBackward0",
    self=vjp("1 (to all that follow)", lambda ops, grad, dim: ops.cumsum_from_end(grad, dim=dim)),
)
def cumsum_of(xp, self, *, dim, dtype=None):
    """Running sum along a dimension."""
    return _accumulated(xp, "cumsum", self, dim, dtype)


@op(self=vjp("1 (to all before)", lambda ops, grad, dim: ops.cumsum_of(grad, dim=dim)))
def cumsum_from_end(xp, self, *, dim):
    """Running sum along a dimension, from its end."""
    if not self.ndim:
        return self.copy()
    if xp is np and self.dtype.kind == "f":
        return np.asarray(accumulated(np, np.add, self, dim, from_end=True), order="C")
    return xp.asarray(xp.flip(_accumulated(xp, "cumsum", xp.flip(self, dim), dim, self.dtype), dim), order="C")


def _cumprod_gradient(ops, grad, self, result, dim):
    if not len(self.shape):
        return grad
    zero = self == 0
    if isinstance(self, Tensor) and _count(ops, zero):
        return _cumprod_gradient_of_each(ops, grad, self, dim)
    if isinstance(self, np.ndarray) and not zero.any():
        return ops.cumsum_from_end(grad * result, dim=dim) / self
    # from the first zero on, the formula would be 0 / 0: its own slope has the products without it
    zeros = ops.cumsum_of(zero * 1, dim=dim)
    first = zero & (zeros == 1)
    plain = ops.cumsum_from_end(grad * result, dim=dim) / ops.where(zero, 1.0, self)
    without = ops.cumprod_of(ops.where(first, 1.0, self), dim=dim)
    return ops.where(zeros == 0, plain, ops.where(first, ops.cumsum_from_end(grad * without, dim=dim), 0.0))


def _cumprod_gradient_of_each(ops, grad, self, dim):
    """The same without a division, one place after the other, so that it can be differentiated at zeros too."""
    size, found, before = self.shape[dim], [], None
    for k in range(size):
        part = ops.slice(self, dim=dim, start=k, end=k + 1, step=1)
        omitted = ops.zero(part) + 1.0 if before is None else before
        if k < size - 1:
            behind = ops.cumprod_of(ops.slice(self, dim=dim, start=k + 1, end=size, step=1), dim=dim)
            omitted = ops.cat(omitted, omitted * behind, dim=dim)
        reached = ops.slice(grad, dim=dim, start=k, end=size, step=1)
        found.append(ops.sum_dim(reached * omitted, dim=(dim,), keepdim=True))
        before = part if before is None else before * part
    return ops.cat(*found, dim=dim)


@op(
    title="cumprod",
    grad_fn="CumprodBackward0",
    self=vjp("1 (to all that follow, times result / self)", _cumprod_gradient),
)
def cumprod_of(xp, self, *, dim, dtype=None):
    """Running product along a dimension."""
    return _accumulated(xp, "cumprod", self, dim, dtype)


def cumsum(input, dim, *, dtype=None):
    """Running sum along `dim`."""
    dtype = None if dtype is None else dtype.numpy
    return cumsum_of(input, dim=composite.wrapped(dim, input._array.ndim), dtype=dtype)


def cumprod(input, dim, *, dtype=None):
    """Running product along `dim`."""
    dtype = None if dtype is None else dtype.numpy
    return cumprod_of(input, dim=composite.wrapped(dim, input._array.ndim), dtype=dtype)


__all__ = ["cumprod", "cumsum", "prod"]
METHODS = __all__
