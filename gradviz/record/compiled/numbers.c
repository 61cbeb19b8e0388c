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

/* The row of a tensor that no op was seen to make, as Recorder._tensor writes it; way: how it is met. */
static int write_met(Scribe *scribe, PyObject *tensor, PyObject *value, Row row, int way)
{
    Shown shown;
    uint32_t within, *call = &scribe->met_calls[way];
    if (new_tensor_number(scribe, tensor, &row.tensor) < 0 || shown_of(scribe, value, 0, &shown) < 0 ||
        place_here(scribe, &row.origin, &within) < 0 ||
        (*call == 0 && number_from(PyObject_CallOneArg(scribe->met, names.met[way]), call) < 0)) {
        return -1;
    }
    row.kind = FORWARD;
    row.flags |= shown.flags;
    row.within = fit16(within);
    row.time = (uint64_t)(now_ns() - scribe->began);
    row.meta = shown.meta, row.buffer = shown.buffer, row.ref = *call, row.value = shown.value;
    return write_row(scribe->writer, &row);
}

/* A Python float that is an op's input. */
static int met_float(Scribe *scribe, PyObject *tensor)
{
    PyObject *scalar = as_scalar(slot(tensor, engine.number_value));
    int failed = scalar == NULL || write_met(scribe, tensor, scalar, (Row){.flags = LEAF}, MET_NUMBER) < 0;
    Py_XDECREF(scalar);
    return failed ? -1 : 0;
}

/* Whether a backward call of the recorder's script is running; -1 with an exception. */
static int is_running(Scribe *scribe)
{
    PyObject *running = PyObject_GetAttr(PyMethod_GET_SELF(scribe->tensor), names.running);
    int is = running == NULL ? -1 : PyObject_IsTrue(running);
    Py_XDECREF(running);
    return is;
}

/* How a tensor with a plain array is met, where that is plain to see; else WAYS_TO_MEET; -1 with an exception.
   watch: of the array's buffer, NULL where that is new. */
static int way_to_meet(Scribe *scribe, PyObject *tensor, const Watch *watch)
{
    if (watch != NULL && watch->leaf != 0) {
        return MET_GRAD;
    }
    if (slot(tensor, engine.tensor_edge) != Py_None || slot(tensor, engine.tensor_viewed) != Py_None) {
        return WAYS_TO_MEET;
    }
    int way = watch == NULL ? MET_UNSEEN : MET_SHARED, running = is_running(scribe);
    return running == 0 ? way : running < 0 ? -1 : WAYS_TO_MEET;
}

/* A tensor with a plain array that no op was seen to make; *met: whether it was a case for this. */
static int met_array(Scribe *scribe, PyObject *tensor, int *met)
{
    Watch *watch = NULL;
    PyObject *array = slot(tensor, engine.tensor_array), *requires_grad = slot(tensor, engine.tensor_requires_grad);
    if (array == NULL || !PyArray_CheckExact(array) || Py_TYPE(tensor) == engine.number_type) {
        return 0;
    }
    int way = watch_of(scribe, array, &watch) < 0 ? -1 : way_to_meet(scribe, tensor, watch);
    if (way < 0 || way == WAYS_TO_MEET) {
        return way < 0 ? -1 : 0;
    }
    int flags = requires_grad == Py_True ? REQUIRES_GRAD : 0;
    flags |= slot(tensor, engine.tensor_edge) == Py_None ? LEAF : 0;
    Row row = {.flags = (uint8_t)flags, .c = way == MET_GRAD ? watch->leaf : 0};
    *met = 1;
    Py_INCREF(array);
    int failed = write_met(scribe, tensor, array, row, way);
    Py_DECREF(array);
    return failed;
}

/* The number of a tensor that was not seen: it gets a row first. */
static int met(Scribe *scribe, PyObject *tensor, uint32_t *number)
{
    PyObject *value = Py_TYPE(tensor) == engine.number_type ? slot(tensor, engine.number_value) : NULL;
    int is_met = value != NULL && PyFloat_CheckExact(value);
    if ((is_met ? met_float(scribe, tensor) : met_array(scribe, tensor, &is_met)) < 0) {
        return -1;
    }
    if (!is_met) {
        return number_from(PyObject_CallOneArg(scribe->tensor, tensor), number);
    }
    *number = fit32(as_number(slot(tensor, engine.tensor_serial)) - scribe->first_serial);
    return 0;
}

/* A tensor's own running number, 0 for none. */
static long long serial_of(PyObject *tensor)
{
    PyObject *serial = slot(tensor, engine.tensor_serial);
    return serial != NULL && PyLong_Check(serial) ? as_number(serial) : 0;
}

int was_seen(Scribe *scribe, PyObject *tensor)
{
    return serial_of(tensor) > scribe->first_serial;
}

int tensor_number(Scribe *scribe, PyObject *tensor, uint32_t *number)
{
    long long known = serial_of(tensor);
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

/* tensor(tensor, met_as=""): with the latter, the Python where it was not seen before. */
PyObject *scribe_tensor(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Scribe *scribe = (Scribe *)self;
    uint32_t number;
    if (count < 1 || !PyObject_TypeCheck(args[0], engine.tensor_type) || (count > 1 && !was_seen(scribe, args[0]))) {
        return PyObject_Vectorcall(scribe->tensor, args, count, NULL);
    }
    return tensor_number(scribe, args[0], &number) < 0 ? NULL : PyLong_FromUnsignedLong(number);
}
