/* The numbers of nodes and tensors, and the rows of those that no op was seen to make. */

#include "record.h"

/* The NODE row of an AccumulateGrad, since no FORWARD row makes it. */
static int write_accumulate(Scribe *scribe, PyObject *node, uint32_t number)
{
    Row row = {.kind = NODE, .node = number};
    PyObject *leaf = Py_XNewRef(slot(node, engine.accumulate_variable));
    int failed = leaf == NULL || tensor_number(scribe, leaf, &row.tensor) < 0;
    Py_XDECREF(leaf);
    if (failed || (scribe->accumulating_ref == 0 &&
                   ref_from(PyObject_CallNoArgs(scribe->accumulating), &scribe->accumulating_ref) < 0)) {
        return -1;
    }
    row.ref = scribe->accumulating_ref;
    return write_row(scribe->writer, &row);
}

int node_number(Scribe *scribe, PyObject *node, uint32_t *number)
{
    int is_new;
    Watch *watch = lives_watch(scribe->nodes, node, &is_new);
    if (watch == NULL) {
        return -1;
    }
    *number = watch->number;
    return is_new && Py_TYPE(node) == engine.accumulate_type ? write_accumulate(scribe, node, *number) : 0;
}

/* The number of a new node, after those of the AccumulateGrads that it leads to. */
int new_node_number(Scribe *scribe, PyObject *node, uint32_t *number)
{
    PyObject *edges = Py_NewRef(slot(node, engine.node_edges));
    int failed = 0;
    for (Py_ssize_t at = 0; !failed && at < PyTuple_GET_SIZE(edges); at++) {
        if (Py_TYPE(PyTuple_GET_ITEM(edges, at)) == engine.accumulate_type) {
            failed = node_number(scribe, PyTuple_GET_ITEM(edges, at), number);
        }
    }
    Py_DECREF(edges);
    return failed ? -1 : node_number(scribe, node, number);
}

int new_tensor_number(Scribe *scribe, PyObject *tensor, uint32_t *number)
{
    PyObject *serial = PyObject_CallNoArgs(engine.next_serial);
    if (serial == NULL) {
        return -1;
    }
    PyObject **place = (PyObject **)((char *)tensor + engine.tensor_serial), *before = *place;
    *place = serial;
    Py_XDECREF(before);
    *number = fit32(as_number(serial) - scribe->first_serial);
    return 0;
}

/* A Python float as the NumPy scalar that it is in the op: a new reference, NULL with an exception. */
static PyObject *as_scalar(PyObject *value)
{
    double number = PyFloat_AS_DOUBLE(value);
    PyArray_Descr *dtype = PyArray_DescrFromType(NPY_DOUBLE);
    PyObject *scalar = PyArray_Scalar(&number, dtype, NULL);
    Py_DECREF(dtype);
    return scalar;
}

/* The row of a Python float that is an op's input, as Recorder._tensor writes it. */
static int met_float(Scribe *scribe, PyObject *tensor, uint32_t *number)
{
    Shown shown;
    uint32_t within;
    Row row = {.kind = FORWARD};
    if (new_tensor_number(scribe, tensor, &row.tensor) < 0) {
        return -1;
    }
    PyObject *scalar = as_scalar(slot(tensor, engine.number_value));
    int failed = scalar == NULL || shown_of(scribe, scalar, 0, &shown) < 0;
    Py_XDECREF(scalar);
    if (failed || place_here(scribe, &row.origin, &within) < 0 ||
        (scribe->number_call == 0 && number_from(PyObject_CallNoArgs(scribe->met_number), &scribe->number_call) < 0)) {
        return -1;
    }
    row.flags = shown.flags | LEAF;
    row.within = fit16(within);
    row.time = (uint64_t)(now_ns() - scribe->began);
    row.meta = shown.meta, row.ref = scribe->number_call, row.value = shown.value;
    *number = row.tensor;
    return write_row(scribe->writer, &row);
}

/* The number of a tensor that was not seen: it gets a row first. */
static int met(Scribe *scribe, PyObject *tensor, uint32_t *number)
{
    PyObject *value = Py_TYPE(tensor) == engine.number_type ? slot(tensor, engine.number_value) : NULL;
    if (value != NULL && PyFloat_CheckExact(value)) {
        return met_float(scribe, tensor, number);
    }
    return number_from(PyObject_CallOneArg(scribe->tensor, tensor), number);
}

int tensor_number(Scribe *scribe, PyObject *tensor, uint32_t *number)
{
    PyObject *serial = slot(tensor, engine.tensor_serial);
    long long known = serial != NULL && PyLong_Check(serial) ? as_number(serial) : 0;
    if (known > scribe->first_serial) {
        *number = fit32(known - scribe->first_serial);
        return 0;
    }
    return met(scribe, tensor, number);
}

PyObject *scribe_node_number(PyObject *self, PyObject *node)
{
    uint32_t number;
    return node_number((Scribe *)self, node, &number) < 0 ? NULL : PyLong_FromUnsignedLong(number);
}

/* tensor(tensor, met_as=""): the Python where it was not seen before. */
PyObject *scribe_tensor(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Scribe *scribe = (Scribe *)self;
    PyObject *serial = count > 0 && PyObject_TypeCheck(args[0], engine.tensor_type)
        ? slot(args[0], engine.tensor_serial) : NULL;
    long long known = serial != NULL && PyLong_Check(serial) ? as_number(serial) : 0;
    return known > scribe->first_serial ? PyLong_FromLongLong(known - scribe->first_serial)
                                        : PyObject_Vectorcall(scribe->tensor, args, count, NULL);
}
