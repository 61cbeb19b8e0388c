"""Convolutions and normalization of `torch.nn.functional`."""

from math import prod

import numpy as np

from gradviz.engine.dtypes import float16, float32, in_cpp
from gradviz.engine.switches import no_grad
from gradviz.engine.within import composed
from gradviz.ops import (
    composite,
    convolution,
    criteria,
    elementary,
    gathering,
    normalization,
    pointwise,
    powers,
    reduction,
    reshaping,
    shape,
)
from gradviz.ops.padding import constant_pad_nd
from gradviz.ops.refusals import refuse_kinds, refuse_missing_dims


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
    transposed = output_padding is not None
    if not transposed and bias is not None and bias._array.dtype != input._array.dtype:
        kinds = [in_cpp(each._array.dtype) for each in (input, bias)]
        raise RuntimeError(f"Input type ({kinds[0]}) and bias type ({kinds[1]}) should be the same")
    alone = input.ndim == spread + 1
    if alone:
        input = composite.unsqueeze(input, 0)
    dims, same = weight.ndim - 2, padding == "same"
    if dims < 1:
        raise RuntimeError("weight should have at least three dimensions")
    if same and dims != spread:
        raise RuntimeError(_other_dims(input, weight, ""))
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    stride = _steps("stride", stride, spread, dims)
    if same and max(stride) > 1:
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    if not isinstance(padding, str):
        padding = _steps("padding", padding, spread, dims)
    dilation = _steps("dilation", dilation, spread, dims)
    if isinstance(padding, str):
        input, padding = _by_name(padding, input, weight, dilation)
    output_padding = _steps("output_padding", output_padding, spread, dims) if transposed else (0,) * len(padding)
    if dims != spread:
        raise RuntimeError(_other_dims(input, weight, " "))
    out = convolution.convolution(
        input, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups, transposed=transposed,
        output_padding=output_padding,
    )
    return shape.squeeze_one(out, dim=0) if alone else out


def _steps(name, value, spread, dims):
    """A number for each dimension of the kernel."""
    given = (value,) * spread if isinstance(value, int) else tuple(int(each) for each in value)
    if len(given) == 1:
        return given * dims
    if len(given) != dims:
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of {dims} values to match the convolution "
            f"dimensions, but got {name}={list(given)}"
        )
    return given


def _by_name(padding, input, weight, dilation):
    """The input, with one place more behind where both sides can't be alike, and the padding that a name means."""
    if padding == "valid":
        return input, (0,)
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    total = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
    half = tuple(int(each / 2) for each in total)
    odd = [each - 2 * side for each, side in zip(total, half, strict=True)]
    if any(odd):
        pad = tuple(each for extra in reversed(odd) for each in (0, extra))
        input = constant_pad_nd(input, pad=pad, value=0)
    return input, half


def _other_dims(input, weight, gap):
    return (
        f"Expected {weight.ndim}-dimensional input for {weight.ndim}-dimensional weight{gap}{list(weight.shape)}, but "
        f"got {input.ndim}-dimensional input of size {list(input.shape)} instead"
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


# -- normalization -----------------------------------------------------------------------------------


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """Standardized over the last dimensions, then `* weight + bias`."""
    normalized_shape = tuple(int(each) for each in normalized_shape)
    if not normalized_shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
            "normalized_shape = []"
        )
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
    work = composite.to(input, float32) if input.dtype == float16 else input
    eps = float(np.finfo(work._array.dtype).eps) if eps is None else eps
    squares = reduction.mean_dim(powers.pow_scalar(work, exponent=2), dim=dims, keepdim=True)
    root = elementary.rsqrt(criteria.add_number(squares, other=eps))
    out = pointwise.mul(work, root)
    return composite.to(out if weight is None else pointwise.mul(out, weight), input.dtype)


def batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    """Each channel standardized over the batch (training), or by the running statistics."""
    if training:
        _refuse_single(input.shape)
    return _batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def _refuse_single(size):
    """ValueError for a batch with one value a channel: its variance would be 0."""
    if size[0] * prod(size[2:]) == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {size}")


def _batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps):
    if not input.numel():
        return _of_nothing(input, weight, bias)
    channels = input.shape[1] if input.ndim > 1 else 0
    for name, each in (("running_mean", running_mean), ("running_var", running_var), ("weight", weight), ("bias", bias)):  # noqa: E501
        if each is not None and each.numel() != channels:
            raise RuntimeError(f"{name} should contain {channels} elements not {each.numel()}")
        if each is None and not training and "running" in name:
            raise RuntimeError(f"Expected {name} to be defined when training=False")
    refuse_missing_dims(input, 1)
    return normalization.native_batch_norm(
        input, weight, bias, running_mean, running_var, training=training, momentum=momentum, eps=eps
    )


def _of_nothing(input, weight, bias):
    """Without elements: scaled and shifted by the first channel's numbers, as in PyTorch, so that there is a graph."""
    out = pointwise.clone(input)
    if weight is not None:
        out = pointwise.mul(out, gathering.select(weight, 0, 0))
    return out if bias is None else pointwise.add(out, gathering.select(bias, 0, 0))


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """Each group of channels of each sample standardized."""
    if input.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.ndim}")
    count, channels = input.shape[:2]
    _refuse_single([count * channels // num_groups, num_groups, *input.shape[2:]])
    if num_groups < 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {num_groups}")
    if channels % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(input.shape)} and num_groups={num_groups}"
        )
    for name, each in (("weight", weight), ("bias", bias)):
        if each is not None and each.shape != (channels,):
            # PyTorch shows the weight's shape for the bias too
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got {name} of "
                f"shape {[0] if weight is None else list(weight.shape)} and input of shape {list(input.shape)}"
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
    refuse_missing_dims(input, 0, 1)
    count, channels = input.shape[:2]
    odd = running_mean is not None and running_mean.dtype != input.dtype  # PyTorch looks at the mean alone
    with no_grad():
        running = [_repeated(each, count, input.dtype if odd else None) for each in (running_mean, running_var)]
    weight, bias = (_repeated(each, count) for each in (weight, bias))
    flat = composite.view(input.contiguous(), 1, count * channels, *input.shape[2:])
    out = _batch_norm(flat, *running, weight, bias, use_input_stats, momentum, eps)
    for own, moved in zip((running_mean, running_var), running, strict=True):
        if own is not None and use_input_stats:
            own._array[...] = composite.view(moved, count, channels)._array.mean(axis=0)
    return composite.view(out, *input.shape)


def _repeated(channels, count, dtype=None):
    if channels is None:
        return None
    found = reshaping.repeat(channels, count)
    return found if dtype is None else composite.to(found, dtype)


__all__ = [
    "batch_norm", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "group_norm", "instance_norm",
    "layer_norm", "rms_norm",
]  # fmt: skip
