/* Scribe: mutated, before_accumulation, accumulated, assigned and keeps, as Recorder's and OptimizerRows'. What is no
   plain array of NumPy's goes to the Python whole, before anything is written. */

#include "record.h"

/* The array of a tensor where it is a plain one: a new reference, else NULL. */
static PyObject *plain_array(PyObject *tensor)
{
    PyObject *array = PyObject_TypeCheck(tensor, engine.tensor_type) ? slot(tensor, engine.tensor_array) : NULL;
    return array != NULL && PyArray_CheckExact(array) ? Py_NewRef(array) : NULL;
}

/* The plain array of a tensor's .grad, as above. */
static PyObject *plain_grad(PyObject *tensor)
{
    PyObject *grad = PyObject_TypeCheck(tensor, engine.tensor_type) ? slot(tensor, engine.tensor_grad) : NULL;
    return grad == NULL ? NULL : plain_array(grad);
}

/* Whether a tensor has no .grad. */
static int has_no_grad(PyObject *tensor)
{
    return PyObject_TypeCheck(tensor, engine.tensor_type) && slot(tensor, engine.tensor_grad) == Py_None;
}

static void show(Row *row, const Shown *shown)
{
    row->flags = shown->flags;
    row->meta = shown->meta, row->buffer = shown->buffer, row->value = shown->value;
}

/* None, or NULL where writing failed. */
static PyObject *written(int failed)
{
    return failed ? NULL : Py_NewRef(Py_None);
}

/* -- changes in place --------------------------------------------------------------------------------------------- */

/* versions.version_of: how often the array's buffer was changed; -1 with an exception. */
static int version_of(PyObject *array, uint32_t *version)
{
    *version = 0;
    PyObject *owner = owner_of((PyArrayObject *)array), *key = owner == NULL ? NULL : PyLong_FromVoidPtr(owner);
    PyObject *stamps = key == NULL ? NULL : PyDict_GetItemWithError(engine.changed, key);
    if (stamps != NULL) {
        *version = fit32(as_number(slot(stamps, engine.older)) + PyList_GET_SIZE(slot(stamps, engine.newest)));
    }
    Py_XDECREF(owner);
    Py_XDECREF(key);
    return PyErr_Occurred() ? -1 : 0;
}

/* The number of the CALL row of changes by an op of this name. */
static int change_call(Scribe *scribe, PyObject *op, uint32_t *number)
{
    PyObject *known = PyDict_GetItemWithError(scribe->changes, op);
    if (known != NULL || PyErr_Occurred()) {
        return known == NULL ? -1 : number_from(Py_NewRef(known), number);
    }
    PyObject *given = PyObject_CallOneArg(scribe->change, op);
    if (given == NULL || PyDict_SetItem(scribe->changes, op, given) < 0) {
        Py_XDECREF(given);
        return -1;
    }
    return number_from(given, number);
}

/* What handed_on had remembered of a gradient that was changed is true no more. */
static int forget_given(Scribe *scribe, PyObject *array)
{
    Watch *watch;
    int failed = watch_of(scribe, array, &watch);
    if (watch != NULL) {
        watch->given = 0;
    }
    return failed;
}

static int write_change(Scribe *scribe, PyObject *tensor, PyObject *array, PyObject *op)
{
    Shown shown;
    uint32_t within, call;
    Row row = {.kind = MUTATED};
    if (shown_of(scribe, array, 0, &shown) < 0 || change_call(scribe, op, &call) < 0 ||
        (shown.buffer && forget_given(scribe, array) < 0) || place_here(scribe, &row.origin, &within) < 0) {
        return -1;
    }
    show(&row, &shown);
    row.within = fit16(within);
    row.time = (uint64_t)(now_ns() - scribe->began);
    row.ref = call;
    if (tensor_number(scribe, tensor, &row.tensor) < 0 || version_of(array, &row.a) < 0) {
        return -1;
    }
    return write_row(scribe->writer, &row);
}

PyObject *scribe_mutated(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Scribe *scribe = (Scribe *)self;
    PyObject *array = count == 2 && PyUnicode_CheckExact(args[1]) ? plain_array(args[0]) : NULL;
    if (array == NULL) {
        return PyObject_Vectorcall(scribe->mutated, args, count, NULL);
    }
    int failed = write_change(scribe, args[0], array, args[1]);
    Py_DECREF(array);
    return written(failed);
}

