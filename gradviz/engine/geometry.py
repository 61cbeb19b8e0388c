"""Parts of arrays by their place in memory.

A geometry is (sizes, strides) of a tensor, (sizes, strides) of its part, and the part's offset, in elements: what a
view of memory is once the base's gradient lies as the base does.
"""

from math import prod

from gradviz.engine.backend import strided

SHARED = (
    "unsupported operation: {} to a single memory location. Please clone() the tensor before performing the operation."
)


def spread(flat, sizes, strides, offset=0):
    """A view of flat memory, with strides in elements."""
    steps = tuple(step * flat.itemsize for step in strides)
    return strided(flat[offset:] if prod(sizes) else flat, sizes, steps)


def span(sizes, strides):
    """How many elements of memory it takes to hold these sizes."""
    return 1 + sum((n - 1) * step for n, step in zip(sizes, strides, strict=True)) if prod(sizes) else 0


def laid_out(xp, array, geometry):
    """(a copy that lies as the geometry's tensor does, the part of it)."""
    sizes, strides, part_sizes, part_strides, offset = geometry
    flat = xp.zeros(max(span(sizes, strides), offset + span(part_sizes, part_strides)), array.dtype)
    whole = spread(flat, sizes, strides)
    whole[...] = array
    return whole, spread(flat, part_sizes, part_strides, offset)


def part_of(xp, array, geometry):
    """A copy of a part."""
    return laid_out(xp, array, geometry)[1].copy()


def with_part(xp, array, values, geometry):
    """A copy with a part replaced."""
    whole, part = laid_out(xp, array, geometry)
    refuse_repeats(part)
    part[...] = values
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
