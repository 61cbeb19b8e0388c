/* The preview of a large array: preview.encode for float32 and float64, of NumPy's own inner loops.

   NumPy's reductions cost microseconds before they touch an element. Their inner loops, and the one of `dot`, are
   called here on the same memory in the same way, so that the bits are those of the Python. */

#include "record.h"
#include <math.h>
#include <numpy/ufuncobject.h>

enum { BLOCK = 1024, MOST_BLOCKS = 64, EDGE = 3 }; /* BLOCK and EDGE as in preview.py, where `fitting` cuts no 4 dims */

static const double tiny = 1e-30; /* preview._TINY */

/* One inner loop of a ufunc. */
typedef struct {
    PyUFuncGenericFunction function;
    void *data;
} Loop;

static Loop add[2], minimum[2], maximum[2]; /* of float32, of float64 */

/* The loop of a ufunc that takes two of this type and gives one; -1 with ImportError. */
static int loop_of(PyObject *numpy, const char *name, int type, Loop *loop)
{
    PyObject *found = PyObject_GetAttrString(numpy, name);
    if (found == NULL) {
        return -1;
    }
    PyUFuncObject *ufunc = (PyUFuncObject *)found;
    int known = strcmp(Py_TYPE(found)->tp_name, "numpy.ufunc") == 0 && ufunc->nargs == 3 ? ufunc->ntypes : 0;
    for (int k = 0; k < known; k++) {
        const char *types = ufunc->types + 3 * k;
        if (types[0] == type && types[1] == type && types[2] == type) {
            *loop = (Loop){ufunc->functions[k], ufunc->data == NULL ? NULL : (void *)ufunc->data[k]};
            Py_DECREF(found);
            return 0;
        }
    }
    Py_DECREF(found);
    PyErr_Format(PyExc_ImportError, "numpy.%s has no loop: without the C twin, then", name);
    return -1;
}

int summary_ready(void)
{
    static const int types[2] = {NPY_FLOAT, NPY_DOUBLE};
    PyObject *numpy = PyImport_ImportModule("numpy");
    int failed = numpy == NULL;
    for (int wide = 0; !failed && wide < 2; wide++) {
        failed = loop_of(numpy, "add", types[wide], &add[wide]) < 0 ||
            loop_of(numpy, "minimum", types[wide], &minimum[wide]) < 0 ||
            loop_of(numpy, "maximum", types[wide], &maximum[wide]) < 0;
    }
    Py_XDECREF(numpy);
    return failed ? -1 : 0;
}

static double number_at(const void *place, int wide)
{
    return wide ? *(const double *)place : *(const float *)place;
}

/* Goes on from what is in `result`, as ufunc.reduce does. */
static void reduce(const Loop *loop, const char *values, npy_intp count, int wide, void *result)
{
    npy_intp item = wide ? sizeof(double) : sizeof(float), steps[3] = {0, item, 0};
    char *places[3] = {result, (char *)values, result};
    loop->function(places, &count, steps, loop->data);
}

static double sum_of(const char *values, npy_intp count, int wide)
{
    double zero = 0; /* of either width */
    reduce(&add[wide], values, count, wide, &zero);
    return number_at(&zero, wide);
}

static double extreme(const Loop *loop, const char *values, npy_intp count, int wide)
{
    npy_intp item = wide ? sizeof(double) : sizeof(float);
    double found = 0;
    memcpy(&found, values, item);
    reduce(loop, values + item, count - 1, wide, &found);
    return number_at(&found, wide);
}

/* The sum of the squares: preview._summary's for few, preview._long_square for many. */
static double square_of(PyArrayObject *array, const char *values, npy_intp count, int wide)
{
    npy_intp item = PyArray_ITEMSIZE(array), blocks = count <= 2 * BLOCK ? 0 : count / BLOCK;
    PyArray_DotFunc *dot = PyDataType_GetArrFuncs(PyArray_DESCR(array))->dotfunc;
    double parts[MOST_BLOCKS], part = 0;
    for (npy_intp k = 0; k < blocks; k++, values += BLOCK * item) {
        dot((char *)values, item, (char *)values, item, (char *)&part, BLOCK, array);
        parts[k] = number_at(&part, wide);
    }
    part = 0;
    dot((char *)values, item, (char *)values, item, (char *)&part, count - blocks * BLOCK, array);
    double rest = number_at(&part, wide);
    return blocks ? sum_of((const char *)parts, blocks, 1) + rest : rest;
}

