/* The place in the script, and the calls of modules and composite functions around it: the compiled twin of
   gradviz/record/places.py, and of Recorder.entered and left.

   The running calls are in the Python's own list, as its places.Call: the Python looks there too. */

#include "record.h"
#include <frameobject.h>

enum { NAME, ASIDE, CODE, PATH, AROUND, MODULE, FIELDS }; /* of a places.Call */

static PyTypeObject *call_type;

int places_ready(void)
{
    PyObject *places = PyImport_ImportModule("gradviz.record.places");
    call_type = places == NULL ? NULL : (PyTypeObject *)PyObject_GetAttrString(places, "Call");
    Py_XDECREF(places);
    if (call_type != NULL && !PyType_IsSubtype(call_type, &PyTuple_Type)) {
        PyErr_SetString(PyExc_ImportError, "places.Call is no tuple: without the C twin, then");
        return -1;
    }
    return call_type == NULL ? -1 : 0;
}

/* The innermost running call: a new reference, NULL where there is none. */
static PyObject *innermost(Scribe *scribe)
{
    Py_ssize_t count = PyList_GET_SIZE(scribe->calls);
    return count > 0 ? Py_NewRef(PyList_GET_ITEM(scribe->calls, count - 1)) : NULL;
}

static PyObject *field(PyObject *call, int at)
{
    return call == NULL ? NULL : PyTuple_GET_ITEM(call, at);
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

/* The same for where a frame is; takes over the frame. */
static int origin_in(Scribe *scribe, PyFrameObject *frame, uint32_t *number, PyObject **target)
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

/* The first frame, from this one outwards, that is not gradviz's: a new reference, NULL where there is none or with an
   exception. met: set when the code of a call is met on the way; there it ends where `stops`. Takes over the frame. */
static PyFrameObject *outside(Scribe *scribe, PyFrameObject *frame, PyObject *call, int stops, int *met)
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

/* -- a call begins ------------------------------------------------------------------------------------------------ */

/* Whether a weak reference is to this object; -1 with an exception. */
static int refers_to(PyObject *ref, PyObject *object)
{
    PyObject *found = PyObject_CallNoArgs(ref);
    Py_XDECREF(found);
    return found == NULL ? -1 : found == object;
}

/* What ModuleNames keeps of an object under its id in a dict, (weak reference, ...): borrowed, NULL where there is
   nothing, or nothing any more, or with an exception. */
static PyObject *kept_of(PyObject *dict, PyObject *object)
{
    PyObject *key = PyLong_FromVoidPtr(object);
    PyObject *kept = key == NULL ? NULL : PyDict_GetItemWithError(dict, key);
    Py_XDECREF(key);
    return kept != NULL && refers_to(PyTuple_GET_ITEM(kept, 0), object) > 0 ? kept : NULL;
}

/* What a module is called in an outer one, "" where it is no part of it: a new reference, NULL with an exception. */
static PyObject *part_of(Scribe *scribe, PyObject *module, PyObject *outer)
{
    PyObject *known = outer == Py_None ? NULL : kept_of(scribe->parts, outer);
    PyObject *part = known == NULL ? NULL : kept_of(PyTuple_GET_ITEM(known, 1), module);
    if (part != NULL || PyErr_Occurred()) {
        return part == NULL ? NULL : Py_NewRef(PyTuple_GET_ITEM(part, 1));
    }
    return PyObject_CallFunctionObjArgs(scribe->module_name, module, outer, NULL);
}

static int same_text(PyObject *one, PyObject *other)
{
    return one == other || (one != NULL && PyUnicode_Compare(one, other) == 0);
}

void nested_dropped(Nested *nested)
{
    Py_XDECREF(nested->outer_name);
    Py_XDECREF(nested->outer_path);
    Py_XDECREF(nested->name);
    Py_XDECREF(nested->part);
    Py_XDECREF(nested->nested_name);
    Py_XDECREF(nested->nested_path);
}

/* A path with one more part: a new reference. */
static PyObject *longer(PyObject *path, PyObject *part)
{
    PyObject *last = PyTuple_Pack(1, part), *found = last == NULL ? NULL : PySequence_Concat(path, last);
    Py_XDECREF(last);
    return found;
}

static int nested_is(const Nested *nested, const Nested *asked)
{
    return nested->outer_path == asked->outer_path && nested->outer_name == asked->outer_name &&
           same_text(nested->name, asked->name) && same_text(nested->part, asked->part);
}

/* Fills in the name and the path of a call in the one around it, new references; -1 with an exception. */
static int nest(Nested *asked)
{
    asked->nested_path = longer(asked->outer_path, asked->part);
    asked->nested_name = PyUnicode_GET_LENGTH(asked->outer_name) == 0 ? Py_NewRef(asked->name)
        : PyUnicode_FromFormat("%U > %U", asked->outer_name, asked->name);
    return asked->nested_path == NULL || asked->nested_name == NULL ? -1 : 0;
}

/* Name and path of a call in the one around it, whose name and path are given; new references, -1 with an exception. */
static int nested_in(Scribe *scribe, Nested asked, PyObject **name, PyObject **path)
{
    uint64_t hash = mixed((uint64_t)PyObject_Hash(asked.part), (uintptr_t)asked.outer_path >> 4);
    size_t place = slot_of(hash, NESTED_SLOTS);
    Nested *known = scribe->known->nested;
    for (size_t k = 0; k < WAYS; k++) {
        if (nested_is(&known[place ^ k], &asked)) {
            *name = Py_NewRef(known[place ^ k].nested_name);
            *path = Py_NewRef(known[place ^ k].nested_path);
            return 0;
        }
    }
    Py_INCREF(asked.outer_name);
    Py_INCREF(asked.outer_path);
    Py_INCREF(asked.name);
    Py_INCREF(asked.part);
    if (nest(&asked) < 0) {
        nested_dropped(&asked);
        return -1;
    }
    *name = Py_NewRef(asked.nested_name);
    *path = Py_NewRef(asked.nested_path);
    Nested forgotten = known[place ^ 1];
    known[place ^ 1] = known[place];
    known[place] = asked;
    nested_dropped(&forgotten);
    return 0;
}

/* A places.Call: takes over name and path. */
static PyObject *new_call(PyObject *name, PyObject *aside, PyObject *code, PyObject *path, long around, PyObject *module)
{
    PyObject *count = PyLong_FromLong(around);
    PyObject *call = count == NULL ? NULL : call_type->tp_alloc(call_type, FIELDS);
    if (call == NULL) {
        Py_DECREF(name);
        Py_DECREF(path);
        Py_XDECREF(count);
        return NULL;
    }
    PyTuple_SET_ITEM(call, NAME, name);
    PyTuple_SET_ITEM(call, ASIDE, Py_NewRef(aside));
    PyTuple_SET_ITEM(call, CODE, Py_NewRef(code));
    PyTuple_SET_ITEM(call, PATH, path);
    PyTuple_SET_ITEM(call, AROUND, count);
    PyTuple_SET_ITEM(call, MODULE, Py_NewRef(module));
    return call;
}

/* How many calls are around the line of the user's that a call opened by this frame comes from; -1 with an exception. */
static long calls_around(Scribe *scribe, PyFrameObject *opener, PyObject *outer)
{
    int met = 0;
    PyFrameObject *frame = outside(scribe, PyFrame_GetBack(opener), outer, 1, &met);
    Py_XDECREF(frame);
    if (frame == NULL && PyErr_Occurred()) {
        return -1;
    }
    return met ? PyLong_AsLong(field(outer, AROUND)) : (long)PyList_GET_SIZE(scribe->calls);
}

/* The call that begins in a frame; outer: the call around it, or NULL. */
static PyObject *call_in(Scribe *scribe, PyFrameObject *opener, PyObject *outer, PyObject *name, PyObject *aside,
                         PyObject *module)
{
    long around = calls_around(scribe, opener, outer);
    PyObject *outer_module = outer == NULL ? Py_None : field(outer, MODULE), *part = Py_NewRef(name), *path = NULL;
    if (around >= 0 && module != Py_None && outer_module != Py_None) {
        Py_SETREF(part, part_of(scribe, module, outer_module));
        if (part != NULL) { /* as a plain str, whatever kind of str it is */
            Py_SETREF(part, PyObject_IsTrue(part) > 0 ? PyUnicode_FromObject(part) : Py_NewRef(name));
        }
    }
    Nested asked = {
        .outer_name = outer == NULL ? names.nothing : field(outer, NAME),
        .outer_path = outer == NULL ? names.nowhere : field(outer, PATH), .name = name, .part = part,
    };
    int failed = around < 0 || part == NULL || nested_in(scribe, asked, &name, &path) < 0;
    Py_XDECREF(part);
    if (failed) {
        return NULL;
    }
    if (aside == Py_False && outer != NULL) {
        aside = field(outer, ASIDE);
    }
    PyCodeObject *code = PyFrame_GetCode(opener);
    PyObject *call = new_call(name, aside, (PyObject *)code, path, around, module == Py_None ? outer_module : module);
    Py_DECREF(code);
    return call;
}

/* The frame that called the running Python function (Within's): a new reference, or NULL. */
static PyFrameObject *opener(void)
{
    PyFrameObject *frame = PyEval_GetFrame();
    return frame == NULL ? NULL : PyFrame_GetBack(frame);
}

/* entered(name, aside, module=None). */
PyObject *scribe_entered(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Scribe *scribe = (Scribe *)self;
    int is_frequent = (count == 2 || count == 3) && PyUnicode_CheckExact(args[0]) && PyBool_Check(args[1]);
    PyFrameObject *frame = is_frequent ? opener() : NULL;
    if (frame == NULL) {
        return PyObject_Vectorcall(scribe->entered, args, count, NULL);
    }
    PyObject *outer = innermost(scribe);
    PyObject *call = call_in(scribe, frame, outer, args[0], args[1], count == 3 ? args[2] : Py_None);
    int failed = call == NULL || PyList_Append(scribe->calls, call) < 0;
    Py_XDECREF(call);
    Py_XDECREF(outer);
    Py_DECREF(frame);
    return failed ? NULL : Py_NewRef(Py_None);
}

/* -- a call ends -------------------------------------------------------------------------------------------------- */

/* What the value of a call that has ended is assigned to, "" where another call's own code made it: a new reference. */
static PyObject *target_of(Scribe *scribe, PyFrameObject *caller)
{
    int met = 0;
    PyObject *outer = innermost(scribe), *target = NULL;
    PyFrameObject *frame = outside(scribe, caller, outer, 1, &met);
    Py_XDECREF(outer);
    if (frame == NULL) {
        return PyErr_Occurred() ? NULL : Py_NewRef(names.nothing);
    }
    uint32_t number;
    return origin_in(scribe, frame, &number, &target) < 0 ? NULL : target;
}

PyObject *scribe_left(PyObject *self, PyObject *result)
{
    Scribe *scribe = (Scribe *)self;
    PyFrameObject *frame = opener(), *caller = frame == NULL ? NULL : PyFrame_GetBack(frame);
    PyObject *call = innermost(scribe); /* held to the end: letting go of its module may run anything */
    Py_XDECREF(frame);
    Py_ssize_t count = PyList_GET_SIZE(scribe->calls);
    if (call != NULL && PyList_SetSlice(scribe->calls, count - 1, count, NULL) < 0) {
        Py_XDECREF(caller);
        Py_DECREF(call);
        return NULL;
    }
    PyObject *target = target_of(scribe, caller), *done = NULL;
    if (target != NULL && PyUnicode_GET_LENGTH(target) > 0 && PyObject_TypeCheck(result, engine.tensor_type)) {
        done = PyObject_CallFunctionObjArgs(scribe->named, result, target, NULL);
    } else if (target != NULL) {
        done = Py_NewRef(Py_None);
    }
    Py_XDECREF(target);
    Py_XDECREF(call);
    return done;
}
