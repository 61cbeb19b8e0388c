"""Functions of `torch.nn.functional`."""

from gradviz.engine.backend import module_of
from gradviz.engine.switches import no_grad
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.nn.activation_functions import *  # noqa: F403
from gradviz.nn.attention_functions import *  # noqa: F403
from gradviz.nn.bag_functions import *  # noqa: F403
from gradviz.nn.dropouts import (  # noqa: F401
    alpha_dropout,
    dropout,
    dropout1d,
    dropout2d,
    dropout3d,
    feature_alpha_dropout,
)
from gradviz.nn.grid_functions import *  # noqa: F403
from gradviz.nn.layer_functions import *  # noqa: F403
from gradviz.nn.loss_functions import *  # noqa: F403
from gradviz.nn.margin_functions import *  # noqa: F403
from gradviz.nn.pooling_functions import *  # noqa: F403
from gradviz.nn.resampling_functions import *  # noqa: F403
from gradviz.nn.unpool_functions import *  # noqa: F403
from gradviz.nn.volume_functions import *  # noqa: F403
from gradviz.ops import bounds, counting, norms, padding, pointwise, reshaping
from gradviz.ops.bags import check_indices
from gradviz.ops.linear import linear  # noqa: F401
from gradviz.ops.refusals import refuse_missing_dims
from gradviz.ops.shuffling import channel_shuffle, pixel_shuffle, pixel_unshuffle  # noqa: F401

tanh = pointwise.tanh
sigmoid = pointwise.sigmoid
one_hot = counting.one_hot
pad = padding.pad


def shorten(weight, input, max_norm, norm_type):
    """Makes the rows that are looked up as short as max_norm, in place, as PyTorch does."""
    xp = module_of(weight._array)
    rows = xp.unique(input._array)
    found = weight._array.copy()
    sizes = xp.linalg.norm(found[rows], norm_type, axis=1, keepdims=True)
    found[rows] *= xp.where(sizes > max_norm, max_norm / (sizes + 1e-7), 1).astype(found.dtype)
    with no_grad():
        weight.copy_(Tensor(found))


def embedding(
    input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False
):
    """Rows of a weight (V, D), one for each index: (...) to (..., D)."""
    if sparse:
        raise RuntimeError("embedding() with sparse is not supported by gradviz: leave it out")
    if weight._array.ndim != 2:
        _refuse_weight(weight)
    check_indices("embedding", input._array)
    if padding_idx is None:
        padding_idx = -1
    else:
        rows = weight._array.shape[0]
        if not -rows <= padding_idx < rows:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx %= rows
    if max_norm is not None:
        shorten(weight, input, max_norm, norm_type)
    return counting.embedding(weight, input, padding_idx=padding_idx, scale_grad_by_freq=scale_grad_by_freq)


def _refuse_weight(weight):
    if weight.requires_grad:  # PyTorch's node asks for the number of rows first
        refuse_missing_dims(weight, 0)
    raise RuntimeError("'weight' must be 2-D")


@composed("normalize")
def normalize(input, p=2.0, dim=1, eps=1e-12):
    """Vectors along a dimension divided by their norm, or by eps where that is greater."""
    size = bounds.clamp_min_number(norms.norm(input, p, dim, keepdim=True), min=eps)
    return pointwise.div(input, reshaping.expand_as(size, input))
