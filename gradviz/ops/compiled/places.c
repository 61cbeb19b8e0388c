/* Elements picked and added at places of rows, the twins of what ops/picking.py does with NumPy: to the same bits, as
   each place gets its additions in the same order. Arrays come checked: C-contiguous, places int64 and inside. */

#include "ops.h"

typedef struct {
    char *array;
    const npy_int64 *places;
    char *values;
    npy_intp outer, size, count, inner; /* of the array: (outer, size, inner); of places: (outer, count, inner) */
    npy_intp itemsize;
} Work;
