/* Plans: elementwise formulas as lists of NumPy's inner loops; engine/plans.py draws them. */

#ifndef GRADVIZ_PLAN_H
#define GRADVIZ_PLAN_H

#include "world.h"

#define MOST_REGISTERS 24
#define MOST_STEPS 48
#define MOST_OUTPUTS 4
#define MOST_PLANS 8

typedef struct Plan Plan;

/* An op's plans, one for each of the settings that it was called with; beyond MOST_PLANS of them the Python computes. */
typedef struct {
    PyObject *planner; /* settings -> what plan_from takes, or None */
    int count, asked;  /* asked: how many settings tell one plan from another */
    struct { PyObject *settings; Plan *plan; } entry[MOST_PLANS];
} Plans;

/* The plan for these settings, borrowed: NULL where there is none, or with an error. */
Plan *plan_for(Plans *plans, PyObject *const *settings, int count);
void drop_plans(Plans *plans);

/* Runs a plan: one new array an output, NULL for an input that has none. 1; 0 where this is not what it is for; -1. */
int run_plan(Plan *plan, PyObject *const *inputs, int count, PyObject **outputs);
int outputs_of(Plan *plan);

#endif
