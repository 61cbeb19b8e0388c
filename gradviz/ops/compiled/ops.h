/* What the files of this module share. */

#ifndef GRADVIZ_OPS_H
#define GRADVIZ_OPS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL gradviz_ops_array
#define PY_UFUNC_UNIQUE_SYMBOL gradviz_ops_ufunc
#ifndef GRADVIZ_OPS_MODULE
#define NO_IMPORT_ARRAY
#define NO_IMPORT_UFUNC
#endif
#include <numpy/arrayobject.h>
#include <numpy/ufuncobject.h>

PyObject *new_erf(void);

#ifndef _WIN32 /* which has other threads */
typedef void (*Part)(void *what, npy_intp start, npy_intp count);
int share(Part part, void *what, npy_intp count);
PyObject *take_over(PyObject *module, PyObject *args);
PyObject *set_threads(PyObject *module, PyObject *arg);
PyObject *get_threads(PyObject *module, PyObject *none);
int ready_to_spread(void);
#endif

#endif
