"""scatter_reduce, and copies of a tensor with a part of it replaced."""

from gradviz.engine import backend, layouts
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import flattened, stacking
from gradviz.ops.composite import wrapped
from gradviz.ops.folding import START, folded
from gradviz.ops.gathering import _ready_to_scatter
from gradviz.ops.picking import _OUT_OF_BOUNDS, _at_least_1d, _flat_places, from_source, refuse_outside
from gradviz.ops.refusals import refuse_kinds, refuse_scalar, refuse_whole_in_graph

# -- scatter_reduce ----------------------------------------------------------------------------------


def _counts(ops, grad, index, src, dim, include_self):
    """How many values came together at each place."""
    own = ops.new_zeros(grad, size=tuple(grad.shape))
    ones = ops.new_zeros(src, size=tuple(src.shape)) + 1
    found = ops.scatter_add(own + 1 if include_self else own, index, ones, dim=dim)
    return ops.masked_fill_number(found, found == 0, value=1)


def _ties(ops, self, index, src, result, dim):
    """(own values that are the extreme, given ones that are, how many share it)."""
    own = (self == result) * 1
    given = (src == ops.gather(result, index, dim=dim)) * 1
    return own, given, ops.scatter_add(own, index, given, dim=dim)


def _own_gradient(ops, grad, self, index, src, result, dim, reduce, include_self):
    if reduce == "mean":
        grad = grad / _counts(ops, grad, index, src, dim, include_self)
    elif reduce in ("amax", "amin"):
        own, _, shared = _ties(ops, self, index, src, result, dim)
        grad = own * (grad / ops.where(shared == 0, 1.0, shared))
    elif reduce == "prod":
        known = ops.masked_fill_number(self, self == 0, value=1)
        others = ops.scatter_reduced(known, index, src, dim=dim, reduce="prod", include_self=include_self)
        grad = grad * others / known
    return grad if include_self else ops.scatter_value(grad, index, dim=dim, value=0)


def _given_gradient(ops, grad, self, index, src, result, dim, reduce, include_self):
    if reduce == "mean":
        counts = ops.gather(_counts(ops, grad, index, src, dim, include_self), index, dim=dim)
        return from_source(ops, grad, index, src.shape, dim, "ScatterReduceBackward0") / counts
    if reduce in ("amax", "amin"):
        _, given, shared = _ties(ops, self, index, src, result, dim)
        return given * ops.gather(grad / ops.where(shared == 0, 1.0, shared), index, dim=dim)
    if reduce == "prod":
        return _factor_gradient(ops, grad, self, index, src, result, dim, include_self)
    return from_source(ops, grad, index, src.shape, dim, "ScatterReduceBackward0")


def _factor_gradient(ops, grad, self, index, src, result, dim, include_self):
    """The product of the others: without a zero that is alone at its place, else by division."""
    zero = src == 0
    none = ops.new_zeros(zero * 1, size=tuple(self.shape))
    together = ops.gather(ops.scatter_add(none, index, zero * 1, dim=dim), index, dim=dim)
    lonely = zero & (together == 1)
    without = ops.masked_fill_number(src, lonely, value=1)
    others = ops.scatter_reduced(self, index, without, dim=dim, reduce="prod", include_self=include_self)
    divided = ops.gather(grad * result, index, dim=dim) / ops.masked_fill_number(src, zero, value=1)
    return ops.where(lonely, ops.gather(grad * others, index, dim=dim), divided)


@op(
    title="scatter_reduce",
    grad_fn="ScatterReduceBackward0",
    self=vjp("1 for a sum, else its share, where it takes part, else 0", _own_gradient),
    src=vjp("1 for a sum, else its share, where it takes part, else 0", _given_gradient),
)
def scatter_reduced(xp, self, index, src, *, dim, reduce, include_self):
    """A copy with the elements of src brought together where index points along a dimension."""
    if reduce == "mean":
        refuse_kinds("scatter_gather_tensor_cpu_reduce_mean", self, "b")
    out = xp.array(self, order="C")
    flat, index, src = _at_least_1d(out), _at_least_1d(index), _at_least_1d(src)
    refuse_outside(RuntimeError, index, flat.shape[dim], _OUT_OF_BOUNDS.format(dim, flat.shape[dim]))
    if not index.size:
        return out
    src = src[tuple(slice(n) for n in index.shape)]
    folded(xp, flat, _flat_places(xp, flat.shape, dim, index), src, reduce, include_self)
    return out


