"""torch.utils, as far as it is here."""

from gradviz.utils import checkpoint, dlpack

__all__ = ["checkpoint", "data", "dlpack"]


def __getattr__(name):
    if name == "data":  # imported when it is first asked for: few scripts pay for it
        from importlib import import_module

        return import_module("gradviz.utils.data")
    raise AttributeError(f"module 'gradviz.utils' has no attribute '{name}'")
