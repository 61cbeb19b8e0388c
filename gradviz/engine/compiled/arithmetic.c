/* Rows with a number each, or with a vector that they share: the four operations, to NumPy's bits, without the way to
   NumPy's loop for each row. */

#include "machine.h"

/* Compiled for wider registers too, where the compiler can. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__)
#define VECTORS __attribute__((target_clones("avx2", "default")))
#else
#define VECTORS
#endif

#define LOOP(type, operator, first, second)                                \
    for (npy_intp row = 0; row < rows; row++) {                            \
        const type *one = (const type *)(at[0] + row * pitch[0]);          \
        const type *two = (const type *)(at[1] + row * pitch[1]);          \
        type *out = (type *)(at[2] + row * pitch[2]);                      \
        IN_ANY_ORDER                                                       \
        for (npy_intp k = 0; k < length; k++)                              \
            out[k] = one[first] operator two[second];                      \
    }
#define EACH(type, operator)                                               \
    if (!apart[0]) {                                                       \
        LOOP(type, operator, 0, k)                                         \
    }                                                                      \
    else if (!apart[1]) {                                                  \
        LOOP(type, operator, k, 0)                                         \
    }                                                                      \
    else {                                                                 \
        LOOP(type, operator, k, k)                                         \
    }
#define DEFINE(name, type)                                                                                       \
    VECTORS static void name(Arithmetic what, char **at, const npy_intp *apart, const npy_intp *pitch, npy_intp rows, \
                             npy_intp length)                                                                    \
    {                                                                                                            \
        if (what == ADD) {                                                                                       \
            EACH(type, +)                                                                                        \
        }                                                                                                        \
        else if (what == SUBTRACT) {                                                                             \
            EACH(type, -)                                                                                        \
        }                                                                                                        \
        else if (what == MULTIPLY) {                                                                             \
            EACH(type, *)                                                                                        \
        }                                                                                                        \
        else {                                                                                                   \
            EACH(type, /)                                                                                        \
        }                                                                                                        \
    }

DEFINE(calculate_narrow, npy_float)
DEFINE(calculate_wide, npy_double)

void
calculate(Arithmetic what, int width, char **at, const npy_intp *apart, const npy_intp *pitch, npy_intp rows, npy_intp length)
{
    (width == 1 ? calculate_narrow : calculate_wide)(what, at, apart, pitch, rows, length);
}

Arithmetic
arithmetic_of(const char *ufunc)
{
    const char *names[] = {"", "add", "subtract", "multiply", "divide"};
    for (int k = ADD; k <= DIVIDE; k++)
        if (strcmp(ufunc, names[k]) == 0)
            return (Arithmetic)k;
    return NO_ARITHMETIC;
}
