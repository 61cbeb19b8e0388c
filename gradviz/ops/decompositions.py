"""Decompositions of matrices: QR, eigenvalues of symmetric ones, singular values, and what is solved with them."""

import numpy as np

from gradviz.engine.coerce import check_broadcast
from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.ops import composite
from gradviz.ops.linear_algebra import LinAlgError, _square, in_batch
from gradviz.ops.matrices import by_columns, column, diagonal_of, halve, on_diagonal, row, skew, turned, write
from gradviz.ops.named import named_result
from gradviz.ops.refusals import refuse_half

_QR = named_result("linalg_qr", "Q", "R")
_EIGH = named_result("linalg_eigh", "eigenvalues", "eigenvectors")
_SVD = named_result("linalg_svd", "U", "S", "Vh")
_OLD_SVD = named_result("svd", "U", "S", "V")
_LSTSQ = named_result("linalg_lstsq", "solution", "residuals", "rank", "singular_values")


def refuse_no_matrix(name, array, named="A"):
    """RuntimeError, in PyTorch's words, below two dimensions or for what is no floating point number."""
    if array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor {named} must have at least 2 dimensions.")
    if array.dtype.kind != "f":
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {title(array.dtype)}")


# -- QR ----------------------------------------------------------------------------------------------


def _solved_by_triangle(ops, R, given):
    """`given @ inv(R).T`."""
    return ops.solved_triangular(turned(ops, R), given, upper=False, left=False, unitriangular=False)


def _difference(one, other):
    """One less the other, either of which may be missing."""
    if one is None:
        return -other
    return one if other is None else one - other


def _mixed(ops, of_q, of_r, Q, R):
    """`Q.T @ grad` of Q, and `grad @ R.T` of R; None for a gradient that is missing."""
    return None if of_q is None else turned(ops, Q) @ of_q, None if of_r is None else of_r @ turned(ops, R)


def _tall_gradient(ops, of_q, of_r, Q, R):
    by_q, by_r = _mixed(ops, of_q, of_r, Q, R)
    upper = ops.triu(_difference(by_r, by_q), diagonal=0)
    symmetric = upper + turned(ops, upper)
    halve(diagonal_of(ops, symmetric))
    total = Q @ symmetric
    return _solved_by_triangle(ops, R, total if of_q is None else total + of_q)


def _wide_gradient(ops, of_q, of_r, Q, R):
    """The columns beyond the square are Q times their part of R."""
    last, rows = len(R.shape) - 1, Q.shape[-2]
    by_q, by_r = _mixed(ops, of_q, of_r, Q, R)
    mixed = skew(ops, -_difference(by_r, by_q))
    square = ops.slice(R, dim=last, start=0, end=rows, step=1)
    first = _solved_by_triangle(ops, square, Q @ ops.tril(mixed, diagonal=0))
    beyond = ops.new_zeros(first, size=(*R.shape[:-1], R.shape[-1] - rows))
    found = ops.cat(first, beyond, dim=last)
    return found if of_r is None else found + Q @ of_r


def _qr_gradient(ops, grads, Q, R, mode):
    of_q, of_r = grads
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use linalg.qr(A, "
            "mode='reduced') if you are going to differentiate through linalg.qr."
        )
    rows, columns = Q.shape[-2], R.shape[-1]
    if mode == "complete" and rows > columns:
        raise RuntimeError(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols."
        )
    return (_tall_gradient if rows >= columns else _wide_gradient)(ops, of_q, of_r, Q, R)


@op(
    title="linalg.qr",
    grad_fn="LinalgQrBackward0",
    A=vjp("Q @ sym(triu(grad @ R.T - Q.T @ grad)) @ inv(R).T", _qr_gradient),
    intermediates=("Q", "R"),
    outputs=("Q", "R"),
    several=True,
)
def linalg_qr(xp, A, *, mode):
    """Q with columns at right angles and R, zero below the diagonal, with `Q @ R = A`."""
    if mode == "r":
        q, r = xp.zeros(0, A.dtype), by_columns(xp, xp.linalg.qr(A, mode="r"))
    else:
        q, r = (by_columns(xp, each) for each in xp.linalg.qr(A, mode=mode))
    return [q, r], q, r


