/* Rows: a formula of rows as a list of NumPy's inner loops, done on a few rows at a time, so that each is fetched from
   memory once; engine/rows.py draws it. Threads share the rows. */

#include "machine.h"
#include "threads.h"
#include <stddef.h>

#define MOST_GIVEN 8
#define AT_ONCE 32768 /* elements: what a thread takes at a time */
#define BLOCK 8192    /* bytes of a register, where rows are shorter */
#define SCRATCH 65536 /* bytes of temporaries that are on the stack */

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *planner; /* a dtype's character -> what plan_from takes, or None */
    char kinds[MOST_GIVEN + 1];
    char asked[2];
    Plan *plan[2]; /* of float32, of float64 */
} Rows;

/* Where a register's row lies, and how far apart its elements are, and its rows: 0 for what stands still. */
typedef struct {
    char *at[MOST_REGISTERS];
    npy_intp step[MOST_REGISTERS], pitch[MOST_REGISTERS];
} Lanes;

typedef struct {
    Plan *plan;
    const Lanes *lanes;
    npy_intp length; /* of a row */
    int failed;      /* for want of memory */
} Job;

/* -- a row ---------------------------------------------------------------------------------------------- */

/* A row folded into one number as NumPy's `reduce` does it: sums start from 0, all else from the first element. */
static void
fold(const Step *step, char *row, char *into, npy_intp length, npy_intp size)
{
    npy_intp apart[3] = {0, size, 0};
    if (step->code == SUM)
        memset(into, 0, size);
    else {
        memcpy(into, row, size);
        row += size;
        length--;
    }
    char *at[3] = {into, row, into};
    if (length)
        step->loop.run(at, &length, apart, step->loop.data);
}

/* One step on some rows: in one call of the loop where nothing stands still or changes from row to row beside them. */
static void
run_step(const Plan *plan, const Step *step, const Lanes *lanes, npy_intp rows, npy_intp length)
{
    npy_intp size = size_in(plan), apart[4], pitch[4], whole = 1;
    int temporary = plan->inputs + plan->constants + plan->made, last = step->count;
    char *at[4];
    for (int i = 0; i <= last; i++) {
        int from = i < last ? step->from[i] : step->into, is_number = from >= temporary && step->numbers >> i & 1;
        at[i] = lanes->at[from];
        apart[i] = is_number ? 0 : lanes->step[from];
        pitch[i] = is_number ? size : lanes->pitch[from];
        whole = whole && pitch[i] == length * apart[i];
    }
    if (step->code == DOT) {
        npy_intp sizes[2] = {rows, length}, steps[5] = {pitch[0], pitch[1], pitch[2], size, size};
        step->loop.run(at, sizes, steps, step->loop.data);
        return;
    }
    if (step->code == UFUNC && step->arithmetic && !whole && !(step->numbers >> last & 1)) {
        calculate(step->arithmetic, plan->width, at, apart, pitch, rows, length);
        return;
    }
    int of_numbers = step->code == UFUNC && step->numbers >> last & 1;
    npy_intp count = of_numbers ? rows : whole ? rows * length : length;
    for (npy_intp k = 0; k < (of_numbers || whole ? 1 : rows); k++) {
        if (step->code == UFUNC) {
            char *here[4] = {at[0], at[1], at[2], at[3]};
            step->loop.run(here, &count, of_numbers ? pitch : apart, step->loop.data);
        }
        else
            fold(step, at[0], at[last], length, size);
        for (int i = 0; i <= last; i++)
            at[i] += pitch[i];
    }
}

/* Rows from one on, some at a time, so that their temporaries stay in the cache. */
static void
do_rows(void *work, npy_intp start, npy_intp count)
{
    Job *job = work;
    const Plan *plan = job->plan;
    Lanes here = *job->lanes;
    _Alignas(64) char own[SCRATCH];
    int fixed = plan->inputs + plan->constants + plan->made;
    npy_intp pitch = job->length * size_in(plan), most = pitch < BLOCK ? BLOCK / pitch : 1;
    npy_intp room = (most * pitch + 63) / 64 * 64, wanted = room * (plan->registers - fixed);
    char *scratch = wanted <= SCRATCH ? own : PyMem_RawMalloc(wanted);
    if (scratch == NULL) {
        job->failed = 1;
        return;
    }
    for (int k = 0; k < fixed; k++)
        here.at[k] += start * here.pitch[k];
    for (int k = fixed; k < plan->registers; k++) {
        here.at[k] = scratch + (k - fixed) * room;
        here.step[k] = size_in(plan);
        here.pitch[k] = pitch;
    }
    while (count > 0) {
        npy_intp now = count < most ? count : most;
        for (int k = 0; k < plan->steps; k++)
            run_step(plan, &plan->step[k], &here, now, job->length);
        for (int k = 0; k < fixed; k++)
            here.at[k] += now * here.pitch[k];
        count -= now;
    }
    if (scratch != own)
        PyMem_RawFree(scratch);
}

