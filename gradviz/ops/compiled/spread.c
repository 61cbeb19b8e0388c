/* spread: NumPy's own elementwise loops over large arrays, each split over threads, as PyTorch splits its own.

   No mathematics is here. NumPy lets a ufunc's inner loop be replaced (PyUFunc_ReplaceLoopBySignature); what stands in
   for it calls the same loop on parts, which are taken in turn by the caller and by the threads that join it. An array's
   elements come out as one call would leave them. The threads never touch a Python object: NumPy runs such a loop
   without the interpreter's lock. */

#include "ops.h"
#ifndef _WIN32
#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#define PART 32768        /* elements: what a thread takes at a time */
#define WORTH (4 * PART)  /* elements of an array that are worth waking a thread */
#define MOST_THREADS 64
#define MOST_ARGUMENTS 3
#define PATIENCE 4000     /* looks for new work before a thread goes to sleep: some ten microseconds */

typedef struct {
    Part part;
    void *what;
    npy_intp count;
    atomic_long next;  /* the first element that nobody has taken */
    atomic_int raised; /* floating-point exceptions of the threads that joined */
} Work;

static struct {
    pthread_mutex_t lock, busy;
    pthread_cond_t news;
    atomic_ulong number; /* of the work: threads look for a new one */
    atomic_int joined;
    int open, threads, started;
    Work work;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .busy = PTHREAD_MUTEX_INITIALIZER, .news = PTHREAD_COND_INITIALIZER,
          .threads = 1, .started = 1};

