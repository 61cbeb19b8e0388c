/* What an op's call is given: tensors, and Python numbers beside them. */

#include "quick.h"

/* A Python number as the Number that meets an array of floats, see coerce.number_like; NULL for Python to make it. */
static PyObject *
number_like(PyObject *value, PyObject *partner)
{
    PyArray_Descr *dtype = partner == NULL ? NULL : PyArray_DESCR((PyArrayObject *)partner);
    if (dtype == NULL || (dtype != world.float32 && dtype != world.float64))
        return NULL;
    double wide = PyFloat_CheckExact(value) ? PyFloat_AS_DOUBLE(value) : PyLong_AsDouble(value);
    if (wide == -1.0 && PyErr_Occurred()) {
        PyErr_Clear();
        return NULL;
    }
    Py_INCREF(dtype);
    PyObject *array = PyArray_NewFromDescr(&PyArray_Type, dtype, 0, NULL, NULL, NULL, 0, NULL);
    if (array == NULL)
        return NULL;
    if (dtype == world.float32)
        *(npy_float *)PyArray_DATA((PyArrayObject *)array) = (npy_float)wide;
    else
        *(npy_double *)PyArray_DATA((PyArrayObject *)array) = wide;
    PyObject *number = new_instance(world.Number, array);
    if (number != NULL)
        fill(number, at.value, Py_NewRef(value));
    return number;
}

/* Whether an argument is a tensor whose values are an array. */
static int
is_tensor(PyObject *given)
{
    PyTypeObject *type = Py_TYPE(given);
    if (type != world.Tensor && !PyType_IsSubtype(type, world.Tensor))
        return 0;
    PyObject *array = slot(given, at.array);
    return array != NULL && is_array(array);
}

void
let_go(PyObject **inputs, int count)
{
    for (int i = 0; i < count; i++)
        Py_DECREF(inputs[i]);
}

/* The inputs as tensors, new references; 0 where Python has to look at them: at numbers within a formula, say. */
int
take_inputs(Quick *quick, PyObject *const *args, PyObject **inputs)
{
    PyObject *partner = NULL;
    for (int i = 0; i < quick->inputs; i++) {
        if (is_tensor(args[i]))
            partner = slot(args[i], at.array);
        else if (!quick->numbers || slot(world.mode, at.formula) != Py_False ||
                 !(PyFloat_CheckExact(args[i]) || PyLong_CheckExact(args[i])))
            return 0;
    }
    for (int i = 0; i < quick->inputs; i++) {
        inputs[i] = is_tensor(args[i]) ? Py_NewRef(args[i]) : number_like(args[i], partner);
        if (inputs[i] == NULL) {
            let_go(inputs, i);
            return 0;
        }
    }
    return 1;
}
