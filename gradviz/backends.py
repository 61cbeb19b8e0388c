"""What scripts set before they start, as `torch.backends` and beside it: taken, kept, and without effect here.

There are no other backends, and results are the same each time.
"""

from types import SimpleNamespace

mps = SimpleNamespace(is_available=lambda: False, is_built=lambda: False)
cudnn = SimpleNamespace(
    enabled=False, benchmark=False, deterministic=True, allow_tf32=False, is_available=lambda: False,
    version=lambda: None,
)  # fmt: skip
mkldnn = SimpleNamespace(enabled=False, is_available=lambda: False)


def use_deterministic_algorithms(mode, *, warn_only=False):
    """Taken: all that runs here is deterministic."""


def set_float32_matmul_precision(precision):
    """Taken: products of float32 are exact to float32."""


__all__ = ["cudnn", "mkldnn", "mps"]
