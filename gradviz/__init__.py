"""gradviz: see autograd happen. `import gradviz as torch` runs the supported subset of PyTorch."""

from math import e, inf, nan, pi

from gradviz import autograd, linalg, nn, optim
from gradviz.engine.allocation import keep_large_blocks as _keep_large_blocks
from gradviz.engine.creation import (
    arange,
    eye,
    from_numpy,
    full,
    full_like,
    get_default_device,
    get_default_dtype,
    linspace,
    ones,
    ones_like,
    rand,
    randint,
    randn,
    randperm,
    set_default_device,
    set_default_dtype,
    tensor,
    zeros,
    zeros_like,
)
from gradviz.engine.dtypes import bool_, dtype, float16, float32, float64, int8, int16, int32, int64, uint8
from gradviz.engine.random import manual_seed
from gradviz.engine.switches import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from gradviz.engine.tensor import Device, Size, Tensor
from gradviz.ops import methods as _methods
from gradviz.ops.activations import *
from gradviz.ops.blends import *
from gradviz.ops.bounds import *
from gradviz.ops.composite import *
from gradviz.ops.contraction import *
from gradviz.ops.counting import *
from gradviz.ops.elementary import *
from gradviz.ops.extremes import *
from gradviz.ops.gathering import *
from gradviz.ops.linear_algebra import *
from gradviz.ops.logic import *
from gradviz.ops.matmul import *
from gradviz.ops.norms import *
from gradviz.ops.pointwise import *
from gradviz.ops.reshaping import *
from gradviz.ops.rounding import *  # its div knows rounding modes
from gradviz.ops.shape import *
from gradviz.ops.sorting import *
from gradviz.ops.special import *
from gradviz.ops.stacking import *
from gradviz.ops.statistics import *

__version__ = "0.1.0"

_keep_large_blocks()

bool = bool_
newaxis = None
float, double, half, int, long = float32, float64, float16, int32, int64

__all__ = sorted(name for name in globals() if not name.startswith("_"))
