"""Functions of `torch.nn.functional`."""

import warnings
from math import prod

from gradviz.engine.within import composed
from gradviz.nn.activation_functions import *  # noqa: F403
from gradviz.ops import composite, counting, loss, padding, pointwise, shape
from gradviz.ops.matmul import addmm

REDUCTIONS = {"none": 0, "mean": 1, "sum": 2}

relu = pointwise.relu
tanh = pointwise.tanh
sigmoid = pointwise.sigmoid
one_hot = counting.one_hot
pad = padding.pad


def _reduction(name):
    if name not in REDUCTIONS:
        raise ValueError(f"{name} is not a valid value for reduction")
    return REDUCTIONS[name]


@composed("linear")
def linear(input, weight, bias=None):
    """`input @ weight.T + bias`: (..., in), (out, in) and (out,) to (..., out)."""
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
            f"torch.{_title(input)}Tensor instead (while checking arguments for embedding)"
        )
    rows = weight._array.shape[0]
    if padding_idx is None:
        padding_idx = -1
    elif not -rows <= padding_idx < rows:
        raise AssertionError("Padding_idx must be within num_embeddings")
    else:
        padding_idx %= rows
    return counting.embedding(weight, input, padding_idx=padding_idx, scale_grad_by_freq=scale_grad_by_freq)


def softmax(input, dim):
    """Probabilities along a dimension."""
    return loss.softmax(input, dim=composite.wrapped(dim, input._array.ndim))


def log_softmax(input, dim):
    """Logarithms of probabilities along a dimension."""
    return loss.log_softmax(input, dim=composite.wrapped(dim, input._array.ndim))


def mse_loss(input, target, reduction="mean"):
    """Mean squared error; warns as PyTorch does when the shapes differ and broadcast."""
    if input.shape != target.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will likely "  # noqa: E501
            "lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=2,
        )
    return loss.mse_loss(input, target, reduction=_reduction(reduction))


def nll_loss(input, target, weight=None, ignore_index=-100, reduction="mean"):
    """Negative log-likelihood of class numbers: (N, C) log-probabilities and (N,) targets."""
    if target._array.dtype.kind not in "iu":
        raise RuntimeError(f"expected scalar type Long but found {_title(target)}")
    return loss.nll_loss(input, target, weight, reduction=_reduction(reduction), ignore_index=ignore_index)


@composed("cross_entropy")
def cross_entropy(input, target, weight=None, ignore_index=-100, reduction="mean"):
    """log_softmax, then nll_loss: (N, C) scores and (N,) class numbers, or (C,) and ()."""
    if input._array.ndim == 1:
        input, target = composite.unsqueeze(input, 0), composite.unsqueeze(target, 0)
    return nll_loss(log_softmax(input, 1), target, weight, ignore_index, reduction)


def _title(tensor):
    from gradviz.engine.dtypes import title

    return title(tensor._array.dtype)
