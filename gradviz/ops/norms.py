"""Norms of vectors, of all elements or over dimensions. The slopes at zero are PyTorch's: 0 for the order 2."""

from math import inf

from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.ops import composite
from gradviz.ops.choosing import without
from gradviz.ops.reduction import unsqueezed


def _masked_power(ops, self, exponent):
    """abs(self)**exponent, 0 where self is 0: its own slope is 0 there too."""
    zero = self == 0
    return ops.masked_fill_number(ops.abs(without(ops, self, zero, 1.0)) ** exponent, zero, value=0)


def _norm_gradient(ops, grad, self, result, ord, dim, keepdim):
    norm = result
    if not keepdim:
        grad, norm = (unsqueezed(ops, each, len(self.shape), dim) for each in (grad, norm))
    if ord == 0:
        return ops.new_zeros(self, size=tuple(self.shape))
    if ord == 1:
        return ops.sgn(self) * grad
    if ord == 2:
        return grad * ops.masked_fill_number(self / norm, norm == 0, value=0)
    if ord in (inf, -inf):
        hit = (ops.abs(self) == norm) | (self != self)
        return ops.sgn(self) * (grad / ops.sum_dim(hit, dim=dim or (), keepdim=True) * hit)
    if ord < 1:
        power = ops.sgn(self) * _masked_power(ops, self, ord - 1)
        return power * grad * norm ** (1 - ord)
    scaled = ops.masked_fill_number(grad / norm ** (ord - 1), norm == 0, value=0)
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


def refuse_nothing(array, ord, dim):
    """RuntimeError, in PyTorch's words, for no elements and an order that needs some."""
    if array.size or 0 <= ord < inf:
        return
    for d in (dim,) if isinstance(dim, int) else dim or ():
        if not array.shape[d]:
            raise RuntimeError(  # without a blank, as PyTorch says it
                f"linalg.vector_norm cannot compute the {ord} norm on the dimension {d}because this dimension is empty "
                "and the operation does not have an identity"
            )
    if dim is None or dim == ():
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {ord} norm on an empty tensor because the operation does not have "
            "an identity"
        )


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
        if p != "fro" or isinstance(dim, (tuple, list)) and len(dim) > 2:
            return _of_matrices(input, p, dim, keepdim, dtype)
        p = 2
    if dtype is not None:
        input = composite.to(input, dtype=dtype)
    dims = None if dim is None else composite._dims(input, dim)
    p = 2 if p is None else p
    refuse_nothing(input._array, p, dim)
    return linalg_vector_norm(input, ord=p, dim=dims, keepdim=keepdim)


def _of_matrices(input, p, dim, keepdim, dtype):
    from gradviz.ops.matrix_norms import matrix_norm  # which is made of these norms

    dims = range(input._array.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
    return matrix_norm(input, p, tuple(dims), keepdim, dtype=dtype)


__all__ = ["norm"]
METHODS = __all__
