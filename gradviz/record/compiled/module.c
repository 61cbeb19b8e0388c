/* gradviz.record._record: the classes Lives and Scribe. */

#define FILLS_ARRAY_API
#include "record.h"
#include <structmember.h>

PyTypeObject *writer_type;
struct Names names;
static PyTypeObject *scribe_type;

int64_t now_ns(void)
{
#if PY_VERSION_HEX >= 0x030D0000
    PyTime_t now;
    return PyTime_PerfCounterRaw(&now) == 0 ? now : 0;
#else
    return _PyTime_GetPerfCounter(); /* what became public as the above */
#endif
}

/* -- Scribe: what it takes from its recorder ---------------------------------------------------------------------- */

static int number_at(PyObject *recorder, const char *name, long long *number)
{
    PyObject *found = PyObject_GetAttrString(recorder, name);
    *number = found == NULL ? -1 : PyLong_AsLongLong(found);
    Py_XDECREF(found);
    return *number == -1 && PyErr_Occurred() ? -1 : 0;
}

/* An attribute of this type; a new reference, NULL with TypeError. */
static PyObject *part_at(PyObject *recorder, const char *name, PyTypeObject *type)
{
    PyObject *found = PyObject_GetAttrString(recorder, name);
    if (found != NULL && !PyObject_TypeCheck(found, type)) {
        PyErr_Format(PyExc_TypeError, "%s is a %s, not a %s", name, Py_TYPE(found)->tp_name, type->tp_name);
        Py_CLEAR(found);
    }
    return found;
}

enum { OF_RECORDER, OF_NUMBERS, OF_PLACES, OF_NAMES, PARTS }; /* whose method or attribute it is */

/* Where a Scribe has each bound method that it may call. */
static const struct {
    int part;
    const char *name;
    Py_ssize_t offset;
} methods[] = {
    {OF_RECORDER, "forward", offsetof(Scribe, forward)},
    {OF_RECORDER, "step", offsetof(Scribe, step)},
    {OF_RECORDER, "mutated", offsetof(Scribe, mutated)},
    {OF_RECORDER, "assigned", offsetof(Scribe, assigned)},
    {OF_RECORDER, "before_accumulation", offsetof(Scribe, before_accumulation)},
    {OF_RECORDER, "accumulated", offsetof(Scribe, accumulated)},
    {OF_RECORDER, "keeps", offsetof(Scribe, keeps)},
    {OF_RECORDER, "entered", offsetof(Scribe, entered)},
    {OF_RECORDER, "_named", offsetof(Scribe, named)},
    {OF_RECORDER, "_value", offsetof(Scribe, value)},
    {OF_RECORDER, "_tensor", offsetof(Scribe, tensor)},
    {OF_RECORDER, "_call", offsetof(Scribe, call)},
    {OF_RECORDER, "_change", offsetof(Scribe, change)},
    {OF_RECORDER, "_met", offsetof(Scribe, met)},
    {OF_RECORDER, "_accumulating", offsetof(Scribe, accumulating)},
    {OF_RECORDER, "_encoded", offsetof(Scribe, encoded)},
    {OF_NUMBERS, "meta", offsetof(Scribe, meta)},
    {OF_PLACES, "within", offsetof(Scribe, within)},
    {OF_PLACES, "origin", offsetof(Scribe, origin)},
    {OF_PLACES, "_is_ours", offsetof(Scribe, is_ours)},
    {OF_NAMES, "name", offsetof(Scribe, module_name)},
};
enum { METHODS = sizeof methods / sizeof *methods };

static PyObject **method_at(Scribe *scribe, int k)
{
    return (PyObject **)((char *)scribe + methods[k].offset);
}

