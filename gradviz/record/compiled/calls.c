/* Calls of modules and composite functions begin and end: the compiled twin of Recorder.entered and left, of
   Places.enter and leave, and of ModuleNames.name where it knows the answer.

   The running calls are in the Python's own list, as its places.Call: the Python looks there too. */

#include "record.h"

static PyTypeObject *call_type;
static PyObject *tellers; /* within.WITHIN: code objects */

int calls_ready(void)
{
    call_type = (PyTypeObject *)imported("gradviz.record.places", "Call");
    tellers = call_type == NULL ? NULL : imported("gradviz.engine.within", "WITHIN");
    if (tellers != NULL && !(PyType_IsSubtype(call_type, &PyTuple_Type) && PyTuple_Check(tellers))) {
        PyErr_SetString(PyExc_ImportError, "places.Call is no tuple: without the C twin, then");
        return -1;
    }
    return tellers == NULL ? -1 : 0;
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

/* within.opener of the running Python function: a new reference, or NULL. */
static PyFrameObject *opener(void)
{
    PyFrameObject *frame = PyEval_GetFrame();
    if (frame == NULL) {
        return NULL;
    }
    PyCodeObject *code = PyFrame_GetCode(frame);
    int is_teller = (PyObject *)code == PyTuple_GET_ITEM(tellers, 0) || (PyObject *)code == PyTuple_GET_ITEM(tellers, 1);
    Py_DECREF(code);
    return is_teller ? PyFrame_GetBack(frame) : (PyFrameObject *)Py_NewRef(frame);
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
