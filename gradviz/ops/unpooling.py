"""The way back from a maximum pool: values put where they came from, zeros elsewhere."""

from math import prod

from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.ops.refusals import refuse_kinds


def _check(self, indices, dims, detail=""):
    if indices.dtype.name != "int64":
        raise RuntimeError("elements in indices should be type int64" + detail)
    if self.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"Input to max_unpooling{dims}d should be a {dims + 1}d or {dims + 2}d Tensor, but got a tensor with "
            f"{self.ndim} dimensions."
        )
    if self.shape != indices.shape:
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor ({list(self.shape)}) but got indices "
            f"tensor with shape: {list(indices.shape)}"
        )
    for d in range(1, self.ndim):
        if not self.shape[d]:
            raise RuntimeError(
                f"max_unpooling{dims}d_forward_out_cpu(): Expected input to have non-zero size for non-batch "
                f"dimensions, but got {list(self.shape)} with dimension {d} being empty."
            )
    refuse_kinds(f"max_unpool{dims}d", self, "biu")


def _unpooled(xp, self, indices, output_size):
    room, head = prod(output_size), self.shape[: self.ndim - len(output_size)]
    if xp.__name__ == "numpy" and self.size:  # on a GPU this look would wait for the device
        wrong = indices[(indices < 0) | (indices >= room)]
        if wrong.size:
            sizes = "x".join(map(str, output_size))
            raise RuntimeError(f"Found an invalid max index: {int(wrong[-1])} (output volumes are of size {sizes})")
    out = xp.zeros((*head, room), self.dtype)
    values, places = (each.reshape(*head, prod(each.shape[len(head) :])) for each in (self, indices))
    xp.put_along_axis(out, places, values, axis=-1)
    return out.reshape(*head, *output_size)


def _picked(ops, grad, indices, output_size):
    shape, dims = tuple(indices.shape), len(output_size)
    head = shape[: len(shape) - dims]
    flat = ops.reshape_raw(grad, size=(*head, prod(output_size)))
    places = ops.reshape_raw(indices, size=(*head, prod(shape[len(head) :])))
    return ops.reshape_raw(ops.gather(flat, places, dim=len(head)), size=shape)


@op(grad_fn="MaxUnpool2DBackward0", hidden=("output_size",), self=vjp("1 (picked by indices)", _picked))
def max_unpool2d(xp, self, indices, *, output_size):
    """Each value of a plane at its place, row * width + column, of a larger one."""
    _check(self, indices, 2, f" but got: {title(indices.dtype)}")
    return _unpooled(xp, self, indices, output_size)


@op(grad_fn="MaxUnpool3DBackward0", hidden=("output_size",), self=vjp("1 (picked by indices)", _picked))
def max_unpool3d(xp, self, indices, *, output_size):
    """Each value of a volume at its place, counted row by row, of a larger one."""
    _check(self, indices, 3)
    return _unpooled(xp, self, indices, output_size)
