/* The place in the script, and what it is within: the compiled twin of Places.here in gradviz/record/places.py. */

#include "record.h"

PyObject *innermost(Scribe *scribe)
{
    Py_ssize_t count = PyList_GET_SIZE(scribe->calls);
    return count > 0 ? Py_NewRef(PyList_GET_ITEM(scribe->calls, count - 1)) : NULL;
}

/* -- numbers of places -------------------------------------------------------------------------------------------- */

/* The number of a place, and the variable that its value is assigned to, a new reference: -1 with an exception. */
static int origin_of(Scribe *scribe, PyObject *code, int lasti, uint32_t *number, PyObject **target)
{
    uint64_t hash = mixed(mixed(0, (uintptr_t)code >> 4), (uint64_t)lasti);
    Origin *origins = scribe->known->origins;
    size_t place = slot_of(hash, ORIGIN_SLOTS);
    for (size_t k = 0; k < WAYS; k++) {
        if (origins[place ^ k].code == code && origins[place ^ k].lasti == lasti) {
            *number = origins[place ^ k].number;
            *target = Py_NewRef(origins[place ^ k].target);
            return 0;
        }
    }
    PyObject *given = PyObject_CallFunction(scribe->origin, "Oi", code, lasti);
    *target = given == NULL ? NULL : Py_XNewRef(PyDict_GetItemWithError(scribe->targets, given));
    if (number_from(given, number) < 0 || *target == NULL) {
        Py_CLEAR(*target);
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_KeyError, "the target of a place");
        }
        return -1;
    }
    Origin forgotten = origins[place ^ 1];
    origins[place ^ 1] = origins[place];
    origins[place] = (Origin){Py_NewRef(code), Py_NewRef(*target), lasti, *number};
    Py_XDECREF(forgotten.code);
    Py_XDECREF(forgotten.target);
    return 0;
}

int origin_in(Scribe *scribe, PyFrameObject *frame, uint32_t *number, PyObject **target)
{
    PyCodeObject *code = PyFrame_GetCode(frame);
    int failed = origin_of(scribe, (PyObject *)code, PyFrame_GetLasti(frame), number, target);
    Py_DECREF(code);
    Py_DECREF(frame);
    return failed;
}

/* Whether a number was asked for such a call before: by its contents, as each running call is a new one. */
static int is_within(Within *within, PyObject *call, int inside)
{
    PyObject *name = field(call, NAME), *path = field(call, PATH);
    if (within->path == NULL || within->inside != inside || within->aside != (field(call, ASIDE) == Py_True) ||
        within->around != PyLong_AsLong(field(call, AROUND))) {
        return 0;
    }
    if (within->name != name && PyUnicode_Compare(within->name, name) != 0) {
        return 0;
    }
    return within->path == path ? 1 : PyObject_RichCompareBool(within->path, path, Py_EQ);
}

/* The number of what runs within a call (a places.Call), as Places.within has it. The call itself is not kept: it
   holds its module. */
static int within_of(Scribe *scribe, PyObject *call, int inside, uint32_t *number)
{
    PyObject *path = field(call, PATH);
    Py_hash_t hash = PyObject_Hash(path);
    if (hash == -1) {
        return -1;
    }
    Within *withins = scribe->known->withins;
    size_t place = slot_of(mixed((uint64_t)hash, inside), WITHIN_SLOTS);
    for (size_t k = 0; k < WAYS; k++) {
        int found = is_within(&withins[place ^ k], call, inside);
        if (found != 0) {
            *number = withins[place ^ k].number;
            return found < 0 ? -1 : 0;
        }
    }
    PyObject *given = PyObject_CallFunctionObjArgs(scribe->within, call, inside ? Py_True : Py_False, NULL);
    if (number_from(given, number) < 0) {
        return -1;
    }
    Within forgotten = withins[place ^ 1];
    withins[place ^ 1] = withins[place];
    withins[place] = (Within){Py_NewRef(field(call, NAME)), Py_NewRef(path), PyLong_AsLong(field(call, AROUND)),
                              inside, field(call, ASIDE) == Py_True, *number};
    Py_XDECREF(forgotten.name);
    Py_XDECREF(forgotten.path);
    return 0;
}

/* Whether a frame runs code of gradviz's own; -1 with an exception. */
static int is_ours(Scribe *scribe, PyFrameObject *frame, PyCodeObject *code)
{
    PyObject *ours = PyDict_GetItemWithError(scribe->ours, code->co_filename);
    if (ours != NULL || PyErr_Occurred()) {
        return ours == NULL ? -1 : ours == Py_True;
    }
    ours = PyObject_CallOneArg(scribe->is_ours, (PyObject *)frame);
    int answer = ours == NULL ? -1 : ours == Py_True;
    Py_XDECREF(ours);
    return answer;
}

PyFrameObject *outside(Scribe *scribe, PyFrameObject *frame, PyObject *call, int stops, int *met)
{
    while (frame != NULL) {
        PyCodeObject *code = PyFrame_GetCode(frame);
        int ours = is_ours(scribe, frame, code);
        *met |= ours == 1 && call != NULL && (PyObject *)code == field(call, CODE);
        Py_DECREF(code);
        if (ours == 0) {
            return frame;
        }
        PyFrameObject *outer = ours < 0 || (stops && *met) ? NULL : PyFrame_GetBack(frame);
        Py_DECREF(frame);
        frame = outer;
    }
    return NULL;
}

int place_here(Scribe *scribe, uint32_t *number, uint32_t *within)
{
    PyObject *call = innermost(scribe);
    int inside = 0, failed = 0;
    *number = *within = 0;
    PyFrameObject *frame = (PyFrameObject *)Py_XNewRef(PyEval_GetFrame());
    frame = outside(scribe, frame, call, 0, &inside);
    if (frame != NULL) {
        PyObject *target;
        failed = origin_in(scribe, frame, number, &target) < 0;
        Py_XDECREF(target);
    } else if (PyErr_Occurred()) {
        failed = 1;
    }
    if (!failed && call != NULL && PyTuple_GET_SIZE(field(call, PATH)) > 0) {
        failed = within_of(scribe, call, inside, within) < 0;
    }
    Py_XDECREF(call);
    return failed ? -1 : 0;
}
