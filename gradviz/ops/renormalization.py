"""renorm: slices shortened to a greatest norm. Source: PyTorch's renorm_backward; norms are taken in doubles."""

from math import inf

import numpy as np

from gradviz.engine.op import op, vjp
from gradviz.ops import composite
from gradviz.ops.norms import _norm_gradient, linalg_vector_norm

_LEAST = 1e-7  # what is added to a norm before something is divided by it


def _wide(kind):
    """The dtype that norms are taken in."""
    return np.dtype(np.float32 if kind.itemsize == 2 else np.float64)


def _others(array, dim):
    return tuple(d for d in range(len(array.shape)) if d != dim % len(array.shape))


def _gradient(ops, grad, self, p, dim, maxnorm):
    kind, dims = getattr(self, "_array", self).dtype, _others(self, dim)
    wide = _wide(kind)
    values = self if kind == wide else ops.to_copy(self, dtype=wide)
    norm = ops.linalg_vector_norm(values, ord=p, dim=dims, keepdim=True)
    along = ops.sum_dim(self * grad, dim=dims, keepdim=True, dtype=wide)
    inverse = ops.reciprocal(norm + _LEAST)
    moved = _norm_gradient(ops, along, self, norm, p, dims, True)
    shortened = maxnorm * inverse * (grad - inverse * moved)
    return ops.where(norm > maxnorm, shortened if kind == wide else ops.to_copy(shortened, dtype=kind), grad)


@op(
    title="renorm",
    grad_fn="RenormBackward0",
    self=vjp("1 where the norm fits, else maxnorm * (delta - self'(self) / norm) / norm", _gradient),
)
def renormed(xp, self, *, p, dim, maxnorm):
    """Slices along a dimension, those longer than maxnorm shortened to it."""
    empty = [d for d in _others(self, dim) if not self.shape[d]]
    if p == inf and empty:
        raise RuntimeError(  # without a blank, as PyTorch says it
            f"linalg.vector_norm cannot compute the inf norm on the dimension {empty[0]}because this dimension is "
            "empty and the operation does not have an identity"
        )
    wide = self.astype(_wide(self.dtype)) if self.dtype.kind == "f" else self
    norm = linalg_vector_norm.op.forward(xp, wide, ord=p, dim=_others(self, dim), keepdim=True)
    factor = xp.where(norm > maxnorm, maxnorm / (norm + _LEAST), 1.0)
    return xp.asarray(self * factor.astype(self.dtype), order="C")


def renorm(input, p, dim, maxnorm):
    """Slices along `dim`, those whose norm of order p is greater than maxnorm shortened to it."""
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    if input._array.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {input._array.ndim} dimensions")
    composite.wrapped(dim, input._array.ndim)
    return renormed(input, p=p, dim=dim, maxnorm=maxnorm)


__all__ = ["renorm"]
METHODS = __all__
