/* The compiled twin of the recorder's frequent cases: what its files share. See gradviz/record/recorder.py, which says
   what is recorded; everything here does the same for what happens most, and calls the Python for the rest.

   lives.c    Lives: running numbers for live objects, and the rows of their ends
   known.c    what was asked before: metas, calls
   places.c   the place in the script
   calls.c    Scribe: the calls of modules and composite functions around it
   values.c   an array's meta, buffer and preview
   summary.c  the preview of a large array
   engine.c   the engine's classes, and where their slots are
   numbers.c  the numbers of nodes and tensors
   scribe.c   Scribe: forward, and what the Python asks of it
   backward.c Scribe: step, released
   changes.c  Scribe: what happens to a leaf's .grad, changes in place, an optimizer's state
   module.c   the module

   All runs with the GIL held. Whatever calls Python may run anything else of the recorder meanwhile (a finalizer, a
   signal handler, another thread): so nothing that points into a table is used after such a call. */

#ifndef GRADVIZ_RECORD_H
#define GRADVIZ_RECORD_H

#include "../../trace/compiled/writer.h"
#include <frameobject.h>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL gradviz_record_array_api
#ifndef FILLS_ARRAY_API
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

/* Of events.Kind and events.Flag. */
enum { NODE = 4, FORWARD = 16, BUFFER = 20, STEP = 33, GRAD = 35, ADDED = 36, RELEASED = 38, FREED = 48 };
enum { MUTATED = 50, ASSIGNED = 51 };
enum { NO_GRAD = 1, REQUIRES_GRAD = 2, LEAF = 4, NEW_BUFFER = 8 }; /* and INLINE */

/* The nearest number that a column of 16 bits can hold. */
static inline uint16_t fit16(uint32_t number)
{
    return number > UINT16_MAX ? UINT16_MAX : (uint16_t)number;
}

