/* Gauss's elimination, the twin of ops/elimination.py there: some columns of matrices at a time, the products in between
   are NumPy's; equations of triangles; and the interchange of rows. */

#include "ops.h"

/* -- some columns ----------------------------------------------------------------------------------------- */

#define DEFINE_FACTOR(type, name)                                                                 \
    static inline void take_off_##name(type *restrict row, const type *restrict other, type factor, Py_ssize_t count) \
    {                                                                                             \
        for (Py_ssize_t k = 0; k < count; k++)                                                    \
            row[k] -= factor * other[k];                                                          \
    }                                                                                             \
    static inline void swap_rows_##name(type *restrict row, type *restrict other, Py_ssize_t count) \
    {                                                                                             \
        for (Py_ssize_t k = 0; k < count; k++) {                                                  \
            type kept = row[k];                                                                   \
            row[k] = other[k];                                                                    \
            other[k] = kept;                                                                      \
        }                                                                                         \
    }                                                                                             \
    /* The first row with the greatest element of a column, in size; NaN counts as that. */       \
    static Py_ssize_t pivot_##name(const type *matrix, Py_ssize_t size, Py_ssize_t column)        \
    {                                                                                             \
        Py_ssize_t found = column;                                                                \
        type most = 0;                                                                            \
        for (Py_ssize_t i = column; i < size; i++) {                                              \
            type here = matrix[i * size + column];                                                \
            here = here < 0 ? -here : here;                                                       \
            if (here != here)                                                                     \
                return i;                                                                         \
            if (here > most) {                                                                    \
                most = here;                                                                      \
                found = i;                                                                        \
            }                                                                                     \
        }                                                                                         \
        return found;                                                                             \
    }                                                                                             \
    VECTORS static void factor_##name(type *matrix, int *pivots, Py_ssize_t size, Py_ssize_t start, Py_ssize_t stop) \
    {                                                                                             \
        for (Py_ssize_t j = start; j < stop; j++) {                                               \
            Py_ssize_t pivot = pivot_##name(matrix, size, j);                                     \
            pivots[j] = (int)pivot + 1;                                                           \
            if (pivot != j)                                                                       \
                swap_rows_##name(matrix + j * size, matrix + pivot * size, size);                 \
            type *top = matrix + j * size, head = top[j];                                         \
            for (Py_ssize_t i = j + 1; i < size; i++) {                                           \
                type *row = matrix + i * size;                                                    \
                if (head != 0)                                                                    \
                    row[j] /= head;                                                               \
                take_off_##name(row + j + 1, top + j + 1, row[j], stop - j - 1);                  \
            }                                                                                     \
        }                                                                                         \
        for (Py_ssize_t j = start; j < stop; j++)                                                 \
            for (Py_ssize_t i = j + 1; i < stop; i++)                                             \
                take_off_##name(matrix + i * size + stop, matrix + j * size + stop, matrix[i * size + j], size - stop); \
    }                                                                                             \
    VECTORS static void substitute_##name(const char *triangle, const npy_intp *apart, type *right, Py_ssize_t size, \
                                          Py_ssize_t count, int lower, int unit)                  \
    {                                                                                             \
        for (Py_ssize_t a = 0; a < size; a++) {                                                   \
            Py_ssize_t j = lower ? a : size - 1 - a;                                              \
            type *solved = right + j * count, head = *(type *)(triangle + j * (apart[0] + apart[1])); \
            for (Py_ssize_t k = 0; k < count && !unit; k++)                                       \
                solved[k] /= head;                                                                \
            for (Py_ssize_t b = a + 1; b < size; b++) {                                           \
                Py_ssize_t i = lower ? b : size - 1 - b;                                          \
                take_off_##name(right + i * count, solved, *(type *)(triangle + i * apart[0] + j * apart[1]), count); \
            }                                                                                     \
        }                                                                                         \
    }                                                                                             \
    VECTORS static void interchange_##name(type *right, const int *pivots, Py_ssize_t size, Py_ssize_t count, int from_end) \
    {                                                                                             \
        for (Py_ssize_t a = 0; a < size; a++) {                                                   \
            Py_ssize_t j = from_end ? size - 1 - a : a, pivot = pivots[j] - 1;                    \
            if (pivot != j)                                                                       \
                swap_rows_##name(right + j * count, right + pivot * count, count);                \
        }                                                                                         \
    }

DEFINE_FACTOR(npy_float, narrow)
DEFINE_FACTOR(npy_double, wide)

/* -- calls: of arrays of three dimensions, the first that of the matrices --------------------------------- */

static int
is_stack(PyArrayObject *array, int type)
{
    return PyArray_NDIM(array) == 3 && PyArray_TYPE(array) == type && PyArray_ISBEHAVED_RO(array);
}

