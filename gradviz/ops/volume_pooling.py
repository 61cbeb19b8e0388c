"""Pooling of volumes, (N, C, D, H, W): as pooling.py does it for planes, for any number of last dimensions."""

from math import prod

from gradviz.engine.op import op, vjp
from gradviz.ops.adaptive_pooling import refuse_empty, shares
from gradviz.ops.backward_kernels import NO_SLOPE
from gradviz.ops.convolution import places, within
from gradviz.ops.picking import added_at
from gradviz.ops.pooling import (
    check_counts,
    check_steps,
    divided,
    divisor,
    greatest,
    lowest,
    picked,
    pooled_sizes,
    refuse_averaging,
    refuse_no_divisor,
    surrounded,
)  # fmt: skip
from gradviz.ops.refusals import refuse_half, refuse_kinds


def _refuse_other_dims(self):
    if self.ndim not in (4, 5):
        raise RuntimeError("non-empty 4D or 5D (batch mode) tensor expected for input")


def _refuse_empty(name, self):
    if 0 in self.shape[-4:]:
        raise RuntimeError(
            f"{name}(): Expected input's non-batch dimensions to have positive length, but input has a shape of "
            f"{list(self.shape)} and non-batch dimension 0 has length zero!"
        )


def _flat(array, dims=3):
    """The last dimensions as one."""
    head = array.shape[: array.ndim - dims]
    return array.reshape(*head, prod(array.shape[array.ndim - dims :]))


# -- maximum -----------------------------------------------------------------------------------------


