/* Plans: elementwise formulas as lists of NumPy's inner loops; engine/plans.py draws them. */

#ifndef GRADVIZ_PLAN_H
#define GRADVIZ_PLAN_H

#include "world.h"

#define MOST_REGISTERS 64
#define MOST_STEPS 128
#define MOST_OUTPUTS 4
#define MOST_PLANS 12

typedef struct Plan Plan;

/* An op's plans, one for each dtype and settings that it was called with; beyond MOST_PLANS the Python computes. */
typedef struct {
    PyObject *planner; /* dtype, settings -> what plan_from takes, or None */
    int count;
    struct { int width; PyObject *settings; Plan *plan; } entry[MOST_PLANS];
} Plans;

/* 1 for an array of float32, 2 for one of float64, else 0. */
int width_of(PyObject *object);

/* The plan for arrays like this one and these settings, borrowed: NULL where there is none, or with an error. */
Plan *plan_for(Plans *plans, PyObject *like, PyObject *const *settings, int count);
void drop_plans(Plans *plans);

/* Runs a plan: one new array an output, NULL for an input that has none. 1; 0 where this is not what it is for; -1. */
int run_plan(Plan *plan, PyObject *const *inputs, int count, PyObject **outputs);
int outputs_of(Plan *plan);

#endif
