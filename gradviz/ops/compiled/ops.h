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

/* Compiled for wider registers too, where the compiler can; multiplications and additions are not fused, as in NumPy. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__)
#define VECTORS __attribute__((target_clones("avx2", "default")))
#elif defined(__GNUC__) && !defined(__clang__)
#define VECTORS __attribute__((optimize("fp-contract=off")))
#else
#define VECTORS
#pragma STDC FP_CONTRACT OFF
#endif

PyObject *new_erf(void);
PyObject *pick(PyObject *module, PyObject *args);
PyObject *add_at(PyObject *module, PyObject *args);
PyObject *add_slices(PyObject *module, PyObject *args);
PyObject *accumulate(PyObject *module, PyObject *args);
PyObject *runs(PyObject *module, PyObject *args);
PyObject *factor(PyObject *module, PyObject *args);
PyObject *substitute(PyObject *module, PyObject *args);
PyObject *interchange(PyObject *module, PyObject *args);

#endif
