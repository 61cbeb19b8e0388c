"""How single things look: text that can steer nothing, sizes, and numbers with PyTorch's digits."""

import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import gradviz as torch
from gradviz.trace.graph import graphs
from gradviz.trace.preview import decode, encode
from gradviz.trace.trace import Origin
from gradviz.views import format as fmt

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()) | st.sampled_from("\x1b\r\n\t\u202e\ud800\u2028"))


def shown(values, dtype=np.float32):
    """The preview that a trace would give back."""
    return decode(encode(np.asarray(values, dtype)))


# -- text ---------------------------------------------------------------------------------------------


@given(ANY_TEXT)
def test_safe_text_is_printable_in_one_line_and_can_be_written_to_a_file(text):
    found = fmt.safe(text)
    assert all(character.isprintable() or character == "\u200d" for character in found)
    assert len(found.splitlines()) <= 1
    assert found.encode().decode() == found
    assert fmt.safe(found) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb\tc\rd\u2028e\u2029f", "a b c d e f"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x07\x00\x7f\x9b", "\\x07\\x00\\x7f\\x9b"),
        ("\u202eevil\u2066x\u200f", "\\u202eevil\\u2066x\\u200f"),
        ("\u200b\ufeff\u00ad", "\\u200b\\ufeff\\xad"),
        ("\ud800 \udfff", "\\ud800 \\udfff"),
        ("\ue000\U000f0000\uffff", "\\ue000\\U000f0000\\uffff"),
        ("a\u00a0b\u3000c", "a b c"),
        ("a\x0bb\x0cc\x85d", "a\\x0bb\\x0cc\\x85d"),
    ],
)
def test_what_could_steer_a_terminal_is_made_visible(text, expected):
    assert fmt.safe(text) == expected


@pytest.mark.parametrize(
    "text",
    ["w * x", "größe", "e\u0301", "ความ", "损失", "وزن", "🔥", "👩\u200d🔬", "θ₀²", "\\n", "[bold]", "", "<b>&amp;"],
)
def test_letters_of_any_script_marks_on_them_and_emoji_stay(text):
    assert fmt.safe(text) == text


@given(st.text(), st.integers(-2, 30))
def test_clipped_text_fits_and_says_that_it_was_cut(text, room):
    found = fmt.clip(text, room)
    if len(text) <= room:
        assert found == text
    else:
        assert len(found) == max(room, 1)
        assert found[-1] == "…"
        assert text.startswith(found[:-1])


@pytest.mark.parametrize(("number", "expected"), [(0, "0 nodes"), (1, "1 node"), (2, "2 nodes"), (9850, "9,850 nodes")])
def test_counts_have_their_plural(number, expected):
    assert fmt.count(number, "node") == expected


@pytest.mark.parametrize(
    ("nbytes", "expected"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KB"),
        (1229, "1.2 KB"),
        (1_023_898, "999.9 KB"),
        (1_023_950, "1.0 MB"),
        (1_024_000, "1.0 MB"),
        (3 * 1024**3, "3.0 GB"),
        (5000 * 1024**4, "5000.0 TB"),
    ],
)
def test_sizes_are_for_people(nbytes, expected):
    assert fmt.size(nbytes) == expected


@given(st.integers(1024, 1024**5 - 1))
def test_a_size_is_true_to_a_digit_after_the_point(nbytes):
    amount, unit = fmt.size(nbytes).split()
    scale = 1024 ** ("KB", "MB", "GB", "TB").index(unit) * 1024
    assert abs(float(amount) * scale - nbytes) <= scale * 0.051


def test_shapes_read_as_tuples():
    assert [fmt.shape(dims) for dims in ((), (3,), (np.int64(32), 64))] == ["()", "(3,)", "(32, 64)"]


# -- numbers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2.0, "2."),
        (-0.0, "-0."),
        (99999.0, "99999."),
        (123456.0, "1.235e+05"),
        (0.12345678, "0.1235"),
        (1e-7, "1e-07"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (np.float32(0.1), "0.1"),
    ],
)
def test_one_number_has_four_digits_at_most(value, expected):
    assert fmt.number(value) == expected


@given(st.floats(-1e308, 1e308))
def test_one_number_is_close_to_what_it_tells(value):
    assert float(fmt.number(value)) == pytest.approx(value, rel=6e-4, abs=1e-320)


