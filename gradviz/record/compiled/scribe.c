/* Scribe: Recorder.forward, step and released for the frequent case. A case that is none is told from the arguments alone,
   before anything is written, and goes to the Python whole. */

#include "record.h"
#include <structmember.h>

/* The engine's classes, and where their slots are. */
static PyTypeObject *op_type, *tensor_type, *node_type, *accumulate_type;
static Py_ssize_t tensor_array, tensor_edge, tensor_requires_grad, tensor_serial, node_edges, node_run, node_saved, mode_grad;
static PyObject *mode, *next_serial;

static PyObject *slot(PyObject *object, Py_ssize_t offset)
{
    return *(PyObject **)((char *)object + offset); /* NULL: not set */
}

/* The nearest number that a column of 32 bits can hold. */
static uint32_t fit32(long long number)
{
    return number < 0 ? 0 : number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

/* An int as it is; the nearest there is for one that is larger than 64 bits. */
static long long as_number(PyObject *number)
{
    int overflow;
    long long found = PyLong_AsLongLongAndOverflow(number, &overflow); /* quicker than PyLong_AsLongLong */
    return overflow > 0 ? LLONG_MAX : overflow < 0 ? LLONG_MIN : found;
}

/* -- numbers ---------------------------------------------------------------------------------------------------------- */

static int node_number(Scribe *scribe, PyObject *node, uint32_t *number)
{
    int is_new;
    Watch *watch = lives_find(scribe->nodes, node);
    if (watch == NULL && Py_TYPE(node) == accumulate_type) { /* no FORWARD row makes it: it gets a row of its own */
        return number_from(PyObject_CallOneArg(scribe->node_number, node), number);
    }
    if (watch == NULL && (watch = lives_watch(scribe->nodes, node, &is_new)) == NULL) {
        return -1;
    }
    *number = watch->number;
    return 0;
}

/* The number of a new node, after those of the AccumulateGrads that it leads to. */
static int new_node_number(Scribe *scribe, PyObject *node, uint32_t *number)
{
    PyObject *edges = Py_NewRef(slot(node, node_edges));
    int failed = 0;
    for (Py_ssize_t at = 0; !failed && at < PyTuple_GET_SIZE(edges); at++) {
        if (Py_TYPE(PyTuple_GET_ITEM(edges, at)) == accumulate_type) {
            failed = node_number(scribe, PyTuple_GET_ITEM(edges, at), number);
        }
    }
    Py_DECREF(edges);
    return failed ? -1 : node_number(scribe, node, number);
}

static int tensor_number(Scribe *scribe, PyObject *tensor, uint32_t *number)
{
    PyObject *serial = slot(tensor, tensor_serial);
    long long known = serial != NULL && PyLong_Check(serial) ? as_number(serial) : 0;
    if (known > scribe->first_serial) {
        *number = fit32(known - scribe->first_serial);
        return 0;
    }
    return number_from(PyObject_CallOneArg(scribe->tensor, tensor), number);
}

static int new_tensor_number(Scribe *scribe, PyObject *tensor, uint32_t *number)
{
    PyObject *serial = PyObject_CallNoArgs(next_serial);
    if (serial == NULL) {
        return -1;
    }
    PyObject **place = (PyObject **)((char *)tensor + tensor_serial), *before = *place;
    *place = serial;
    Py_XDECREF(before);
    return tensor_number(scribe, tensor, number);
}

/* -- forward ---------------------------------------------------------------------------------------------------------- */

enum { OP, OUT, INPUTS, NODE, SETTINGS, STARTED, FORWARD_COUNT, MOST_INPUTS = 3 };

static int is_tuple(PyObject *value)
{
    return value != NULL && PyTuple_CheckExact(value);
}

/* Whether an op of the catalogue made one plain tensor, and saved no more than inputs and results, held by no hook. */
static int is_frequent_forward(PyObject *const *args, Py_ssize_t count)
{
    if (count != FORWARD_COUNT || Py_TYPE(args[OP]) != op_type || !PyObject_TypeCheck(args[OUT], tensor_type) ||
        !PyTuple_CheckExact(args[INPUTS]) || PyTuple_GET_SIZE(args[INPUTS]) > MOST_INPUTS ||
        !PyDict_CheckExact(args[SETTINGS]) || !PyLong_Check(args[STARTED])) {
        return 0;
    }
    PyObject *array = slot(args[OUT], tensor_array), *node = args[NODE];
    if (array == NULL || !PyArray_CheckExact(array)) {
        return 0;
    }
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(args[INPUTS]); at++) {
        if (!PyObject_TypeCheck(PyTuple_GET_ITEM(args[INPUTS], at), tensor_type)) {
            return 0;
        }
        if (node != Py_None && PyTuple_GET_ITEM(args[INPUTS], at) == args[OUT]) { /* in place */
            return 0;
        }
    }
    return node == Py_None || (PyObject_TypeCheck(node, node_type) && is_tuple(slot(node, node_saved)) &&
                               is_tuple(slot(node, node_edges)) && slot(node, node_run) != NULL);
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
    PyObject *node = args[NODE], *settings = args[SETTINGS];
    PyObject *title = PyObject_GetAttr(args[OP], names.title), *outputs = PyTuple_Pack(1, args[OUT]);
    PyObject *run = node == Py_None ? NULL : Py_NewRef(slot(node, node_run));
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
    int grad = PyObject_IsTrue(slot(mode, mode_grad)), requires_grad = PyObject_IsTrue(slot(out, tensor_requires_grad));
    if (grad < 0 || requires_grad < 0) {
        return -1;
    }
    return (grad ? 0 : NO_GRAD) | (requires_grad ? REQUIRES_GRAD : 0) | (slot(out, tensor_edge) == Py_None ? LEAF : 0);
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
    if ((args[NODE] != Py_None && new_node_number(scribe, args[NODE], &row.node) < 0) ||
        (call == 0 && ask_call(scribe, args, &call) < 0) || new_tensor_number(scribe, args[OUT], &row.tensor) < 0) {
        return -1;
    }
    Shown shown;
    PyObject *array = Py_NewRef(slot(args[OUT], tensor_array));
    int failed = shown_of(scribe, array, 0, &shown);
    Py_DECREF(array);
    int flags = failed ? -1 : out_flags(args[OUT]);
    uint32_t within;
    if (flags < 0 || place_here(scribe, &row.origin, &within) < 0) {
        return -1;
    }
    row.flags = shown.flags | (uint8_t)flags;
    row.within = within > UINT16_MAX ? UINT16_MAX : (uint16_t)within;
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
        PyObject *run = args[NODE] == Py_None ? NULL : slot(args[NODE], node_run);
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

/* -- backward --------------------------------------------------------------------------------------------------------- */

enum { S_CALL, S_NODE, S_INCOMING, S_OUTGOING, S_STARTED, STEP_COUNT };

/* Whether a node has one output, and takes and gives plain arrays; incoming: the list's only item. */
static int is_frequent_step(PyObject *const *args, Py_ssize_t count, PyObject **incoming)
{
    if (count != STEP_COUNT || !PyObject_TypeCheck(args[S_NODE], node_type) || !PyLong_Check(args[S_CALL]) ||
        !PyList_CheckExact(args[S_INCOMING]) || PyList_GET_SIZE(args[S_INCOMING]) != 1 ||
        !PyTuple_CheckExact(args[S_OUTGOING]) || !PyLong_Check(args[S_STARTED])) {
        return 0;
    }
    PyObject *edges = slot(args[S_NODE], node_edges);
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
        if (edge != Py_None && !PyObject_TypeCheck(edge, node_type)) { /* an Edge: of a node with several outputs */
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
    PyObject *edges = Py_NewRef(slot(args[S_NODE], node_edges));
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

/* -- for what the Python does ------------------------------------------------------------------------------------------- */

/* value(array, on_its_way=False): (flags, meta, buffer, value); a tensor's own, too. */
PyObject *scribe_value(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Scribe *scribe = (Scribe *)self;
    PyObject *array = count > 0 ? args[0] : Py_None;
    if (PyObject_TypeCheck(array, tensor_type)) {
        array = slot(array, tensor_array);
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

/* -- the engine ------------------------------------------------------------------------------------------------------- */

/* Where a slot of a class is in its objects; -1 with ImportError where it is no plain slot. */
static Py_ssize_t offset_of(PyTypeObject *type, const char *name)
{
    PyObject *member = PyObject_GetAttrString((PyObject *)type, name);
    Py_ssize_t offset = -1;
    if (member != NULL && Py_TYPE(member) == &PyMemberDescr_Type) {
        PyMemberDef *definition = ((PyMemberDescrObject *)member)->d_member;
        offset = definition->type == T_OBJECT_EX ? definition->offset : -1;
    }
    Py_XDECREF(member);
    if (offset < 0) {
        PyErr_Format(PyExc_ImportError, "%s.%s is no slot: without the C twin, then", type->tp_name, name);
    }
    return offset;
}

/* A new reference to module.name. */
static PyObject *imported(const char *module_name, const char *name)
{
    PyObject *module = PyImport_ImportModule(module_name);
    PyObject *found = module == NULL ? NULL : PyObject_GetAttrString(module, name);
    Py_XDECREF(module);
    return found;
}

/* A class of the engine's: a new reference. */
static PyTypeObject *class_of(const char *module_name, const char *name)
{
    PyObject *found = imported(module_name, name);
    if (found != NULL && !PyType_Check(found)) {
        PyErr_Format(PyExc_ImportError, "%s.%s is no class", module_name, name);
        Py_CLEAR(found);
    }
    return (PyTypeObject *)found;
}

int scribe_ready(void)
{
    op_type = class_of("gradviz.engine.op", "Op");
    tensor_type = class_of("gradviz.engine.tensor", "Tensor");
    node_type = class_of("gradviz.engine.node", "Node");
    accumulate_type = class_of("gradviz.engine.node", "AccumulateGrad");
    mode = imported("gradviz.engine.switches", "mode");
    if (!op_type || !tensor_type || !node_type || !accumulate_type || !mode) {
        return -1;
    }
    next_serial = PyObject_GetAttrString(mode, "next_serial");
    return next_serial == NULL || (tensor_array = offset_of(tensor_type, "_array")) < 0 ||
        (tensor_edge = offset_of(tensor_type, "_edge")) < 0 ||
        (tensor_requires_grad = offset_of(tensor_type, "_requires_grad")) < 0 ||
        (tensor_serial = offset_of(tensor_type, "_serial")) < 0 || (node_edges = offset_of(node_type, "_edges")) < 0 ||
        (node_run = offset_of(node_type, "_run")) < 0 || (node_saved = offset_of(node_type, "_saved")) < 0 ||
        (mode_grad = offset_of(Py_TYPE(mode), "grad")) < 0 ? -1 : 0;
}
