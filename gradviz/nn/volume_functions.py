"""Pooling and transposed convolution of volumes, and pools of powers, of `torch.nn.functional`."""

from math import inf, prod

from gradviz.engine.within import composed
from gradviz.nn.layer_functions import convolved, several
from gradviz.nn.pooling_functions import asked_sizes, avg_pool1d, avg_pool2d, max_pool1d, max_pool2d, strides
from gradviz.ops import composite, pointwise, volume_pooling
from gradviz.ops.padding import constant_pad_nd


@composed("conv_transpose3d")
def conv_transpose3d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The gradient of a conv3d for its input, as a layer: weight (C, O / groups, K, K, K)."""
    return convolved("conv_transpose3d", 3, input, weight, bias, stride, padding, dilation, groups, output_padding)


def max_pool3d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The greatest value of each window of (N, C, D, H, W); with return_indices also its place in the volume."""
    found = volume_pooling.max_pool3d_with_indices(
        input, kernel_size=several(kernel_size, 3), stride=strides(stride, 3), padding=several(padding, 3),
        dilation=several(dilation, 3), ceil_mode=ceil_mode,
    )  # fmt: skip
    return found if return_indices else found[0]


def avg_pool3d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """The mean of each window of (N, C, D, H, W)."""
    return volume_pooling.avg_pool3d(
        input, kernel_size=several(kernel_size, 3), stride=strides(stride, 3), padding=several(padding, 3),
        ceil_mode=ceil_mode, count_include_pad=count_include_pad, divisor_override=divisor_override,
    )  # fmt: skip


@composed("adaptive_avg_pool3d")
def adaptive_avg_pool3d(input, output_size):
    """Means of as many windows as asked for; None keeps a size."""
    sizes = asked_sizes(input, output_size, 3)
    if sizes == (1, 1, 1):
        return composite.mean(input, (-1, -2, -3), keepdim=True)
    return volume_pooling.adaptive_avg_pool3d(input, output_size=sizes)


def adaptive_max_pool3d(input, output_size, return_indices=False):
    """The greatest values of as many windows as asked for; None keeps a size."""
    found = volume_pooling.adaptive_max_pool3d(input, output_size=asked_sizes(input, output_size, 3))
    return found if return_indices else found[0]


# -- of powers ---------------------------------------------------------------------------------------


def _of_powers(averages, norm_type, count):
    signs = pointwise.sign(averages)
    return (signs * pointwise.relu(pointwise.abs(averages)) * count) ** (1.0 / norm_type)


def _of_no_powers(pool, input, norm_type, kernel_size, stride, ceil_mode):
    """The greatest or the least size of each window, for an infinite power; None for another."""
    if norm_type not in (inf, -inf):
        return None
    sizes = pointwise.abs(input)
    if norm_type == inf:
        return pool(sizes, kernel_size, stride, 0, 1, ceil_mode)
    return pointwise.neg(pool(pointwise.neg(sizes), kernel_size, stride, 0, 1, ceil_mode))


def lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The norm of each window of (N, C, L)."""
    extreme = _of_no_powers(max_pool1d, input, norm_type, kernel_size, stride, ceil_mode)
    if extreme is not None:
        return extreme
    averages = avg_pool1d(input**norm_type, kernel_size, stride, 0, ceil_mode)
    return _of_powers(averages, norm_type, kernel_size if isinstance(kernel_size, int) else kernel_size[0])


def lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The norm of each window of (N, C, H, W)."""
    extreme = _of_no_powers(max_pool2d, input, norm_type, kernel_size, stride, ceil_mode)
    if extreme is not None:
        return extreme
    height, width = several(kernel_size, 2)
    averages = avg_pool2d(input**norm_type, kernel_size, stride, 0, ceil_mode)
    return _of_powers(averages, norm_type, height * width)


def lp_pool3d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The norm of each window of (N, C, D, H, W)."""
    extreme = _of_no_powers(max_pool3d, input, norm_type, kernel_size, stride, ceil_mode)
    if extreme is not None:
        return extreme
    averages = avg_pool3d(input**norm_type, kernel_size, stride, 0, ceil_mode)
    return _of_powers(averages, norm_type, prod(several(kernel_size, 3)))


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """Each element divided by a power of the mean square of `size` channels around it."""
    if input.ndim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality                          input (got {input.ndim} dimensions)")  # noqa: E501
    if not input.numel():
        return input
    squares, around = input * input, (size // 2, (size - 1) // 2)
    if input.ndim == 3:
        padded = constant_pad_nd(squares.unsqueeze(1), pad=(0, 0, *around), value=0)
        means = avg_pool2d(padded, (size, 1), 1).squeeze(1)
    else:
        rows = squares.view(input.shape[0], 1, *input.shape[1:3], -1)
        padded = constant_pad_nd(rows, pad=(0, 0, 0, 0, *around), value=0)
        means = avg_pool3d(padded, (size, 1, 1), 1).squeeze(1).view(*input.shape)
    return input / (means * alpha + k) ** beta


__all__ = [
    "adaptive_avg_pool3d", "adaptive_max_pool3d", "avg_pool3d", "conv_transpose3d", "local_response_norm", "lp_pool1d",
    "lp_pool2d", "lp_pool3d", "max_pool3d",
]  # fmt: skip
