"""Large blocks of memory are kept for the next array, instead of going back to the kernel at once.

By default glibc gives a large block back when it is freed, or when about two of them are free at the end of its heap:
a backward gives back what it releases, and the next forward meets fresh pages. Each costs a page fault, and all of
them more than many an op: keeping the blocks took half off 20 elementwise ops on a million elements.

The price: up to KEPT bytes that were freed stay with the process, and more where something in use lies behind them.
What a trace tells of live memory is of arrays, and doesn't change. GRADVIZ_KEEP_BLOCKS=0 leaves the allocator alone; so
do glibc's own settings in the environment, and other C libraries.
"""

import os
import sys

LARGEST = 32 << 20  # bytes of a block that may be kept: the most that glibc allows
KEPT = 512 << 20  # bytes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h
_SETTINGS = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


def keep_large_blocks():
    """Asks glibc's malloc for it; tells whether it will."""
    if sys.platform != "linux" or os.environ.get("GRADVIZ_KEEP_BLOCKS") == "0":
        return False
    if any(name in os.environ for name in _SETTINGS):
        return False
    import ctypes  # NumPy has loaded it already

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # musl has none
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, LARGEST) and mallopt(_M_TRIM_THRESHOLD, KEPT))
