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

/* Fills in a Scribe; -1 with an exception. */
static int taken(Scribe *scribe, PyObject *recorder, PyObject *numbers, PyObject *places)
{
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
    scribe->forward = PyObject_GetAttrString(recorder, "forward");
    scribe->step = PyObject_GetAttrString(recorder, "step");
    scribe->value = PyObject_GetAttrString(recorder, "_value");
    scribe->tensor = PyObject_GetAttrString(recorder, "_tensor");
    scribe->node_number = PyObject_GetAttrString(recorder, "_node_number");
    scribe->call = PyObject_GetAttrString(recorder, "_call");
    scribe->met_number = PyObject_GetAttrString(recorder, "_met_number");
    scribe->encoded = PyObject_GetAttrString(recorder, "_encoded");
    scribe->meta = PyObject_GetAttrString(numbers, "meta");
    scribe->within = PyObject_GetAttrString(places, "within");
    scribe->origin = PyObject_GetAttrString(places, "origin");
    scribe->is_ours = PyObject_GetAttrString(places, "_is_ours");
    scribe->ours = part_at(places, "_ours", &PyDict_Type);
    scribe->calls = part_at(places, "_calls", &PyList_Type);
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
    PyObject *numbers = PyObject_GetAttrString(recorder, "_numbers");
    PyObject *places = numbers == NULL ? NULL : PyObject_GetAttrString(recorder, "_places");
    Scribe *scribe = places == NULL ? NULL : (Scribe *)type->tp_alloc(type, 0);
    if (scribe != NULL && taken(scribe, recorder, numbers, places) < 0) {
        Py_CLEAR(scribe);
    }
    Py_XDECREF(numbers);
    Py_XDECREF(places);
    return (PyObject *)scribe;
}

static int scribe_traverse(PyObject *self, visitproc visit, void *arg)
{
    Scribe *scribe = (Scribe *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(scribe->writer);
    Py_VISIT(scribe->buffers);
    Py_VISIT(scribe->nodes);
    Py_VISIT(scribe->forward);
    Py_VISIT(scribe->step);
    Py_VISIT(scribe->value);
    Py_VISIT(scribe->tensor);
    Py_VISIT(scribe->node_number);
    Py_VISIT(scribe->call);
    Py_VISIT(scribe->met_number);
    Py_VISIT(scribe->encoded);
    Py_VISIT(scribe->meta);
    Py_VISIT(scribe->within);
    Py_VISIT(scribe->origin);
    Py_VISIT(scribe->is_ours);
    Py_VISIT(scribe->ours);
    Py_VISIT(scribe->calls);
    return 0;
}

/* Breaks the cycle with the recorder, which has the methods of this; a Scribe is not called after that. */
static int scribe_clear(PyObject *self)
{
    Scribe *scribe = (Scribe *)self;
    Py_CLEAR(scribe->forward);
    Py_CLEAR(scribe->step);
    Py_CLEAR(scribe->value);
    Py_CLEAR(scribe->tensor);
    Py_CLEAR(scribe->node_number);
    Py_CLEAR(scribe->call);
    Py_CLEAR(scribe->met_number);
    Py_CLEAR(scribe->encoded);
    Py_CLEAR(scribe->meta);
    Py_CLEAR(scribe->within);
    Py_CLEAR(scribe->origin);
    Py_CLEAR(scribe->is_ours);
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
    Py_XDECREF(scribe->calls);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef scribe_methods[] = {
    {"forward", (PyCFunction)(void (*)(void))scribe_forward, METH_FASTCALL, "As Recorder.forward."},
    {"step", (PyCFunction)(void (*)(void))scribe_step, METH_FASTCALL, "As Recorder.step."},
    {"here", scribe_here, METH_NOARGS, "As Places.here."},
    {"value", (PyCFunction)(void (*)(void))scribe_value, METH_FASTCALL, "As Recorder._value."},
    {"released", (PyCFunction)(void (*)(void))scribe_released, METH_FASTCALL, "As Recorder.released."},
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
    names.blob = PyUnicode_InternFromString("blob");
    names.base = PyUnicode_InternFromString("base");
    names.title = PyUnicode_InternFromString("title");
    names.intermediates = PyUnicode_InternFromString("intermediates");
    return names.blob && names.base && names.title && names.intermediates ? 0 : -1;
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
        engine_ready() < 0 || lives_ready(module) < 0) {
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
