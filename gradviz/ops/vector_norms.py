"""Norms of vectors, as `torch.linalg` names them."""

from gradviz.ops import composite
from gradviz.ops.norms import linalg_vector_norm, refuse_nothing


def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None):
    """The norm of all elements, or over `dim`."""
    x = x if dtype is None else composite.to(x, dtype)
    dims = None if dim is None else composite._dims(x, dim)
    refuse_nothing(x._array, ord, dim)
    return linalg_vector_norm(x, ord=ord, dim=dims, keepdim=keepdim)
