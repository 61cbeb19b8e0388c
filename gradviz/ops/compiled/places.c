/* Elements picked from, and added at, places along a dimension: the twins of what ops/picking.py does with NumPy, to
   the same bits, as each place gets its additions in the same order.

   Arrays are seen as (outer, size, inner), what goes with the places as (outer, count, inner), size and count along the
   dimension; the places themselves as (outer, count, inner) too, or one for each slice, (count). */

#include "ops.h"

typedef struct {
    char *array, *values;
    const npy_int64 *places;
    Py_ssize_t outer, size, count, inner;
    int wide; /* elements of eight bytes, not four */
} Work;

/* Parses (array, places, values, outer, size, count, inner); 0 with an error for arrays that don't go together. */
static int
read_work(PyObject *args, Work *work, int of_slices)
{
    PyArrayObject *array, *places, *values;
    if (!PyArg_ParseTuple(args, "O!O!O!nnnn", &PyArray_Type, &array, &PyArray_Type, &places, &PyArray_Type, &values,
                          &work->outer, &work->size, &work->count, &work->inner))
        return 0;
    Py_ssize_t each = work->outer * work->inner;
    if (!PyArray_ISCARRAY_RO(array) || !PyArray_ISCARRAY_RO(places) || !PyArray_ISCARRAY_RO(values) ||
        PyArray_TYPE(places) != NPY_INT64 || PyArray_TYPE(array) != PyArray_TYPE(values) ||
        (PyArray_TYPE(array) != NPY_FLOAT && PyArray_TYPE(array) != NPY_DOUBLE) ||
        PyArray_SIZE(array) != each * work->size || PyArray_SIZE(values) != each * work->count ||
        PyArray_SIZE(places) != (of_slices ? work->count : each * work->count)) {
        PyErr_SetString(PyExc_ValueError, "arrays that don't go together");
        return 0;
    }
    work->array = PyArray_BYTES(array);
    work->places = (const npy_int64 *)PyArray_BYTES(places);
    work->values = PyArray_BYTES(values);
    work->wide = PyArray_TYPE(array) == NPY_DOUBLE;
    return 1;
}

/* Each place on its own: `one` is its element of the array, `other` the value that goes with it. */
#define AT_EACH_OF(type, doing, inner)                                                            \
    for (Py_ssize_t i = 0; i < work->outer; i++) {                                                \
        type *array = (type *)work->array + i * size * inner;                                     \
        type *values = (type *)work->values + i * count * inner;                                  \
        const npy_int64 *places = work->places + i * count * inner;                               \
        for (Py_ssize_t j = 0; j < count; j++)                                                    \
            for (Py_ssize_t k = 0; k < inner; k++) {                                              \
                npy_int64 place = places[j * inner + k];                                          \
                if ((npy_uint64)place >= (npy_uint64)size)                                        \
                    return 0;                                                                     \
                type *one = array + place * inner + k, *other = values + j * inner + k;           \
                doing;                                                                            \
            }                                                                                     \
    }
#define AT_EACH(type, doing)                                                                      \
    Py_ssize_t size = work->size, count = work->count, inner = work->inner;                       \
    if (inner == 1) {                                                                             \
        AT_EACH_OF(type, doing, 1)                                                                \
    }                                                                                             \
    else {                                                                                        \
        AT_EACH_OF(type, doing, inner)                                                            \
    }                                                                                             \
    return 1;

static int pick_narrow(const Work *work) { AT_EACH(npy_float, *other = *one) }
static int pick_wide(const Work *work) { AT_EACH(npy_double, *other = *one) }
static int add_narrow(const Work *work) { AT_EACH(npy_float, *one += *other) }
static int add_wide(const Work *work) { AT_EACH(npy_double, *one += *other) }

/* Slices added, once all places are known to be inside. */
#define ADD_SLICES(type)                                                                          \
    for (Py_ssize_t j = 0; j < work->count; j++)                                                  \
        if (work->places[j] < 0 || work->places[j] >= work->size)                                 \
            return 0;                                                                             \
    for (Py_ssize_t i = 0; i < work->outer; i++)                                                  \
        for (Py_ssize_t j = 0; j < work->count; j++) {                                            \
            npy_int64 place = work->places[j];                                                    \
            type *restrict into = (type *)work->array + (i * work->size + place) * work->inner;   \
            const type *restrict from = (type *)work->values + (i * work->count + j) * work->inner; \
            for (Py_ssize_t k = 0; k < work->inner; k++)                                          \
                into[k] += from[k];                                                               \
        }                                                                                         \
    return 1;

static int slices_narrow(const Work *work) { ADD_SLICES(npy_float) }
static int slices_wide(const Work *work) { ADD_SLICES(npy_double) }

/* True; False where a place is outside. */
static PyObject *
done(PyObject *args, int of_slices, int (*narrow)(const Work *), int (*wide)(const Work *))
{
    Work work;
    int inside;
    if (!read_work(args, &work, of_slices))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    inside = (work.wide ? wide : narrow)(&work);
    Py_END_ALLOW_THREADS
    return PyBool_FromLong(inside);
}

PyObject *
pick(PyObject *module, PyObject *args)
{
    return done(args, 0, pick_narrow, pick_wide);
}

PyObject *
add_at(PyObject *module, PyObject *args)
{
    return done(args, 0, add_narrow, add_wide);
}

PyObject *
add_slices(PyObject *module, PyObject *args)
{
    return done(args, 1, slices_narrow, slices_wide);
}
