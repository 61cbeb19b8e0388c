"""The file that a run writes while it goes: rows and heap entries in memory-mapped chunks.

    file    header (64 bytes) + JSON, padded to a page; then chunks, each starting on a page
    header  magic, format version, length of the JSON, length of the closed file (0: not closed), state
    chunk   header (64 bytes: b'R' or b'H', bytes that follow) + rows of 64 bytes, or heap entries
    entry   u32 length + that many bytes; a `ref` is the position in the file of the length

The chunks are mapped shared, so that what was written belongs to the kernel and outlives the process, even
after kill -9. A row's kind is stored last and an entry's length is too: what a reader sees is whole.
"""

import json
import mmap
import os
import struct
import weakref
from pathlib import Path

from gradviz.errors import BadInput
from gradviz.trace.events import PACK, PACK_INLINE, ROW, Flag

MAGIC = b"gradviz\n"
FORMAT = 1
HEADER = struct.Struct("<8sIIQI36x")
CHUNK = struct.Struct("<c7xQ48x")
LENGTH = struct.Struct("<I")
PAGE = 4096 if mmap.ALLOCATIONGRANULARITY <= 4096 else mmap.ALLOCATIONGRANULARITY
RUNNING, CLOSED, INCOMPLETE = 0, 1, 2
SMALLEST_CHUNK, LARGEST_CHUNK = 1 << 14, 1 << 22

_pack = PACK.pack_into
_pack_inline = PACK_INLINE.pack_into
_INLINE = int(Flag.INLINE)
_SIZE = ROW.itemsize
_BITS = [8 * ROW[name].itemsize for name in ROW.names]
_SHARED = mmap.MAP_SHARED | getattr(
    mmap, "MAP_POPULATE", 0
)  # populated: no page fault in the middle of an op
_journals: "weakref.WeakSet[Journal]" = weakref.WeakSet()


