/* Running sums and products of rows, the twin of ops/scans.py there, to the same bits: four rows at a time, as each
   addition waits for the one before it. */

#include "ops.h"

typedef struct {
    char *from, *into;
    Py_ssize_t rows, length;
    int from_end;
} Work;

/* From one row on, so many of them (at most four). */
#define ROWS_OF(type, operator, many)                                                             \
    {                                                                                             \
        const type *from = (const type *)work->from + row * length + first;                       \
        type *into = (type *)work->into + row * length + first, so_far[many];                     \
        for (int i = 0; i < many; i++)                                                            \
            into[i * length] = so_far[i] = from[i * length];                                      \
        for (Py_ssize_t k = 1; k < length; k++) {                                                 \
            from += step;                                                                         \
            into += step;                                                                         \
            for (int i = 0; i < many; i++)                                                        \
                into[i * length] = so_far[i] = so_far[i] operator from[i * length];               \
        }                                                                                         \
    }
#define RUN(type, operator)                                                                       \
    Py_ssize_t length = work->length, row = 0, step = work->from_end ? -1 : 1;                    \
    Py_ssize_t first = work->from_end ? length - 1 : 0;                                           \
    for (; row + 4 <= work->rows; row += 4)                                                       \
        ROWS_OF(type, operator, 4)                                                                \
    for (; row < work->rows; row++)                                                               \
        ROWS_OF(type, operator, 1)

static void sum_narrow(const Work *work) { RUN(npy_float, +) }
static void sum_wide(const Work *work) { RUN(npy_double, +) }
static void multiply_narrow(const Work *work) { RUN(npy_float, *) }
static void multiply_wide(const Work *work) { RUN(npy_double, *) }

PyObject *
accumulate(PyObject *module, PyObject *args)
{
    PyArrayObject *from, *into;
    int product;
    Work work;
    if (!PyArg_ParseTuple(args, "O!O!pp", &PyArray_Type, &from, &PyArray_Type, &into, &product, &work.from_end))
        return NULL;
    int type = PyArray_TYPE(from);
    if (!PyArray_ISCARRAY_RO(from) || !PyArray_ISCARRAY(into) || PyArray_TYPE(into) != type || !PyArray_NDIM(from) ||
        PyArray_SIZE(from) != PyArray_SIZE(into) || (type != NPY_FLOAT && type != NPY_DOUBLE)) {
        PyErr_SetString(PyExc_ValueError, "arrays that don't go together");
        return NULL;
    }
    work.length = PyArray_DIM(from, PyArray_NDIM(from) - 1);
    work.rows = work.length ? PyArray_SIZE(from) / work.length : 0;
    work.from = PyArray_BYTES(from);
    work.into = PyArray_BYTES(into);
    Py_BEGIN_ALLOW_THREADS
    if (type == NPY_FLOAT)
        (product ? multiply_narrow : sum_narrow)(&work);
    else
        (product ? multiply_wide : sum_wide)(&work);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}
