/* Quick: an op's call in the frequent case, the twin of the code that call_code.py writes.

   The generated Python asks it first and goes on by itself where it answers None: for another device, mixed dtypes,
   a complaint of NumPy's, views of changed buffers, and wherever somebody looks at each new node. Nothing has happened
   then that the Python would do a second time, but for the forward itself, which changes nothing. */

#include "quick.h"
#include <stddef.h>

/* -- the frequent case, or not -------------------------------------------------------------------------- */

/* The inputs' arrays, new references; 0 where Python has to look at them. */
static int
take_arrays(Quick *quick, PyObject *const *inputs, PyObject **arrays)
{
    for (int i = 0; i < quick->inputs; i++)
        arrays[i] = slot(inputs[i], at.array);
    PyArray_Descr *dtype = PyArray_DESCR((PyArrayObject *)arrays[0]);
    if (quick->floating && dtype->kind != 'f')
        return 0;
    if (quick->one_dtype)
        for (int i = 1; i < quick->inputs; i++)
            if (PyArray_DESCR((PyArrayObject *)arrays[i]) != dtype)
                return 0;
    for (int i = 0; i < quick->inputs; i++)
        Py_INCREF(arrays[i]);
    return 1;
}

/* The forward's result as an array; NULL with an error, or without one where Python has to explain it. */
static PyObject *
computed(Quick *quick, PyObject *const *args, PyObject **arrays)
{
    PyObject *given[1 + MOST_INPUTS + MOST_SETTINGS], *planned[MOST_OUTPUTS];
    PyObject *const *settings = args + quick->inputs;
    Plan *plan = plan_for(&quick->plans, settings, quick->settings);
    if (plan != NULL && run_plan(plan, arrays, quick->inputs, planned) > 0)
        return planned[0];
    if (PyErr_Occurred())
        return NULL;
    given[0] = world.numpy;
    for (int i = 0; i < quick->inputs; i++)
        given[1 + i] = arrays[i];
    for (int i = 0; i < quick->settings; i++)
        given[1 + quick->inputs + i] = settings[i];
    PyObject *result = PyObject_Vectorcall(quick->forward, given, 1 + quick->inputs,
                                           quick->settings ? quick->setting_names : NULL);
    if (result == NULL) {
        if (PyErr_ExceptionMatches(PyExc_RuntimeWarning) || PyErr_ExceptionMatches(PyExc_ValueError) ||
            PyErr_ExceptionMatches(PyExc_IndexError))
            PyErr_Clear();
        return NULL;
    }
    if (is_array(result))
        return result;
    PyObject *array;
    if (PyArray_IsScalar(result, Floating))
        array = PyArray_FromScalar(result, NULL);
    else
        array = PyObject_CallOneArg(world.as_array, result);
    Py_DECREF(result);
    return array;
}

/* -- the call ------------------------------------------------------------------------------------------- */

static int
tell(Quick *quick, PyObject *observer, PyObject *out, PyObject *const *args, PyObject *node, PyObject *started)
{
    PyObject *told = PyDict_New(), *inputs = PyTuple_New(quick->inputs), *heard = NULL;
    if (told != NULL && inputs != NULL) {
        for (int i = 0; i < quick->inputs; i++)
            PyTuple_SET_ITEM(inputs, i, Py_NewRef(args[i]));
        int failed = 0;
        for (int i = 0; i < quick->settings && !failed; i++)
            failed = PyDict_SetItem(told, PyTuple_GET_ITEM(quick->setting_names, i), args[quick->inputs + i]) < 0;
        if (!failed) {
            PyObject *given[] = {observer, quick->op, out, inputs, node == NULL ? Py_None : node, told, started};
            heard = PyObject_VectorcallMethod(names.forward, given, 7, NULL);
        }
    }
    Py_XDECREF(told);
    Py_XDECREF(inputs);
    Py_XDECREF(heard);
    return heard == NULL ? -1 : 0;
}

/* The output around an array, joined to the graph; takes over the array's reference. */
static PyObject *
finished(Quick *quick, PyObject *const *args, PyObject **arrays, PyObject *result, PyObject *started)
{
    PyObject *out = new_tensor(result), *node = NULL;
    if (out == NULL)
        return NULL;
    if (quick->view) {
        PyObject *viewed = slot(args[0], at.viewed);
        refill(out, at.viewed, Py_NewRef(viewed == Py_None ? args[0] : viewed));
    }
    if (quick->node_class != NULL && slot(world.mode, at.grad_mode) == Py_True) {
        int mask = asking(quick, args);
        if (mask < 0 || (mask && (node = new_node(quick, args, arrays, result, mask)) == NULL)) {
            Py_DECREF(out);
            return NULL;
        }
        if (mask) {
            refill(out, at.edge, Py_NewRef(node));
            refill(out, at.requires_grad, Py_NewRef(Py_True));
        }
    }
    PyObject *observer = started == NULL ? NULL : Py_NewRef(slot(world.mode, at.observer));
    if (observer != NULL && observer != Py_None && tell(quick, observer, out, args, node, started) < 0)
        Py_CLEAR(out);
    Py_XDECREF(observer);
    Py_XDECREF(node);
    return out;
}

