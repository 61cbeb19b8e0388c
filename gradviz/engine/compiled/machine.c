/* Runs a plan: from loop to loop, a block that fits the cache at a time. */

#include "machine.h"

#define BLOCK 8192      /* bytes of a register */
#define SMALL 512       /* the same, where all of an array fits */
#define LARGE (1 << 15) /* elements, from which others may run Python meanwhile */
#define MOST_TEMPORARIES 8

/* Where a register's next block lies, and how far its elements are apart: 0 for a number. */
typedef struct {
    char *at[MOST_REGISTERS];
    npy_intp step[MOST_REGISTERS];
} Places;

/* 1 for float32, 2 for float64, as a plan takes it; else 0. */
static int
width_of(PyObject *object)
{
    if (!is_array(object) || !PyArray_ISCARRAY_RO((PyArrayObject *)object))
        return 0;
    PyArray_Descr *dtype = PyArray_DESCR((PyArrayObject *)object);
    return dtype == world.float32 ? 1 : dtype == world.float64 ? 2 : 0;
}

/* The array whose shape is everybody's, or NULL where an input is none of what a plan takes; width is that of all. */
static PyArrayObject *
shape_giver(PyObject *const *inputs, int count, int *width)
{
    PyArrayObject *giver = NULL;
    *width = 0;
    for (int i = 0; i < count; i++) {
        if (PyFloat_CheckExact(inputs[i]) || PyLong_CheckExact(inputs[i]))
            continue;
        int found = width_of(inputs[i]);
        PyArrayObject *array = (PyArrayObject *)inputs[i];
        if (!found || (*width && found != *width))
            return NULL;
        *width = found;
        if (giver == NULL || PyArray_NDIM(giver) == 0)
            giver = array;
        else if (PyArray_NDIM(array) && (PyArray_NDIM(array) != PyArray_NDIM(giver) ||
                 !PyArray_CompareLists(PyArray_DIMS(array), PyArray_DIMS(giver), PyArray_NDIM(giver))))
            return NULL;
    }
    return giver;
}

static void
cast(const char *from, char *into, npy_intp count, int width)
{
    if (width == 1)
        for (npy_intp k = 0; k < count; k++)
            ((npy_float *)into)[k] = from[k] != 0;
    else
        for (npy_intp k = 0; k < count; k++)
            ((npy_double *)into)[k] = from[k] != 0;
}

static void
choose(char **at, npy_intp *step, npy_intp count, int width)
{
    for (npy_intp k = 0; k < count; k++) {
        const char *from = at[0][k * step[0]] ? at[1] + k * step[1] : at[2] + k * step[2];
        if (width == 1)
            *(npy_float *)(at[3] + k * step[3]) = *(const npy_float *)from;
        else
            *(npy_double *)(at[3] + k * step[3]) = *(const npy_double *)from;
    }
}

/* All steps on one block. */
static void
run_block(Plan *plan, Places *places, npy_intp count, int width)
{
    for (int k = 0; k < plan->steps; k++) {
        Step *step = &plan->step[k];
        char *at[4];
        npy_intp apart[4], size = count;
        for (int i = 0; i <= step->count; i++) {
            int from = i < step->count ? step->from[i] : step->into;
            at[i] = places->at[from];
            apart[i] = step->bools >> i & 1 ? 1 : places->step[from];
        }
        if (step->code == UFUNC)
            step->loop[width - 1].run(at, &size, apart, step->loop[width - 1].data);
        else if (step->code == CAST)
            cast(at[0], at[1], count, width);
        else
            choose(at, apart, count, width);
    }
}

/* All blocks; scratch: room for a block of each temporary. */
static void
run_blocks(Plan *plan, Places *places, npy_intp count, int width, char *scratch, int block)
{
    int size = width == 1 ? sizeof(npy_float) : sizeof(npy_double), fixed = plan->inputs + plan->constants + plan->made;
    npy_intp most = block / size;
    for (int k = fixed; k < plan->registers; k++) {
        places->at[k] = scratch + (k - fixed) * block;
        places->step[k] = size;
    }
    while (count > 0) {
        npy_intp now = count < most ? count : most;
        run_block(plan, places, now, width);
        for (int k = 0; k < fixed; k++)
            if (k < plan->inputs || k >= plan->inputs + plan->constants)
                places->at[k] += now * places->step[k];
        count -= now;
    }
}