def scatter_reduce(self, dim, index, src, reduce, *, include_self=True):
    """A copy with the elements of src brought together where index points: "sum", "prod", "mean", "amax", "amin"."""
    names = {"max": "amax", "min": "amin", "add": "sum", "multiply": "prod"}
    if names.get(reduce, reduce) not in START:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    dim = _ready_to_scatter("scatter", self, dim, index, src)
    return scatter_reduced(self, index, src, dim=dim, reduce=names.get(reduce, reduce), include_self=include_self)


# -- a part replaced ---------------------------------------------------------------------------------


def _replaced(array, part, src):
    if src.shape != array[part].shape:
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice size = "
            f"{list(array[part].shape)}"
        )
    out = layouts.copied(array)
    out[part] = src
    return out


def _at(dim, which):
    return (*(slice(None),) * dim, which)


def _zeros(ops, grad, sizes):
    return ops.new_zeros(grad, size=tuple(sizes))


@op(
    title="select_scatter",
    grad_fn="SelectScatterBackward0",
    self=vjp(
        "0 where it was put, else 1",
        lambda ops, grad, src_sym_sizes, dim, index: ops.select_replaced(
            grad, _zeros(ops, grad, src_sym_sizes), dim=dim, index=index
        ),
    ),
    src=vjp("1 (its position)", lambda ops, grad, dim, index: ops.select(grad, dim=dim, index=index)),
    hidden=("src_sym_sizes",),
)
def select_replaced(xp, self, src, *, dim, index):
    """A copy with src at one position of a dimension."""
    return _replaced(self, _at(dim, index), src)


@op(
    title="slice_scatter",
    grad_fn="SliceScatterBackward0",
    self=vjp(
        "0 where it was put, else 1",
        lambda ops, grad, src_sym_sizes, dim, start, end, step: ops.slice_replaced(
            grad, _zeros(ops, grad, src_sym_sizes), dim=dim, start=start, end=end, step=step
        ),
    ),
    src=vjp(
        "1 (its range)",
        lambda ops, grad, dim, start, end, step: ops.slice(grad, dim=dim, start=start, end=end, step=step),
    ),
    hidden=("src_sym_sizes",),
)
def slice_replaced(xp, self, src, *, dim, start, end, step):
    """A copy with src in a range of a dimension."""
    return _replaced(self, _at(dim, slice(start, end, step)), src)


def _diagonal_places(xp, shape, offset, dim1, dim2):
    """The diagonal as places of an array whose two dimensions were moved to the end."""
    rows, columns = shape[dim1], shape[dim2]
    count = max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    return xp.arange(count) + max(-offset, 0), xp.arange(count) + max(offset, 0)


@op(
    title="diagonal_scatter",
    grad_fn="DiagonalScatterBackward0",
    self=vjp(
        "0 where it was put, else 1",
        lambda ops, grad, src_sym_sizes, offset, dim1, dim2: ops.diagonal_replaced(
            grad, _zeros(ops, grad, src_sym_sizes), offset=offset, dim1=dim1, dim2=dim2
        ),
    ),
    src=vjp(
        "1 (the diagonal)",
        lambda ops, grad, offset, dim1, dim2: ops.diagonal(grad, offset=offset, dim1=dim1, dim2=dim2),
    ),
    hidden=("src_sym_sizes",),
)
def diagonal_replaced(xp, self, src, *, offset, dim1, dim2):
    """A copy with src on a diagonal."""
    places = _diagonal_places(xp, self.shape, offset, dim1, dim2)
    moved = _replaced(xp.moveaxis(self, (dim1, dim2), (-2, -1)), (..., *places), src)
    return xp.ascontiguousarray(xp.moveaxis(moved, (-2, -1), (dim1, dim2)))


