/* A plan as the machine reads it. */

#ifndef GRADVIZ_MACHINE_H
#define GRADVIZ_MACHINE_H

#include "plan.h"
#define PY_UFUNC_UNIQUE_SYMBOL gradviz_engine_ufuncs
#define NO_IMPORT_UFUNC
#include <numpy/ufuncobject.h>

enum { UFUNC, CAST, WHERE }; /* as in engine/plans.py */

typedef struct {
    PyUFuncGenericFunction run;
    void *data;
} Loop;

typedef struct {
    int code, count, into, from[3];
    int bools;    /* bit i: operand i is of bools; bit `count`: the result */
    Loop loop[2]; /* for float32, for float64 */
} Step;

/* Registers: inputs, constants, outputs that are made, temporaries. */
struct Plan {
    int inputs, constants, made, registers, steps, outputs;
    int is_bool[MOST_OUTPUTS], placed[MOST_OUTPUTS]; /* placed: the register of each output, or -1 for none */
    npy_float narrow[MOST_REGISTERS];
    npy_double wide[MOST_REGISTERS];
    Step step[MOST_STEPS];
};

#endif
