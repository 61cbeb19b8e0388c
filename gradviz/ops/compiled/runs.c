/* Channels with a kernel each, convolved: the twin of what ops/convolution.py does with whole arrays. A kernel position
   is one distance in memory for all windows (see there), and a channel of an image stays in the cache for all of them. */

#include "ops.h"

typedef struct {
    char *flat, *wide, *weights; /* (rows, around), (rows, pitch), (channels, positions) */
    const npy_int64 *starts;     /* where in a row of `flat` each position's run begins */
    Py_ssize_t rows, around, pitch, channels, positions, length;
} Work;

enum { FORWARD, TO_INPUT, TO_WEIGHT };

#define LANES 16 /* partial sums: as many as fill wide registers */

#define AT_EACH_RUN(type, doing)                                                                  \
    for (Py_ssize_t row = 0; row < work->rows; row++)                                             \
        for (Py_ssize_t k = 0; k < work->positions; k++) {                                        \
            type *flat = (type *)work->flat + row * work->around + work->starts[k];               \
            type *wide = (type *)work->wide + row * work->pitch;                                  \
            type *weight = (type *)work->weights + row % work->channels * work->positions + k;    \
            doing(flat, wide, weight, work->length);                                              \
        }

#define DEFINE(type, name)                                                                        \
    static inline void forward_##name(const type *restrict flat, type *restrict wide, const type *weight, \
                                      Py_ssize_t length)                                          \
    {                                                                                             \
        type factor = *weight;                                                                    \
        for (Py_ssize_t j = 0; j < length; j++)                                                   \
            wide[j] += flat[j] * factor;                                                          \
    }                                                                                             \
    static inline void to_input_##name(type *restrict flat, const type *restrict wide, const type *weight, \
                                       Py_ssize_t length)                                         \
    {                                                                                             \
        type factor = *weight;                                                                    \
        for (Py_ssize_t j = 0; j < length; j++)                                                   \
            flat[j] += wide[j] * factor;                                                          \
    }                                                                                             \
    static inline void to_weight_##name(const type *restrict flat, const type *restrict wide, type *weight, \
                                        Py_ssize_t length)                                        \
    {                                                                                             \
        type sums[LANES] = {0}, sum = 0;                                                          \
        Py_ssize_t j = 0;                                                                         \
        for (; j + LANES <= length; j += LANES)                                                   \
            for (int i = 0; i < LANES; i++)                                                       \
                sums[i] += flat[j + i] * wide[j + i];                                             \
        for (; j < length; j++)                                                                   \
            sum += flat[j] * wide[j];                                                             \
        for (int i = 0; i < LANES; i++)                                                           \
            sum += sums[i];                                                                       \
        *weight += sum;                                                                           \
    }                                                                                             \
    VECTORS static void run_##name(const Work *work, int what)                                    \
    {                                                                                             \
        if (what == FORWARD)                                                                      \
            AT_EACH_RUN(type, forward_##name)                                                     \
        else if (what == TO_INPUT)                                                                \
            AT_EACH_RUN(type, to_input_##name)                                                    \
        else                                                                                      \
            AT_EACH_RUN(type, to_weight_##name)                                                   \
    }

DEFINE(npy_float, narrow)
DEFINE(npy_double, wide)

PyObject *
runs(PyObject *module, PyObject *args)
{
    PyArrayObject *flat, *wide, *weights, *starts;
    int what;
    Work work;
    if (!PyArg_ParseTuple(args, "iO!O!O!O!nnn", &what, &PyArray_Type, &flat, &PyArray_Type, &wide, &PyArray_Type, &weights,
                          &PyArray_Type, &starts, &work.rows, &work.channels, &work.length))
        return NULL;
    int type = PyArray_TYPE(flat), together = (type == NPY_FLOAT || type == NPY_DOUBLE) && work.rows > 0 && work.channels > 0;
    PyArrayObject *all[] = {flat, wide, weights, starts};
    for (int i = 0; i < 4 && together; i++)
        together = PyArray_ISCARRAY(all[i]) && PyArray_TYPE(all[i]) == (i == 3 ? NPY_INT64 : type);
    if (together) {
        work.around = PyArray_SIZE(flat) / work.rows;
        work.pitch = PyArray_SIZE(wide) / work.rows;
        work.positions = PyArray_SIZE(starts);
        work.starts = (const npy_int64 *)PyArray_BYTES(starts);
        together = work.length >= 0 && work.length <= work.pitch && PyArray_SIZE(weights) == work.channels * work.positions;
        for (Py_ssize_t k = 0; k < work.positions; k++)
            together = together && work.starts[k] >= 0 && work.starts[k] + work.length <= work.around;
    }
    if (!together) {
        PyErr_SetString(PyExc_ValueError, "arrays that don't go together");
        return NULL;
    }
    work.flat = PyArray_BYTES(flat);
    work.wide = PyArray_BYTES(wide);
    work.weights = PyArray_BYTES(weights);
    Py_BEGIN_ALLOW_THREADS
    (type == NPY_FLOAT ? run_narrow : run_wide)(&work, what);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}