/* -- a leaf's .grad ----------------------------------------------------------------------------------------------- */

PyObject *scribe_before_accumulation(PyObject *self, PyObject *leaf)
{
    Scribe *scribe = (Scribe *)self;
    if (has_no_grad(leaf)) {
        return PyLong_FromLong(0);
    }
    PyObject *array = plain_grad(leaf);
    Meta meta;
    if (array == NULL || !meta_known(scribe, (PyArrayObject *)array, &meta)) {
        Py_XDECREF(array);
        return PyObject_CallOneArg(scribe->before_accumulation, leaf);
    }
    uint64_t ref = 0;
    int failed = scribe->whole ? preview_of(scribe, (PyArrayObject *)array, &meta, &ref) : 0;
    Py_DECREF(array);
    return failed ? NULL : PyLong_FromUnsignedLongLong(ref);
}

enum { A_CALL, A_NODE, A_LEAF, A_BEFORE, ACCUMULATED_COUNT };

static int write_added(Scribe *scribe, PyObject *const *args, PyObject *array)
{
    Shown shown;
    Row row = {.kind = ADDED, .a = fit32(as_number(args[A_CALL])), .ref = (uint64_t)as_number(args[A_BEFORE])};
    if (shown_of(scribe, array, 0, &shown) < 0 || node_number(scribe, args[A_NODE], &row.node) < 0 ||
        tensor_number(scribe, args[A_LEAF], &row.tensor) < 0) {
        return -1;
    }
    Watch *watch = NULL;
    if (shown.buffer && watch_of(scribe, array, &watch) < 0) {
        return -1;
    }
    if (watch != NULL) {
        watch->leaf = row.tensor;
    }
    show(&row, &shown);
    row.time = (uint64_t)(now_ns() - scribe->began);
    return write_row(scribe->writer, &row);
}

PyObject *scribe_accumulated(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Scribe *scribe = (Scribe *)self;
    int is_frequent = count == ACCUMULATED_COUNT && PyLong_Check(args[A_CALL]) && PyLong_Check(args[A_BEFORE]) &&
        PyObject_TypeCheck(args[A_NODE], engine.node_type);
    PyObject *array = is_frequent ? plain_grad(args[A_LEAF]) : NULL;
    if (array == NULL) {
        return PyObject_Vectorcall(scribe->accumulated, args, count, NULL);
    }
    int failed = write_added(scribe, args, array);
    Py_DECREF(array);
    return written(failed);
}

PyObject *scribe_assigned(PyObject *self, PyObject *tensor)
{
    Scribe *scribe = (Scribe *)self;
    PyObject *array = plain_grad(tensor);
    if (array == NULL && !has_no_grad(tensor)) {
        return PyObject_CallOneArg(scribe->assigned, tensor);
    }
    Shown shown = {0};
    Row row = {.kind = ASSIGNED};
    int failed = array != NULL && shown_of(scribe, array, 0, &shown) < 0;
    Py_XDECREF(array);
    show(&row, &shown);
    row.time = (uint64_t)(now_ns() - scribe->began);
    failed = failed || tensor_number(scribe, tensor, &row.tensor) < 0 || write_row(scribe->writer, &row) < 0;
    return written(failed);
}

/* -- an optimizer's state ----------------------------------------------------------------------------------------- */

/* Whether each tensor in a dict was seen before. */
static int all_seen(Scribe *scribe, PyObject *state)
{
    PyObject *name, *value;
    for (Py_ssize_t place = 0; PyDict_Next(state, &place, &name, &value);) {
        if (PyObject_TypeCheck(value, engine.tensor_type) && !was_seen(scribe, value)) {
            return 0;
        }
    }
    return 1;
}

PyObject *scribe_keeps(PyObject *self, PyObject *state)
{
    Scribe *scribe = (Scribe *)self;
    if (PyDict_CheckExact(state) && all_seen(scribe, state)) {
        Py_RETURN_NONE;
    }
    return PyObject_CallOneArg(scribe->keeps, state);
}