static void
run_large(Plan *plan, Places *places, npy_intp count, int width)
{
    _Alignas(64) char scratch[MOST_TEMPORARIES * BLOCK];
    PyThreadState *resting = count >= LARGE ? PyEval_SaveThread() : NULL;
    run_blocks(plan, places, count, width, scratch, BLOCK);
    if (resting != NULL)
        PyEval_RestoreThread(resting);
}

static void
run_small(Plan *plan, Places *places, npy_intp count, int width)
{
    _Alignas(64) char scratch[MOST_TEMPORARIES * SMALL];
    run_blocks(plan, places, count, width, scratch, SMALL);
}

/* Puts inputs, constants and the new arrays into their registers; numbers: room for those among the inputs. */
static void
place(Plan *plan, PyObject *const *inputs, PyArrayObject **made, int width, npy_double *numbers, Places *places)
{
    int size = width == 1 ? sizeof(npy_float) : sizeof(npy_double), next = plan->inputs;
    for (int i = 0; i < plan->inputs; i++) {
        places->step[i] = 0;
        if (is_array(inputs[i])) {
            places->at[i] = PyArray_BYTES((PyArrayObject *)inputs[i]);
            places->step[i] = PyArray_NDIM((PyArrayObject *)inputs[i]) ? size : 0;
            continue;
        }
        places->at[i] = (char *)&numbers[i];
        double number = PyFloat_CheckExact(inputs[i]) ? PyFloat_AS_DOUBLE(inputs[i]) : PyLong_AsDouble(inputs[i]);
        if (width == 1)
            *(npy_float *)places->at[i] = (npy_float)number;
        else
            numbers[i] = number;
    }
    for (int k = 0; k < plan->constants; k++, next++) {
        places->at[next] = width == 1 ? (char *)&plan->narrow[k] : (char *)&plan->wide[k];
        places->step[next] = 0;
    }
    for (int k = 0; k < plan->made; k++, next++) {
        places->at[next] = PyArray_BYTES(made[k]);
        places->step[next] = plan->is_bool[k] ? 1 : size;
    }
}

/* The new arrays, and what is handed on of them and of the inputs. */
static int
make_outputs(Plan *plan, PyObject *const *inputs, PyArrayObject *like, PyArrayObject **made, PyObject **outputs)
{
    for (int k = 0; k < plan->made; k++) {
        PyArray_Descr *dtype = plan->is_bool[k] ? PyArray_DescrFromType(NPY_BOOL) : PyArray_DESCR(like);
        if (!plan->is_bool[k])
            Py_INCREF(dtype);
        made[k] = (PyArrayObject *)PyArray_NewFromDescr(&PyArray_Type, dtype, PyArray_NDIM(like), PyArray_DIMS(like),
                                                        NULL, NULL, 0, NULL);
        if (made[k] == NULL) {
            while (k-- > 0)
                Py_DECREF(made[k]);
            return -1;
        }
    }
    int first = plan->inputs + plan->constants;
    for (int k = 0; k < plan->outputs; k++) {
        int from = plan->placed[k];
        outputs[k] = from < 0 ? NULL : Py_NewRef(from < plan->inputs ? inputs[from] : (PyObject *)made[from - first]);
    }
    return 0;
}

int
run_plan(Plan *plan, PyObject *const *inputs, int count, PyObject **outputs)
{
    int width;
    PyArrayObject *made[MOST_OUTPUTS], *like = shape_giver(inputs, count, &width);
    if (count != plan->inputs || like == NULL || plan->registers - plan->inputs - plan->constants - plan->made > MOST_TEMPORARIES)
        return 0;
    if (make_outputs(plan, inputs, like, made, outputs) < 0)
        return -1;
    if (plan->made) {
        Places places;
        npy_double numbers[MOST_REGISTERS];
        npy_intp size = PyArray_SIZE(made[0]);
        place(plan, inputs, made, width, numbers, &places);
        (size * 8 <= SMALL ? run_small : run_large)(plan, &places, size, width);
    }
    for (int k = 0; k < plan->made; k++)
        Py_DECREF(made[k]);
    return 1;
}