/* -- a call --------------------------------------------------------------------------------------------- */

/* Whether the inputs are what their kinds say, in the first one's dtype and rows. */
static int
are_alike(const char *kinds, PyObject *const *inputs, int width, npy_intp rows, npy_intp length)
{
    for (int i = 0; kinds[i]; i++) {
        if (kinds[i] == 'n') {
            if (!PyFloat_CheckExact(inputs[i]) && !PyLong_CheckExact(inputs[i]))
                return 0;
            continue;
        }
        PyArrayObject *array = (PyArrayObject *)inputs[i];
        npy_intp size = kinds[i] == 'r' ? rows * length : kinds[i] == '1' ? rows : length;
        if (width_of(inputs[i]) != width || !PyArray_ISCARRAY_RO(array) || PyArray_SIZE(array) != size)
            return 0;
        if (kinds[i] != '1' && (!PyArray_NDIM(array) || PyArray_DIM(array, PyArray_NDIM(array) - 1) != length))
            return 0;
    }
    return 1;
}

static void
lay(Lanes *lanes, int at, void *where, npy_intp step, npy_intp pitch)
{
    lanes->at[at] = where;
    lanes->step[at] = step;
    lanes->pitch[at] = pitch;
}

/* Puts inputs, constants and the new arrays into their registers; numbers: room for those among the inputs. */
static void
place(const Rows *rows, Plan *plan, PyObject *const *inputs, PyArrayObject **made, npy_double *numbers, npy_intp length,
      Lanes *lanes)
{
    npy_intp size = size_in(plan);
    int next = plan->inputs;
    for (int i = 0; i < plan->inputs; i++) {
        char kind = rows->kinds[i];
        if (kind != 'n') {
            npy_intp pitch = kind == 'r' ? length * size : kind == '1' ? size : 0;
            lay(lanes, i, PyArray_BYTES((PyArrayObject *)inputs[i]), kind == '1' ? 0 : size, pitch);
            continue;
        }
        numbers[i] = PyFloat_CheckExact(inputs[i]) ? PyFloat_AS_DOUBLE(inputs[i]) : PyLong_AsDouble(inputs[i]);
        if (plan->width == 1)
            *(npy_float *)&numbers[i] = (npy_float)numbers[i];
        lay(lanes, i, &numbers[i], 0, 0);
    }
    for (int k = 0; k < plan->constants; k++, next++)
        lay(lanes, next, plan->width == 1 ? (void *)&plan->narrow[k] : (void *)&plan->wide[k], 0, 0);
    for (int k = 0; k < plan->made; k++, next++)
        lay(lanes, next, PyArray_BYTES(made[k]), plan->is_number[k] ? 0 : size, plan->is_number[k] ? size : length * size);
}

/* A new array of rows, or of a number for each, like the first input. */
static PyArrayObject *
new_array(PyArrayObject *like, int is_number)
{
    npy_intp sizes[NPY_MAXDIMS];
    int ndim = PyArray_NDIM(like);
    memcpy(sizes, PyArray_DIMS(like), ndim * sizeof(npy_intp));
    if (is_number)
        sizes[ndim - 1] = 1;
    return (PyArrayObject *)PyArray_SimpleNew(ndim, sizes, PyArray_TYPE(like));
}

