"""Places of elements in order: equal ones as they come, NaN as the greatest; as PyTorch's stable sort.

A stable argsort takes eight times as long as a plain sort. So the elements of up to four bytes are sorted as integers
that end in their places: no two are equal, and what was sorted says where it was.
"""

import numpy as np

_PLACES = 32  # bits of a key that say where an element was
MANY = 64  # elements: below, building keys costs more than it saves
FEW = 16  # so many greatest ones are found one by one


def order(xp, self, dim, descending=False):
    """The places (int64) of the elements in order along a dimension."""
    if _has_keys(xp, self, dim):
        return _places(np.sort(_keys(np.moveaxis(self, dim, -1), descending), axis=-1), dim)
    if not descending:
        return xp.argsort(self, axis=dim, kind="stable").astype(xp.int64)
    # backwards, an ascending order of the backward elements keeps equal ones as they come
    turned = xp.argsort(xp.flip(self, dim), axis=dim, kind="stable")
    return (self.shape[dim] - 1 - xp.flip(turned, dim)).astype(xp.int64)


def ranked(xp, self, rank, dim):
    """The place (int64) of the element of a rank along a dimension, which is kept."""
    if _has_keys(xp, self, dim):
        keys = _keys(np.moveaxis(self, dim, -1), False)
        keys.partition(rank, axis=-1)
        return _places(keys[..., rank : rank + 1], dim)
    return order(xp, self, dim)[(slice(None),) * dim + (slice(rank, rank + 1),)]


def _has_keys(xp, self, dim):
    return xp is np and MANY <= self.shape[dim] < 1 << _PLACES - 1 and self.size and self.dtype.itemsize <= 4


def _places(keys, dim):
    return np.ascontiguousarray(np.moveaxis(keys & ((1 << _PLACES) - 1), -1, dim))


def _keys(rows, descending):
    """Integers in the elements' order, with the place in the row in their last bits."""
    if rows.dtype.kind == "f":
        ranks = (rows + rows.dtype.type(0)).astype(np.float32, copy=False)  # -0.0 becomes 0.0
        ranks[np.isnan(ranks)] = np.nan  # of positive sign, with bits above infinity's
        bits = ranks.view(np.int32)
        bits ^= (bits >> 31) & 0x7FFFFFFF  # a sign and a size become one number
    else:
        bits = rows
    keys = bits.astype(np.int64, order="C")
    if descending:
        np.invert(keys, out=keys)
    keys <<= _PLACES
    keys |= np.arange(rows.shape[-1])
    return keys


def first(xp, self, k, dim, largest):
    """The places (int64) of the k greatest elements along a dimension, or of the least, in order."""
    found = _one_by_one(self, k, dim, largest) if xp is np and 0 < k <= FEW and k * 8 <= self.shape[dim] else None
    if found is None:
        found = order(xp, self, dim, largest)[(slice(None),) * dim + (slice(k),)]
    return found


def _one_by_one(self, k, dim, largest):
    """`first` for few of many: each found is overwritten; None where that can't be told from what was there."""
    rows = np.array(np.moveaxis(self, dim, -1), order="C")  # a copy
    floating = rows.dtype.kind == "f"
    bounds = (-np.inf, np.inf) if floating else (0, 1) if rows.dtype.kind == "b" else _limits(rows.dtype)
    search, spent = (np.argmax, bounds[0]) if largest else (np.argmin, bounds[1])
    places = np.empty((*rows.shape[:-1], k), np.int64)
    for each in range(k):
        at = search(rows, axis=-1, keepdims=True)
        found = np.take_along_axis(rows, at, axis=-1)
        if (found == spent).any() or (floating and not largest and np.isnan(found).any()):
            return None
        places[..., each] = at[..., 0]
        np.put_along_axis(rows, at, spent, axis=-1)
    return np.ascontiguousarray(np.moveaxis(places, -1, dim))


def _limits(dtype):
    return np.iinfo(dtype).min, np.iinfo(dtype).max
