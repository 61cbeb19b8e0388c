/* _ops: what the catalogue has of C. */

#define GRADVIZ_OPS_MODULE
#include "ops.h"

static PyMethodDef functions[] = {
    {"pick", pick, METH_VARARGS, "pick(array, places, into, outer, size, count, inner): whether all places are inside."},
    {"add_at", add_at, METH_VARARGS, "add_at(array, places, values, ...): the same, values added to the array."},
    {"add_slices", add_slices, METH_VARARGS, "add_slices(array, places, values, ...): the same, with a place a slice."},
    {"accumulate", accumulate, METH_VARARGS, "accumulate(array, into, product, from_end): of the last dimension."},
    {"runs", runs, METH_VARARGS, "runs(what, flat, wide, weights, starts, rows, channels, length): see ops/convolution.py."},
    {"factor", factor, METH_VARARGS, "factor(matrices, pivots, start, stop): eliminates those columns, in place."},
    {"substitute", substitute, METH_VARARGS, "substitute(triangles, right, lower, unit): solves in place."},
    {"interchange", interchange, METH_VARARGS, "interchange(right, pivots, from_end): rows, in place."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_ops", "C twins of the catalogue.", -1, functions, NULL, NULL,
                                 NULL, NULL};

PyMODINIT_FUNC
PyInit__ops(void)
{
    import_array();
    import_umath();
    PyObject *module = PyModule_Create(&definition);
    PyObject *erf = module == NULL ? NULL : new_erf();
    if (erf == NULL || PyModule_AddObjectRef(module, "erf", erf) < 0)
        Py_CLEAR(module);
    Py_XDECREF(erf);
    return module;
}
