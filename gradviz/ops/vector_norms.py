"""Norms of vectors and matrices."""

from math import inf

from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.ops import composite
from gradviz.ops.reduction import _restored


def _norm_gradient(ops, grad, self, result, ord, dim, keepdim):
    sizes = self.shape
    dims = tuple(range(len(sizes))) if dim is None else dim
    grad, norm = (_restored(ops, each, sizes, dims, keepdim) for each in (grad, result))
    if ord == 0:
        return grad * 0.0
    if ord == 1:
        return grad * ops.sign(self)
    if ord in (inf, -inf):
        hit = ops.abs(self) == norm
        hit = ops.where(hit, self * 0.0 + 1.0, 0.0)
        count = ops.sum_dim(hit, dim=dims, keepdim=True)  # none where the norm is NaN
        return grad * ops.sign(self) * (hit / ops.where(count == 0, 1.0, count))
    away = norm == 0
    safe = ops.where(away, norm * 0.0 + 1.0, norm)
    if ord == 2:
        return ops.where(away, 0.0, grad * (self / safe))
    magnitude = ops.abs(self)
    magnitude = ops.where(magnitude == 0, magnitude * 0.0 + 1.0, magnitude)
    return ops.where(away, 0.0, grad * (self * magnitude ** (ord - 2) / safe ** (ord - 1)))


@op(
    self=vjp("self / result where it is the norm of order 2, else its own", _norm_gradient),
    title="linalg.vector_norm",
)
def linalg_vector_norm(xp, self, *, ord=2, dim=None, keepdim=False):
    """`sum(abs(self)**ord)**(1 / ord)` over dims; the greatest or smallest for an infinite order."""
    if self.dtype.kind != "f":
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {title(self.dtype)}"
        )
    if ord == 2:
        work = self.astype(xp.float32) if self.dtype.itemsize == 2 else self
        return xp.sqrt((work * work).sum(axis=dim, keepdims=keepdim)).astype(self.dtype, copy=False)
    sizes = xp.abs(self)
    if ord == inf:
        return sizes.max(axis=dim, keepdims=keepdim)
    if ord == -inf:
        return sizes.min(axis=dim, keepdims=keepdim)
    if ord == 0:
        return (self != 0).astype(self.dtype).sum(axis=dim, keepdims=keepdim)
    if ord == 1:
        return sizes.sum(axis=dim, keepdims=keepdim)
    return (sizes**ord).sum(axis=dim, keepdims=keepdim) ** (1 / ord)


def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None):
    """The norm of all elements, or over `dim`."""
    x = x if dtype is None else composite.to(x, dtype)
    if dim is not None:
        dim = composite._dims(x, dim)
        if ord in (inf, -inf) and any(not x._array.shape[d] for d in dim):
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {ord} norm on the dimension {dim[0]} because this dimension is "
                "empty and the operation does not have an identity"
            )
    elif ord in (inf, -inf) and not x._array.size:
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {ord} norm on an empty tensor because the operation does not have "
            "an identity"
        )
    return linalg_vector_norm(x, ord=ord, dim=dim, keepdim=keepdim)


def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None):
    """The Frobenius norm of matrices; NotImplementedError for other orders."""
    if A._array.ndim < 2:
        raise RuntimeError("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.")
    if ord != "fro":
        raise NotImplementedError(f"gradviz computes matrix norms of order 'fro' only, but got {ord!r}")
    return vector_norm(A, 2, dim, keepdim, dtype=dtype)


def norm(A, ord=None, dim=None, keepdim=False, *, dtype=None):
    """A vector norm, or a matrix norm where `ord` or two dims ask for one."""
    if isinstance(ord, str) or (ord is not None and (A._array.ndim == 2 if dim is None else _two(dim))):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    return vector_norm(A, 2.0 if ord is None else ord, dim, keepdim, dtype=dtype)


def _two(dim):
    return not isinstance(dim, int) and len(dim) == 2