WHOLE = st.integers(-900, 900).map(float)
FRACTIONS = st.one_of(
    st.floats(-(2.0**99), 2.0**99, width=32), st.floats(-100, 100, width=32), st.sampled_from([np.nan, np.inf, -0.0])
)
SHAPES = st.sampled_from([(1,), (2,), (7,), (2, 3), (3, 1, 2), ()])


def as_pytorch(values):
    """The values between the parentheses of PyTorch's tensor(...), without the blanks that align them."""
    pytorch = pytest.importorskip("torch", reason="PyTorch is not installed: its printing can't be compared")
    text = re.sub(r",\s*dtype=torch\.\w+", "", str(pytorch.from_numpy(np.array(values))))
    return re.sub(r"\s", "", text.removeprefix("tensor(").removesuffix(")"))


def digits(values):
    return fmt.numbers(values).replace(" ", "")


@given(SHAPES.flatmap(lambda dims: arrays(np.float32, dims, elements=WHOLE)))
def test_whole_numbers_print_as_pytorch_prints_them(values):
    assert digits(values) == as_pytorch(values)


@given(SHAPES.flatmap(lambda dims: arrays(np.float32, dims, elements=FRACTIONS)))
def test_fractions_print_as_pytorch_prints_them(values):
    finite = values[np.isfinite(values)]
    assume((finite != np.round(finite)).any())
    assert digits(values) == as_pytorch(values)


@pytest.mark.parametrize(
    "values",
    [
        np.array([0.1, 2.5], np.float64),
        np.array([0.1, 2.5], np.float16),
        np.array([1e-5, 2e-5], np.float32),
        np.array([5e-4, 7e-4], np.float32),
        np.array([0.5, 475.0], np.float32),
        np.array([1e9, 2.0], np.float32),
        np.array([0.5, 501.0], np.float32),
        np.zeros((2, 2), np.float32),
        np.array([np.nan, np.inf, -np.inf], np.float32),
        np.array([[1, 200], [-3, 4]], np.int64),
        np.array([255, 0], np.uint8),
        np.array([True, False]),
        np.array(7, np.int32),
    ],
    ids=str,
)
def test_every_dtype_prints_as_pytorch_prints_it(values):
    assert digits(values) == as_pytorch(values)


def test_nested_brackets_close_where_they_should():
    assert fmt.numbers(np.arange(4).reshape(2, 2)) == "[[0, 1], [2, 3]]"
    assert fmt.numbers(np.arange(4).reshape(2, 1, 2)) == "[[[0, 1]], [[2, 3]]]"
    assert fmt.numbers(np.arange(2).reshape(1, 2, 1)) == "[[[0], [1]]]"


# -- previews -----------------------------------------------------------------------------------------


VALUES = st.one_of(
    arrays(np.float32, st.integers(1, 70), elements=st.floats(width=32)),
    arrays(np.int64, st.integers(1, 70), elements=st.integers(-(10**6), 10**6)),
    arrays(np.float32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.floats(width=32)),
    arrays(np.bool_, st.integers(1, 70)),
)


@given(VALUES, st.integers(1, 60))
def test_a_preview_keeps_to_its_room_down_to_a_mean(values, room):
    text = fmt.preview(shown(values, values.dtype), room)
    assert 0 < len(text) <= max(room, len("mean -1.234e+05"))


@given(arrays(np.int64, st.integers(3, 64), elements=st.integers(-999, 999)), st.integers(16, 60))
def test_a_vector_that_is_too_long_shows_as_many_first_values_as_fit_and_the_last(values, room):
    text, whole = fmt.preview(shown(values, np.int64), room), fmt.numbers(values)
    if len(whole) <= room:
        assert text == whole
    else:
        *first, dots, last = text[1:-1].split(", ")
        assert dots == "…"
        assert [int(each) for each in first] == values[: len(first)].tolist()
        assert int(last) == values[-1]
        one_more = len(f", {values[len(first)]}")
        assert len(first) == len(values) - 1 or len(text) + one_more > room


def test_previews_of_what_is_small_empty_or_unknown():
    assert fmt.preview(None) == "not kept"
    assert fmt.preview(shown(np.zeros((0, 3)))) == "[]"
    assert fmt.preview(shown(1.5)) == "1.5000"
    assert fmt.preview(shown([1, 2])) == "[1., 2.]"
    assert fmt.preview(shown(123456.75), 3) == "123456.7500"


