/* gradviz.trace._trace: Writer, the compiled twin of the class in gradviz/trace/writer.py. */

#include "writer.h"
#include <structmember.h>

enum { COLUMNS = 15, FLAGS = 1, VALUE = 14 };

static const char *const column_names[COLUMNS] = {
    "kind", "flags", "within", "origin", "time", "duration", "node", "tensor",
    "a", "b", "c", "meta", "buffer", "ref", "value",
};
static const int column_bits[COLUMNS] = {8, 8, 16, 32, 64, 32, 32, 32, 32, 32, 32, 32, 32, 64, 64};
static PyObject *columns_named[COLUMNS]; /* the same, interned */

/* The number, or the nearest one that a column of so many bits can hold; -1 with TypeError for what is no integer. */
static int fitted(PyObject *given, int bits, uint64_t *column)
{
    PyObject *number = PyNumber_Index(given);
    if (number == NULL) {
        return -1;
    }
    int overflow;
    long long found = PyLong_AsLongLongAndOverflow(number, &overflow);
    if (overflow > 0) {
        *column = PyLong_AsUnsignedLongLong(number);
        if (PyErr_Occurred()) { /* the largest it is: what the call gave */
            PyErr_Clear();
        }
    } else {
        *column = found < 0 ? 0 : (uint64_t)found;
    }
    Py_DECREF(number);
    uint64_t largest = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    if (*column > largest) {
        *column = largest;
    }
    return 0;
}

/* The column of a keyword; -1 with TypeError. */
static int column_of(PyObject *name)
{
    for (int at = 0; at < COLUMNS; at++) {
        if (name == columns_named[at]) {
            return at;
        }
    }
    for (int at = 0; at < COLUMNS; at++) {
        if (PyUnicode_Compare(name, columns_named[at]) == 0) {
            return at;
        }
    }
    PyErr_Format(PyExc_TypeError, "row() got an unexpected keyword argument '%U'", name);
    return -1;
}

