/* The node that an op's call leaves in the graph: its edges, what it saves, its settings. */

#include "quick.h"

/* Bit k: differentiable input k requires grad; -1 with an error. */
int
asking(Quick *quick, PyObject *const *args)
{
    int mask = 0;
    for (int k = 0; k < quick->wanted; k++) {
        PyObject *flag = slot(args[quick->differentiable[k]], at.requires_grad);
        int asks = flag == Py_True ? 1 : flag == Py_False ? 0 : PyObject_IsTrue(flag);
        if (asks < 0)
            return -1;
        mask |= asks << k;
    }
    return mask;
}

/* The AccumulateGrad that a leaf refers to weakly, or NULL: without an error where there is none. */
static PyObject *
accumulator_of(PyObject *leaf)
{
    PyObject *rare = slot(leaf, at.rare), *found = NULL;
    if (rare == Py_None)
        return NULL;
    PyObject *weak = slot(rare, at.accumulator);
    if (weak == NULL || weak == Py_None)
        return NULL;
#if PY_VERSION_HEX >= 0x030D0000
    if (PyWeakref_GetRef(weak, &found) < 0)
        return NULL;
#else
    found = PyWeakref_GetObject(weak);
    if (found == NULL || found == Py_None)
        return NULL;
    Py_INCREF(found);
#endif
    return found;
}

/* Where the gradient of an input goes. */
static PyObject *
edge_of(PyObject *tensor)
{
    PyObject *edge = slot(tensor, at.edge);
    if (edge != Py_None)
        return Py_NewRef(edge);
    edge = accumulator_of(tensor);
    if (edge != NULL || PyErr_Occurred())
        return edge;
    return PyObject_CallOneArg(world.edge_of, tensor);
}

static PyObject *
edges_of(Quick *quick, PyObject *const *args, int mask)
{
    PyObject *edges = PyTuple_New(quick->wanted);
    if (edges == NULL)
        return NULL;
    /* from the last to the first, so that the first input's AccumulateGrad is the newest, as in PyTorch */
    for (int k = quick->wanted - 1; k >= 0; k--) {
        PyObject *edge = mask >> k & 1 ? edge_of(args[quick->differentiable[k]]) : Py_NewRef(Py_None);
        if (edge == NULL) {
            Py_DECREF(edges);
            return NULL;
        }
        PyTuple_SET_ITEM(edges, k, edge);
    }
    PyObject_GC_UnTrack(edges); /* the collector finds what is in it by way of the node: see collected.c */
    return edges;
}

static PyObject *
saved_of(Quick *quick, PyObject *const *args, PyObject **arrays, PyObject *result, int mask)
{
    PyObject *saved = PyTuple_New(quick->saved);
    if (saved == NULL)
        return NULL;
    for (int k = 0; k < quick->saved; k++) {
        int source = quick->save[k].source, user = quick->save[k].user;
        PyObject *value;
        if (user >= 0 && !(mask >> user & 1))
            value = Py_None;
        else if (source < 0)
            value = result;
        else if (Py_TYPE(args[source]) == world.Number)
            value = slot(args[source], at.value);
        else
            value = arrays[source];
        PyTuple_SET_ITEM(saved, k, Py_NewRef(value));
    }
    untrack_plain(saved);
    return saved;
}

static PyObject *
shape_of(PyObject *array)
{
    PyObject *shape = PyArray_IntTupleFromIntp(PyArray_NDIM((PyArrayObject *)array), PyArray_DIMS((PyArrayObject *)array));
    if (shape != NULL)
        untrack_plain(shape);
    return shape;
}

/* In elements, as PyTorch counts them. */
static PyObject *
strides_of(PyObject *array)
{
    npy_intp steps[NPY_MAXDIMS], size = PyArray_ITEMSIZE((PyArrayObject *)array);
    int count = PyArray_NDIM((PyArrayObject *)array);
    for (int k = 0; k < count; k++) /* rounded down, as // does */
        steps[k] = PyArray_STRIDE((PyArrayObject *)array, k) / size - (PyArray_STRIDE((PyArrayObject *)array, k) % size < 0);
    return PyArray_IntTupleFromIntp(count, steps);
}

/* What the vjps ask for beside saved tensors; where gradients will have to fit, their inputs' shapes and dtypes too. */
static PyObject *
settings_of(Quick *quick, PyObject *const *args, PyObject **arrays, int fits)
{
    int count = quick->kept + (fits ? 2 * quick->wanted : 0);
    PyObject *settings = PyTuple_New(count);
    if (settings == NULL)
        return NULL;
    for (int k = 0; k < count; k++) {
        PyObject *value;
        if (k >= quick->kept) {
            int place = k - quick->kept;
            PyObject *array = arrays[quick->differentiable[place / 2]];
            value = place % 2 ? Py_NewRef((PyObject *)PyArray_DESCR((PyArrayObject *)array)) : shape_of(array);
        }
        else {
            int of = quick->keep[k].of;
            switch (quick->keep[k].kind) {
            case SETTING: value = Py_NewRef(args[quick->inputs + of]); break;
            case SHAPE: value = shape_of(arrays[of]); break;
            case STRIDES: value = strides_of(arrays[of]); break;
            case SIZE: value = PyLong_FromSsize_t(PyArray_SIZE((PyArrayObject *)arrays[of])); break;
            default: value = PyLong_FromLong(PyArray_NDIM((PyArrayObject *)arrays[of]));
            }
        }
        if (value == NULL) {
            Py_DECREF(settings);
            return NULL;
        }
        PyTuple_SET_ITEM(settings, k, value);
    }
    untrack_plain(settings);
    return settings;
}

static int
are_unlike(Quick *quick, PyObject **arrays)
{
    PyArrayObject *first = (PyArrayObject *)arrays[0];
    for (int i = 1; i < quick->inputs; i++) {
        PyArrayObject *other = (PyArrayObject *)arrays[i];
        if (PyArray_NDIM(other) != PyArray_NDIM(first) ||
            !PyArray_CompareLists(PyArray_DIMS(other), PyArray_DIMS(first), PyArray_NDIM(first)))
            return 1;
    }
    return 0;
}

PyObject *
new_node(Quick *quick, PyObject *const *args, PyObject **arrays, PyObject *result, int mask)
{
    int fits = quick->fits == ALWAYS || (quick->fits == UNLIKE && are_unlike(quick, arrays));
    PyObject *edges = NULL, *saved = NULL, *settings = NULL, *number = NULL, *node = NULL;
    if ((edges = edges_of(quick, args, mask)) && (saved = saved_of(quick, args, arrays, result, mask)) &&
        (settings = settings_of(quick, args, arrays, fits)) && (number = Py_TYPE(world.numbers)->tp_iternext(world.numbers)) &&
        (node = quick->node_class->tp_alloc(quick->node_class, 0))) {
        fill(node, at.edges, edges);
        fill(node, at.saved, saved);
        fill(node, at.settings, settings);
        fill(node, at.sequence_nr, number);
        fill(node, at.run, Py_NewRef(PyTuple_GET_ITEM(fits ? quick->fitting : quick->runs, mask)));
        fill(node, at.hooks, Py_NewRef(Py_None));
        return node;
    }
    Py_XDECREF(edges);
    Py_XDECREF(saved);
    Py_XDECREF(settings);
    Py_XDECREF(number);
    return NULL;
}
