"""Which rows have values that are not finite, and the extremes of those that are."""

import math

import numpy as np
import pytest

from gradviz.trace.finite import Bad, extremes, norm, not_finite
from gradviz.trace.preview import decode, encode
from tests.trace.build import Builder

LARGE = np.ones((40, 40), np.float32)
LARGE[20, 20], LARGE[20, 21], LARGE[3, 20] = np.nan, np.inf, -7


def test_rows_inline_and_whole_and_large(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    build.leaf("fine", [1.0, 2.0])
    number = build.leaf("number", math.inf)
    some = build.leaf("some", [1.0, math.nan, -math.inf, math.nan])
    large = build.leaf("large", LARGE)
    trace = build.load()
    rows = {made: trace.forwards.first_row(made.tensor) for made in (number, some, large)}
    assert not_finite(trace) == {rows[number]: Bad(0, 1), rows[some]: Bad(2, 1), rows[large]: Bad(1, 1)}


def test_gradients(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    x = build.leaf("x", [0.0, 4.0])
    y = build.op("sqrt", [x], [0.0, 2.0])
    build.backward(y, grads={x: [math.inf, 0.25]})
    found = not_finite(build.load())
    assert list(found.values()) == [Bad(0, 1)] * 2  # what sqrt handed on, and .grad
    assert list(found) == sorted(found)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([1.0, np.nan, -3.0]), (-3.0, 1.0)),
        (np.array([np.inf]), None),
        (LARGE, (-7.0, 1.0)),
        (np.array([], np.float32), None),
        (np.array([2, 5]), (2.0, 5.0)),
        (np.array([True, False]), (0.0, 1.0)),
    ],
)
def test_extremes(array, expected):
    assert extremes(decode(encode(array))) == expected


def test_norms():
    assert norm(decode(encode(np.array([3.0, 4.0], np.float32)))) == 5.0
    assert norm(decode(encode(np.ones((10, 10), np.float32)))) == pytest.approx(10.0)
    assert norm(None) is None and extremes(None) is None