def test_what_does_not_fit_is_summed_up_part_by_part():
    matrix = shown(np.arange(64.0).reshape(8, 8))
    assert fmt.preview(matrix, 40) == "mean 31.5, 0. … 63."
    assert fmt.preview(matrix, 12) == "mean 31.5"
    assert fmt.preview(shown(np.arange(100.0)), 40) == "mean 49.5, 0. … 99."


@pytest.mark.parametrize("length", [40, 400])
def test_nan_and_infinity_are_counted_before_anything_else_is_told(length):
    values = np.ones((length // 4, 4), np.float32)
    values[0], values[1, :2] = np.nan, [np.inf, -np.inf]
    assert fmt.about(shown(values)) == "4 nan, 2 inf, mean 1., 1. … 1."
    assert fmt.about(shown(values), 8) == "4 nan"
    assert fmt.about(shown(np.full_like(values, np.nan))) == f"{length} nan"


@given(VALUES)
def test_the_norm_is_numpys(values):
    assume(np.isfinite(values).all())
    expected = np.sqrt(np.square(values.astype(np.float64)).sum())
    assert fmt.norm(shown(values, values.dtype)) == pytest.approx(expected, rel=1e-5, abs=1e-30)


def test_the_norm_of_what_holds_nan_is_nan():
    assert np.isnan(fmt.norm(shown([1.0, np.nan])))


# -- expressions --------------------------------------------------------------------------------------


def origin(text, column, end_column, lines=1):
    return Origin("s.py", "<module>", 5, column, 4 + lines, end_column, text, "")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (origin("loss = (w*x - y).mean()", 8, 11), "w*x"),
        (origin("loss = (w\n        * x\n        - y).mean()", 7, 19, 3), "(w * x - y).mean()"),
        (origin("y = f(\n  a", 4, 3, 4), "f( …"),
        (origin("  y = a + b", 0, 0), "y = a + b"),
        (origin("y = a + b", 8, 4), "y = a + b"),
        (origin("y = a + b", -1, 4), "y = a + b"),
        (origin("y = a + b", None, None), "y = a + b"),
        (origin("y = a + b", 900, 950), "y = a + b"),
        (origin("y = a + b", 4, 950), "a + b"),
        (origin("y = '\x1b[1m' + b", 4, 15), "'\\x1b[1m' + b"),
        (origin("", 0, 3), ""),
        (origin("   ", 0, 3), ""),
        (None, ""),
        (Origin("s.py", "f", 7, 4, 0, 9, "y = a + b", ""), "y = a + b"),
        (Origin("s.py", "f", 7, 4, 3, 9, "y = a + b", ""), "a + b"),
    ],
)
def test_an_expression_is_cut_out_of_its_lines(place, expected):
    assert fmt.expression(place) == expected


NUMBERS = st.integers(-3, 40)


@given(ANY_TEXT, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_any_origin_gives_one_safe_line(text, line, column, end_line, end_column):
    found = fmt.expression(Origin("s.py", "f", line, column, end_line, end_column, text, ""))
    assert fmt.safe(found) == found
    assert bool(found) == bool(text.strip())


def test_expressions_of_a_real_script_keep_their_letters_and_join_their_lines(record):
    def program():
        größe = torch.ones(2, requires_grad=True)
        ((größe * größe).exp() + größe).sum()
        (größe
         - 1.0
         - größe)  # fmt: skip

    trace = record(program)
    (first, second) = graphs(trace)
    told = [fmt.expression(node.origin) for node in (*first.nodes, *second.nodes) if node.grad_fn.endswith("0")]
    assert told == [
        "größe * größe",
        "(größe * größe).exp()",
        "(größe * größe).exp() + größe",
        "((größe * größe).exp() + größe).sum()",
        "größe - 1.0",
        "größe - 1.0 - größe",
    ]


@pytest.mark.parametrize(
    ("name", "room", "shown"),
    [
        ("net.conv.weight", 15, "net.conv.weight"),
        ("net.conv.weight", 13, "…conv.weight"),
        ("net.conv.weight", 8, "…weight"),
        ("net.conv.weight", 6, "net.c…"),
        ("w * x + b - y", 8, "w * x +…"),
        ("", 3, ""),
    ],
)
def test_of_a_path_the_end_stays(name, room, shown):
    assert fmt.clip_path(name, room) == shown
