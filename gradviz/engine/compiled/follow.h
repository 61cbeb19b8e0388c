/* What backward's loop (follow.c) and the leaves where it ends (leaf.c) share. */

#ifndef GRADVIZ_FOLLOW_H
#define GRADVIZ_FOLLOW_H

#include "world.h"

/* One backward call. */
typedef struct {
    PyObject *call, *pending, *heap, *observer; /* observer: None while nobody watches */
    int keep;
    int watched;
} Course;

/* Calls a method, by its name, of the first that is given; -1 with an error. */
int tell(PyObject *method, PyObject **given, int count);

/* Whether a node is a leaf's that takes its gradient in with nobody's hook on it. */
int is_plain_leaf(PyObject *node);

/* A gradient arrives at such a leaf, which is told of where somebody watches; takes over its reference. */
int arrive(Course *course, PyObject *node, PyObject *gradient);

#endif
