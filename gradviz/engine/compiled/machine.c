/* Runs a plan: from loop to loop, a block that fits the cache at a time. */

#include "machine.h"
#include "threads.h"

#define BLOCK 8192      /* bytes of a register */
#define SMALL 512       /* the same, where all of an array fits */
#define LARGE (1 << 15) /* elements, from which others may run Python meanwhile */
#define MOST_TEMPORARIES 8
#define PART 32768      /* elements: what a thread takes at a time */

/* Where a register's next block lies, and how far its elements are apart: 0 for a number. */
typedef struct {
    char *at[MOST_REGISTERS];
    npy_intp step[MOST_REGISTERS];
} Places;

int
width_of(PyObject *object)
{
    if (!is_array(object))
        return 0;
    PyArray_Descr *dtype = PyArray_DESCR((PyArrayObject *)object);
    return dtype == world.float32 ? 1 : dtype == world.float64 ? 2 : 0;
}

/* The array whose shape is everybody's, or NULL where an input is none of what the plan takes. */
static PyArrayObject *
shape_giver(Plan *plan, PyObject *const *inputs, int count)
{
    PyArrayObject *giver = NULL;
    for (int i = 0; i < count; i++) {
        if (PyFloat_CheckExact(inputs[i]) || PyLong_CheckExact(inputs[i]))
            continue;
        PyArrayObject *array = (PyArrayObject *)inputs[i];
        if (width_of(inputs[i]) != plan->width || !PyArray_ISCARRAY_RO(array))
            return NULL;
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

/* Without a branch an element, which a compiler makes vectors of: numbers among the two sides stand still. */
#define CHOOSE(type, chosen, other)                                                       \
    IN_ANY_ORDER                                                                          \
    for (npy_intp k = 0; k < count; k++) {                                                \
        type one = ((const type *)at[1])[chosen], two = ((const type *)at[2])[other];     \
        ((type *)at[3])[k] = at[0][k] ? one : two;                                        \
    }
#define CHOOSE_OF(type)                                \
    if (step[1] && step[2]) {                          \
        CHOOSE(type, k, k)                             \
    }                                                  \
    else if (step[1]) {                                \
        CHOOSE(type, k, 0)                             \
    }                                                  \
    else if (step[2]) {                                \
        CHOOSE(type, 0, k)                             \
    }                                                  \
    else {                                             \
        CHOOSE(type, 0, 0)                             \
    }

static void
choose(char **at, npy_intp *step, npy_intp count, int width)
{
    if (width == 1) {
        CHOOSE_OF(npy_float)
    }
    else {
        CHOOSE_OF(npy_double)
    }
}

/* All steps on one block. */
static void
run_block(Plan *plan, Places *places, npy_intp count)
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
            step->loop.run(at, &size, apart, step->loop.data);
        else if (step->code == CAST)
            cast(at[0], at[1], count, plan->width);
        else
            choose(at, apart, count, plan->width);
    }
}

/* Blocks from one element on; scratch: room for a block of each temporary. */
static void
run_blocks(Plan *plan, const Places *places, npy_intp start, npy_intp count, char *scratch, int block)
{
    Places here = *places;
    int size = (int)size_in(plan), fixed = plan->inputs + plan->constants + plan->made;
    npy_intp most = block / size;
    for (int k = 0; k < fixed; k++)
        here.at[k] += start * here.step[k];
    for (int k = fixed; k < plan->registers; k++) {
        here.at[k] = scratch + (k - fixed) * block;
        here.step[k] = size;
    }
    while (count > 0) {
        npy_intp now = count < most ? count : most;
        run_block(plan, &here, now);
        for (int k = 0; k < fixed; k++)
            here.at[k] += now * here.step[k];
        count -= now;
    }
}

typedef struct {
    Plan *plan;
    const Places *places;
} Job;

static void
do_part(void *work, npy_intp start, npy_intp count)
{
    _Alignas(64) char scratch[MOST_TEMPORARIES * BLOCK];
    run_blocks(((Job *)work)->plan, ((Job *)work)->places, start, count, scratch, BLOCK);
}

static void
run_large(Plan *plan, const Places *places, npy_intp count)
{
    Job job = {plan, places};
    PyThreadState *resting = count >= LARGE ? PyEval_SaveThread() : NULL;
    share(do_part, &job, count, PART);
    if (resting != NULL)
        PyEval_RestoreThread(resting);
}

