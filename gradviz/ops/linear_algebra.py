"""Linear algebra: inverse, determinant, solving, Cholesky, powers. `gradviz.linalg` names them as PyTorch."""

from math import nan

import numpy as np

from gradviz.engine import backend, coerce
from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import composite, matmul, pointwise
from gradviz.ops.elimination import factorized, solved, solved_by_triangle
from gradviz.ops.matrices import by_columns, column, on_diagonal, row, turned
from gradviz.ops.named import named_result
from gradviz.ops.products import of_all_others


class _LinAlgError(RuntimeError):
    """A matrix that can't be inverted, solved with or decomposed."""


LinAlgError = _LinAlgError  # as PyTorch: torch.linalg.LinAlgError, which prints as _LinAlgError


def _square(name, array):
    if array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if array.shape[-1] != array.shape[-2]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {array.shape[-2]} by {array.shape[-1]} matrices"  # noqa: E501
        )
    if array.dtype.kind != "f":
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {title(array.dtype)}")
    if array.dtype.itemsize == 2 and name in ("linalg.inv", "linalg.slogdet", "logdet"):
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {title(array.dtype)}")
    if array.dtype.itemsize == 2:
        kernel = "cholesky_cpu" if name == "linalg.cholesky" else "lu_cpu"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{title(array.dtype)}'")


def in_batch(array, wrong):
    """PyTorch's words for which of a batch of matrices is meant: the first that is wrong, (...) of booleans."""
    return f"(Batch element {np.ravel(wrong).argmax()}): " if array.ndim > 2 else ""


def refuse_misfit(name, A, B, left):
    """RuntimeError, in PyTorch's words, for matrices B that no equation with A can have."""
    if B.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor B must have at least 2 dimensions.")
    if B.shape[-2 if left else -1] != A.shape[-1]:
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
            f"({A.shape[-2]}x{A.shape[-1]} and {B.shape[-2]}x{B.shape[-1]})"
        )


def _singular(array, diagonal):
    """PyTorch's error for matrices of which a factor has a zero on its diagonal."""
    zero = diagonal == 0
    if not zero.any():
        return _LinAlgError("linalg.inv: The inversion could not be completed because the input matrix is singular.")
    place = np.argwhere(zero)[0][-1] + 1
    return _LinAlgError(
        f"linalg.inv: {in_batch(array, zero.any(axis=-1))}The diagonal element {place} is zero, the inversion could "
        "not be completed because the input matrix is singular."
    )


def _diagonal(xp, lu):
    return xp.diagonal(lu, 0, -2, -1)


def _blocked(array, answer):
    """Of matrices on a GPU whose answer isn't finite: the diagonal of LU, on the CPU, where it has a zero; else None.

    CuPy raises nothing for them. The public functions take this look, as PyTorch's do; what backward runs doesn't wait.
    """
    xp = backend.module_of(array)
    if xp.isfinite(answer).all():
        return None
    diagonal = backend.moved(_diagonal(xp, factorized(xp, array)[0]), "cpu")
    return diagonal if (diagonal == 0).any() else None


# -- inverse, determinant, solving -------------------------------------------------------------------


def _inverse_gradient(ops, grad, inverse):
    return -(turned(ops, inverse) @ (grad @ turned(ops, inverse)))


@op(
    self=vjp("-inverse.T (@ grad @ inverse.T)", _inverse_gradient),
    result="inverse",
    title="linalg.inv",
)
def linalg_inv_ex(xp, self):
    """The inverse of matrices."""
    _square("linalg.inv", self)
    try:
        return by_columns(xp, xp.linalg.inv(self))
    except np.linalg.LinAlgError:
        raise _singular(self, _diagonal(xp, factorized(xp, self)[0])) from None


def inv(A):
    """The inverse of matrices, (..., N, N)."""
    out = linalg_inv_ex(A)
    if A.is_cuda and (diagonal := _blocked(A._array, out._array)) is not None:
        raise _singular(A._array, diagonal)
    return out


inverse = inv


