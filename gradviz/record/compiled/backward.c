/* Scribe.step and released: Recorder's, for the frequent case. */

#include "record.h"

enum { S_CALL, S_NODE, S_INCOMING, S_OUTGOING, S_STARTED, STEP_COUNT };

/* Whether a node has one output, and takes and gives plain arrays; incoming: the list's only item. */
static int is_frequent_step(PyObject *const *args, Py_ssize_t count, PyObject **incoming)
{
    if (count != STEP_COUNT || !PyObject_TypeCheck(args[S_NODE], engine.node_type) || !PyLong_Check(args[S_CALL]) ||
        !PyList_CheckExact(args[S_INCOMING]) || PyList_GET_SIZE(args[S_INCOMING]) != 1 ||
        !PyTuple_CheckExact(args[S_OUTGOING]) || !PyLong_Check(args[S_STARTED])) {
        return 0;
    }
    PyObject *edges = slot(args[S_NODE], engine.node_edges);
    *incoming = PyList_GET_ITEM(args[S_INCOMING], 0);
    if (!is_tuple(edges) || (*incoming != Py_None && !is_plain(*incoming))) {
        return 0;
    }
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(args[S_OUTGOING]); at++) {
        PyObject *gradient = PyTuple_GET_ITEM(args[S_OUTGOING], at);
        if (gradient != Py_None && !is_plain(gradient)) {
            return 0;
        }
    }
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(edges); at++) {
        PyObject *edge = PyTuple_GET_ITEM(edges, at);
        if (edge != Py_None && !PyObject_TypeCheck(edge, engine.node_type)) { /* an Edge */
            return 0;
        }
    }
    return 1;
}

/* A GRAD row: the gradient that a node hands on along one edge. */
static int write_gradient(Scribe *scribe, Row row, PyObject *edge, PyObject *gradient)
{
    Shown shown;
    if (node_number(scribe, edge, &row.c) < 0 || shown_of(scribe, gradient, 0, &shown) < 0) {
        return -1;
    }
    handed_on(scribe, gradient, &shown);
    row.flags = shown.flags;
    row.meta = shown.meta, row.buffer = shown.buffer, row.value = shown.value;
    return write_row(scribe->writer, &row);
}

static int write_step(Scribe *scribe, PyObject *const *args, PyObject *edges, PyObject *incoming, long long now)
{
    Row step = {.kind = STEP}, gradient = {.kind = GRAD};
    Shown shown = {0};
    long long started = as_number(args[S_STARTED]);
    if (node_number(scribe, args[S_NODE], &step.node) < 0 ||
        (incoming != Py_None && shown_of(scribe, incoming, 1, &shown) < 0)) {
        return -1;
    }
    step.flags = shown.flags;
    step.time = (uint64_t)(started - scribe->began);
    step.duration = fit32(now - started);
    step.a = fit32(as_number(args[S_CALL]));
    step.meta = shown.meta, step.buffer = shown.buffer, step.value = shown.value;
    if (write_row(scribe->writer, &step) < 0) {
        return -1;
    }
    gradient.node = step.node, gradient.a = step.a;
    PyObject *outgoing = args[S_OUTGOING];
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(outgoing) && at < PyTuple_GET_SIZE(edges); at++) {
        PyObject *edge = PyTuple_GET_ITEM(edges, at), *handed = PyTuple_GET_ITEM(outgoing, at);
        gradient.b = (uint32_t)at;
        if (edge != Py_None && handed != Py_None && write_gradient(scribe, gradient, edge, handed) < 0) {
            return -1;
        }
    }
    return 0;
}

PyObject *scribe_step(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Scribe *scribe = (Scribe *)self;
    int64_t now = now_ns();
    PyObject *incoming;
    if (!is_frequent_step(args, count, &incoming)) {
        return PyObject_Vectorcall(scribe->step, args, count, NULL);
    }
    PyObject *edges = Py_NewRef(slot(args[S_NODE], engine.node_edges));
    Py_INCREF(incoming);
    int failed = write_step(scribe, args, edges, incoming, now);
    Py_DECREF(incoming);
    Py_DECREF(edges);
    if (failed) {
        return NULL;
    }
    Py_RETURN_NONE;
}

PyObject *scribe_released(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Scribe *scribe = (Scribe *)self;
    if (count != 2 || !PyLong_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "released() takes the number of a backward call and a node");
        return NULL;
    }
    Row row = {.kind = RELEASED, .time = (uint64_t)(now_ns() - scribe->began)};
    row.a = fit32(as_number(args[0]));
    if (node_number(scribe, args[1], &row.node) < 0 || write_row(scribe->writer, &row) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}
