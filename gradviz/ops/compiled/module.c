/* _ops: what the catalogue has of C. */

#define GRADVIZ_OPS_MODULE
#include "ops.h"

static PyMethodDef methods[] = {
#ifndef _WIN32
    {"take_over", take_over, METH_VARARGS, "take_over(ufunc, types): its loop for these types is spread from now on."},
    {"set_threads", set_threads, METH_O, "set_threads(count): how many threads share a loop, the caller's among them."},
    {"get_threads", get_threads, METH_NOARGS, "How many threads share a loop."},
#endif
    {NULL, NULL, 0, NULL},
};

static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_ops", "C twins of the catalogue.", -1, methods, NULL, NULL,
                                 NULL, NULL};

PyMODINIT_FUNC
PyInit__ops(void)
{
    import_array();
    import_umath();
#ifndef _WIN32
    if (ready_to_spread() != 0)
        return PyErr_NoMemory();
#endif
    PyObject *module = PyModule_Create(&definition);
    PyObject *erf = module == NULL ? NULL : new_erf();
    if (erf == NULL || PyModule_AddObjectRef(module, "erf", erf) < 0)
        Py_CLEAR(module);
    Py_XDECREF(erf);
#ifndef _WIN32
    PyObject *shared = module == NULL ? NULL : PyCapsule_New((void *)share, "gradviz.share", NULL);
    if (shared == NULL || PyModule_AddObjectRef(module, "share", shared) < 0)
        Py_CLEAR(module);
    Py_XDECREF(shared);
#endif
    return module;
}
