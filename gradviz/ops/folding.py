"""Values brought together where an index points: index_reduce, and scatter with reduce. Source: PyTorch's formulas."""

from gradviz.engine.op import op, vjp
from gradviz.ops.picking import _OUT_OF_BOUNDS, _at_least_1d, _flat_places, refuse_outside
from gradviz.ops.refusals import no_derivative, refuse_kinds
from gradviz.ops.scans import folded_at

START = {"sum": 0, "mean": 0, "prod": 1, "amax": float("-inf"), "amin": float("inf")}
_UFUNC = {"sum": "add", "mean": "add", "prod": "multiply", "amax": "maximum", "amin": "minimum"}


def folded(xp, out, places, values, reduce, include_self):
    """Changes a contiguous array: values, and its own (include_self), brought together at flat places."""
    row, places = out.reshape(-1), xp.broadcast_to(places, values.shape)
    if not include_self:
        row[places] = _start(xp, reduce, out.dtype)
    folded_at(xp, getattr(xp, _UFUNC[reduce]), row, places.reshape(-1), values.reshape(-1))
    if reduce == "mean":
        counts = xp.full(row.shape, int(include_self))
        xp.add.at(counts, places.reshape(-1), 1)
        counts = xp.maximum(counts, 1)
        row[...] = row / counts if out.dtype.kind == "f" else row // counts


def _start(xp, reduce, kind):
    """What changes nothing that it is brought together with."""
    if reduce in ("amax", "amin") and kind.kind != "f":
        if kind.kind == "b":
            return reduce == "amin"
        return xp.iinfo(kind).min if reduce == "amax" else xp.iinfo(kind).max
    return START[reduce]


# -- index_reduce ------------------------------------------------------------------------------------


def _counts(ops, grad, index, source, dim, include_self):
    """How many values came together at each place."""
    ones = ops.zeros_like(grad) + 1.0 if include_self else ops.zeros_like(grad)
    found = ops.index_add(ones, index, ops.zeros_like(source) + 1.0, dim=dim, alpha=1)
    return ops.masked_fill_number(found, found == 0, value=1)


def _ties(ops, self, index, source, result, dim):
    """(own values that are the extreme, given ones that are, how many share it)."""
    own = (self == result) * 1.0
    given = (source == ops.index_select(result, index, dim=dim)) * 1.0
    return own, given, ops.index_add(own, index, given, dim=dim, alpha=1)


def _own_gradient(ops, grad, self, index, source, result, dim, reduce, include_self):
    if reduce == "mean":
        grad = grad / _counts(ops, grad, index, source, dim, include_self)
    elif reduce == "prod":
        known = ops.masked_fill_number(self, self == 0, value=1)
        others = ops.index_reduced(known, index, source, dim=dim, reduce=reduce, include_self=include_self)
        grad = grad * others / known
    else:
        own, _, shared = _ties(ops, self, index, source, result, dim)
        grad = own * (grad / shared)
    return grad if include_self else ops.index_fill(grad, index, dim=dim, value=0)


def _given_gradient(ops, grad, self, index, source, result, dim, reduce, include_self):
    if reduce == "mean":
        counts = _counts(ops, grad, index, source, dim, include_self)
        return ops.index_select(grad, index, dim=dim) / ops.index_select(counts, index, dim=dim)
    if reduce == "prod":
        return _factor_gradient(ops, grad, self, index, source, result, dim, include_self)
    _, given, shared = _ties(ops, self, index, source, result, dim)
    return given * ops.index_select(grad / shared, index, dim=dim)


def _factor_gradient(ops, grad, self, index, source, result, dim, include_self):
    """The product of the others: without a zero that is alone at its place, else by division."""
    zero = source == 0
    marks = ops.where(zero, ops.zeros_like(source) + 1.0, 0.0)
    together = ops.index_add(ops.zeros_like(self), index, marks, dim=dim, alpha=1)
    lonely = zero & (ops.index_select(together, index, dim=dim) == 1)
    others = ops.index_reduced(
        self, index, ops.masked_fill_number(source, lonely, value=1), dim=dim, reduce="prod", include_self=include_self
    )
    divided = ops.index_select(grad * result, index, dim=dim) / ops.masked_fill_number(source, zero, value=1)
    return ops.where(lonely, ops.index_select(grad * others, index, dim=dim), divided)


@op(
    title="index_reduce",
    grad_fn="IndexReduceBackward0",
    self=vjp("its share, where it takes part, else 0", _own_gradient),
    source=vjp("its share, where it takes part, else 0", _given_gradient),
)
def index_reduced(xp, self, index, source, *, dim, reduce, include_self):
    """A copy with source brought together at the positions of a dimension that index names."""
    if not include_self:
        refuse_kinds("index_reduce_func_exclude_input_init", self, "b")
    elif reduce == "mean":
        refuse_kinds("div_floor_cpu", self, "b")
    out = xp.array(self, order="C")
    flat, places, source = _at_least_1d(out), _at_least_1d(index), _at_least_1d(source)
    size = flat.shape[dim]
    if not include_self:  # PyTorch fills these places first, counted from the end too
        refuse_outside(IndexError, places + size * (places < 0), size, _OUT_OF_BOUNDS.format(dim, size))
    refuse_outside(IndexError, places, size, "index out of range in self")
    if source.size:
        spread = places.reshape((1,) * dim + (-1,) + (1,) * (flat.ndim - 1 - dim))
        spread = xp.broadcast_to(spread, source.shape)
        folded(xp, flat, _flat_places(xp, flat.shape, dim, spread), source, reduce, include_self)
    return out


# -- scatter with reduce -----------------------------------------------------------------------------


def _folded_along(xp, self, index, values, dim, reduce):
    out = xp.array(self, order="C")
    flat, index = _at_least_1d(out), _at_least_1d(index)
    refuse_outside(RuntimeError, index, flat.shape[dim], _OUT_OF_BOUNDS.format(dim, flat.shape[dim]))
    if index.size:
        if hasattr(values, "ndim"):
            values = _at_least_1d(values)[tuple(slice(n) for n in index.shape)]
        else:
            values = xp.full(index.shape, values, out.dtype)
        folded(xp, flat, _flat_places(xp, flat.shape, dim, index), values, reduce, True)
    return out


def _none(*names):
    return {name: vjp("none, as in PyTorch", lambda grad: no_derivative("scatter")) for name in names}


@op(title="scatter", grad_fn="NotImplemented", **_none("self", "src"))
def scatter_folded(xp, self, index, src, *, dim, reduce):
    """A copy with the elements of src added, or multiplied, where index points along a dimension."""
    return _folded_along(xp, self, index, src, dim, reduce)


@op(title="scatter", grad_fn="NotImplemented", **_none("self"))
def scatter_folded_value(xp, self, index, *, dim, value, reduce):
    """A copy with a number added, or multiplied, where index points along a dimension."""
    return _folded_along(xp, self, index, value, dim, reduce)
