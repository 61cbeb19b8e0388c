"""Gradients that nobody else can see: they are added to in place, and become a .grad without a copy.

Whether anybody else sees an array is read off its reference count: a tensor of the user's, a saved tensor, a hook,
another gradient on its way or a view would each hold one more. An array is therefore handed over in the list that holds
it, so that no variable of the caller's counts; how many references that makes is counted once at import, as it differs
between Pythons and would differ if this file were compiled.
"""

from sys import getrefcount

import numpy as np

LARGE = 16_384  # bytes: copying less costs no more than asking


def added(holder, place, gradient):
    """Adds a gradient to the one at a place of a list; whether that was done in place."""
    if _is_large(holder[place]) and gradient.__class__ is np.ndarray and is_alone(holder, place):
        held = holder[place]
        if held.shape == gradient.shape and held.dtype == gradient.dtype:
            held += gradient
            return True
    holder[place] = holder[place] + gradient
    return False


def taken(holder, place):
    """The array at a place of a list, to be kept and changed: itself where nobody else sees it, else a copy."""
    if _is_large(holder[place]) and is_alone(holder, place) and holder[place].flags.c_contiguous:
        return holder[place]
    return copied(holder[place])


def copied(array):
    """An array, or a NumPy scalar, as an array of its own."""
    return np.array(array) if isinstance(array, np.generic) else array.copy()


def is_alone(holder, place):
    """Whether an array and the memory that it shows are held by this place of a list alone."""
    if _references(holder, place) != _ALONE:
        return False
    array = holder[place]
    if array.base is None:
        return array.flags.owndata and array.flags.writeable
    # a reshaped or turned temporary: all of an array that only this view holds
    return (
        array.base.__class__ is np.ndarray
        and array.base.flags.owndata
        and array.base.size == array.size
        and array.flags.forc
        and array.flags.writeable
        and _base_references(holder, place) == _BASE_ALONE
    )


def _is_large(array):
    return array.__class__ is np.ndarray and array.nbytes >= LARGE


def _references(holder, place):
    return getrefcount(holder[place])


def _base_references(holder, place):
    return getrefcount(holder[place].base)


_ALONE = _references([np.zeros(1)], 0)
_BASE_ALONE = _base_references([np.zeros(2).reshape(2, 1)], 0)
