/* A plan as the machine reads it. */

#ifndef GRADVIZ_MACHINE_H
#define GRADVIZ_MACHINE_H

#include "plan.h"
#define PY_UFUNC_UNIQUE_SYMBOL gradviz_engine_ufuncs
#define NO_IMPORT_UFUNC
#include <numpy/ufuncobject.h>

enum { UFUNC, CAST, WHERE, SUM, FOLD, DOT }; /* as in engine/plans.py and engine/rows.py */

typedef enum { NO_ARITHMETIC, ADD, SUBTRACT, MULTIPLY, DIVIDE } Arithmetic;

typedef struct {
    PyUFuncGenericFunction run;
    void *data;
} Loop;

typedef struct {
    int code, count, into, from[3];
    int bools;    /* bit i: operand i is of bools; bit `count`: the result */
    int numbers;  /* the same of what is one number for a whole row */
    Arithmetic arithmetic;
    Loop loop;
} Step;

/* Registers: inputs, constants, outputs that are made, temporaries. */
struct Plan {
    int width; /* 1: of float32, 2: of float64 */
    int inputs, constants, made, registers, steps, outputs;
    int is_bool[MOST_OUTPUTS], is_number[MOST_OUTPUTS], placed[MOST_OUTPUTS]; /* placed: the register of each output, or -1 for none */
    npy_float narrow[MOST_REGISTERS];
    npy_double wide[MOST_REGISTERS];
    Step step[MOST_STEPS];
};

/* A plan from what plans.py and rows.py write; NULL where there is none, which is no error. */
Plan *plan_from(PyObject *written, int width);

/* The operation that a ufunc of this name is. */
Arithmetic arithmetic_of(const char *ufunc);

/* It, of rows with a number each or with a vector: where operands and result lie, and how far apart their elements and
   rows are. */
void calculate(Arithmetic what, int width, char **at, const npy_intp *apart, const npy_intp *pitch, npy_intp rows,
               npy_intp length);

#if defined(__GNUC__) && !defined(__clang__)
#define IN_ANY_ORDER _Pragma("GCC ivdep") /* what is written is at most what is read at the same place */
#else
#define IN_ANY_ORDER
#endif

/* Bytes of an element. */
static inline npy_intp
size_in(const Plan *plan)
{
    return plan->width == 1 ? sizeof(npy_float) : sizeof(npy_double);
}

#endif
