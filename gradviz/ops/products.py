"""Products, and running sums and products."""

import numpy as np

from gradviz.engine.backend import module_of
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops import composite
from gradviz.ops.scans import accumulated

# -- products ----------------------------------------------------------------------------------------


def of_all_others(ops, self, dim):
    """For each element along a dimension the product of all others: of those before it, times those behind."""
    size, sizes = self.shape[dim], (*self.shape[:dim], 1, *self.shape[dim + 1 :])
    ones = ops.new_zeros(self, size=sizes) + 1
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
    if self.shape == (1,):
        return grad
    flat = ops.reshape_raw(self, size=(-1,))
    return ops.reshape_raw(grad * of_all_others(ops, flat, 0), size=tuple(self.shape))


def _prod_dim_gradient(ops, grad, self, result, dim, keepdim):
    if not len(self.shape):
        return grad
    if not keepdim:
        grad, result = (ops.unsqueeze(each, dim=dim) for each in (grad, result))
    if not _count(ops, self == 0):
        return grad * (result / self)
    return grad if self.shape[dim] == 1 else grad * of_all_others(ops, self, dim)


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


def _cumsum_from_end(ops, grad, dim):
    if not len(grad.shape) or grad.shape[dim] == 1:
        return grad
    if isinstance(grad, Tensor):
        return ops.flip(ops.cumsum_of(ops.flip(grad, dims=(dim,)), dim=dim), dims=(dim,))
    xp = module_of(grad)
    return xp.asarray(xp.flip(_accumulated(xp, "cumsum", xp.flip(grad, dim), dim, grad.dtype), dim), order="C")


@op(
    title="cumsum",
    grad_fn="CumsumBackward0",
    self=vjp("1 (to all that follow)", _cumsum_from_end),
)
def cumsum_of(xp, self, *, dim, dtype=None):
    """Running sum along a dimension."""
    return _accumulated(xp, "cumsum", self, dim, dtype)


def _cumprod_gradient(ops, grad, self, result, dim):
    if not len(self.shape) or self.shape[dim] == 1:
        return grad
    zero = self == 0
    if isinstance(self, Tensor) and _count(ops, zero):
        return _cumprod_gradient_of_each(ops, grad, self, dim)
    if isinstance(self, Tensor) or isinstance(self, np.ndarray) and not zero.any():
        return _cumsum_from_end(ops, result * grad, dim) / self
    # from the first zero on, the formula would be 0 / 0: its own slope has the products without it
    zeros = ops.cumsum_of(zero * 1, dim=dim)
    first = zero & (zeros == 1)
    plain = _cumsum_from_end(ops, grad * result, dim) / ops.where(zero, 1.0, self)
    without = ops.cumprod_of(ops.where(first, 1.0, self), dim=dim)
    return ops.where(zeros == 0, plain, ops.where(first, _cumsum_from_end(ops, grad * without, dim), 0.0))


def _cumprod_gradient_of_each(ops, grad, self, dim):
    """The same without a division, one place after the other, so that it can be differentiated at zeros too."""
    sizes, size = self.shape, self.shape[dim]
    found = ops.new_zeros(grad, size=tuple(sizes))
    for k in range(size):
        if k:
            omitted = ops.prod_dim(ops.slice(self, dim=dim, start=0, end=k, step=1), dim=dim, keepdim=True)
        else:
            omitted = ops.new_zeros(grad, size=(*sizes[:dim], 1, *sizes[dim + 1 :])) + 1
        if k < size - 1:
            behind = ops.cumprod_of(ops.slice(self, dim=dim, start=k + 1, end=size, step=1), dim=dim)
            both = ops.expand(omitted, size=behind.shape) * behind if k else behind
            omitted = ops.cat(omitted, both, dim=dim)
        reached = ops.slice(grad, dim=dim, start=k, end=size, step=1)
        ops.select(found, dim=dim, index=k).copy_(ops.sum_dim(reached * omitted, dim=(dim,)))
    return found


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