/* Fills in a Scribe from its recorder, that one's Definitions and its Places; -1 with an exception. */
static int taken(Scribe *scribe, PyObject *const *parts)
{
    PyObject *recorder = parts[OF_RECORDER];
    long long whole;
    if (number_at(recorder, "_began", &scribe->began) < 0 || number_at(recorder, "_whole", &whole) < 0 ||
        number_at(recorder, "_first_serial", &scribe->first_serial) < 0) {
        return -1;
    }
    scribe->whole = (Py_ssize_t)whole;
    scribe->known = known_new();
    scribe->writer = (Writer *)part_at(recorder, "_journal", writer_type);
    scribe->buffers = (Lives *)part_at(recorder, "_buffers", lives_type);
    scribe->nodes = (Lives *)part_at(recorder, "_nodes", lives_type);
    scribe->ours = part_at(parts[OF_PLACES], "_ours", &PyDict_Type);
    scribe->targets = part_at(parts[OF_PLACES], "_targets", &PyDict_Type);
    scribe->parts = part_at(parts[OF_NAMES], "_parts", &PyDict_Type);
    scribe->calls = part_at(parts[OF_PLACES], "_calls", &PyList_Type);
    scribe->changes = PyDict_New();
    for (int k = 0; k < METHODS; k++) {
        *method_at(scribe, k) = PyObject_GetAttrString(parts[methods[k].part], methods[k].name);
    }
    if (scribe->known == NULL && !PyErr_Occurred()) {
        PyErr_NoMemory();
    }
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *scribe_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *recorder;
    if (!PyArg_ParseTuple(args, "O:Scribe", &recorder)) {
        return NULL;
    }
    PyObject *parts[PARTS] = {Py_NewRef(recorder), PyObject_GetAttrString(recorder, "_numbers")};
    parts[OF_PLACES] = parts[OF_NUMBERS] == NULL ? NULL : PyObject_GetAttrString(recorder, "_places");
    parts[OF_NAMES] = parts[OF_PLACES] == NULL ? NULL : PyObject_GetAttrString(parts[OF_PLACES], "_names");
    Scribe *scribe = parts[OF_NAMES] == NULL ? NULL : (Scribe *)type->tp_alloc(type, 0);
    if (scribe != NULL && taken(scribe, parts) < 0) {
        Py_CLEAR(scribe);
    }
    for (int k = 0; k < PARTS; k++) {
        Py_XDECREF(parts[k]);
    }
    return (PyObject *)scribe;
}

