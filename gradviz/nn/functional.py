"""Functions of `torch.nn.functional`."""

from math import prod

from gradviz.engine.dtypes import title
from gradviz.engine.within import composed
from gradviz.nn.activation_functions import *  # noqa: F403
from gradviz.nn.layer_functions import *  # noqa: F403
from gradviz.nn.loss_functions import *  # noqa: F403
from gradviz.ops import composite, counting, padding, pointwise, shape
from gradviz.ops.matmul import addmm

tanh = pointwise.tanh
sigmoid = pointwise.sigmoid
softmax = composite.softmax
log_softmax = composite.log_softmax
one_hot = counting.one_hot
pad = padding.pad


@composed("linear")
def linear(input, weight, bias=None):
    """`input @ weight.T + bias`: (..., in), (out, in) and (out,) to (..., out)."""
    if not input._array.ndim:
        raise RuntimeError(f"both arguments to linear need to be at least 1D, but they are 0D and {weight.ndim}D")
    if bias is None:
        return composite.matmul(input, shape.t(weight))
    if input._array.ndim == 2:
        return addmm(bias, input, shape.t(weight))
    sizes = input._array.shape
    rows = composite.reshape(input, prod(sizes[:-1]), sizes[-1])  # before t(): backward takes the newest node first
    product = addmm(bias, rows, shape.t(weight))
    return composite.view(product, *sizes[:-1], weight._array.shape[0])


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