/* Where the k-th kept index along a dimension is: EDGE from both ends of a long one. */
static npy_intp kept_at(npy_intp k, npy_intp length)
{
    return length <= 2 * EDGE || k < EDGE ? k : length - 2 * EDGE + k;
}

static npy_intp kept_of(npy_intp length)
{
    return length <= 2 * EDGE ? length : 2 * EDGE;
}

/* Copies what is kept of one line; where the next line's goes. */
static unsigned char *copy_line(unsigned char *to, const char *from, npy_intp length, npy_intp stride, npy_intp item)
{
    for (npy_intp k = 0; k < kept_of(length); k++, to += item) {
        const char *element = from + kept_at(k, length) * stride;
        if (item == sizeof(float)) { /* a size that the compiler knows */
            memcpy(to, element, sizeof(float));
        } else {
            memcpy(to, element, sizeof(double));
        }
    }
    return to;
}

/* Copies the corners of an array, in C order. */
static void copy_corners(unsigned char *to, PyArrayObject *array)
{
    npy_intp at[MOST_DIMS] = {0};
    int last = PyArray_NDIM(array) - 1, dim;
    do {
        const char *from = PyArray_BYTES(array);
        for (dim = 0; dim < last; dim++) {
            from += kept_at(at[dim], PyArray_DIM(array, dim)) * PyArray_STRIDE(array, dim);
        }
        to = copy_line(to, from, PyArray_DIM(array, last), PyArray_STRIDE(array, last), PyArray_ITEMSIZE(array));
        for (dim = last - 1; dim >= 0 && ++at[dim] == kept_of(PyArray_DIM(array, dim)); dim--) {
            at[dim] = 0;
        }
    } while (dim >= 0);
}

/* array.ravel("K"), which may be a view with gaps; contiguous, the array itself will do. */
static PyObject *flattened(PyArrayObject *array)
{
    return PyArray_IS_C_CONTIGUOUS(array) ? Py_NewRef(array) : PyArray_Ravel(array, NPY_KEEPORDER);
}

/* preview._summary, where it is the quick one; else 0. */
static int summarized(PyArrayObject *array, double *summary)
{
    int wide = PyArray_TYPE(array) == NPY_DOUBLE;
    npy_intp count = PyArray_SIZE(array);
    const char *values = PyArray_BYTES(array);
    double total = sum_of(values, count, wide), square = square_of(array, values, count, wide);
    if (!isfinite(total) || !isfinite(square)) {
        return 0;
    }
    double low = extreme(&minimum[wide], values, count, wide), high = extreme(&maximum[wide], values, count, wide);
    if (!(square > tiny || (low == 0 && high == 0))) {
        return 0;
    }
    summary[0] = low, summary[1] = high, summary[2] = total / (double)count, summary[3] = sqrt(square);
    return 1;
}

int write_large(Scribe *scribe, PyArrayObject *array, const Meta *meta, uint64_t *ref)
{
    int type = PyArray_TYPE(array), dims = PyArray_NDIM(array);
    npy_intp count = PyArray_SIZE(array), corners = 1;
    if (meta->head_length == 0 || (type != NPY_FLOAT && type != NPY_DOUBLE) || count >= BLOCK * MOST_BLOCKS ||
        !PyArray_ISBEHAVED_RO(array)) {
        return 0;
    }
    for (int dim = 0; dim < dims; dim++) {
        corners *= kept_of(PyArray_DIM(array, dim));
    }
    struct {
        double numbers[4];
        uint64_t nan, inf;
    } summary = {{0}, 0, 0}; /* preview._SUMMARY */
    PyObject *flat = flattened(array);
    if (flat == NULL) {
        return -1;
    }
    int known = PyArray_IS_C_CONTIGUOUS((PyArrayObject *)flat) && summarized((PyArrayObject *)flat, summary.numbers);
    Py_DECREF(flat);
    Py_ssize_t length = meta->head_length + sizeof summary + corners * PyArray_ITEMSIZE(array);
    if (!known || length > LARGEST_ENTRY - LENGTH_SIZE) {
        return 0;
    }
    unsigned char *place = entry_place(scribe->writer, length, ref);
    if (place == NULL) {
        return -1;
    }
    memcpy(place, meta->head, meta->head_length);
    place[0] = 0, place[1] = EDGE; /* not whole */
    memcpy(place + meta->head_length, &summary, sizeof summary);
    copy_corners(place + meta->head_length + sizeof summary, array);
    entry_filled(place, length);
    return 1;
}
