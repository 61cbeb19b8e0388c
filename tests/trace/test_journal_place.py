"""A trace takes the place of an older one only when it is there, under any name that the file system takes."""

import os
import subprocess
import sys

import pytest

from gradviz.errors import BadInput
from gradviz.trace.journal import Journal
from gradviz.trace.store import load
from tests.trace.build import linear_regression

START = """
import resource, sys
from gradviz.errors import BadInput
from gradviz.trace.journal import Journal
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    Journal(sys.argv[1], {})
except BadInput as error:
    print(error)
"""


@pytest.mark.parametrize("room", [0, 1000, 5000, 21_000])
@pytest.mark.parametrize("older", [True, False], ids=["older", "none"])
def test_a_journal_that_finds_no_room_to_begin_leaves_all_as_it_was(tmp_path, room, older):
    path = tmp_path / "t.gradviz"
    if older:
        linear_regression(path)
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    done = subprocess.run([sys.executable, "-c", START, str(path), str(room)], capture_output=True, text=True)
    assert done.stdout.startswith(f"can't write the trace {path}: ")
    assert done.stdout.count("\n") == 1
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_a_start_that_is_broken_off_leaves_all_as_it_was(tmp_path, monkeypatch, error):
    def broken(*arguments):
        raise error

    path = tmp_path / "t.gradviz"
    linear_regression(path)
    before = path.read_bytes()
    monkeypatch.setattr(Journal, "_more_heap", broken)
    with pytest.raises(error):
        Journal(path, {})
    assert [each.name for each in tmp_path.iterdir()] == ["t.gradviz"]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "message"),
    [("x" * 300, "File name too long"), ("x/" * 3000, "File name too long"), ("a\0b", "null")],
    ids=["name", "path", "zero"],
)
def test_a_name_that_the_file_system_refuses_is_bad_input(tmp_path, name, message):
    with pytest.raises(BadInput, match=message) as raised:
        Journal(tmp_path / name, {})
    assert str(raised.value).isprintable()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("older", [True, False])
def test_a_name_as_long_as_the_file_system_takes_is_written(tmp_path, older):
    path = tmp_path / ("x" * (os.pathconf(tmp_path, "PC_NAME_MAX") - 8) + ".gradviz")
    if older:
        path.touch()
    Journal(path, {"mode": "long"}).close()
    assert load(path).header == {"mode": "long"}
    assert list(tmp_path.iterdir()) == [path]


def test_two_journals_in_one_folder_do_not_meet(tmp_path):
    paths = [tmp_path / "a.gradviz", tmp_path / "b.gradviz", tmp_path / "a.gradviz"]
    journals = [Journal(path, {"number": number}) for number, path in enumerate(paths)]
    for journal in journals:
        journal.close()
    assert [load(path).header["number"] for path in paths] == [2, 1, 2]
