"""What scripts set before they start, as `torch.backends` and beside it: taken, kept, and without effect here.

There are no other backends, results are the same each time, and how many threads BLAS takes is said by its own
environment variables (OPENBLAS_NUM_THREADS) before Python starts.
"""

import os
from types import SimpleNamespace

mps = SimpleNamespace(is_available=lambda: False, is_built=lambda: False)
cudnn = SimpleNamespace(
    enabled=False, benchmark=False, deterministic=True, allow_tf32=False, is_available=lambda: False,
    version=lambda: None,
)  # fmt: skip
threads = SimpleNamespace(count=os.cpu_count() or 1)
mkldnn = SimpleNamespace(enabled=False, is_available=lambda: False)


def set_num_threads(count):
    """Keeps a number of threads; see above."""
    if not isinstance(count, int):
        raise TypeError(f"set_num_threads expects an int, but got {type(count).__name__}")
    if count <= 0:
        raise RuntimeError("set_num_threads expects a positive integer")
    threads.count = count


def get_num_threads():
    """The number that was set last, at first that of processors."""
    return threads.count


def use_deterministic_algorithms(mode, *, warn_only=False):
    """Taken: all that runs here is deterministic."""


def set_float32_matmul_precision(precision):
    """Taken: products of float32 are exact to float32."""


__all__ = ["cudnn", "mkldnn", "mps"]
