"""Norms of vectors, of all elements or over dimensions. The slopes at zero are PyTorch's: 0 for the order 2."""

from math import inf

from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.ops import composite
from gradviz.ops.reduction import _restored


def _norm_gradient(ops, grad, self, result, ord, dim, keepdim):
    sizes = self.shape
    dims = dim or tuple(range(len(sizes)))
    grad, norm = (_restored(ops, each, sizes, dims, keepdim) for each in (grad, result))
    if ord == 0:
        return ops.zero(self)
    if ord == 1:
        return ops.sgn(self) * grad
    if ord == 2:
        return grad * ops.where(norm == 0, 0.0, self / norm)
    if ord in (inf, -inf):
        size = ops.abs(self)
        hit = (size == norm) | (self != self)
        shares = ops.sum_dim(hit * 1, dim=dims, keepdim=True)
        return ops.sgn(self) * (grad / shares * hit)
    if ord < 1:
        zero = self == 0
        power = ops.sgn(self) * ops.where(zero, 0.0, ops.abs(ops.where(zero, 1.0, self)) ** (ord - 1))
        return power * grad * norm ** (1 - ord)
    scaled = ops.where(norm == 0, 0.0, grad / norm ** (ord - 1))
    if ord < 2:
        return ops.sgn(self) * ops.abs(self) ** (ord - 1) * scaled
    return self * ops.abs(self) ** (ord - 2) * scaled


@op(
    self=vjp("self / result where ord is 2, else sign(self) * (abs(self) / result)**(ord - 1)", _norm_gradient),
    fits=True,
)
def linalg_vector_norm(xp, self, *, ord=2, dim=None, keepdim=False):
    """`sum(abs(self)**ord)**(1 / ord)` over dims; the greatest or smallest size for an infinite order."""
    if self.dtype.kind != "f":
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {title(self.dtype)}"
        )
    axis = dim or None
    sizes = xp.abs(self.astype(xp.float32) if self.dtype.itemsize == 2 else self)
    if ord in (inf, -inf):
        found = (sizes.max if ord > 0 else sizes.min)(axis=axis, keepdims=keepdim)
    elif ord == 0:
        found = (sizes != 0).sum(axis=axis, keepdims=keepdim)
    elif ord == 1:
        found = sizes.sum(axis=axis, keepdims=keepdim)
    elif ord == 2:
        found = xp.sqrt((sizes * sizes).sum(axis=axis, keepdims=keepdim))
    else:
        found = (sizes**ord).sum(axis=axis, keepdims=keepdim) ** (1 / ord)
    return found.astype(self.dtype)


@op(
    title="norm",
    grad_fn="NormBackward1",
    self=vjp(
        "self / result where p is 2, else sign(self) * (abs(self) / result)**(p - 1)",
        lambda ops, grad, self, result, p, dim, keepdim: _norm_gradient(ops, grad, self, result, p, dim, keepdim),
    ),
)
def norm_of(xp, self, *, p, dim, keepdim):
    """The norm over dims as PyTorch's own code takes it for distances."""
    if self.dtype.kind != "f":
        raise RuntimeError(
            f"norm(): input dtype should be either floating point or complex. Got {title(self.dtype)} instead."
        )
    return linalg_vector_norm.op.forward(xp, self, ord=p, dim=dim, keepdim=keepdim)


@op(
    title="norm",
    grad_fn="NormBackward0",
    self=vjp(
        "self / result where p is 2, else sign(self) * (abs(self) / result)**(p - 1)",
        lambda ops, grad, self, result, p: _norm_gradient(ops, grad, self, result, p, None, False),
    ),
)
def norm_of_all(xp, self, *, p):
    """norm_of over all dims."""
    return norm_of.op.forward(xp, self, p=p, dim=None, keepdim=False)


def norm(input, p="fro", dim=None, keepdim=False, dtype=None):
    """The norm of order p of all elements as one vector, or over `dim`; "fro" is the order 2."""
    if isinstance(p, str):
        if p == "nuc":
            raise RuntimeError("norm() with p='nuc' is not supported by gradviz: it needs singular values")
        if p != "fro":
            raise RuntimeError(f"linalg.matrix_norm: Order {p} not supported.")
        if isinstance(dim, (tuple, list)) and len(dim) > 2:
            raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {' '.join(map(str, dim))}")
        p = 2
    if dtype is not None:
        input = composite.to(input, dtype=dtype)
    dims = None if dim is None else composite._dims(input, dim)
    if p in (inf, -inf) and not input._array.size:
        empty = [d for d in dims or () if not input._array.shape[d]]
        if not dims or empty:
            where = "on an empty tensor because"
            if empty:  # without a blank, as PyTorch says it
                where = f"on the dimension {empty[0]}because this dimension is empty and"
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {p} norm {where} the operation does not have an identity"
            )
    return linalg_vector_norm(input, ord=2 if p is None else p, dim=dims, keepdim=keepdim)


__all__ = ["norm"]
METHODS = __all__
