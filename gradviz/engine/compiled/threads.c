/* The threads that share a plan's work on large arrays, as PyTorch's share its loops.

   They are started when first needed and sleep in between; parts are taken in turn, by the caller too. Whoever comes
   while they are busy works alone. */

#include "threads.h"

#ifdef _WIN32 /* which has other threads */

void
share(Doing doing, void *work, npy_intp count, npy_intp part)
{
    doing(work, 0, count);
}

int
ready_to_share(void)
{
    return 0;
}

PyObject *
set_threads(PyObject *module, PyObject *count)
{
    Py_RETURN_NONE;
}

PyObject *
get_threads(PyObject *module, PyObject *nothing)
{
    return PyLong_FromLong(1);
}

#else

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

#define WORTH 4          /* parts that are worth waking a thread */
#define MOST_THREADS 64
#define PATIENCE 4000    /* looks for new work before a thread goes to sleep: some ten microseconds */

typedef struct {
    Doing doing;
    void *work;
    npy_intp count, part;
    atomic_long next; /* the first element that nobody has taken */
} Shared;

static struct {
    pthread_mutex_t lock, busy;
    pthread_cond_t news;
    atomic_ulong number; /* of the work: threads look for a new one */
    atomic_int joined;
    int open, threads, started;
    Shared shared;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .busy = PTHREAD_MUTEX_INITIALIZER, .news = PTHREAD_COND_INITIALIZER,
          .threads = 1, .started = 1};

static inline void
breathe(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static void
take_parts(Shared *shared)
{
    for (;;) {
        npy_intp part = shared->part, start = atomic_fetch_add(&shared->next, part);
        if (start >= shared->count)
            return;
        shared->doing(shared->work, start, shared->count - start < part ? shared->count - start : part);
    }
}

/* A thread's life. */
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
            take_parts(&pool.shared);
            atomic_fetch_sub(&pool.joined, 1);
        }
    }
    return NULL;
}

/* Threads beside the caller's, as many as were asked for; fewer where the system gives no more. */
static void
start_threads(void)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the script's */
    while (pool.started < pool.threads) {
        pthread_t made;
        if (pthread_create(&made, NULL, serve, (void *)(size_t)atomic_load(&pool.number)) != 0)
            break;
        pthread_detach(made);
        pool.started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void
share(Doing doing, void *work, npy_intp count, npy_intp part)
{
    if (count < WORTH * part || pool.threads < 2 || pthread_mutex_trylock(&pool.busy) != 0) {
        doing(work, 0, count);
        return;
    }
    start_threads();
    Shared *shared = &pool.shared;
    pthread_mutex_lock(&pool.lock);
    shared->doing = doing;
    shared->work = work;
    shared->count = count;
    shared->part = part;
    atomic_store(&shared->next, 0);
    pool.open = 1;
    atomic_fetch_add(&pool.number, 1);
    for (npy_intp k = 1; k < pool.threads && k * part < count; k++)
        pthread_cond_signal(&pool.news);
    pthread_mutex_unlock(&pool.lock);
    take_parts(shared);
    pthread_mutex_lock(&pool.lock);
    pool.open = 0; /* who hasn't joined by now has nothing left to do */
    pthread_mutex_unlock(&pool.lock);
    for (int looks = 0; atomic_load(&pool.joined) > 0; looks++)
        looks < PATIENCE ? breathe() : (void)sched_yield();
    pthread_mutex_unlock(&pool.busy);
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

int
ready_to_share(void)
{
    return pthread_atfork(NULL, NULL, forget_threads);
}

PyObject *
set_threads(PyObject *module, PyObject *count)
{
    long wanted = PyLong_AsLong(count);
    if (wanted == -1 && PyErr_Occurred())
        return NULL;
    pool.threads = wanted < 1 ? 1 : wanted > MOST_THREADS ? MOST_THREADS : (int)wanted;
    Py_RETURN_NONE;
}

PyObject *
get_threads(PyObject *module, PyObject *nothing)
{
    return PyLong_FromLong(pool.threads);
}

#endif
