"""How many threads share elementwise work on large arrays; BLAS has its own."""

import os

from gradviz.engine.twins import _engine


def set_num_threads(num):
    """How many threads share elementwise work on large arrays; without the C twins, always one.

    RuntimeError unless it is a positive int.
    """
    if type(num) is not int:
        raise RuntimeError(f"set_num_threads expects an int, but got {type(num).__name__}")
    if num < 1:
        raise RuntimeError("set_num_threads expects a positive integer")
    if _engine is not None:
        _engine.set_threads(num)


def get_num_threads():
    """How many threads share elementwise work on large arrays."""
    return 1 if _engine is None else _engine.get_threads()


def by_default():
    """As many as OMP_NUM_THREADS says, else as there are processors for this process."""
    wanted = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if wanted.isdecimal() and int(wanted):
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


set_num_threads(by_default())
