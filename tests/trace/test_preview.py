"""A preview keeps all of a small array, the corners and a true summary of a large one, and survives damage."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gradviz.errors import BadTrace
from gradviz.trace.preview import MOST_CORNERS, Preview, decode, encode

DTYPES = [np.dtype(code) for code in "?bBhHiIqQefdFD"]
SHAPES = arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=9)
ANY = arrays.arrays(st.sampled_from(DTYPES), SHAPES)


def corners(array, edge):
    for axis, length in enumerate(array.shape):
        if length > 2 * edge:
            array = np.delete(array, np.s_[edge : length - edge], axis)
    return array


def same_bits(one, other):
    assert (one.shape, one.dtype) == (other.shape, other.dtype)
    assert one.tobytes() == other.tobytes()


@given(ANY, st.integers(0, 100), st.integers(0, 5))
def test_an_array_comes_back_whole_or_as_its_corners(array, whole_up_to, edge):
    preview = decode(encode(array, whole_up_to=whole_up_to, edge=edge))
    assert (preview.shape, preview.dtype) == (array.shape, array.dtype.name)
    assert preview.whole == (array.size <= whole_up_to)
    assert preview.edge <= edge
    assert (preview.summary is None) == preview.whole
    same_bits(preview.values, array if preview.whole else corners(array, preview.edge))


@given(ANY.filter(lambda array: array.size))
def test_a_summary_counts_what_is_not_finite_and_measures_the_rest(array):
    with np.errstate(all="ignore"):
        summary = decode(encode(array, whole_up_to=0)).summary
        plain = np.abs(array) if array.dtype.kind == "c" else array
        numbers = [float(number) for number in plain.ravel()]
        finite = [number for number in numbers if math.isfinite(number)]
    assert summary.nan == sum(map(math.isnan, numbers))
    assert summary.inf == sum(map(math.isinf, numbers))
    if not finite:
        assert all(map(math.isnan, summary[:4]))
        return
    assert (summary.min, summary.max) == (min(finite), max(finite))
    largest = max(map(abs, finite))
    if largest < 1e150:
        mean, norm = math.fsum(finite) / len(finite), math.sqrt(math.fsum(x * x for x in finite))
        near = 1e-5 if plain.dtype == np.float32 else 1e-9
        assert math.isclose(summary.mean, mean, rel_tol=near, abs_tol=near * largest)
        assert math.isclose(summary.norm, norm, rel_tol=near, abs_tol=1e-150) or math.isnan(summary.norm)
    assert math.isnan(summary.norm) == (len(finite) < len(numbers))


def test_by_default_64_numbers_are_kept_whole_and_65_are_not():
    assert decode(encode(np.zeros(64))).whole
    cut = decode(encode(np.arange(65.0)))
    assert not cut.whole
    assert cut.values.tolist() == [0, 1, 2, 62, 63, 64]


@pytest.mark.parametrize("number", [2.5, math.nan, math.inf, -math.inf, -0.0])
def test_a_number_without_dimensions_stays_one(number):
    array = np.array(number, np.float32)
    same_bits(decode(encode(array)).values, array)
    same_bits(decode(encode(array, whole_up_to=0)).values, array)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 5), (1 << 40, 0)])
def test_an_empty_array_keeps_its_shape(shape):
    preview = decode(encode(np.zeros(shape, np.int16)))
    assert (preview.shape, preview.whole, preview.values.size) == (shape, True, 0)


HUGE = [(1000, 1000), (1_000_000,), (7,) * 7, (1, 1_000_000, 1), (2,) * 20, (1,) * 63 + (70,)]


@pytest.mark.parametrize("shape", HUGE, ids=["square", "long", "seven", "thin", "twos", "ones"])
def test_a_huge_array_has_a_small_preview(shape):
    array = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
    data = encode(array)
    assert len(data) <= MOST_CORNERS * 4 + 600
    preview = decode(data)
    same_bits(preview.values, corners(array, preview.edge))
    assert (preview.summary.min, preview.summary.max) == (0, array.size - 1)
    assert preview.edge == 3 or math.prod(min(2 * preview.edge + 2, side) for side in shape) > MOST_CORNERS


@pytest.mark.parametrize("number", [1e-30, 1e-22, 1e-15, 1.0, 1e15, 1e22, 3e38])
def test_a_float32_whose_square_leaves_float32_has_its_true_norm(number):
    array = np.full(100, number, np.float32)
    summary = decode(encode(array)).summary
    assert summary.norm == pytest.approx(10 * float(array[0]), rel=1e-5)
    assert summary.mean == pytest.approx(float(array[0]), rel=1e-5)


@pytest.mark.parametrize("size", [2048, 2049, 3071, 3072, 10_000, 1_000_000, 5_000_000])
@pytest.mark.parametrize("fill", ["same", "random", "growing", "one", "strided"])
def test_the_norm_of_a_float32_array_is_true_whatever_its_size(size, fill):
    array = {
        "same": lambda: np.full(size, 0.1, np.float32),
        "random": lambda: np.random.default_rng(0).random(size, np.float32),
        "growing": lambda: np.arange(size, dtype=np.float32),
        "one": lambda: np.eye(1, size, size - 1, dtype=np.float32)[0] + np.float32(1e-3),
        "strided": lambda: np.full((size, 2), 0.3, np.float32)[::-1, 1],
    }[fill]()
    expected = float(np.linalg.norm(array.astype(np.float64)))
    assert decode(encode(array)).summary.norm == pytest.approx(expected, rel=1e-6)


def test_a_long_float32_array_with_one_huge_number_has_its_true_norm():
    array = np.ones(10_000, np.float32)
    array[5000] = 1e30
    assert decode(encode(array)).summary.norm == pytest.approx(1e30, rel=1e-6)


@pytest.mark.parametrize("order", ["C", "F"])
def test_64_dimensions_have_a_preview(order):
    shape = (1,) * 30 + (70,) + (1,) * 32 + (3,)
    array = np.asarray(np.arange(210.0).reshape(shape), order=order)
    same_bits(decode(encode(array)).values, np.ascontiguousarray(corners(array, 3)))
    single = np.ones((1,) * 64)
    same_bits(decode(encode(single, whole_up_to=0)).values, single)


def test_a_sum_too_large_for_a_float_is_no_error():
    summary = decode(encode(np.full(100, 1.7e308))).summary
    assert (summary.min, summary.max, summary.nan, summary.inf) == (1.7e308, 1.7e308, 0, 0)


@pytest.mark.parametrize(
    "view",
    [
        lambda array: array.T,
        lambda array: array[::-1, ::2],
        lambda array: array[:, 3],
        lambda array: np.broadcast_to(array[0], (20, 20)),
        np.asfortranarray,
    ],
    ids=["transposed", "reversed", "column", "expanded", "fortran"],
)
@pytest.mark.parametrize("whole_up_to", [0, 1000])
def test_a_view_is_previewed_as_it_looks(view, whole_up_to):
    array = view(np.arange(400, dtype=np.int32).reshape(20, 20))
    preview = decode(encode(array, whole_up_to=whole_up_to))
    same_bits(preview.values, np.ascontiguousarray(array if whole_up_to else corners(array, 3)))


def test_a_preview_does_not_follow_the_array_it_was_made_of():
    array = np.ones(3)
    data = encode(array)
    array[:] = 7
    assert decode(data).values.tolist() == [1, 1, 1]


@pytest.mark.parametrize("dtype", [object, "U3", "S2", "M8[s]", ">f4", np.longdouble, [("x", "f4")]], ids=str)
@pytest.mark.parametrize("size", [2, 200])
def test_what_is_not_a_plain_number_is_refused(dtype, size):
    with pytest.raises(TypeError, match="can't preview an array of dtype"):
        encode(np.zeros(size, dtype))


SAMPLES = [
    encode(np.array(1.5)),
    encode(np.zeros((0, 2), np.float32)),
    encode(np.arange(6, dtype=np.int8).reshape(2, 3)),
    encode(np.arange(100, dtype=np.complex64)),
]


@pytest.mark.parametrize("data", SAMPLES)
def test_a_preview_cut_anywhere_or_too_long_is_damaged(data):
    for broken in [data[:length] for length in range(len(data))] + [data + b"\0"]:
        with pytest.raises(BadTrace, match="a value in this trace is damaged"):
            decode(broken)


def read_or_refused(data):
    try:
        preview = decode(data)
    except BadTrace:
        return
    assert isinstance(preview, Preview)
    assert preview.values.nbytes <= len(data)
    assert preview.values.ndim == len(preview.shape)


@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_preview_with_wrong_bytes_is_read_or_refused(data, changes):
    broken = bytearray(data)
    for place, byte in changes:
        broken[place % len(broken)] = byte
    read_or_refused(bytes(broken))


@given(st.binary(max_size=80))
def test_random_bytes_are_read_or_refused(data):
    read_or_refused(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\1\3\3\1<f4" + b"\xff" * 8,
        b"\1\3\3\2<f4" + (1 << 40).to_bytes(8, "little") * 2,
        b"\0\xff\3\xff<f4" + (1 << 40).to_bytes(8, "little") * 255 + bytes(48),
        b"\1\3\3\x46<f4" + (1).to_bytes(8, "little") * 70 + bytes(4),
        b"\2\3\3\0<f4" + bytes(4),
        b"\1\3\2\0|O" + bytes(8),
        b"\1\3\2\0\xff\xff" + bytes(8),
    ],
    ids=["side", "size", "dimensions", "ones", "whole", "object", "letters"],
)
def test_impossible_sizes_and_names_are_refused(data):
    with pytest.raises(BadTrace):
        decode(data)
