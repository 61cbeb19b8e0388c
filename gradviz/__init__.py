"""gradviz: see autograd happen. `import gradviz as torch` runs the supported subset of PyTorch."""

from gradviz import autograd, nn, optim
from gradviz.engine.creation import (
    arange,
    eye,
    from_numpy,
    full,
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
from gradviz.ops.composite import (
    argmax,
    flatten,
    matmul,
    mean,
    pow,
    reshape,
    square,
    sum,
    transpose,
    unsqueeze,
    where,
)
from gradviz.ops.matmul import addmm, bmm, dot, mm, mv
from gradviz.ops.methods import METHODS as _METHODS
from gradviz.ops.pointwise import (
    abs,
    add,
    clone,
    cos,
    div,
    eq,
    exp,
    ge,
    gt,
    le,
    log,
    lt,
    mul,
    ne,
    neg,
    reciprocal,
    relu,
    sigmoid,
    sign,
    sin,
    sqrt,
    sub,
    tanh,
)
from gradviz.ops.shape import detach, t

__version__ = "0.1.0"

bool = bool_
float, double, half, int, long = float32, float64, float16, int32, int64
softmax, log_softmax = _METHODS["softmax"], _METHODS["log_softmax"]

__all__ = sorted(name for name in globals() if not name.startswith("_"))
