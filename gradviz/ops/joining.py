"""Ops that join tensors and take them apart: several inputs, or several outputs, on one node."""

from itertools import accumulate

from gradviz.engine.op import op, vjp


@op()
def new_zeros(xp, self, *, size):
    """Zeros of a size, of this tensor's dtype and device."""
    return xp.zeros(size, self.dtype)


def _cut(ops, grad, tensors_sym_sizes, dim):
    ends = [*accumulate(_along(sizes, dim) for sizes in tensors_sym_sizes)]
    return [
        ops.new_zeros(grad, size=sizes) if sizes == (0,) else ops.slice(grad, dim=dim, start=start, end=end, step=1)
        for sizes, start, end in zip(tensors_sym_sizes, [0, *ends], ends, strict=False)
    ]


def _along(sizes, dim):
    return 0 if sizes == (0,) else sizes[dim]  # an empty vector may join anything, as in PyTorch


@op(dtype="promote", tensors=vjp("1 (each its own range)", _cut))
def cat(xp, *tensors, dim):
    """Tensors one after the other along a dimension that they have."""
    ndim = max(each.ndim for each in tensors)
    joined = [each for each in tensors if each.shape != (0,) or ndim == 1]
    first = joined[0]
    for each in joined:
        if each.ndim != first.ndim:
            raise RuntimeError(f"Tensors must have same number of dimensions: got {first.ndim} and {each.ndim}")
    for place, each in enumerate(joined[1:], 1):
        for d, (n, m) in enumerate(zip(first.shape, each.shape, strict=True)):
            if n != m and d != dim:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size {n} but got size {m} for "
                    f"tensor number {place} in the list."
                )
    return xp.asarray(xp.concatenate(joined, axis=dim), order="C")


def _places(ops, grad, dim):
    return [ops.select(grad, dim=dim, index=place) for place in range(grad.shape[dim])]


@op(dtype="promote", tensors=vjp("1 (each its own place)", _places))
def stack(xp, *tensors, dim):
    """Tensors of one shape along a new dimension."""
    first = tensors[0].shape
    for place, each in enumerate(tensors):
        if each.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and {list(each.shape)} "
                f"at entry {place}"
            )
    return xp.asarray(xp.stack(tensors, axis=dim), order="C")


def _stacked(ops, grads, dim):
    known = next(each for each in grads if each is not None)
    return ops.stack(*(ops.new_zeros(known, size=known.shape) if g is None else g for g in grads), dim=dim)


@op(view=True, several=True, self=vjp("1 (each its own place)", _stacked))
def unbind(xp, self, *, dim):
    """Every position of a dimension, views without that dimension."""
    moved = xp.moveaxis(self, dim, 0)
    return [moved[i, ...] for i in range(moved.shape[0])]


def _joined(ops, grads, self_sym_sizes, sizes, dim):
    known = next(each for each in grads if each is not None)
    wanted = [(*self_sym_sizes[:dim], n, *self_sym_sizes[dim + 1 :]) for n in sizes]
    filled = [ops.new_zeros(known, size=size) if g is None else g for g, size in zip(grads, wanted, strict=True)]
    return ops.cat(*filled, dim=dim)


def _equal(size, split_size):
    if not split_size:
        return [0]
    return [min(split_size, size - at) for at in range(0, max(size, 1), split_size)]


@op(
    view=True,
    several=True,
    self=vjp(
        "1 (each its own range)",
        lambda ops, grads, self_sym_sizes, split_size, dim: _joined(
            ops, grads, self_sym_sizes, _equal(self_sym_sizes[dim], split_size), dim
        ),
    ),
)
def split(xp, self, *, split_size, dim):
    """Ranges of one size, the last one what is left; views."""
    return _ranges(self, _equal(self.shape[dim], split_size), dim)


@op(
    several=True,
    self=vjp(
        "1 (each its own range)",
        lambda ops, grads, self_sym_sizes, split_size, dim: _joined(
            ops, grads, self_sym_sizes, _equal(self_sym_sizes[dim], split_size), dim
        ),
    ),
)
def unsafe_split(xp, self, *, split_size, dim):
    """A split of what nobody else holds, so that its parts count as tensors of their own."""
    return _ranges(self, _equal(self.shape[dim], split_size), dim)


@op(
    view=True,
    several=True,
    self=vjp(
        "1 (each its own range)",
        lambda ops, grads, self_sym_sizes, split_sizes, dim: _joined(ops, grads, self_sym_sizes, split_sizes, dim),
    ),
)
def split_with_sizes(xp, self, *, split_sizes, dim):
    """Ranges of given sizes; views."""
    return _ranges(self, split_sizes, dim)


def _ranges(array, sizes, dim):
    ends = accumulate(sizes)
    return [array[(*(slice(None),) * dim, slice(end - n, end))] for n, end in zip(sizes, ends, strict=True)]
