/* The engine's classes, and where their slots are. */

#include "record.h"
#include <structmember.h>

struct Engine engine;

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

PyObject *imported(const char *module_name, const char *name)
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

int engine_ready(void)
{
    engine.op_type = class_of("gradviz.engine.op", "Op");
    engine.tensor_type = class_of("gradviz.engine.tensor", "Tensor");
    engine.number_type = class_of("gradviz.engine.tensor", "Number");
    engine.node_type = class_of("gradviz.engine.node", "Node");
    engine.accumulate_type = class_of("gradviz.engine.node", "AccumulateGrad");
    engine.mode = imported("gradviz.engine.switches", "mode");
    engine.changed = imported("gradviz.engine.versions", "changed");
    PyTypeObject *stamps = class_of("gradviz.engine.versions", "Stamps");
    if (!engine.op_type || !engine.tensor_type || !engine.number_type || !engine.node_type || !engine.accumulate_type ||
        !engine.mode || !engine.changed || !stamps || (engine.next_serial = PyObject_GetAttrString(engine.mode, "next_serial")) == NULL) {
        return -1;
    }
    const struct {
        PyTypeObject *type;
        const char *name;
        Py_ssize_t *offset;
    } slots[] = {
        {engine.tensor_type, "_array", &engine.tensor_array},
        {engine.tensor_type, "_edge", &engine.tensor_edge},
        {engine.tensor_type, "_requires_grad", &engine.tensor_requires_grad},
        {engine.tensor_type, "_grad", &engine.tensor_grad},
        {engine.tensor_type, "_viewed", &engine.tensor_viewed},
        {engine.tensor_type, "_serial", &engine.tensor_serial},
        {engine.number_type, "value", &engine.number_value},
        {engine.node_type, "_edges", &engine.node_edges},
        {engine.node_type, "_run", &engine.node_run},
        {engine.node_type, "_saved", &engine.node_saved},
        {engine.accumulate_type, "variable", &engine.accumulate_variable},
        {Py_TYPE(engine.mode), "grad", &engine.mode_grad},
        {stamps, "older", &engine.older},
        {stamps, "newest", &engine.newest},
    };
    for (size_t k = 0; k < sizeof slots / sizeof *slots; k++) {
        *slots[k].offset = offset_of(slots[k].type, slots[k].name);
        if (*slots[k].offset < 0) {
            return -1;
        }
    }
    return 0;
}