static PyObject *
refused(void)
{
    PyErr_SetString(PyExc_ValueError, "arrays that don't go together");
    return NULL;
}

/* Whether pivots are int32, (matrices, size), and name rows from their own on, as those of elimination do. */
static int
are_pivots(PyArrayObject *pivots, Py_ssize_t matrices, Py_ssize_t size, int filled)
{
    if (PyArray_TYPE(pivots) != NPY_INT32 || !PyArray_ISCARRAY(pivots) || PyArray_SIZE(pivots) != matrices * size)
        return 0;
    const int *each = (const int *)PyArray_BYTES(pivots);
    for (Py_ssize_t k = 0; filled && k < matrices * size; k++)
        if (each[k] < 1 || each[k] > size)
            return 0;
    return 1;
}

PyObject *
factor(PyObject *module, PyObject *args)
{
    PyArrayObject *matrices, *pivots;
    Py_ssize_t start, stop;
    if (!PyArg_ParseTuple(args, "O!O!nn", &PyArray_Type, &matrices, &PyArray_Type, &pivots, &start, &stop))
        return NULL;
    int type = PyArray_TYPE(matrices);
    if ((type != NPY_FLOAT && type != NPY_DOUBLE) || !is_stack(matrices, type) || !PyArray_ISCARRAY(matrices))
        return refused();
    Py_ssize_t many = PyArray_DIM(matrices, 0), size = PyArray_DIM(matrices, 1);
    if (PyArray_DIM(matrices, 2) != size || !are_pivots(pivots, many, size, 0) || start < 0 || start > stop || stop > size)
        return refused();
    char *data = PyArray_BYTES(matrices);
    int *places = (int *)PyArray_BYTES(pivots);
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t k = 0; k < many; k++)
        if (type == NPY_FLOAT)
            factor_narrow((npy_float *)data + k * size * size, places + k * size, size, start, stop);
        else
            factor_wide((npy_double *)data + k * size * size, places + k * size, size, start, stop);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

PyObject *
substitute(PyObject *module, PyObject *args)
{
    PyArrayObject *triangles, *right;
    int lower, unit;
    if (!PyArg_ParseTuple(args, "O!O!pp", &PyArray_Type, &triangles, &PyArray_Type, &right, &lower, &unit))
        return NULL;
    int type = PyArray_TYPE(right);
    if ((type != NPY_FLOAT && type != NPY_DOUBLE) || !is_stack(triangles, type) || !is_stack(right, type) ||
        !PyArray_ISWRITEABLE(right))
        return refused();
    Py_ssize_t many = PyArray_DIM(right, 0), size = PyArray_DIM(right, 1), count = PyArray_DIM(right, 2);
    npy_intp *apart = PyArray_STRIDES(triangles), *pitch = PyArray_STRIDES(right), item = PyArray_ITEMSIZE(right);
    if (PyArray_DIM(triangles, 0) != many || PyArray_DIM(triangles, 1) != size || PyArray_DIM(triangles, 2) != size ||
        (count > 1 && pitch[2] != item) || (size > 1 && pitch[1] != count * item))
        return refused();
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t k = 0; k < many; k++) {
        const char *triangle = PyArray_BYTES(triangles) + k * apart[0];
        char *sides = PyArray_BYTES(right) + k * pitch[0];
        if (type == NPY_FLOAT)
            substitute_narrow(triangle, apart + 1, (npy_float *)sides, size, count, lower, unit);
        else
            substitute_wide(triangle, apart + 1, (npy_double *)sides, size, count, lower, unit);
    }
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

PyObject *
interchange(PyObject *module, PyObject *args)
{
    PyArrayObject *right, *pivots;
    int from_end;
    if (!PyArg_ParseTuple(args, "O!O!p", &PyArray_Type, &right, &PyArray_Type, &pivots, &from_end))
        return NULL;
    int type = PyArray_TYPE(right);
    if ((type != NPY_FLOAT && type != NPY_DOUBLE) || !is_stack(right, type) || !PyArray_ISCARRAY(right))
        return refused();
    Py_ssize_t many = PyArray_DIM(right, 0), size = PyArray_DIM(right, 1), count = PyArray_DIM(right, 2);
    if (!are_pivots(pivots, many, size, 1))
        return refused();
    char *data = PyArray_BYTES(right);
    const int *places = (const int *)PyArray_BYTES(pivots);
    for (Py_ssize_t k = 0; k < many; k++)
        if (type == NPY_FLOAT)
            interchange_narrow((npy_float *)data + k * size * count, places + k * size, size, count, from_end);
        else
            interchange_wide((npy_double *)data + k * size * count, places + k * size, size, count, from_end);
    Py_RETURN_NONE;
}
