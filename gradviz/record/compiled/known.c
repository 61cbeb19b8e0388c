/* What was asked before. Definitions and Places number metas, calls and places in the script, in dictionaries; here
   each answer stands where it is found without making a key: in its place of a table, or in the one beside (place ^ 1),
   where what was in its place before is moved. It keeps alive what it compares by identity, and what is not found is
   asked of the Python again, which knows. */

#include "record.h"

static PyObject *heading; /* preview.heading */

int known_ready(void)
{
    PyObject *preview = PyImport_ImportModule("gradviz.trace.preview");
    if (preview == NULL) {
        return -1;
    }
    heading = PyObject_GetAttrString(preview, "heading");
    Py_DECREF(preview);
    return heading == NULL ? -1 : 0;
}

Known *known_new(void)
{
    return PyMem_Calloc(1, sizeof(Known));
}

static void call_dropped(Call *call)
{
    Py_XDECREF(call->op);
    Py_XDECREF(call->run);
    for (Py_ssize_t at = 0; at < call->count; at++) {
        Py_DECREF(call->settings[at]);
    }
}

void known_free(Known *known)
{
    for (int k = 0; k < META_SLOTS; k++) {
        Py_XDECREF(known->metas[k].dtype);
    }
    for (int k = 0; k < CALL_SLOTS; k++) {
        call_dropped(&known->calls[k]);
    }
    for (int k = 0; k < ORIGIN_SLOTS; k++) {
        Py_XDECREF(known->origins[k].code);
        Py_XDECREF(known->origins[k].target);
    }
    for (int k = 0; k < WITHIN_SLOTS; k++) {
        Py_XDECREF(known->withins[k].name);
        Py_XDECREF(known->withins[k].path);
    }
    for (int k = 0; k < NESTED_SLOTS; k++) {
        nested_dropped(&known->nested[k]);
    }
    PyMem_Free(known);
}

int ref_from(PyObject *given, uint64_t *ref)
{
    if (given == NULL) {
        return -1;
    }
    *ref = PyLong_AsUnsignedLongLong(given);
    Py_DECREF(given);
    return *ref == (uint64_t)-1 && PyErr_Occurred() ? -1 : 0;
}

int number_from(PyObject *given, uint32_t *number)
{
    uint64_t found;
    if (ref_from(given, &found) < 0) {
        return -1;
    }
    *number = found > UINT32_MAX ? UINT32_MAX : (uint32_t)found;
    return 0;
}

/* -- metas: by shape and dtype ------------------------------------------------------------------------------------ */

static int meta_is(const Meta *meta, const PyArray_Descr *dtype, int dims, const npy_intp *shape)
{
    return meta->dtype == dtype && meta->dims == dims &&
           (dims == 0 || memcmp(meta->shape, shape, dims * sizeof *shape) == 0); /* of 0 dims, shape may be NULL */
}

/* How a preview of the meta begins; nothing for a dtype that has no previews. */
static int headed(Meta *meta, PyObject *array)
{
    PyObject *shape = PyObject_GetAttrString(array, "shape");
    PyObject *head = shape == NULL ? NULL
        : PyObject_CallFunctionObjArgs(heading, shape, (PyObject *)meta->dtype, Py_True, Py_False, NULL);
    Py_XDECREF(shape);
    if (head == NULL && PyErr_ExceptionMatches(PyExc_TypeError)) {
        PyErr_Clear();
        return 0;
    }
    if (head == NULL) {
        return -1;
    }
    if (PyBytes_Check(head) && (size_t)PyBytes_GET_SIZE(head) <= sizeof meta->head) {
        meta->head_length = (uint8_t)PyBytes_GET_SIZE(head);
        memcpy(meta->head, PyBytes_AS_STRING(head), meta->head_length);
    }
    Py_DECREF(head);
    return 0;
}

/* Where a meta is in the table; or in the place beside. */
static size_t meta_place(const PyArray_Descr *dtype, int dims, const npy_intp *shape)
{
    uint64_t hash = mixed(dims, (uintptr_t)dtype >> 4);
    for (int at = 0; at < dims; at++) {
        hash = mixed(hash, (uint64_t)shape[at]);
    }
    return slot_of(hash, META_SLOTS);
}

/* The meta of a shape and dtype where it is known, copied: whether it is. */
static int meta_found(const Known *known, const PyArray_Descr *dtype, int dims, const npy_intp *shape, Meta *meta)
{
    size_t place = meta_place(dtype, dims, shape);
    for (size_t k = 0; dims <= MOST_DIMS && k < WAYS; k++) {
        if (meta_is(&known->metas[place ^ k], dtype, dims, shape)) {
            *meta = known->metas[place ^ k];
            return 1;
        }
    }
    return 0;
}

int meta_known(Scribe *scribe, PyArrayObject *array, Meta *meta)
{
    return meta_found(scribe->known, PyArray_DESCR(array), PyArray_NDIM(array), PyArray_DIMS(array), meta);
}

int meta_of(Scribe *scribe, PyObject *array, PyArray_Descr *dtype, int dims, const npy_intp *shape, Meta *meta)
{
    if (meta_found(scribe->known, dtype, dims, shape, meta)) {
        return 0;
    }
    *meta = (Meta){.dtype = dtype, .dims = (uint8_t)dims};
    if (number_from(PyObject_CallOneArg(scribe->meta, array), &meta->number) < 0) {
        return -1;
    }
    if (dims > MOST_DIMS) {
        return 0;
    }
    if (dims > 0) {
        memcpy(meta->shape, shape, dims * sizeof *shape);
    }
    if (scribe->whole && headed(meta, array) < 0) {
        return -1;
    }
    Meta *first = &scribe->known->metas[meta_place(dtype, dims, shape)];
    Meta *second = &scribe->known->metas[meta_place(dtype, dims, shape) ^ 1], forgotten = *second;
    Py_INCREF(dtype);
    *second = *first;
    *first = *meta;
    Py_XDECREF(forgotten.dtype);
    return 0;
}

