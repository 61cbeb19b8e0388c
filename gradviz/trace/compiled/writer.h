/* The place where the next row and the next heap entry of a journal go; see gradviz/trace/writer.py.

   Everything here runs with the GIL held. Between taking a place and having written there, nothing calls Python: so no
   thread, finalizer or signal handler gets between, and all promises of the journal hold without a lock. A reader of a
   killed run's file counts a row as there by its kind, and an entry by its length: these are stored last. */

#ifndef GRADVIZ_WRITER_H
#define GRADVIZ_WRITER_H

#include <Python.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#ifdef Py_GIL_DISABLED
#error "without the GIL the Python version writes"
#endif
#if !PY_LITTLE_ENDIAN
#error "rows are little-endian: here the Python version writes"
#endif

/* events.ROW. */
typedef struct {
    uint8_t kind, flags;
    uint16_t within;
    uint32_t origin;
    uint64_t time;
    uint32_t duration, node, tensor, a, b, c, meta, buffer;
    uint64_t ref, value;
} Row;

_Static_assert(sizeof(Row) == 64, "a row is 64 bytes");

enum {
    INLINE = 16,                /* of events.Flag */
    LENGTH_SIZE = 4,            /* of journal.LENGTH */
    LARGEST_ENTRY = (1 << 14) - 64, /* bytes, with the length: what fits into any chunk, see journal.SMALLEST_CHUNK */
};

/* What gradviz.trace.writer.Writer has in its slots; the views keep chunks mapped as long as they are written to. */
typedef struct {
    PyObject_HEAD
    Py_buffer rows, heap;
    Py_ssize_t row_next, row_end, row_start, heap_next, heap_end, heap_start;
} Writer;

/* Has the journal make a new chunk; -1 with an exception where a signal handler raised. */
static inline int more(Writer *writer, const char *method)
{
    PyObject *done = PyObject_CallMethod((PyObject *)writer, method, NULL);
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

/* Writes one row; -1 with an exception. */
static inline int write_row(Writer *writer, const Row *row)
{
    /* the view's length too: a debugger may have stopped the journal between setting one and the other */
    while (writer->row_next + (Py_ssize_t)sizeof(Row) > writer->row_end || writer->row_end > writer->rows.len) {
        if (more(writer, "_more_rows") < 0) {
            return -1;
        }
    }
    unsigned char *place = (unsigned char *)writer->rows.buf + writer->row_next;
    writer->row_next += sizeof(Row);
    memcpy(place + 1, (const unsigned char *)row + 1, sizeof(Row) - 1);
    atomic_signal_fence(memory_order_release);
    *(volatile unsigned char *)place = row->kind;
    return 0;
}

/* Takes the place of a heap entry of so many bytes, not more than LARGEST_ENTRY with its length; NULL with an
   exception. The caller fills it and calls entry_filled, and nothing else. *ref: 0 once the journal has stopped. */
static inline unsigned char *entry_place(Writer *writer, Py_ssize_t length, uint64_t *ref)
{
    Py_ssize_t size = LENGTH_SIZE + length;
    while (writer->heap_next + size > writer->heap_end || writer->heap_end > writer->heap.len) {
        if (more(writer, "_more_heap") < 0) {
            return NULL;
        }
    }
    unsigned char *place = (unsigned char *)writer->heap.buf + writer->heap_next;
    *ref = writer->heap_start ? (uint64_t)(writer->heap_start + writer->heap_next) : 0;
    writer->heap_next += size;
    return place + LENGTH_SIZE;
}

static inline void entry_filled(unsigned char *data, Py_ssize_t length)
{
    uint32_t stored = (uint32_t)length;
    atomic_signal_fence(memory_order_release);
    memcpy(data - LENGTH_SIZE, &stored, LENGTH_SIZE);
}

#endif
