/* The extension module gradviz.engine._engine: the twins of an op's call (quick.c), of its backward (run.c), and
   of backward's loop (follow.c). */

#define GRADVIZ_IMPORTS_NUMPY
#include "threads.h"
#include <structmember.h> /* PyMemberDef, before Python 3.12 */

World world;
Slots at;
Names names;

PyObject *
new_tensor(PyObject *array)
{
    return new_instance(world.Tensor, array);
}

PyObject *
new_instance(PyTypeObject *class, PyObject *array)
{
    PyObject *tensor = class->tp_alloc(class, 0);
    if (tensor == NULL) {
        Py_DECREF(array);
        return NULL;
    }
    fill(tensor, at.array, array);
    fill(tensor, at.edge, Py_NewRef(Py_None));
    fill(tensor, at.requires_grad, Py_NewRef(Py_False));
    fill(tensor, at.grad, Py_NewRef(Py_None));
    fill(tensor, at.rare, Py_NewRef(Py_None));
    fill(tensor, at.viewed, Py_NewRef(Py_None));
    fill(tensor, at.serial, PyLong_FromLong(0)); /* a small int: always there */
    return tensor;
}

/* Where a class keeps the slot of this name. */
static int
look_up(PyObject *class, const char *name, Py_ssize_t *offset)
{
    PyObject *member = PyObject_GetAttrString(class, name);
    if (member == NULL)
        return -1;
    if (Py_TYPE(member) != &PyMemberDescr_Type) {
        PyErr_Format(PyExc_TypeError, "%R has no slot %s", class, name);
        Py_DECREF(member);
        return -1;
    }
    *offset = ((PyMemberDescrObject *)member)->d_member->offset;
    Py_DECREF(member);
    return 0;
}

static int
find_slots(PyObject *given)
{
    struct { const char *class, *name; Py_ssize_t *offset; } wanted[] = {
        {"Tensor", "_array", &at.array},
        {"Tensor", "_edge", &at.edge},
        {"Tensor", "_requires_grad", &at.requires_grad},
        {"Tensor", "_grad", &at.grad},
        {"Tensor", "_rare", &at.rare},
        {"Tensor", "_viewed", &at.viewed},
        {"Tensor", "_serial", &at.serial},
        {"Number", "value", &at.value},
        {"Node", "sequence_nr", &at.sequence_nr},
        {"Node", "_edges", &at.edges},
        {"Node", "_run", &at.run},
        {"Node", "_saved", &at.saved},
        {"Node", "_settings", &at.settings},
        {"Node", "_hooks", &at.hooks},
        {"AccumulateGrad", "variable", &at.variable},
        {"Rare", "accumulator", &at.accumulator},
        {"Rare", "hooks", &at.leaf_hooks},
        {"Rare", "after_hooks", &at.after_hooks},
        {"Mode", "grad", &at.grad_mode},
        {"Mode", "observer", &at.observer},
        {"Mode", "formula", &at.formula},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        PyObject *class = PyDict_GetItemString(given, wanted[i].class);
        if (class == NULL || look_up(class, wanted[i].name, wanted[i].offset) < 0)
            return -1;
    }
    return 0;
}

static int
take_given(PyObject *given)
{
    struct { const char *name; PyObject **place; } wanted[] = {
        {"Tensor", (PyObject **)&world.Tensor},
        {"Number", (PyObject **)&world.Number},
        {"Node", (PyObject **)&world.Node},
        {"AccumulateGrad", (PyObject **)&world.AccumulateGrad},
        {"Edge", (PyObject **)&world.Edge},
        {"mode", &world.mode},
        {"births", &world.births},
        {"forks", &world.forks},
        {"changed", &world.changed},
        {"RELEASED", &world.RELEASED},
        {"numpy", &world.numpy},
        {"edge_of", &world.edge_of},
        {"as_array", &world.as_array},
        {"adding", &world.adding},
        {"clock", &world.clock},
        {"numbers", &world.numbers},
        {"spoilt", &world.spoilt},
        {"taken", &world.taken},
        {"added", &world.added},
        {"bump", &world.bump},
        {"quietly", &world.quietly},
        {"fitted", &world.fitted},
        {"fitted_all", &world.fitted_all},
        {"heappush", &world.heappush},
        {"heappop", &world.heappop},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        PyObject *value = PyDict_GetItemString(given, wanted[i].name);
        if (value == NULL) {
            PyErr_Format(PyExc_KeyError, "%s", wanted[i].name);
            return -1;
        }
        Py_XSETREF(*wanted[i].place, Py_NewRef(value));
    }
    PyObject *large = PyDict_GetItemString(given, "LARGE");
    world.large = large == NULL ? 0 : PyLong_AsSsize_t(large); /* 0: Python looks after it */
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *
bind(PyObject *module, PyObject *given)
{
    if (!PyDict_Check(given)) {
        PyErr_SetString(PyExc_TypeError, "bind takes a dict");
        return NULL;
    }
    if (find_slots(given) < 0 || take_given(given) < 0)
        return NULL;
    collect_nodes();
    world.float32 = PyArray_DescrFromType(NPY_FLOAT);
    world.float64 = PyArray_DescrFromType(NPY_DOUBLE);
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"bind", bind, METH_O, "Look up the classes, slots, switches and functions in a dict of them; once, at import."},
    {"follow", (PyCFunction)(void (*)(void))follow, METH_FASTCALL,
     "follow(call, pending, heap, keep, observer): runs the nodes that wait, see backward.Backward.run."},
    {"set_threads", set_threads, METH_O, "How many threads share the work on large arrays, the caller's among them."},
    {"get_threads", get_threads, METH_NOARGS, "How many threads share the work on large arrays."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_engine", "The C twins of the engine's hottest loops.", -1, functions,
};

static int
make_names(void)
{
    struct { const char *text; PyObject **place; } wanted[] = {
        {"forward", &names.forward}, {"step", &names.step},         {"released", &names.released},
        {"unfitted", &names.unfitted}, {"_visit", &names.visit},    {"_deliver", &names.deliver},
        {"number", &names.number}, {"summed", &names.summed},
        {"before_accumulation", &names.before_accumulation}, {"accumulated", &names.accumulated},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if ((*wanted[i].place = PyUnicode_InternFromString(wanted[i].text)) == NULL)
            return -1;
    return 0;
}

PyMODINIT_FUNC
PyInit__engine(void)
{
    import_array();
    if (make_names() < 0 || PyType_Ready(&QuickType) < 0 || PyType_Ready(&RunType) < 0 || PyType_Ready(&RowsType) < 0)
        return NULL;
    if (ready_to_share() != 0)
        return PyErr_NoMemory();
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL)
        return NULL;
    if (PyModule_AddObjectRef(module, "Quick", (PyObject *)&QuickType) < 0 ||
        PyModule_AddObjectRef(module, "Run", (PyObject *)&RunType) < 0 ||
        PyModule_AddObjectRef(module, "Rows", (PyObject *)&RowsType) < 0) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
