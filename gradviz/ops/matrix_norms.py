"""Norms of matrices and their condition: by rows, by columns, by singular values."""

from math import inf

from gradviz.engine import backend
from gradviz.engine.dtypes import title
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import composite, extremes, pointwise, reshaping
from gradviz.ops.decompositions import refuse_no_matrix, svdvals
from gradviz.ops.linear_algebra import _LinAlgError, inv
from gradviz.ops.vector_norms import vector_norm

_ORDERS = ("fro", "nuc", inf, -inf, 1, -1, 2, -2)


def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None):
    """The norm of matrices: "fro", "nuc", or of order 1, 2, inf and their negatives."""
    if ord not in _ORDERS:
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    refuse_no_matrix("linalg.matrix_norm", A._array)
    dim = (dim,) if isinstance(dim, int) else tuple(dim)
    if len(dim) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {' '.join(map(str, dim))}")
    dim = tuple(composite.wrapped(each, A._array.ndim) for each in dim)
    if dim[0] == dim[1]:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})")
    if dtype is not None and not dtype.is_floating_point:
        raise RuntimeError(
            f"linalg.matrix_norm: dtype should be floating point or complex, but got {title(dtype.numpy)}"
        )
    A = A if dtype is None else composite.to(A, dtype)
    if ord == "fro":
        return vector_norm(A, 2, dim, keepdim)
    rows, columns = dim
    if ord in ("nuc", 2, -2):
        if A._array.dtype.itemsize == 2:
            raise RuntimeError(f"linalg.matrix_norm: Low precision dtypes not supported. Got {title(A._array.dtype)}")
        return _by_singular_values(A, ord, (rows, columns), keepdim)
    return _by_sums(A, ord, (rows, columns), keepdim)


@composed("linalg.matrix_norm")
def _by_sums(A, ord, dims, keepdim):
    summed, over = dims if ord in (1, -1) else dims[::-1]
    if not keepdim and over > summed:
        over -= 1
    sums = vector_norm(A, 1, summed, keepdim)
    return _extreme(sums, ord, over, keepdim)


def _extreme(tensor, ord, dim, keepdim):
    if ord > 0 and not tensor._array.shape[dim]:
        return composite.sum(tensor, dim, keepdim)  # no element: 0
    return (extremes.amax if ord > 0 else extremes.amin)(tensor, dim, keepdim)


@composed("linalg.matrix_norm")
def _by_singular_values(A, ord, dims, keepdim):
    ndim = A._array.ndim
    order = [d for d in range(ndim) if d not in dims] + [*dims]
    values = svdvals(composite.permute(A, *order))
    last = values._array.ndim - 1
    found = composite.sum(values, last, keepdim) if ord == "nuc" else _extreme(values, ord, -1, keepdim)
    if not keepdim:
        return found
    return composite.permute(composite.unsqueeze(found, -1), *(order.index(d) for d in range(ndim)))


def norm(A, ord=None, dim=None, keepdim=False, *, dtype=None):
    """A vector norm, or a matrix norm where `ord` or two dims ask for one."""
    if ord is not None and dim is None and A._array.ndim not in (1, 2):
        raise RuntimeError(
            f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {A._array.ndim}D."
        )
    if dim is not None and not isinstance(dim, int) and len(dim) not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dim)}")
    if isinstance(ord, str) or (ord is not None and (A._array.ndim == 2 if dim is None else _two(dim))):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    return vector_norm(A, 2.0 if ord is None else ord, dim, keepdim, dtype=dtype)


def _two(dim):
    return not isinstance(dim, int) and len(dim) == 2


@composed("linalg.cond")
def cond(A, p=None):
    """How much a matrix stretches one way more than another: the norm of it times that of its inverse."""
    if A._array.ndim < 2:
        named = f"(ord={p}): The input tensor A" if isinstance(p, str) else ": The input tensor"
        raise RuntimeError(f"linalg.cond{named} must have at least 2 dimensions.")
    if not A._array.size and not isinstance(p, str):
        return composite.sum(A, (-2, -1))
    if p is None or p in (2, -2):
        values = svdvals(A)
        count = values._array.shape[-1]
        most = reshaping.narrow(values, -1, 0, 1)
        least = reshaping.narrow(values, -1, count - 1, 1)
        ratio = pointwise.div(least, most) if p == -2 else pointwise.div(most, least)
        return reshaping.squeeze(ratio, -1)
    if p not in _ORDERS:
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p}")
    if A._array.shape[-1] != A._array.shape[-2]:
        raise RuntimeError(
            f"linalg.cond(ord={p}): A must be batches of square matrices, but they are {A._array.shape[-2]} by "
            f"{A._array.shape[-1]} matrices"
        )
    if p == "nuc":
        values = svdvals(A)
        return pointwise.mul(composite.sum(values, -1), composite.sum(pointwise.reciprocal(values), -1))
    try:
        inverse = inv(A)
    except _LinAlgError:
        xp = backend.module_of(A._array)
        return Tensor(xp.full(A._array.shape[:-2], inf, A._array.dtype))
    return pointwise.mul(matrix_norm(A, p), matrix_norm(inverse, p))
