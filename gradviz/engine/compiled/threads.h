/* Work on large arrays, shared by threads. */

#ifndef GRADVIZ_THREADS_H
#define GRADVIZ_THREADS_H

#include "world.h"

/* Does the work from `start` on, so many elements of it; any thread may, and none may touch a Python object. */
typedef void (*Doing)(void *work, npy_intp start, npy_intp count);

/* All of it, by all threads where it is worth waking them: each takes a part, so many elements, at a time. */
void share(Doing doing, void *work, npy_intp count, npy_intp part);

int ready_to_share(void);
PyObject *set_threads(PyObject *module, PyObject *count);
PyObject *get_threads(PyObject *module, PyObject *nothing);

#endif