static void
run_small(Plan *plan, const Places *places, npy_intp count)
{
    _Alignas(64) char scratch[MOST_TEMPORARIES * SMALL];
    run_blocks(plan, places, 0, count, scratch, SMALL);
}

/* Puts inputs, constants and the new arrays into their registers; numbers: room for those among the inputs. */
static void
place(Plan *plan, PyObject *const *inputs, PyArrayObject **made, npy_double *numbers, Places *places)
{
    int size = (int)size_in(plan), next = plan->inputs;
    for (int i = 0; i < plan->inputs; i++) {
        places->step[i] = 0;
        if (is_array(inputs[i])) {
            places->at[i] = PyArray_BYTES((PyArrayObject *)inputs[i]);
            places->step[i] = PyArray_NDIM((PyArrayObject *)inputs[i]) ? size : 0;
            continue;
        }
        places->at[i] = (char *)&numbers[i];
        double number = PyFloat_CheckExact(inputs[i]) ? PyFloat_AS_DOUBLE(inputs[i]) : PyLong_AsDouble(inputs[i]);
        if (plan->width == 1)
            *(npy_float *)places->at[i] = (npy_float)number;
        else
            numbers[i] = number;
    }
    for (int k = 0; k < plan->constants; k++, next++) {
        places->at[next] = plan->width == 1 ? (char *)&plan->narrow[k] : (char *)&plan->wide[k];
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

/* Whether an array lies in order but for gaps between its rows, as a part of a split does: results have no gaps. */
static int
has_gaps(PyArrayObject *array)
{
    npy_intp least = PyArray_ITEMSIZE(array);
    if (PyArray_ISCARRAY_RO(array) || !PyArray_ISBEHAVED_RO(array) || PyArray_NDIM(array) == 0)
        return 0;
    for (int d = PyArray_NDIM(array) - 1; d >= 0; d--) {
        npy_intp size = PyArray_DIM(array, d), apart = PyArray_STRIDE(array, d);
        if (size != 1 && (apart < least || (least == PyArray_ITEMSIZE(array) && apart != least)))
            return 0;
        if (size != 1)
            least = apart * size;
    }
    return 1;
}

/* Runs a plan on arrays without gaps; what is handed on of the inputs is as it was given. */
static int
run_on(Plan *plan, PyObject *const *inputs, PyObject *const *given, int count, PyObject **outputs)
{
    PyArrayObject *made[MOST_OUTPUTS], *like = shape_giver(plan, inputs, count);
    if (like == NULL)
        return 0;
    if (make_outputs(plan, given, like, made, outputs) < 0)
        return -1;
    if (plan->made) {
        Places places;
        npy_double numbers[MOST_REGISTERS];
        npy_intp size = PyArray_SIZE(made[0]);
        place(plan, inputs, made, numbers, &places);
        (size * 8 <= SMALL ? run_small : run_large)(plan, &places, size);
    }
    for (int k = 0; k < plan->made; k++)
        Py_DECREF(made[k]);
    return 1;
}

int
run_plan(Plan *plan, PyObject *const *inputs, int count, PyObject **outputs)
{
    if (count != plan->inputs || plan->registers - plan->inputs - plan->constants - plan->made > MOST_TEMPORARIES)
        return 0;
    int gaps = 0;
    for (int i = 0; i < count; i++)
        gaps |= is_array(inputs[i]) && has_gaps((PyArrayObject *)inputs[i]);
    if (!gaps)
        return run_on(plan, inputs, inputs, count, outputs);
    PyObject *packed[MOST_REGISTERS];
    int ready = 0, done = -1;
    for (; ready < count; ready++) {
        PyObject *each = inputs[ready];
        int copied = is_array(each) && has_gaps((PyArrayObject *)each);
        packed[ready] = copied ? PyArray_NewCopy((PyArrayObject *)each, NPY_CORDER) : Py_NewRef(each);
        if (packed[ready] == NULL)
            break;
    }
    if (ready == count)
        done = run_on(plan, packed, inputs, count, outputs);
    while (ready-- > 0)
        Py_DECREF(packed[ready]);
    return done;
}
