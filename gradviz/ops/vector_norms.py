"""Norms of vectors and matrices."""

from math import inf

from gradviz.ops import composite
from gradviz.ops.norms import linalg_vector_norm


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
