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
from gradviz.ops.named import named_result


class _LinAlgError(RuntimeError):
    """A matrix that can't be inverted, solved with or decomposed."""


UNSOLVED = "torch.linalg.solve: The solver failed because the input matrix is singular."
LinAlgError = _LinAlgError  # as PyTorch: torch.linalg.LinAlgError, which prints as _LinAlgError


def _mt(ops, array):
    last = len(array.shape) - 1
    return ops.transpose(array, dim0=last - 1, dim1=last)


def _square(name, array):
    if array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if array.shape[-1] != array.shape[-2]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {array.shape[-2]} by {array.shape[-1]} matrices"  # noqa: E501
        )
    if array.dtype.kind != "f":
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {title(array.dtype)}")
    if array.dtype.itemsize == 2 and name in ("linalg.inv", "linalg.slogdet"):
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {title(array.dtype)}")
    if array.dtype.itemsize == 2:
        kernel = "cholesky_cpu" if name == "linalg.cholesky" else "lu_cpu"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{title(array.dtype)}'")


def _singular(diagonal):
    """PyTorch's error for a factor with a zero on its diagonal."""
    zero = np.argwhere(diagonal == 0)
    if not len(zero):
        return _LinAlgError("linalg.inv: The inversion could not be completed because the input matrix is singular.")
    where = f"(Batch element {zero[0][0]}): " if diagonal.ndim > 1 else ""
    return _LinAlgError(
        f"linalg.inv: {where}The diagonal element {zero[0][-1] + 1} is zero, the inversion could not be completed because "  # noqa: E501
        "the input matrix is singular."
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
    turned = _mt(ops, inverse)
    return -(turned @ (grad @ turned))


@op(
    self=vjp("-inverse.T (@ grad @ inverse.T)", _inverse_gradient),
    result="inverse",
    title="linalg.inv",
)
def linalg_inv_ex(xp, self):
    """The inverse of matrices."""
    _square("linalg.inv", self)
    try:
        return xp.linalg.inv(self)
    except np.linalg.LinAlgError:
        raise _singular(_diagonal(xp, factorized(xp, self)[0])) from None


def inv(A):
    """The inverse of matrices, (..., N, N)."""
    out = linalg_inv_ex(A)
    if A.is_cuda and (diagonal := _blocked(A._array, out._array)) is not None:
        raise _singular(diagonal)
    return out


inverse = inv


def _of_each(ops, grad):
    """A gradient of one number a matrix, for all elements of it."""
    return ops.reshape_raw(grad, size=(*grad.shape, 1, 1))


@op(
    A=vjp(
        "cofactors (result * inv(A).T, @ grad)",
        lambda ops, grad, A, LU, pivots, result: _of_each(ops, grad) * _cofactors(ops, A, LU, pivots, result),
    ),
    intermediates=("LU", "pivots"),
    title="linalg.det",
)
def linalg_det(xp, A):
    """The determinant of matrices."""
    _square("linalg.det", A)
    lu, pivots, parity = factorized(xp, A)
    return _diagonal(xp, lu).prod(axis=-1) * parity, lu, pivots


def _cofactors(ops, A, LU, pivots, result):
    """The gradient of the determinant, in a plain backward by its factors, which a singular matrix has none of."""
    if not isinstance(A, Tensor) and A.size and (xp := backend.module_of(A)) is np:
        if (_diagonal(np, LU) != 0).all() and np.isfinite(LU).all() and (result != 0).all():
            ones = np.broadcast_to(np.eye(A.shape[-1], dtype=A.dtype), A.shape)
            return solved(xp, A, ones, LU, pivots, True) * _of_each(ops, result)
    return ops.cofactors(A)


def _cofactor_gradient(ops, grad, self, result):
    turned = _mt(ops, ops.linalg_inv_ex(self))
    last = len(self.shape)
    along = ops.sum_dim(grad * turned, dim=(last - 2, last - 1), keepdim=True)
    return along * result - result @ (_mt(ops, grad) @ turned)


@op(self=vjp("(sum(grad * inv.T) - inv.T @ grad.T) * result", _cofactor_gradient))
def cofactors(xp, self):
    """The gradient of the determinant, `det * inv.T`, but by singular values, so that a singular matrix has one too."""
    # of infinities LAPACK may search the singular values forever
    finite = xp.isfinite(self).all(axis=(-2, -1), keepdims=True)
    u, values, vh = xp.linalg.svd(xp.where(finite, self, 0))
    size = self.shape[-1]
    others = xp.where(xp.eye(size, dtype=bool), 1, values[..., None, :]).prod(axis=-1)
    signs = xp.linalg.det(u) * xp.linalg.det(vh)
    found = (u * (others * signs[..., None])[..., None, :]) @ vh
    return xp.where(finite, found, xp.nan).astype(self.dtype, copy=False)


def det(A):
    """The determinant of matrices, (..., N, N) to (...)."""
    return linalg_det(A)


def _slogdet_gradient(ops, grads, A, LU, pivots, sign):
    if grads[1] is None:  # the sign has no slope
        return ops.zero(A)
    return _of_each(ops, grads[1]) * _mt(ops, ops.linalg_inv_ex(A))


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
    sign, logabsdet = linalg_slogdet(A)
    return pointwise.where(sign == -1, nan, logabsdet)


def _is_vector(a, b):
    return b.ndim == 1 or (a.ndim - 1 == b.ndim and b.shape == a.shape[:-1])


def _given_back(ops, grad, A, LU, pivots, left):
    """The solution of the equation with the transposed matrices."""
    if isinstance(A, Tensor):
        return ops.linalg_solve_ex(_mt(ops, A), grad, left=left)
    return _solution(backend.module_of(A), A, grad, LU, pivots, left, True)


def _solution(xp, A, B, LU, pivots, left, turned):
    vector = _is_vector(A, B)
    right = B[..., None] if vector else B
    if left:
        found = solved(xp, A, right, LU, pivots, turned)
    else:
        found = xp.swapaxes(solved(xp, A, xp.swapaxes(right, -1, -2), LU, pivots, not turned), -1, -2)
    return found[..., 0] if vector else found


def _solve_gradient(ops, grad, A, LU, pivots, result, left):
    given = _given_back(ops, grad, A, LU, pivots, left)
    if len(result.shape) == 1 or (len(result.shape) == len(A.shape) - 1 and result.shape == A.shape[:-1]):
        last = len(result.shape)
        return -(ops.unsqueeze(given, dim=last) * ops.unsqueeze(result, dim=last - 1))
    return -(given @ _mt(ops, result)) if left else -(_mt(ops, result) @ given)


@op(
    A=vjp(
        "-solve(A.T, grad) (outer product with result)",
        lambda ops, grad, A, LU, pivots, result, left: _solve_gradient(ops, grad, A, LU, pivots, result, left),
    ),
    B=vjp(
        "inv(A).T (@ grad)",
        lambda ops, grad, A, LU, pivots, result, left: _given_back(ops, grad, A, LU, pivots, left),
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
    if vector and not left:
        raise RuntimeError(
            "linalg.solve: Vector broadcasting of the left hand side is not supported for left=False. In this case "
            "linalg.solve is equivalent to B / A.squeeze(-1)"
        )
    right = B[..., None] if vector else B
    if right.shape[-2 if left else -1] != A.shape[-1]:
        raise RuntimeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
            f"({A.shape[-2]}x{A.shape[-1]} and {right.shape[-2]}x{right.shape[-1]})"
        )
    lu, pivots, _ = factorized(xp, A)
    if xp is np and (_diagonal(xp, lu) == 0).any():
        raise _LinAlgError(UNSOLVED)
    return _solution(xp, A, B, lu, pivots, left, False), lu, pivots


def solve(A, B, *, left=True):
    """X with `A @ X = B` for a vector or matrices B, or `X @ A = B` with left=False."""
    out = linalg_solve_ex(A, B, left=left)
    if A.is_cuda and _blocked(A._array, out._array) is not None:
        raise _LinAlgError(UNSOLVED)
    return out


# -- Cholesky, powers --------------------------------------------------------------------------------


def _cholesky_gradient(ops, grad, L, upper):
    if upper:
        grad, L = _mt(ops, grad), _mt(ops, L)
    inner = ops.tril(_mt(ops, L) @ grad, diagonal=0)
    inner = inner + _mt(ops, ops.tril(inner, diagonal=-1))
    if not isinstance(L, Tensor):
        xp, turned = backend.module_of(L), _mt(ops, L)
        half = solved_by_triangle(xp, turned, inner, False)
        return _mt(ops, solved_by_triangle(xp, turned, _mt(ops, half), False)) * 0.5
    inverse = ops.linalg_inv_ex(L)
    return (_mt(ops, inverse) @ (inner @ inverse)) * 0.5


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
    return xp.ascontiguousarray(xp.swapaxes(found, -2, -1)) if upper else found


def _not_definite(array):
    for batch in np.ndindex(array.shape[:-2]):
        for order in range(1, array.shape[-1] + 1):
            try:
                np.linalg.cholesky(array[batch][:order, :order])
            except np.linalg.LinAlgError:
                where = f"(Batch element {batch[0]}): " if batch else ""
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
