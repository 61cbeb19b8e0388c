"""The C twins of the catalogue, where they were built."""

import os
from math import prod

import numpy as np

from gradviz.engine.plans import functions_of

try:
    if os.environ.get("GRADVIZ_COMPILED") == "0":
        raise ImportError
    from gradviz.ops import _ops
except ImportError:
    _ops = None

compiled = _ops

erf = None if _ops is None else _ops.erf  # a ufunc of float32


def erf_for(xp):
    """The compiled error function for an array module, or for sketches; None where there is none."""
    if erf is None or xp is np:
        return erf
    sketched = functions_of(xp)
    return None if sketched is None else sketched.function(erf)


def picked(array, places, dim):
    """`take_along_axis` of arrays alike but for a dimension; None where it isn't the twin's, or a place outside."""
    if not _are_plain(array, places) or not _are_alike(array, places, dim):
        return None
    out = np.empty(places.shape, array.dtype)
    return out if _ops.pick(array, _in_order(places), out, *_sizes(array, dim, places.shape[dim])) else None


def added_along(array, places, values, dim):
    """Whether values were added to an array at places along a dimension, which are inside."""
    if not _are_plain(array, places, values) or not _are_alike(array, places, dim) or places.shape != values.shape:
        return False
    return _ops.add_at(array, _in_order(places), _in_order(values), *_sizes(array, dim, places.shape[dim]))


def slices_added(array, places, values, dim):
    """The same with a place for each slice of the dimension."""
    if not _are_plain(array, places, values) or not _are_alike(array, values, dim):
        return False
    return _ops.add_slices(array, _in_order(places), _in_order(values), *_sizes(array, dim, len(places)))


def accumulated(function, array, from_end):
    """Running sums or products of an array's last dimension; None where they are none of the twin's."""
    if _ops is None or array.dtype.char not in "fd" or not array.flags.c_contiguous or not array.ndim:
        return None
    if function is not np.add and function is not np.multiply:
        return None
    out = np.empty(array.shape, array.dtype)
    _ops.accumulate(array, out, function is np.multiply, from_end)
    return out


FORWARD, TO_INPUT, TO_WEIGHT = 0, 1, 2  # as in compiled/runs.c


def run_along(what, flat, wide, weights, starts, length):
    """Whether channels were convolved, (N, C, around) and (N, C, pitch), each with its kernel of (C, positions)."""
    arrays = (flat, wide, weights)
    if _ops is None or any(each.__class__ is not np.ndarray or not each.flags.carray for each in arrays):
        return False
    if flat.dtype.char not in "fd" or any(each.dtype != flat.dtype for each in arrays) or not flat.size:
        return False
    _ops.runs(what, *arrays, np.array(starts, np.int64), len(flat) * flat.shape[1], flat.shape[1], length)
    return True


_in_order = np.ascontiguousarray


def _are_plain(array, places, values=None):
    """Whether these are NumPy's, the array in order, and of dtypes that the twins know."""
    given = [array, places] if values is None else [array, places, values]
    if _ops is None or any(each.__class__ is not np.ndarray for each in given) or not array.flags.carray:
        return False
    return places.dtype == np.int64 and array.dtype.char in "fd" and (values is None or values.dtype == array.dtype)


def _are_alike(one, other, dim):
    return one.shape[:dim] == other.shape[:dim] and one.shape[dim + 1 :] == other.shape[dim + 1 :]


def _sizes(array, dim, count):
    """(outer, size, count, inner) around a dimension."""
    return prod(array.shape[:dim]), array.shape[dim], count, prod(array.shape[dim + 1 :])
