"""What runs along a dimension: greatest and smallest so far, sums of exponentials, differences, areas."""

from gradviz.engine.coerce import size_at
from gradviz.engine.op import op, vjp
from gradviz.engine.within import composed
from gradviz.ops import composite, criteria, indexing, logic, pointwise, products, reduction, stacking
from gradviz.ops.choosing import without
from gradviz.ops.named import named_result
from gradviz.ops.refusals import refuse_kinds, refuse_scalar
from gradviz.ops.scans import accumulated

_CUMMAX, _CUMMIN = (named_result(name, "values", "indices") for name in ("cummax", "cummin"))

# -- extremes so far ---------------------------------------------------------------------------------


def _to_the_place(ops, grad, self, indices, dim):
    return ops.scatter_add(ops.new_zeros(grad, size=tuple(self.shape)), indices, grad, dim=dim)


def _so_far(xp, function, self, dim):
    """(extremes so far, the last place of each), along a dimension; a NaN stays."""
    if not self.ndim:
        return self.copy(), xp.zeros((), xp.int64)
    self = xp.asarray(self, order="C")
    values = accumulated(xp, function, self, dim)
    hit = (self == values) | (self != self)
    places = xp.arange(self.shape[dim]).reshape(-1, *(1,) * (self.ndim - 1 - dim))
    return values, accumulated(xp, xp.maximum, xp.where(hit, places, 0), dim)


@op(
    title="cummax", grad_fn="CummaxBackward0", self=vjp("1 where indices say, else 0", _to_the_place),
    intermediates=("indices",), returned=True,
)  # fmt: skip
def greatest_so_far(xp, self, *, dim):
    """The greatest elements up to each place, and where they are."""
    return _so_far(xp, xp.maximum, self, dim)


@op(
    title="cummin", grad_fn="CumminBackward0", self=vjp("1 where indices say, else 0", _to_the_place),
    intermediates=("indices",), returned=True,
)  # fmt: skip
def smallest_so_far(xp, self, *, dim):
    """The smallest elements up to each place, and where they are."""
    return _so_far(xp, xp.minimum, self, dim)


def cummax(input, dim):
    """(values, indices): the greatest elements up to each place along `dim`, and where they are."""
    return _CUMMAX(*greatest_so_far(input, dim=_dim_of("cummax", input, dim)))


def cummin(input, dim):
    """(values, indices): the smallest elements up to each place along `dim`, and where they are."""
    return _CUMMIN(*smallest_so_far(input, dim=_dim_of("cummin", input, dim)))


def _dim_of(name, input, dim):
    if not input._array.ndim and dim not in (0, -1):
        raise IndexError(f"{name}(): Expected reduction dim -1 or 0 for scalar but got {dim}")
    return composite.wrapped(dim, input._array.ndim)


# -- logarithms of sums so far -----------------------------------------------------------------------

_NOTHING = float("-inf")


def _log_sums_gradient(ops, grad, self, result, dim):
    """`exp(self - result)` for all that follow, added up in logarithms so that nothing overflows."""
    if not len(self.shape):
        return grad
    size = ops.abs(grad)
    logarithm = ops.log(without(ops, size, size == 0, 1.0))
    known = without(ops, result, result == _NOTHING, 0.0)

    def part(of_this_sign):
        turned = ops.flip(ops.where(of_this_sign, logarithm, _NOTHING) - known, dims=(dim,))
        return ops.exp(ops.flip(ops.log_sums_so_far(turned, dim=dim), dims=(dim,)) + self)

    return part(grad > 0) - part(grad < 0)


@op(
    title="logcumsumexp",
    grad_fn="LogcumsumexpBackward0",
    self=vjp("exp(self - result), of the dims that follow", _log_sums_gradient),
)
def log_sums_so_far(xp, self, *, dim):
    """`log(cumsum(exp(self)))` along a dimension."""
    refuse_kinds("logcumsumexp_out_cpu", self, "biu")
    return accumulated(xp, xp.logaddexp, xp.asarray(self, order="C"), dim) if self.ndim else self.copy()


def logcumsumexp(input, dim):
    """`log(cumsum(exp(input)))` along `dim`, without overflow."""
    return log_sums_so_far(input, dim=composite.wrapped(dim, input._array.ndim))


# -- differences -------------------------------------------------------------------------------------


def _cut(tensor, dim, start, end):
    refuse_scalar("slice", tensor._array)
    size = tensor._array.shape[dim]
    first, last, _ = slice(start, end).indices(size)
    return indexing.slice(tensor, dim=dim, start=first, end=None if end is None else max(first, last), step=1)


