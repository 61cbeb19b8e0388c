"""Norms of vectors, as `torch.linalg` names them."""

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
