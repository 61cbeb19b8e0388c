"""Where a journal writes: the place of the next row and of the next heap entry, each in its chunk.

The journal makes the chunks; `Writer` fills them, in C where the build had a compiler (compiled/trace.c, which does
what the Python here does) and GRADVIZ_COMPILED is not 0.
"""

import os
import struct

from gradviz.trace.events import PACK, PACK_END, PACK_INLINE, ROW, Flag

CHUNK = struct.Struct("<c7xQ48x")
LENGTH = struct.Struct("<I")
SMALLEST_CHUNK = 1 << 14

_pack = PACK.pack_into
_pack_inline = PACK_INLINE.pack_into
_pack_end = PACK_END.pack_into
_INLINE = int(Flag.INLINE)
_SIZE = ROW.itemsize
_BITS = [8 * ROW[name].itemsize for name in ROW.names]


class Writer:
    """Writes rows and heap entries into the chunks of a journal, which has `_more_rows` and `_more_heap`."""

    __slots__ = (
        "_heap", "_heap_end", "_heap_next", "_heap_start", "_row_end", "_row_next", "_row_start", "_rows",
    )  # fmt: skip

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
        except (struct.error, OverflowError, ValueError, TypeError):
            numbers = (0, flags, within, origin, time, duration, node, tensor, a, b, c, meta, buffer, ref, value)
            self._odd_row(rows, place, kind, numbers)

    def end(self, kind, time, node, buffer):
        """Write the row of an end, which has three columns: a shorter way for what there is most of."""
        while self._row_next >= self._row_end:
            self._more_rows()
        rows = self._rows
        place = self._row_next
        self._row_next = place + _SIZE
        try:
            _pack_end(rows, place + 8, time, node, buffer)
            rows[place] = kind
        except (struct.error, ValueError, TypeError):
            numbers = (0, 0, 0, 0, time, 0, node, 0, 0, 0, 0, 0, buffer, 0, 0)
            self._odd_row(rows, place, kind, numbers)

    def blob(self, data: bytes) -> int:
        """Put bytes into the heap; their ref, or 0 when there are none, too many or the journal has stopped."""
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
        except (ValueError, TypeError):  # how a mapping says that it was closed: by another thread
            if self._file is not None:
                raise
            return 0
        return start + place if start else 0

    def _odd_row(self, rows, place, kind, numbers):
        """A row whose numbers don't fit, with the nearest that do; or one that came while the journal was closed."""
        pack = _pack_inline if numbers[1] & _INLINE else _pack
        try:
            pack(rows, place, *map(_clamped, numbers, _BITS))
            rows[place] = kind
        except (ValueError, TypeError):  # how a mapping says that it was closed: by another thread
            if self._file is not None:
                raise


def _clamped(number, bits):
    """The nearest number that a column of so many bits can hold."""
    return number if isinstance(number, float) else min(max(number, 0), (1 << bits) - 1)


try:
    if os.environ.get("GRADVIZ_COMPILED") == "0":
        raise ImportError
    from gradviz.trace._trace import Writer  # noqa: F401, F811  the same in C
except ImportError:
    pass
