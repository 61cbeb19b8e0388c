"""Convolutions of any number of dimensions: windows by strides, products by BLAS, loops over kernel positions only.

A convolution is linear in the input and in the weight. So three ops are enough for all orders of derivatives:
the convolution, its gradient for the input (the transposed convolution), and its gradient for the weight.
"""

from itertools import product
from math import prod

from gradviz.engine.op import op, vjp
from gradviz.ops import twins
from gradviz.ops.convolution_checks import check_kernel, check_places, check_shapes


def extended(xp, array, pad, value=0):
    """An array with `pad` = ((before, after), ...) put around its last dimensions; negative ones cut off."""
    if any(each < 0 for pair in pad for each in pair):
        head = array.ndim - len(pad)
        cut = tuple(
            slice(max(-before, 0), n - max(-after, 0))
            for (before, after), n in zip(pad, array.shape[head:], strict=True)
        )
        array = array[(..., *cut)]
    pad = [(max(before, 0), max(after, 0)) for before, after in pad]
    if not any(each for pair in pad for each in pair):
        return array
    head = array.ndim - len(pad)
    sizes = tuple(n + before + after for n, (before, after) in zip(array.shape[head:], pad, strict=True))
    out = xp.full((*array.shape[:head], *sizes), value, array.dtype)
    inside = tuple(slice(before, before + n) for n, (before, _) in zip(array.shape[head:], pad, strict=True))
    out[(..., *inside)] = array
    return out


def places(kernel, sizes, stride, dilation):
    """(kernel position, the slices of the padded input that it meets), one by one."""
    for position in product(*map(range, kernel)):
        yield position, tuple(
            slice(k * d, k * d + (n - 1) * s + 1, s)
            for k, d, s, n in zip(position, dilation, stride, sizes, strict=True)
        )


def out_sizes(sizes, kernel, stride, padding, dilation):
    """How many windows there are in each dimension."""
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(sizes, kernel, stride, padding, dilation, strict=True)
    )


def columns(xp, input, kernel, stride, padding, dilation):
    """(N, C, *sizes) to (N, C * kernel positions, windows): each window as a column."""
    sizes = out_sizes(input.shape[2:], kernel, stride, padding, dilation)
    if prod(kernel) == 1 and prod(stride) == 1 and not any(padding):
        return input.reshape(*input.shape[:2], prod(sizes))
    around = extended(xp, input, [(p, p) for p in padding])
    out = xp.empty((*input.shape[:2], *kernel, *sizes), input.dtype)
    for position, met in places(kernel, sizes, stride, dilation):
        out[(slice(None), slice(None), *position)] = around[(..., *met)]
    return out.reshape(input.shape[0], input.shape[1] * prod(kernel), prod(sizes))


def within(xp, padded, padding, sizes):
    """What lies inside the padding, in rows of its own: a part of the padded array would keep all of it."""
    return xp.ascontiguousarray(padded[(..., *(slice(p, p + n) for p, n in zip(padding, sizes, strict=True)))])


def windows_added(xp, cols, sizes, kernel, stride, padding, dilation):
    """The reverse of columns: each window's values added where they came from, (N, C, *sizes)."""
    windows = out_sizes(sizes, kernel, stride, padding, dilation)
    channels = cols.shape[1] // max(prod(kernel), 1)
    if prod(kernel) == 1 and prod(stride) == 1 and not any(padding):
        return cols.reshape(cols.shape[0], channels, *sizes)
    cols = cols.reshape(cols.shape[0], channels, *kernel, *windows)
    out = xp.zeros((*cols.shape[:2], *(n + 2 * p for n, p in zip(sizes, padding, strict=True))), cols.dtype)
    for position, met in places(kernel, windows, stride, dilation):
        out[(..., *met)] += cols[(slice(None), slice(None), *position)]
    return within(xp, out, padding, sizes)