@op(
    grad_fn="MaxPool3DWithIndicesBackward0",
    self=vjp(
        "1 where it is the first maximum of a window, else 0",
        lambda ops, grad, self, result1, kernel_size, stride, padding, dilation, ceil_mode: ops.max_pool3d_backward(
            grad, self, result1
        ),
    ),
    intermediates=("result1",),
    returned=True,
    title="max_pool3d",
)
def max_pool3d_with_indices(xp, self, *, kernel_size, stride, padding, dilation, ceil_mode):
    """The greatest value of each window (the first of equal ones; NaN wins), and its place in the volume."""
    _refuse_other_dims(self)
    stride = stride or kernel_size
    sizes = pooled_sizes(self.shape[-3:], kernel_size, stride, padding, dilation, ceil_mode)
    check_steps(kernel_size, stride, dilation)
    _refuse_empty("max_pool3d_with_indices_out_cpu_template", self)
    if any(p > k // 2 for k, p in zip(kernel_size, padding, strict=True)):
        shown = (f"{name}{axis}: {each[k]}" for name, each in (("k", kernel_size), ("pad", padding)) for axis, k in zip("TWH", (0, 2, 1), strict=True))  # noqa: E501
        raise RuntimeError(f"pad should be smaller than or equal to half of kernel size, but got {' '.join(shown)}")
    check_counts(self, sizes)
    refuse_kinds("max_pool3d", self, "b")
    around = surrounded(xp, self, kernel_size, stride, padding, dilation, sizes, lowest(xp, self.dtype))
    best, chosen = greatest(xp, around, places(kernel_size, sizes, stride, dilation), prod(kernel_size))
    return best, _volume_index(xp, chosen, self.shape[-3:], kernel_size, stride, padding, dilation)


def _volume_index(xp, chosen, shape, kernel, stride, padding, dilation):
    """Kernel positions as places in the input's volume; padding is never the place."""
    position, found = chosen.astype(xp.int64), 0
    for d, (size, k, s, p, step) in enumerate(zip(shape, kernel, stride, padding, dilation, strict=True)):
        start = xp.arange(chosen.shape[d - 3]).reshape(-1, *(1,) * (2 - d)) * s - p
        place = start + position // prod(kernel[d + 1 :]) % k * step
        found = found * size + (xp.clip(place, 0, size - 1) if p else place)  # a window of -inf only
    return found


def _added_to_volume(xp, grad_output, self, indices):
    out = xp.zeros(self.shape, grad_output.dtype)
    starts = (xp.arange(prod(self.shape[:-3])) * prod(self.shape[-3:]))[:, None]
    flat, where = (each.reshape(len(starts), prod(each.shape[-3:])) for each in (grad_output, indices))
    return added_at(xp, out, where + starts, flat)


_PICKED = vjp("1 (picked by indices)", lambda ops, grad, indices: picked(ops, grad, indices, 3))


@op(
    grad_fn="MaxPool3DWithIndicesBackwardBackward0", grad_output=_PICKED, self=NO_SLOPE, hidden=("self_sym_sizes",)
)
def max_pool3d_backward(xp, grad_output, self, indices):
    """Each window's gradient added at the place of its maximum."""
    return _added_to_volume(xp, grad_output, self, indices)


@op(grad_fn="AdaptiveMaxPool3DBackwardBackward0", grad_output=_PICKED, self=NO_SLOPE, hidden=("self_sym_sizes",))
def adaptive_max_pool3d_backward(xp, grad_output, self, indices):
    """Each window's gradient added at the place of its maximum."""
    refuse_empty("adaptive_max_pool3d_backward", grad_output, given="grad_output")
    return _added_to_volume(xp, grad_output, self, indices)


@op(
    grad_fn="AdaptiveMaxPool3DBackward0",
    self=vjp(
        "1 where it is the first maximum of a window, else 0",
        lambda ops, grad, self, result1: ops.adaptive_max_pool3d_backward(grad, self, result1),
    ),
    intermediates=("result1",),
    returned=True,
)
def adaptive_max_pool3d(xp, self, *, output_size):
    """The greatest values of as many windows as asked for, and their places in the volume."""
    if self.ndim not in (4, 5):
        raise RuntimeError(f"adaptive_max_pool3d(): Expected 4D or 5D tensor, but got: {list(self.shape)}")
    refuse_empty("adaptive_max_pool3d", self)
    refuse_kinds("adaptive_max_pool3d_cpu", self, "biu")
    values = xp.empty((*self.shape[:-3], *output_size), self.dtype)
    found = xp.empty(values.shape, xp.int64)
    numbers = xp.arange(prod(self.shape[-3:])).reshape(self.shape[-3:])
    for met, where in _windows(self.shape[-3:], output_size):
        part = _flat(self[(..., *where)])
        best = part.argmax(axis=-1)
        values[(..., *met)] = xp.take_along_axis(part, best[..., None], axis=-1)[..., 0]
        found[(..., *met)] = numbers[where].reshape(-1)[best]
    return values, found


def _windows(sizes, counts):
    """(place of a window in the output, its slices of the input), one by one."""
    deep, high, wide = (list(enumerate(shares(n, count))) for n, count in zip(sizes, counts, strict=True))
    for i, front in deep:
        for j, top in high:
            for k, left in wide:
                yield (i, j, k), (slice(*front), slice(*top), slice(*left))


# -- averages ----------------------------------------------------------------------------------------

@op(
    grad_fn="AvgPool3DBackward0",
    self=vjp(
        "1 / (elements of the dims)",
        lambda ops, grad, self, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override: (
            ops.avg_pool3d_backward(
                grad, self, kernel_size=kernel_size, stride=stride or kernel_size, padding=padding,
                ceil_mode=ceil_mode, count_include_pad=count_include_pad, divisor_override=divisor_override,
            )
        ),
    ),
)  # fmt: skip
def avg_pool3d(xp, self, *, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    """The mean of each window."""
    _refuse_other_dims(self)
    refuse_no_divisor(divisor_override)
    stride = stride or kernel_size
    windows = pooled_sizes(self.shape[-3:], kernel_size, stride, padding, (1, 1, 1), ceil_mode)
    check_steps(kernel_size, stride, (1, 1, 1))
    _refuse_empty("avg_pool3d", self)
    if any(n < k for n, k in zip(self.shape[-3:], kernel_size, strict=True)):
        shown = [" ".join(f"{name}: {n}" for name, n in zip(names, sizes, strict=True)) for names, sizes in (
            ("THW", self.shape[-3:]), (("kT", "kH", "kW"), kernel_size))]  # fmt: skip
        raise RuntimeError(f"input image ({shown[0]}) smaller than kernel size ({shown[1]})")
    refuse_half("avg_pool3d_out_frame", self)
    refuse_averaging("avg_pool3d_out_frame", self)
    around = surrounded(xp, self, kernel_size, stride, padding, (1, 1, 1), windows, 0)
    total = xp.zeros((*self.shape[:-3], *windows), self.dtype)
    for _, met in places(kernel_size, windows, stride, (1, 1, 1)):
        total += around[(..., *met)]
    counted = self.shape[-3:], windows, kernel_size, stride, padding, count_include_pad, divisor_override
    return divided(xp, total, divisor(xp, *counted, self.dtype))


@op(
    grad_fn="AvgPool3DBackwardBackward0",
    grad_output=vjp(
        "1 / (elements of the dims)",
        lambda ops, grad, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override: ops.avg_pool3d(
            grad, kernel_size=kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode,
            count_include_pad=count_include_pad, divisor_override=divisor_override,
        ),
    ),
    self=NO_SLOPE,
    hidden=("self_sym_sizes",),
)  # fmt: skip
def avg_pool3d_backward(
    xp, grad_output, self, *, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
):
    """Each window's gradient spread over its elements."""
    windows, sizes, kind = grad_output.shape[-3:], self.shape, grad_output.dtype
    counted = sizes[-3:], windows, kernel_size, stride, padding, count_include_pad, divisor_override
    each = grad_output / divisor(xp, *counted, kind)
    around = surrounded(xp, xp.zeros(sizes, kind), kernel_size, stride, padding, (1, 1, 1), windows, 0)
    for _, met in places(kernel_size, windows, stride, (1, 1, 1)):
        around[(..., *met)] += each
    return within(xp, around, padding, sizes[-3:])


@op(
    grad_fn="AdaptiveAvgPool3DBackward0",
    self=vjp(
        "1 / (elements of the dims)",
        lambda ops, grad, self: ops.adaptive_avg_pool3d_backward(grad, self),
    ),
)
def adaptive_avg_pool3d(xp, self, *, output_size):
    """Means of as many windows as asked for."""
    if self.ndim not in (4, 5):
        raise RuntimeError(f"adaptive_avg_pool3d(): Expected 4D or 5D tensor, but got {list(self.shape)}")
    refuse_empty("adaptive_avg_pool3d", self)
    refuse_kinds("adaptive_avg_pool3d_cpu", self, "biu")
    out = self
    for axis, count in zip((-3, -2, -1), output_size, strict=True):
        turned = xp.moveaxis(out, axis, 0)
        means = [turned[a:b].mean(axis=0) for a, b in shares(turned.shape[0], count)]
        out = xp.stack(means, axis=axis) if means else xp.zeros((*out.shape[:axis], 0, *out.shape[axis:][1:]), out.dtype)  # noqa: E501
    return xp.asarray(out, order="C")


@op(
    grad_fn="AdaptiveAvgPool3DBackwardBackward0",
    grad_output=vjp(
        "1 / (elements of the dims)",
        lambda ops, grad, grad_output_sym_argsize_minus_3, grad_output_sym_argsize_minus_2,
        grad_output_sym_argsize_minus_1: ops.adaptive_avg_pool3d(
            grad,
            output_size=(
                grad_output_sym_argsize_minus_3, grad_output_sym_argsize_minus_2, grad_output_sym_argsize_minus_1
            ),
        ),
    ),
    self=NO_SLOPE,
    hidden=("self_sym_sizes",),
)  # fmt: skip
def adaptive_avg_pool3d_backward(xp, grad_output, self):
    """Each window's gradient spread over its elements."""
    refuse_empty("adaptive_avg_pool3d_backward", grad_output, given="grad_output")
    for axis in (-1, -2, -3):
        shape, count = grad_output.shape, self.shape[axis]
        wide = xp.zeros((*shape[:axis], count, *shape[axis:][1:]), grad_output.dtype)
        into, given = xp.moveaxis(wide, axis, 0), xp.moveaxis(grad_output, axis, 0)
        for k, (a, b) in enumerate(shares(count, shape[axis])):
            into[a:b] += given[k] / (b - a)
        grad_output = wide
    return grad_output