static PyObject *writer_row(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *names)
{
    PyObject *columns[COLUMNS] = {NULL};
    if (given > COLUMNS) {
        PyErr_SetString(PyExc_TypeError, "row() takes at most 15 columns");
        return NULL;
    }
    for (Py_ssize_t at = 0; at < given; at++) {
        columns[at] = args[at];
    }
    for (Py_ssize_t k = 0; names != NULL && k < PyTuple_GET_SIZE(names); k++) {
        int at = column_of(PyTuple_GET_ITEM(names, k));
        if (at < 0) {
            return NULL;
        }
        columns[at] = args[given + k];
    }
    if (columns[0] == NULL) {
        PyErr_SetString(PyExc_TypeError, "row() missing 1 required positional argument: 'kind'");
        return NULL;
    }
    uint64_t n[COLUMNS] = {0};
    for (int at = 0; at < COLUMNS; at++) {
        if (at == VALUE && n[FLAGS] & INLINE) {
            double value = columns[VALUE] == NULL ? 0.0 : PyFloat_AsDouble(columns[VALUE]);
            if (value == -1.0 && PyErr_Occurred()) {
                return NULL;
            }
            memcpy(&n[VALUE], &value, sizeof value);
        } else if (columns[at] != NULL && fitted(columns[at], column_bits[at], &n[at]) < 0) {
            return NULL;
        }
    }
    Row row = {
        .kind = (uint8_t)n[0], .flags = (uint8_t)n[1], .within = (uint16_t)n[2], .origin = (uint32_t)n[3],
        .time = n[4], .duration = (uint32_t)n[5], .node = (uint32_t)n[6], .tensor = (uint32_t)n[7],
        .a = (uint32_t)n[8], .b = (uint32_t)n[9], .c = (uint32_t)n[10], .meta = (uint32_t)n[11],
        .buffer = (uint32_t)n[12], .ref = n[13], .value = n[14],
    };
    if (write_row((Writer *)self, &row) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *writer_end(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    if (given != 4) {
        PyErr_SetString(PyExc_TypeError, "end() takes kind, time, node and buffer");
        return NULL;
    }
    uint64_t kind, time, node, buffer;
    if (fitted(args[0], 8, &kind) < 0 || fitted(args[1], 64, &time) < 0 || fitted(args[2], 32, &node) < 0 ||
        fitted(args[3], 32, &buffer) < 0) {
        return NULL;
    }
    Row row = {.kind = (uint8_t)kind, .time = time, .node = (uint32_t)node, .buffer = (uint32_t)buffer};
    if (write_row((Writer *)self, &row) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *writer_blob(PyObject *self, PyObject *data)
{
    Py_ssize_t length = PyObject_Size(data);
    if (length < 0) {
        return NULL;
    }
    if (length == 0) {
        return PyLong_FromLong(0);
    }
    if (length > LARGEST_ENTRY - LENGTH_SIZE) {
        return PyObject_CallMethod(self, "_large_blob", "O", data);
    }
    if (!PyBytes_Check(data) || PyBytes_GET_SIZE(data) != length) {
        PyErr_SetString(PyExc_TypeError, "blob() takes bytes");
        return NULL;
    }
    uint64_t ref;
    unsigned char *place = entry_place((Writer *)self, length, &ref);
    if (place == NULL) {
        return NULL;
    }
    memcpy(place, PyBytes_AS_STRING(data), length);
    entry_filled(place, length);
    return PyLong_FromUnsignedLongLong(ref);
}

/* -- the chunks --------------------------------------------------------------------------------------------------- */

static PyObject *chunk_of(const Py_buffer *view)
{
    return Py_NewRef(view->obj == NULL ? Py_None : view->obj);
}

/* Writes go into another chunk from now on: the old one may be unmapped. */
static int set_chunk(Py_buffer *view, PyObject *chunk)
{
    Py_buffer before = *view, after;
    if (chunk == NULL) {
        PyErr_SetString(PyExc_AttributeError, "a writer always has its chunks");
        return -1;
    }
    if (PyObject_GetBuffer(chunk, &after, PyBUF_WRITABLE) < 0) {
        return -1;
    }
    *view = after;
    PyBuffer_Release(&before); /* nothing to do for one that was never set */
    return 0;
}

static PyObject *get_rows(PyObject *self, void *closure)
{
    return chunk_of(&((Writer *)self)->rows);
}

static PyObject *get_heap(PyObject *self, void *closure)
{
    return chunk_of(&((Writer *)self)->heap);
}

static int set_rows(PyObject *self, PyObject *chunk, void *closure)
{
    return set_chunk(&((Writer *)self)->rows, chunk);
}

static int set_heap(PyObject *self, PyObject *chunk, void *closure)
{
    return set_chunk(&((Writer *)self)->heap, chunk);
}

static void writer_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyBuffer_Release(&((Writer *)self)->rows);
    PyBuffer_Release(&((Writer *)self)->heap);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef writer_methods[] = {
    {"row", (PyCFunction)(void (*)(void))writer_row, METH_FASTCALL | METH_KEYWORDS, "Write one row."},
    {"end", (PyCFunction)(void (*)(void))writer_end, METH_FASTCALL, "Write the row of an end."},
    {"blob", writer_blob, METH_O, "Put bytes into the heap; their ref."},
    {NULL},
};

static PyGetSetDef writer_chunks[] = {
    {"_rows", get_rows, set_rows, "The chunk that takes rows."},
    {"_heap", get_heap, set_heap, "The chunk that takes entries."},
    {NULL},
};

static PyMemberDef writer_places[] = {
    {"_row_next", T_PYSSIZET, offsetof(Writer, row_next), 0, NULL},
    {"_row_end", T_PYSSIZET, offsetof(Writer, row_end), 0, NULL},
    {"_row_start", T_PYSSIZET, offsetof(Writer, row_start), 0, NULL},
    {"_heap_next", T_PYSSIZET, offsetof(Writer, heap_next), 0, NULL},
    {"_heap_end", T_PYSSIZET, offsetof(Writer, heap_end), 0, NULL},
    {"_heap_start", T_PYSSIZET, offsetof(Writer, heap_start), 0, NULL},
    {NULL},
};

static PyType_Slot writer_slots[] = {
    {Py_tp_doc, "Writes rows and heap entries into the chunks of a journal."},
    {Py_tp_dealloc, writer_dealloc},
    {Py_tp_methods, writer_methods},
    {Py_tp_getset, writer_chunks},
    {Py_tp_members, writer_places},
    {0, NULL},
};

static PyType_Spec writer_spec = {
    .name = "gradviz.trace._trace.Writer",
    .basicsize = sizeof(Writer),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = writer_slots,
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "gradviz.trace._trace", .m_doc = "The writer of journals, compiled.", .m_size = -1,
};

PyMODINIT_FUNC PyInit__trace(void)
{
    for (int at = 0; at < COLUMNS; at++) {
        columns_named[at] = PyUnicode_InternFromString(column_names[at]);
        if (columns_named[at] == NULL) {
            return NULL;
        }
    }
    PyObject *writer = PyType_FromSpec(&writer_spec);
    PyObject *module = writer == NULL ? NULL : PyModule_Create(&definition);
    if (module != NULL && PyModule_AddObjectRef(module, "Writer", writer) < 0) {
        Py_CLEAR(module);
    }
    Py_XDECREF(writer);
    return module;
}
