"""as_strided, and what backward of a change in place runs: a part of a tensor by its place in memory.

A geometry is (sizes, strides) of a tensor, (sizes, strides) of its part, and the part's offset, in elements: what a
view of memory is once the base's gradient lies as the base does.
"""

from math import prod

from gradviz.engine.backend import offset_of, owner, strided
from gradviz.engine.op import op, vjp
from gradviz.ops.picking import added_at

SHARED = (
    "unsupported operation: {} to a single memory location. Please clone() the tensor before performing the operation."
)


def _spread(flat, sizes, strides, offset=0):
    """A view of flat memory, with strides in elements."""
    steps = tuple(step * flat.itemsize for step in strides)
    return strided(flat[offset:] if prod(sizes) else flat, sizes, steps)


def _span(sizes, strides):
    return 1 + sum((n - 1) * step for n, step in zip(sizes, strides, strict=True)) if prod(sizes) else 0


def _laid_out(xp, array, geometry, fill=True):
    """(the array in memory as the geometry's tensor lies, the part of it); fill: with its values, else zeros."""
    sizes, strides, part_sizes, part_strides, offset = geometry
    length = max(_span(sizes, strides), offset + _span(part_sizes, part_strides))
    flat = xp.zeros(length, array.dtype)
    whole = _spread(flat, sizes, strides)
    if fill:
        whole[...] = array
    return whole, _spread(flat, part_sizes, part_strides, offset)


def _geometry_of(sizes, strides, self_offset, size, stride, storage_offset):
    offset = 0 if storage_offset is None else storage_offset - self_offset
    return (tuple(sizes), tuple(strides), size, stride, offset)


@op(
    title="as_strided",
    grad_fn="AsStridedBackward0",
    view=True,
    hidden=("self_sym_sizes", "self_sym_strides", "self_sym_storage_offset"),
    self=vjp(
        "1 in its place, else 0",
        lambda ops, grad, self_sym_sizes, self_sym_strides, self_sym_storage_offset, size, stride, storage_offset: (
            ops.strided_backward(
                grad,
                geometry=_geometry_of(
                    self_sym_sizes, self_sym_strides, self_sym_storage_offset, size, stride, storage_offset
                ),
            )
        ),
    ),
)
def strided_view(xp, self, *, size, stride, storage_offset):
    """A view of the memory that the tensor lies in, by sizes, strides and the offset of the first element."""
    memory = owner(self).ravel(order="K")
    if storage_offset is None:
        storage_offset = offset_of(self)
    if storage_offset + _span(size, stride) > memory.size:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {storage_offset}, and itemsize "
            f"{self.itemsize} requiring a storage size of {(storage_offset + _span(size, stride)) * self.itemsize} are "
            f"out of bounds for storage of size {memory.nbytes}"
        )
    return _spread(memory, size, stride, storage_offset)


@op(
    title="as_strided_copy",
    grad_fn="AsStridedBackward0_copy",
    hidden=("geometry",),
    self=vjp("1 where picked, else 0", lambda ops, grad, geometry: ops.strided_backward(grad, geometry=geometry)),
)
def strided_part(xp, self, *, geometry):
    """A copy of a part of a tensor, by its place in memory."""
    _, part = _laid_out(xp, self, geometry)
    return part.copy()


@op(
    grad_fn="AsStridedBackwardBackward0",
    hidden=("geometry",),
    self=vjp("1 (each from its place)", lambda ops, grad, geometry: ops.strided_part(grad, geometry=geometry)),
)
def strided_backward(xp, self, *, geometry):
    """Zeros of the whole, with the gradient of a part added in its place."""
    sizes, _, part_sizes, part_strides, offset = geometry
    whole, part = _laid_out(xp, self, geometry, fill=False)
    repeated = tuple(d for d, step in enumerate(part_strides) if step == 0 and part_sizes[d] > 1)
    if repeated:
        self = self.sum(axis=repeated, keepdims=True)
        part = part[tuple(slice(0, 1) if d in repeated else slice(None) for d in range(part.ndim))]
    if overlaps(part.shape, part_strides):
        places = _spread(xp.arange(offset + _span(part_sizes, part_strides)), part.shape, part_strides, offset)
        added_at(xp, owner(part), places, self)
    else:
        part[...] = self
    return whole.copy()


def refuse_repeats(array):
    """RuntimeError where elements of an expanded array share memory."""
    if array.size and any(step == 0 and n > 1 for step, n in zip(array.strides, array.shape, strict=True)):
        raise RuntimeError(SHARED.format("more than one element of the written-to tensor refers"))


def overlaps(sizes, strides):
    """Whether elements may share memory: sorted by stride, a dimension reaches into the next one's first step."""
    reach = 0
    for step, n in sorted((step, n) for n, step in zip(sizes, strides, strict=True) if n > 1):
        if step <= reach:
            return True
        reach += (n - 1) * step
    return False


def as_strided(input, size, stride, storage_offset=None):
    """A view of the memory that the tensor lies in, by sizes, strides and the offset of the first element."""
    return strided_view(input, size=tuple(size), stride=tuple(stride), storage_offset=storage_offset)


__all__ = ["as_strided"]
METHODS = __all__
