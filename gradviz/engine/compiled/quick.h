/* What the twin of one op's call knows of the op: twins.py fills it in from the declaration. */

#ifndef GRADVIZ_QUICK_H
#define GRADVIZ_QUICK_H

#include "plan.h"

#define MOST_INPUTS 4
#define MOST_SETTINGS 8
#define MOST_SAVED 8
#define MOST_KEPT 12

enum { NEVER, UNLIKE, ALWAYS }; /* when gradients are brought to their input's shape and dtype */
enum { SETTING, SHAPE, SIZE, NDIM, STRIDES };

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *op, *forward, *setting_names, *runs, *fitting;
    PyTypeObject *node_class; /* NULL: it has no gradient */
    int inputs, settings, numbers; /* numbers: whether inputs may be Python's */
    int one_dtype, floating, view, fits;
    int wanted, differentiable[MOST_INPUTS];
    int saved;
    struct { int source, user; } save[MOST_SAVED]; /* source: an input, or -1 the result; user: -1 always */
    Plans plans;
    int kept;
    struct { int kind, of; } keep[MOST_KEPT]; /* a node's settings */
} Quick;

/* Bit k: differentiable input k requires grad; -1 with an error. */
int asking(Quick *quick, PyObject *const *args);

/* The inputs as tensors, new references; 0 where Python has to look at them. */
int take_inputs(Quick *quick, PyObject *const *args, PyObject **inputs);
void let_go(PyObject **references, int count);

/* The grad_fn of a call whose inputs ask for it as the mask says. */
PyObject *new_node(Quick *quick, PyObject *const *args, PyObject **arrays, PyObject *result, int mask);

#endif
