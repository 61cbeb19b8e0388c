"""Gauss's elimination with partial pivoting, and solving with its factors, on both array modules.

The C twins do some columns at a time, and the triangles on the diagonal; all else is products of matrices.
"""

import numpy as np

from gradviz.ops.twins import compiled

_COLUMNS = 32  # that are done at a time


def factorized(xp, array):
    """(LU, pivots, parity) with partial pivoting, as LAPACK's getrf; all batches at once."""
    if _is_compiled(xp, array):
        lu, pivots = _factorized_in_blocks(array)
        swaps = (pivots != np.arange(1, array.shape[-1] + 1)).sum(axis=-1)
        return lu, pivots, (1 - 2 * (swaps % 2)).astype(array.dtype)
    lu, size = array.copy(), array.shape[-1]
    batch = array.shape[:-2]
    pivots = xp.zeros((*batch, size), xp.int32)
    parity = xp.ones(batch, array.dtype)
    for k in range(size):  # Crout's order: what a column and a row still lack is one product each
        lu[..., k:, k] -= (lu[..., k:, :k] @ lu[..., :k, k, None])[..., 0]
        pivot = xp.abs(lu[..., k:, k]).argmax(axis=-1) + k
        pivots[..., k] = pivot + 1
        parity = xp.where(pivot == k, parity, -parity)
        _swap(xp, lu, k, pivot)
        lu[..., k, k + 1 :] -= (lu[..., k, None, :k] @ lu[..., :k, k + 1 :])[..., 0, :]
        below, head = lu[..., k + 1 :, k], lu[..., k, k][..., None]
        below[...] = xp.where(head == 0, below, below / xp.where(head == 0, 1, head))
    return lu, pivots, parity


def _swap(xp, matrices, k, pivot):
    """Row k and each matrix's pivot row, in place."""
    if xp is np and not pivot.ndim:
        matrices[[k, int(pivot)]] = matrices[[int(pivot), k]]
        return
    rows = xp.broadcast_to(pivot[..., None, None], (*pivot.shape, 1, matrices.shape[-1]))
    chosen = xp.take_along_axis(matrices, rows, axis=-2)
    xp.put_along_axis(matrices, rows, matrices[..., k : k + 1, :].copy(), axis=-2)
    matrices[..., k : k + 1, :] = chosen


def _is_compiled(xp, array):
    return compiled is not None and xp is np and array.dtype.char in "fd" and array.size > 0


def _stack(array):
    """Matrices as an array of three dimensions."""
    return array.reshape(-1, *array.shape[-2:])


def _factorized_in_blocks(array):
    lu, size = np.array(array, order="C"), array.shape[-1]
    pivots, all_of_them = np.zeros(array.shape[:-1], np.int32), _stack(lu)
    step = size if size <= 2 * _COLUMNS else _COLUMNS
    for start in range(0, size, step):
        stop = min(start + step, size)
        compiled.factor(all_of_them, pivots, start, stop)
        if stop < size:
            lu[..., stop:, stop:] -= lu[..., stop:, start:stop] @ lu[..., start:stop, stop:]
    return lu, pivots


def _is_alike(array, right):
    """Whether each matrix has a right side of its own, in its dtype."""
    return right.shape[:-1] == array.shape[:-1] and right.dtype == array.dtype and right.size > 0


def solved(xp, array, right, lu, pivots, turned=False):
    """X with `array @ X = right`, for matrices whose factors are known; `turned`: of the transposed array."""
    if not _is_compiled(xp, array) or not _is_alike(array, right):
        return xp.linalg.solve(xp.swapaxes(array, -1, -2) if turned else array, right)
    found = np.array(right, order="C")
    if turned:
        factors = np.swapaxes(lu, -1, -2)
        _substitute(factors, found, True, False)
        _substitute(factors, found, False, True)
        compiled.interchange(_stack(found), pivots, True)
    else:
        compiled.interchange(_stack(found), pivots, False)
        _substitute(lu, found, True, True)
        _substitute(lu, found, False, False)
    return found


def solved_by_triangle(xp, triangle, right, lower, unit=False):
    """X with `triangle @ X = right`; only that triangle is read."""
    if not _is_compiled(xp, triangle) or not _is_alike(triangle, right):
        triangle = xp.tril(triangle, -int(unit)) if lower else xp.triu(triangle, int(unit))
        return xp.linalg.solve(triangle + xp.eye(triangle.shape[-1], dtype=triangle.dtype) if unit else triangle, right)
    found = np.array(right, order="C")
    _substitute(triangle, found, lower, unit)
    return found


def _substitute(triangle, right, lower, unit):
    """Solves an equation with a triangle in place, some rows at a time."""
    size = triangle.shape[-1]
    step = size if size <= 2 * _COLUMNS else _COLUMNS
    starts = range(0, size, step)
    for start in starts if lower else reversed(starts):
        here = slice(start, min(start + step, size))
        compiled.substitute(_stack(triangle[..., here, here]), _stack(right[..., here, :]), lower, unit)
        rest = slice(here.stop, size) if lower else slice(0, start)
        if rest.start < rest.stop:
            right[..., rest, :] -= triangle[..., rest, here] @ right[..., here, :]