def _refuse_beside(own, other, dim):
    """RuntimeError, in PyTorch's words, for a shape that doesn't go in front of the input's or behind it."""
    if len(other) != len(own):
        raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    for d, (n, m) in enumerate(zip(own, other, strict=True)):
        if n != m and d != dim:
            raise RuntimeError(
                "diff expects the shape of tensor to prepend or append to match that of input except along the "
                f"differencing dimension; input.size({d}) = {n}, but got tensor.size({d}) = {m}"
            )


@composed("diff")
def diff(input, n=1, dim=-1, prepend=None, append=None):
    """Each element minus the one before it along `dim`, n times."""
    if not input._array.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    dim = composite.wrapped(dim, input._array.ndim)
    for each in (prepend, append):
        if each is not None:
            _refuse_beside(input._array.shape, each._array.shape, dim)
    given = [each for each in (prepend, input, append) if each is not None]
    if len(given) > 1 and n:
        input = stacking.cat(given, dim)
    minus = logic.logical_xor if input._array.dtype.kind == "b" else pointwise.sub
    for _ in range(min(n, input._array.shape[dim])):
        size = input._array.shape[dim]
        before = _cut(input, dim, 0, size - 1)
        input = minus(_cut(input, dim, 1, size), before)
    return input


# -- areas -------------------------------------------------------------------------------------------


def _steps(name, y, x, dim):
    """How far the sample points are apart, to go with y."""
    if x._array.ndim == 1:
        if x._array.shape[0] != size_at(y._array, dim):
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        x = composite.view(x, *(-1 if d == dim else 1 for d in range(y._array.ndim)))
    elif x._array.ndim < y._array.ndim:
        x = composite.view(x, *(1,) * (y._array.ndim - x._array.ndim), *x._array.shape)
    before = _cut(x, dim, None, -1)
    return pointwise.sub(_cut(x, dim, 1, None), before)


def _refuse_bool(name, y, x):
    given = {"`y`": y} if x is None else {"`x`": x, "`y`": y}
    if any(each._array.dtype.kind == "b" for each in given.values()):
        raise RuntimeError(f"{name}: received a bool input for {' or '.join(given)}, but bool is not supported")


def _pairs(y, dim):
    if not y._array.ndim:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    before = _cut(y, dim, None, -1)
    return pointwise.add(before, _cut(y, dim, 1, None))


@composed("trapezoid")
def trapezoid(y, x=None, *, dx=None, dim=-1):
    """The area below points y along `dim`: at sample points x, or dx apart."""
    if x is not None:
        dim = composite.wrapped(dim, y._array.ndim)
    size, dim = size_at(y._array, dim), dim % max(y._array.ndim, 1)
    if not size:
        return reduction.sum_dim(y, dim=(dim,))
    _refuse_bool("trapezoid", y, x)
    if x is not None:
        steps = _steps("trapezoid", y, x, dim)
        areas = pointwise.mul(_pairs(y, dim), steps)
        return criteria.div_number(reduction.sum_dim(areas, dim=(dim,)), other=2.0)
    last = indexing.select(y, dim=dim, index=size - 1)  # last: backward takes the newest node first
    ends = criteria.mul_number(pointwise.add(indexing.select(y, dim=dim, index=0), last), other=0.5)
    inner = pointwise.sub(reduction.sum_dim(y, dim=(dim,)), ends)
    return criteria.mul_number(inner, other=1.0 if dx is None else dx)


trapz = trapezoid


@composed("cumulative_trapezoid")
def cumulative_trapezoid(y, x=None, *, dx=None, dim=-1):
    """The areas below points y up to each of them but the first."""
    _refuse_bool("cumulative_trapezoid", y, x)
    if x is None:
        refuse_scalar("slice", y._array)
    dim = composite.wrapped(dim, y._array.ndim)
    if x is not None:
        steps = _steps("cumulative_trapezoid", y, x, dim)
        areas = pointwise.mul(_pairs(y, dim), steps)
        return criteria.div_number(products.cumsum(areas, dim), other=2.0)
    areas = criteria.mul_number(_pairs(y, dim), other=(1.0 if dx is None else dx) / 2.0)
    return products.cumsum(areas, dim)


__all__ = ["cummax", "cummin", "cumulative_trapezoid", "diff", "logcumsumexp", "trapezoid", "trapz"]
METHODS = ["cummax", "cummin", "diff", "logcumsumexp"]
