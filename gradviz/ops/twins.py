"""The C twin of the error function, where it was built."""

import os

import numpy as np

from gradviz.engine.plans import Functions

try:
    if os.environ.get("GRADVIZ_COMPILED") == "0":
        raise ImportError
    from gradviz.ops import _ops
except ImportError:
    _ops = None

erf = None if _ops is None else _ops.erf  # a ufunc of float32


def erf_for(xp):
    """The compiled error function for an array module, or for sketches; None where there is none."""
    if erf is None:
        return None
    return erf if xp is np else xp.function(erf) if xp.__class__ is Functions else None