static PyObject *
call(PyObject *self, PyObject *const *args, size_t flags, PyObject *keywords)
{
    Quick *quick = (Quick *)self;
    PyObject *given[MOST_INPUTS + MOST_SETTINGS], *arrays[MOST_INPUTS];
    PyObject *grad = slot(world.mode, at.grad_mode);
    if (PyVectorcall_NARGS(flags) != quick->inputs + quick->settings || keywords != NULL) {
        PyErr_SetString(PyExc_TypeError, "Quick takes an op's inputs and settings, each by position");
        return NULL;
    }
    if (PyList_GET_SIZE(world.births) || (grad != Py_True && (grad != Py_False || quick->view)) ||
        (grad == Py_True && PyDict_GET_SIZE(world.forks)) || !take_inputs(quick, args, given))
        Py_RETURN_NONE;
    if (!take_arrays(quick, given, arrays)) {
        let_go(given, quick->inputs);
        Py_RETURN_NONE;
    }
    for (int i = 0; i < quick->settings; i++) /* behind the inputs, as in the call */
        given[quick->inputs + i] = args[quick->inputs + i];
    PyObject *started = NULL, *out = NULL;
    int failed = slot(world.mode, at.observer) != Py_None && (started = PyObject_CallNoArgs(world.clock)) == NULL;
    PyObject *result = failed ? NULL : computed(quick, given, arrays);
    if (result != NULL)
        out = finished(quick, given, arrays, result, started);
    let_go(arrays, quick->inputs);
    let_go(given, quick->inputs);
    Py_XDECREF(started);
    if (out == NULL && !PyErr_Occurred())
        Py_RETURN_NONE;
    return out;
}

/* -- the type ------------------------------------------------------------------------------------------- */

static int
read_pairs(PyObject *pairs, int most, int *count, int (*into)[2])
{
    if (!PyTuple_Check(pairs) || PyTuple_GET_SIZE(pairs) > most) {
        PyErr_SetString(PyExc_ValueError, "Quick: too many saved tensors or settings of a node");
        return -1;
    }
    *count = (int)PyTuple_GET_SIZE(pairs);
    for (int k = 0; k < *count; k++)
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(pairs, k), "ii", &into[k][0], &into[k][1]))
            return -1;
    return 0;
}

static PyObject *
make(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    PyObject *op, *forward, *node_class, *setting_names, *differentiable, *saved, *kept, *runs, *fitting, *planner;
    int inputs, numbers, one_dtype, floating, view, fits, pairs[MOST_KEPT][2];
    if (!PyArg_ParseTuple(args, "OOOipO!pppO!OOiO!O!O:Quick", &op, &forward, &node_class, &inputs, &numbers, &PyTuple_Type,
                          &setting_names, &one_dtype, &floating, &view, &PyTuple_Type, &differentiable, &saved, &kept,
                          &fits, &PyTuple_Type, &runs, &PyTuple_Type, &fitting, &planner))
        return NULL;
    Py_ssize_t wanted = PyTuple_GET_SIZE(differentiable), masks = wanted ? (Py_ssize_t)1 << wanted : 0;
    if (inputs < 1 || inputs > MOST_INPUTS || PyTuple_GET_SIZE(setting_names) > MOST_SETTINGS || wanted > inputs ||
        PyTuple_GET_SIZE(runs) != masks || PyTuple_GET_SIZE(fitting) != masks) {
        PyErr_SetString(PyExc_ValueError, "Quick: too many inputs or settings, or runs that don't match them");
        return NULL;
    }
    Quick *quick = (Quick *)type->tp_alloc(type, 0);
    if (quick == NULL)
        return NULL;
    quick->vectorcall = call;
    quick->op = Py_NewRef(op);
    quick->forward = Py_NewRef(forward);
    quick->node_class = node_class == Py_None ? NULL : (PyTypeObject *)Py_NewRef(node_class);
    quick->setting_names = Py_NewRef(setting_names);
    quick->runs = Py_NewRef(runs);
    quick->fitting = Py_NewRef(fitting);
    quick->plans.planner = planner == Py_None ? NULL : Py_NewRef(planner);
    quick->inputs = inputs;
    quick->numbers = numbers;
    quick->settings = (int)PyTuple_GET_SIZE(setting_names);
    quick->one_dtype = one_dtype;
    quick->floating = floating;
    quick->view = view;
    quick->fits = fits;
    quick->wanted = (int)wanted;
    for (int k = 0; k < quick->wanted; k++)
        quick->differentiable[k] = (int)PyLong_AsLong(PyTuple_GET_ITEM(differentiable, k));
    int bad = read_pairs(saved, MOST_SAVED, &quick->saved, pairs) < 0;
    for (int k = 0; k < quick->saved && !bad; k++) {
        quick->save[k].source = pairs[k][0];
        quick->save[k].user = pairs[k][1];
    }
    bad = bad || read_pairs(kept, MOST_KEPT, &quick->kept, pairs) < 0;
    for (int k = 0; k < quick->kept && !bad; k++) {
        quick->keep[k].kind = pairs[k][0];
        quick->keep[k].of = pairs[k][1];
    }
    if (bad || PyErr_Occurred())
        Py_CLEAR(quick);
    return (PyObject *)quick;
}

static void
drop(PyObject *self)
{
    Quick *quick = (Quick *)self;
    drop_plans(&quick->plans);
    Py_XDECREF(quick->op);
    Py_XDECREF(quick->forward);
    Py_XDECREF(quick->node_class);
    Py_XDECREF(quick->setting_names);
    Py_XDECREF(quick->runs);
    Py_XDECREF(quick->fitting);
    Py_TYPE(self)->tp_free(self);
}

PyTypeObject QuickType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "gradviz.engine._engine.Quick",
    .tp_doc = "An op's call in the frequent case; None where Python has to see to it.",
    .tp_basicsize = sizeof(Quick),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_vectorcall_offset = offsetof(Quick, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_new = make,
    .tp_dealloc = drop,
};
