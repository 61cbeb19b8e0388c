"""Upsampling and downsampling: each place of the output is a weighted sum of a few places of the input, dim by dim.

The places and weights of one dimension are worked out once; the gradient adds up by the same ones. Source: ATen's
UpSample.h, whose scales are taken over so that the same places come out.
"""

from inspect import Parameter, Signature

import numpy as np

from gradviz.engine.op import op, vjp
from gradviz.ops.picking import slices_added
from gradviz.ops.refusals import refuse_kinds

NEAREST, EXACT, LINEAR, CUBIC = "nearest", "nearest_exact", "linear", "cubic"


def _step(size, count, scale, align_corners):
    """How far the input moves for each place of the output."""
    if align_corners:
        return (size - 1) / (count - 1) if count > 1 else 0.0
    return 1 / scale if scale else size / count


def _near(xp, size, count, scale, exact):
    step = xp.float32(_step(size, count, scale, False))  # PyTorch's step is a float too
    places = xp.arange(count, dtype=xp.float32)
    found = ((places + xp.float32(0.5)) * step if exact else places * step).astype(xp.int64)
    return [(xp.minimum(found, size - 1), None)]


def _exactly(xp, size, count, scale, align_corners, kind):
    """Where each place of the output lies in the input, a fraction."""
    step = kind.type(_step(size, count, scale, align_corners))
    places = xp.arange(count).astype(kind)
    return places * step if align_corners else step * (places + kind.type(0.5)) - kind.type(0.5)


def _two(xp, size, count, scale, align_corners, kind):
    at = xp.maximum(_exactly(xp, size, count, scale, align_corners, kind), kind.type(0))
    first = xp.minimum(at.astype(xp.int64), size - 1)
    share = xp.minimum(xp.maximum(at - first.astype(kind), kind.type(0)), kind.type(1))
    return [(first, kind.type(1) - share), (xp.minimum(first + 1, size - 1), share)]


_BEND = -0.75  # of Keys' cubic convolution, as PyTorch has it


def _inner(x):
    return ((_BEND + 2) * x - (_BEND + 3)) * x * x + 1


def _outer(x):
    return ((_BEND * x - 5 * _BEND) * x + 8 * _BEND) * x - 4 * _BEND


def _four(xp, size, count, scale, align_corners, kind):
    at = _exactly(xp, size, count, scale, align_corners, kind)
    first = xp.floor(at)
    share = (at - first).astype(kind)
    first = first.astype(xp.int64)
    weights = (_outer(share + 1), _inner(share), _inner(1 - share), _outer(2 - share))
    return [
        (xp.minimum(xp.maximum(first + k - 1, 0), size - 1), each.astype(kind)) for k, each in enumerate(weights)
    ]


def _terms(xp, how, size, count, scale, align_corners, kind):
    """(places, weights) of one dimension, as many as add up; no weights where there is one."""
    if how in (NEAREST, EXACT):
        return _near(xp, size, count, scale, how == EXACT)
    return (_two if how == LINEAR else _four)(xp, size, count, scale, align_corners, kind)


def _widened(xp, array):
    """float16 in float32, in which the places and weights are exact enough."""
    return array.astype(xp.float32) if array.dtype == xp.float16 else array


def _beside(weights, ndim, axis):
    return weights.reshape(-1, *(1,) * (ndim - 1 - axis))


def _resampled(xp, array, axis, terms):
    total = 0
    for places, weights in terms:
        taken = xp.take(array, places, axis=axis)
        total = total + (taken if weights is None else taken * _beside(weights, array.ndim, axis))
    return total


def _resampled_bytes(xp, array, axis, terms):
    """Bytes, by weights of 16 bits as PyTorch has them, and rounded to bytes again after each dimension.

    The places and weights are NumPy's on any device: how many bits the weights get is up to the greatest.
    """
    places, weights = [each for each, _ in terms], [each for _, each in terms]
    for k in range(1, len(terms)):  # at the border places meet, and their weights are one
        met = places[k] == places[k - 1]
        weights[k] = weights[k] + np.where(met, weights[k - 1], 0)
        weights[k - 1] = np.where(met, 0, weights[k - 1])
    greatest, bits = max(float(each.max()) for each in weights), 0
    while bits < 22 and int(0.5 + greatest * (2 << bits)) < 1 << 15:
        bits += 1
    whole = [np.trunc(each * (1 << bits) + np.copysign(0.5, each)).astype(np.int32) for each in weights]
    found = [(xp.asarray(place), xp.asarray(weight)) for place, weight in zip(places, whole, strict=True)]
    total = _resampled(xp, array.astype(xp.int32), axis, found)
    return xp.clip((total + (1 << bits - 1)) >> bits, 0, 255).astype(xp.uint8)


def _added_back(xp, array, axis, size, terms):
    out = xp.zeros((*array.shape[:axis], size, *array.shape[axis + 1 :]), array.dtype)
    for places, weights in terms:
        given = array if weights is None else array * _beside(weights, array.ndim, axis)
        if not slices_added(xp, out, axis, places, given):
            xp.add.at(out, (*(slice(None),) * axis, places), given)
    return out


