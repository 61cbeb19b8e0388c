"""The memory chart and picture: what they show of hand-made traces, at each width and without a single colour."""

from xml.etree import ElementTree

import numpy as np
import pytest

from gradviz.errors import BadInput
from gradviz.trace.usage import Usage
from gradviz.views import memory
from tests.trace.build import Builder, linear_regression

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def regression(tmp_path):
    """(trace, usage) of one loss."""
    trace = linear_regression(tmp_path / "t.gradviz", delete=False)
    return trace, Usage(trace)


def sampled(regression, columns=68, axis="events"):
    trace, usage = regression
    return memory.sampled(trace, usage, columns, (0, trace.end), axis)


@pytest.mark.parametrize("axis", ["events", "time"])
@pytest.mark.parametrize("columns", [1, 7, 68, 500])
def test_the_columns_hold_the_peak_and_nothing_more(regression, columns, axis):
    samples = sampled(regression, columns, axis)
    assert len(samples.nbytes) == len(samples.phases) == len(samples.lines) == columns
    assert samples.nbytes.sum(1).max() == samples.peak == regression[1].curve.total.max()
    assert samples.nbytes[samples.peak_column].sum() == samples.peak


@pytest.mark.parametrize("blocks", [True, False])
def test_the_chart_fits_and_tells_categories_by_character(regression, blocks):
    samples = sampled(regression, memory.columns_for(80))
    lines = [line.plain for line in memory.chart(samples, blocks)]
    assert max(map(len, lines)) <= 80
    assert all(line.isascii() for line in lines) or blocks
    *rows, legend = lines
    for part in legend.split("  "):
        mark, _, title = part.partition(" ")
        assert any(mark in row for row in rows), title
    assert "forward" in lines[-3] and "backward" in lines[-3]


def test_what_the_peak_consisted_of_is_named(regression):
    trace, usage = regression
    lines = memory.peak_lines(trace, usage, (0, trace.end))
    assert lines[0].startswith("peak: ") and "reached at line" in lines[0]
    assert any("x" in line and "MulBackward0" in line for line in lines)
    assert any("(sub)" in line and "PowBackward0" in line for line in lines)
    assert max(map(len, lines)) <= 80


def test_the_ten_largest_are_shown_the_largest_first(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    for size in range(1, 14):
        build.constant(f"x{size}", np.zeros(size, np.float32))
    trace = build.load()
    lines = memory.peak_lines(trace, Usage(trace), (0, trace.end))
    assert [line.split()[:2] for line in lines if " B  " in line] == [[f"{4 * size}", "B"] for size in range(13, 3, -1)]
    assert lines[-1] == "and 3 smaller buffers: 24 B"


def test_the_picture_is_whole_and_says_what_it_shows(regression):
    root = ElementTree.fromstring(memory.svg(sampled(regression, memory.COLUMNS), "train"))
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert "Memory of train" in texts and "forward" in texts and "backward" in texts
    titles = {title.text for title in root.iter(f"{SVG}title")}
    assert {"parameters", "gradients", "saved for backward", "still held"} <= titles


def test_names_can_not_break_out_of_the_picture(regression):
    samples = sampled(regression)
    name = '</title><script>&"\\\x1b]'
    root = ElementTree.fromstring(memory.svg(samples, name))
    assert not list(root.iter(f"{SVG}script"))
    assert "\x1b" not in memory.dot_text(samples, name)


def test_the_dot_text_has_no_string_that_is_too_long_for_graphviz(regression):
    text = memory.dot_text(sampled(regression, memory.COLUMNS), 'a"b\\c')
    assert max(map(len, text.split('" + "'))) < 16_000
    assert "Memory of a\\\"b\\\\c" in text


def test_nothing_alive_is_said(tmp_path):
    trace = Builder(tmp_path / "t.gradviz").load()
    with pytest.raises(BadInput, match="tells of no array's memory"):
        memory.sampled(trace, Usage(trace), 10, (0, max(trace.end, 0)))


def test_the_same_trace_gives_the_same_picture(regression):
    one, two = (memory.svg(sampled(regression), "t") for _ in range(2))
    assert one == two
    assert json_of(regression) == json_of(regression)


def json_of(regression):
    trace, usage = regression
    return memory.as_json(trace, usage, (0, trace.end), "events")
