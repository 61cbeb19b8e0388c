"""Linear algebra, as `torch.linalg`.

Made by `python -m docs.generate`.
"""

from gradviz.engine.tensor import Tensor as Tensor
from gradviz.ops.linear_algebra import LinAlgError as LinAlgError

def cholesky(A, *, upper=False) -> Tensor:
    """The triangle L with `L @ L.T = A`, for symmetric positive-definite matrices; its transpose where
    `upper`.
    """
def det(A) -> Tensor:
    """The determinant of matrices, (..., N, N) to (...)."""
def inv(A) -> Tensor:
    """The inverse of matrices, (..., N, N)."""
def matrix_norm(A, ord='fro', dim=..., keepdim=False, *, dtype=None) -> Tensor:
    """The Frobenius norm of matrices; NotImplementedError for other orders."""
def matrix_power(self, n) -> Tensor:
    """A square matrix times itself, n times; its inverse for a negative n."""
def multi_dot(tensors) -> Tensor:
    """The product of two or more matrices, in the cheapest order; the first and the last may be vectors."""
def norm(A, ord=None, dim=None, keepdim=False, *, dtype=None) -> Tensor:
    """A vector norm, or a matrix norm where `ord` or two dims ask for one."""
def slogdet(A) -> tuple[Tensor, ...]:
    """(sign, logabsdet) of matrices."""
def solve(A, B, *, left=True) -> Tensor:
    """X with `A @ X = B` for a vector or matrices B, or `X @ A = B` with left=False."""
def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None) -> Tensor:
    """The norm of all elements, or over `dim`."""
