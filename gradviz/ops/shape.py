"""Ops that change the shape: views share memory with their input, the rest copy."""

import numpy as np

from gradviz.engine.backend import owner
from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp


@op(view=True, self=vjp("1", lambda ops, grad, self_sym_sizes: ops.reshape_raw(grad, size=tuple(self_sym_sizes))))
def view(xp, self, *, size):
    """The same elements in another shape, sharing memory; RuntimeError where only a copy could do that."""
    shaped = self.reshape(size)
    if not self.flags.c_contiguous and owner(shaped) is not owner(self):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans "
            "across two contiguous subspaces). Use .reshape(...) instead."
        )
    return shaped


@op(
    view=True,
    title="reshape",
    self=vjp("1", lambda ops, grad, self_sym_sizes: ops.reshape_raw(grad, size=tuple(self_sym_sizes))),
)
def reshape_alias(xp, self, *, size):
    """The same elements in another shape, sharing memory although they don't lie in order."""
    return self.reshape(size)


@op(self=vjp("1", lambda ops, grad, self_sym_sizes: ops.reshape_raw(grad, size=tuple(self_sym_sizes))))
def unsafe_view(xp, self, *, size):
    """A view whose input nobody else holds."""
    return self.reshape(size)


@op(view=True, self=vjp("1 (transposed)", lambda ops, grad: ops.t(grad)))
def t(xp, self):
    """A matrix transposed, a view; RuntimeError above two dimensions."""
    if self.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {self.ndim}D")
    return self.T


@op(view=True, self=vjp("1 (transposed)", lambda ops, grad, dim0, dim1: ops.transpose(grad, dim0=dim0, dim1=dim1)))
def transpose(xp, self, *, dim0, dim1):
    """Two dimensions swapped, a view."""
    return xp.swapaxes(self, dim0, dim1) if self.ndim else self


@op(
    view=True,
    self=vjp("1 (permuted)", lambda ops, grad, dims: ops.permute(grad, dims=tuple(map(dims.index, range(len(dims)))))),
)
def permute(xp, self, *, dims):
    """Dimensions in another order, a view."""
    return xp.transpose(self, dims)


def _unexpanded(ops, grad, self_sym_sizes):
    extra = len(grad.shape) - len(self_sym_sizes)
    dims = [*range(extra)]
    dims += [extra + i for i, n in enumerate(self_sym_sizes) if n == 1 and grad.shape[extra + i] != 1]
    summed = ops.sum_dim(grad, dim=tuple(dims), keepdim=True) if dims else grad
    return ops.reshape_raw(summed, size=tuple(self_sym_sizes)) if extra else summed


@op(view=True, self=vjp("1 (summed over what was spread)", _unexpanded))
def expand(xp, self, *, size):
    """Dimensions of size 1 spread to a greater size, a view."""
    try:
        return xp.broadcast_to(self, size)
    except ValueError:
        raise RuntimeError(expand_complaint(self, size)) from None


def expand_complaint(array, size):
    """PyTorch's sentence for an array whose shape doesn't expand to a size (-1: as it is), or None."""
    shape = array.shape
    if len(size) < len(shape):
        return (
            f"expand(torch.{title(array.dtype)}Tensor{{{list(shape)}}}, size={list(size)}): the number of sizes "
            f"provided ({len(size)}) must be greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    extra = len(size) - len(shape)
    for place in range(len(size) - 1, -1, -1):
        wanted, own = size[place], shape[place - extra] if place >= extra else 1
        if own not in (1, wanted) and wanted != -1:
            return (
                f"The expanded size of the tensor ({wanted}) must match the existing size ({own}) at non-singleton "
                f"dimension {place}.  Target sizes: {list(size)}.  Tensor sizes: {list(shape)}"
            )
        if wanted < -1 or (wanted < 0 and not shape):
            return "numel: integer multiplication overflow"
        if wanted < 0 and place < extra:
            return f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {place}"
    return None


@op(view=True, self=vjp("1", lambda ops, grad, dim: ops.squeeze_one(grad, dim=dim)))
def unsqueeze(xp, self, *, dim):
    """A dimension of size 1 put in, a view."""
    return self[(slice(None),) * dim + (None,)]


@op(
    title="squeeze",
    grad_fn="SqueezeBackward4",
    self=vjp("1", lambda ops, grad, self_sym_sizes, dim: _put_back(ops, grad, self_sym_sizes, (dim,))),
)
def squeeze_dim(xp, self, *, dim):
    """squeeze_one, as its in-place form calls it."""
    return _squeezed(xp, self, (dim,))


def _put_back(ops, grad, self_sym_sizes, dim):
    for each in sorted(dim):
        if self_sym_sizes and self_sym_sizes[each] == 1:
            grad = ops.unsqueeze(grad, dim=each)
    return grad


def _squeezed(xp, self, dims):
    return xp.squeeze(self, axis=tuple(each for each in dims if self.ndim and self.shape[each] == 1))


@op(
    view=True,
    self=vjp("1", lambda ops, grad, self_sym_sizes: _put_back(ops, grad, self_sym_sizes, range(len(self_sym_sizes)))),
)
def squeeze(xp, self):
    """All dimensions of size 1 taken out, a view."""
    return _squeezed(xp, self, range(self.ndim))


@op(
    title="squeeze",
    grad_fn="SqueezeBackward1",
    view=True,
    self=vjp("1", lambda ops, grad, self_sym_sizes, dim: _put_back(ops, grad, self_sym_sizes, (dim,))),
)
def squeeze_one(xp, self, *, dim):
    """A dimension taken out where its size is 1, a view."""
    return _squeezed(xp, self, (dim,))


@op(
    title="squeeze",
    grad_fn="SqueezeBackward2",
    view=True,
    self=vjp("1", lambda ops, grad, self_sym_sizes, dim: _put_back(ops, grad, self_sym_sizes, dim)),
)
def squeeze_several(xp, self, *, dim):
    """Those of several dimensions taken out whose size is 1, a view."""
    return _squeezed(xp, self, dim)


@op(view=True, self=vjp("1", lambda grad: grad))
def alias(xp, self):
    """The whole tensor as a view, `x[...]`."""
    return self[...]


@op(view=True)
def detach(xp, self):
    """The same values outside the graph; the memory is shared."""
    return self


def ambiguous(size):
    """PyTorch's sentence for a -1 in the size of no elements, which could be any number."""
    return (
        f"cannot reshape tensor of 0 elements into shape {list(size)} because the unspecified dimension size -1 can be "
        "any value and is ambiguous"
    )


def inferred_size(numel, size):
    """`size` with its -1 filled in; RuntimeError with PyTorch's wording when it doesn't fit."""
    size = tuple(int(each) for each in size)
    if size.count(-1) > 1:
        raise RuntimeError("only one dimension can be inferred")
    wrong = next((each for each in size if each < -1), None)
    if wrong is not None:
        raise RuntimeError(f"invalid shape dimension {wrong} at index {size.index(wrong)} of shape {list(size)}")
    known = int(np.prod([each for each in size if each != -1], dtype=np.int64))
    if -1 in size:
        if known == numel == 0:
            raise RuntimeError(ambiguous(size))
        if known == 0 or numel % known:
            raise RuntimeError(f"shape '{list(size)}' is invalid for input of size {numel}")
        return tuple(numel // known if each == -1 else each for each in size)
    if known != numel:
        raise RuntimeError(f"shape '{list(size)}' is invalid for input of size {numel}")
    return size


__all__ = ["detach", "t"]
METHODS = __all__
