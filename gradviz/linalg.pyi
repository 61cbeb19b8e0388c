"""Linear algebra, as `torch.linalg`.

Made by `python -m docs.generate`.
"""

from gradviz.engine.tensor import Tensor as Tensor
from gradviz.ops.linear_algebra import LinAlgError as LinAlgError

def cholesky(A, *, upper=False) -> Tensor:
    """The triangle L with `L @ L.T = A`, for symmetric positive-definite matrices; its transpose where
    `upper`.
    """
def cond(A, p=None) -> Tensor:
    """How much a matrix stretches one way more than another: the norm of it times that of its inverse."""
def cross(input, other, *, dim=-1) -> Tensor:
    """The cross product of vectors of three elements along `dim`."""
def det(A) -> Tensor:
    """The determinant of matrices, (..., N, N) to (...)."""
def diagonal(A, *, offset=0, dim1=-2, dim2=-1) -> Tensor:
    """The diagonals of matrices; a view."""
def eigh(A, UPLO='L') -> Tensor:
    """(eigenvalues, eigenvectors) of symmetric matrices; only one triangle of them is read."""
def eigvalsh(A, UPLO='L') -> Tensor:
    """The eigenvalues of symmetric matrices, in order."""
def inv(A) -> Tensor:
    """The inverse of matrices, (..., N, N)."""
def lstsq(A, B, rcond=None, *, driver=None) -> Tensor:
    """(solution, residuals, rank, singular_values): X for which the squares of `A @ X - B` are least."""
def matmul(input, other) -> Tensor:
    """The product of vectors, matrices or batches of them; expands to the ops that PyTorch expands to."""
def matrix_norm(A, ord='fro', dim=..., keepdim=False, *, dtype=None) -> Tensor:
    """The norm of matrices: "fro", "nuc", or of order 1, 2, inf and their negatives."""
def matrix_power(input, n) -> Tensor:
    """A square matrix times itself, n times; its inverse for a negative n."""
def matrix_rank(A, *, atol=None, rtol=None, hermitian=False) -> Tensor:
    """How many singular values of a matrix are not zero."""
def multi_dot(tensors) -> Tensor:
    """The product of two or more matrices, in the cheapest order; the first and the last may be vectors."""
def norm(A, ord=None, dim=None, keepdim=False, *, dtype=None) -> Tensor:
    """A vector norm, or a matrix norm where `ord` or two dims ask for one."""
def pinv(A, *, rtol=None, hermitian=False) -> Tensor:
    """The pseudoinverse of matrices, (..., M, N) to (..., N, M); singular values below rtol of the
    greatest are 0.
    """
def qr(A, mode='reduced') -> Tensor:
    """(Q, R) with `Q @ R = A`."""
def slogdet(A) -> tuple[Tensor, ...]:
    """(sign, logabsdet) of matrices."""
def solve(A, B, *, left=True) -> Tensor:
    """X with `A @ X = B` for a vector or matrices B, or `X @ A = B` with left=False."""
def solve_triangular(A, B, *, upper, left=True, unitriangular=False) -> Tensor:
    """X with `A @ X = B`, or `X @ A = B` with left=False, for a triangle A."""
def svd(A, full_matrices=True) -> tuple[Tensor, ...]:
    """(U, S, Vh) with `(U * S) @ Vh = A`: singular vectors as columns, values from the greatest on,
    vectors as rows.
    """
def svdvals(A) -> Tensor:
    """The singular values of matrices, from the greatest on."""
def vecdot(x, y, *, dim=-1) -> Tensor:
    """The inner product of vectors along `dim`."""
def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None) -> Tensor:
    """The norm of all elements, or over `dim`."""
