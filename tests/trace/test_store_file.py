"""The file under a trace: closed with it, and read past the places of chunks that were never made."""

import os
import subprocess
import sys

import pytest

from gradviz.trace import store
from gradviz.trace.journal import Journal
from gradviz.trace.store import load
from tests.trace.build import linear_regression


@pytest.fixture
def place(tmp_path):
    return tmp_path / "t.gradviz"


READ = """
import gc, os, sys
from gradviz.errors import BadTrace
from gradviz.trace.store import load
before = os.listdir("/proc/self/fd")
for path in sys.argv[2:]:
    try:
        load(path)
    except BadTrace as error:
        kept = error
        assert os.listdir("/proc/self/fd") == before
trace = load(sys.argv[1])
assert len(os.listdir("/proc/self/fd")) == len(before) + 1
print(trace.name(1))
if len(sys.argv) > 2:
    del trace
    gc.collect()
    assert os.listdir("/proc/self/fd") == before
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="no list of open files here")
@pytest.mark.parametrize("others", [True, False], ids=["closed", "open at the end"])
def test_a_traces_file_is_closed_with_the_trace_without_a_warning(tmp_path, others):
    path, empty, text, folder = (tmp_path / name for name in ("t.gradviz", "empty", "text", "folder"))
    linear_regression(path)
    empty.touch()
    text.write_text("no trace")
    folder.mkdir()
    paths = [path, empty, text, folder] if others else [path]
    done = subprocess.run([sys.executable, "-W", "error", "-c", READ, *paths], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("w\n", "")


@pytest.mark.parametrize("seek", ["SEEK_DATA", "SEEK_SET"])
def test_zeros_without_end_are_not_looked_through(place, monkeypatch, seek):
    monkeypatch.setattr(store, "_DATA", getattr(os, seek))
    monkeypatch.setattr(store, "_MOST_ZEROS", 100)
    Journal(place, {}).close()
    os.truncate(place, 1 << 40)
    trace = load(place)
    assert len(trace.rows) == 0
    assert "long and should be" in trace.damaged


@pytest.mark.parametrize("seek", ["SEEK_DATA", "SEEK_SET"])
@pytest.mark.parametrize("sparse", [True, False])
def test_a_chunk_that_was_never_made_is_passed_over(place, monkeypatch, seek, sparse):
    monkeypatch.setattr(store, "_DATA", getattr(os, seek))
    journal = Journal(place, {})
    start, chunk = journal._chunk(b"H", 3 << 20)
    chunk[:] = bytes(len(chunk))
    ref = journal.blob(b"a" * 20_000)
    journal.close()
    if sparse:
        data = place.read_bytes()
        place.write_bytes(data[:start])
        with open(place, "r+b") as file:
            file.seek(start + len(chunk))
            file.write(data[start + len(chunk) :])
    trace = load(place)
    assert trace.damaged == ""
    assert trace._heap.blob(ref) == b"a" * 20_000
