/* Elementwise work on large arrays, shared by threads. */

#ifndef GRADVIZ_THREADS_H
#define GRADVIZ_THREADS_H

#include "world.h"

/* Does the work from `start` on, so many elements of it; any thread may, and none may touch a Python object. */
typedef void (*Doing)(void *work, npy_intp start, npy_intp count);

void share(Doing doing, void *work, npy_intp count);

int ready_to_share(void);
PyObject *set_threads(PyObject *module, PyObject *count);
PyObject *get_threads(PyObject *module, PyObject *nothing);

#endif
