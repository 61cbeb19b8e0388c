"""What takes the place of `accumulate` and `at` on CuPy gives what NumPy's do."""

import numpy as np
import pytest

from gradviz.ops.scans import accumulated, folded_at
from tests.gpu.strict_array import StrictArray

KINDS = ("bool", "int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64")


@pytest.mark.parametrize("count", (0, 1, 2, 7, 65))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ("maximum", "minimum", "multiply", "add"))
def test_values_are_folded_at_places(name, kind, count, cuda):
    rng = np.random.default_rng(3)
    values, places = rng.integers(0, 3, count).astype(kind), rng.integers(0, 5, count)
    expected, found = np.ones(5, kind), StrictArray(np.ones(5, kind))
    getattr(np, name).at(expected, places, values)
    folded_at(cuda, getattr(cuda, name), found, StrictArray(places), StrictArray(values))
    np.testing.assert_array_equal(found._host, expected)
    assert cuda.looks == [] and cuda.uploads == []


@pytest.mark.parametrize("count", (0, 1, 2, 7, 65))
@pytest.mark.parametrize("name", ("maximum", "minimum", "logaddexp"))
@pytest.mark.filterwarnings("ignore:invalid value")
def test_values_are_accumulated(name, count, cuda):
    array = np.random.default_rng(3).normal(size=(4, count, 2))
    array[0, 1:3], array[1, 1:], array[2, :2], array[3, 3:4] = -np.inf, np.inf, -np.inf, np.nan
    given = array.copy()
    found = accumulated(cuda, getattr(cuda, name), StrictArray(given), 1)
    np.testing.assert_allclose(found._host, getattr(np, name).accumulate(array, axis=1), rtol=1e-14)
    np.testing.assert_array_equal(given, array)
    assert found.flags.c_contiguous and cuda.looks == []