def qr(A, mode="reduced"):
    """(Q, R) with `Q @ R = A`."""
    if mode not in ("reduced", "r", "complete"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    refuse_no_matrix("linalg.qr", A._array)
    refuse_half("geqrf_cpu", A._array)
    return _QR(*linalg_qr(A, mode=mode))


# -- eigenvalues of symmetric matrices ---------------------------------------------------------------


def _gaps(ops, values):
    """The differences of all pairs, 1 on the diagonal."""
    apart = row(ops, values) - column(ops, values)
    write(diagonal_of(ops, apart), 1.0)
    return apart


def _eigen_gradient(ops, grads, eigenvalues, eigenvectors):
    of_values, of_vectors = grads
    if of_vectors is None:
        return (eigenvectors * row(ops, of_values)) @ turned(ops, eigenvectors)
    inner = skew(ops, turned(ops, eigenvectors) @ of_vectors) * 0.5 / _gaps(ops, eigenvalues)
    if of_values is not None:
        write(diagonal_of(ops, inner), of_values)
    return eigenvectors @ (inner @ turned(ops, eigenvectors))


@op(
    title="linalg.eigh",
    grad_fn="LinalgEighBackward0",
    A=vjp("V @ (diagonal of grad + V.T @ grad / gaps) @ V.T", _eigen_gradient),
    intermediates=("eigenvalues", "eigenvectors"),
    outputs=("eigenvalues", "eigenvectors"),
    several=True,
)
def linalg_eigh_of(xp, A, *, UPLO):
    """Eigenvalues in order, and eigenvectors as columns, of symmetric matrices, of which one triangle is read."""
    values, vectors = xp.linalg.eigh(A, UPLO)
    vectors = by_columns(xp, vectors)
    return [values, vectors], values, vectors


def _decomposed(A, UPLO):
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    array = A._array
    if array.dtype.kind != "f":
        raise NotImplementedError(f"\"linalg_eigh_cpu\" not implemented for '{title(array.dtype)}'")
    refuse_half("linalg_eigh_cpu", array)
    _square("linalg.eigh", array)
    return linalg_eigh_of(A, UPLO=UPLO.upper())


def eigh(A, UPLO="L"):
    """(eigenvalues, eigenvectors) of symmetric matrices; only one triangle of them is read."""
    return _EIGH(*_decomposed(A, UPLO))


def eigvalsh(A, UPLO="L"):
    """The eigenvalues of symmetric matrices, in order."""
    return _decomposed(A, UPLO)[0]


# -- singular values ---------------------------------------------------------------------------------


def _svd_gradient(ops, grads, U, S, Vh, S_sym_argsize_minus_1, full_matrices):
    of_u, of_s, of_vh = grads
    count = S_sym_argsize_minus_1
    if full_matrices:  # the vectors beyond count have no gradient
        last = len(U.shape) - 1
        U, of_u = (None if each is None else ops.slice(each, dim=last, start=0, end=count, step=1) for each in (U, of_u))  # noqa: E501
        Vh, of_vh = (None if each is None else ops.slice(each, dim=last - 1, start=0, end=count, step=1) for each in (Vh, of_vh))  # noqa: E501
    tall, wide = U.shape[-2] > count, Vh.shape[-1] > count
    if of_u is None and of_vh is None:
        return (U * row(ops, of_s)) @ Vh if wide else U @ (column(ops, of_s) * Vh)
    squares = S * S
    gaps = _gaps(ops, squares)
    by_u = None if of_u is None else skew(ops, turned(ops, U) @ of_u)
    by_vh = None if of_vh is None else skew(ops, Vh @ turned(ops, of_vh))
    if of_vh is None:
        inner = by_u / gaps * row(ops, S)
    elif of_u is None:
        inner = column(ops, S) * (by_vh / gaps)
    else:
        inner = (by_u * row(ops, S) + column(ops, S) * by_vh) / gaps
    if of_s is not None:
        inner = inner + on_diagonal(ops, of_s)
    if of_u is not None and tall:
        scaled = of_u / row(ops, S)
        return (U @ inner + scaled - U @ (turned(ops, U) @ scaled)) @ Vh
    if of_vh is not None and wide:
        scaled = of_vh / column(ops, S)
        return U @ (inner @ Vh + scaled - (scaled @ turned(ops, Vh)) @ Vh)
    return (U @ inner) @ Vh if wide else U @ (inner @ Vh)


@op(
    title="linalg.svd",
    grad_fn="LinalgSvdBackward0",
    A=vjp("U @ (diagonal of grad + skew(U.T @ grad) / gaps) @ Vh", _svd_gradient),
    intermediates=("U", "S", "Vh"),
    outputs=("U", "S", "Vh"),
    several=True,
)
def linalg_svd_of(xp, A, *, full_matrices):
    """U, S and Vh with `(U * S) @ Vh = A`."""
    _refuse_infinite(xp, A)
    u, values, vh = xp.linalg.svd(A, full_matrices=full_matrices)
    found = by_columns(xp, u), values, by_columns(xp, vh)
    return [*found], *found


def _refuse_infinite(xp, array):
    """LinAlgError for what is not finite: LAPACK may take forever over it."""
    if xp is np and not np.isfinite(array).all():
        where = in_batch(array, ~np.isfinite(array).all(axis=(-1, -2)))
        raise LinAlgError(
            f"linalg.svd: {where}The algorithm failed to converge because the input matrix contained non-finite values."
        )


def _refuse_for_svd(array):
    refuse_no_matrix("linalg.svd", array)
    refuse_half("linalg_svd_cpu", array)


def svd(A, full_matrices=True):
    """(U, S, Vh) with `(U * S) @ Vh = A`: singular vectors as columns, values from the greatest on, vectors as rows."""
    _refuse_for_svd(A._array)
    return _SVD(*linalg_svd_of(A, full_matrices=full_matrices))


def svdvals(A):
    """The singular values of matrices, from the greatest on."""
    _refuse_for_svd(A._array)
    return linalg_svd_of(A, full_matrices=False)[1]


def svd_of_columns(input, some=True, compute_uv=True):
    """(U, S, V) with `(U * S) @ V.T = input`, as torch.svd."""
    ndim = input._array.ndim
    if ndim < 2:
        raise RuntimeError(f"linalg.svd: input should have at least 2 dimensions, but has {ndim} dimensions instead")
    _refuse_for_svd(input._array)
    u, values, vh = linalg_svd_of(input, full_matrices=not some)
    return _OLD_SVD(u, values, vh.mT)


# -- the pseudoinverse, least squares ----------------------------------------------------------------


def _pinv_gradient(ops, grad, self, result):
    across, given = turned(ops, result), turned(ops, grad)
    if self.shape[-2] <= self.shape[-1]:
        k = given @ result
        kt = k @ across
        return -turned(ops, result @ k) + kt - (self @ result) @ kt + (across @ result) @ (given - k @ self)
    k = result @ given
    tk = across @ k
    return -turned(ops, k @ result) + ((given - self @ k) @ result) @ across + tk - (tk @ result) @ self


def _symmetric_pinv(xp, self, share):
    values, vectors = xp.linalg.eigh(self)
    sizes = xp.abs(values)
    kept = sizes > share * sizes.max(axis=-1, keepdims=True)
    inverse = xp.where(kept, 1 / xp.where(kept, values, 1), 0).astype(self.dtype, copy=False)
    return (vectors * inverse[..., None, :]) @ vectors.mT


@op(
    title="linalg.pinv",
    grad_fn="LinalgPinvBackward0",
    self=vjp("-result.T (@ grad @ result.T), and what lies outside: outer product", _pinv_gradient),
)
def pseudoinverse(xp, self, *, rtol, hermitian):
    """The pseudoinverse of matrices."""
    _refuse_infinite(xp, self)
    share = max(self.shape[-2:]) * float(xp.finfo(self.dtype).eps) if rtol is None else rtol
    return _symmetric_pinv(xp, self, share) if hermitian and self.size else xp.linalg.pinv(self, share)


def pinv(A, *, rtol=None, hermitian=False):
    """The pseudoinverse of matrices, (..., M, N) to (..., N, M); singular values below rtol of the greatest are 0."""
    array = A._array
    if array.ndim < 2 or array.dtype.kind != "f" or array.dtype.itemsize == 2:
        raise RuntimeError(
            f"linalg.pinv({title(array.dtype)}{{{list(array.shape)}}}): expected a tensor with 2 or more dimensions of "
            "float, double, cfloat or cdouble types"
        )
    return pseudoinverse(A, rtol=rtol, hermitian=hermitian)


def _lstsq_own(ops, grads, self, b, solution):
    inverse = ops.pseudoinverse(self, rtol=None, hermitian=False)
    return _pinv_gradient(ops, grads[0] @ turned(ops, b), self, inverse)


@op(
    title="linalg.lstsq",
    grad_fn="LinalgLstsqBackward0",
    self=vjp("as of pinv(self) @ b: outer product", _lstsq_own),
    b=vjp(
        "pinv(self).T (@ grad)",
        lambda ops, grads, self, b, solution: (
            turned(ops, ops.pseudoinverse(self, rtol=None, hermitian=False)) @ grads[0]
        ),
    ),
    intermediates=("solution",),
    outputs=("solution",),
    several=True,
)
def least_squares(xp, self, b):
    """X for which the squares of `self @ X - b` are least."""
    _refuse_infinite(xp, self)
    share = max(self.shape[-2:]) * float(xp.finfo(self.dtype).eps)
    found = xp.linalg.pinv(self, share) @ b
    return [found], found


def pinverse(A, rcond=1e-15):
    """The pseudoinverse of matrices, (..., M, N) to (..., N, M); singular values below rcond of the greatest are 0."""
    return pinv(A, rtol=rcond)


@op(title="linalg.matrix_rank")
def ranks(xp, self, *, atol, rtol, hermitian):
    """How many singular values are more than a share of the greatest; no gradient."""
    if not hermitian:
        _refuse_infinite(xp, self)
    values = xp.abs(xp.linalg.eigvalsh(self)) if hermitian else xp.linalg.svd(self, compute_uv=False)
    share = max(self.shape[-2:]) * float(xp.finfo(self.dtype).eps) if rtol is None and not atol else rtol or 0.0
    greatest = values.max(axis=-1, keepdims=True) if values.size else values
    return (values > xp.maximum(share * greatest, atol or 0.0)).sum(axis=-1).astype(xp.int64)


def _refuse_low(array):
    if array.dtype.kind != "f" or array.dtype.itemsize == 2:
        raise RuntimeError("This function doesn't handle types other than float and double")


def matrix_rank(A, *, atol=None, rtol=None, hermitian=False):
    """How many singular values of a matrix are not zero."""
    if A._array.ndim < 2:
        raise RuntimeError("torch.linalg.matrix_rank: The input tensor input must have at least 2 dimensions.")
    _refuse_low(A._array)
    return ranks(A, atol=atol, rtol=rtol, hermitian=hermitian)


def lstsq(A, B, rcond=None, *, driver=None):
    """(solution, residuals, rank, singular_values): X for which the squares of `A @ X - B` are least."""
    if A._array.ndim < 2:
        raise RuntimeError("torch.linalg.lstsq: input must have at least 2 dimensions.")
    if not B._array.ndim:
        raise RuntimeError("torch.linalg.lstsq: other must have at least 1 dimension.")
    fewer = A._array.ndim - B._array.ndim
    if fewer not in (0, 1):
        raise RuntimeError(
            "torch.linalg.lstsq: input.dim() must be greater or equal to other.dim() and (input.dim() - other.dim()) "
            "<= 1"
        )
    vector = B._array.ndim == 1 or B._array.shape == A._array.shape[:-1]
    right = B.unsqueeze(-1) if vector else B
    if A._array.shape[-2] != right._array.shape[-2]:
        raise RuntimeError(f"torch.linalg.lstsq: input.size(-{2}) should match other.size(-{1 if vector else 2})")
    if A._array.dtype != B._array.dtype:
        raise RuntimeError(
            "torch.linalg.lstsq: Expected input and other to have the same dtype, but got input's dtype "
            f"{title(A._array.dtype)} and other's dtype {title(B._array.dtype)}"
        )
    _refuse_low(A._array)
    batch = B._array.shape[: fewer - 2]  # one dimension fewer: as if those of vectors, in PyTorch
    check_broadcast(A._array.shape[:-2], batch)
    if fewer and not vector:
        A = composite.expand(A, *batch, *A._array.shape[-2:])
    (found,) = least_squares(A, right)
    nothing = found.detach().reshape(-1)[:0]
    return _LSTSQ(found.squeeze(-1) if vector else found, nothing, matrix_rank(A.detach()), nothing)


__all__ = ["pinverse"]
METHODS = __all__
