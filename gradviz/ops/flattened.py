"""Ops that see a tensor as one long row: take and put by place, select and scatter by mask."""

import numpy as np

from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.ops.picking import added_at, refuse_outside

# -- as if flattened ---------------------------------------------------------------------------------


@op(
    self=vjp(
        "1 where picked (added up), else 0",
        lambda ops, grad, self, index: ops.put(
            ops.new_zeros(grad, size=tuple(self.shape)), index, grad, accumulate=True
        ),
    )
)
def take(xp, self, index):
    """Elements by their places in the flattened tensor, in index's shape."""
    _in_flat("take", index, self)
    return self.reshape(-1)[xp.asarray(index, order="C")]


def _in_flat(name, index, self):
    if index.dtype.kind not in "iu" or index.dtype.itemsize != 8:
        raise RuntimeError(f"{name}(): Expected a long tensor for index, but got {title(index.dtype)}")
    if not self.size and index.size:
        done = "tried to take from" if name == "take" else "Tried to put elements into"
        raise IndexError(f"{name}(): {done} an empty tensor")
    refuse_outside(
        IndexError, index + self.size * (index < 0), self.size,
        f"out of range: tried to access index {{}} on a tensor of {self.size} elements.",
    )  # fmt: skip


@op(
    hidden=("source_sym_sizes",),
    self=vjp(
        "0 where put, else 1 (1 where it was added)",
        lambda ops, grad, index, source_sym_sizes, accumulate: grad
        if accumulate
        else ops.put(grad, index, ops.new_zeros(grad, size=tuple(source_sym_sizes)), accumulate=False),
    ),
    source=vjp(
        "1 where it was put, else 0",
        lambda ops, grad, index, source: ops.reshape_raw(ops.take(grad, index), size=tuple(source.shape)),
    ),
)
def put(xp, self, index, source, *, accumulate=False):
    """A copy with elements put, or added, at places in the flattened tensor."""
    _in_flat("put_", index, self)
    out = xp.array(self, order="C")
    if accumulate:
        return added_at(xp, out, (index + self.size * (index < 0)).reshape(-1), source.reshape(-1))
    out.reshape(-1)[index.reshape(-1)] = source.reshape(-1)
    return out


# -- masks -------------------------------------------------------------------------------------------


@op(
    self=vjp(
        "1 where mask, else 0",
        lambda ops, grad, self, mask: ops.masked_scatter(
            ops.new_zeros(grad, size=_common(self.shape, mask.shape)),
            ops.expand(mask, size=_common(self.shape, mask.shape)),
            grad,
        ),
    )
)
def masked_select(xp, self, mask):
    """The elements where a mask holds, as a vector; shapes broadcast."""
    size = _common(self.shape, mask.shape)
    return xp.broadcast_to(self, size)[xp.broadcast_to(mask, size)]


def _common(one, other):
    return np.broadcast_shapes(tuple(one), tuple(other))


@op(
    self=vjp("0 where mask, else 1", lambda ops, grad, mask: ops.masked_fill_number(grad, mask, value=0)),
    source=vjp(
        "1 where it was put, else 0",
        lambda ops, grad, mask, source_sym_sizes: ops.masked_scatter_backward(
            grad, mask, sizes=tuple(source_sym_sizes)
        ),
    ),
)
def masked_scatter(xp, self, mask, source):
    """A copy with the elements of source, in order, where a mask holds."""
    mask = xp.broadcast_to(mask, self.shape)
    if xp is np and int(mask.sum()) > source.size:  # on a GPU this look would wait for the device
        raise RuntimeError("Number of elements of source < number of ones in mask")
    if not source.size:
        return self.copy()
    order = xp.cumsum(mask.reshape(-1)).reshape(mask.shape) - 1  # which element of source comes here
    return xp.where(mask, source.reshape(-1)[xp.clip(order, 0, source.size - 1)], self)


@op(
    self=vjp(
        "1 where picked, else 0",
        lambda ops, grad, self_sym_sizes, mask: ops.masked_scatter(
            ops.new_zeros(grad, size=tuple(self_sym_sizes)), mask, grad
        ),
    ),
    hidden=("self_sym_sizes",),
)
def masked_scatter_backward(xp, self, mask, *, sizes):
    """The gradient of a masked_scatter's source: what the mask picks, then zeros."""
    out = xp.zeros(sizes, self.dtype)
    picked = self[xp.broadcast_to(mask, self.shape)]
    out.reshape(-1)[: picked.size] = picked
    return out
