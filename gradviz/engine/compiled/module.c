#define PY_SSIZE_T_CLEAN
#include <Python.h>

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_engine", NULL, -1, NULL};

PyMODINIT_FUNC PyInit__engine(void) { return PyModule_Create(&definition); }