def _check(self, dims, output_size):
    names = "DHW"[-dims:]
    if self.ndim != dims + 2:
        raise RuntimeError(
            f"It is expected input_size equals to {dims + 2}, but got size {self.ndim}"
        )
    if min(*self.shape[2:], *output_size) <= 0:
        shown = (
            ", ".join(f"{name}: {size}" for name, size in zip(names, sizes, strict=True))
            for sizes in (self.shape[2:], output_size)
        )
        joint = "and " if dims == 1 else ""
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input ({next(shown)}) "
            f"{joint}output ({next(shown)})"
        )
    if not self.shape[1]:
        raise RuntimeError(
            f"Non-empty {self.ndim}D data tensor expected but got a tensor with sizes {list(self.shape)}"
        )


def _refuse_kinds(how, dims, self):
    """No kernel but for floats, and for bytes where PyTorch has one."""
    word = "nearest" if how in (NEAREST, EXACT) else how
    kernel = f"compute_indices_weights_{word}"
    if dims == 2 and how != CUBIC:
        kernel = f"upsample_{'bilinear' if how == LINEAR else word}2d_channels_last"
    refuse_kinds(kernel, self, "biu" if how == LINEAR and dims != 2 or self.dtype.itemsize > 1 else "bi")


def _signed(function, positional, keywords):
    """Gives a function, written for any number of dimensions, the parameters by which an op knows it."""
    kinds = [(positional, Parameter.POSITIONAL_OR_KEYWORD), (keywords, Parameter.KEYWORD_ONLY)]
    function.__signature__ = Signature([Parameter(name, kind) for names, kind in kinds for name in names])
    return function


def _resampling(how, dims):
    """The op that resamples so many dimensions, and the op that its backward runs."""
    op_name = f"upsample_{NAMES[how, dims]}{dims}d"
    scales = ("scales",) if dims == 1 else tuple(f"scales_{axis}" for axis in "dhw"[-dims:])
    aligned = ("align_corners",) if how in (LINEAR, CUBIC) else ()
    settings = ("output_size", *aligned, *scales)

    def terms(xp, sizes, kind, given):
        each = zip(sizes[2:], given["output_size"], (given[scale] for scale in scales), strict=True)
        for axis, (size, count, scale) in enumerate(each, start=2):
            yield axis, size, _terms(xp, how, size, count, scale, given.get("align_corners", False), kind)

    def forward(xp, self, **given):
        _check(self, dims, given["output_size"])
        _refuse_kinds(how, dims, self)
        if self.dtype == xp.uint8 and how in (LINEAR, CUBIC):
            for axis, _, found in reversed([*terms(np, self.shape, np.dtype(np.float64), given)]):
                self = _resampled_bytes(xp, self, axis, found)
            return self
        out = _widened(xp, self)
        for axis, _, found in terms(xp, self.shape, out.dtype, given):
            out = _resampled(xp, out, axis, found)
        return out.astype(self.dtype, copy=False)

    def backward(xp, self, *, sizes, **given):
        kind, out = self.dtype, _widened(xp, self)
        for axis, size, found in terms(xp, sizes, out.dtype, given):
            out = _added_back(xp, out, axis, size, found)
        return out.astype(kind, copy=False)

    def gradient(ops, grad, sizes, *given):
        return getattr(ops, f"{op_name}_backward")(
            grad, sizes=tuple(sizes), **dict(zip(settings, given, strict=True))
        )

    def again(ops, grad, *given):
        return getattr(ops, op_name)(grad, **dict(zip(settings, given, strict=True)))

    forward.__name__, backward.__name__ = op_name, f"{op_name}_backward"
    forward.__doc__ = f"{how.replace('_', ' ').capitalize()} resampling of {dims} dimensions."
    backward.__doc__ = f"The gradient of {op_name}: what each place gave, added up."
    word = "Upsample" + "".join(part.title() for part in NAMES[how, dims].split("_")) + f"{dims}D"
    op(
        grad_fn=f"{word}BackwardBackward0",
        self=vjp("1 (its share of each sum)", _signed(again, ("ops", "grad", *settings), ())),
    )(_signed(backward, ("xp", "self"), ("sizes", *settings)))
    return op(
        grad_fn=f"{word}Backward0",
        self=vjp("1 (added up by its share)", _signed(gradient, ("ops", "grad", "self_sym_sizes", *settings), ())),
        title="interpolate",
    )(_signed(forward, ("xp", "self"), settings))


NAMES = {
    **{(how, dims): how for how in (NEAREST, EXACT) for dims in (1, 2, 3)},
    (LINEAR, 1): "linear", (LINEAR, 2): "bilinear", (LINEAR, 3): "trilinear", (CUBIC, 2): "bicubic",
}  # fmt: skip
RESAMPLINGS = {each: _resampling(*each) for each in NAMES}
MODES = {
    "nearest": NEAREST, "nearest-exact": EXACT, "linear": LINEAR, "bilinear": LINEAR, "trilinear": LINEAR,
    "bicubic": CUBIC,
}  # fmt: skip
