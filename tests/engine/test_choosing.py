"""Choosing by a mask: NumPy's `where`, bit by bit, where arrays are large."""

import itertools

import numpy as np
import pytest

from gradviz.ops.choosing import LARGE, chosen

WIDTH = LARGE // 32
SPECIAL = [np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45]


def _numbers(dtype, seed):
    array = np.random.default_rng(seed).standard_normal((40, WIDTH)).astype(dtype)
    array[0, : len(SPECIAL)] = SPECIAL
    return array


def _sides(dtype):
    array = _numbers(dtype, 0)
    return [array, 0.0, -0.0, 2.5, np.nan, dtype(0), dtype(-2), array[:1], array[:, :1], array[1], array.reshape(-1)[0],
            np.asfortranarray(array), array[::-1], np.zeros((), dtype)]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32])
def test_the_same_bits_and_strides_as_where(dtype):
    mask = _numbers(np.float64, 1) > 0
    masks = [mask, np.asfortranarray(mask), mask[:, ::-1], mask[:, :1], mask[None, :20], mask.astype(np.int8)]
    sides = _sides(dtype) if dtype is not np.int32 else [
        np.arange(mask.size, dtype=dtype).reshape(mask.shape), 0, 0.0
    ]  # fmt: skip
    for one, other, condition in itertools.product(sides, sides, masks):
        try:
            wanted = np.where(condition, one, other)
        except ValueError:
            continue
        found = chosen(np, condition, one, other)
        assert found.dtype == wanted.dtype and found.shape == wanted.shape and found.strides == wanted.strides
        assert found.tobytes() == wanted.tobytes()


def test_neither_side_is_changed():
    array, mask = _numbers(np.float32, 0), _numbers(np.float32, 1) > 0
    before = array.copy(), mask.copy()
    chosen(np, mask, array, 0.0), chosen(np, mask, 0.0, array), chosen(np, mask, array, array[:1])
    assert array.tobytes() == before[0].tobytes() and (mask == before[1]).all()
