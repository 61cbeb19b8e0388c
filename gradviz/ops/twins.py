"""The C twin of the error function, where it was built."""

import os

import numpy as np

from gradviz.engine.plans import functions_of

try:
    if os.environ.get("GRADVIZ_COMPILED") == "0":
        raise ImportError
    from gradviz.ops import _ops
except ImportError:
    _ops = None

erf = None if _ops is None else _ops.erf  # a ufunc of float32


def erf_for(xp):
    """The compiled error function for an array module, or for sketches; None where there is none."""
    if erf is None or xp is np:
        return erf
    sketched = functions_of(xp)
    return None if sketched is None else sketched.function(erf)
