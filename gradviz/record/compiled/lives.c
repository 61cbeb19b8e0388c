/* Lives: the compiled twin of the class in gradviz/record/lives.py.

   A table from where an object is to the callback of a weak reference to it. An entry goes when that is called, before
   the object's memory can be another object's: so an address is a key only while its object lives. */

#include "record.h"
#include <structmember.h>

typedef struct {
    void *place; /* NULL: empty */
    Watch *watch;
} Entry;

struct Lives {
    PyObject_HEAD
    Entry *entries;
    size_t mask, count; /* room - 1, entries in use */
    uint32_t made;
    Writer *writer;
    long long began;
    uint8_t kind; /* of the row of an end */
};

enum { SMALLEST = 1024 };

PyTypeObject *lives_type;
static PyTypeObject *watch_type;
static PyObject *python_owner; /* backend.owner */

/* -- the table: open addressing, a power of two wide, at most half full ------------------------------------------- */

/* Neighbours in memory stay neighbours, as objects of one age are met together; arenas are spread. */
static size_t home(const Lives *lives, const void *place)
{
    uint64_t at = (uint64_t)(uintptr_t)place;
    uint64_t arena = (at >> 18) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)((at >> 4) + (arena >> 32)) & lives->mask;
}

/* Where the entry of a place is, or would be. */
static size_t entry_at(const Lives *lives, const void *place)
{
    size_t at = home(lives, place);
    while (lives->entries[at].place != NULL && lives->entries[at].place != place) {
        at = (at + 1) & lives->mask;
    }
    return at;
}

static int grown(Lives *lives)
{
    size_t room = lives->mask + 1;
    if (2 * lives->count < room) {
        return 0;
    }
    Entry *before = lives->entries, *after = PyMem_Calloc(2 * room, sizeof(Entry));
    if (after == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    lives->entries = after;
    lives->mask = 2 * room - 1;
    for (size_t at = 0; at < room; at++) {
        if (before[at].place != NULL) {
            after[entry_at(lives, before[at].place)] = before[at];
        }
    }
    PyMem_Free(before);
    return 0;
}

/* Empties a slot, and moves up what was put behind it because it was full. */
static void emptied(Lives *lives, size_t gap)
{
    lives->count--;
    for (size_t at = (gap + 1) & lives->mask; lives->entries[at].place != NULL; at = (at + 1) & lives->mask) {
        size_t from = home(lives, lives->entries[at].place);
        if (((at - from) & lives->mask) >= ((at - gap) & lives->mask)) {
            lives->entries[gap] = lives->entries[at];
            gap = at;
        }
    }
    lives->entries[gap] = (Entry){NULL, NULL};
}

/* -- one object's watch ------------------------------------------------------------------------------------------- */

/* The object has ended: its row. */
static PyObject *watch_called(PyObject *self, PyObject *const *args, size_t count, PyObject *names)
{
    Watch *watch = (Watch *)self;
    Lives *lives = watch->lives;
    if (lives == NULL) { /* closed: the object outlived the recorder */
        Py_RETURN_NONE;
    }
    size_t at = entry_at(lives, watch->place);
    emptied(lives, at); /* its reference to the watch is let go of below */
    watch->lives = NULL;
    PyObject *ref = watch->ref;
    watch->ref = NULL;
    Row row = {.kind = lives->kind, .time = (uint64_t)(now_ns() - lives->began)};
    if (lives->kind == FREED) {
        row.buffer = watch->number;
    } else {
        row.node = watch->number;
    }
    Py_INCREF(lives);
    int failed = write_row(lives->writer, &row);
    Py_DECREF(lives);
    Py_DECREF(ref);
    Py_DECREF(watch); /* whoever calls it has a reference of its own */
    if (failed) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static void watch_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF(((Watch *)self)->ref);
    type->tp_free(self);
    Py_DECREF(type);
}

Watch *lives_find(Lives *lives, PyObject *thing)
{
    return lives->entries[entry_at(lives, thing)].watch;
}

/* A watch that is not needed: it and its weak reference hold each other. */
static void dropped(Watch *watch)
{
    Py_CLEAR(watch->ref);
    Py_DECREF(watch);
}

Watch *lives_watch(Lives *lives, PyObject *thing, int *is_new)
{
    Watch *found = lives_find(lives, thing);
    *is_new = found == NULL;
    if (found != NULL) {
        return found;
    }
    Watch *watch = PyObject_New(Watch, watch_type);
    if (watch == NULL) {
        return NULL;
    }
    watch->called = watch_called;
    watch->lives = NULL;
    watch->place = thing;
    watch->number = watch->leaf = 0;
    watch->given = 0;
    watch->ref = PyWeakref_NewRef(thing, (PyObject *)watch); /* may collect garbage, and so call other watches */
    if (watch->ref == NULL || grown(lives) < 0) {
        dropped(watch);
        return NULL;
    }
    size_t at = entry_at(lives, thing);
    if (lives->entries[at].place != NULL) { /* a finalizer met the same object meanwhile */
        dropped(watch);
        *is_new = 0;
        return lives->entries[at].watch;
    }
    watch->lives = lives;
    watch->number = ++lives->made;
    lives->entries[at] = (Entry){thing, watch}; /* the reference goes there */
    lives->count++;
    return watch;
}

PyObject *owner_of(PyArrayObject *array)
{
    PyArrayObject *owner = array;
    for (PyObject *base = PyArray_BASE(owner); base != NULL; base = PyArray_BASE(owner)) {
        if (!PyArray_CheckExact(base)) { /* a subclass, or somebody else's memory */
            return PyObject_CallOneArg(python_owner, (PyObject *)array);
        }
        owner = (PyArrayObject *)base;
    }
    return Py_NewRef(owner);
}

/* -- the class ---------------------------------------------------------------------------------------------------- */

static PyObject *lives_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *writer;
    unsigned char kind;
    long long began;
    if (!PyArg_ParseTuple(args, "O!bL:Lives", writer_type, &writer, &kind, &began)) {
        return NULL;
    }
    Lives *lives = (Lives *)type->tp_alloc(type, 0);
    if (lives == NULL) {
        return NULL;
    }
    lives->writer = (Writer *)Py_NewRef(writer);
    lives->kind = kind;
    lives->began = began;
    lives->mask = SMALLEST - 1;
    lives->entries = PyMem_Calloc(SMALLEST, sizeof(Entry));
    if (lives->entries == NULL) {
        Py_DECREF(lives);
        return PyErr_NoMemory();
    }
    return (PyObject *)lives;
}

