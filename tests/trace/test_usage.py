"""Which bytes are alive when, and what for: hand-made traces against the definitions, one buffer at a time."""

import numpy as np
import pytest

from gradviz.trace.events import Kind
from gradviz.trace.usage import Category, Phase, Usage
from tests.trace.build import Builder, linear_regression


@pytest.fixture
def build(tmp_path):
    return Builder(tmp_path / "t.gradviz")


def categories(usage, step):
    """Bytes by category at a step, added up buffer by buffer."""
    found = np.zeros(len(Category), np.int64)
    for buffer in usage.at(step).tolist():
        found[usage.category(buffer, step)] += usage.nbytes[buffer]
    return found.tolist()


@pytest.mark.parametrize("delete", [True, False])
def test_the_curve_is_what_the_buffers_add_up_to_at_each_step(tmp_path, delete):
    usage = Usage(linear_regression(tmp_path / "t.gradviz", delete=delete))
    curve = usage.curve
    assert len(curve.steps) > 8
    assert (np.diff(curve.steps) > 0).all() and (np.diff(curve.times) >= 0).all()
    for step, nbytes in zip(curve.steps.tolist(), curve.nbytes.tolist(), strict=True):
        assert nbytes == categories(usage, step)
    assert curve.total[curve.peak] == curve.total.max()


def test_forward_rises_and_backward_falls(tmp_path):
    trace = linear_regression(tmp_path / "t.gradviz")
    curve = Usage(trace).curve
    started, ended = trace.of(Kind.BACKWARD)[0], trace.of(Kind.BACKWARD_ENDED)[0]
    saved = curve.nbytes[:, Category.SAVED]
    before, after = (int(np.searchsorted(curve.steps, step)) - 1 for step in (started, ended))
    assert saved[0] == 0 and (np.diff(saved[:before]) >= 0).all()
    assert saved[before] == 24  # x, which mul saved, and the difference, which pow did
    assert saved[after] == 0


def test_each_category_follows_from_events(build):
    w = build.leaf("w", np.zeros(4, np.float32))
    x = build.constant("x", np.zeros(8, np.float32))
    y = build.op("mul", [w, w], np.zeros(4), saved=["result"], name="y", line=3)
    built = build.step
    build.backward(y, line=4)
    after = build.step
    build.freed(x)
    usage = Usage(build.load())
    held, grads = 4 * 8, 4 * 4
    assert categories(usage, built) == [4 * 4, 0, 4 * 4, held, 0]
    assert categories(usage, after) == [4 * 4, grads, 0, held + 4 * 4, 0]
    assert categories(usage, after + 1) == [4 * 4, grads, 0, 4 * 4, 0]


def test_what_its_line_alone_needed_is_temporary_and_what_outlives_the_line_is_held(build):
    x = build.constant("x", np.zeros(4, np.float32), line=1)
    short = build.op("mul", [x, x], np.zeros(4), line=2)
    long = build.op("add", [short, x], np.zeros(4), line=2)
    build.freed(short)
    build.op("exp", [long], np.zeros(4), line=3)
    build.freed(long)
    usage = Usage(build.load())
    assert usage.temporary[[x.buffer, short.buffer, long.buffer]].tolist() == [False, True, False]


def test_a_buffer_that_two_nodes_keep_counts_once_and_until_both_let_go(build):
    w = build.leaf("w", np.zeros(4, np.float32))
    one = build.op("mul", [w, w], np.zeros(4), saved=["result"])
    two = build.op("exp", [one], np.zeros(2), saved=["self"])
    both = build.step
    build.release(one)
    still = build.step
    build.gone(two)
    usage = Usage(build.load())
    assert usage.keepers(one.buffer, both).tolist() == [1, 2]
    assert usage.keepers(one.buffer, still).tolist() == [2]
    assert [int(usage.category(one.buffer, step)) for step in (both, still, still + 1)] == [2, 2, 3]
    assert categories(usage, both)[Category.SAVED] == 16


def test_phases_and_a_part_of_the_curve(tmp_path):
    trace = linear_regression(tmp_path / "t.gradviz")
    usage = Usage(trace)
    started, ended = trace.of(Kind.BACKWARD)[0], trace.of(Kind.BACKWARD_ENDED)[0]
    assert set(usage.phases[started : ended + 1].tolist()) == {Phase.BACKWARD}
    assert usage.phases[started - 1] == Phase.FORWARD
    part = usage.curve.within(int(started), int(ended))
    assert part.steps[0] <= started and part.steps[-1] <= ended
    assert part.total[0] == usage.curve.total[np.searchsorted(usage.curve.steps, started, "right") - 1]


def test_an_empty_trace_has_an_empty_curve(build):
    curve = Usage(build.load()).curve
    assert (len(curve.steps), curve.peak) == (0, -1)
