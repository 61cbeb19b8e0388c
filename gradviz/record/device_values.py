"""Previews of values on a GPU: corners and summary are picked out there, and fetched by one small copy.

The copy waits, as `print(loss)` would, until the GPU has come to these values; nothing else waits, and no large array
travels. A second stream with pinned memory would not wait, but what has not arrived yet would be missing from the
journal of a script that is killed, and for such scripts a journal is kept. `--values none` copies nothing.
"""

import math

import numpy as np

from gradviz.engine import backend
from gradviz.trace import preview

_NUMBERS = 6  # low, high, sum, sum of squares, NaNs, infinities


def encoded(array, whole_up_to, edge=3):
    """`preview.encode` for an array of CuPy's."""
    if array.size <= whole_up_to:
        return preview.encode(backend.moved(array, "cpu"), whole_up_to=whole_up_to)
    xp, edge = backend.module_of(array), preview.fitting(array.shape, edge)
    head = preview.heading(array.shape, array.dtype, False, edge)
    corners = xp.ascontiguousarray(_corners(xp, array, edge)).reshape(-1)
    together = xp.concatenate([_numbers(xp, array.reshape(-1)).view(xp.uint8), corners.view(xp.uint8)])
    fetched = backend.moved(together, "cpu")
    split = _NUMBERS * np.dtype(np.float64).itemsize
    summary = _summary(array.size, *fetched[:split].view(np.float64).tolist())
    return preview.packed(head, summary, fetched[split:].tobytes())


def _corners(xp, array, edge):
    for dim, length in enumerate(array.shape):
        if length > 2 * edge:
            before = (slice(None),) * dim
            array = xp.concatenate([array[(*before, slice(edge))], array[(*before, slice(length - edge, None))]], dim)
    return array


def _numbers(xp, flat):
    if flat.dtype.kind != "f":
        finite = flat.astype(xp.uint8) if flat.dtype.kind == "b" else flat
        low, high, nan, inf = finite.min(), finite.max(), xp.zeros(()), xp.zeros(())
    else:
        known = xp.isfinite(flat)
        low, high = xp.where(known, flat, xp.inf).min(), xp.where(known, flat, -xp.inf).max()
        nan, inf = xp.isnan(flat).sum(), xp.isinf(flat).sum()
        finite = xp.where(known, flat, 0)
    wide = finite.astype(xp.float64)
    numbers = (low, high, wide.sum(), (wide * wide).sum(), nan, inf)
    return xp.stack([each.astype(xp.float64) for each in numbers])


def _summary(size, low, high, total, square, nan, inf):
    """The fields of preview.Summary."""
    nan, inf = int(nan), int(inf)
    finite = size - nan - inf
    if not finite:
        return math.nan, math.nan, math.nan, math.nan, nan, inf
    return low, high, total / finite, math.nan if nan + inf else math.sqrt(square), nan, inf
