/* follow: backward's loop, the twin of the short way in backward.Backward.run, and of what _visit does at a plain node.

   A node is plain when raw arrays go through it: one output, its saved tensors still there and as they were saved,
   nobody's hook on it. Whatever is not plain goes to Python's _visit. The gradients that wait are in the call's own
   dict and heap, as in the Python, so that both see the same. */

#include "world.h"

typedef struct {
    PyObject *call, *pending, *heap, *observer; /* observer: None while nobody watches */
    int keep;
    int watched;
} Course;

/* -- what waits ----------------------------------------------------------------------------------------- */

static int
push(Course *course, PyObject *key, long long number, PyObject *node, PyObject *gradient)
{
    PyObject *entry = PyList_New(2), *negative, *done = NULL;
    if (entry == NULL)
        return -1;
    PyList_SET_ITEM(entry, 0, Py_NewRef(node));
    PyList_SET_ITEM(entry, 1, Py_NewRef(gradient));
    int failed = PyDict_SetItem(course->pending, key, entry) < 0;
    Py_DECREF(entry);
    if (failed || (negative = PyLong_FromLongLong(-number)) == NULL)
        return -1;
    PyObject *given[] = {course->heap, negative};
    done = PyObject_Vectorcall(world.heappush, given, 2, NULL);
    Py_DECREF(negative);
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

/* The entry of the newest node that waits, a new reference. */
static PyObject *
pop(Course *course)
{
    PyObject *negative = PyObject_CallOneArg(world.heappop, course->heap), *number, *entry = NULL;
    if (negative == NULL)
        return NULL;
    number = PyNumber_Negative(negative);
    Py_DECREF(negative);
    if (number == NULL)
        return NULL;
    entry = Py_XNewRef(PyDict_GetItemWithError(course->pending, number));
    if (entry == NULL && !PyErr_Occurred())
        PyErr_SetObject(PyExc_KeyError, number);
    if (entry != NULL && PyDict_DelItem(course->pending, number) < 0)
        Py_CLEAR(entry);
    Py_DECREF(number);
    return entry;
}

static int
tell(PyObject *method, PyObject **given, int count)
{
    PyObject *heard = PyObject_VectorcallMethod(method, given, count, NULL);
    Py_XDECREF(heard);
    return heard == NULL ? -1 : 0;
}

/* Adds to the gradient that waits in an entry: in place where nobody else can see it (ownership.py), which is told. */
static int
add_to(Course *course, PyObject *entry, PyObject *gradient)
{
    PyObject *in_place = added(entry, gradient);
    if (in_place != Py_True || !course->watched)
        return in_place == NULL ? -1 : 0;
    PyObject *told[] = {course->observer, PyList_GET_ITEM(entry, 1)};
    return tell(names.summed, told, 2);
}

/* -- a node --------------------------------------------------------------------------------------------- */

/* Whether a buffer that the node saved may have been changed since: whether any was changed at all, if it comes to it. */
static int
may_be_spoilt(PyObject *saved)
{
    if (PyDict_GET_SIZE(world.changed) == 0)
        return 0;
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(saved); k++) {
        PyObject *owner = PyTuple_GET_ITEM(saved, k);
        if (owner == Py_None || PyFloat_Check(owner) || PyLong_Check(owner))
            continue;
        if (!is_array(owner))
            return 1;
        for (PyObject *base = PyArray_BASE((PyArrayObject *)owner); base != NULL;
             base = PyArray_BASE((PyArrayObject *)owner)) {
            if (!is_array(base)) /* memory lent by something else: Python knows whose it is */
                return 1;
            owner = base;
        }
        PyObject *key = PyLong_FromVoidPtr(owner);
        int found = key == NULL ? -1 : PyDict_Contains(world.changed, key);
        Py_XDECREF(key);
        if (found)
            return found;
    }
    return 0;
}

/* 1: plain; 0: for _visit; -1: an error is set. */
static int
is_plain(PyObject *node)
{
    PyObject *saved = slot(node, at.saved);
    if (slot(node, at.run) == Py_None || slot(node, at.hooks) != Py_None || saved == NULL || !PyTuple_CheckExact(saved))
        return 0;
    int spoilt = may_be_spoilt(saved);
    if (spoilt <= 0)
        return spoilt < 0 ? -1 : 1;
    PyObject *found = PyObject_CallOneArg(world.spoilt, node);
    if (found == NULL)
        return -1;
    spoilt = found != Py_None;
    Py_DECREF(found);
    return !spoilt;
}

/* Lets go of what a node saved; 1 where it had saved something. */
static int
release(PyObject *node, PyObject *saved)
{
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(saved); k++)
        if (PyTuple_GET_ITEM(saved, k) != Py_None) {
            if (slot(node, at.saved) == saved)
                refill(node, at.saved, Py_NewRef(world.RELEASED));
            return 1;
        }
    return 0;
}

