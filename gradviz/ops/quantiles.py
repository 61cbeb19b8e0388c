"""What stands in the middle or most often: quantiles, medians without NaN, the mode; covariances, histograms."""

import warnings
from math import inf

import numpy as np

from gradviz.engine import backend
from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import blends, bounds, composite, matmul, pointwise, rearranging, reduction, sorting
from gradviz.ops import shape as shapes
from gradviz.ops.choosing import chosen
from gradviz.ops.extremes import _shared_by_all, _to_the_place
from gradviz.ops.gathering import gather
from gradviz.ops.named import named_result
from gradviz.ops.ordering import order
from gradviz.ops.refusals import refuse_kinds
from gradviz.ops.scans import accumulated

_MODE, _NANMEDIAN = (named_result(name, "values", "indices") for name in ("mode", "nanmedian"))
_BETWEEN = ("linear", "lower", "higher", "midpoint", "nearest")

# -- quantiles ---------------------------------------------------------------------------------------


def _as_fractions(input, q):
    """q as a tensor, checked."""
    array = input._array
    if not array.size:
        raise RuntimeError("quantile() input tensor must be non-empty")
    if array.dtype.name not in ("float32", "float64"):
        raise RuntimeError("quantile() input tensor must be either float or double dtype")
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"quantile() q must be in the range [0, 1] but got {q}")
        return Tensor(backend.made(backend.device_of(array), lambda xp: xp.full((), q, array.dtype)))
    if q._array.ndim > 1:
        raise RuntimeError("quantile() q must be a scalar or 1D tensor")
    if q._array.dtype != array.dtype:
        raise RuntimeError("quantile() q tensor must be same dtype as the input tensor")
    on_cpu = isinstance(q._array, np.ndarray)  # on a GPU this look would wait for the device
    if on_cpu and not ((q._array >= 0) & (q._array <= 1)).all():
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    return q


def _ranks(values, q, ignore_nan):
    """Where in each sorted row the quantiles lie, (rows, fractions): fractions of a place."""
    xp = backend.module_of(values)
    unknown = xp.isnan(values)
    last = values.dtype.type(values.shape[-1] - 1)
    if ignore_nan:
        last = xp.maximum((~unknown).sum(axis=-1, keepdims=True) - 1, 0).astype(values.dtype)
        return q * last
    return chosen(xp, unknown.any(axis=-1, keepdims=True), last, q * last).astype(values.dtype)


def _between(ordered, ranks, interpolation):
    """What stands at ranks, in the way that the interpolation says."""
    xp = backend.module_of(ranks)
    ranks = {"lower": xp.floor, "higher": xp.ceil, "nearest": xp.round}.get(interpolation, lambda r: r)(ranks)
    below = ranks.astype(xp.int64)
    last = ordered._array.ndim - 1
    found = gather(ordered, last, Tensor(below))
    if interpolation not in ("linear", "midpoint"):
        return found
    share = xp.full_like(ranks, 0.5) if interpolation == "midpoint" else ranks - below
    above = gather(ordered, last, Tensor(xp.ceil(ranks).astype(xp.int64)))
    return blends.lerp_tensor(found, above, Tensor(xp.asarray(share, ranks.dtype)))


def _quantile(name, input, q, dim, keepdim, interpolation):
    if interpolation not in _BETWEEN:
        raise RuntimeError(
            "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
            f"{interpolation}"
        )
    q = _as_fractions(input, q)
    sizes = input._array.shape
    if dim is None:
        rest = (1,) * len(sizes) if keepdim else ()
        row = composite.flatten(input) if sizes else composite.reshape(input, 1)
    else:
        dim = composite.wrapped(dim, len(sizes))
        rest = tuple(1 if d == dim else n for d, n in enumerate(sizes) if keepdim or d != dim)
        row = input if dim == len(sizes) - 1 else composite.transpose(composite.unsqueeze(input, -1), dim, -1)
    ordered = sorting.sort(row)[0]
    ordered = composite.view(ordered, *rest, ordered._array.shape[-1])
    ranks = _ranks(ordered._array, q._array.reshape(-1), name == "nanquantile")
    found = _between(ordered, ranks, interpolation)
    last = found._array.ndim - 1
    if q._array.ndim:
        found = found.unsqueeze_(0).transpose_(0, last + 1)
        last += 1
    return shapes.squeeze_dim(found, dim=last)


