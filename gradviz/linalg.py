"""Linear algebra, as `torch.linalg`."""

from gradviz.ops.contraction import multi_dot
from gradviz.ops.linear_algebra import (
    LinAlgError,
    cholesky,
    det,
    inv,
    matrix_power,
    slogdet,
    solve,
)
from gradviz.ops.vector_norms import matrix_norm, norm, vector_norm

__all__ = [
    "LinAlgError", "cholesky", "det", "inv", "matrix_norm", "matrix_power", "multi_dot", "norm", "slogdet", "solve",
    "vector_norm",
]  # fmt: skip