/* One array, or a tuple of them in the formula's order; None where memory was short. */
static PyObject *
run_rows(const Rows *rows, Plan *plan, PyObject *const *inputs, npy_intp count, npy_intp length)
{
    PyArrayObject *made[MOST_OUTPUTS];
    Lanes lanes;
    npy_double numbers[MOST_GIVEN];
    PyObject *found = PyTuple_New(plan->outputs);
    int first = plan->inputs + plan->constants;
    for (int k = 0; k < plan->made && found != NULL; k++)
        if ((made[k] = new_array((PyArrayObject *)inputs[0], plan->is_number[k])) == NULL) {
            while (k-- > 0)
                Py_DECREF(made[k]);
            Py_CLEAR(found);
        }
    if (found == NULL)
        return NULL;
    for (int k = 0; k < plan->outputs; k++)
        PyTuple_SET_ITEM(found, k, Py_NewRef((PyObject *)made[plan->placed[k] - first]));
    place(rows, plan, inputs, made, numbers, length, &lanes);
    Job job = {plan, &lanes, length, 0};
    PyThreadState *resting = count * length >= AT_ONCE ? PyEval_SaveThread() : NULL;
    share(do_rows, &job, count, length < AT_ONCE ? AT_ONCE / length : 1);
    if (resting != NULL)
        PyEval_RestoreThread(resting);
    for (int k = 0; k < plan->made; k++)
        Py_DECREF(made[k]);
    if (job.failed || plan->outputs == 1) {
        PyObject *alone = job.failed ? Py_NewRef(Py_None) : Py_NewRef(PyTuple_GET_ITEM(found, 0));
        Py_DECREF(found);
        return alone;
    }
    return found;
}

/* The plan for a width, drawn when it is first asked for; NULL where there is none, or with an error. */
static Plan *
plan_of(Rows *rows, int width)
{
    if (!rows->asked[width - 1]) {
        PyObject *written = PyObject_CallFunction(rows->planner, "s", width == 1 ? "f" : "d");
        if (written == NULL)
            return NULL;
        rows->plan[width - 1] = plan_from(written, width);
        rows->asked[width - 1] = 1;
        Py_DECREF(written);
    }
    return rows->plan[width - 1];
}

static PyObject *
call(PyObject *self, PyObject *const *inputs, size_t flags, PyObject *keywords)
{
    Rows *rows = (Rows *)self;
    int width = PyVectorcall_NARGS(flags) ? width_of(inputs[0]) : 0;
    if ((size_t)PyVectorcall_NARGS(flags) != strlen(rows->kinds) || keywords != NULL || !width)
        Py_RETURN_NONE;
    PyArrayObject *like = (PyArrayObject *)inputs[0];
    npy_intp size = PyArray_SIZE(like), length = PyArray_NDIM(like) ? PyArray_DIM(like, PyArray_NDIM(like) - 1) : 0;
    if (!size || !are_alike(rows->kinds, inputs, width, size / length, length))
        Py_RETURN_NONE;
    Plan *plan = plan_of(rows, width);
    if (plan == NULL && PyErr_Occurred())
        return NULL;
    return plan == NULL ? Py_NewRef(Py_None) : run_rows(rows, plan, inputs, size / length, length);
}

static PyObject *
make(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    PyObject *planner;
    const char *kinds;
    if (!PyArg_ParseTuple(args, "Os:Rows", &planner, &kinds))
        return NULL;
    if (strlen(kinds) > MOST_GIVEN || kinds[0] != 'r' || strspn(kinds, "r1cn") != strlen(kinds)) {
        PyErr_SetString(PyExc_ValueError, "Rows: kinds are r, 1, c and n, r first");
        return NULL;
    }
    Rows *rows = (Rows *)type->tp_alloc(type, 0);
    if (rows == NULL)
        return NULL;
    rows->vectorcall = call;
    rows->planner = Py_NewRef(planner);
    strcpy(rows->kinds, kinds);
    return (PyObject *)rows;
}

static void
drop(PyObject *self)
{
    Rows *rows = (Rows *)self;
    for (int k = 0; k < 2; k++)
        PyMem_Free(rows->plan[k]);
    Py_XDECREF(rows->planner);
    Py_TYPE(self)->tp_free(self);
}

PyTypeObject RowsType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "gradviz.engine._engine.Rows",
    .tp_doc = "A formula of rows; None from a call for other arrays than it is for.",
    .tp_basicsize = sizeof(Rows),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_vectorcall_offset = offsetof(Rows, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_new = make,
    .tp_dealloc = drop,
};
