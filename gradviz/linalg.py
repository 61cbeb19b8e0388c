"""Linear algebra, as `torch.linalg`."""

from gradviz.engine.keywords import with_numpy_names
from gradviz.ops.composite import matmul
from gradviz.ops.contraction import multi_dot
from gradviz.ops.decompositions import (
    eigh,
    eigvalsh,
    lstsq,
    matrix_rank,
    pinv,
    qr,
    svd,
    svdvals,
)
from gradviz.ops.distances import crossed as cross
from gradviz.ops.distances import vecdot
from gradviz.ops.linear_algebra import (
    LinAlgError,
    cholesky,
    det,
    inv,
    matrix_power,
    slogdet,
    solve,
)
from gradviz.ops.matrix_norms import cond, matrix_norm, norm
from gradviz.ops.reshaping import diagonal_of_matrices as diagonal
from gradviz.ops.triangles import solve_triangular
from gradviz.ops.vector_norms import vector_norm

cross, matrix_norm, norm, vecdot, vector_norm = map(with_numpy_names, (cross, matrix_norm, norm, vecdot, vector_norm))

__all__ = [
    "LinAlgError", "cholesky", "cond", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv", "lstsq", "matmul",
    "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet", "solve",
    "solve_triangular", "svd", "svdvals", "vecdot", "vector_norm",
]  # fmt: skip
