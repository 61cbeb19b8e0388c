/* An array's meta, buffer and preview: Recorder._value and preview.encode for plain arrays and scalars of NumPy's. */

#include "record.h"

/* float32 and float64, which NumPy gives in place of arrays of 0 dims. */
static int scalar_type(PyObject *value)
{
    PyTypeObject *type = Py_TYPE(value);
    return type == &PyFloatArrType_Type ? NPY_FLOAT : type == &PyDoubleArrType_Type ? NPY_DOUBLE : NPY_NOTYPE;
}

int is_plain(PyObject *value)
{
    return PyArray_CheckExact(value) || scalar_type(value) != NPY_NOTYPE;
}

/* The bits of what float(value) is. */
static int inline_value(PyObject *value, uint64_t *bits)
{
    double number;
    PyArrayObject *array = (PyArrayObject *)value;
    if (PyArray_CheckExact(value) && PyArray_TYPE(array) == NPY_FLOAT && PyArray_ISBEHAVED_RO(array)) {
        number = *(const npy_float *)PyArray_DATA(array);
    } else if (PyArray_CheckExact(value) && PyArray_TYPE(array) == NPY_DOUBLE && PyArray_ISBEHAVED_RO(array)) {
        number = *(const npy_double *)PyArray_DATA(array);
    } else {
        PyObject *as_float = PyNumber_Float(value);
        if (as_float == NULL) {
            return -1;
        }
        number = PyFloat_AS_DOUBLE(as_float);
        Py_DECREF(as_float);
    }
    memcpy(bits, &number, sizeof number);
    return 0;
}

/* The elements in C order, as tobytes gives them. */
static void copy_elements(unsigned char *to, PyArrayObject *array, npy_intp count)
{
    const char *from = PyArray_BYTES(array);
    npy_intp item = PyArray_ITEMSIZE(array), at[MOST_DIMS] = {0};
    if (PyArray_IS_C_CONTIGUOUS(array)) {
        memcpy(to, from, item * count);
        return;
    }
    for (; count > 0; count--, to += item) {
        memcpy(to, from, item);
        for (int dim = PyArray_NDIM(array) - 1; dim >= 0; dim--) { /* on to the next place, as an odometer */
            from += PyArray_STRIDE(array, dim);
            if (++at[dim] < PyArray_DIM(array, dim)) {
                break;
            }
            from -= at[dim] * PyArray_STRIDE(array, dim);
            at[dim] = 0;
        }
    }
}

int preview_of(Scribe *scribe, PyArrayObject *array, const Meta *meta, uint64_t *ref)
{
    npy_intp count = PyArray_SIZE(array);
    Py_ssize_t length = meta->head_length + count * PyArray_ITEMSIZE(array);
    if (meta->head_length > 0 && count <= scribe->whole && length <= LARGEST_ENTRY - LENGTH_SIZE) {
        unsigned char *place = entry_place(scribe->writer, length, ref);
        if (place == NULL) {
            return -1;
        }
        memcpy(place, meta->head, meta->head_length);
        copy_elements(place + meta->head_length, array, count);
        entry_filled(place, length);
        return 0;
    }
    int written = count > scribe->whole ? write_large(scribe, array, meta, ref) : 0;
    if (written) {
        return written < 0 ? -1 : 0;
    }
    PyObject *encoded = PyObject_CallOneArg(scribe->encoded, (PyObject *)array);
    if (encoded == NULL) {
        return -1;
    }
    PyObject *stored = PyObject_CallMethodOneArg((PyObject *)scribe->writer, names.blob, encoded);
    Py_DECREF(encoded);
    return ref_from(stored, ref);
}

/* A view's memory may be larger than the view: a BUFFER row. */
static int tell_size(Scribe *scribe, uint32_t buffer, PyArrayObject *owner)
{
    Row row = {.kind = BUFFER, .buffer = buffer, .value = (uint64_t)PyArray_NBYTES(owner)};
    return write_row(scribe->writer, &row);
}

/* The buffer of an array; *given: the ref of its preview where it was handed on. */
static int buffer_of(Scribe *scribe, PyArrayObject *array, int on_its_way, Shown *shown, uint64_t *given)
{
    int is_new;
    PyObject *owner = owner_of(array);
    if (owner == NULL) {
        return -1;
    }
    Watch *watch = lives_watch(scribe->buffers, owner, &is_new);
    if (watch == NULL) {
        Py_DECREF(owner);
        return -1;
    }
    shown->buffer = watch->number;
    shown->flags = is_new ? NEW_BUFFER : 0;
    if (on_its_way && PyArray_BASE(array) == NULL) {
        *given = watch->given;
        watch->given = 0;
    }
    int failed = 0;
    if (is_new && PyArray_BASE(array) != NULL) {
        failed = tell_size(scribe, shown->buffer, (PyArrayObject *)owner);
    }
    Py_DECREF(owner);
    return failed;
}

int shown_of(Scribe *scribe, PyObject *value, int on_its_way, Shown *shown)
{
    Meta meta;
    uint64_t given = 0;
    int scalar = scalar_type(value);
    *shown = (Shown){0};
    if (scalar != NPY_NOTYPE) {
        PyArray_Descr *dtype = PyArray_DescrFromType(scalar);
        int failed = meta_of(scribe, value, dtype, 0, NULL, &meta);
        Py_DECREF(dtype);
        if (failed) {
            return -1;
        }
    } else {
        PyArrayObject *array = (PyArrayObject *)value;
        if (meta_of(scribe, value, PyArray_DESCR(array), PyArray_NDIM(array), PyArray_DIMS(array), &meta) < 0 ||
            buffer_of(scribe, array, on_its_way, shown, &given) < 0) {
            return -1;
        }
    }
    shown->meta = meta.number;
    if (scribe->whole == 0) {
        return 0;
    }
    if (scalar != NPY_NOTYPE || PyArray_NDIM((PyArrayObject *)value) == 0) {
        shown->flags |= INLINE;
        return inline_value(value, &shown->value);
    }
    shown->value = given;
    return given ? 0 : preview_of(scribe, (PyArrayObject *)value, &meta, &shown->value);
}

int watch_of(Scribe *scribe, PyObject *array, Watch **watch)
{
    PyObject *owner = owner_of((PyArrayObject *)array);
    *watch = owner == NULL ? NULL : lives_find(scribe->buffers, owner);
    Py_XDECREF(owner);
    return owner == NULL ? -1 : 0;
}

void handed_on(Scribe *scribe, PyObject *value, const Shown *shown)
{
    if (shown->value == 0 || shown->flags & INLINE || !PyArray_CheckExact(value) ||
        PyArray_BASE((PyArrayObject *)value) != NULL) {
        return;
    }
    Watch *watch = lives_find(scribe->buffers, value);
    if (watch != NULL) {
        watch->given = shown->value;
    }
}
