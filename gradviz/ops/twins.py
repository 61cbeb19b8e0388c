"""The C twins of the catalogue, where they were built: the error function, and large arrays spread over threads.

`spread` lets NumPy's own elementwise loops run on parts of a large array in several threads, as PyTorch's do: the same
values, in the whole process. OMP_NUM_THREADS and set_num_threads say how many; GRADVIZ_COMPILED=0 leaves NumPy alone.
"""

import os

import numpy as np

try:
    if os.environ.get("GRADVIZ_COMPILED") == "0":
        raise ImportError
    from gradviz.ops import _ops
except ImportError:
    _ops = None

_OF_ONE = (
    "negative absolute exp exp2 expm1 log log2 log10 log1p sqrt sin cos tan tanh sinh cosh arcsin arccos arctan "
    "arctanh reciprocal square floor ceil trunc rint"
).split()
_OF_TWO = "add subtract multiply divide maximum minimum power arctan2 fmod hypot copysign".split()
_COMPARING = "greater greater_equal less less_equal equal not_equal".split()

erf = None if _ops is None else _ops.erf
_spreads = hasattr(_ops, "take_over")


def spread():
    """Lets the loops of float32 and float64 run in threads, and those that choose by a mask."""
    if not _spreads:
        return
    for names, types in ((_OF_ONE, "ff dd"), (_OF_TWO, "fff ddd"), (_COMPARING, "ff? dd?")):
        for name in names:
            for each in types.split():
                _ops.take_over(getattr(np, name), each)
    for name in ("bitwise_and", "bitwise_xor"):
        _ops.take_over(getattr(np, name), "iii")
    _ops.take_over(_ops.erf, "ff")
    _ops.set_threads(_threads_by_default())


def _threads_by_default():
    """As many as OMP_NUM_THREADS says, else as there are processors for this process."""
    wanted = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if wanted.isdecimal() and int(wanted):
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def set_num_threads(num):
    """How many threads share elementwise work on large arrays; BLAS has its own.

    RuntimeError unless it is a positive int.
    """
    if type(num) is not int:
        raise RuntimeError(f"set_num_threads expects an int, but got {type(num).__name__}")
    if num < 1:
        raise RuntimeError("set_num_threads expects a positive integer")
    if _spreads:
        _ops.set_threads(num)


def get_num_threads():
    """How many threads share elementwise work on large arrays."""
    return _ops.get_threads() if _spreads else 1


spread()

__all__ = ["get_num_threads", "set_num_threads"]