@composed("quantile")
def quantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """The numbers below which fractions q of all elements lie, or of those along `dim`; q comes first in the shape."""
    return _quantile("quantile", input, q, dim, keepdim, interpolation)


@composed("nanquantile")
def nanquantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """quantile of what is a number."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation)


# -- medians, modes ----------------------------------------------------------------------------------


def _picked(xp, ordered, places, position, dim, keepdim):
    """(values, where they were) at a position of each ordered row; the rows run along the last dimension."""
    found = [xp.take_along_axis(each, position[..., None], axis=-1) for each in (ordered, places)]
    if keepdim:
        return tuple(xp.moveaxis(each, -1, dim) for each in found)
    return tuple(each[..., 0] for each in found)


def _ordered(xp, self, dim):
    rows = xp.moveaxis(self, dim, -1) if self.ndim else self.reshape(1)
    places = order(xp, rows, rows.ndim - 1)
    return xp.take_along_axis(rows, places, axis=-1), places


def _selecting(title, grad_fn, position, said):
    """An op that selects one element along a dimension: `position` says which of the ordered ones."""

    def forward(xp, self, *, dim, keepdim):
        if self.ndim and not self.shape[dim]:
            name = "mode" if title == "mode" else "median"
            raise IndexError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")
        ordered, places = _ordered(xp, self, dim)
        found = _picked(xp, ordered, places, position(xp, ordered), dim, keepdim)
        return found if self.ndim else tuple(each.reshape(()) for each in found)

    forward.__name__, forward.__doc__ = f"{title}_along", said
    return op(
        title=title, grad_fn=grad_fn, self=vjp("1 where indices say, else 0", _to_the_place),
        intermediates=("indices",), returned=True,
    )(forward)  # fmt: skip


def _middle(xp, ordered):
    known = (ordered == ordered).sum(axis=-1)
    return xp.maximum(known - 1, 0) // 2


def _most_often(xp, ordered):
    places = xp.arange(ordered.shape[-1])
    new = xp.ones(ordered.shape, bool)
    new[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    return (places - accumulated(xp, xp.maximum, chosen(xp, new, places, 0), -1)).argmax(axis=-1)


mode_along = _selecting("mode", "ModeBackward0", _most_often, "The most frequent element along a dimension.")
nanmedian_along = _selecting(
    "nanmedian", "NanmedianBackward1", _middle, "The median of the numbers along a dimension."
)


@op(
    title="nanmedian",
    grad_fn="NanmedianBackward0",
    self=vjp("1 / (elements that are it) where it is, else 0", _shared_by_all),
)
def nanmedian_of_all(xp, self):
    """The median of all that is a number."""
    refuse_kinds("median_cpu", self, "b")
    if not self.size:
        return xp.asarray(xp.nan, self.dtype)
    ordered, places = _ordered(xp, self.reshape(-1), 0)
    return _picked(xp, ordered, places, _middle(xp, ordered), 0, False)[0]


def mode(input, dim=-1, keepdim=False):
    """(values, indices): the most frequent element along `dim`, the smallest of several, and its last place."""
    return _MODE(*mode_along(input, dim=composite.wrapped(dim, input._array.ndim), keepdim=keepdim))


def nanmedian(input, dim=None, keepdim=False):
    """The median of all that is a number; or (values, indices) along `dim`."""
    if dim is None:
        return nanmedian_of_all(input)
    return _NANMEDIAN(*nanmedian_along(input, dim=composite.wrapped(dim, input._array.ndim), keepdim=keepdim))


# -- covariances -------------------------------------------------------------------------------------


def _weights(name, tensor, columns, kinds, kind):
    if tensor._array.dtype.kind not in kinds:
        raise RuntimeError(
            f"cov(): expected {name} to have {kind} dtype but got {name} with {title(tensor._array.dtype)} dtype"
        )
    if tensor._array.ndim > 1:
        raise RuntimeError(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with {tensor._array.ndim} "
            "dimensions"
        )
    if tensor._array.size != columns:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input but got "
            f"{tensor._array.size} != {columns}"
        )
    if (tensor._array < 0).any():
        raise RuntimeError(f"cov(): {name} cannot be negative")
    return tensor


@composed("cov")
def cov(input, *, correction=1, fweights=None, aweights=None):
    """Covariances of the rows of (variables, observations)."""
    ndim = input._array.ndim
    if ndim > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {ndim} dimensions"
        )
    if input._array.dtype.kind == "b":
        raise RuntimeError("cov(): bool dtype is not supported for input")
    rows = input if ndim == 2 else composite.view(input, 1, -1)
    columns = rows._array.shape[1]
    given = [] if fweights is None else [_weights("fweights", fweights, columns, "iu", "integral")]
    given += [] if aweights is None else [_weights("aweights", aweights, columns, "f", "floating point")]
    weight = None if not given else given[0] if len(given) == 1 else pointwise.mul(*given)
    count = columns if weight is None else float(weight._array.sum())
    if weight is not None and not count:
        raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    total = rows if weight is None else pointwise.mul(rows, weight)
    mean = pointwise.div(reduction.sum_dim(total, dim=(1,)), count)
    free = count - correction
    if aweights is not None and correction:
        free = count - correction * float((weight._array * aweights._array).sum()) / count
    if free <= 0:
        warnings.warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.",
            stacklevel=3,
        )
        free = 0
    apart = pointwise.sub(rows, shapes.unsqueeze(mean, dim=1))
    other = apart if weight is None else pointwise.mul(apart, weight)
    return shapes.squeeze(pointwise.div(matmul.mm(apart, shapes.t(other)), free))


@composed("corrcoef")
def corrcoef(input):
    """Correlations of the rows of (variables, observations)."""
    if input._array.ndim > 2:
        raise RuntimeError(
            "corrcoef(): expected input to have two or fewer dimensions but got an input with "
            f"{input._array.ndim} dimensions"
        )
    found = cov(input)
    if not found._array.ndim:
        return pointwise.div(found, found)
    spread = pointwise.sqrt(rearranging.diagonal(found, offset=0, dim1=0, dim2=1))
    column = composite.view(spread, -1, 1)
    found = pointwise.div(found, column)
    found = pointwise.div(found, composite.view(spread, 1, -1))
    return bounds.clamp_numbers(found, min=-1, max=1)


# -- histograms --------------------------------------------------------------------------------------


@op(title="histc")
def counts_in_bins(xp, self, *, bins, min, max):
    """How many elements lie in each of bins of one width; no gradient."""
    refuse_kinds("linspace_cpu", self, "b")
    refuse_kinds("histogram_cpu", self, "iu")
    edges = xp.linspace(min, max, bins + 1, dtype=self.dtype)
    values = self.reshape(-1)
    places = xp.minimum(xp.searchsorted(edges, values, side="right") - 1, bins - 1)
    counts = xp.zeros(bins + 1, xp.int64)  # the last one of what lies outside
    xp.add.at(counts, chosen(xp, (values >= edges[0]) & (values <= edges[-1]), places, bins), 1)
    return counts[:-1].astype(self.dtype)


def histc(input, bins=100, min=0, max=0):
    """How many elements lie in each of bins between min and max, or between the least and the greatest."""
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    array = input._array
    if min == max and array.size:
        min, max = float(array.min()), float(array.max())
    if min == max:
        min, max = min - 1, max + 1
    if not -inf < min < inf or not -inf < max < inf:
        raise RuntimeError(f"torch.histc: range of [{min}, {max}] is not finite")
    if min > max:
        raise RuntimeError("torch.histc: max must be larger than min")
    return counts_in_bins(input, bins=bins, min=min, max=max)


__all__ = ["corrcoef", "cov", "histc", "mode", "nanmedian", "nanquantile", "quantile"]
METHODS = __all__
