/* Run: an op's backward for one pattern of inputs, the twin of the code that run_code.py writes.

   It goes by a plan where gradient, saved tensors and settings are what one is for, and asks the Python otherwise. */

#include "plan.h"
#include <stddef.h>
#include <structmember.h>

#define MOST_INPUTS 12

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *function; /* the Python */
    PyObject *unfitted; /* the run that leaves its gradients' shapes alone; NULL: it is this one */
    int mask, saved, settings;
    char fits;
    Plans plans;
} Run;

/* Whether a gradient has the shape and dtype that stand behind the settings. */
static int
has_form(PyObject *gradient, PyObject *shape, PyObject *dtype)
{
    PyArrayObject *array = (PyArrayObject *)gradient;
    if ((PyObject *)PyArray_DESCR(array) != dtype || !PyTuple_CheckExact(shape) ||
        PyTuple_GET_SIZE(shape) != PyArray_NDIM(array))
        return 0;
    for (int k = 0; k < PyArray_NDIM(array); k++)
        if (PyLong_AsSsize_t(PyTuple_GET_ITEM(shape, k)) != PyArray_DIM(array, k))
            return 0;
    return 1;
}

/* The gradients as a tuple, brought to their inputs' shapes; takes over the references. */
static PyObject *
gathered(Run *run, PyObject **gradients, int count, PyObject *settings)
{
    PyObject *tuple = PyTuple_New(count);
    for (int k = 0; k < count; k++) {
        PyObject *each = gradients[k] == NULL ? Py_NewRef(Py_None) : gradients[k];
        if (tuple != NULL && run->fits && each != Py_None) {
            PyObject *shape = PyTuple_GET_ITEM(settings, run->settings + 2 * k);
            PyObject *dtype = PyTuple_GET_ITEM(settings, run->settings + 2 * k + 1);
            PyObject *given[] = {each, shape, dtype, Py_None};
            if (!has_form(each, shape, dtype)) {
                PyObject *fitted = PyObject_Vectorcall(world.fitted, given, 4, NULL);
                Py_DECREF(each);
                each = fitted;
            }
        }
        if (tuple == NULL || each == NULL) {
            Py_XDECREF(each);
            Py_CLEAR(tuple);
        }
        else
            PyTuple_SET_ITEM(tuple, k, each);
    }
    return tuple;
}

static PyObject *
call(PyObject *self, PyObject *const *args, size_t flags, PyObject *keywords)
{
    Run *run = (Run *)self;
    if (PyVectorcall_NARGS(flags) == 4 && keywords == NULL && args[3] == Py_None && has_dims(args[0]) &&
        PyTuple_CheckExact(args[1]) && PyTuple_GET_SIZE(args[1]) == run->saved && PyTuple_CheckExact(args[2]) &&
        PyTuple_GET_SIZE(args[2]) >= run->settings) {
        PyObject *inputs[1 + MOST_INPUTS], *outputs[MOST_OUTPUTS];
        Plan *plan = plan_for(&run->plans, &PyTuple_GET_ITEM(args[2], 0), run->settings);
        inputs[0] = args[0];
        for (int k = 0; k < run->saved; k++)
            inputs[1 + k] = PyTuple_GET_ITEM(args[1], k);
        int done = plan == NULL ? 0 : run_plan(plan, inputs, 1 + run->saved, outputs);
        if (done > 0)
            return gathered(run, outputs, outputs_of(plan), args[2]);
        if (PyErr_Occurred())
            return NULL;
    }
    return PyObject_Vectorcall(run->function, args, flags, keywords);
}

static PyObject *
make(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    PyObject *function, *unfitted, *planner;
    int mask, fits, saved, settings;
    if (!PyArg_ParseTuple(args, "OOOipii:Run", &function, &unfitted, &planner, &mask, &fits, &saved, &settings))
        return NULL;
    if (saved > MOST_INPUTS) {
        PyErr_SetString(PyExc_ValueError, "Run: too many saved tensors");
        return NULL;
    }
    Run *run = (Run *)type->tp_alloc(type, 0);
    if (run == NULL)
        return NULL;
    run->vectorcall = call;
    run->function = Py_NewRef(function);
    run->unfitted = unfitted == Py_None ? NULL : Py_NewRef(unfitted);
    run->plans.planner = Py_NewRef(planner);
    run->mask = mask;
    run->fits = (char)fits;
    run->saved = saved;
    run->settings = settings;
    return (PyObject *)run;
}

static void
drop(PyObject *self)
{
    Run *run = (Run *)self;
    drop_plans(&run->plans);
    Py_XDECREF(run->function);
    Py_XDECREF(run->unfitted);
    Py_TYPE(self)->tp_free(self);
}

static PyObject *
unfitted(PyObject *self, void *unused)
{
    return Py_NewRef(((Run *)self)->unfitted == NULL ? self : ((Run *)self)->unfitted);
}

static PyMemberDef members[] = {
    {"mask", T_INT, offsetof(Run, mask), READONLY, "bit i: the gradient of differentiable input i is asked for"},
    {"fits", T_BOOL, offsetof(Run, fits), READONLY, "whether gradients are brought to their inputs' shapes"},
    {"__wrapped__", T_OBJECT, offsetof(Run, function), READONLY, "the generated Python"},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef computed[] = {
    {"unfitted", unfitted, NULL, "The run that leaves its gradients' shapes alone.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyTypeObject RunType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "gradviz.engine._engine.Run",
    .tp_doc = "An op's backward for one pattern of inputs.",
    .tp_basicsize = sizeof(Run),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_vectorcall_offset = offsetof(Run, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_members = members,
    .tp_getset = computed,
    .tp_new = make,
    .tp_dealloc = drop,
};