def select_scatter(input, src, dim, index):
    """A copy with src at one position of a dimension."""
    refuse_whole_in_graph(input, src)
    refuse_scalar("select", input._array)
    dim = wrapped(dim, input._array.ndim)
    size = input._array.shape[dim]
    if not -size <= index < size:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(input._array.shape)} at dimension {dim}"
        )
    return select_replaced(input, src, dim=dim, index=index % size)


def slice_scatter(input, src, dim=0, start=None, end=None, step=1):
    """A copy with src in a range of a dimension."""
    refuse_whole_in_graph(input, src)
    refuse_scalar("slice", input._array)
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    dim = wrapped(dim, input._array.ndim)
    first, last, _ = slice(start, end).indices(input._array.shape[dim])
    return slice_replaced(input, src, dim=dim, start=first, end=None if end is None else max(first, last), step=step)


def diagonal_scatter(input, src, offset=0, dim1=0, dim2=1):
    """A copy with src on a diagonal."""
    refuse_whole_in_graph(input, src)
    dim1, dim2 = (wrapped(each, input._array.ndim) for each in (dim1, dim2))
    return diagonal_replaced(input, src, offset=offset, dim1=dim1, dim2=dim2)


# -- blocks and combinations -------------------------------------------------------------------------


def _sizes(shape):
    return (1, *shape) if len(shape) == 1 else shape or (1, 1)


def _blocks_cut(ops, grad, tensors_sym_sizes):
    row = column = 0
    for shape in tensors_sym_sizes:
        height, width = _sizes(shape)
        part = ops.slice(grad, dim=0, start=row, end=row + height, step=1)
        part = ops.slice(part, dim=1, start=column, end=column + width, step=1)
        for _ in range(2 - len(shape)):  # a row of a vector is summed to it behind this
            part = ops.squeeze_one(part, dim=len(part.shape) - 1)
        yield part
        row, column = row + height, column + width


@op(
    title="block_diag",
    grad_fn="BlockDiagBackward0",
    tensors=vjp("1 (each its own block)", _blocks_cut),
    dtype="promote",
)
def blocks(xp, *tensors):
    """Matrices along the diagonal of one that is zero elsewhere."""
    sizes = [_sizes(each.shape) for each in tensors]
    out = xp.zeros((sum(h for h, _ in sizes), sum(w for _, w in sizes)), tensors[0].dtype)
    row = column = 0
    for each, (height, width) in zip(tensors, sizes, strict=True):
        out[row : row + height, column : column + width] = each
        row, column = row + height, column + width
    return out


def block_diag(*tensors):
    """Matrices along the diagonal of one that is zero elsewhere; a vector is a row."""
    for place, each in enumerate(tensors):
        if each._array.ndim > 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {place} has "
                f"{each._array.ndim} dimensions"
            )
    return blocks(*tensors)


@composed("combinations")
def combinations(input, r=2, with_replacement=False):
    """Every choice of r elements of a vector, a row each."""
    if input._array.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input._array.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return Tensor(input._array[:0].copy())
    grids = stacking.meshgrid(*[input] * r)
    mask = Tensor(_in_order(input._array, r, with_replacement))
    return stacking.stack([flattened.masked_select(each, mask) for each in grids], 1)


def _in_order(array, r, with_replacement):
    """Where places of a grid of r dimensions grow, or don't fall."""
    xp = backend.module_of(array)
    places = xp.indices((array.shape[0],) * r)
    found = xp.ones(places.shape[1:], bool)
    for k in range(r - 1):
        found &= places[k] <= places[k + 1] if with_replacement else places[k] < places[k + 1]
    return found


__all__ = ["block_diag", "combinations", "diagonal_scatter", "scatter_reduce", "select_scatter", "slice_scatter"]
METHODS = ["diagonal_scatter", "scatter_reduce", "select_scatter", "slice_scatter"]
