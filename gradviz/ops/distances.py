"""Distances between points, and products of vectors in three dimensions."""

import warnings
from math import inf

import numpy as np

from gradviz.engine import coerce
from gradviz.engine.catalogue import raw
from gradviz.engine.dtypes import in_cpp, title
from gradviz.engine.op import op, vjp
from gradviz.ops import composite, matmul, pointwise, reduction
from gradviz.ops.choosing import chosen
from gradviz.ops.norms import _norm_gradient
from gradviz.ops.refusals import refuse_half, refuse_kinds, refuse_mixed

# -- distances ---------------------------------------------------------------------------------------


def _apart(xp, x1, x2):
    return x1[..., :, None, :] - x2[..., None, :, :]


def _distances(xp, x1, x2, p):
    sizes = xp.abs(_apart(xp, x1, x2))
    if p == inf:
        return sizes.max(axis=-1) if sizes.shape[-1] else sizes.sum(axis=-1)
    if p == 0:
        return (sizes != 0).sum(axis=-1).astype(x1.dtype)
    if p == 1:
        return sizes.sum(axis=-1)
    return xp.sqrt((sizes * sizes).sum(axis=-1)) if p == 2 else (sizes**p).sum(axis=-1) ** (1 / p)


_MANY = 25  # points: with more, PyTorch takes Euclid's distances from a matrix product, and so do we


def _by_product(xp, x1, x2):
    """Euclid's distances: |x1|^2 + |x2|^2 - 2 x1 x2, under the root."""
    if x1.dtype != x2.dtype:
        kinds = f"{in_cpp(x1.dtype)} != {in_cpp(x2.dtype)}"
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {kinds}")
    squares = [(each * each).sum(axis=-1) for each in (x1, x2)]
    found = x1 @ xp.swapaxes(x2, -1, -2)
    found *= -2
    found += squares[0][..., :, None]
    found += squares[1][..., None, :]
    return xp.sqrt(xp.maximum(found, found.dtype.type(0)))


def _pull_by_product(xp, grad, x1, x2, known, which):
    """The gradient of Euclid's distances for one of the two sets of points."""
    zero = known == 0
    pull = chosen(xp, zero, 0.0, grad / chosen(xp, zero, known.dtype.type(1), known))
    if which == "x2":
        pull, x1, x2 = xp.swapaxes(pull, -1, -2), x2, x1
    return pull.sum(axis=-1)[..., None] * x1 - pull @ x2


def _pulled(ops, grad, x1, x2, p, result):
    """How each pair's distance pulls at its points, (..., P, R, M)."""
    last = len(x1.shape) - 1
    apart = ops.unsqueeze(x1, dim=last) - ops.unsqueeze(x2, dim=last - 1)
    dims = (len(apart.shape) - 1,)
    return _norm_gradient(ops, grad, apart, result, p, dims, False)


def _pull_on(which):
    def gradient(ops, grad, x1, x2, p, result):
        return ops.distances_backward(grad, x1, x2, result, p=p, which=which)

    return gradient


@op(
    title="cdist",
    grad_fn="CdistBackward0",
    x1=vjp("(x1 - x2) / result (outer product, summed over x2) where p is 2, else by p", _pull_on("x1")),
    x2=vjp("(x2 - x1) / result (outer product, summed over x1) where p is 2, else by p", _pull_on("x2")),
)
def distances(xp, x1, x2, *, p):
    """The distance of each row of x1 from each row of x2, (..., P, M) and (..., R, M) to (..., P, R)."""
    if not x1.size or not x2.size:
        return _distances(xp, x1, x2, p).astype(x1.dtype, copy=False)
    if p == 2 and max(x1.shape[-2], x2.shape[-2]) > _MANY:
        return _by_product(xp, x1, x2)
    refuse_half("cdist", x1)
    refuse_mixed(x1, x2)
    return _distances(xp, x1, x2, p)


def _no_second(grad):
    raise NotImplementedError("the derivative for '_cdist_backward' is not implemented.")


@op(
    grad_fn="NotImplemented",
    **{name: vjp("none, as in PyTorch", _no_second) for name in ("self", "x1", "x2")},
)
def distances_backward(xp, self, x1, x2, known, *, p, which):
    """The gradient of the distances for one of the two sets of points."""
    if p == 2 and max(x1.shape[-2], x2.shape[-2]) > _MANY:
        return _pull_by_product(xp, self, x1, x2, known, which)
    last = x1.ndim - 1
    pulled = _pulled(raw(self), self, x1, x2, p, known)
    return pulled.sum(axis=last) if which == "x1" else -pulled.sum(axis=last - 1)