def _times_inverse(ops, grad, A, pivots):
    """`grad * inv(A).T` for a number a matrix, solved for so that it has a graph."""
    spread = ops.expand(ops.unsqueeze(grad, dim=len(grad.shape)), size=pivots.shape)
    return ops.linalg_solve_ex(turned(ops, A), turned(ops, on_diagonal(ops, spread)))


def _by_singular_values(ops, grad, A):
    """`grad * det * inv(A).T`, which a singular matrix has too."""
    u, values, vh = ops.linalg_svd_of(A, full_matrices=True)
    scale = column(ops, ops.linalg_det(u) * ops.linalg_det(vh) * grad)
    scale = scale * of_all_others(ops, values, len(values.shape) - 1)
    return (u * row(ops, scale)) @ vh


def _det_gradient(ops, grad, A, LU, pivots, result):
    if not isinstance(A, Tensor):
        return grad[..., None, None] * _cofactors(backend.module_of(A), A, LU, pivots, result)
    if A.shape[-1] == 1:
        return ops.expand(column(ops, column(ops, grad)), size=A.shape)
    xp = backend.module_of(A._array)
    if (xp.abs(result._array) < 100 * xp.finfo(A._array.dtype).eps).any():
        return _by_singular_values(ops, grad, A)
    return _times_inverse(ops, grad * result, A, pivots)


def _cofactors(xp, matrices, LU, pivots, result):
    """det * inv.T by the factors; by singular values, where a matrix is singular, which has it too."""
    if xp is np and matrices.size and (_diagonal(np, LU) != 0).all() and np.isfinite(LU).all() and np.all(result != 0):
        ones = np.broadcast_to(np.eye(matrices.shape[-1], dtype=matrices.dtype), matrices.shape)
        return solved(np, matrices, ones, LU, pivots, True) * result[..., None, None]
    # of infinities LAPACK may search the singular values forever
    finite = xp.isfinite(matrices).all(axis=(-2, -1), keepdims=True)
    u, values, vh = xp.linalg.svd(xp.where(finite, matrices, 0))
    others = xp.where(xp.eye(values.shape[-1], dtype=bool), 1, values[..., None, :]).prod(axis=-1)
    signs = xp.linalg.det(u) * xp.linalg.det(vh)
    found = (u * (others * signs[..., None])[..., None, :]) @ vh
    return xp.where(finite, found, xp.nan).astype(matrices.dtype, copy=False)


@op(
    A=vjp("cofactors (result * inv(A).T, @ grad)", _det_gradient),
    intermediates=("LU", "pivots"),
    title="linalg.det",
)
def linalg_det(xp, A):
    """The determinant of matrices."""
    _square("linalg.det", A)
    lu, pivots, parity = factorized(xp, A)
    return _diagonal(xp, lu).prod(axis=-1) * parity, lu, pivots


def det(A):
    """The determinant of matrices, (..., N, N) to (...)."""
    return linalg_det(A)


def _slogdet_gradient(ops, grads, A, LU, pivots, sign):
    if grads[1] is None:  # the sign has no slope
        return ops.new_zeros(A, size=tuple(A.shape))
    if isinstance(A, Tensor):
        return _times_inverse(ops, grads[1], A, pivots)
    return grads[1][..., None, None] * turned(ops, ops.linalg_inv_ex(A))


@op(
    A=vjp("inv(A).T (@ grad)", _slogdet_gradient),
    intermediates=("sign", "LU", "pivots"),
    several=True,
    title="linalg.slogdet",
)
def linalg_slogdet(xp, A):
    """The sign of the determinant, and the logarithm of its absolute value."""
    _square("linalg.slogdet", A)
    lu, pivots, parity = factorized(xp, A)
    diagonal = _diagonal(xp, lu)
    sign = coerce.as_array(xp.sign(diagonal).prod(axis=-1) * parity)
    return [sign, coerce.as_array(xp.log(xp.abs(diagonal)).sum(axis=-1))], sign, lu, pivots


