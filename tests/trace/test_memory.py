"""Lifetimes and bytes kept are those of a simple model that follows the same events one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradviz.trace.events import Flag, Kind
from gradviz.trace.memory import NEVER, Freed, Holder, Lives, saved_summary
from tests.trace.build import Builder, linear_regression


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("memory") / "t.gradviz"


@pytest.fixture
def build(tmp_path):
    return Builder(tmp_path / "t.gradviz")


def summary(build):
    trace = build.load()
    return saved_summary(trace, trace.lives)


class Model:
    """The same events as in the file, counted the slow way: after each row, all that is kept is added up again."""

    def __init__(self, place):
        self.build = Builder(place)
        self.made, self.sizes, self.made_at = [], {}, {}
        self.kept, self.saved = {}, {}  # node -> the buffers it keeps; the same, never forgotten
        self.released_at, self.released_by, self.gone_at, self.freed_at = {}, {}, {}, {}
        self.history, self.calls = [(-1, 0)], {}
        self.end = self.end_bytes = None

    def bytes(self):
        return sum(self.sizes[buffer] for buffer in {buffer for kept in self.kept.values() for buffer in kept})

    def told(self):
        drop = self.history[-1][1] - self.bytes()
        self.history.append((self.build.step, self.bytes()))
        return drop

    def add(self, result):
        self.made.append(result)
        self.sizes[result.buffer] = result.value.nbytes
        self.made_at[result.buffer] = self.build.step
        if result.node:
            sources = [result if which < 0 else result.inputs[which] for _, which in result.saved]
            self.kept[result.node] = [source.buffer for source in sources if source]
            self.saved[result.node] = len(sources)
        self.told()

    def leaf(self, size):
        self.add(self.build.leaf(value=np.zeros(size)))

    def op(self, picks, size, saved, no_grad):
        inputs = [self.made[pick % len(self.made)] for pick in picks if self.made]
        names = [name for name, least in (("self", 1), ("other", 2), ("result", 0)) if len(inputs) >= least]
        names = [name for name in names if name in saved]
        self.add(self.build.op("op", inputs, np.zeros(size), saved=names, no_grad=no_grad))

    def backward(self, picks):
        call = len(self.calls) + 1
        self.calls[call] = 0
        self.build.row(Kind.BACKWARD, a=call)
        for pick in picks:
            self.release(pick, call)
        self.build.row(Kind.BACKWARD_ENDED, a=call)

    def release(self, pick, call=0):
        nodes = [result for result in self.made if result.node and result.node not in self.gone_at]
        if not nodes:
            return
        node = nodes[pick % len(nodes)].node
        self.build.row(Kind.RELEASED, node=node, a=call)
        self.released_at.setdefault(node, self.build.step)
        self.released_by.setdefault(node, call)
        self.kept.pop(node, None)
        self.calls[call] = self.calls.get(call, 0) + self.told()

    def gone(self, pick):
        if self.made:
            result = self.made[pick % len(self.made)]
            node = self.build._accumulators.get(result.tensor, 0) if result.leaf else result.node
            self.build.gone(result)
            self.gone_at.setdefault(node, self.build.step)
            self.kept.pop(node, None)
            self.told()

    def freed(self, pick):
        if self.made:
            self.build.freed(self.made[pick % len(self.made)])
            self.freed_at.setdefault(self.made[pick % len(self.made)].buffer, self.build.step)

    def finish(self):
        self.build.row(Kind.ENDED)
        self.end, self.end_bytes = self.build.step, self.bytes()
        self.leaf = self.op = lambda *_: None


PICK = st.integers(0, 30)
SIZE = st.integers(1, 50)
SAVED = st.sets(st.sampled_from(["self", "other", "result"]))
COMMAND = st.one_of(
    st.tuples(st.just("leaf"), SIZE),
    st.tuples(st.just("op"), st.lists(PICK, min_size=1, max_size=3), SIZE, SAVED, st.booleans()),
    st.tuples(st.just("op"), st.lists(PICK, min_size=1, max_size=3), SIZE, SAVED, st.just(False)),
    st.tuples(st.just("backward"), st.lists(PICK, max_size=4)),
    st.tuples(st.just("release"), PICK),
    st.tuples(st.just("gone"), PICK),
    st.tuples(st.just("freed"), PICK),
)


@settings(max_examples=150)
@given(st.lists(COMMAND, max_size=40), st.lists(COMMAND, max_size=6))
def test_random_runs_keep_what_a_model_keeps(place, before, after):
    model = Model(place)
    model.leaf(3)
    for name, *values in before:
        getattr(model, name)(*values)
    model.finish()
    for name, *values in after:
        getattr(model, name)(*values)
    model.build.close()
    trace = model.build.load()
    lives = Lives(trace)
    model.gone_at.pop(0, None)
    for told, expected in [
        (lives.released_at, model.released_at),
        (lives.gone_at, model.gone_at),
        (lives.freed_at, model.freed_at),
        (lives.made_at, model.made_at),
    ]:
        assert {number: step for number, step in enumerate(told.tolist()) if step != NEVER} == expected
    assert {number: size for number, size in enumerate(lives.nbytes.tolist()) if size} == model.sizes
    assert {number: call for number, call in enumerate(lives.released_by.tolist()) if call} == {
        number: call for number, call in model.released_by.items() if call
    }

    told = saved_summary(trace, lives)
    peak = max(kept for _, kept in model.history)
    assert (told.peak, told.alive_bytes) == (peak, model.end_bytes)
    assert told.peak_at == (next(step for step, kept in model.history if kept == peak) if peak else -1)
    by_call = {call: [] for call in model.calls}
    for node, call in model.released_by.items():
        by_call[call] += [node] if model.saved[node] else []
    assert tuple(each[:4] for each in told.freed) == tuple(
        (call, nbytes, sum(model.saved[node] for node in by_call[call]), len(by_call[call]))
        for call, nbytes in model.calls.items()
        if call
    )
    accumulators = set(trace.rows["node"][trace.of(Kind.NODE)].tolist())
    gone = {node for node, step in model.gone_at.items() if step <= model.end}
    assert told.alive_nodes == len((accumulators | set(model.saved)) - gone)
    assert told.alive_accumulators == len(accumulators - gone)
    for node in model.saved:
        for at in (0, model.end, trace.end, len(trace.rows)):
            state = "saved freed" if model.released_at.get(node, NEVER) <= at else "live"
            assert lives.state(node, True, at) == ("gone" if model.gone_at.get(node, NEVER) <= at else state)


def test_a_buffer_that_two_nodes_keep_counts_once_and_until_the_second_lets_go(build):
    w = build.leaf("w", np.zeros(10))
    y, z = build.op("sin", [w], saved=["self"]), build.op("cos", [w], saved=["self", "self"])
    build.backward(y)
    build.backward(z)
    told = summary(build)
    assert (told.peak, told.alive_bytes) == (40, 0)
    assert [each[:4] for each in told.freed] == [(1, 0, 1, 1), (2, 40, 2, 1)]


def test_the_peak_is_at_the_first_step_that_had_it(build):
    w = build.leaf("w", np.zeros(10))
    y = build.op("exp", [w], np.zeros(10), saved=["result"])
    at = build.step
    build.release(y)
    build.op("exp", [w], np.zeros(10), saved=["result"])
    told = summary(build)
    assert (told.peak, told.peak_at) == (40, at)
    assert told.freed == ()


def test_a_run_that_saved_nothing_has_no_peak(build):
    w = build.leaf("w")
    build.backward(build.op("neg", [w]))
    assert summary(build)[:3] == (0, -1, (Freed(1, 0, 0, 0, 0),))


def test_a_regression_frees_in_backward_what_its_forward_saved(tmp_path):
    trace = linear_regression(tmp_path / "t.gradviz")
    told = saved_summary(trace, trace.lives)
    assert (told.peak, told.freed) == (24, (Freed(1, 24, 2, 2, 24),))  # that trace frees nothing before the call ends
    assert (told.alive_nodes, told.alive_bytes, told.holders) == (0, 0, ())


def test_what_a_variable_holds_is_alive_at_the_end(tmp_path):
    trace = linear_regression(tmp_path / "t.gradviz", delete=False)
    loss = int(trace.forwards.tensor[-1]), int(trace.forwards.node[-1])
    told = saved_summary(trace, trace.lives)
    assert told.alive_nodes == 7
    assert told.holders == (Holder("loss", *loss),)


def test_what_ends_after_the_script_was_alive_at_its_end(build):
    w = build.leaf("w", np.zeros(10))
    y = build.op("exp", [w], np.zeros(10), saved=["result"])
    build.row(Kind.ENDED)
    build.gone(y, w)
    build.close()
    told = summary(build)
    assert (told.alive_nodes, told.alive_accumulators, told.alive_bytes) == (2, 1, 40)


def test_a_node_that_ended_with_the_last_row_of_a_killed_run_is_not_alive(build):
    y = build.op("exp", [build.leaf("w", np.zeros(10))], np.zeros(10), saved=["result"])
    build.gone(y)
    build.close()
    told = summary(build)
    assert (told.alive_nodes, told.alive_bytes, told.peak) == (1, 0, 40)


@pytest.mark.parametrize("told", [True, False])
def test_a_view_that_looks_larger_than_its_buffer_is_not_counted_as_such(build, told):
    small, wide = build.meta(np.zeros(2)), build.meta(np.zeros(1000))
    if told:
        build.row(Kind.BUFFER, buffer=1, value=300)
    build.row(Kind.FORWARD, Flag.NEW_BUFFER, tensor=1, buffer=1, meta=small, ref=1)
    build.row(Kind.FORWARD, tensor=2, buffer=1, meta=wide, ref=1)
    trace = build.load()
    assert trace.lives.bytes_of(1) == (300 if told else 16)


def test_a_buffer_nobody_saw_begin_is_as_large_as_its_largest_look(build):
    small, wide = build.meta(np.zeros(2)), build.meta(np.zeros(1000))
    for meta in (small, wide, small):
        build.row(Kind.STEP, buffer=5, meta=meta)
    build.row(Kind.FREED, buffer=5)
    lives = build.load().lives
    assert (lives.bytes_of(5), lives.made_at[5], lives.freed_at[5]) == (8000, 2, 5)
    assert [lives.bytes_of(buffer) for buffer in (-1, 0, 4, 6, 1 << 40)] == [0] * 5


def test_states_follow_the_steps(build):
    w = build.leaf("w")
    y = build.op("exp", [w], saved=["result"])
    made = build.step
    build.backward(y)
    build.gone(y)
    lives = build.load().lives
    released, gone = lives.released_at[y.node], lives.gone_at[y.node]
    assert [lives.state(y.node, True, at) for at in (made, released - 1, released, gone - 1, gone)] == [
        "live",
        "live",
        "saved freed",
        "saved freed",
        "gone",
    ]
    assert lives.state(y.node, False, gone - 1) == "live"
    assert [lives.state(node, True, gone) for node in (0, -1, 99)] == ["live"] * 3
