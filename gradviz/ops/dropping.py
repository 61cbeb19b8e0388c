"""Dropout: of elements, of whole channels, and for selu. What is dropped is drawn as PyTorch draws it."""

from math import sqrt
from typing import NamedTuple

import numpy as np

from gradviz.engine import backend, random
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import pointwise
from gradviz.ops.changes import add_, mul_
from gradviz.ops.drawing import in_memory_order
from gradviz.ops.refusals import refuse_whole_result


def _refuse_probability(p):
    if p < 0.0 or p > 1.0:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p:g}")


class _Layout(NamedTuple):
    """How a tensor's elements lie: what is drawn for them depends on no more."""

    shape: tuple
    strides: tuple
    ndim: int


def _layout(input):
    return _Layout(input._array.shape, input._array.strides, input._array.ndim)


def _like(input, values):
    kind = input._array.dtype
    return _on(values, kind, backend.device_of(input._array))


def _on(values, kind, device):
    return Tensor(backend.moved(np.asarray(values, kind), device))


def _elements(layout, p):
    """Random booleans, one an element, in the order in which they lie in memory, as PyTorch draws them."""
    return in_memory_order(layout, lambda shape: np.asarray(random.bernoulli(shape, 1 - p)))


def _channels(layout, p):
    """Random booleans, one a channel."""
    if layout.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    return random.bernoulli((*layout.shape[:2], *(1,) * (layout.ndim - 2)), 1 - p)


def _scaled(input, draw, p, inplace=False):
    refuse_whole_result(input._array)
    layout, kind, device = _layout(input), input._array.dtype, backend.device_of(input._array)
    factor = random.drawn(lambda: _on(np.asarray(draw(layout, p)).astype(kind) / kind.type(1 - p), kind, device))
    return mul_(input, factor) if inplace else pointwise.mul(input, factor)


def _dropped(input, p, train, draw, inplace):
    _refuse_probability(p)
    if p == 0 or not train or not input._array.size:
        return input
    if p == 1:
        return mul_(input, _like(input, 0)) if inplace else pointwise.mul(input, _like(input, 0))
    return _scaled(input, draw, p, inplace)


def _like_selu(input, p, train, draw, inplace):
    """Dropped to selu's lowest value, then scaled and moved so that mean and variance stay: Klambauer et al. (2017)."""
    _refuse_probability(p)
    multiply, add = (mul_, add_) if inplace else (pointwise.mul, pointwise.add)
    if p == 0 or not train or not input._array.size:
        return input
    if p == 1:
        return multiply(input, _like(input, 0))
    refuse_whole_result(input._array)
    alpha = 1.7580993408473766
    kept = draw(_layout(input), p)
    scale = 1.0 / sqrt((alpha * alpha * p + 1) * (1 - p))
    kind = input._array.dtype.type
    moved = (kept.astype(kind) - kind(1)) * kind(alpha * scale) + kind(alpha * scale * p)
    return add(multiply(input, _like(input, kept.astype(kind) * kind(scale))), _like(input, moved))


def _form(name, dropped, draw, doc, inplace=False):
    def form(input, p, train):
        return dropped(input, p, train, draw, inplace)

    form.__name__ = form.__qualname__ = name + "_" * inplace
    form.__doc__ = doc + " In place." * inplace
    return composed(name)(form)


_FORMS = {
    "dropout": (
        _dropped, _elements, "In training each element is zero with probability p, the others grow by 1 / (1 - p).",
    ),
    "feature_dropout": (
        _dropped, _channels,
        "In training each channel of (N, C, ...) is zero with probability p, the others grow by 1 / (1 - p).",
    ),
    "alpha_dropout": (
        _like_selu, _elements,
        "dropout after selu: what is dropped takes selu's lowest value, and mean and variance stay.",
    ),
    "feature_alpha_dropout": (_like_selu, _channels, "alpha_dropout of whole channels."),
}  # fmt: skip
dropout, feature_dropout, alpha_dropout, feature_alpha_dropout = (_form(name, *how) for name, how in _FORMS.items())
dropout_, feature_dropout_, alpha_dropout_, feature_alpha_dropout_ = (
    _form(name, *how, inplace=True) for name, how in _FORMS.items()
)

__all__ = [f"{name}{end}" for name in _FORMS for end in ("", "_")]
METHODS = []