static PyObject *
run_on(PyObject *run, PyObject *gradient, PyObject *saved, PyObject *settings)
{
    PyObject *given[] = {run, gradient, saved, settings, Py_None};
    PyObject *outgoing = PyObject_Vectorcall(run, given + 1, 4, NULL);
    if (outgoing == NULL && PyErr_ExceptionMatches(PyExc_RuntimeWarning)) {
        PyErr_Clear(); /* the script's filters make errors of NumPy's warnings */
        outgoing = PyObject_Vectorcall(world.quietly, given, 5, NULL);
    }
    return outgoing;
}

/* A node that somebody watches: they are told what it computed before that is brought to its inputs' shapes. */
static PyObject *
run_watched(Course *course, PyObject *node, PyObject *gradient, PyObject *saved)
{
    PyObject *run = Py_NewRef(slot(node, at.run)), *unfitted = NULL, *started = NULL, *number = NULL;
    PyObject *incoming = NULL, *told = NULL, *outgoing = NULL;
    if ((unfitted = PyObject_GetAttr(run, names.unfitted)) && (started = PyObject_CallNoArgs(world.clock)) &&
        (told = run_on(unfitted, gradient, saved, slot(node, at.settings))) &&
        (number = PyObject_GetAttr(course->call, names.number)) && (incoming = PyList_New(1))) {
        PyList_SET_ITEM(incoming, 0, Py_NewRef(gradient));
        PyObject *fit[] = {node, told, Py_None};
        outgoing = unfitted == run ? Py_NewRef(told) : PyObject_Vectorcall(world.fitted_all, fit, 3, NULL);
        PyObject *given[] = {course->observer, number, node, incoming, told, started};
        if (outgoing != NULL && tell(names.step, given, 6) < 0)
            Py_CLEAR(outgoing);
        if (outgoing != NULL && !course->keep && release(node, saved)) {
            PyObject *freed[] = {course->observer, number, node};
            if (tell(names.released, freed, 3) < 0)
                Py_CLEAR(outgoing);
        }
    }
    Py_DECREF(run);
    Py_XDECREF(unfitted);
    Py_XDECREF(started);
    Py_XDECREF(number);
    Py_XDECREF(incoming);
    Py_XDECREF(told);
    return outgoing;
}

static PyObject *
run_node(Course *course, PyObject *node, PyObject *gradient)
{
    PyObject *saved = Py_NewRef(slot(node, at.saved)), *outgoing;
    if (course->watched)
        outgoing = run_watched(course, node, gradient, saved);
    else {
        PyObject *run = Py_NewRef(slot(node, at.run));
        outgoing = run_on(run, gradient, saved, slot(node, at.settings));
        Py_DECREF(run);
        if (outgoing != NULL && !course->keep)
            release(node, saved);
    }
    Py_DECREF(saved);
    return outgoing;
}

/* -- leaves --------------------------------------------------------------------------------------------- */

/* Whether a leaf's .grad takes a gradient in with nobody to tell of it. */
static int
is_plain_leaf(Course *course, PyObject *node)
{
    if (course->watched || Py_TYPE(node) != world.AccumulateGrad || slot(node, at.hooks) != Py_None)
        return 0;
    PyObject *leaf = slot(node, at.variable), *rare = slot(leaf, at.rare), *held = slot(leaf, at.grad);
    if (rare != Py_None && (PyDict_GET_SIZE(slot(rare, at.leaf_hooks)) || PyDict_GET_SIZE(slot(rare, at.after_hooks))))
        return 0;
    return held == Py_None || is_array(slot(held, at.array));
}

/* Adds a gradient to a leaf's .grad; takes over the gradient's reference. */
static int
accumulate(PyObject *node, PyObject *gradient)
{
    PyObject *leaf = Py_NewRef(slot(node, at.variable)), *held = slot(leaf, at.grad), *array, *done = NULL;
    int failed = 1;
    if (held == Py_None) {
        PyObject *entry = PyList_New(2);
        if (entry == NULL)
            Py_DECREF(gradient);
        else { /* the entry alone holds the gradient: see ownership.py */
            PyList_SET_ITEM(entry, 0, Py_NewRef(node));
            PyList_SET_ITEM(entry, 1, gradient);
            array = taken(entry);
            Py_DECREF(entry);
            PyObject *made = array == NULL ? NULL : new_tensor(array);
            if (made != NULL) {
                refill(leaf, at.grad, made);
                failed = 0;
            }
        }
    }
    else {
        Py_INCREF(held);
        PyObject *before = Py_NewRef(slot(held, at.array));
        array = PyNumber_InPlaceAdd(before, gradient);
        Py_DECREF(before);
        Py_DECREF(gradient);
        if (array != NULL) {
            refill(held, at.array, array);
            done = PyObject_CallOneArg(world.bump, array);
            failed = done == NULL;
            Py_XDECREF(done);
        }
        Py_DECREF(held);
    }
    Py_DECREF(leaf);
    return failed ? -1 : 0;
}

/* -- the course ----------------------------------------------------------------------------------------- */

