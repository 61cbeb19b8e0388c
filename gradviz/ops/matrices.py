"""Parts of matrices, as the formulas of linear algebra take and change them: on raw arrays, or on Tensors."""

from gradviz.engine.tensor import Tensor
from gradviz.ops.criteria import mul_number
from gradviz.ops.in_place import in_place


def by_columns(xp, matrices):
    """The same matrices, laid out by columns: so LAPACK leaves them, and PyTorch hands them on."""
    return xp.swapaxes(xp.ascontiguousarray(xp.swapaxes(matrices, -2, -1)), -2, -1)


def turned(ops, matrices):
    """Rows as columns."""
    last = len(matrices.shape) - 1
    return ops.transpose(matrices, dim0=last - 1, dim1=last)


def skew(ops, matrices):
    """Matrices less what they are when turned."""
    return matrices - turned(ops, matrices)


def row(ops, vector):
    """A vector as a row, to scale columns."""
    return ops.unsqueeze(vector, dim=len(vector.shape) - 1)


def column(ops, vector):
    """A vector as a column, to scale rows."""
    return ops.unsqueeze(vector, dim=len(vector.shape))


def on_diagonal(ops, vector):
    """A vector as the diagonal of a matrix."""
    last = len(vector.shape)
    return ops.diag_embed(vector, offset=0, dim1=last - 1, dim2=last)


def diagonal_of(ops, matrices):
    """The diagonals, as a view that can be written to."""
    last = len(matrices.shape) - 1
    return ops.diagonal(matrices, offset=0, dim1=last - 1, dim2=last)


def write(view, values):
    """Puts values, or a number, into a view of what is no one else's yet."""
    if not isinstance(view, Tensor):
        view[...] = values
    elif isinstance(values, Tensor):
        view.copy_(values)
    else:
        view.fill_(values)


def halve(view):
    """Halves what is no one else's yet, in place."""
    if isinstance(view, Tensor):
        _halve(view)
    else:
        view *= 0.5


_halve = in_place("mul_", lambda view: mul_number(view, other=0.5))