/* -- calls: by op, what its backward runs, and settings ----------------------------------------------------------- */

/* Whether a setting never changes, nor what it is equal to. */
static int is_simple(PyObject *value)
{
    if (value == Py_None || PyLong_CheckExact(value) || PyFloat_CheckExact(value) || PyBool_Check(value) ||
        PyUnicode_CheckExact(value)) {
        return 1;
    }
    if (!PyTuple_CheckExact(value)) {
        return 0;
    }
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(value); at++) {
        PyObject *inside = PyTuple_GET_ITEM(value, at);
        if (inside != Py_None && !PyLong_CheckExact(inside) && !PyBool_Check(inside)) {
            return 0;
        }
    }
    return 1;
}

static uint64_t bits_of(PyObject *number)
{
    uint64_t bits;
    double value = PyFloat_AS_DOUBLE(number);
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Whether two settings, one of them simple, are the same; compared strictly: what is only equal is asked again. */
static int are_same(PyObject *a, PyObject *b)
{
    if (a == b) {
        return 1;
    }
    if (PyFloat_CheckExact(a) && PyFloat_CheckExact(b)) {
        return PyFloat_AS_DOUBLE(a) == PyFloat_AS_DOUBLE(b) && bits_of(a) == bits_of(b);
    }
    if (PyLong_CheckExact(a) && PyLong_CheckExact(b)) {
        return PyObject_RichCompareBool(a, b, Py_EQ) == 1;
    }
    if (!PyTuple_CheckExact(a) || !PyTuple_CheckExact(b) || PyTuple_GET_SIZE(a) != PyTuple_GET_SIZE(b)) {
        return 0;
    }
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(a); at++) {
        PyObject *one = PyTuple_GET_ITEM(a, at), *other = PyTuple_GET_ITEM(b, at);
        if (one != other && !(PyLong_CheckExact(one) && PyLong_CheckExact(other) &&
                              PyObject_RichCompareBool(one, other, Py_EQ) == 1)) {
            return 0;
        }
    }
    return 1;
}

/* Equal for settings that are the same as are_same has it. */
static uint64_t hash_of(PyObject *setting)
{
    if (PyLong_CheckExact(setting)) {
        return (uint64_t)as_number(setting);
    }
    if (PyFloat_CheckExact(setting)) {
        return bits_of(setting);
    }
    if (!PyTuple_CheckExact(setting)) {
        return (uintptr_t)setting >> 4;
    }
    uint64_t hash = (uint64_t)PyTuple_GET_SIZE(setting);
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(setting); at++) {
        PyObject *inside = PyTuple_GET_ITEM(setting, at);
        hash = mixed(hash, PyLong_CheckExact(inside) ? (uint64_t)as_number(inside) : (uintptr_t)inside >> 4);
    }
    return hash;
}

static size_t call_place(PyObject *op, PyObject *run, PyObject *settings)
{
    uint64_t hash = mixed(mixed(0, (uintptr_t)op >> 4), (uintptr_t)run >> 4);
    PyObject *name, *value;
    for (Py_ssize_t place = 0; PyDict_Next(settings, &place, &name, &value);) {
        hash = mixed(hash, hash_of(value));
    }
    return slot_of(hash, CALL_SLOTS);
}

static int call_is(const Call *call, PyObject *op, PyObject *run, Py_ssize_t inputs, PyObject *settings)
{
    if (call->op != op || call->run != run || call->inputs != inputs || call->count != PyDict_GET_SIZE(settings)) {
        return 0;
    }
    PyObject *name, *value;
    for (Py_ssize_t place = 0, at = 0; PyDict_Next(settings, &place, &name, &value); at++) {
        if (!are_same(call->settings[at], value)) { /* of one op, settings always come in one order */
            return 0;
        }
    }
    return 1;
}

uint32_t call_known(Scribe *scribe, PyObject *op, PyObject *run, Py_ssize_t inputs, PyObject *settings)
{
    size_t place = call_place(op, run, settings);
    for (size_t k = 0; k < WAYS; k++) {
        const Call *call = &scribe->known->calls[place ^ k];
        if (call_is(call, op, run, inputs, settings)) {
            return call->number;
        }
    }
    return 0;
}

void call_keep(Scribe *scribe, PyObject *op, PyObject *run, Py_ssize_t inputs, PyObject *settings, uint32_t number)
{
    Call call = {.op = op, .run = run, .inputs = inputs, .number = number};
    PyObject *name, *value;
    if (PyDict_GET_SIZE(settings) > MOST_SETTINGS) {
        return;
    }
    for (Py_ssize_t place = 0; PyDict_Next(settings, &place, &name, &value); call.count++) {
        if (!is_simple(value)) {
            return;
        }
        call.settings[call.count] = value;
    }
    Py_INCREF(op);
    Py_XINCREF(run);
    for (Py_ssize_t at = 0; at < call.count; at++) {
        Py_INCREF(call.settings[at]);
    }
    size_t place = call_place(op, run, settings);
    Call *first = &scribe->known->calls[place], *second = &scribe->known->calls[place ^ 1], forgotten = *second;
    *second = *first;
    *first = call;
    call_dropped(&forgotten); /* last: it may run a finalizer, which may ask here */
}