/* Hands on one gradient. The newest node reached so far runs next, past the heap; the others wait. */
static int
hand_on(Course *course, PyObject *edge, PyObject *handed, PyObject **node, PyObject **gradient, long long *newest)
{
    if (Py_TYPE(edge) == world.Edge) {
        PyObject *given[] = {course->call, edge, handed};
        return tell(names.deliver, given, 3);
    }
    PyObject *key = slot(edge, at.sequence_nr);
    PyObject *entry = PyDict_GetItemWithError(course->pending, key);
    if (entry != NULL) {
        Py_INCREF(entry); /* the sum is Python's work, which may do anything */
        int failed = add_to(course, entry, handed);
        Py_DECREF(entry);
        return failed;
    }
    long long number = PyLong_AsLongLong(key);
    if (PyErr_Occurred())
        return -1;
    if (*node == edge) {
        PyObject *sum = summed(*gradient, handed);
        if (sum == NULL)
            return -1;
        Py_SETREF(*gradient, sum);
        return 0;
    }
    if (*node != NULL && number < *newest)
        return push(course, key, number, edge, handed);
    if (*node != NULL && push(course, slot(*node, at.sequence_nr), *newest, *node, *gradient) < 0)
        return -1;
    Py_XSETREF(*node, Py_NewRef(edge));
    Py_XSETREF(*gradient, Py_NewRef(handed));
    *newest = number;
    return 0;
}

/* Whether a node that waits is newer. */
static int
is_overtaken(Course *course, long long newest)
{
    if (PyList_GET_SIZE(course->heap) == 0)
        return 0;
    return newest < -PyLong_AsLongLong(PyList_GET_ITEM(course->heap, 0));
}

/* Runs a node and hands its gradients on; node and gradient become the next ones, or NULL where another waits. */
static int
step(Course *course, PyObject **node, PyObject **gradient)
{
    PyObject *outgoing = run_node(course, *node, *gradient);
    if (outgoing == NULL)
        return -1;
    PyObject *edges = Py_NewRef(slot(*node, at.edges)), *items = PySequence_Fast(outgoing, "gradients");
    Py_CLEAR(*node);
    Py_CLEAR(*gradient);
    Py_DECREF(outgoing);
    int failed = items == NULL;
    long long newest = 0;
    for (Py_ssize_t k = 0; !failed && k < PyTuple_GET_SIZE(edges) && k < PySequence_Fast_GET_SIZE(items); k++) {
        PyObject *edge = PyTuple_GET_ITEM(edges, k), *handed = PySequence_Fast_GET_ITEM(items, k);
        if (edge != Py_None && handed != Py_None)
            failed = hand_on(course, edge, handed, node, gradient, &newest) < 0;
    }
    if (!failed && *node != NULL && is_overtaken(course, newest)) {
        failed = push(course, slot(*node, at.sequence_nr), newest, *node, *gradient) < 0;
        Py_CLEAR(*node);
        Py_CLEAR(*gradient);
    }
    Py_DECREF(edges);
    Py_XDECREF(items);
    return failed ? -1 : 0;
}

static int
visit(Course *course, PyObject *node, PyObject *gradient)
{
    PyObject *entry = PyList_New(2);
    if (entry == NULL) {
        Py_DECREF(node);
        Py_DECREF(gradient);
        return -1;
    }
    PyList_SET_ITEM(entry, 0, node); /* the entry alone holds them: see ownership.py */
    PyList_SET_ITEM(entry, 1, gradient);
    PyObject *given[] = {course->call, entry};
    int failed = tell(names.visit, given, 2);
    Py_DECREF(entry);
    return failed;
}

/* From one node on along the chain, past the heap; takes over both references. */
static int
chain(Course *course, PyObject *node, PyObject *gradient)
{
    while (node != NULL) {
        int plain = is_plain(node);
        if (plain == 0 && is_plain_leaf(course, node)) {
            int failed = accumulate(node, gradient);
            Py_DECREF(node);
            return failed;
        }
        if (plain == 0)
            return visit(course, node, gradient);
        if (plain < 0 || step(course, &node, &gradient) < 0) {
            Py_XDECREF(node);
            Py_XDECREF(gradient);
            return -1;
        }
    }
    return 0;
}

PyObject *
follow(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 5 || !PyDict_Check(args[1]) || !PyList_Check(args[2])) {
        PyErr_SetString(PyExc_TypeError, "follow(call, pending, heap, keep, observer)");
        return NULL;
    }
    Course course = {args[0], args[1], args[2], args[4], PyObject_IsTrue(args[3]), args[4] != Py_None};
    while (PyList_GET_SIZE(course.heap) > 0) {
        PyObject *entry = pop(&course), *node, *gradient;
        if (entry == NULL)
            return NULL;
        int failed;
        if (PyList_GET_SIZE(entry) == 2) {
            node = Py_NewRef(PyList_GET_ITEM(entry, 0));
            gradient = Py_NewRef(PyList_GET_ITEM(entry, 1));
            Py_DECREF(entry);
            failed = chain(&course, node, gradient);
        }
        else {
            PyObject *given[] = {course.call, entry};
            failed = tell(names.visit, given, 2);
            Py_DECREF(entry);
        }
        if (failed)
            return NULL;
    }
    Py_RETURN_NONE;
}
