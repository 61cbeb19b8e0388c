"""gradviz: see autograd happen. `import gradviz as torch` runs the supported subset of PyTorch."""

from math import e, inf, nan, pi

from gradviz import amp, autograd, backends, cuda, func, linalg, nn, optim, random, static, utils
from gradviz.amp import autocast
from gradviz.backends import set_float32_matmul_precision, use_deterministic_algorithms
from gradviz.engine.allocation import keep_large_blocks as _keep_large_blocks
from gradviz.engine.anomaly import is_anomaly_check_nan_enabled, is_anomaly_enabled
from gradviz.engine.asking import broadcast_shapes, can_cast, finfo, iinfo, promote_types, result_type, typename
from gradviz.engine.creation import (
    BoolTensor,
    DoubleTensor,
    FloatTensor,
    IntTensor,
    LongTensor,
    arange,
    empty,
    eye,
    full,
    get_default_device,
    get_default_dtype,
    linspace,
    logspace,
    ones,
    rand,
    randint,
    randn,
    randperm,
    set_default_device,
    set_default_dtype,
    tensor,
    tril_indices,
    triu_indices,
    zeros,
)
from gradviz.engine.devices import Device
from gradviz.engine.dtypes import bool_, dtype, float16, float32, float64, int8, int16, int32, int64, uint8
from gradviz.engine.exchange import as_tensor, asarray, from_dlpack, from_numpy, frombuffer
from gradviz.engine.inference import inference_mode, is_inference, is_inference_mode_enabled
from gradviz.engine.layouts import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    memory_format,
    preserve_format,
)
from gradviz.engine.likeness import (
    empty_like,
    full_like,
    ones_like,
    rand_like,
    randint_like,
    randn_like,
    zeros_like,
)
from gradviz.engine.printing import set_printoptions
from gradviz.engine.random import (
    Generator,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)
from gradviz.engine.switches import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from gradviz.engine.tensor import Size, Tensor
from gradviz.engine.threads import get_num_threads, set_num_threads
from gradviz.files import load, save
from gradviz.nn.functional import (
    adaptive_avg_pool1d,
    avg_pool1d,
    bilinear,
    celu_,
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    cosine_similarity,
    group_norm,
    layer_norm,
    max_pool1d,
    max_pool1d_with_indices,
    max_pool2d,
    max_pool3d,
    pairwise_distance,
    rms_norm,
    rrelu_,
    selu_,
    threshold_,
)
from gradviz.nn.functional import adaptive_max_pool1d_with_indices as adaptive_max_pool1d
from gradviz.ops import methods as _methods
from gradviz.ops.activations import *
from gradviz.ops.arithmetic import *
from gradviz.ops.blends import *
from gradviz.ops.bounds import *
from gradviz.ops.changes import *
from gradviz.ops.composite import *
from gradviz.ops.contraction import *
from gradviz.ops.counting import *
from gradviz.ops.ctc import *
from gradviz.ops.decompositions import *
from gradviz.ops.decompositions import svd_of_columns as svd
from gradviz.ops.distances import *
from gradviz.ops.dropping import *
from gradviz.ops.elementary import *
from gradviz.ops.extremes import *
from gradviz.ops.gamma import *
from gradviz.ops.gates import *
from gradviz.ops.gathering import *
from gradviz.ops.linear_algebra import *
from gradviz.ops.logic import *
from gradviz.ops.matmul import *
from gradviz.ops.norms import *
from gradviz.ops.numeric import *
from gradviz.ops.pointwise import *
from gradviz.ops.products import *
from gradviz.ops.protocols import *
from gradviz.ops.quantiles import *
from gradviz.ops.recurrent import *
from gradviz.ops.reducing import *
from gradviz.ops.renormalization import *
from gradviz.ops.reshaping import *
from gradviz.ops.rounding import *  # its div knows rounding modes
from gradviz.ops.running import *
from gradviz.ops.sampling import *
from gradviz.ops.shape import *
from gradviz.ops.shuffling import *
from gradviz.ops.sorting import *
from gradviz.ops.special import *
from gradviz.ops.stacking import *
from gradviz.ops.statistics import *
from gradviz.ops.strided import *
from gradviz.ops.triangles import *
from gradviz.ops.weight_norms import *
from gradviz.ops.weight_norms import _weight_norm

__version__ = "0.1.0"

_keep_large_blocks()
globals().update(_methods.functions(globals()))

bool = bool_
device = Device
newaxis = None
float, double, half, int, long = float32, float64, float16, int32, int64


def __getattr__(name):
    if name == "distributions":  # imported when it is first asked for: few scripts pay for it
        from importlib import import_module

        return import_module("gradviz.distributions")
    raise AttributeError(f"module 'gradviz' has no attribute '{name}'")


__all__ = sorted(name for name in globals() if not name.startswith("_"))
