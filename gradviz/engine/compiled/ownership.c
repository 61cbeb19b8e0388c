/* Gradients that are added up, and kept: the twin of ownership.py for small arrays, whom it leaves the large ones. */

#include "plan.h"

#define LARGE 16384 /* bytes, as there */

static Plans sums;

/* The sum of two gradients. */
PyObject *
summed(PyObject *one, PyObject *other)
{
    if (sums.planner == NULL)
        sums.planner = Py_NewRef(world.adding);
    Plan *plan = has_dims(one) && has_dims(other) ? plan_for(&sums, NULL, 0) : NULL;
    PyObject *both[] = {one, other}, *sum;
    int done = plan == NULL ? 0 : run_plan(plan, both, 2, &sum);
    return done > 0 ? sum : PyErr_Occurred() ? NULL : PyNumber_Add(one, other);
}

static int
is_large(PyObject *gradient)
{
    return is_array(gradient) && PyArray_NBYTES((PyArrayObject *)gradient) >= LARGE;
}

/* Adds a gradient to the one that waits in an entry. */
PyObject *
added(PyObject *entry, PyObject *gradient)
{
    PyObject *one = PyLong_FromLong(1), *given[] = {entry, one, gradient}, *answer = Py_False; /* always there */
    if (is_large(PyList_GET_ITEM(entry, 1))) {
        answer = PyObject_Vectorcall(world.added, given, 3, NULL);
        Py_XDECREF(answer);
    }
    else {
        PyObject *sum = summed(PyList_GET_ITEM(entry, 1), gradient);
        if (sum == NULL || PyList_SetItem(entry, 1, sum) < 0)
            answer = NULL;
    }
    Py_DECREF(one);
    return answer;
}

/* The gradient of an entry as an array to be kept. */
PyObject *
taken(PyObject *entry)
{
    PyObject *one = PyLong_FromLong(1), *given[] = {entry, one}, *gradient = PyList_GET_ITEM(entry, 1), *array;
    if (is_array(gradient) && !is_large(gradient))
        array = PyArray_NewCopy((PyArrayObject *)gradient, NPY_CORDER);
    else
        array = PyObject_Vectorcall(world.taken, given, 2, NULL);
    Py_DECREF(one);
    return array;
}
