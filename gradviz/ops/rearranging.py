"""Ops that repeat, roll, flip or cut out elements, or put them on a diagonal."""

import numpy as np

from gradviz.engine import layouts
from gradviz.engine.backend import module_of
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops.refusals import refuse_kinds


def _unrepeated(ops, grad, repeats, self_sym_sizes):
    if 0 in repeats:
        return ops.new_zeros(grad, size=tuple(self_sym_sizes))
    extra = len(repeats) - len(self_sym_sizes)
    for _ in range(extra):
        grad = ops.sum_dim(grad, dim=(0,))
    sizes, copies = [], []
    for count, size in zip(repeats[extra:], self_sym_sizes, strict=True):
        if count != 1:
            copies.append(len(sizes))
            sizes.append(count)
        sizes.append(size)
    return ops.sum_dim(ops.reshape_raw(grad, size=tuple(sizes)), dim=tuple(copies)) if copies else grad


@op(self=vjp("1 (summed over the copies)", _unrepeated))
def repeat(xp, self, *, repeats):
    """The tensor laid side by side, so often in each dimension."""
    return xp.tile(self, repeats) if repeats else self.copy()


@op(
    self=vjp(
        "1 (moved back)",
        lambda ops, grad, shifts, dims: ops.roll(grad, shifts=tuple(-each for each in shifts), dims=dims),
    )
)
def roll(xp, self, *, shifts, dims):
    """Elements moved on along dimensions, what falls off at the end comes in at the start; no dims: as if flattened."""
    if not self.size:
        return self.copy()
    return xp.asarray(xp.roll(self, shifts, axis=dims) if dims else xp.roll(self, shifts[0]), order="C")


@op(self=vjp("1 (reversed)", lambda ops, grad, dims: ops.flip(grad, dims=dims)))
def flip(xp, self, *, dims):
    """The order of dimensions reversed, a copy."""
    return layouts.copied(xp.flip(self, dims))


@op(self=vjp("1 (turned back)", lambda ops, grad, k, dims: ops.rot90(grad, k=-k, dims=dims)))
def rot90(xp, self, *, k, dims):
    """A plane turned by 90 degrees, k times, from the first of two dims to the second."""
    return layouts.copied(xp.rot90(self, k, dims))


@op(self=vjp("1 where kept, else 0", lambda ops, grad, diagonal: ops.tril(grad, diagonal=diagonal)))
def tril(xp, self, *, diagonal):
    """Zeros above a diagonal."""
    return xp.asarray(xp.tril(self, diagonal), order="C")


@op(self=vjp("1 where kept, else 0", lambda ops, grad, diagonal: ops.triu(grad, diagonal=diagonal)))
def triu(xp, self, *, diagonal):
    """Zeros below a diagonal."""
    return xp.asarray(xp.triu(self, diagonal), order="C")


# -- diagonals ---------------------------------------------------------------------------------------


def _diagonal(xp, array, offset, dim1, dim2):
    """A diagonal as a view that can be written to, its elements along the last dimension."""
    found = xp.diagonal(array, offset, dim1, dim2)
    if xp is np and array.flags.writeable:
        found.flags.writeable = True  # NumPy's is read-only, PyTorch's and CuPy's are not
    return found


def _from_diagonal(ops, grad, self_sym_sizes, offset, dim1, dim2):
    return ops.diagonal_backward(grad, input_sizes=tuple(self_sym_sizes), offset=offset, dim1=dim1, dim2=dim2)


@op(view=True, self=vjp("1 where on the diagonal, else 0", _from_diagonal))
def diagonal(xp, self, *, offset, dim1, dim2):
    """A diagonal of two dimensions, as the last dimension; a view."""
    return _diagonal(xp, self, offset, dim1, dim2)


@op(
    title="diag",
    grad_fn="DiagonalBackward0_copy",
    self=vjp("1 where on the diagonal, else 0", _from_diagonal),
)
def diagonal_copy(xp, self, *, offset, dim1, dim2):
    """A diagonal of a matrix, a copy."""
    return _diagonal(xp, self, offset, dim1, dim2).copy()


@op(
    self=vjp(
        "1", lambda ops, grad, offset, dim1, dim2: ops.diagonal(grad, offset=offset, dim1=dim1, dim2=dim2)
    )
)
def diagonal_backward(xp, self, *, input_sizes, offset, dim1, dim2):
    """Zeros of the given sizes, with `self` on the diagonal."""
    out = xp.zeros(input_sizes, self.dtype)
    _diagonal(xp, out, offset, dim1, dim2)[...] = self
    return out


@op(
    self=vjp(
        "1", lambda ops, grad, offset, dim1, dim2: ops.diagonal(grad, offset=offset, dim1=dim1, dim2=dim2)
    )
)
def diag_embed(xp, self, *, offset, dim1, dim2):
    """The last dimension on the diagonal of two new ones."""
    size = self.shape[-1] + abs(offset)
    sizes = list(self.shape[:-1])
    for each in sorted((dim1, dim2)):
        sizes.insert(each, size)
    out = xp.zeros(sizes, self.dtype)
    _diagonal(xp, out, offset, dim1, dim2)[...] = self
    return out


def _traced(ops, grad, self_sym_sizes):
    spread = ops.expand(grad, size=(min(self_sym_sizes),))
    return ops.diagonal_backward(spread, input_sizes=tuple(self_sym_sizes), offset=0, dim1=0, dim2=1)


def _traced_as_op(ops, grad, self_sym_sizes):
    rows, columns = self_sym_sizes
    places = Tensor(module_of(grad._array).arange(min(rows, columns)) * (columns + 1))
    filled = ops.index_fill_tensor(ops.new_zeros(grad, size=(rows * columns,)), places, grad, dim=0)
    return ops.view(filled, size=(rows, columns))


@op(self=vjp("1 where on the diagonal, else 0", _traced, _traced_as_op))
def trace(xp, self):
    """Sum of a matrix's diagonal."""
    if self.ndim != 2:
        raise RuntimeError("trace: expected a matrix, but got tensor with dim " + str(self.ndim))
    refuse_kinds("trace", self, "b")
    return xp.diagonal(self).sum(dtype=xp.int64 if self.dtype.kind in "iu" else None)
