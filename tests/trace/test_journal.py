"""The journal gives back what was written, whatever ends the process, and never raises into the script."""

import gc
import mmap
import os
import signal
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.errors import BadInput
from gradviz.trace.events import ROW, Flag, Kind
from gradviz.trace.journal import SMALLEST_CHUNK, Journal
from gradviz.trace.store import load

HEADER = {"format": 1, "mode": "test"}
NUMBERED = ("node", "tensor", "a", "b", "c", "meta", "buffer", "origin")
WIDE = {"time": 64, "duration": 32, "within": 16, "ref": 64, "value": 64}
COLUMNS = st.fixed_dictionaries(
    {"kind": st.sampled_from([int(kind) for kind in Kind]), "flags": st.integers(0, 255)},
    optional={name: st.integers(0, 60_000) for name in NUMBERED}
    | {name: st.integers(0, (1 << bits) - 1) for name, bits in WIDE.items()},
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("journal") / "t.gradviz"


def blob(trace, ref):
    return trace._heap.blob(ref)


# -- what was written comes back ------------------------------------------------------------------------


@given(rows=st.lists(COLUMNS, max_size=40))
def test_rows_come_back_as_they_were_written(place, rows):
    journal = Journal(place, HEADER)
    expected = np.zeros(len(rows), ROW)
    for at, columns in enumerate(rows):
        if columns["flags"] & Flag.INLINE:
            columns = {**columns, "value": 0.1}
        journal.row(**columns)
        for name, number in columns.items():
            expected[name][at] = number if number != 0.1 else np.float64(0.1).view(np.uint64)
    journal.close()
    trace = load(place)
    assert trace.header == HEADER
    assert trace.damaged == ""
    assert trace.rows.tobytes() == expected.tobytes()


@given(blobs=st.lists(st.binary(max_size=300), max_size=40), texts=st.lists(st.text(max_size=20), max_size=10))
def test_bytes_and_texts_come_back_as_they_were_written(place, blobs, texts):
    journal = Journal(place, HEADER)
    refs = [journal.blob(data) for data in blobs]
    text_refs = [journal.text({"name": text}) for text in texts]
    journal.close()
    trace = load(place)
    assert [blob(trace, ref) if ref else b"" for ref in refs] == blobs
    assert [trace.text(ref, "name") for ref in text_refs] == texts
    assert all(bool(ref) == bool(data) for ref, data in zip(refs, blobs, strict=True))


def test_a_value_of_any_length_fits_whole(place):
    edge = SMALLEST_CHUNK
    lengths = [*range(edge - 72, edge + 8), 1, 4095, 4096, 4097, 1_000_000, 2, 5_000_000]
    journal = Journal(place, HEADER)
    written = [(journal.blob(data), data) for k, n in enumerate(lengths) for data in [bytes([k + 1]) * n]]
    journal.close()
    trace = load(place)
    assert [len(data) for ref, data in written if blob(trace, ref) != data] == []


def test_a_value_too_long_for_its_length_is_unknown_and_nothing_fails(place):
    class Long(bytes):
        def __len__(self):
            return 1 << 32

    journal = Journal(place, HEADER)
    assert journal.blob(Long(b"x")) == 0
    ref = journal.blob(b"after")
    assert journal.failure == ""
    journal.close()
    assert blob(load(place), ref) == b"after"
    assert place.stat().st_size < 100_000


def test_many_rows_and_texts_between_each_other_keep_their_order(place):
    journal = Journal(place, HEADER)
    for k in range(1, 60_001):
        journal.row(Kind.NAMED, time=k, tensor=k, ref=journal.text({"name": f"t{k}"}))
    journal.close()
    trace = load(place)
    assert trace.rows["time"].tolist() == list(range(1, 60_001))
    assert all(trace.name(k) == f"t{k}" for k in range(1, 60_001, 7))


@pytest.mark.parametrize(("given", "kept"), [(-1, 0), (1 << 80, None)])
def test_a_number_too_large_for_its_column_becomes_the_nearest(place, given, kept):
    journal = Journal(place, HEADER)
    journal.row(Kind.FREED, within=given, time=given, duration=given, ref=given, value=given, buffer=7)
    journal.row(Kind.FREED, int(Flag.INLINE), duration=given, value=0.5)
    journal.close()
    first, second = load(place).rows
    columns = ("within", "time", "duration", "ref", "value")
    limits = [np.iinfo(ROW[name]).max if kept is None else kept for name in columns]
    assert [int(first[name]) for name in columns] == limits
    assert first["buffer"] == 7
    assert second["value"].view(np.float64) == 0.5


def test_after_the_close_nothing_is_written_and_nothing_raised(place):
    journal = Journal(place, HEADER)
    journal.row(Kind.FREED, buffer=1)
    journal.close()
    before = place.read_bytes()
    journal.close()
    for _ in range(2000):
        journal.row(Kind.FREED, buffer=2)
    assert (journal.text({}), journal.blob(b"small"), journal.blob(bytes(100_000))) == (0, 0, 0)
    assert journal.failure == ""
    assert place.read_bytes() == before
    assert load(place).rows["buffer"].tolist() == [1]


def test_a_closed_file_is_not_padded_to_whole_chunks(place):
    journal = Journal(place, HEADER)
    journal.blob(b"x")
    journal.close()
    assert place.stat().st_size < 4096 + 2 * SMALLEST_CHUNK


# -- who writes -----------------------------------------------------------------------------------------


def test_threads_lose_none_of_each_others_rows(place):
    journal = Journal(place, HEADER)

    def write(thread):
        for k in range(5000):
            journal.row(Kind.FREED, node=thread, buffer=k, c=thread ^ k)

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
    rows = load(place).rows
    assert np.array_equal(rows["c"], rows["node"] ^ rows["buffer"])
    for thread in range(1, 5):
        assert rows["buffer"][rows["node"] == thread].tolist() == list(range(5000))


def test_a_finalizer_may_write_in_the_middle_of_a_write(place):
    class Cycle:
        pass

    journal = Journal(place, HEADER)
    threshold = gc.get_threshold()
    gc.set_threshold(5)
    try:
        for k in range(3000):
            cycle = Cycle()
            cycle.itself = cycle
            weakref.finalize(cycle, journal.row, Kind.FREED, buffer=k).atexit = False
            del cycle
            journal.row(Kind.NAMED, tensor=k, ref=journal.text({"name": str(k)}))
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    journal.close()
    trace = load(place)
    rows = trace.rows
    assert sorted(rows["buffer"][rows["kind"] == Kind.FREED].tolist()) == list(range(3000))
    assert rows["tensor"][rows["kind"] == Kind.NAMED].tolist() == list(range(3000))
    assert trace.name(2999) == "2999"


@pytest.mark.parametrize("write", [lambda to: to.row(Kind.FREED, buffer=3), lambda to: to.blob(b"abc" * 99)])
def test_closing_does_not_raise_in_a_thread_that_is_writing(tmp_path, write):
    raised, written = [], []

    def work(journal, stop):
        try:
            while not stop.is_set():
                write(journal)
                written.append(1)
        except BaseException as error:
            raised.append(error)

    for k in range(20):
        journal, stop = Journal(tmp_path / f"{k}.gradviz", HEADER), threading.Event()
        thread = threading.Thread(target=work, args=(journal, stop))
        written.clear()
        thread.start()
        while len(written) < 100 * k and thread.is_alive():
            pass
        journal.close()
        stop.set()
        thread.join()
        assert set(load(journal.path).rows["buffer"].tolist()) <= {3}
    assert raised == []


def forked(work):
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 99
    try:
        code = work()
    finally:
        os._exit(code)


def open_here(path):
    fds = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
    return any(os.path.exists(fd) and os.path.samefile(fd, path) for fd in fds)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_writes_nothing_into_its_parents_file(place):
    def child():
        for _ in range(2000):
            journal.row(Kind.FREED, buffer=2)
        refs = journal.text({"name": "child"}) or journal.blob(bytes(100_000))
        journal.close()
        return 1 if refs or open_here(place) else 0

    journal = Journal(place, HEADER)
    journal.row(Kind.FREED, buffer=1)
    assert open_here(place)
    assert forked(child) == 0
    ref = journal.text({"name": "parent"})
    for _ in range(2000):
        journal.row(Kind.FREED, buffer=3)
    journal.close()
    trace = load(place)
    assert trace.rows["buffer"].tolist() == [1] + [3] * 2000
    assert trace.text(ref, "name") == "parent"


# -- what ends it ---------------------------------------------------------------------------------------

WRITE = """
import itertools, resource, sys
from gradviz.trace.events import Kind
from gradviz.trace.journal import Journal

if limit := int(sys.argv[2]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
journal = Journal(sys.argv[1], {"mode": "test"})
print(0, flush=True)
for k in itertools.count(1):
    journal.row(Kind.NAMED, tensor=k % 60_000, time=k, ref=journal.text({"name": str(k)}))
    if k % 100 == 0:
        print(k, flush=True)
    if journal.failure:
        break
for _ in range(3000):
    journal.row(Kind.FREED, ref=journal.blob(bytes(50)))
print(k, journal.failure, flush=True)
if sys.argv[3] == "close":
    journal.close()
"""


def writer(path, limit=0, ending=""):
    command = [sys.executable, "-c", WRITE, str(path), str(limit), ending]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def counted_and_readable(trace, names):
    rows = trace.rows
    assert rows["time"].tolist() == list(range(1, len(rows) + 1))
    assert [trace.text(ref, "name") for ref in rows["ref"][:names].tolist()] == [str(k + 1) for k in range(names)]


@pytest.mark.parametrize("least", [0, 300, 20_000])
def test_all_that_was_written_before_kill_9_is_there(tmp_path, least):
    path = tmp_path / "t.gradviz"
    with writer(path) as process:
        while int(process.stdout.readline()) < least:
            pass
        process.send_signal(signal.SIGKILL)
        *_, last = [least, *map(int, process.stdout.read().split())]
    assert process.returncode == -signal.SIGKILL
    trace = load(path)
    assert trace.ending is None
    assert trace.damaged == ""
    assert len(trace.rows) >= last
    counted_and_readable(trace, len(trace.rows))


@pytest.mark.parametrize("ending", ["close", ""], ids=["closed", "left open"])
def test_on_a_full_disk_the_script_goes_on_and_the_file_keeps_what_fitted(tmp_path, ending):
    path = tmp_path / "t.gradviz"
    with writer(path, 400_000, ending) as process:
        number, failure = process.stdout.read().splitlines()[-1].split(" ", 1)
    assert process.returncode == 0
    assert failure.startswith(f"can't write the trace {path}: ")
    assert path.stat().st_size <= 400_000
    trace = load(path)
    assert len(trace.rows) in (int(number) - 1, int(number))
    assert len(trace.rows) > 1000
    counted_and_readable(trace, len(trace.rows) - 1)
    if ending:
        assert "disk was full" in trace.damaged


# -- where it is written --------------------------------------------------------------------------------


def test_an_older_trace_is_replaced_and_never_written_into(place):
    Journal(place, HEADER).close()
    before = place.read_bytes()
    with open(place, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        journal = Journal(place, {"mode": "newer"})
        journal.row(Kind.FREED, buffer=1)
        journal.close()
        assert mapped[:] == before
    assert load(place).header == {"mode": "newer"}


def test_a_link_stays_a_link_and_leads_to_the_new_trace(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "t.gradviz"
    link.symlink_to(tmp_path / "real" / "t.gradviz")
    for mode in ("first", "second"):
        Journal(link, {"mode": mode}).close()
        assert link.is_symlink()
        assert load(tmp_path / "real" / "t.gradviz").header == {"mode": mode}


@pytest.mark.parametrize(
    ("name", "message"),
    [("missing/t.gradviz", "No such file"), ("folder", "not a file"), ("pipe", "not a file"), ("text/t", "Not a dir")],
)
def test_a_place_that_cannot_be_written_is_said_in_one_line_and_left_alone(tmp_path, name, message):
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("")
    os.mkfifo(tmp_path / "pipe")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BadInput, match=message) as raised:
        Journal(tmp_path / name, HEADER)
    assert "\n" not in str(raised.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_strange_name_cannot_steer_the_terminal(tmp_path):
    path = tmp_path / "a\x1b[31m\nb.gradviz"
    Journal(path, HEADER).close()
    assert load(path).header == HEADER
    with pytest.raises(BadInput) as raised:
        Journal(path / "inside", HEADER)
    assert str(raised.value).isprintable()


def test_no_draft_stays_beside_the_trace(tmp_path):
    Journal(tmp_path / "t.gradviz", HEADER).close()
    assert [path.name for path in tmp_path.iterdir()] == ["t.gradviz"]
