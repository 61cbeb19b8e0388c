/* What plans are made of, and which one a call gets; machine.c runs them. */

#include "machine.h"

/* -- from Python's tuple -------------------------------------------------------------------------------- */

/* The loop of a ufunc for operands and a result of these kinds, '?' or in the plan's dtype; 0: there is none. */
static int
find_loop(PyObject *ufunc, const char *kinds, int width, Loop *loop)
{
    char floating = width == 1 ? NPY_FLOAT : NPY_DOUBLE;
    PyUFuncObject *told = (PyUFuncObject *)ufunc;
    for (int k = 0; k < told->ntypes; k++) {
        const char *types = told->types + k * told->nargs;
        int alike = told->functions != NULL && told->functions[k] != NULL;
        for (int i = 0; i < told->nargs && alike; i++)
            alike = types[i] == (kinds[i] == '?' ? NPY_BOOL : floating);
        if (alike) {
            loop->run = told->functions[k];
            loop->data = told->data == NULL ? NULL : told->data[k];
            return 1;
        }
    }
    return 0;
}

/* A step from (code, ufunc, kinds, into, from, ...); 0 where it can't be taken. */
static int
read_step(Plan *plan, Step *step, PyObject *given)
{
    const char *kinds;
    PyObject *ufunc;
    step->from[1] = step->from[2] = 0;
    if (!PyArg_ParseTuple(given, "iOsii|ii", &step->code, &ufunc, &kinds, &step->into, &step->from[0], &step->from[1],
                          &step->from[2]))
        return 0;
    step->count = (int)PyTuple_GET_SIZE(given) - 4;
    if (step->into < 0 || step->into >= plan->registers || step->count + 1 != (int)strlen(kinds))
        return 0;
    for (int i = 0; i < step->count; i++)
        if (step->from[i] < 0 || step->from[i] >= plan->registers)
            return 0;
    step->bools = step->numbers = 0;
    for (int i = 0; i <= step->count; i++) {
        step->bools |= (kinds[i] == '?') << i;
        step->numbers |= (kinds[i] == '1') << i;
    }
    if (step->code == CAST || step->code == WHERE)
        return step->count == (step->code == CAST ? 1 : 3);
    PyUFuncObject *told = (PyUFuncObject *)ufunc;
    step->arithmetic = step->count == 2 ? arithmetic_of(told->name) : NO_ARITHMETIC;
    return told->nin == step->count && told->nout == 1 && find_loop(ufunc, kinds, plan->width, &step->loop);
}

static int
read_plan(Plan *plan, PyObject *numbers, const char *kinds, PyObject *steps, PyObject *placed)
{
    plan->constants = (int)PyTuple_GET_SIZE(numbers);
    plan->made = (int)strlen(kinds);
    plan->steps = (int)PyTuple_GET_SIZE(steps);
    plan->outputs = (int)PyTuple_GET_SIZE(placed);
    if (plan->registers > MOST_REGISTERS || plan->steps > MOST_STEPS || plan->outputs > MOST_OUTPUTS ||
        plan->made > MOST_OUTPUTS || plan->inputs + plan->constants + plan->made > plan->registers)
        return 0;
    for (int k = 0; k < plan->constants; k++) {
        plan->wide[k] = PyFloat_AsDouble(PyTuple_GET_ITEM(numbers, k));
        plan->narrow[k] = (npy_float)plan->wide[k];
    }
    for (int k = 0; k < plan->made; k++) {
        plan->is_bool[k] = kinds[k] == '?';
        plan->is_number[k] = kinds[k] == '1';
    }
    for (int k = 0; k < plan->outputs; k++)
        plan->placed[k] = (int)PyLong_AsLong(PyTuple_GET_ITEM(placed, k));
    for (int k = 0; k < plan->steps; k++)
        if (!read_step(plan, &plan->step[k], PyTuple_GET_ITEM(steps, k)))
            return 0;
    return 1;
}

