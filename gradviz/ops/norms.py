"""The norm that `torch.norm` takes: of vectors, or by singular values."""

from math import inf

from gradviz.ops import composite
from gradviz.ops.matrix_norms import matrix_norm
from gradviz.ops.vector_norms import linalg_vector_norm


def norm(input, p="fro", dim=None, keepdim=False, dtype=None):
    """The norm of order p of all elements as one vector, or over `dim`; "fro" is the order 2."""
    if isinstance(p, str):
        one = dim is None or isinstance(dim, int) or len(dim) <= 2
        if p != "fro" or not one:
            dims = range(input._array.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
            return matrix_norm(input, p, tuple(dims), keepdim, dtype=dtype)
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
