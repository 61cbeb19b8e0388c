"""The file that a run writes while it goes: rows and heap entries in memory-mapped chunks.

    file    header (64 bytes) + JSON, padded to a page; then chunks, each starting on a page
    header  magic, format version, length of the JSON, length of the closed file (0: not closed), state
    chunk   header (64 bytes: b'R' or b'H', bytes that follow) + rows of 64 bytes, or heap entries
    entry   u32 length + that many bytes; a `ref` is the position in the file of the length
    zeros   instead of a chunk: its place was taken, and whoever took it was thrown out before it was made

The chunks are mapped shared, so that what was written belongs to the kernel and outlives the process, even
after kill -9. A row's kind is stored last and an entry's length is too: what a reader sees is whole.
"""

import json
import mmap
import os
import struct
import sys
import weakref
from contextlib import contextmanager, suppress
from pathlib import Path

from gradviz.errors import BadInput
from gradviz.trace.writer import CHUNK, LENGTH, SMALLEST_CHUNK, Writer

MAGIC = b"gradviz\n"
FORMAT = 1
HEADER = struct.Struct("<8sIIQI36x")
PAGE = 4096 if mmap.ALLOCATIONGRANULARITY <= 4096 else mmap.ALLOCATIONGRANULARITY
RUNNING, CLOSED, INCOMPLETE = 0, 1, 2
LARGEST_CHUNK = 1 << 22
LONGEST = (1 << 8 * LENGTH.size) - 1  # of an entry's bytes

_ZEROS = memoryview(bytes(1 << 18))
_FIRST = CHUNK.size  # where a chunk's own bytes begin
_POPULATE_WRITE = 23 if sys.platform == "linux" else None  # MADV_POPULATE_WRITE, which `mmap` doesn't name
_journals: "weakref.WeakSet[Journal]" = weakref.WeakSet()


