"""Pooling of planes into as many windows as asked for."""

from math import prod

from gradviz.engine.op import op, vjp
from gradviz.ops.backward_kernels import NO_SLOPE
from gradviz.ops.picking import added_at
from gradviz.ops.pooling import picked
from gradviz.ops.refusals import refuse_kinds


def refuse_empty(name, array, first=1, given="input"):
    """RuntimeError where a dimension, from the first that is no batch on, has no elements."""
    for d in range(first, array.ndim):
        if not array.shape[d]:
            raise RuntimeError(
                f"{name}(): Expected {given} to have non-zero size for non-batch dimensions, but {given} has sizes "
                f"{list(array.shape)} with dimension {d} being empty"
            )


def shares(size, count):
    """Where each of `count` windows starts and ends, as PyTorch shares them out."""
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


@op(
    self=vjp(
        "1 where it is the first maximum of a window, else 0",
        lambda ops, grad, self, result1: ops.adaptive_max_pool2d_backward(grad, self, result1),
    ),
    grad_fn="AdaptiveMaxPool2DBackward0",
    intermediates=("result1",),
    returned=True,
)
def adaptive_max_pool2d(xp, self, *, output_size):
    """The greatest values of as many windows as asked for, and their places in the plane."""
    if self.ndim not in (3, 4):
        raise RuntimeError(f"adaptive_max_pool2d(): Expected 3D or 4D tensor, but got: {list(self.shape)}")
    refuse_empty("adaptive_max_pool2d", self)
    refuse_kinds("adaptive_max_pool2d", self, "biu")
    values = xp.empty((*self.shape[:-2], *output_size), self.dtype)
    places = xp.empty(values.shape, xp.int64)
    for i, (top, bottom) in enumerate(shares(self.shape[-2], output_size[0])):
        for j, (left, right) in enumerate(shares(self.shape[-1], output_size[1])):
            flat = self[..., top:bottom, left:right].reshape(*self.shape[:-2], (bottom - top) * (right - left))
            best = flat.argmax(axis=-1)
            values[..., i, j] = xp.take_along_axis(flat, best[..., None], axis=-1)[..., 0]
            places[..., i, j] = (top + best // (right - left)) * self.shape[-1] + left + best % (right - left)
    return values, places


@op(
    grad_fn="AdaptiveMaxPool2DBackwardBackward0",
    grad_output=vjp("1 (picked by indices)", lambda ops, grad, indices: picked(ops, grad, indices, 2)),
    self=NO_SLOPE,
    hidden=("self_sym_sizes",),
)
def adaptive_max_pool2d_backward(xp, grad_output, self, indices):
    """Each window's gradient added at the place of its maximum."""
    refuse_empty("adaptive_max_pool2d_backward", grad_output, given="grad_output")
    planes, size = prod(self.shape[:-2]), prod(self.shape[-2:])
    starts = (xp.arange(planes) * size)[:, None]
    out = xp.zeros(self.shape, grad_output.dtype)
    flat, places = (each.reshape(planes, prod(each.shape[-2:])) for each in (grad_output, indices))
    return added_at(xp, out, places + starts, flat)


@op(
    grad_fn="AdaptiveAvgPool2DBackward0",
    self=vjp(
        "1 / (elements of the dims)",
        lambda ops, grad, self: ops.adaptive_avg_pool2d_backward(grad, self),
    ),
)
def adaptive_avg_pool2d(xp, self, *, output_size):
    """Means of as many windows as asked for."""
    refuse_kinds("adaptive_avg_pool2d", self, "biu")
    if self.ndim not in (3, 4):
        raise RuntimeError(f"adaptive_avg_pool2d(): Expected 3D or 4D tensor, but got {list(self.shape)}")
    refuse_empty("adaptive_avg_pool2d", self, first=self.ndim - 2)
    if 0 in output_size:
        return xp.zeros((*self.shape[:-2], *output_size), self.dtype)
    self = xp.asarray(self, order="C")
    rows = [self[..., a:b, :].mean(axis=-2) for a, b in shares(self.shape[-2], output_size[0])]
    stacked = xp.stack(rows, axis=-2)
    return xp.stack([stacked[..., a:b].mean(axis=-1) for a, b in shares(self.shape[-1], output_size[1])], axis=-1)


@op(
    grad_fn="AdaptiveAvgPool2DBackwardBackward0",
    grad_output=vjp(
        "1 / (elements of the dims)",
        lambda ops, grad, grad_output_sym_argsize_minus_2, grad_output_sym_argsize_minus_1: ops.adaptive_avg_pool2d(
            grad, output_size=(grad_output_sym_argsize_minus_2, grad_output_sym_argsize_minus_1)
        ),
    ),
    self=NO_SLOPE,
    hidden=("self_sym_sizes",),
)
def adaptive_avg_pool2d_backward(xp, grad_output, self):
    """Each window's gradient spread over its elements."""
    refuse_empty("adaptive_avg_pool2d_backward", grad_output, given="grad_output")
    wide = xp.zeros((*grad_output.shape[:-1], self.shape[-1]), grad_output.dtype)
    for k, (a, b) in enumerate(shares(self.shape[-1], grad_output.shape[-1])):
        wide[..., a:b] += grad_output[..., k : k + 1] / (b - a)
    out = xp.zeros(self.shape, grad_output.dtype)
    for k, (a, b) in enumerate(shares(self.shape[-2], grad_output.shape[-2])):
        out[..., a:b, :] += wide[..., k : k + 1, :] / (b - a)
    return out
