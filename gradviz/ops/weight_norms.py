"""A weight as its norms times its directions: Salimans and Kingma (2016)."""

from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.ops import composite, norms, pointwise
from gradviz.ops.refusals import refuse_kinds


def _along(ops, grad, v, dim):
    """What the gradient has of each direction: `grad * v` summed over all but one dimension, in the norms' shape."""
    size = v.shape[dim]
    flat = (size, -1) if dim == 0 else (-1, size)
    summed = ops.sum_dim(ops.reshape_raw(grad * v, size=flat), dim=(1 if dim == 0 else 0,), keepdim=False)
    return ops.reshape_raw(summed, size=tuple(size if d == dim else 1 for d in range(len(v.shape))))


def _to_directions(ops, grad, v, g, result1, dim):
    scale = g / result1
    return grad * scale - v * (scale * _along(ops, grad, v, dim) / (result1 * result1))


def _to_directions_again(ops, grad, v, g, result1, dim):
    # as in PyTorch, the norms are constants to a second derivative
    return g / result1 * (grad - v * (_along(ops, grad, v, dim) / (result1 * result1)))


def _to_norms(ops, grad, v, g, result1, dim):
    # PyTorch has one formula for both inputs, which saves g
    return _along(ops, grad, v, dim) / result1


@op(
    v=vjp("g / norm * (delta - v * v / norm**2)", _to_directions, _to_directions_again),
    g=vjp("v / norm (summed over the rest of the dims)", _to_norms),
    intermediates=("result1",),
)
def weight_norm_interface(xp, v, g, *, dim):
    """`g * v / norm(v)`, the norm over all dimensions but one, the first or the last."""
    refuse_kinds("weight_norm_kernel", v, "biu")
    if v.dtype != g.dtype:
        raise RuntimeError(f"expected scalar type {title(v.dtype)} but found {title(g.dtype)}")
    others = tuple(d for d in range(v.ndim) if d != dim)
    norm = xp.sqrt((v * v).sum(axis=others, keepdims=True))
    return v * (g / norm), norm


def norm_except_dim(v, pow=2, dim=0):
    """The norm over all dimensions but one, which keeps its place; of all, for the dimension -1."""
    if dim == -1:
        return norms.norm_of_all(v, p=pow)
    if dim not in (0, v.ndim - 1):
        return composite.transpose(norm_except_dim(composite.transpose(v, 0, dim), pow, 0), 0, dim)
    if not v.ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    size = v.shape[dim]
    flat, over = ((size, -1), 1) if dim == 0 else ((-1, size), 0)
    found = norms.norm_of(composite.view(v.contiguous(), *flat), p=pow, dim=(over,), keepdim=False)
    return composite.view(found, *(size if d == dim else 1 for d in range(v.ndim)))


def _weight_norm(v, g, dim=0):
    """`g * v / norm(v)`, the norm over all dimensions but one; one op where that is the first or the last."""
    v, g = v.contiguous(), g.contiguous()
    half = any(each._array.dtype.itemsize == 2 and each._array.dtype.kind == "f" for each in (v, g))
    if not half and dim in (0, v.ndim - 1):
        return weight_norm_interface(v, g, dim=dim)
    return pointwise.mul(v, pointwise.div(g, norm_except_dim(v, 2, dim)))


__all__ = ["norm_except_dim"]
METHODS = []
