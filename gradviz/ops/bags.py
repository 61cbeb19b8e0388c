"""Bags of embeddings, and the product of three tensors that a bilinear layer is."""

from itertools import permutations
from math import prod

from gradviz.engine.dtypes import type_name
from gradviz.engine.op import op, vjp
from gradviz.ops.picking import added_at, rows_added_at
from gradviz.ops.refusals import no_derivative, refuse_kinds

SUM, MEAN, MAX = 0, 1, 2


def _weight_gradient(
    ops, grad, indices, offsets, per_sample_weights, result1, result2, result3, weight_sym_argsize_0,
    scale_grad_by_freq, mode, sparse, padding_idx, last,
):  # fmt: skip
    return ops.embedding_bag_backward(
        grad, indices, offsets, per_sample_weights, result1, result2, result3, rows_in_all=weight_sym_argsize_0,
        by_frequency=scale_grad_by_freq, mode=mode, padding_idx=padding_idx, last=last,
    )  # fmt: skip


def _sample_gradient(ops, grad, weight, indices, offsets, result1, padding_idx, last):
    return ops.embedding_bag_samples_backward(
        grad, weight, indices, offsets, result1, padding_idx=padding_idx, last=last
    )


@op(
    weight=vjp("1 (mean: over the bag's size) where picked, added up, else 0", _weight_gradient),
    per_sample_weights=vjp("weight[indices] (summed over the dims)", _sample_gradient),
    intermediates=("result1", "result2", "result3"),
    returned=True,
    optional=("per_sample_weights",),
    hidden=("last",),
)
def embedding_bag(
    xp, weight, indices, offsets, per_sample_weights, *, scale_grad_by_freq, mode, sparse, padding_idx, last
):
    """Rows of a weight (V, D), picked by number and put together bag by bag: (bags, D).

    last: the last offset is the end, not a bag. Behind the result: which bag each index is in (nothing where
    PyTorch's fast kernel runs), the sizes of the bags (zeros for sums, as in PyTorch), and for a maximum the row that
    it came from.
    """
    wrong = (indices < 0) | (indices >= weight.shape[0])
    if type(indices).__module__ == "numpy" and wrong.any():
        _refuse(indices, int(wrong.argmax()), weight)
    starts = offsets[:-1] if last else offsets
    bags = _bag_of_each(xp, indices, offsets, last)
    kept = indices != padding_idx
    counted = bags[kept] if mode != SUM else bags[:0]
    sizes = xp.bincount(counted, minlength=len(starts)).astype(xp.int64)
    rows = weight[indices]
    if per_sample_weights is not None:
        rows = rows * per_sample_weights[:, None]
    if mode == MAX:
        out, chosen = _greatest(xp, rows, indices, bags, kept, len(starts))
        return out, bags, sizes, chosen
    rows = rows * kept[:, None].astype(rows.dtype) if padding_idx >= 0 else rows
    out = rows_added_at(xp, xp.zeros((len(starts), weight.shape[1]), rows.dtype), bags, rows)
    if mode == MEAN:
        out /= xp.maximum(sizes, 1)[:, None].astype(out.dtype)
    fast = mode == SUM and padding_idx < 0 and _is_fast(weight, 1) and (per_sample_weights is None or _is_fast(per_sample_weights, 0))  # noqa: E501
    return out, bags[:0] if fast else bags, sizes, sizes


def _bag_of_each(xp, indices, offsets, last):
    starts = offsets[:-1] if last else offsets
    return xp.searchsorted(starts, xp.arange(len(indices)), side="right").astype(xp.int64) - 1


def _is_fast(array, dim):
    return array.itemsize < 8 and array.strides[dim] == array.itemsize


def _refuse(indices, place, weight):
    found = int(indices[place])
    if weight.dtype.itemsize == 8:  # PyTorch has another kernel for doubles
        raise RuntimeError(f"embedding_bag: Expected idx >= 0 && idx < num_embeddings but found idx to be {found}")
    raise RuntimeError(
        f"Index {place} of input takes value {found} which is not in the valid range [0, {weight.shape[0]})"
    )


def _greatest(xp, rows, indices, bags, kept, count):
    out = xp.zeros((count, rows.shape[1]), rows.dtype)
    chosen = xp.zeros(out.shape, xp.int64)
    for bag in range(count):
        members = xp.flatnonzero((bags == bag) & kept)
        if len(members):
            best = rows[members].argmax(axis=0)
            out[bag] = xp.take_along_axis(rows[members], best[None], axis=0)[0]
            chosen[bag] = indices[members[best]]
    return out, chosen


_REFUSED = {
    name: vjp("none, as in PyTorch", lambda grad: _no_second()) for name in ("self", "factors")
}


def _no_second():
    raise NotImplementedError("the derivative for '_embedding_bag_backward' is not implemented.")