static inline void
breathe(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* -- work ----------------------------------------------------------------------------------------------- */

static void
take_parts(Work *work)
{
    for (;;) {
        npy_intp start = atomic_fetch_add(&work->next, PART);
        if (start >= work->count)
            return;
        work->part(work->what, start, work->count - start < PART ? work->count - start : PART);
    }
}

static void *
serve(void *first)
{
    unsigned long seen = (unsigned long)(size_t)first;
    for (;;) {
        for (int looks = 0; looks < PATIENCE && atomic_load(&pool.number) == seen; looks++)
            breathe();
        pthread_mutex_lock(&pool.lock);
        while (atomic_load(&pool.number) == seen)
            pthread_cond_wait(&pool.news, &pool.lock);
        seen = atomic_load(&pool.number);
        int open = pool.open;
        if (open)
            atomic_fetch_add(&pool.joined, 1);
        pthread_mutex_unlock(&pool.lock);
        if (open) {
            feclearexcept(FE_ALL_EXCEPT);
            take_parts(&pool.work);
            atomic_fetch_or(&pool.work.raised, fetestexcept(FE_ALL_EXCEPT));
            atomic_fetch_sub(&pool.joined, 1);
        }
    }
    return NULL;
}

/* Threads beside the caller's, as many as were asked for; fewer where the system gives no more. */
static void
start_threads(void)
{
    while (pool.started < pool.threads) {
        pthread_t made;
        if (pthread_create(&made, NULL, serve, (void *)(size_t)atomic_load(&pool.number)) != 0)
            return;
        pthread_detach(made);
        pool.started++;
    }
}

/* Does work on `count` elements in parts, in several threads; 0 where nothing was done, as one thread is as good. */
int
share(Part part, void *what, npy_intp count)
{
    if (count < WORTH || pool.threads < 2 || pthread_mutex_trylock(&pool.busy) != 0)
        return 0;
    start_threads();
    Work *work = &pool.work;
    pthread_mutex_lock(&pool.lock);
    work->part = part, work->what = what, work->count = count;
    atomic_store(&work->next, 0);
    atomic_store(&work->raised, 0);
    pool.open = 1;
    atomic_fetch_add(&pool.number, 1);
    for (npy_intp k = 1; k < pool.started && k * PART < count; k++)
        pthread_cond_signal(&pool.news);
    pthread_mutex_unlock(&pool.lock);
    take_parts(work);
    pthread_mutex_lock(&pool.lock);
    pool.open = 0; /* who hasn't joined by now has nothing left to do */
    pthread_mutex_unlock(&pool.lock);
    for (int looks = 0; atomic_load(&pool.joined) > 0; looks++)
        looks < PATIENCE ? breathe() : (void)sched_yield();
    int raised = atomic_load(&work->raised);
    pthread_mutex_unlock(&pool.busy);
    if (raised)
        feraiseexcept(raised); /* NumPy asks for them when the loop is done */
    return 1;
}

/* A child of fork() has none of the threads. */
static void
forget_threads(void)
{
    pool.started = 1;
    pool.open = 0;
    atomic_store(&pool.joined, 0);
    pthread_mutex_init(&pool.lock, NULL);
    pthread_mutex_init(&pool.busy, NULL);
    pthread_cond_init(&pool.news, NULL);
}

/* -- NumPy's loops -------------------------------------------------------------------------------------- */

typedef struct {
    PyUFuncGenericFunction loop;
    char **args;
    npy_intp const *steps;
    void *data;
    int arguments;
} Loop;

static void
run_part(void *what, npy_intp start, npy_intp count)
{
    Loop *given = what;
    char *args[MOST_ARGUMENTS];
    for (int k = 0; k < given->arguments; k++)
        args[k] = given->args[k] + start * given->steps[k];
    given->loop(args, &count, given->steps, given->data);
}

/* Whether parts of the loop can run in any order: an input is the output itself, or lies apart from it. */
static int
is_elementwise(char **args, npy_intp const *steps, npy_intp count, int arguments)
{
    int out = arguments - 1;
    if (steps[out] == 0) /* a reduction */
        return 0;
    char *low = args[out], *high = args[out] + (count - 1) * steps[out];
    for (int k = 0; k < out; k++) {
        char *first = args[k], *last = args[k] + (count - 1) * steps[k];
        if (first == low && steps[k] == steps[out])
            continue;
        char *from = low < high ? low : high, *to = low < high ? high : low;
        if ((first < last ? first : last) <= to + 15 && (first < last ? last : first) + 15 >= from)
            return 0;
    }
    return 1;
}

static void
spread(PyUFuncGenericFunction loop, char **args, npy_intp const *dimensions, npy_intp const *steps, void *data,
       int arguments)
{
    Loop given = {loop, args, steps, data, arguments};
    if (dimensions[0] < WORTH || !is_elementwise(args, steps, dimensions[0], arguments) ||
        !share(run_part, &given, dimensions[0]))
        loop(args, dimensions, steps, data);
}

/* -- what stands in for NumPy's loops: a function each, as the loop itself must be known to it --------------- */

#define SLOTS 128
static struct {
    PyUFuncGenericFunction loop;
    int arguments;
} slots[SLOTS];
static int taken;

#define STAND_IN(n)                                                                                     \
    static void stand_in_##n(char **args, npy_intp const *dimensions, npy_intp const *steps, void *data) \
    {                                                                                                   \
        spread(slots[0x##n].loop, args, dimensions, steps, data, slots[0x##n].arguments);               \
    }
#define SIXTEEN(each, n)                                                                                        \
    each(n##0) each(n##1) each(n##2) each(n##3) each(n##4) each(n##5) each(n##6) each(n##7) each(n##8) each(n##9) \
    each(n##a) each(n##b) each(n##c) each(n##d) each(n##e) each(n##f)
#define ALL(each)                                                                                    \
    SIXTEEN(each, 0) SIXTEEN(each, 1) SIXTEEN(each, 2) SIXTEEN(each, 3) SIXTEEN(each, 4) SIXTEEN(each, 5) \
    SIXTEEN(each, 6) SIXTEEN(each, 7)
#define NAMED(n) stand_in_##n,

ALL(STAND_IN)
static const PyUFuncGenericFunction stand_ins[SLOTS] = {ALL(NAMED)};

PyObject *
take_over(PyObject *module, PyObject *args)
{
    PyUFuncObject *ufunc;
    const char *types;
    int signature[MOST_ARGUMENTS];
    if (!PyArg_ParseTuple(args, "O!s:take_over", &PyUFunc_Type, &ufunc, &types))
        return NULL;
    if (ufunc->nargs > MOST_ARGUMENTS || ufunc->nout != 1 || (int)strlen(types) != ufunc->nargs || taken == SLOTS) {
        PyErr_SetString(PyExc_ValueError, "take_over: a ufunc of one or two inputs and an output, and its types");
        return NULL;
    }
    for (int k = 0; k < ufunc->nargs; k++) {
        PyArray_Descr *dtype = PyArray_DescrFromType(types[k]);
        if (dtype == NULL)
            return NULL;
        signature[k] = dtype->type_num;
        Py_DECREF(dtype);
    }
    slots[taken].arguments = ufunc->nargs;
    if (PyUFunc_ReplaceLoopBySignature(ufunc, stand_ins[taken], signature, &slots[taken].loop) < 0)
        Py_RETURN_FALSE;
    taken++;
    Py_RETURN_TRUE;
}

PyObject *
set_threads(PyObject *module, PyObject *arg)
{
    long count = PyLong_AsLong(arg);
    if (count == -1 && PyErr_Occurred())
        return NULL;
    pool.threads = count < 1 ? 1 : count > MOST_THREADS ? MOST_THREADS : (int)count;
    Py_RETURN_NONE;
}

PyObject *
get_threads(PyObject *module, PyObject *none)
{
    return PyLong_FromLong(pool.threads);
}

int
ready_to_spread(void)
{
    return pthread_atfork(NULL, NULL, forget_threads);
}

#endif
