"""Sequences of different lengths without their padding: step after step, those that still go on, longest first.

`batch_sizes` says how many go on at each step.
"""

import numpy as np

from gradviz.engine.coerce import dim_complaint
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import composite, indexing


def _turned(array, batch_first):
    return array.swapaxes(0, 1) if batch_first else array


def _rows(xp, padded, batch_sizes, count):
    """The `count` elements of (steps, N, ...) that are no padding."""
    ends, row = xp.cumsum(batch_sizes), xp.arange(count)
    step = xp.searchsorted(ends, row, side="right")
    return padded[step, row - (ends - batch_sizes)[step]]


@op(
    title="_pack_padded_sequence",
    input=vjp(
        "1 where it is no padding, else 0",
        lambda ops, grad, input_sym_sizes, result1, batch_first: ops.pack_padded_sequence_backward(
            grad, result1, sizes=tuple(input_sym_sizes), batch_first=batch_first
        ),
    ),
    intermediates=("result1",),
)
def pack_padded_sequence(xp, input, *, lengths, batch_first):
    """What is no padding of (steps, N, ...), in one row; `lengths` fall. And how many go on at each step."""
    _check(input, lengths, batch_first)
    going_on = (np.arange(lengths[0])[:, None] < np.array(lengths)).sum(axis=1)
    padded, batch_sizes = _turned(input, batch_first), xp.asarray(going_on)
    # steps that aren't there are left out, as in PyTorch
    return _rows(xp, padded, batch_sizes, int(going_on[: len(padded)].sum())), batch_sizes


def _check(input, lengths, batch_first):
    if not input.size:
        raise RuntimeError("Cannot pack empty tensors.")
    if input.ndim < 2:
        none = "Dimension specified as 1 but tensor has no dimensions"
        raise IndexError(dim_complaint(1, input.ndim) if input.ndim or batch_first else none)
    count = input.shape[0 if batch_first else 1]
    if len(lengths) != count:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(lengths)} (batch_size={count})"
        )
    if lengths[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    if list(lengths) != sorted(lengths, reverse=True):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you "
            "do not need ONNX exportability."
        )


@op(
    self=vjp(
        "1 where it is no padding, else 0",
        lambda ops, grad, batch_sizes, self_sym_sizes, batch_first: ops.packed_rows(
            grad, batch_sizes, count=self_sym_sizes[0], batch_first=batch_first
        ),
    ),
)
def pack_padded_sequence_backward(xp, self, batch_sizes, *, sizes, batch_first):
    """Rows put where they were before they were packed, zeros in the place of padding."""
    steps, count = sizes[:2][:: -1 if batch_first else 1]
    if steps < len(batch_sizes):
        raise IndexError(
            f"select(): index {steps} out of range for tensor of size {[steps, count, *sizes[2:]]} at dimension 0"
        )
    starts = xp.cumsum(batch_sizes) - batch_sizes
    place = xp.arange(count)
    found = self[xp.minimum(starts[:, None] + place, len(self) - 1)]
    kept = (place < batch_sizes[:, None]).reshape(len(starts), count, *(1,) * (self.ndim - 1))
    out = xp.zeros((steps, count, *self.shape[1:]), self.dtype)
    out[: len(starts)] = xp.where(kept, found, self.dtype.type(0))
    return _turned(out, batch_first)


@op(
    self=vjp(
        "1 where it is no padding, else 0",
        lambda ops, grad, batch_sizes, self_sym_sizes, batch_first: ops.pack_padded_sequence_backward(
            grad, batch_sizes, sizes=tuple(self_sym_sizes), batch_first=batch_first
        ),
    ),
)
def packed_rows(xp, self, batch_sizes, *, count, batch_first):
    """What is no padding, in one row."""
    return _rows(xp, _turned(self, batch_first), batch_sizes, count)


@composed("_pad_packed_sequence")
def pad_packed_sequence(data, batch_sizes, batch_first, padding_value, total_length):
    """Rows (sum(batch_sizes), ...) as (steps, N, ...) with padding, and the length of each sequence."""
    sizes = batch_sizes.tolist()
    out = data.new_full((total_length, sizes[0], *data.shape[1:]), padding_value)
    start = before = 0
    for end in range(1, len(sizes) + 1):  # all steps at once at which as many go on
        if end == len(sizes) or sizes[end] != sizes[before]:
            going_on, steps = sizes[before], end - before
            part = indexing.slice(data, dim=0, start=start, end=start + steps * going_on, step=1)
            out[before:end, :going_on] = composite.view(part, steps, going_on, *data.shape[1:])
            start, before = start + steps * going_on, end
    lengths = (np.array(sizes)[:, None] > np.arange(sizes[0])).sum(axis=0)
    return composite.transpose(out, 0, 1) if batch_first else out, Tensor(lengths)