static int scribe_traverse(PyObject *self, visitproc visit, void *arg)
{
    Scribe *scribe = (Scribe *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(scribe->writer);
    Py_VISIT(scribe->buffers);
    Py_VISIT(scribe->nodes);
    for (int k = 0; k < METHODS; k++) {
        Py_VISIT(*method_at(scribe, k));
    }
    Py_VISIT(scribe->ours);
    Py_VISIT(scribe->targets);
    Py_VISIT(scribe->parts);
    Py_VISIT(scribe->calls);
    Py_VISIT(scribe->changes);
    return 0;
}

/* Breaks the cycle with the recorder, which has the methods of this; a Scribe is not called after that. */
static int scribe_clear(PyObject *self)
{
    Scribe *scribe = (Scribe *)self;
    for (int k = 0; k < METHODS; k++) {
        Py_CLEAR(*method_at(scribe, k));
    }
    return 0;
}

static void scribe_dealloc(PyObject *self)
{
    Scribe *scribe = (Scribe *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    scribe_clear(self);
    if (scribe->known != NULL) {
        known_free(scribe->known);
    }
    Py_XDECREF(scribe->writer);
    Py_XDECREF(scribe->buffers);
    Py_XDECREF(scribe->nodes);
    Py_XDECREF(scribe->ours);
    Py_XDECREF(scribe->targets);
    Py_XDECREF(scribe->parts);
    Py_XDECREF(scribe->calls);
    Py_XDECREF(scribe->changes);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef scribe_methods[] = {
    {"forward", (PyCFunction)(void (*)(void))scribe_forward, METH_FASTCALL, "As Recorder.forward."},
    {"step", (PyCFunction)(void (*)(void))scribe_step, METH_FASTCALL, "As Recorder.step."},
    {"_here", scribe_here, METH_NOARGS, "As Places.here."},
    {"_value", (PyCFunction)(void (*)(void))scribe_value, METH_FASTCALL, "As Recorder._value."},
    {"released", (PyCFunction)(void (*)(void))scribe_released, METH_FASTCALL, "As Recorder.released."},
    {"entered", (PyCFunction)(void (*)(void))scribe_entered, METH_FASTCALL, "As Recorder.entered."},
    {"left", scribe_left, METH_O, "As Recorder.left."},
    {"mutated", (PyCFunction)(void (*)(void))scribe_mutated, METH_FASTCALL, "As Recorder.mutated."},
    {"assigned", scribe_assigned, METH_O, "As Recorder.assigned."},
    {"before_accumulation", scribe_before_accumulation, METH_O, "As Recorder.before_accumulation."},
    {"accumulated", (PyCFunction)(void (*)(void))scribe_accumulated, METH_FASTCALL, "As Recorder.accumulated."},
    {"keeps", scribe_keeps, METH_O, "As Recorder.keeps."},
    {"_node_number", scribe_node_number, METH_O, "As Recorder._node_number."},
    {"_tensor", (PyCFunction)(void (*)(void))scribe_tensor, METH_FASTCALL, "As Recorder._tensor."},
    {NULL},
};

static PyType_Slot scribe_slots[] = {
    {Py_tp_doc, "Writes the rows of what happens most; the recorder has its methods as its own."},
    {Py_tp_new, scribe_new},
    {Py_tp_dealloc, scribe_dealloc},
    {Py_tp_traverse, scribe_traverse},
    {Py_tp_clear, scribe_clear},
    {Py_tp_methods, scribe_methods},
    {0, NULL},
};

static PyType_Spec scribe_spec = {
    .name = "gradviz.record._record.Scribe",
    .basicsize = sizeof(Scribe),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = scribe_slots,
};

/* -- the module --------------------------------------------------------------------------------------------------- */

static int names_ready(void)
{
    PyObject *events = PyImport_ImportModule("gradviz.trace.events");
    if (events == NULL) {
        return -1;
    }
    names = (struct Names){
        PyUnicode_InternFromString("blob"), PyUnicode_InternFromString("base"), PyUnicode_InternFromString("title"),
        PyUnicode_InternFromString("intermediates"), PyUnicode_InternFromString(""), PyTuple_New(0),
        {PyObject_GetAttrString(events, "NUMBER"), PyObject_GetAttrString(events, "GRAD"),
         PyObject_GetAttrString(events, "UNSEEN"), PyObject_GetAttrString(events, "SHARED")},
        PyUnicode_InternFromString("_running"),
    };
    Py_DECREF(events);
    return PyErr_Occurred() ? -1 : 0;
}

/* The class whose struct is in writer.h. */
static int writer_ready(void)
{
    PyObject *module = PyImport_ImportModule("gradviz.trace._trace");
    writer_type = module == NULL ? NULL : (PyTypeObject *)PyObject_GetAttrString(module, "Writer");
    Py_XDECREF(module);
    if (writer_type != NULL && writer_type->tp_basicsize != sizeof(Writer)) {
        PyErr_SetString(PyExc_ImportError, "gradviz.trace._trace was built from another writer.h");
        return -1;
    }
    return writer_type == NULL ? -1 : 0;
}

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "gradviz.record._record", .m_doc = "The recorder's frequent cases, compiled.",
    .m_size = -1,
};

PyMODINIT_FUNC PyInit__record(void)
{
    import_array();
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL || names_ready() < 0 || writer_ready() < 0 || known_ready() < 0 || summary_ready() < 0 ||
        engine_ready() < 0 || calls_ready() < 0 || lives_ready(module) < 0) {
        Py_XDECREF(module);
        return NULL;
    }
    scribe_type = (PyTypeObject *)PyType_FromSpec(&scribe_spec);
    if (scribe_type == NULL || PyModule_AddObjectRef(module, "Scribe", (PyObject *)scribe_type) < 0) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