Slogdet = named_result("linalg_slogdet", "sign", "logabsdet")


def slogdet(A):
    """(sign, logabsdet) of matrices."""
    return Slogdet(*linalg_slogdet(A))


@composed("logdet")
def logdet(A):
    """The logarithm of the determinant; NaN where that is negative."""
    _square("logdet", A._array)
    sign, logabsdet = linalg_slogdet(A)
    return pointwise.where(sign == -1, nan, logabsdet)


def _is_vector(a, b):
    return len(b.shape) == 1 or (len(a.shape) - 1 == len(b.shape) and b.shape == a.shape[:-1])


def _given_back(ops, grad, A, LU, pivots, left):
    """The solution of the equation with the transposed matrices."""
    if isinstance(A, Tensor):
        return ops.linalg_solve_ex(turned(ops, A), grad, left=left)
    return _solution(backend.module_of(A), A, grad, LU, pivots, left, True)


def _solution(xp, A, B, LU, pivots, left, across):
    vector = _is_vector(A, B)
    right = B[..., None] if vector else B
    if left:
        found = solved(xp, A, right, LU, pivots, across)
    else:
        found = xp.swapaxes(solved(xp, A, xp.swapaxes(right, -1, -2), LU, pivots, not across), -1, -2)
    return found[..., 0] if vector else found


def _unsolved(array, diagonal):
    where = in_batch(array, (diagonal == 0).any(axis=-1))
    return _LinAlgError(f"torch.linalg.solve: {where}The solver failed because the input matrix is singular.")


def _solve_gradient(ops, grad, A, LU, pivots, result, left):
    if _is_vector(A, result):
        grad, result = (ops.unsqueeze(each, dim=len(each.shape)) for each in (grad, result))
    given = _given_back(ops, grad, A, LU, pivots, left)
    return -(given @ turned(ops, result)) if left else -(turned(ops, result) @ given)


def _right_side_gradient(ops, grad, A, LU, pivots, result, left):
    if not _is_vector(A, result):
        return _given_back(ops, grad, A, LU, pivots, left)
    given = _given_back(ops, ops.unsqueeze(grad, dim=len(grad.shape)), A, LU, pivots, left)
    return ops.squeeze_one(given, dim=len(grad.shape))


@op(
    A=vjp(
        "-solve(A.T, grad) (outer product with result)",
        lambda ops, grad, A, LU, pivots, result, left: _solve_gradient(ops, grad, A, LU, pivots, result, left),
    ),
    B=vjp(
        "inv(A).T (@ grad)",
        _right_side_gradient,
    ),
    intermediates=("LU", "pivots"),
    title="linalg.solve",
)
def linalg_solve_ex(xp, A, B, *, left=True):
    """X with `A @ X = B`, or `X @ A = B` from the right."""
    _square("linalg.solve", A)
    if A.dtype != B.dtype:
        raise RuntimeError(
            f"linalg.solve: Expected A and B to have the same dtype, but found A of type {title(A.dtype)} and B of type "  # noqa: E501
            f"{title(B.dtype)} instead"
        )
    vector = _is_vector(A, B)
    right = B[..., None] if vector else B
    refuse_misfit("linalg.solve", A, right, left)
    if vector and not left:
        raise RuntimeError(
            "linalg.solve: Vector broadcasting of the left hand side is not supported for left=False. In this case "
            "linalg.solve is equivalent to B / A.squeeze(-1)"
        )
    coerce.check_broadcast(right.shape[:-2], A.shape[:-2])
    lu, pivots, _ = factorized(xp, A)
    if xp is np and (_diagonal(xp, lu) == 0).any():
        raise _unsolved(A, _diagonal(xp, lu))
    found = _solution(xp, A, B, lu, pivots, left, False)
    return by_columns(xp, found) if left and found.ndim > 1 else xp.ascontiguousarray(found), lu, pivots


