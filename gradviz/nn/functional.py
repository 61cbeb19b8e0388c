"""Functions of `torch.nn.functional`."""

from gradviz.engine.dtypes import title
from gradviz.engine.within import composed
from gradviz.nn.activation_functions import *  # noqa: F403
from gradviz.nn.attention_functions import *  # noqa: F403
from gradviz.nn.dropouts import dropout1d, dropout2d, dropout3d  # noqa: F401
from gradviz.nn.layer_functions import *  # noqa: F403
from gradviz.nn.loss_functions import *  # noqa: F403
from gradviz.nn.margin_functions import *  # noqa: F403
from gradviz.nn.resampling_functions import *  # noqa: F403
from gradviz.ops import bounds, composite, counting, norms, padding, pointwise, reshaping
from gradviz.ops.dropping import alpha_dropout, dropout, feature_alpha_dropout  # noqa: F401
from gradviz.ops.linear import linear  # noqa: F401
from gradviz.ops.shuffling import channel_shuffle, pixel_shuffle, pixel_unshuffle  # noqa: F401

relu = pointwise.relu
tanh = pointwise.tanh
sigmoid = pointwise.sigmoid
softmax = composite.softmax
log_softmax = composite.log_softmax
one_hot = counting.one_hot
pad = padding.pad


def embedding(
    input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False
):
    """Rows of a weight (V, D), one for each index: (...) to (..., D)."""
    if max_norm is not None or sparse:
        raise RuntimeError("embedding() with max_norm or sparse is not supported by gradviz: leave them out")
    if input._array.dtype.name not in ("int64", "int32"):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"torch.{title(input._array.dtype)}Tensor instead (while checking arguments for embedding)"
        )
    rows = weight._array.shape[0]
    if padding_idx is None:
        padding_idx = -1
    elif not -rows <= padding_idx < rows:
        raise AssertionError("Padding_idx must be within num_embeddings")
    else:
        padding_idx %= rows
    return counting.embedding(weight, input, padding_idx=padding_idx, scale_grad_by_freq=scale_grad_by_freq)


@composed("normalize")
def normalize(input, p=2.0, dim=1, eps=1e-12):
    """Vectors along a dimension divided by their norm, or by eps where that is greater."""
    size = bounds.clamp_min_number(norms.norm(input, p, dim, keepdim=True), min=eps)
    return pointwise.div(input, reshaping.expand_as(size, input))
