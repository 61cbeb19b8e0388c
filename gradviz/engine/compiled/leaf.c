/* A gradient arrives at a leaf: the twin of backward.Backward.accumulate, and of what _visit does before it. */

#include "follow.h"

int
is_plain_leaf(PyObject *node)
{
    if (Py_TYPE(node) != world.AccumulateGrad || slot(node, at.hooks) != Py_None)
        return 0;
    PyObject *leaf = slot(node, at.variable), *rare = slot(leaf, at.rare), *held = slot(leaf, at.grad);
    if (rare != Py_None && (PyDict_GET_SIZE(slot(rare, at.leaf_hooks)) || PyDict_GET_SIZE(slot(rare, at.after_hooks))))
        return 0;
    return held == Py_None || is_array(slot(held, at.array));
}

/* Adds a gradient to a .grad that is there. */
static int
add(PyObject *held, PyObject *gradient)
{
    PyObject *before = Py_NewRef(slot(held, at.array)), *done = NULL;
    PyObject *array = PyNumber_InPlaceAdd(before, gradient);
    Py_DECREF(before);
    if (array != NULL) {
        refill(held, at.array, array);
        done = PyObject_CallOneArg(world.bump, array);
    }
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

/* Adds the gradient in an entry to a leaf's .grad. */
static int
accumulate(PyObject *leaf, PyObject *entry)
{
    PyObject *held = slot(leaf, at.grad);
    if (held != Py_None) {
        Py_INCREF(held);
        int failed = add(held, PyList_GET_ITEM(entry, 1));
        Py_DECREF(held);
        return failed;
    }
    PyObject *array = taken(entry), *made = array == NULL ? NULL : new_tensor(array);
    if (made == NULL)
        return -1;
    refill(leaf, at.grad, made);
    return 0;
}

/* Tells the observer that the node of a leaf runs. */
static int
tell_step(Course *course, PyObject *number, PyObject *node, PyObject *gradient)
{
    PyObject *started = PyObject_CallNoArgs(world.clock), *incoming = PyList_New(1), *nothing = PyTuple_New(0);
    int failed = started == NULL || incoming == NULL || nothing == NULL;
    if (!failed) {
        PyList_SET_ITEM(incoming, 0, Py_NewRef(gradient));
        PyObject *told[] = {course->observer, number, node, incoming, nothing, started};
        failed = tell(names.step, told, 6) < 0;
    }
    Py_XDECREF(started);
    Py_XDECREF(incoming);
    Py_XDECREF(nothing);
    return failed ? -1 : 0;
}

/* Adds the gradient in an entry to a leaf's .grad, and tells the observer. */
static int
accumulate_watched(Course *course, PyObject *leaf, PyObject *entry)
{
    PyObject *node = PyList_GET_ITEM(entry, 0), *ask[] = {course->observer, leaf}, *before = NULL;
    PyObject *number = PyObject_GetAttr(course->call, names.number);
    int failed = number == NULL || tell_step(course, number, node, PyList_GET_ITEM(entry, 1)) < 0 ||
        (before = PyObject_VectorcallMethod(names.before_accumulation, ask, 2, NULL)) == NULL ||
        accumulate(leaf, entry) < 0;
    if (!failed) {
        PyObject *told[] = {course->observer, number, node, leaf, before};
        failed = tell(names.accumulated, told, 5) < 0;
    }
    Py_XDECREF(number);
    Py_XDECREF(before);
    return failed ? -1 : 0;
}

int
arrive(Course *course, PyObject *node, PyObject *gradient)
{
    PyObject *entry = PyList_New(2);
    if (entry == NULL) {
        Py_DECREF(gradient);
        return -1;
    }
    PyList_SET_ITEM(entry, 0, Py_NewRef(node));
    PyList_SET_ITEM(entry, 1, gradient); /* the entry alone holds it: see ownership.py */
    PyObject *leaf = Py_NewRef(slot(node, at.variable));
    int failed = course->watched ? accumulate_watched(course, leaf, entry) : accumulate(leaf, entry);
    Py_DECREF(leaf);
    Py_DECREF(entry);
    return failed;
}