def cdist(x1, x2, p=2.0):
    """The distance of order p of each row of x1 from each row of x2."""
    for name, each in (("X1", x1), ("X2", x2)):
        if each._array.dtype.kind != "f":
            raise RuntimeError(f"cdist only supports floating-point dtypes, {name} got: {title(each._array.dtype)}")
        if each._array.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {each._array.ndim}D")
    if x1._array.shape[-1] != x2._array.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1._array.shape[-1]} X2: {x2._array.shape[-1]}"
        )
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    shapes = [each._array.shape[:-2] for each in (x1, x2)]
    if (complaint := coerce.broadcast_complaint(*shapes)) is not None:
        raise RuntimeError(complaint)
    batch = np.broadcast_shapes(*shapes)
    given = (each if each._array.shape[:-2] == batch else composite.expand(each, *batch, -1, -1) for each in (x1, x2))
    return distances(*given, p=float(p))


@op(
    title="dist",
    grad_fn="DistBackward0",
    self=vjp(
        "(self - other) / result where p is 2, else by p",
        lambda ops, grad, self, other, p, result: _norm_gradient(ops, grad, self - other, result, p, None, False),
    ),
    other=vjp(
        "(other - self) / result where p is 2, else by p",
        lambda ops, grad, self, other, p, result: -_norm_gradient(ops, grad, self - other, result, p, None, False),
    ),
    dtype="promote",
)
def distance(xp, self, other, *, p):
    """The norm of the difference of two tensors."""
    if self.dtype.kind != "f":
        raise RuntimeError(f"norm(): input dtype should be either floating point or complex. Got {title(self.dtype)} instead.")  # noqa: E501
    return _distances(xp, (self - other).reshape(1, -1), xp.zeros((1, 1), self.dtype), p)[0, 0]


def dist(input, other, p=2):
    """The norm of order p of the difference of two tensors."""
    if "b" in (input._array.dtype.kind, other._array.dtype.kind):
        coerce.refuse_bools(input._array, other._array)
    return distance(input, other, p=p)


# -- three dimensions --------------------------------------------------------------------------------


@op(
    self=vjp("other (crossed with grad: outer product)", lambda ops, grad, other, dim: ops.linalg_cross(other, grad, dim=dim)),  # noqa: E501
    other=vjp("self (crossed with grad: outer product)", lambda ops, grad, self, dim: ops.linalg_cross(grad, self, dim=dim)),  # noqa: E501
    dtype="same",
    title="linalg.cross",
)
def linalg_cross(xp, self, other, *, dim):
    """The cross product of vectors of three elements along a dimension."""
    refuse_kinds("cross", self, "b")
    a, b = (xp.moveaxis(each, dim, 0) for each in xp.broadcast_arrays(self, other))
    out = xp.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])
    return xp.ascontiguousarray(xp.moveaxis(out, 0, dim))


def crossed(input, other, *, dim=-1):
    """The cross product of vectors of three elements along `dim`."""
    one, two = input._array.shape, other._array.shape
    if len(one) != len(two):
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    composite.wrapped(dim, len(one))
    if one[dim] != 3 or two[dim] != 3:
        raise RuntimeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got {one[dim]} and {two[dim]}")
    return linalg_cross(input, other, dim=dim)


def cross(input, other, dim=None):
    """The cross product along `dim`, or along the first dimension of size 3."""
    if dim is None:
        warnings.warn(
            "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass the dim explicitly or "
            "simply use torch.linalg.cross.\nThe default value of dim will change to agree with that of linalg.cross "
            "in a future release.",
            stacklevel=3,
        )
        dim = next((d for d, n in enumerate(input._array.shape) if n == 3), None)
        if dim is None:
            raise RuntimeError("no dimension of size 3 in input")
    return crossed(input, other, dim=dim)


def vecdot(x, y, *, dim=-1):
    """The inner product of vectors along `dim`."""
    own, other = x._array.dtype, y._array.dtype
    if own.kind != "f":
        raise RuntimeError(f"linalg.vecdot: Expected a floating point or complex tensor as input. Got {title(own)}")
    if own != other:
        raise RuntimeError(
            f"linalg.vecdot: Expected x and y to have the same dtype, but found x of type {title(own)} and y of type "
            f"{title(other)} instead"
        )
    if x._array.ndim == y._array.ndim == 1:
        return matmul.vdot(x, y)
    product = pointwise.mul(x, y)
    return reduction.sum_dim(product, dim=(composite.wrapped(dim, product._array.ndim),))


__all__ = ["cdist", "cross", "dist"]
METHODS = ["cross", "dist"]
