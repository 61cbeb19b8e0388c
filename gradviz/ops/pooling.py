"""Pooling of planes: loops over kernel positions, never over elements."""

from functools import reduce
from math import inf, prod

from gradviz.engine.layouts import contiguous_format
from gradviz.engine.op import op, vjp
from gradviz.ops.backward_kernels import NO_SLOPE
from gradviz.ops.convolution import extended, places, within
from gradviz.ops.refusals import refuse_kinds, refuse_missing_dims


def pooled_sizes(sizes, kernel, stride, padding, dilation, ceil_mode):
    """How many windows there are; ceil_mode counts those that reach beyond the end, if they start before it."""
    found = []
    for n, k, s, p, d in zip(sizes, kernel, stride, padding, dilation, strict=True):
        _check_window(k, s, p, d)
        span = n + 2 * p - d * (k - 1) - 1
        count = (span + (s - 1 if ceil_mode else 0)) // s + 1
        if ceil_mode and (count - 1) * s >= n + p:
            count -= 1
        found.append(count)
    return tuple(found)


def _check_window(kernel, stride, padding, dilation):
    if stride == 0:
        raise RuntimeError("stride should not be zero")
    if padding < 0:
        raise RuntimeError(f"pad must be non-negative, but got pad: {padding}")
    if padding > int((dilation * (kernel - 1) + 1) / 2):
        raise RuntimeError(
            f"pad should be at most half of effective kernel size, but got pad={padding}, kernel_size={kernel} and "
            f"dilation={dilation}"
        )


def check_steps(kernel, stride, dilation):
    """RuntimeError where a window has no elements, or doesn't move on."""
    for word, short, each in (("kernel size", "k", kernel), ("stride", "d", stride), ("dilation", "dilation", dilation)):  # noqa: E501
        if min(each) <= 0:
            shown = " ".join(f"{short}{axis}: {n}" for axis, n in zip("THW"[-len(each) :], each, strict=True))
            raise RuntimeError(f"{word} should be greater than zero, but got {shown}")


def check_counts(self, counts):
    """RuntimeError where no window fits in."""
    if min(counts) < 1:
        given, found = ("x".join(map(str, (self.shape[-1 - len(counts)], *each))) for each in (self.shape[-len(counts) :], counts))  # noqa: E501
        raise RuntimeError(
            f"Given input size: ({given}). Calculated output size: ({found}). Output size is too small"
        )


