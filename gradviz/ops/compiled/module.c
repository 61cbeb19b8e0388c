/* _ops: what the catalogue has of C. */

#define GRADVIZ_OPS_MODULE
#include "ops.h"

static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_ops", "C twins of the catalogue.", -1, NULL, NULL, NULL,
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