def to_page(position: int) -> int:
    """The first page start at or after a position in the file."""
    return -(-position // PAGE) * PAGE


class Descriptor:
    """An open file's number, closed when its last user lets go of it; -1 once it is closed.

    Not a file object: that would warn (ResourceWarning) about what is closed by its end, and one that somebody
    still uses can't be closed under their hands, so that they write into whatever got its number.
    """

    __slots__ = ("fd",)
    _close = staticmethod(os.close)  # of its own: when the interpreter ends, `os` may be gone before the file

    def __init__(self, fd: int):
        self.fd = fd

    def __del__(self):
        self.close()

    def close(self):
        """Close it now, for everybody."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            self._close(fd)


class Journal(Writer):
    """Writes one trace file as the script runs.

    Any thread may write, and so may a finalizer or a signal handler that interrupts a write: the place of a row,
    an entry or a chunk is taken by statements that call nothing, between which CPython does not switch threads.
    No lock: a handler that waits for a thread that waits for the lock would hang the script. A full disk never
    raises into the script: the journal keeps what it has, drops the rest, and tells why in `failure`. A forked
    child writes nothing.
    """

    __slots__ = ("_end", "_file", "__weakref__", "failure", "path")

    def __init__(self, path, header: dict):
        """Create the file, in place of an older one. Raises BadInput when it can't be written."""
        self.path = Path(path)
        self.failure = ""
        text = json.dumps(header, separators=(",", ":")).encode()
        head = HEADER.pack(MAGIC, FORMAT, len(text), 0, RUNNING) + text
        self._end = to_page(len(head))
        self._file = None
        self._rows, self._heap = bytearray(), bytearray()
        self._row_next = self._row_end = self._heap_next = self._heap_end = 0
        self._row_start = self._heap_start = 0
        _journals.add(self)
        try:
            with _draft(self.path) as self._file:
                _allocate(self._file, 0, self._end)
                os.pwrite(self._file.fd, head, 0)
                self._more_rows()
                self._more_heap()
                if self.failure:
                    raise BadInput(self.failure)
        except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
            raise BadInput(_sorry(path, error)) from None

    def text(self, obj) -> int:
        """Put a JSON value into the heap; its ref."""
        return self.blob(json.dumps(obj, separators=(",", ":")).encode())

    def close(self):
        """Cut off what was not used, and mark the file as complete. Nothing happens the second time."""
        rows, heap = self._rows, self._heap
        file = self._file
        self._file = None  # nothing is called up to here, so one thread closes, and no chunk is taken after `end`
        end = self._end
        row_start, row_next = self._row_start, self._row_next
        heap_start, heap_next = self._heap_start, self._heap_next
        if file is None:
            return
        last = None
        if row_start and row_start + len(rows) == end:
            last = (b"R", row_start, row_next)
        elif heap_start and heap_start + len(heap) == end:
            last = (b"H", heap_start, heap_next)
        self._scratch()
        for chunk in (rows, heap):
            if isinstance(chunk, mmap.mmap):
                chunk.close()
        try:
            if last:
                kind, start, used = last
                end = start + used
                os.pwrite(file.fd, CHUNK.pack(kind, used - CHUNK.size), start)
            os.ftruncate(file.fd, end)
            state = struct.pack("<QI", end, INCOMPLETE if self.failure else CLOSED)
            os.pwrite(file.fd, state, struct.calcsize("<8sII"))
        except OSError as error:
            self.failure = self.failure or _sorry(self.path, error)

    def _more_rows(self):
        full = self._rows
        start, chunk = self._chunk(b"R")
        end = len(chunk)
        if self._rows is full:  # else another thread, or a finalizer, was quicker: its chunk counts
            self._rows = chunk
            self._row_start = start
            self._row_end = end
            self._row_next = _FIRST

    def _more_heap(self):
        full = self._heap
        start, chunk = self._chunk(b"H")
        end = len(chunk)
        if self._heap is full:
            self._heap = chunk
            self._heap_start = start
            self._heap_end = end
            self._heap_next = _FIRST

    def _large_blob(self, data):
        length = len(data)
        if length > LONGEST:
            return 0
        start, chunk = self._chunk(b"H", _FIRST + LENGTH.size + length)
        if not start:
            return 0
        chunk[_FIRST + LENGTH.size : _FIRST + LENGTH.size + length] = data
        LENGTH.pack_into(chunk, _FIRST, length)
        return start + _FIRST

    def _chunk(self, kind, least=0):
        """A new chunk: where it starts in the file, and its bytes; 0 and scratch once writing has stopped."""
        size = to_page(least or min(max(self._end // 8, SMALLEST_CHUNK), LARGEST_CHUNK))
        file = self._file
        if file is None or self.failure:
            return 0, bytearray(SMALLEST_CHUNK)
        self._end = (start := self._end) + size  # on one line: not even a debugger gets between
        end = start + size
        try:
            _allocate(file, start, size)
            chunk = mmap.mmap(file.fd, size, flags=mmap.MAP_SHARED, offset=start)
            if _POPULATE_WRITE is not None:  # no page fault in the middle of an op
                with suppress(OSError):  # a Linux before 5.14
                    chunk.madvise(_POPULATE_WRITE)
        except BaseException as error:  # a signal handler may raise here
            if self._end == end:
                self._end = start  # else the place stays empty, which a reader passes over
            if not isinstance(error, (OSError, ValueError)):
                raise
            if self._file is file:  # else it was closed meanwhile
                self.failure = self.failure or _sorry(self.path, error)
                self._scratch()
            return 0, bytearray(SMALLEST_CHUNK)
        CHUNK.pack_into(chunk, 0, kind, size - CHUNK.size)
        return start, chunk

    def _scratch(self):
        """Send all further writes into bytes that nobody reads: the callers need not know."""
        rows, heap = bytearray(SMALLEST_CHUNK), bytearray(SMALLEST_CHUNK)
        held = self._rows, self._heap  # to the end of this: unmapping them lets another thread run
        self._rows = rows
        self._row_start = 0
        self._row_end = SMALLEST_CHUNK
        self._row_next = 0
        self._heap = heap
        self._heap_start = 0
        self._heap_end = SMALLEST_CHUNK
        self._heap_next = 0
        del held


@contextmanager
def _draft(path):
    """A new file's Descriptor; it takes the place of the old one once the block has made it whole, else it goes.

    Never opened in place: another run that still maps the old file would die of a bus error.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise BadInput(f"{shown(path)} is not a file that a trace can be written to: name a file with -o")
    # a short name of its own: the target's may be as long as names can be
    draft = target.with_name(f".gradviz-{os.urandom(8).hex()}")
    file = Descriptor(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666))
    try:
        yield file
        os.replace(draft, target)
    except BaseException:
        file.close()
        draft.unlink(missing_ok=True)
        raise


def _allocate(file, start, size):
    """Make the file longer and own the room now: a full disk is an OSError here, not a bus error later.

    Written zeros own it everywhere, and the kernel maps them sooner than it clears and reads in what was reserved.
    """
    done = 0
    while done < size:
        done += os.pwrite(file.fd, _ZEROS[: size - done], start + done)


def _sorry(path, error):
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"can't write the trace {shown(path)}: {reason}"


def shown(path) -> str:
    """A path for one line of text: as it is, or quoted and escaped when it holds odd characters."""
    text = str(path)
    return text if text.isprintable() else repr(text)


def _after_fork():
    """A child of fork must not write into its parent's file."""
    for journal in list(_journals):
        file, journal._file = journal._file, None
        journal._scratch()
        if file is not None:
            file.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
