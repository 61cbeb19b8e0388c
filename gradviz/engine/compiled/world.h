/* What the C twins know of the Python around them: its classes, where their slots lie, its switches and functions.

   The classes stay Python's. A slot that a class names in __slots__ is a member at a fixed offset, so C reads and
   fills it where it lies; `bind` in world.c looks the offsets up once, at import. */

#ifndef GRADVIZ_WORLD_H
#define GRADVIZ_WORLD_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL gradviz_engine_numpy
#ifndef GRADVIZ_IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

typedef struct {
    PyTypeObject *Tensor, *Number, *Node, *AccumulateGrad, *Edge;
    PyObject *mode;        /* the switches */
    PyObject *births;      /* a list: who looks at each new node */
    PyObject *forks;       /* a dict: changed buffers that views have to follow */
    PyObject *changed;     /* a dict: id of each changed buffer's owner -> its Stamps */
    PyObject *RELEASED;    /* stands where a node's saved tensors were */
    PyObject *numpy;       /* the module */
    PyObject *edge_of, *as_array, *adding, *clock, *numbers, *spoilt, *taken, *added, *bump, *quietly, *fitted, *fitted_all;
    PyObject *heappush, *heappop;
    PyArray_Descr *float32, *float64; /* NumPy's own */
    Py_ssize_t large;      /* bytes: see ownership.py */
} World;

/* Offsets of slots, by class. */
typedef struct {
    Py_ssize_t array, edge, requires_grad, grad, rare, viewed, serial; /* Tensor */
    Py_ssize_t value;                                                  /* Number */
    Py_ssize_t sequence_nr, edges, run, saved, settings, hooks;        /* Node */
    Py_ssize_t variable;                                               /* AccumulateGrad */
    Py_ssize_t accumulator, leaf_hooks, after_hooks;                   /* Rare */
    Py_ssize_t grad_mode, observer, formula;                           /* Mode */
} Slots;

/* Names of methods and attributes that C asks Python for. */
typedef struct {
    PyObject *forward, *step, *released, *unfitted, *visit, *deliver, *number, *summed, *before_accumulation, *accumulated;
} Names;

extern World world;
extern Slots at;
extern Names names;

/* What stands in a slot: borrowed, NULL where it was never filled. */
static inline PyObject *
slot(PyObject *object, Py_ssize_t offset)
{
    return *(PyObject **)((char *)object + offset);
}

/* Fills a slot of an object that nobody else has seen yet; takes over the reference. */
static inline void
fill(PyObject *object, Py_ssize_t offset, PyObject *value)
{
    *(PyObject **)((char *)object + offset) = value;
}

/* Puts another value into a slot; takes over the reference. */
static inline void
refill(PyObject *object, Py_ssize_t offset, PyObject *value)
{
    PyObject *before = slot(object, offset);
    fill(object, offset, value);
    Py_XDECREF(before);
}

static inline int
is_array(PyObject *object)
{
    return Py_TYPE(object) == &PyArray_Type;
}

/* Whether a gradient is an array with dims: of one without, NumPy makes scalars, which no plan does. */
static inline int
has_dims(PyObject *gradient)
{
    return is_array(gradient) && PyArray_NDIM((PyArrayObject *)gradient) > 0;
}

/* A new Tensor around an array, outside any graph; takes over the array's reference. NULL: an error is set. */
PyObject *new_tensor(PyObject *array);
PyObject *new_instance(PyTypeObject *class, PyObject *array); /* the same of a class of tensors */

/* Takes a new tuple from the garbage collector's lists where nothing in it can be part of a cycle. */
void untrack_plain(PyObject *tuple);

/* Tells the collector how to look at nodes, whose tuple of edges it does not list: see collected.c. */
void collect_nodes(void);

extern PyTypeObject QuickType, RunType, RowsType;
/* ownership.c: gradients that are added up, and kept. */
PyObject *summed(PyObject *one, PyObject *other);
PyObject *added(PyObject *entry, PyObject *gradient); /* whether in place: True or False, borrowed */
PyObject *taken(PyObject *entry);

PyObject *follow(PyObject *module, PyObject *const *args, Py_ssize_t count);

#endif