Plan *
plan_from(PyObject *written, int width)
{
    PyObject *numbers, *steps, *placed;
    const char *kinds;
    if (written == Py_None)
        return NULL;
    Plan *plan = PyMem_Calloc(1, sizeof(Plan));
    if (plan == NULL)
        return NULL;
    plan->width = width;
    if (PyArg_ParseTuple(written, "iO!siO!O!", &plan->inputs, &PyTuple_Type, &numbers, &kinds, &plan->registers,
                         &PyTuple_Type, &steps, &PyTuple_Type, &placed) &&
        read_plan(plan, numbers, kinds, steps, placed))
        return plan;
    PyErr_Clear();
    PyMem_Free(plan);
    return NULL;
}

/* -- which one ------------------------------------------------------------------------------------------ */

/* Whether two settings are the same to a formula: the same object, or the same number to the bit. */
static int
are_same(PyObject *one, PyObject *other)
{
    if (one == other)
        return 1;
    if (Py_TYPE(one) != Py_TYPE(other))
        return 0;
    if (PyFloat_CheckExact(one)) {
        double a = PyFloat_AS_DOUBLE(one), b = PyFloat_AS_DOUBLE(other);
        return memcmp(&a, &b, sizeof a) == 0;
    }
    return PyLong_CheckExact(one) && PyObject_RichCompareBool(one, other, Py_EQ) == 1;
}

/* Whether a setting may be kept for good: it is no array, and holds none. */
static int
is_simple(PyObject *setting)
{
    return setting == Py_None || PyBool_Check(setting) || PyLong_CheckExact(setting) || PyFloat_CheckExact(setting) ||
           PyUnicode_CheckExact(setting);
}

/* Draws the plan for settings that were not met before, and remembers it. */
static Plan *
new_plan(Plans *plans, int width, PyObject *const *settings, int count)
{
    PyObject *asked = PyTuple_New(1 + count), *written = NULL;
    if (asked == NULL)
        return NULL;
    PyTuple_SET_ITEM(asked, 0, PyUnicode_FromString(width == 1 ? "f" : "d"));
    for (int i = 0; i < count; i++)
        PyTuple_SET_ITEM(asked, 1 + i, Py_NewRef(settings[i]));
    if (PyTuple_GET_ITEM(asked, 0) != NULL)
        written = PyObject_CallObject(plans->planner, asked);
    PyObject *known = written == NULL ? NULL : PyTuple_GetSlice(asked, 1, 1 + count);
    Plan *plan = known == NULL ? NULL : plan_from(written, width);
    Py_DECREF(asked);
    Py_XDECREF(written);
    if (known == NULL || plans->count == MOST_PLANS) { /* the planner ran Python, which may have called this op */
        PyMem_Free(plan);
        Py_XDECREF(known);
        return NULL;
    }
    plans->entry[plans->count].width = width;
    plans->entry[plans->count].settings = known;
    plans->entry[plans->count++].plan = plan;
    return plan;
}

Plan *
plan_for(Plans *plans, PyObject *like, PyObject *const *settings, int count)
{
    int width = plans->planner == NULL ? 0 : width_of(like);
    if (!width)
        return NULL;
    for (int k = 0; k < plans->count; k++) {
        PyObject *known = plans->entry[k].settings;
        int alike = plans->entry[k].width == width && PyTuple_GET_SIZE(known) == count;
        for (int i = 0; i < count && alike; i++)
            alike = are_same(PyTuple_GET_ITEM(known, i), settings[i]);
        if (alike)
            return plans->entry[k].plan;
    }
    if (plans->count == MOST_PLANS)
        return NULL;
    for (int i = 0; i < count; i++)
        if (!is_simple(settings[i]))
            return NULL;
    return new_plan(plans, width, settings, count);
}

void
drop_plans(Plans *plans)
{
    for (int k = 0; k < plans->count; k++) {
        Py_DECREF(plans->entry[k].settings);
        PyMem_Free(plans->entry[k].plan);
    }
    plans->count = 0;
    Py_CLEAR(plans->planner);
}

int
outputs_of(Plan *plan)
{
    return plan->outputs;
}
