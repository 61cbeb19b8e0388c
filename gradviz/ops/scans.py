"""Ufuncs' `accumulate` and `at` on both array modules: CuPy has few of them, so there steps double what was folded.

Source: W. D. Hillis, G. L. Steele, Data parallel algorithms, CACM 29 (1986).
"""

from itertools import pairwise

import numpy as np

from gradviz.ops import twins

_WIDE = 512  # elements of a slice that are worth a call


def accumulated(xp, function, array, dim, from_end=False):
    """`function.accumulate`: each element folded with all before it along a dimension, or with all behind it."""
    if xp is np and dim == array.ndim - 1 and (found := twins.accumulated(function, array, from_end)) is not None:
        return found
    if from_end:
        return xp.flip(accumulated(xp, function, xp.flip(array, dim), dim), dim)
    if xp is np and dim < array.ndim - 1 and array.size >= _WIDE * array.shape[dim] > 0:
        found = array.copy()
        slices = np.moveaxis(found, dim, 0)
        for before, after in pairwise(slices):  # a fifth of the time: NumPy's loop goes one element after the other
            function(before, after, out=after)
        return found
    if xp is np:
        return function.accumulate(array, axis=dim)
    found = array.copy()
    _fold(xp, function, xp.moveaxis(found, dim, 0))
    return found


def folded_at(xp, function, row, places, values):
    """`function.at`: values folded into a vector at places, which may repeat."""
    if xp is np:
        function.at(row, places, values)
        return
    order = xp.argsort(places, kind="stable")
    places, values = places[order], values[order]
    _fold(xp, function, values, places)
    last = xp.ones(places.shape, bool)  # of its place: it has them all
    last[:-1] = places[1:] != places[:-1]
    ends = xp.where(last, places, row.size)
    spare = xp.concatenate([row, row[:1]])  # the others go to one place more: a mask would wait for the GPU
    spare[ends] = function(spare[ends], values)
    row[...] = spare[:-1]


def _fold(xp, function, array, groups=None):
    """Folds each element, in place, with those before it, or with those of its group; groups lie together."""
    reach = 1
    while reach < len(array):
        both = function(array[reach:], array[:-reach])
        if groups is not None:
            both = xp.where(groups[reach:] == groups[:-reach], both, array[reach:])
        array[reach:] = both
        reach *= 2
