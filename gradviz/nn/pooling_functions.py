"""Pooling of rows and planes, and windows as columns, of `torch.nn.functional`."""

from gradviz.engine.within import composed
from gradviz.nn.layer_functions import several
from gradviz.ops import adaptive_pooling, columns, composite, pooling, shape
from gradviz.ops.adaptive_pooling import refuse_empty
from gradviz.ops.refusals import refuse_kinds, refuse_missing_dims


def strides(stride, count):
    """A stride for each dimension; none given: (), which stands for the kernel's sizes."""
    return () if stride is None else several(stride, count, "stride")


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The greatest value of each window; with return_indices also its place in the plane."""
    out, indices = pooling.max_pool2d_with_indices(
        input, kernel_size=several(kernel_size, 2), stride=strides(stride, 2), padding=several(padding, 2),
        dilation=several(dilation, 2), ceil_mode=ceil_mode,
    )  # fmt: skip
    return (out, indices) if return_indices else out


def _as_rows(input, name):
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {input.ndim}-dimensional tensor for argument #1 'self' (while "
            f"checking arguments for {name})"
        )
    return _between(input)


def _between(input):
    return composite.unsqueeze(input, -2)


def _row(out):
    return shape.squeeze_one(out, dim=out.ndim - 2)


@composed("max_pool1d")
def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The greatest value of each window of (N, C, L); with return_indices also its place in the row."""
    kernel, step = several(kernel_size, 1), several(kernel_size if stride is None else stride, 1)
    padding, dilation = several(padding, 1), several(dilation, 1)
    shapes = (1, *kernel), (1, *step), (0, *padding), (1, *dilation)
    if return_indices:  # a plane's pool in PyTorch, with that one's checks
        return tuple(map(_row, max_pool2d(_as_rows(input, "max_pool1d"), *shapes, ceil_mode, True)))
    _check_rows(input, *kernel, *step, *padding, *dilation, ceil_mode)
    refuse_kinds("max_pool1d_impl", input._array, "biu")
    return _row(max_pool2d(_between(input), *shapes, ceil_mode))


def _check_rows(input, kernel_size, stride, padding, dilation, ceil_mode):
    if input.ndim not in (2, 3) or 0 in input.shape[-2:]:
        raise RuntimeError(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but got:"
            f"{list(input.shape)}"
        )
    for name, value, least in (("kernel_size", kernel_size, 1), ("stride", stride, 1), ("padding", padding, 0)):
        if value < least:
            raise RuntimeError(f"max_pool1d() {name} must be {_LEAST[least]}, but got {value}")
    if padding > kernel_size // 2:
        raise RuntimeError(
            f"max_pool1d() padding should be at most half of kernel size, but got padding={padding} and "
            f"kernel_size={kernel_size}"
        )
    if dilation < 1:
        raise RuntimeError(f"max_pool1d() dilation must be {_LEAST[1]}, but got {dilation}")
    each = ((value,) for value in (input.shape[-1], kernel_size, stride, padding, dilation))
    (count,) = pooling.pooled_sizes(*each, ceil_mode)
    if count < 1:
        raise RuntimeError(f"max_pool1d() Invalid computed output size: {count}")


_LEAST = {0: "non-negative", 1: "greater than zero"}


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


def asked_sizes(input, output_size, count):
    """The sizes asked for: a number stands for all, None for the input's size."""
    if isinstance(output_size, int):
        return (output_size,) * count
    if input.ndim <= len(output_size):
        raise ValueError(f"Input dimension should be at least {len(output_size) + 1}")
    kept = input.shape[-len(output_size) :]
    return tuple(n if each is None else each for each, n in zip(output_size, kept, strict=True))


@composed("adaptive_avg_pool2d")
def adaptive_avg_pool2d(input, output_size):
    """Means of as many windows as asked for; None keeps a size."""
    sizes = asked_sizes(input, output_size, 2)
    if sizes == (1, 1):
        return composite.mean(input, (-1, -2), keepdim=True)
    return adaptive_pooling.adaptive_avg_pool2d(input, output_size=sizes)


@composed("adaptive_avg_pool1d")
def adaptive_avg_pool1d(input, output_size):
    """Means of as many windows of (N, C, L) as asked for."""
    return _row(adaptive_avg_pool2d(_as_rows(input, "adaptive_avg_pool1d"), (1, *several(output_size, 1))))


def adaptive_max_pool2d(input, output_size, return_indices=False):
    """The greatest values of as many windows as asked for; None keeps a size."""
    found = adaptive_pooling.adaptive_max_pool2d(input, output_size=asked_sizes(input, output_size, 2))
    return found if return_indices else found[0]


@composed("adaptive_max_pool1d")
def adaptive_max_pool1d(input, output_size, return_indices=False):
    """The greatest values of as many windows of (N, C, L) as asked for."""
    rows = _as_rows(input, "adaptive_max_pool1d")
    refuse_empty("adaptive_max_pool1d", input)
    out, indices = adaptive_max_pool2d(rows, (1, *several(output_size, 1)), True)
    return (_row(out), _row(indices)) if return_indices else _row(out)


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """Each window of (N, C, H, W) as a column: (N, C * K * K, windows)."""
    if input.ndim < 2 and input.requires_grad:  # PyTorch's node asks for the sizes first
        refuse_missing_dims(input, -1, -2)
    return columns.im2col(
        input, kernel_size=several(kernel_size, 2), dilation=several(dilation, 2), padding=several(padding, 2),
        stride=several(stride, 2),
    )  # fmt: skip


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Columns added up where their windows were: (N, C * K * K, windows) to (N, C, H, W)."""
    return columns.col2im(
        input, output_size=several(output_size, 2), kernel_size=several(kernel_size, 2),
        dilation=several(dilation, 2), padding=several(padding, 2), stride=several(stride, 2),
    )  # fmt: skip


__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d", "avg_pool1d",
    "avg_pool2d", "fold", "max_pool1d", "max_pool2d", "unfold",
]  # fmt: skip