@op(grad_fn="EmbeddingBagBackwardBackward0", optional=("factors",), **_REFUSED)
def embedding_bag_backward(
    xp, self, indices, offsets, factors, bags, sizes, chosen, *, rows_in_all, by_frequency, mode, padding_idx, last
):
    """The gradient of a bag's weight: rows added up; PyTorch has no derivative of it."""
    width = self.shape[1]
    out = xp.zeros((rows_in_all, width), self.dtype)
    if mode == MAX:
        full = (sizes > 0)[:, None].astype(self.dtype)
        return added_at(xp, out, chosen * width + xp.arange(width), self * full)
    bags = bags if len(bags) else _bag_of_each(xp, indices, offsets, last)
    rows = self[bags]
    if padding_idx >= 0:
        rows = rows * (indices != padding_idx)[:, None].astype(self.dtype)
    if mode == MEAN:
        rows = rows / xp.maximum(sizes, 1)[bags][:, None].astype(self.dtype)
    if factors is not None:
        rows = rows * factors[:, None]
    if by_frequency:
        rows = rows / xp.bincount(indices, minlength=rows_in_all)[indices][:, None].astype(self.dtype)
    return rows_added_at(xp, out, indices, rows)


@op(
    grad_fn="NotImplemented",
    **{
        name: vjp("none, as in PyTorch", lambda grad: no_derivative("_embedding_bag_per_sample_weights_backward"))
        for name in ("self", "weight")
    },
)
def embedding_bag_samples_backward(xp, self, weight, indices, offsets, bags, *, padding_idx, last):
    """The gradient of what a bag's rows are multiplied by; PyTorch has no derivative of it."""
    bags = bags if len(bags) else _bag_of_each(xp, indices, offsets, last)
    found = (self[bags] * weight[indices]).sum(axis=1)
    return found * (indices != padding_idx).astype(found.dtype)


def check_indices(name, array):
    """RuntimeError unless an array can be what `name` calls its indices."""
    if array.dtype.name not in ("int64", "int32"):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"{type_name(array)} instead (while checking arguments for {name})"
        )


# -- bilinear ----------------------------------------------------------------------------------------


# the gradient of a product of three for one of them is a product of three: what it was spread over is summed


def _for_i1(ops, grad, i2, i3, expand1, expand2, expand3, sumdim):
    return ops.trilinear(grad, i2, i3, expand1=sumdim, expand2=expand2, expand3=expand3, sumdim=expand1)


def _for_i2(ops, grad, i1, i3, expand1, expand2, expand3, sumdim):
    return ops.trilinear(i1, grad, i3, expand1=expand1, expand2=sumdim, expand3=expand3, sumdim=expand2)


def _for_i3(ops, grad, i1, i2, expand1, expand2, expand3, sumdim):
    return ops.trilinear(i1, i2, grad, expand1=expand1, expand2=expand2, expand3=sumdim, sumdim=expand3)


@op(
    wrap_opt_if=True,
    i1=vjp("i2 * i3 (summed over what i1 was spread over: outer product of dims)", _for_i1),
    i2=vjp("i1 * i3 (summed over what i2 was spread over: outer product of dims)", _for_i2),
    i3=vjp("i1 * i2 (summed over what i3 was spread over: outer product of dims)", _for_i3),
)
def trilinear(xp, i1, i2, i3, *, expand1, expand2, expand3, sumdim):
    """Three tensors, each with dimensions of size 1 put in, multiplied, and summed over sumdim."""
    refuse_kinds("bmm", i1, "b")
    every = range(i1.ndim + len(expand1))
    spread = [[d for d in every if d not in left_out] for left_out in (expand1, expand2, expand3)]
    kept = [d for d in every if d not in sumdim]
    parts = [*zip((i1, i2, i3), spread, strict=True)]
    ways = [order for order in permutations(parts) if _is_product(*(dims for _, dims in order), kept)]
    if not ways:
        return xp.einsum(i1, spread[0], i2, spread[1], i3, spread[2], kept, optimize=True)
    sizes = {d: size for each, dims in parts for d, size in zip(dims, each.shape, strict=True)}
    return _of_product(xp, *min(ways, key=lambda order: prod(sizes[d] for d in {*order[0][1], *order[1][1]})), kept)


def _is_product(one, two, other, kept):
    """Whether two tensors multiplied make, with the third, a product of matrices: all they share is summed."""
    both = {*one, *two}
    return both & {*other} == (both | {*other}) - {*kept}


def _of_product(xp, one, two, third, kept):
    (third, others), both = third, sorted({*one[1], *two[1]})
    spread = (each.reshape([each.shape[dims.index(d)] if d in dims else 1 for d in both]) for each, dims in (one, two))
    shared = [d for d in both if d in others]
    axes = [both.index(d) for d in shared], [others.index(d) for d in shared]
    found = [d for d in [*both, *others] if d not in shared]
    return xp.tensordot(next(spread) * next(spread), third, axes=axes).transpose([found.index(d) for d in kept])