/* The nearest number that a column of 32 bits can hold. */
static inline uint32_t fit32(long long number)
{
    return number < 0 ? 0 : number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

/* An int as it is; the nearest there is for one that is larger than 64 bits. */
static inline long long as_number(PyObject *number)
{
    int overflow;
    long long found = PyLong_AsLongLongAndOverflow(number, &overflow); /* quicker than PyLong_AsLongLong */
    return overflow > 0 ? LLONG_MAX : overflow < 0 ? LLONG_MIN : found;
}

/* -- lives.c ------------------------------------------------------------------------------------------------------ */

typedef struct Lives Lives;

/* The callback of one weak reference. */
typedef struct {
    PyObject_HEAD
    vectorcallfunc called;
    Lives *lives;   /* not counted; NULL once they are closed, or the object is gone */
    PyObject *ref;  /* the weak reference; it holds this as its callback, until it is dropped */
    void *place;    /* where the object is while it lives */
    uint32_t number;
    uint32_t leaf;  /* of a buffer that is a leaf's .grad: the number of the leaf */
    uint64_t given; /* of a buffer with a gradient on its way: the ref of its preview, else 0 */
} Watch;

extern PyTypeObject *lives_type;
extern PyTypeObject *writer_type; /* module.c: gradviz.trace._trace.Writer */

int lives_ready(PyObject *module);
/* The watch of an object that is known, else NULL; borrowed, until Python is called. */
Watch *lives_find(Lives *lives, PyObject *thing);
/* The watch of an object, a new one when it was not known; borrowed. NULL with an exception. */
Watch *lives_watch(Lives *lives, PyObject *thing, int *is_new);
/* The array that owns an array's memory: a new reference, NULL with an exception. */
PyObject *owner_of(PyArrayObject *array);

/* The clock of time.perf_counter_ns. */
int64_t now_ns(void);

/* -- known.c: these tables have what was asked last, and never grow ----------------------------------------------- */

enum { META_SLOTS = 512, CALL_SLOTS = 1024, ORIGIN_SLOTS = 2048, WITHIN_SLOTS = 512, NESTED_SLOTS = 512, WAYS = 2 };
enum { MOST_DIMS = 4, MOST_SETTINGS = 6 };

static inline uint64_t mixed(uint64_t hash, uint64_t part)
{
    return (hash ^ part) * UINT64_C(0x9E3779B97F4A7C15);
}

static inline size_t slot_of(uint64_t hash, size_t slots)
{
    return (size_t)(hash >> 32) % slots;
}

typedef struct {
    PyArray_Descr *dtype;
    npy_intp shape[MOST_DIMS];
    uint32_t number;
    uint8_t dims, head_length; /* head_length 0: not known, or too long */
    unsigned char head[4 + 8 + 8 * MOST_DIMS]; /* how a preview begins that is whole: see preview.heading */
} Meta;

typedef struct {
    PyObject *op, *run; /* run: NULL for an op without a node */
    PyObject *settings[MOST_SETTINGS];
    Py_ssize_t inputs, count;
    uint32_t number;
} Call;

typedef struct {
    PyObject *code, *target; /* target: the variable that the value is assigned to, "" for none */
    int lasti;
    uint32_t number;
} Origin;

typedef struct {
    PyObject *name, *path;
    long around;
    int inside, aside;
    uint32_t number;
} Within;

/* What a call is called, in the call around it: see Places.enter. */
typedef struct {
    PyObject *outer_name, *outer_path, *name, *part;
    PyObject *nested_name, *nested_path;
} Nested;

typedef struct {
    Meta metas[META_SLOTS];
    Call calls[CALL_SLOTS];
    Origin origins[ORIGIN_SLOTS];
    Within withins[WITHIN_SLOTS];
    Nested nested[NESTED_SLOTS];
} Known;

/* How a tensor that no op was seen to make is met: of events.MET. */
enum { MET_NUMBER, MET_GRAD, MET_UNSEEN, MET_SHARED, WAYS_TO_MEET };

typedef struct {
    PyObject_HEAD
    Known *known;
    Writer *writer;
    Lives *buffers, *nodes;
    long long began, first_serial;
    Py_ssize_t whole; /* elements up to which a value is kept whole; 0: no values */
    /* bound methods of the recorder's, its Definitions' and its Places' */
    PyObject *forward, *step, *mutated, *assigned, *before_accumulation, *accumulated, *keeps, *entered, *named;
    PyObject *value, *tensor, *call, *change, *encoded, *meta, *within, *origin, *is_ours, *module_name;
    PyObject *met;             /* gives the number of the CALL row of tensors that no op made */
    uint32_t met_calls[WAYS_TO_MEET]; /* what it gave, once it was asked */
    PyObject *accumulating;    /* gives the ref of what a NODE row says of an AccumulateGrad */
    uint64_t accumulating_ref; /* what it gave */
    PyObject *ours;    /* dict: filename -> whether it is gradviz's own */
    PyObject *targets; /* dict: number of an origin -> the variable that its value is assigned to */
    PyObject *parts;   /* dict: ModuleNames._parts */
    PyObject *calls;   /* list: of places.Call */
    PyObject *changes; /* dict: name of an op that changed a tensor in place -> number of the CALL row of that */
} Scribe;

/* Names that are asked for often: a type remembers its attributes by where such a string is. */
extern struct Names {
    PyObject *blob, *base, *title, *intermediates, *nothing; /* "" */
    PyObject *nowhere; /* an empty tuple */
    PyObject *met[WAYS_TO_MEET];
    PyObject *running;
} names;

/* The number that a call of Python gave, which is let go of; -1 with an exception. */
int number_from(PyObject *given, uint32_t *number);
/* The same for a ref. */
int ref_from(PyObject *given, uint64_t *ref);

int known_ready(void);
Known *known_new(void);
void known_free(Known *known);

/* What is known of a shape and dtype, copied; -1 with an exception. array: of the shape and dtype, or a scalar. */
int meta_of(Scribe *scribe, PyObject *array, PyArray_Descr *dtype, int dims, const npy_intp *shape, Meta *meta);
/* The same where it was asked before: whether it was. */
int meta_known(Scribe *scribe, PyArrayObject *array, Meta *meta);
/* The number of a call that is known, else 0. */
uint32_t call_known(Scribe *scribe, PyObject *op, PyObject *run, Py_ssize_t inputs, PyObject *settings);
/* Keeps it, where its settings are such that the same objects are the same settings for ever. */
void call_keep(Scribe *scribe, PyObject *op, PyObject *run, Py_ssize_t inputs, PyObject *settings, uint32_t number);

/* -- places.c ----------------------------------------------------------------------------------------------------- */

enum { NAME, ASIDE, CODE, PATH, AROUND, MODULE, FIELDS }; /* of a places.Call */

static inline PyObject *field(PyObject *call, int at)
{
    return call == NULL ? NULL : PyTuple_GET_ITEM(call, at);
}

/* The innermost running call: a new reference, NULL where there is none. */
PyObject *innermost(Scribe *scribe);
/* The first frame, from this one outwards, that is not gradviz's: a new reference, NULL where there is none or with an
   exception. met: set when the code of a call is met on the way; there it ends where `stops`. Takes over the frame. */
PyFrameObject *outside(Scribe *scribe, PyFrameObject *frame, PyObject *call, int stops, int *met);
/* The number of the place where a frame is, and the variable that its value is assigned to, a new reference; -1 with an
   exception. Takes over the frame. */
int origin_in(Scribe *scribe, PyFrameObject *frame, uint32_t *number, PyObject **target);
/* The line of the script that runs now, and what it is within; -1 with an exception. */
int place_here(Scribe *scribe, uint32_t *origin, uint32_t *within);

/* -- calls.c ------------------------------------------------------------------------------------------------------ */

int calls_ready(void);
void nested_dropped(Nested *nested);

/* -- values.c ----------------------------------------------------------------------------------------------------- */

/* The columns of a value. */
typedef struct {
    uint8_t flags;
    uint32_t meta, buffer;
    uint64_t value;
} Shown;


/* Whether shown_of knows its kind: a plain array of NumPy's, or a scalar. */
int is_plain(PyObject *value);
/* The columns of an array or scalar. on_its_way: it is a gradient, which may have been shown when it was handed on. */
int shown_of(Scribe *scribe, PyObject *value, int on_its_way, Shown *shown);
/* The ref of an array's preview, which is never inline. */
int preview_of(Scribe *scribe, PyArrayObject *array, const Meta *meta, uint64_t *ref);
/* The watch of the buffer of a plain array, borrowed; *watch: NULL where there is none. -1 with an exception. */
int watch_of(Scribe *scribe, PyObject *array, Watch **watch);
/* Remembers how a gradient that is handed on was shown: it comes to the next node as it is, mostly. */
void handed_on(Scribe *scribe, PyObject *value, const Shown *shown);

/* -- summary.c ---------------------------------------------------------------------------------------------------- */

int summary_ready(void);
/* Writes the preview of an array that has more elements than are kept whole: 1; 0 where the Python is to do it, and -1
   with an exception. */
int write_large(Scribe *scribe, PyArrayObject *array, const Meta *meta, uint64_t *ref);

/* -- engine.c ----------------------------------------------------------------------------------------------------- */

extern struct Engine {
    PyTypeObject *op_type, *tensor_type, *number_type, *node_type, *accumulate_type;
    PyObject *mode, *next_serial;
    PyObject *changed; /* versions.changed */
    Py_ssize_t tensor_array, tensor_edge, tensor_requires_grad, tensor_grad; /* offsets of slots */
    Py_ssize_t tensor_viewed, tensor_serial;
    Py_ssize_t number_value, node_edges, node_run, node_saved, accumulate_variable, mode_grad, older, newest;
} engine;

int engine_ready(void);
/* A new reference to module.name. */
PyObject *imported(const char *module_name, const char *name);

/* What is in a slot: borrowed, NULL where it is not set. */
static inline PyObject *slot(PyObject *object, Py_ssize_t offset)
{
    return *(PyObject **)((char *)object + offset);
}

static inline int is_tuple(PyObject *value)
{
    return value != NULL && PyTuple_CheckExact(value);
}

/* -- numbers.c: each gives -1 with an exception ------------------------------------------------------------------- */

int node_number(Scribe *scribe, PyObject *node, uint32_t *number);
/* The number of a new node, after those of the AccumulateGrads that it leads to. */
int new_node_number(Scribe *scribe, PyObject *node, uint32_t *number);
int tensor_number(Scribe *scribe, PyObject *tensor, uint32_t *number);
/* Whether it has a number. */
int was_seen(Scribe *scribe, PyObject *tensor);
/* A new number, whatever the tensor had. */
int new_tensor_number(Scribe *scribe, PyObject *tensor, uint32_t *number);

/* -- scribe.c, backward.c, changes.c, calls.c: methods ------------------------------------------------------------ */

PyObject *scribe_forward(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *scribe_step(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *scribe_released(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *scribe_value(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *scribe_here(PyObject *self, PyObject *nothing);
PyObject *scribe_entered(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *scribe_left(PyObject *self, PyObject *result);
PyObject *scribe_node_number(PyObject *self, PyObject *node);
PyObject *scribe_tensor(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *scribe_mutated(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *scribe_assigned(PyObject *self, PyObject *tensor);
PyObject *scribe_before_accumulation(PyObject *self, PyObject *leaf);
PyObject *scribe_accumulated(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *scribe_keeps(PyObject *self, PyObject *state);

#endif