def to_page(position: int) -> int:
    """The first page start at or after a position in the file."""
    return -(-position // PAGE) * PAGE


class Journal:
    """Writes one trace file as the script runs.

    Any thread may write, and so may a finalizer that interrupts a write: a row's place is taken by two
    statements between which CPython does not switch threads. A full disk never raises into the script: the
    journal keeps what it has, drops the rest, and tells why in `failure`. A forked child writes nothing.
    """

    __slots__ = (
        "_end",
        "_fd",
        "_heap",
        "_heap_end",
        "_heap_next",
        "_heap_start",
        "_row_end",
        "_row_next",
        "_row_start",
        "_rows",
        "__weakref__",
        "failure",
        "path",
    )

    def __init__(self, path, header: dict):
        """Create the file, in place of an older one. Raises BadInput when it can't be written."""
        self.path = Path(path)
        self.failure = ""
        text = json.dumps(header, separators=(",", ":")).encode()
        head = HEADER.pack(MAGIC, FORMAT, len(text), 0, RUNNING) + text
        self._end = to_page(len(head))
        self._fd = _create(self.path, head.ljust(self._end, b"\0"))
        self._rows = self._heap = b""
        self._row_next = self._row_end = self._heap_next = self._heap_end = 0
        self._row_start = self._heap_start = 0
        self._more_rows()
        self._more_heap()
        if self.failure:
            os.close(self._fd)
            raise BadInput(self.failure)
        _journals.add(self)

    def row(
        self,
        kind,
        flags=0,
        within=0,
        origin=0,
        time=0,
        duration=0,
        node=0,
        tensor=0,
        a=0,
        b=0,
        c=0,
        meta=0,
        buffer=0,
        ref=0,
        value=0,
    ):
        """Write one row; the columns are those of events.ROW. With INLINE in flags, value is a float."""
        while self._row_next >= self._row_end:
            self._more_rows()
        rows = self._rows
        place = self._row_next
        self._row_next = place + _SIZE
        try:
            (_pack_inline if flags & _INLINE else _pack)(
                rows,
                place,
                0,
                flags,
                within,
                origin,
                time,
                duration,
                node,
                tensor,
                a,
                b,
                c,
                meta,
                buffer,
                ref,
                value,
            )
            rows[place] = kind
        except (struct.error, OverflowError):
            numbers = (
                0,
                flags,
                within,
                origin,
                time,
                duration,
                node,
                tensor,
                a,
                b,
                c,
                meta,
                buffer,
                ref,
                value,
            )
            pack = _pack_inline if flags & _INLINE else _pack
            pack(rows, place, *map(_clamped, numbers, _BITS))
            rows[place] = kind
        except ValueError:  # another thread closed the journal
            if self._fd >= 0:
                raise

    def text(self, obj) -> int:
        """Put a JSON value into the heap; its ref."""
        return self.blob(json.dumps(obj, separators=(",", ":")).encode())

    def blob(self, data: bytes) -> int:
        """Put bytes into the heap; their ref, or 0 when there are none or the journal has stopped."""
        length = len(data)
        size = LENGTH.size + length
        if size == LENGTH.size:
            return 0
        if size > SMALLEST_CHUNK - CHUNK.size:
            return self._large_blob(data)
        while self._heap_next + size > self._heap_end:
            self._more_heap()
        heap = self._heap
        start = self._heap_start
        place = self._heap_next
        self._heap_next = place + size
        try:
            heap[place + LENGTH.size : place + size] = data
            LENGTH.pack_into(heap, place, length)
        except ValueError:  # another thread closed the journal
            return 0
        return start + place if start else 0

    def close(self):
        """Cut off what was not used, and mark the file as complete. Nothing happens the second time."""
        fd, rows, heap = self._fd, self._rows, self._heap
        if fd < 0:
            return
        row_start, row_next, heap_start, heap_next = (
            self._row_start,
            self._row_next,
            self._heap_start,
            self._heap_next,
        )
        last = None
        if row_start and row_start + len(rows) == self._end:
            last = (b"R", row_start, row_next)
        elif heap_start and heap_start + len(heap) == self._end:
            last = (b"H", heap_start, heap_next)
        self._stop()
        for chunk in (rows, heap):
            if isinstance(chunk, mmap.mmap):
                chunk.close()
        try:
            end = self._end
            if last:
                kind, start, used = last
                end = start + used
                os.pwrite(fd, CHUNK.pack(kind, used - CHUNK.size), start)
            os.ftruncate(fd, end)
            state = struct.pack("<QI", end, INCOMPLETE if self.failure else CLOSED)
            os.pwrite(fd, state, struct.calcsize("<8sII"))
        except OSError as error:
            self.failure = self.failure or _sorry(self.path, error)
        finally:
            os.close(fd)

    def _more_rows(self):
        full = self._rows
        start, chunk = self._chunk(b"R", 0)
        if self._rows is full:  # else another thread, or a finalizer, was quicker: its chunk counts
            self._rows, self._row_start, self._row_end, self._row_next = chunk, start, len(chunk), CHUNK.size

    def _more_heap(self):
        full = self._heap
        start, chunk = self._chunk(b"H", 0)
        if self._heap is full:
            self._heap, self._heap_start, self._heap_end, self._heap_next = (
                chunk,
                start,
                len(chunk),
                CHUNK.size,
            )

    def _large_blob(self, data):
        start, chunk = self._chunk(b"H", CHUNK.size + LENGTH.size + len(data))
        if not start:
            return 0
        chunk[CHUNK.size + LENGTH.size : CHUNK.size + LENGTH.size + len(data)] = data
        LENGTH.pack_into(chunk, CHUNK.size, len(data))
        return start + CHUNK.size

    def _chunk(self, kind, least):
        """A new chunk: where it starts in the file, and its bytes; 0 and scratch once writing has stopped."""
        if self._fd < 0 or self.failure:
            return 0, bytearray(SMALLEST_CHUNK)
        start = self._end
        size = to_page(least or min(max(start // 8, SMALLEST_CHUNK), LARGEST_CHUNK))
        self._end = start + size
        try:
            _allocate(self._fd, start, size)
            chunk = mmap.mmap(self._fd, size, flags=_SHARED, offset=start)
        except (OSError, ValueError) as error:
            self._end = start if self._end == start + size else self._end
            self.failure = _sorry(self.path, error)
            self._scratch()
            return 0, bytearray(SMALLEST_CHUNK)
        CHUNK.pack_into(chunk, 0, kind, size - CHUNK.size)
        return start, chunk

    def _scratch(self):
        """Send all further writes into bytes that nobody reads: the callers need not know."""
        self._rows, self._row_start, self._row_next, self._row_end = (
            bytearray(SMALLEST_CHUNK),
            0,
            0,
            SMALLEST_CHUNK,
        )
        self._heap, self._heap_start, self._heap_next, self._heap_end = (
            bytearray(SMALLEST_CHUNK),
            0,
            0,
            SMALLEST_CHUNK,
        )

    def _stop(self):
        self._fd = -1
        self._scratch()


def _create(path, start):
    """A new file with its first bytes, moved over the old one at once; the descriptor.

    Never opened in place: another run that still maps the old file would die of a bus error.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise BadInput(f"{shown(path)} is not a file that a trace can be written to: name a file with -o")
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        fd = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            _allocate(fd, 0, len(start))
            os.pwrite(fd, start, 0)
            os.replace(draft, target)
        except BaseException:
            os.close(fd)
            os.unlink(draft)
            raise
    except OSError as error:
        raise BadInput(_sorry(path, error)) from None
    return fd


def _allocate(fd, start, size):
    """Make the file longer and own the room now: a full disk is an OSError here, not a bus error later."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(fd, start, size)
        return
    zeros, done = bytes(min(size, 1 << 20)), 0
    while done < size:
        done += os.pwrite(fd, zeros[: size - done], start + done)


def _clamped(number, bits):
    """The nearest number that a column of so many bits can hold."""
    return number if isinstance(number, float) else min(max(number, 0), (1 << bits) - 1)


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
        fd = journal._fd
        journal._stop()
        if fd >= 0:
            os.close(fd)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
