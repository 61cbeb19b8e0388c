"""The ends of nodes and buffers in a trace are those that weak references see with the recorder off: each, in order."""

import weakref
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from gradviz.engine.backend import owner
from gradviz.record.recorder import Recorder
from gradviz.trace.events import Kind
from gradviz.trace.store import load
from tests.record.random_programs import LARGE, SMALL, STATEMENTS, Lives, Program, programs, run

HEADER = {"format": 1, "gradviz": "test", "script": "test", "argv": [], "mode": "script"}


class Seen(Lives):
    """The ends that weak references see."""

    def __init__(self):
        self.story, self._watched = [], {}

    def node(self, label, node):
        self._watch(f"{label} node", node)

    def array(self, label, array):
        self._watch(f"{label} buffer", owner(array))

    def mark(self, text):
        self.story.append(text)

    def _watch(self, label, thing):
        place = id(thing)
        if place not in self._watched:
            self._watched[place] = weakref.ref(thing, lambda _: self._ended(place, label))

    def _ended(self, place, label):
        del self._watched[place]
        self.story.append(f"{label} ends")


class Told(Lives):
    """The same nodes and buffers by the recorder's numbers; the story is then read from the trace."""

    def __init__(self, recorder):
        self._recorder, self._labels, self._marks = recorder, {}, []

    def node(self, label, node):
        number, _ = self._recorder._nodes.number(node)
        self._labels.setdefault((Kind.GONE, number), f"{label} node ends")

    def array(self, label, array):
        number, _ = self._recorder._buffers.of_array(array)
        self._labels.setdefault((Kind.FREED, number), f"{label} buffer ends")

    def mark(self, text):
        self._recorder._row(Kind.BUFFER, buffer=0, value=len(self._marks))
        self._marks.append(text)

    def story(self, trace):
        told = []
        for step in trace.of(Kind.BUFFER, Kind.FREED, Kind.GONE):
            row = trace.rows[step]
            kind = Kind(int(row["kind"]))
            number = int(row["node"] if kind is Kind.GONE else row["buffer"])
            if kind is Kind.BUFFER and not number:
                told.append(self._marks[int(row["value"])])
            elif (kind, number) in self._labels:
                told.append(self._labels[kind, number])
        return told


def stories(program, path):
    """What is seen of a program with the recorder off, and what its trace tells."""
    seen = Seen()
    run(program, seen)
    with Recorder(path, HEADER) as recorder:
        told = Told(recorder)
        run(program, told)
    return seen.story, told.story(load(path))


def check(program, path):
    """Up to where the collector runs the stories are the same; what it finds, it frees in an order of its own."""
    seen, told = stories(program, path)
    stop = seen.index("collector")
    assert told[:stop] == seen[:stop]
    assert Counter(told[stop:]) == Counter(seen[stop:])


@pytest.mark.filterwarnings("ignore")  # numbers run out of bounds, which is no matter here
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(programs())
def test_the_free_events_of_random_programs_are_the_lives_seen_without_the_recorder(tmp_path, program):
    check(program, tmp_path / "t.gradviz")


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("statement", STATEMENTS)
def test_each_statement_before_and_after_a_backward(statement, size, tmp_path):
    steps = [("mul", 0, 1), ("scaled", 3, 0), (statement, 4, 3), ("backward", 4, 0), (statement, 4, 0)]
    check(Program(size, [*steps, ("backward", 0, 0), ("delete", 9, 0)]), tmp_path / "t.gradviz")


FOUND = {
    "a large gradient that a hook saw becomes the .grad itself": [("hook", 0, 0), ("backward", 0, 0)],
    "an exception's frames hold what the failing node has, and no more": [
        ("cube", 0, 7), ("exp", 0, 4), ("in_place", 4, 3), ("hold_error", 3, 0), ("twice", 2, 5), ("hold_error", 3, 1),
    ],
    "so do those of a hook that fails": [
        ("twice", 3, 1), ("softmax", 3, 1), ("twice", 4, 6), ("hook_that_fails", 3, 6), ("hold_error", 5, 8),
    ],
}  # fmt: skip


@pytest.mark.parametrize("steps", FOUND.values(), ids=FOUND)
def test_what_random_programs_found_once(steps, tmp_path):
    check(Program(LARGE, steps), tmp_path / "t.gradviz")


def test_the_lives_of_a_training_step_in_words(tmp_path):
    steps = [("square", 0, 0), ("exp", 3, 0), ("delete", 3, 0), ("backward", 3, 0), ("delete", 3, 0)]
    seen, told = stories(Program(SMALL, steps), tmp_path / "t.gradviz")
    assert told == seen
    assert seen[: seen.index("end")] == [
        "step 1 square",
        "step 2 exp",
        "step 3 delete",
        "1 data buffer ends",  # of the square's result, which no node saved
        "step 4 backward",  # the node of exp lets go of its result, which a variable still holds
        "step 5 delete",
        "2 data buffer ends",
        "2 ExpBackward0 node ends",
        "2 MulBackward0 node ends",
        "1 PowBackward0 node ends",
        "1 torch::autograd::AccumulateGrad node ends",
    ]
