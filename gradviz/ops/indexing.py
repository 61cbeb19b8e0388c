"""Picking by int and slice. `x[i, :, 2:]` is a chain of selects and slices, as in PyTorch."""

import builtins

from gradviz.engine.op import op, vjp


@op(
    view=True,
    self=vjp(
        "1 where selected, else 0",
        lambda ops, grad, self_sym_sizes, dim, index: ops.select_backward(
            grad, sizes=self_sym_sizes, dim=dim, index=index
        ),
    ),
)
def select(xp, self, *, dim, index):
    """One position of a dimension, a view without that dimension."""
    return self[(*_place(dim, index), ...)]  # with the dots, one element is a view too


@op(
    self=vjp("1", lambda ops, grad, dim, index: ops.select(grad, dim=dim, index=index)),
    grad_fn="SelectBackwardBackward0",
)
def select_backward(xp, self, *, sizes, dim, index):
    """Zeros of the given sizes, with `self` at the selected position."""
    out = xp.zeros(sizes, self.dtype)
    out[_place(dim, index)] = self
    return out


@op(
    view=True,
    self=vjp(
        "1 inside the slice, else 0",
        lambda ops, grad, self_sym_sizes, dim, start, end, step: ops.slice_backward(
            grad, sizes=self_sym_sizes, dim=dim, start=start, end=end, step=step
        ),
    ),
)
def slice(xp, self, *, dim, start, end, step):
    """A range of a dimension, a view."""
    return self[_range(dim, start, end, step)]


@op(
    self=vjp(
        "1",
        lambda ops, grad, dim, start, end, step: ops.slice(grad, dim=dim, start=start, end=end, step=step),
    ),
    grad_fn="SliceBackwardBackward0",
)
def slice_backward(xp, self, *, sizes, dim, start, end, step):
    """Zeros of the given sizes, with `self` in the range."""
    out = xp.zeros(sizes, self.dtype)
    out[_range(dim, start, end, step)] = self
    return out


@op()
def nonzero(xp, self):
    """The places of the elements that are not zero, a row each; no gradient."""
    found = xp.nonzero(self if self.ndim else self.reshape(1))
    return xp.stack(found).astype(xp.int64)[: self.ndim].T


def _place(dim, index):
    return (builtins.slice(None),) * dim + (index,)  # `slice` is an op here


def _range(dim, start, end, step):
    return _place(dim, builtins.slice(start, end, step))
