"""Convolutions, pooling and normalization of `torch.nn.functional`."""

from math import prod

import numpy as np

from gradviz.engine import backend
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import (
    composite,
    convolution,
    criteria,
    elementary,
    normalization,
    pointwise,
    pooling,
    powers,
    rearranging,
    reduction,
    shape,
)
from gradviz.ops.padding import constant_pad_nd
from gradviz.ops.refusals import refuse_kinds


def several(value, count, name="kernel_size"):
    """A number for every dimension, or as many as there are."""
    if isinstance(value, int):
        return (value,) * count
    value = tuple(int(each) for each in value)
    if len(value) == 1:
        return value * count
    if len(value) != count:
        raise RuntimeError(f"expected {name} to be a single integer value or a list of {count} values")
    return value


# -- convolutions ------------------------------------------------------------------------------------


def convolved(name, spread, input, weight, bias, stride, padding, dilation, groups, output_padding=None):
    """Any convolution: a batch made where there is none, as PyTorch does."""
    if input.ndim not in (spread + 1, spread + 2):
        raise RuntimeError(
            f"Expected {spread + 1}D (unbatched) or {spread + 2}D (batched) input to {name}, but got input of size: "
            f"{list(input.shape)}"
        )
    if weight.ndim != spread + 2:
        raise RuntimeError(_other_weight(input, weight, spread, output_padding is not None))
    alone = input.ndim == spread + 1
    if alone:
        input = composite.unsqueeze(input, 0)
    stride, dilation = several(stride, spread, "stride"), several(dilation, spread, "dilation")
    if padding == "same":
        if any(each != 1 for each in stride):
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        total = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
        odd = [each % 2 for each in total]
        if any(odd):
            pad = tuple(each for extra in reversed(odd) for each in (0, extra))
            input = constant_pad_nd(input, pad=pad, value=0)
        padding = tuple(each // 2 for each in total)
    elif padding == "valid":
        padding = (0,)
    elif isinstance(padding, str):
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    else:
        padding = several(padding, spread, "padding")
    out = convolution.convolution(
        input, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups,
        transposed=output_padding is not None,
        output_padding=(0,) * len(padding) if output_padding is None else several(output_padding, spread),
    )  # fmt: skip
    return shape.squeeze_one(out, dim=0) if alone else out


def _other_weight(input, weight, spread, transposed):
    """PyTorch's sentence for a weight of other dimensions than the convolution's."""
    if weight.ndim < 3:
        return "weight should have at least three dimensions"
    batched = [1, *input.shape] if input.ndim == spread + 1 else list(input.shape)
    return (
        f"Expected {weight.ndim}-dimensional input for {weight.ndim}-dimensional weight{' ' * transposed}"
        f"{list(weight.shape)}, but got {len(batched)}-dimensional input of size {batched} instead"
    )


@composed("conv1d")
def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """(N, C, L) and (O, C / groups, K) to (N, O, windows)."""
    return convolved("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


@composed("conv2d")
def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """(N, C, H, W) and (O, C / groups, K, K) to (N, O, windows down, windows across)."""
    return convolved("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


@composed("conv3d")
def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """As conv2d, with one more dimension."""
    return convolved("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


@composed("conv_transpose1d")
def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The gradient of a conv1d for its input, as a layer: weight (C, O / groups, K)."""
    return convolved("conv_transpose1d", 1, input, weight, bias, stride, padding, dilation, groups, output_padding)


@composed("conv_transpose2d")
def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The gradient of a conv2d for its input, as a layer: weight (C, O / groups, K, K)."""
    return convolved("conv_transpose2d", 2, input, weight, bias, stride, padding, dilation, groups, output_padding)


# -- pooling -----------------------------------------------------------------------------------------


def strides(stride, count):
    """A stride for each dimension; none given: (), which stands for the kernel's sizes."""
    return () if stride is None else several(stride, count, "stride")


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The greatest value of each window; with return_indices also its place in the plane."""
    out = pooling.max_pool2d_with_indices(
        input, kernel_size=several(kernel_size, 2), stride=strides(stride, 2), padding=several(padding, 2),
        dilation=several(dilation, 2), ceil_mode=ceil_mode,
    )  # fmt: skip
    if not return_indices:
        return out
    node = out.grad_fn
    if node is not None:
        return out, node._saved_result1
    op = pooling.max_pool2d_with_indices.op
    _, indices = op.forward(
        backend.module_of(input._array), input._array, kernel_size=several(kernel_size, 2),
        stride=strides(stride, 2), padding=several(padding, 2), dilation=several(dilation, 2), ceil_mode=ceil_mode,
    )  # fmt: skip
    return out, Tensor(indices)


def _as_rows(input, name):
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {input.ndim}-dimensional tensor for argument #1 'self' (while "
            f"checking arguments for {name})"
        )
    return composite.unsqueeze(input, -2)


def _row(out):
    return shape.squeeze_one(out, dim=out.ndim - 2)


@composed("max_pool1d")
def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """The greatest value of each window of (N, C, L)."""
    rows = _as_rows(input, "max_pool1d")
    kernel, step = several(kernel_size, 1), several(kernel_size if stride is None else stride, 1)
    return _row(
        max_pool2d(
            rows, (1, *kernel), (1, *step), (0, *several(padding, 1)), (1, *several(dilation, 1)), ceil_mode
        )
    )


def avg_pool2d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """The mean of each window."""
    return pooling.avg_pool2d(
        input, kernel_size=several(kernel_size, 2), stride=strides(stride, 2), padding=several(padding, 2),
        ceil_mode=ceil_mode, count_include_pad=count_include_pad, divisor_override=divisor_override,
    )  # fmt: skip


@composed("avg_pool1d")
def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean of each window of (N, C, L)."""
    rows = _as_rows(input, "avg_pool1d")
    kernel, step = several(kernel_size, 1), several(kernel_size if stride is None else stride, 1)
    return _row(avg_pool2d(rows, (1, *kernel), (1, *step), (0, *several(padding, 1)), ceil_mode, count_include_pad))


@composed("adaptive_avg_pool2d")
def adaptive_avg_pool2d(input, output_size):
    """Means of as many windows as asked for; None keeps a size."""
    given = (output_size,) * 2 if output_size is None or isinstance(output_size, int) else output_size
    sizes = tuple(n if each is None else each for each, n in zip(given, input.shape[-2:], strict=True))
    if sizes == (1, 1):
        return composite.mean(input, (-1, -2), keepdim=True)
    return pooling.adaptive_avg_pool2d(input, output_size=sizes)


@composed("adaptive_avg_pool1d")
def adaptive_avg_pool1d(input, output_size):
    """Means of as many windows of (N, C, L) as asked for."""
    return _row(adaptive_avg_pool2d(_as_rows(input, "adaptive_avg_pool1d"), (1, *several(output_size, 1))))


def adaptive_max_pool2d(input, output_size, return_indices=False):
    """The greatest values of as many windows as asked for; None keeps a size."""
    sizes = output_size
    if isinstance(output_size, int):
        sizes = (output_size,) * 2
    elif input.ndim <= 2:
        raise ValueError("Input dimension should be at least 3")
    else:
        given = (None, None) if output_size is None else output_size
        sizes = tuple(n if each is None else each for each, n in zip(given, input.shape[-2:], strict=True))
    found = pooling.adaptive_max_pool2d(input, output_size=sizes)
    return found if return_indices else found[0]


@composed("adaptive_max_pool1d")
def adaptive_max_pool1d(input, output_size, return_indices=False):
    """The greatest values of as many windows of (N, C, L) as asked for."""
    rows = _as_rows(input, "adaptive_max_pool1d")
    out, indices = adaptive_max_pool2d(rows, (1, *several(output_size, 1)), True)
    return (_row(out), _row(indices)) if return_indices else _row(out)


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """Each window of (N, C, H, W) as a column: (N, C * K * K, windows)."""
    return pooling.im2col(
        input, kernel_size=several(kernel_size, 2), dilation=several(dilation, 2), padding=several(padding, 2),
        stride=several(stride, 2),
    )  # fmt: skip


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Columns added up where their windows were: (N, C * K * K, windows) to (N, C, H, W)."""
    return pooling.col2im(
        input, output_size=several(output_size, 2), kernel_size=several(kernel_size, 2),
        dilation=several(dilation, 2), padding=several(padding, 2), stride=several(stride, 2),
    )  # fmt: skip


# -- normalization -----------------------------------------------------------------------------------


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """Standardized over the last dimensions, then `* weight + bias`."""
    normalized_shape = tuple(int(each) for each in normalized_shape)
    _check_normalized(input, normalized_shape, "*, ", weight=weight, bias=bias)
    return normalization.native_layer_norm(input, weight, bias, normalized_shape=normalized_shape, eps=eps)


def _check_normalized(input, normalized_shape, free, **parameters):
    """RuntimeError unless the last dimensions and the parameters have the normalized shape."""
    for name, each in parameters.items():
        if each is not None and each.shape != normalized_shape:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape {list(each.shape)} "
                f"and normalized_shape = {list(normalized_shape)}"
            )
    if input.shape[max(input.ndim - len(normalized_shape), 0) :] != normalized_shape:
        raise RuntimeError(
            f"Given normalized_shape={list(normalized_shape)}, expected input with shape "
            f"[{free}{', '.join(map(str, normalized_shape))}], but got input of size{list(input.shape)}"
        )


@composed("rms_norm")
def rms_norm(input, normalized_shape, weight=None, eps=None):
    """Divided by the root of the mean square over the last dimensions."""
    normalized_shape = tuple(int(each) for each in normalized_shape)
    if input.ndim < len(normalized_shape):
        raise ValueError(f"Input tensor must have at least {len(normalized_shape)} dimensions, but got {input.ndim}")
    _check_normalized(input, normalized_shape, "*", weight=weight)
    refuse_kinds("rms_norm", input._array, "biu")
    dims = tuple(range(input.ndim - len(normalized_shape), input.ndim))
    eps = float(np.finfo(input._array.dtype).eps) if eps is None else eps
    squares = reduction.mean_dim(powers.pow_scalar(input, exponent=2), dim=dims, keepdim=True)
    root = elementary.rsqrt(criteria.add_number(squares, other=eps))
    out = pointwise.mul(input, root)
    return out if weight is None else pointwise.mul(out, weight)


def batch_norm(
    input, running_mean=None, running_var=None, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    """Each channel standardized over the batch (training), or by the running statistics."""
    if training and prod(input.shape) == input.shape[1]:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {input.shape}")
    for name, each in (("running_mean", running_mean), ("running_var", running_var), ("weight", weight), ("bias", bias)):  # noqa: E501
        if each is not None and each.numel() != input.shape[1]:
            raise RuntimeError(f"{name} should contain {input.shape[1]} elements not {each.numel()}")
        if each is None and not training and "running" in name:
            raise RuntimeError(f"Expected {name} to be defined when training=False")
    return normalization.native_batch_norm(
        input, weight, bias, running_mean, running_var, training=training, momentum=momentum, eps=eps
    )


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """Each group of channels of each sample standardized."""
    if input.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.ndim}")
    count, channels = input.shape[:2]
    for name, each in (("weight", weight), ("bias", bias)):
        if each is not None and each.shape != (channels,):
            # PyTorch shows the weight's shape for the bias too
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got {name} of "
                f"shape {list((each if weight is None else weight).shape)} and input of shape {list(input.shape)}"
            )
    if channels % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(input.shape)} and num_groups={num_groups}"
        )
    return normalization.native_group_norm(
        input, weight, bias, N=count, C=channels, HxW=prod(input.shape[2:]), group=num_groups, eps=eps
    )


@composed("instance_norm")
def instance_norm(
    input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-5
):
    """Each channel of each sample standardized, or by the running statistics: batch_norm of samples as channels."""
    if use_input_stats and prod(input.shape[2:]) == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.shape}")
    if not use_input_stats and (running_mean is None or running_var is None):
        raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
    count, channels = input.shape[:2]
    weight, bias = (None if each is None else rearranging.repeat(each, repeats=(count,)) for each in (weight, bias))
    running = [None if each is None else Tensor(_repeated(each._array, count)) for each in (running_mean, running_var)]
    flat = composite.view(input.contiguous(), 1, count * channels, *input.shape[2:])
    out = batch_norm(flat, *running, weight, bias, use_input_stats, momentum, eps)
    for own, moved in zip((running_mean, running_var), running, strict=True):
        if own is not None and use_input_stats:
            own._array[...] = moved._array.reshape(count, channels).mean(axis=0)
    return composite.view(out, *input.shape)


def _repeated(array, count):
    return backend.module_of(array).tile(array, count)


__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d", "avg_pool1d",
    "avg_pool2d", "batch_norm", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "fold",
    "group_norm", "instance_norm", "layer_norm", "max_pool1d", "max_pool2d", "rms_norm", "unfold",
]  # fmt: skip
