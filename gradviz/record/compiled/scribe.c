/* Scribe.forward: Recorder's, for the frequent case. A case that is none is told from the arguments alone, before
   anything is written, and goes to the Python whole. Scribe.value and here are for what the Python writes itself. */

#include "record.h"

enum { OP, OUT, INPUTS, GRAD_FN, SETTINGS, STARTED, FORWARD_COUNT, MOST_INPUTS = 3 };

/* Whether an op of the catalogue made one plain tensor, and saved no more than inputs and results, held by no hook. */
static int is_frequent_forward(PyObject *const *args, Py_ssize_t count)
{
    if (count != FORWARD_COUNT || Py_TYPE(args[OP]) != engine.op_type ||
        !PyObject_TypeCheck(args[OUT], engine.tensor_type) || slot(args[OUT], engine.tensor_requires_grad) == NULL ||
        !PyTuple_CheckExact(args[INPUTS]) || PyTuple_GET_SIZE(args[INPUTS]) > MOST_INPUTS ||
        !PyDict_CheckExact(args[SETTINGS]) || !PyLong_Check(args[STARTED])) {
        return 0;
    }
    PyObject *array = slot(args[OUT], engine.tensor_array), *node = args[GRAD_FN];
    if (array == NULL || !PyArray_CheckExact(array)) {
        return 0;
    }
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(args[INPUTS]); at++) {
        if (!PyObject_TypeCheck(PyTuple_GET_ITEM(args[INPUTS], at), engine.tensor_type)) {
            return 0;
        }
        if (node != Py_None && PyTuple_GET_ITEM(args[INPUTS], at) == args[OUT]) { /* in place */
            return 0;
        }
    }
    return node == Py_None || (PyObject_TypeCheck(node, engine.node_type) && is_tuple(slot(node, engine.node_saved)) &&
                               is_tuple(slot(node, engine.node_edges)) && slot(node, engine.node_run) != NULL);
}

/* Whether an op's forward returns more than its result, which its nodes may save: -1 with an exception. */
static int has_intermediates(PyObject *op)
{
    PyObject *intermediates = PyObject_GetAttr(op, names.intermediates);
    int has = intermediates == NULL ? -1 : PyObject_IsTrue(intermediates);
    Py_XDECREF(intermediates);
    return has;
}

/* The number of a CALL row that is not known here. */
static int ask_call(Scribe *scribe, PyObject *const *args, uint32_t *number)
{
    PyObject *node = args[GRAD_FN], *settings = args[SETTINGS];
    PyObject *title = PyObject_GetAttr(args[OP], names.title), *outputs = PyTuple_Pack(1, args[OUT]);
    PyObject *run = node == Py_None ? NULL : Py_NewRef(slot(node, engine.node_run));
    int failed = -1;
    if (title != NULL && outputs != NULL) {
        PyObject *given = PyObject_CallFunctionObjArgs(
            scribe->call, title, args[OP], args[INPUTS], outputs, node, settings, NULL);
        failed = number_from(given, number);
    }
    if (!failed) {
        call_keep(scribe, args[OP], run, PyTuple_GET_SIZE(args[INPUTS]), settings, *number);
    }
    Py_XDECREF(run);
    Py_XDECREF(title);
    Py_XDECREF(outputs);
    return failed;
}

static int out_flags(PyObject *out)
{
    int grad = PyObject_IsTrue(slot(engine.mode, engine.mode_grad));
    int requires_grad = PyObject_IsTrue(slot(out, engine.tensor_requires_grad));
    if (grad < 0 || requires_grad < 0) {
        return -1;
    }
    int leaf = slot(out, engine.tensor_edge) == Py_None;
    return (grad ? 0 : NO_GRAD) | (requires_grad ? REQUIRES_GRAD : 0) | (leaf ? LEAF : 0);
}

static int write_forward(Scribe *scribe, PyObject *const *args, uint32_t call, long long now)
{
    long long started = as_number(args[STARTED]);
    uint32_t numbers[MOST_INPUTS] = {0};
    Row row = {.kind = FORWARD};
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(args[INPUTS]); at++) {
        if (tensor_number(scribe, PyTuple_GET_ITEM(args[INPUTS], at), &numbers[at]) < 0) {
            return -1;
        }
    }
    if ((args[GRAD_FN] != Py_None && new_node_number(scribe, args[GRAD_FN], &row.node) < 0) ||
        (call == 0 && ask_call(scribe, args, &call) < 0) || new_tensor_number(scribe, args[OUT], &row.tensor) < 0) {
        return -1;
    }
    Shown shown;
    PyObject *array = Py_NewRef(slot(args[OUT], engine.tensor_array));
    int failed = shown_of(scribe, array, 0, &shown);
    Py_DECREF(array);
    int flags = failed ? -1 : out_flags(args[OUT]);
    uint32_t within;
    if (flags < 0 || place_here(scribe, &row.origin, &within) < 0) {
        return -1;
    }
    row.flags = shown.flags | (uint8_t)flags;
    row.within = fit16(within);
    row.time = (uint64_t)((started ? started : now) - scribe->began);
    row.duration = started ? fit32(now - started) : 0;
    row.a = numbers[0], row.b = numbers[1], row.c = numbers[2];
    row.meta = shown.meta, row.buffer = shown.buffer, row.ref = call, row.value = shown.value;
    return write_row(scribe->writer, &row);
}

PyObject *scribe_forward(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Scribe *scribe = (Scribe *)self;
    int64_t now = now_ns();
    int frequent = is_frequent_forward(args, count);
    uint32_t call = 0;
    if (frequent) {
        PyObject *run = args[GRAD_FN] == Py_None ? NULL : slot(args[GRAD_FN], engine.node_run);
        call = call_known(scribe, args[OP], run, PyTuple_GET_SIZE(args[INPUTS]), args[SETTINGS]);
        if (call == 0) {
            int more = has_intermediates(args[OP]);
            if (more < 0) {
                return NULL;
            }
            frequent = !more;
        }
    }
    if (!frequent) {
        return PyObject_Vectorcall(scribe->forward, args, count, NULL);
    }
    if (write_forward(scribe, args, call, now) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* value(array, on_its_way=False): (flags, meta, buffer, value); a tensor's own, too. */
PyObject *scribe_value(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Scribe *scribe = (Scribe *)self;
    PyObject *array = count > 0 ? args[0] : Py_None;
    if (PyObject_TypeCheck(array, engine.tensor_type)) {
        array = slot(array, engine.tensor_array);
    }
    if (count < 1 || count > 2 || array == NULL || !is_plain(array)) {
        return PyObject_Vectorcall(scribe->value, args, count, NULL);
    }
    Shown shown;
    Py_INCREF(array);
    int failed = shown_of(scribe, array, count == 2 && args[1] == Py_True, &shown);
    Py_DECREF(array);
    if (failed) {
        return NULL;
    }
    if (shown.flags & INLINE) {
        double number;
        memcpy(&number, &shown.value, sizeof number);
        return Py_BuildValue("BIId", shown.flags, shown.meta, shown.buffer, number);
    }
    return Py_BuildValue("BIIK", shown.flags, shown.meta, shown.buffer, (unsigned long long)shown.value);
}

PyObject *scribe_here(PyObject *self, PyObject *nothing)
{
    uint32_t origin, within;
    if (place_here((Scribe *)self, &origin, &within) < 0) {
        return NULL;
    }
    return Py_BuildValue("II", origin, within);
}
