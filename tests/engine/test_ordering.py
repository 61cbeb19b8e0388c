"""Places in order: those of a stable argsort, whichever way they are found."""

import itertools

import numpy as np
import pytest

from gradviz.ops import ordering

DTYPES = [np.float16, np.float32, np.float64, np.int8, np.uint8, np.int32, np.int64, np.bool_]
SPECIAL = [np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45]


def _rows(dtype, ties):
    numbers = np.random.default_rng(0).standard_normal((3, 200, 2)) * (2 if ties else 50)
    if np.dtype(dtype).kind == "f" and not ties:
        numbers[0, 20:27, 0] = numbers[1, 100:107, 1] = SPECIAL
    rounded = numbers.round() if ties else numbers
    return (rounded if np.dtype(dtype).kind == "f" else rounded.astype(np.int64)).astype(dtype)


def _stable(array, dim, descending):
    if not descending:
        return np.argsort(array, axis=dim, kind="stable")
    return array.shape[dim] - 1 - np.flip(np.argsort(np.flip(array, dim), axis=dim, kind="stable"), dim)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("descending", [False, True])
def test_as_a_stable_argsort(dtype, descending):
    for ties, array in itertools.product((True, False), ((0, 1, 2), (1, 0, 2), (2, 1, 0), (0, 2, 1))):
        rows = _rows(dtype, ties).transpose(array)
        for dim in range(3):
            wanted = _stable(rows, dim, descending)
            found = ordering.order(np, rows, dim, descending)
            assert found.dtype == np.int64 and found.flags.c_contiguous and (found == wanted).all()
            if not descending:
                ranks = {0, rows.shape[dim] // 2, rows.shape[dim] - 1}
                assert all((ordering.ranked(np, rows, k, dim) == np.take(wanted, [k], axis=dim)).all() for k in ranks)
            for k in (1, 3, 16, rows.shape[dim]):
                first = ordering.first(np, rows, min(k, rows.shape[dim]), dim, descending)
                assert first.dtype == np.int64
                assert (first == np.take(wanted, range(min(k, rows.shape[dim])), axis=dim)).all()


@pytest.mark.parametrize("spent", [np.inf, -np.inf, np.nan])
def test_greatest_among_what_marks_a_place_as_found(spent):
    row = np.array([1.0, spent, 2.0, spent] * 100)
    for largest in (True, False):
        assert (ordering.first(np, row, 5, 0, largest) == _stable(row, 0, largest)[:5]).all()
    rows = np.full((2, 300), spent)
    assert (ordering.first(np, rows, 3, 1, True) == [[0, 1, 2]] * 2).all()