def _grouped(array, groups):
    """(N, C, L) to (N, groups, C / groups, L)."""
    return array.reshape(array.shape[0], groups, array.shape[1] // groups, array.shape[2])


def _forward(xp, input, weight, stride, padding, dilation, groups):
    kernel = weight.shape[2:]
    sizes = out_sizes(input.shape[2:], kernel, stride, padding, dilation)
    around = tuple(n + 2 * p for n, p in zip(input.shape[2:], padding, strict=True))
    if weight.shape[1] == 1 and _in_runs((0, weight.shape[0], *sizes), weight.shape, around, stride, groups):
        return _forward_in_runs(xp, input, weight, sizes, around, padding, dilation)
    cols = columns(xp, input, kernel, stride, padding, dilation)
    if groups == 1:
        out = weight.reshape(weight.shape[0], -1) @ cols
    else:
        out = weight.reshape(groups, weight.shape[0] // groups, -1) @ _grouped(cols, groups)
    return out.reshape(input.shape[0], weight.shape[0], *sizes)


def _to_input(xp, grad, weight, sizes, stride, padding, dilation, groups):
    around = tuple(n + 2 * p for n, p in zip(sizes, padding, strict=True))
    if _in_runs(grad.shape, weight.shape, around, stride, groups):
        return _to_input_in_runs(xp, grad, weight, sizes, around, padding, dilation, groups)
    flat = grad.reshape(*grad.shape[:2], prod(grad.shape[2:]))
    if groups == 1:
        cols = weight.reshape(weight.shape[0], -1).T @ flat
    else:
        turned = weight.reshape(groups, weight.shape[0] // groups, -1).swapaxes(1, 2)
        cols = (turned @ _grouped(flat, groups)).reshape(grad.shape[0], weight.shape[1] * groups * prod(weight.shape[2:]), flat.shape[2])  # noqa: E501
    return windows_added(xp, cols, sizes, weight.shape[2:], stride, padding, dilation)


# With a stride of 1 the gradients need no columns. Let the incoming gradient have rows as long as the padded input's: a
# kernel position is then one distance in memory for all windows, and what it meets is one run. A matrix product a
# position does it; it takes half the time where there are enough channels for it, and rows not much longer than before.
# Channels with a kernel each are no matrix product but runs times numbers, and so is then the convolution itself.


def _in_runs(grad_shape, weight_shape, around, stride, groups):
    alone = weight_shape[1] == 1 and grad_shape[1] == groups > 1
    enough = alone or grad_shape[1] // groups >= 8 and weight_shape[1] >= 8
    return enough and prod(stride) == 1 and prod(weight_shape[2:]) > 1 and around[-1] <= 1.2 * grad_shape[-1]


def _runs(kernel, windows, around, dilation):
    """(length of a run, [(kernel position, where its run starts), ...]) in a padded input that is laid out flat."""
    pitches = [prod(around[d + 1 :]) for d in range(len(around))]
    length = sum((n - 1) * pitch for n, pitch in zip(windows, pitches, strict=True)) + 1
    positions = product(*map(range, kernel))
    return length, [
        (position, sum(k * d * pitch for k, d, pitch in zip(position, dilation, pitches, strict=True)))
        for position in positions
    ]


def _wide(xp, grad, around):
    """(N, O, *windows) with zeros in rows as long as the padded input's, (N, O, length and some more)."""
    windows = grad.shape[2:]
    wide = xp.zeros((*grad.shape[:2], windows[0], *around[1:]), grad.dtype)
    wide[(..., *map(slice, windows))] = grad
    return wide.reshape(*grad.shape[:2], windows[0] * prod(around[1:]))


def _widened(xp, grad, around, groups, length):
    """The same as (N, groups, O / groups, length)."""
    wide = _wide(xp, grad, around)
    return wide.reshape(wide.shape[0], groups, wide.shape[1] // groups, wide.shape[2])[..., :length]


def _forward_in_runs(xp, input, weight, sizes, around, padding, dilation):
    """Each channel with a kernel of its own."""
    length, runs = _runs(weight.shape[2:], sizes, around, dilation)
    flat = extended(xp, input, [(p, p) for p in padding]).reshape(*input.shape[:2], prod(around))
    wide = xp.zeros((*input.shape[:2], sizes[0] * prod(around[1:])), input.dtype)
    starts = [start for _, start in runs]
    if not twins.run_along(twins.FORWARD, flat, wide, weight.reshape(len(weight), len(runs)), starts, length):
        for position, start in runs:
            wide[..., :length] += flat[..., start : start + length] * weight[(slice(None), 0, *position)][:, None]
    return xp.ascontiguousarray(wide.reshape(*input.shape[:2], sizes[0], *around[1:])[(..., *map(slice, sizes))])


def _alone_to_input(xp, grad, weight, sizes, around, padding, length, runs):
    """Each channel with a kernel of its own."""
    wide, starts = _wide(xp, grad, around), [start for _, start in runs]
    out = xp.zeros((*grad.shape[:2], prod(around)), grad.dtype)
    if not twins.run_along(twins.TO_INPUT, out, wide, weight.reshape(len(weight), len(runs)), starts, length):
        for position, start in runs:
            out[..., start : start + length] += wide[..., :length] * weight[(slice(None), 0, *position)][:, None]
    out = out.reshape(*grad.shape[:2], *around)
    return within(xp, out, padding, sizes)


def _to_input_in_runs(xp, grad, weight, sizes, around, padding, dilation, groups):
    length, runs = _runs(weight.shape[2:], grad.shape[2:], around, dilation)
    if weight.shape[1] == 1:
        return _alone_to_input(xp, grad, weight, sizes, around, padding, length, runs)
    wide = _widened(xp, grad, around, groups, length)
    turned = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:]).swapaxes(1, 2)
    out = xp.zeros((grad.shape[0], groups, weight.shape[1], prod(around)), grad.dtype)
    for position, start in runs:
        met = turned[(..., *position)]
        out[..., start : start + length] += met @ wide
    out = out.reshape(grad.shape[0], groups * weight.shape[1], *around)
    return within(xp, out, padding, sizes)


def _to_weight_in_runs(xp, grad, input, shape, around, padding, dilation, groups):
    length, runs = _runs(shape[2:], grad.shape[2:], around, dilation)
    flat = extended(xp, input, [(p, p) for p in padding])
    if shape[1] == 1:
        out = xp.zeros((shape[0], len(runs)), grad.dtype)
        both = xp.asarray(flat, order="C").reshape(*input.shape[:2], prod(around)), _wide(xp, grad, around)
        if twins.run_along(twins.TO_WEIGHT, *both, out, [start for _, start in runs], length):
            return out.reshape(shape)
    wide = _widened(xp, grad, around, groups, length)
    flat = flat.reshape(input.shape[0], groups, shape[1], prod(around)).swapaxes(2, 3)
    out = xp.empty((groups, shape[0] // groups, *shape[1:]), grad.dtype)
    for position, start in runs:
        out[(..., *position)] = (wide @ flat[:, :, start : start + length]).sum(axis=0)
    return out.reshape(shape)


def _to_weight(xp, grad, input, kernel, stride, padding, dilation, groups):
    shape = (grad.shape[1], input.shape[1] // groups, *kernel)
    around = tuple(n + 2 * p for n, p in zip(input.shape[2:], padding, strict=True))
    if _in_runs(grad.shape, shape, around, stride, groups):
        return _to_weight_in_runs(xp, grad, input, shape, around, padding, dilation, groups)
    cols = columns(xp, input, kernel, stride, padding, dilation)
    # windows that no stride reaches are left out of the gradient too
    flat = grad.reshape(*grad.shape[:2], prod(grad.shape[2:]))
    if groups == 1:
        found = (flat @ cols.swapaxes(1, 2)).sum(axis=0)
    else:
        found = (_grouped(flat, groups) @ _grouped(cols, groups).swapaxes(2, 3)).sum(axis=0)
    return found.reshape(shape)


def _gradients(
    ops, needed, grad, input, weight, bias_sym_sizes_opt, stride, padding, dilation, transposed, output_padding, groups
):
    return ops.convolution_backward(
        grad, input, weight, bias_sizes=bias_sym_sizes_opt, stride=stride, padding=padding, dilation=dilation,
        transposed=transposed, output_padding=output_padding, groups=groups, output_mask=needed,
    )  # fmt: skip


def _gradient_of(place):
    needed = tuple(place == k for k in range(3))

    def gradient(
        ops, grad, input, weight, bias_sym_sizes_opt, stride, padding, dilation, transposed, output_padding, groups
    ):
        return _gradients(
            ops, needed, grad, input, weight, bias_sym_sizes_opt, stride, padding, dilation, transposed,
            output_padding, groups,
        )[place]  # fmt: skip

    return gradient


@op(
    input=vjp("weight (convolved with grad, transposed: a matrix product of windows, grad @ weight)", _gradient_of(0)),  # noqa: E501
    weight=vjp("windows of input (grad @ input)", _gradient_of(1)),
    bias=vjp("1 (summed over batch and places)", _gradient_of(2)),
    optional=("bias",),
    as_op=_gradients,
)
def convolution(xp, input, weight, bias, *, stride, padding, dilation, transposed, output_padding, groups):
    """(N, C, *sizes) and (O, C / groups, *kernel) to (N, O, *windows); transposed: the gradient of one, as a layer."""
    spread = input.ndim - 2
    padding, output_padding = (each * spread if len(each) == 1 else each for each in (padding, output_padding))
    check_shapes(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups)
    check_kernel(input, weight, bias, dilation, transposed, groups)
    if transposed:
        sizes = tuple(
            (n - 1) * s - 2 * p + d * (k - 1) + o + 1
            for n, s, p, d, k, o in zip(
                input.shape[2:], stride, padding, dilation, weight.shape[2:], output_padding, strict=True
            )
        )
        check_places(input, sizes, stride, dilation, output_padding)
        out = _to_input(xp, input, weight, sizes, stride, padding, dilation, groups)
    elif input.shape[1]:
        out = _forward(xp, input, weight, stride, padding, dilation, groups)
    else:  # PyTorch's result has no channels then, whatever the weight says
        sizes = out_sizes(input.shape[2:], weight.shape[2:], stride, padding, dilation)
        return xp.zeros((input.shape[0], 0, *sizes), input.dtype)
    return out if bias is None else (out + bias.reshape(-1, *(1,) * spread)).astype(input.dtype, copy=False)


def _again(
    ops, grads, grad_output, input, weight, stride, padding, dilation, transposed, output_padding, groups
):
    how = {
        "stride": stride, "padding": padding, "dilation": dilation, "transposed": transposed,
        "output_padding": output_padding, "groups": groups,
    }  # fmt: skip
    of_input, of_weight, of_bias = grads
    total = None if of_input is None else ops.convolution(of_input, weight, None, **how)
    if of_weight is not None:
        met = ops.convolution(input, of_weight, None, **how)
        total = met if total is None else total + met
    if of_bias is not None:
        beside = ops.view(of_bias, size=(1, of_bias.shape[0], *(1,) * (len(input.shape) - 2)))
        everywhere = ops.expand(beside, size=tuple(grad_output.shape))
        total = everywhere if total is None else total + everywhere
    return total


def _through_weight(
    ops, grads, grad_output, input, stride, padding, dilation, transposed, output_padding, groups
):
    if grads[1] is None:
        return None
    return _gradient_of(0)(
        ops, grad_output, input, grads[1], None, stride, padding, dilation, transposed, output_padding, groups
    )


def _through_input(
    ops, grads, grad_output, weight, stride, padding, dilation, transposed, output_padding, groups
):
    if grads[0] is None:
        return None
    return _gradient_of(1)(
        ops, grad_output, grads[0], weight, None, stride, padding, dilation, transposed, output_padding, groups
    )


@op(
    grad_output=vjp("weight and input (convolved: grad @ weight, input @ grad)", _again),
    input=vjp("weight's gradient (convolved, transposed: grad_output @ grad)", _through_weight),
    weight=vjp("input's gradient (grad_output @ grad)", _through_input),
    several=True,
)
def convolution_backward(
    xp, grad_output, input, weight, *, bias_sizes, stride, padding, dilation, transposed, output_padding, groups,
    output_mask,
):  # fmt: skip
    """The gradients of a convolution for input, weight and bias; nothing for those that output_mask leaves out."""
    spread = input.ndim - 2  # padding "valid" comes as (0,)
    how = stride, padding * spread if len(padding) == 1 else padding, dilation, groups
    found = [xp.zeros(0, grad_output.dtype)] * 3
    if not input.shape[1]:  # of no channels PyTorch's result has none
        shapes = zip((input.shape, weight.shape, bias_sizes), output_mask, strict=True)
        return [xp.zeros(tuple(shape) if asked else 0, grad_output.dtype) for shape, asked in shapes]
    if output_mask[0] and transposed:
        found[0] = _forward(xp, grad_output, weight, *how)
    elif output_mask[0]:
        found[0] = _to_input(xp, grad_output, weight, input.shape[2:], *how)
    if output_mask[1]:
        one, two = (input, grad_output) if transposed else (grad_output, input)
        found[1] = _to_weight(xp, one, two, weight.shape[2:], *how)
    if output_mask[2]:
        found[2] = xp.asarray(grad_output.sum(axis=(0, *range(2, grad_output.ndim))))
    return found