/* Lets go of all weak references; none of their callbacks does anything from now on. */
static void closed(Lives *lives)
{
    for (size_t at = 0; at <= lives->mask; at++) {
        Watch *watch = lives->entries[at].watch;
        if (watch != NULL) {
            watch->lives = NULL;
            dropped(watch);
        }
        lives->entries[at] = (Entry){NULL, NULL};
    }
    lives->count = 0;
}

static void lives_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Lives *lives = (Lives *)self;
    if (lives->entries != NULL) {
        closed(lives);
        PyMem_Free(lives->entries);
    }
    Py_XDECREF(lives->writer);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *numbered(Lives *lives, PyObject *thing)
{
    int is_new;
    Watch *watch = lives_watch(lives, thing, &is_new);
    return watch == NULL ? NULL : Py_BuildValue("IO", watch->number, is_new ? Py_True : Py_False);
}

static PyObject *lives_number(PyObject *self, PyObject *thing)
{
    return numbered((Lives *)self, thing);
}

/* The owner of any array's memory, CuPy's too: a new reference, NULL with an exception. */
static PyObject *owner_of_any(PyObject *array)
{
    if (PyArray_CheckExact(array)) {
        return owner_of((PyArrayObject *)array);
    }
    PyObject *base = PyObject_GetAttr(array, names.base);
    if (base == NULL) {
        return NULL;
    }
    PyObject *owner = base == Py_None ? Py_NewRef(array) : PyObject_CallOneArg(python_owner, array);
    Py_DECREF(base);
    return owner;
}

static PyObject *lives_of_array(PyObject *self, PyObject *array)
{
    PyObject *owner = owner_of_any(array);
    PyObject *number = owner == NULL ? NULL : numbered((Lives *)self, owner);
    Py_XDECREF(owner);
    return number;
}

static PyObject *lives_watch_of(PyObject *self, PyObject *array)
{
    PyObject *owner = owner_of_any(array);
    if (owner == NULL) {
        return NULL;
    }
    Watch *watch = lives_find((Lives *)self, owner);
    Py_DECREF(owner);
    return Py_NewRef(watch == NULL ? Py_None : (PyObject *)watch);
}

static int lives_contains(PyObject *self, PyObject *thing)
{
    return lives_find((Lives *)self, thing) != NULL;
}

static PyObject *lives_close(PyObject *self, PyObject *nothing)
{
    closed((Lives *)self);
    Py_RETURN_NONE;
}

static PyMemberDef watch_members[] = {
    {"number", T_UINT, offsetof(Watch, number), READONLY, "The running number."},
    {"leaf", T_UINT, offsetof(Watch, leaf), 0, "The number of the leaf whose .grad this is."},
    {"given", T_ULONGLONG, offsetof(Watch, given), 0, "The ref of a gradient's preview."},
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Watch, called), READONLY, NULL},
    {NULL},
};

static PyType_Slot watch_slots[] = {
    {Py_tp_doc, "What is known of one live object; the callback of a weak reference to it."},
    {Py_tp_dealloc, watch_dealloc},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_members, watch_members},
    {0, NULL},
};

static PyType_Spec watch_spec = {
    .name = "gradviz.record._record.Watch",
    .basicsize = sizeof(Watch),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = watch_slots,
};

static PyMethodDef lives_methods[] = {
    {"number", lives_number, METH_O, "The object's number, and whether it is seen for the first time."},
    {"of_array", lives_of_array, METH_O, "The same for the buffer of an array."},
    {"watch", lives_watch_of, METH_O, "What is known of the buffer of an array."},
    {"close", lives_close, METH_NOARGS, "Watches nothing any more."},
    {NULL},
};

static PyType_Slot lives_slots[] = {
    {Py_tp_doc, "Running numbers for live objects; writes a row at each one's real end."},
    {Py_tp_new, lives_new},
    {Py_tp_dealloc, lives_dealloc},
    {Py_tp_methods, lives_methods},
    {Py_sq_contains, lives_contains},
    {0, NULL},
};

static PyType_Spec lives_spec = {
    .name = "gradviz.record._record.Lives",
    .basicsize = sizeof(Lives),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = lives_slots,
};

int lives_ready(PyObject *module)
{
    PyObject *backend = PyImport_ImportModule("gradviz.engine.backend");
    if (backend == NULL) {
        return -1;
    }
    python_owner = PyObject_GetAttrString(backend, "owner");
    Py_DECREF(backend);
    watch_type = (PyTypeObject *)PyType_FromSpec(&watch_spec);
    lives_type = (PyTypeObject *)PyType_FromSpec(&lives_spec);
    if (python_owner == NULL || watch_type == NULL || lives_type == NULL) {
        return -1;
    }
    return PyModule_AddObjectRef(module, "Lives", (PyObject *)lives_type);
}