def solve(A, B, *, left=True):
    """X with `A @ X = B` for a vector or matrices B, or `X @ A = B` with left=False."""
    out = linalg_solve_ex(A, B, left=left)
    if A.is_cuda and (diagonal := _blocked(A._array, out._array)) is not None:
        raise _unsolved(A._array, diagonal)
    return out


# -- Cholesky, powers --------------------------------------------------------------------------------


def _cholesky_gradient(ops, grad, L, upper):
    if upper:
        grad, L = turned(ops, grad), turned(ops, L)
    inner = ops.tril(turned(ops, L) @ grad, diagonal=0)
    inner = inner + turned(ops, ops.tril(inner, diagonal=-1))
    if isinstance(L, Tensor):
        inner = ops.solved_triangular(turned(ops, L), inner * 0.5, upper=True, left=True, unitriangular=False)
        return ops.solved_triangular(L, inner, upper=False, left=False, unitriangular=False)
    xp, across = backend.module_of(L), turned(ops, L)
    half = solved_by_triangle(xp, across, inner, False)
    return turned(ops, solved_by_triangle(xp, across, turned(ops, half), False)) * 0.5


@op(
    self=vjp("inv(L).T @ sym(L.T @ grad) @ inv(L)", _cholesky_gradient),
    result="L",
    title="linalg.cholesky",
)
def linalg_cholesky_ex(xp, self, *, upper=False):
    """The lower triangle L with `L @ L.T = self`; its transpose where `upper`."""
    _square("linalg.cholesky", self)
    lower = xp.swapaxes(self, -2, -1) if upper else self
    try:
        found = xp.linalg.cholesky(lower)
    except np.linalg.LinAlgError:
        raise _not_definite(lower) from None
    return by_columns(xp, xp.swapaxes(found, -2, -1) if upper else found)


def _not_definite(array):
    for number, batch in enumerate(np.ndindex(array.shape[:-2])):
        for order in range(1, array.shape[-1] + 1):
            try:
                np.linalg.cholesky(array[batch][:order, :order])
            except np.linalg.LinAlgError:
                where = f"(Batch element {number}): " if batch else ""
                return _LinAlgError(
                    f"linalg.cholesky: {where}The factorization could not be completed because the input is not "
                    f"positive-definite (the leading minor of order {order} is not positive-definite)."
                )
    return _LinAlgError("linalg.cholesky: The factorization could not be completed.")


def cholesky(A, *, upper=False):
    """The triangle L with `L @ L.T = A`, for symmetric positive-definite matrices; its transpose where `upper`."""
    out = linalg_cholesky_ex(A, upper=upper)
    if A.is_cuda and not (_diagonal(backend.module_of(A._array), out._array) > 0).all():
        raise _not_definite(backend.moved(A._array, "cpu"))
    return out


@composed("linalg.matrix_power")
def matrix_power(self, n):
    """A square matrix times itself, n times; its inverse for a negative n."""
    _square_only(self)
    if n == 0:
        ones = backend.module_of(self._array).eye(self._array.shape[-1], dtype=self._array.dtype)
        return pointwise.copy(pointwise.clone(self), Tensor(ones))
    if n < 0:
        self, n = linalg_inv_ex(self), -n
    if n == 1:
        return pointwise.clone(self)
    times = matmul.mm if self._array.ndim == 2 else composite.matmul
    if n == 3:
        return times(times(self, self), self)
    found, square = None, None
    while n:
        square = self if square is None else times(square, square)
        if n & 1:
            found = square if found is None else times(found, square)
        n >>= 1
    return found


def _square_only(self):
    array = self._array
    if array.ndim < 2:
        raise RuntimeError("linalg.matrix_power: The input tensor A must have at least 2 dimensions.")
    if array.shape[-1] != array.shape[-2]:
        raise RuntimeError(
            "linalg.matrix_power: A must be batches of square matrices, but they are "
            f"{array.shape[-2]} by {array.shape[-1]} matrices"
        )


__all__ = ["det", "inverse", "logdet", "matrix_power", "slogdet"]
METHODS = ["det", "inverse", "logdet", "matrix_power", "slogdet"]