def _check(self, kernel, stride, padding, dilation, counts):
    check_steps(kernel, stride, dilation)
    if self.ndim not in (3, 4) or not prod(self.shape[-3:]):
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:"
            f"{list(self.shape)}"
        )
    if any(p > k // 2 for k, p in zip(kernel, padding, strict=True)):
        shown = f"padW = {padding[1]}, padH = {padding[0]}, kW = {kernel[1]}, kH = {kernel[0]}"
        raise RuntimeError(f"pad should be smaller than or equal to half of kernel size, but got {shown}")
    check_counts(self, counts)


def surrounded(xp, self, kernel, stride, padding, dilation, sizes, value):
    """The input with padding around it, and as much behind it as the last window reaches."""
    pad = []
    for n, k, s, p, d, count in zip(self.shape[-len(kernel) :], kernel, stride, padding, dilation, sizes, strict=True):
        pad.append((p, max((count - 1) * s + d * (k - 1) + 1 - n - p, 0)))
    return extended(xp, self, pad, value)


def lowest(xp, dtype):
    """What every element is greater than, or equal to."""
    return -inf if dtype.kind == "f" else xp.iinfo(dtype).min


def greatest(xp, around, met_by, count):
    """(the greatest value of each window, the number of its kernel position), of what `count` kernel positions meet."""
    best, chosen = None, None
    for number, (_, met) in enumerate(met_by):
        value = around[(..., *met)].copy()  # once in order, the passes below take a tenth of the time
        if best is None:
            best, chosen = value, xp.zeros(value.shape, xp.int8 if count < 128 else xp.int32)
            continue
        better = value > best
        if value.dtype.kind == "f":
            better |= value != value
        xp.maximum(value, best, out=best)  # of 0 and -0 the first
        xp.maximum(chosen, better * chosen.dtype.type(number), out=chosen)  # a later place has a greater number
    return best, chosen


# -- maximum -----------------------------------------------------------------------------------------


@op(
    self=vjp(
        "1 where it is the first maximum of a window, else 0",
        lambda ops, grad, self, result1, kernel_size, stride, padding, dilation, ceil_mode: ops.max_pool2d_backward(
            grad, self, result1
        ),
    ),
    intermediates=("result1",),
    returned=True,
    title="max_pool2d",
)  # fmt: skip
def max_pool2d_with_indices(xp, self, *, kernel_size, stride, padding, dilation, ceil_mode):
    """The greatest value of each window (the first of equal ones; NaN wins), and its place in the plane."""
    if self.ndim not in (3, 4):
        raise RuntimeError("non-empty 3D or 4D (batch mode) tensor expected for input")
    stride = stride or kernel_size
    sizes = pooled_sizes(self.shape[-2:], kernel_size, stride, padding, dilation, ceil_mode)
    _check(self, kernel_size, stride, padding, dilation, sizes)
    refuse_kinds("max_pool2d", self, "b")
    around = surrounded(xp, self, kernel_size, stride, padding, dilation, sizes, lowest(xp, self.dtype))
    best, chosen = greatest(xp, around, places(kernel_size, sizes, stride, dilation), prod(kernel_size))
    return best, _plane_index(xp, chosen, self.shape, kernel_size, stride, padding, dilation)


def _plane_index(xp, chosen, shape, kernel, stride, padding, dilation):
    """Kernel positions as places in the input's plane, row * width + column; padding is never the place."""
    position = xp.arange(prod(kernel))
    rows = (position // kernel[1] * dilation[0] - padding[0]).take(chosen)
    rows += xp.arange(chosen.shape[-2])[:, None] * stride[0]
    cols = (position % kernel[1] * dilation[1] - padding[1]).take(chosen)
    cols += xp.arange(chosen.shape[-1]) * stride[1]
    if any(padding):  # a window of -inf only: the first place that is no padding
        rows, cols = xp.clip(rows, 0, shape[-2] - 1), xp.clip(cols, 0, shape[-1] - 1)
    rows *= shape[-1]
    rows += cols
    return rows.astype(xp.int64, copy=False)


def picked(ops, grad, indices, dims):
    """What stands at the places of the maxima, counted row by row over so many last dimensions."""
    if not indices.shape or 0 in indices.shape:
        return ops.new_zeros(grad, size=tuple(indices.shape))
    head = indices.shape[: len(indices.shape) - dims]
    grad = _in_rows(ops, grad)
    flat, places = (ops.view(each, size=(*head, prod(each.shape[len(head) :]))) for each in (grad, indices))
    return ops.view(ops.gather(flat, places, dim=len(head)), size=tuple(indices.shape))


def _in_rows(ops, grad):
    array = getattr(grad, "_array", grad)
    return grad if array.flags.c_contiguous else ops.clone(grad, memory_format=contiguous_format)


@op(
    grad_fn="MaxPool2DWithIndicesBackwardBackward0",
    grad_output=vjp("1 (picked by indices)", lambda ops, grad, indices: picked(ops, grad, indices, 2)),
    self=NO_SLOPE,
    hidden=("self_sym_sizes",),
)
def max_pool2d_backward(xp, grad_output, self, indices):
    """Each window's gradient added at the place of its maximum."""
    height, width = self.shape[-2:]
    out = xp.zeros(prod(self.shape), grad_output.dtype)
    starts = xp.arange(prod(self.shape[:-2]))[:, None] * (height * width)  # of the planes
    found = indices.reshape(len(starts), prod(indices.shape[-2:])) + starts
    xp.add.at(out, found.reshape(-1), grad_output.reshape(-1))
    return out.reshape(self.shape)


# -- averages ----------------------------------------------------------------------------------------


def divisor(xp, sizes, windows, kernel, stride, padding, count_include_pad, divisor_override, dtype):
    """How many elements each window is divided by: a number, or (windows) where the borders have fewer."""
    if divisor_override is not None:
        return divisor_override
    counts = []
    for n, k, s, p, count in zip(sizes, kernel, stride, padding, windows, strict=True):
        start = xp.arange(count) * s - p
        end = xp.minimum(start + k, n + p)
        counts.append(end - start if count_include_pad else xp.minimum(end, n) - xp.maximum(start, 0))
    return reduce(lambda before, each: before[..., None] * each, counts).astype(dtype)


def divided(xp, total, by):
    """Sums divided; of integers rounded towards zero."""
    if total.dtype.kind == "f":
        return total / by
    whole = abs(total) // abs(by)
    return xp.where((total < 0) == (by < 0), whole, -whole)


def refuse_no_divisor(divisor_override):
    """RuntimeError for a division by zero."""
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")


def refuse_averaging(kernel, array):
    """NotImplementedError for integers but int64, of which alone PyTorch has means."""
    refuse_kinds(kernel, array, "" if array.dtype.name == "int64" else "biu")


@op(
    grad_fn="AvgPool2DBackward0",
    self=vjp(
        "1 / (elements of the dims)",
        lambda ops, grad, self, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override: (
            ops.avg_pool2d_backward(
                grad, self, kernel_size=kernel_size, stride=stride or kernel_size, padding=padding,
                ceil_mode=ceil_mode, count_include_pad=count_include_pad, divisor_override=divisor_override,
            )
        ),
    ),
)  # fmt: skip
def avg_pool2d(xp, self, *, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    """The mean of each window."""
    refuse_no_divisor(divisor_override)
    refuse_missing_dims(self, -3)
    stride = stride or kernel_size
    windows = pooled_sizes(self.shape[-2:], kernel_size, stride, padding, (1, 1), ceil_mode)
    _check(self, kernel_size, stride, padding, (1, 1), windows)
    refuse_averaging("avg_pool2d", self)
    around = surrounded(xp, self, kernel_size, stride, padding, (1, 1), windows, 0)
    total = xp.zeros((*self.shape[:-2], *windows), self.dtype)
    for _, met in places(kernel_size, windows, stride, (1, 1)):
        total += around[(..., *met)]
    counted = self.shape[-2:], windows, kernel_size, stride, padding, count_include_pad, divisor_override
    return divided(xp, total, divisor(xp, *counted, self.dtype))


@op(
    grad_fn="AvgPool2DBackwardBackward0",
    grad_output=vjp(
        "1 / (elements of the dims)",
        lambda ops, grad, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override: ops.avg_pool2d(
            grad, kernel_size=kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode,
            count_include_pad=count_include_pad, divisor_override=divisor_override,
        ),
    ),
    self=NO_SLOPE,
    hidden=("self_sym_sizes",),
)  # fmt: skip
def avg_pool2d_backward(
    xp, grad_output, self, *, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
):
    """Each window's gradient spread over its elements."""
    windows, sizes, kind = grad_output.shape[-2:], self.shape, grad_output.dtype
    each = grad_output / divisor(
        xp, sizes[-2:], windows, kernel_size, stride, padding, count_include_pad, divisor_override, kind
    )
    around = surrounded(
        xp, xp.zeros(sizes, kind), kernel_size, stride, padding, (1, 1), windows, 0
    )
    for _, met in places(kernel_size, windows, stride, (1, 1)):
        around[(..., *met)] += each
    return within(xp, around, padding, sizes[-2:])
