"""Opens a trace file: checks every size and position, and reads what a killed or cut run left behind."""

import json
import os
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path

import numpy as np

from gradviz.errors import BadTrace, NoTrace
from gradviz.trace.events import ROW, Kind
from gradviz.trace.journal import (
    CHUNK,
    CLOSED,
    FORMAT,
    HEADER,
    INCOMPLETE,
    LENGTH,
    MAGIC,
    PAGE,
    RUNNING,
    Descriptor,
    shown,
    to_page,
)
from gradviz.trace.trace import Trace

_DATA = getattr(os, "SEEK_DATA", os.SEEK_SET)  # over what the disk knows to be zeros, else page by page
_MOST_ZEROS = 1 << 16  # pages looked at: a damaged file must not take minutes
_KNOWN = np.zeros(256, bool)
_KNOWN[[int(kind) for kind in Kind]] = True


class Heap:
    """Reads entries of the file by their ref, one at a time: a heap is far larger than what is looked at."""

    def __init__(self, file, chunks):
        self._file = file
        self._starts = [start for start, _ in chunks]
        self._ends = [end for _, end in chunks]
        self.json = lru_cache(maxsize=65536)(self._json)

    def blob(self, ref: int) -> bytes:
        """The bytes of an entry. Raises BadTrace when there is none at this position."""
        at = bisect_right(self._starts, ref) - 1
        if at >= 0 and ref + LENGTH.size <= self._ends[at]:
            head = self._read(ref, LENGTH.size)
            (length,) = LENGTH.unpack(head)
            if 0 < length <= self._ends[at] - ref - LENGTH.size:
                return self._read(ref + LENGTH.size, length)
        raise BadTrace(f"this trace is damaged: there is no text or value at position {ref}")

    def _json(self, ref):
        try:
            return json.loads(self.blob(ref))
        except (ValueError, RecursionError):
            raise BadTrace(f"this trace is damaged: the text at position {ref} is not JSON") from None

    def _read(self, position, size):
        # reading, not mapping: a file cut while it is open must be an error, not a bus error
        data = os.pread(self._file.fd, size, position)
        if len(data) != size:
            raise BadTrace("the trace file became shorter while it was read: run the command again")
        return data


def load(path) -> Trace:
    """Open a trace; one cut short loads up to where it ends. Raises BadTrace when the file is not a trace."""
    try:
        held = Descriptor(os.open(path, os.O_RDONLY))  # the Trace reads values from it for as long as it lives
        try:
            with open(held.fd, "rb", closefd=False) as file:
                return _load(path, file, held)
        except BaseException:
            held.close()  # now: the traceback would hold it for as long as somebody looks at that
            raise
    except OSError as error:
        raise BadTrace(f"can't open the trace {shown(path)}: {error.strerror}") from None


def _load(path, file, held):
    size = os.fstat(held.fd).st_size
    header, place, total, state = _header(file, size, shown(path))
    rows, chunks, damage = _chunks(file, place, size)
    if total and total != size:
        damage = f"{shown(path)} is {size:,} bytes long and should be {total:,}: it was cut short, what is left is shown"  # noqa: E501
    elif state == INCOMPLETE:
        damage = "the disk was full or the file could not grow: events after that are missing"
    filled = rows["kind"] != 0
    if not filled.all():
        rows = rows[filled]
    if not _KNOWN[rows["kind"]].all():
        raise BadTrace(f"{shown(path)} is damaged: it has rows of an unknown kind")
    return Trace(Path(path), header, rows, Heap(held, chunks), damage)


def newest(folder=".") -> Path:
    """The trace file in a folder that was changed last. Raises NoTrace when there is none."""
    best, when = None, -1
    try:
        for entry in os.scandir(folder):
            if entry.name.endswith(".gradviz") and not entry.name.startswith(".") and entry.is_file():
                changed = entry.stat().st_mtime_ns
                if (changed, entry.name) > (when, best or ""):
                    best, when = entry.name, changed
    except OSError as error:
        raise NoTrace(f"can't look for traces in {shown(folder)}: {error.strerror}") from None
    if best is None:
        raise NoTrace(f"no trace (*.gradviz) in {shown(folder)}: make one with `gradviz trace script.py`")
    return Path(folder) / best


def _header(file, size, name):
    """The header's JSON, where chunks begin, the closed length (0: unknown) and the state."""
    if not size:
        raise BadTrace(f"{name} is empty, not a trace: run `gradviz trace` again")
    head = file.read(HEADER.size)
    if not head.startswith(MAGIC[: len(head)]):
        raise BadTrace(f"{name} is not a gradviz trace: it starts with {head[:8]!r}, not {MAGIC!r}")
    if len(head) < HEADER.size:
        raise BadTrace(f"{name} is cut short: its header is missing, run `gradviz trace` again")
    _, version, length, total, state = HEADER.unpack(head)
    if version > FORMAT:
        raise BadTrace(
            f"{name} has trace format {version}; this gradviz reads {FORMAT}: install a newer gradviz"
        )
    if HEADER.size + length > size:
        raise BadTrace(f"{name} is cut short or damaged: its header is not whole, run `gradviz trace` again")
    try:
        header = json.loads(file.read(length))
    except (ValueError, RecursionError):
        header = None
    if version < 1 or state not in (RUNNING, CLOSED, INCOMPLETE) or not isinstance(header, dict):
        raise BadTrace(f"{name} is damaged: its header can't be read, run `gradviz trace` again")
    return header, to_page(HEADER.size + length), total, state


def _chunks(file, place, size):
    """All rows in one array, the heap's chunks as (start, end), and what is damaged ('' when nothing is)."""
    rows, heap, damage = [], [], ""
    while place + CHUNK.size <= size:
        file.seek(place)
        head = file.read(CHUNK.size)
        kind, length = CHUNK.unpack(head)
        start, end = place + CHUNK.size, place + CHUNK.size + length
        if not any(head):
            place = _after_hole(file, place, size)
            continue
        if kind not in (b"R", b"H") or head != CHUNK.pack(kind, length):
            damage = f"the file is damaged at byte {place:,}: what comes before that is shown"
            break
        if end > size:
            damage = f"the file is cut short at byte {size:,}: what is left is shown"
            end = size
        (rows if kind == b"R" else heap).append((start, end))
        place = to_page(end)
    table = np.empty(sum((end - start) // ROW.itemsize for start, end in rows), ROW)
    filled = 0
    for start, end in rows:
        part = table[filled : filled + (end - start) // ROW.itemsize]
        file.seek(start)
        if file.readinto(part.view(np.uint8)) != part.nbytes:
            raise BadTrace("the trace file became shorter while it was read: run the command again")
        filled += len(part)
    return table, heap, damage


def _after_hole(file, place, size):
    """Where the next chunk begins after zeros, which is the place of one that its run did not get to make."""
    fd = file.fileno()
    for _ in range(_MOST_ZEROS):
        try:
            place = os.lseek(fd, place + PAGE, _DATA) // PAGE * PAGE
        except OSError:  # nothing but zeros up to the end
            break
        if os.pread(fd, 1, place) != b"\0":
            return place
    return size
