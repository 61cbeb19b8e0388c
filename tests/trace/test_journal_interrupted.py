"""Whatever happens in the middle of making a chunk, at whichever call, what was written is there.

A profile function does it: it runs where CPython may switch threads, collect garbage and run signal handlers, which
is at calls and at their ends.
"""

import gc
import os
import sys
import threading

import pytest

from gradviz.trace.events import Kind
from gradviz.trace.journal import CHUNK, LENGTH, SMALLEST_CHUNK, Journal
from gradviz.trace.store import load

LARGE, ROWS = 20_000, SMALLEST_CHUNK // 64 - 1


class Script:
    """Writes values and rows, and knows what must be there."""

    def __init__(self, path):
        self.path = path
        self.journal = Journal(path, {"mode": "test"})
        self.refs, self.rows, self.began = {}, [], 0
        for number in range(ROWS - 1):  # so that the next but one needs room
            self.row(number)
        self.blob(b"h" * (SMALLEST_CHUNK - CHUNK.size - LENGTH.size - 10))

    def blob(self, data):
        ref = self.journal.blob(data)
        if ref:
            assert ref not in self.refs
            self.refs[ref] = data

    def row(self, number, **columns):
        self.began += 1
        self.journal.row(Kind.FREED, buffer=number, **columns)
        self.rows.append(number)

    def go_on(self, mark):
        """What needs three new chunks."""
        self.blob(mark * LARGE)
        self.blob(mark * 300)
        self.row(1000 + mark[0], duration=1 << 40)  # too long for its column
        self.row(2000 + mark[0])

    def is_whole(self):
        self.journal.close()
        trace = load(self.path)
        assert trace.damaged == ""
        assert {ref: trace._heap.blob(ref) for ref in self.refs} == self.refs
        written = trace.rows["buffer"].tolist()
        assert set(self.rows) <= set(written)
        assert len(self.rows) <= len(written) <= self.began
        return trace


def at_call(number, work, happens):
    """Do the work; at its call (or end of a call) of this number, something happens. Whether it came to that."""
    seen = 0

    def profile(frame, event, argument):
        nonlocal seen
        seen += 1
        if seen == number:
            sys.setprofile(None)
            happens()

    gc.disable()  # or it would happen in the end of some earlier test's object, where errors vanish
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return seen >= number


def each_call(tmp_path, happens):
    """A new script for each call that its work makes, with what happens at that."""
    number, came = 1, True
    while came:
        script = Script(tmp_path / "t.gradviz")
        try:
            came = at_call(number, lambda script=script: script.go_on(b"a"), lambda script=script: happens(script))
        except KeyboardInterrupt:
            pass
        yield script
        number += 1
    assert number > 60


def in_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


def test_another_thread_writes(tmp_path):
    for script in each_call(tmp_path, lambda script: in_thread(lambda: script.go_on(b"b"))):
        script.is_whole()
        assert len(script.refs) in (3, 5)
        assert len(script.rows) in (ROWS + 1, ROWS + 3)


def test_a_finalizer_writes(tmp_path):
    for script in each_call(tmp_path, lambda script: script.go_on(b"b")):
        script.is_whole()
        assert len(script.refs) in (3, 5)


@pytest.mark.parametrize("run", [in_thread, lambda work: work()], ids=["thread", "finalizer"])
def test_the_journal_is_closed_and_its_descriptor_goes_to_other_files(tmp_path, run):
    others, sure = [], []

    def happens(script):
        sure.append(len(script.rows))
        run(script.journal.close)
        others.extend(os.open(tmp_path / f"{number}.txt", os.O_RDWR | os.O_CREAT) for number in range(3))

    for script in each_call(tmp_path, happens):
        script.rows = script.rows[: sure[-1]] if others else script.rows
        script.is_whole()
        assert script.journal.failure == ""
        assert [os.fstat(fd).st_size for fd in others] == [0] * len(others)
        while others:
            os.close(others.pop())


def test_a_signal_handler_raises(tmp_path):
    def happens(script):
        raise KeyboardInterrupt

    for script in each_call(tmp_path, happens):
        script.go_on(b"b")
        script.is_whole()


def test_a_signal_handler_raises_after_another_thread_took_the_place_behind(tmp_path):
    def happens(script):
        in_thread(lambda: script.go_on(b"b"))
        raise KeyboardInterrupt

    holes = 0
    for script in each_call(tmp_path, happens):
        script.go_on(b"c")
        script.is_whole()
        data = script.path.read_bytes()
        holes += any(not any(data[place : place + LARGE]) for place in range(0, len(data) - LARGE, 4096))
    assert holes


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_process_is_forked(tmp_path):
    pids = []
    for script in each_call(tmp_path, lambda script: pids.append(os.fork())):
        if pids and not pids[-1]:
            code = 1
            try:
                script.go_on(b"c")
                script.journal.close()
                code = 0
            finally:
                os._exit(code)
        while pids:
            assert os.waitstatus_to_exitcode(os.waitpid(pids.pop(), 0)[1]) == 0
        script.go_on(b"d")
        trace = script.is_whole()
        assert trace.rows["buffer"].tolist() == script.rows


def test_threads_lose_none_of_each_others_large_values(tmp_path):
    journal, written = Journal(tmp_path / "t.gradviz", {}), []

    def write(thread):
        for k in range(100):
            data = bytes([thread, k]) * 8_500
            written.append((journal.blob(data), data))
            for _ in range(50):
                journal.row(Kind.FREED, buffer=thread)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(1, 5)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    journal.close()
    trace = load(tmp_path / "t.gradviz")
    assert len({ref for ref, _ in written}) == len(written)
    assert all(trace._heap.blob(ref) == data for ref, data in written)
    assert len(trace.rows) == 4 * 100 * 50
