/* erf: a ufunc of float32, the twin of _erf_of_float32 in ops/error_function.py: the same steps, to the same bits.

   NumPy passes over the array once a step, some thirty times; here each element is loaded once. */

#include "ops.h"

/* A number of at most this size, its sign kept; NaN stays. By its bits: comparing floats would keep the loop from being
   vectorized, as NaN sets a flag. */
static inline float
at_most(float x, float size)
{
    union {
        float number;
        int bits;
    } given = {x}, most = {size};
    int own = given.bits & 0x7fffffff, sign = given.bits ^ own;
    own = own > most.bits && own <= 0x7f800000 ? most.bits : own;
    given.bits = own | sign;
    return given.number;
}

static inline float
erf_of(float x)
{
    x = at_most(x, 4.05f);
    float square = x * x;
    float above = square * 2.0664733710873406e-06f, below = square * 3.8270030927378684e-05f;
    above = (above + 2.8506232774816453e-04f) * square;
    above = (above + 3.7383483722805977e-03f) * square;
    above = (above + 5.2668090909719467e-02f) * square;
    above = (above + 1.8966685235500336e-01f) * square;
    above = above + 1.1283791065216064e00f;
    below = (below + 1.1573769152164460e-03f) * square;
    below = (below + 1.4914281666278839e-02f) * square;
    below = (below + 1.1381897330284119e-01f) * square;
    below = (below + 5.0142067670822144e-01f) * square;
    below = below + 1.0f;
    return at_most(above / below * x, 1.0f);
}

VECTORS static void
erf_of_all(const float *restrict in, float *restrict out, npy_intp count)
{
    for (npy_intp k = 0; k < count; k++)
        out[k] = erf_of(in[k]);
}

VECTORS static void
erf_in_place(float *values, npy_intp count)
{
    for (npy_intp k = 0; k < count; k++)
        values[k] = erf_of(values[k]);
}

static void
loop(char **args, npy_intp const *dimensions, npy_intp const *steps, void *data)
{
    npy_intp count = dimensions[0], size = sizeof(float);
    if (steps[0] == size && steps[1] == size && args[0] == args[1])
        erf_in_place((float *)args[0], count);
    else if (steps[0] == size && steps[1] == size && (args[0] + count * size <= args[1] || args[1] + count * size <= args[0]))
        erf_of_all((const float *)args[0], (float *)args[1], count);
    else
        for (npy_intp k = 0; k < count; k++)
            *(float *)(args[1] + k * steps[1]) = erf_of(*(const float *)(args[0] + k * steps[0]));
}

PyObject *
new_erf(void)
{
    static PyUFuncGenericFunction loops[] = {loop};
    static void *data[] = {NULL};
    static const char types[] = {NPY_FLOAT, NPY_FLOAT};
    return PyUFunc_FromFuncAndData(loops, data, types, 1, 1, 1, PyUFunc_None, "erf", "The error function of float32.", 0);
}
