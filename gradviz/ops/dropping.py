"""Dropout: of elements, of whole channels, and for selu. What is dropped is drawn as PyTorch draws it."""

from math import sqrt
from typing import NamedTuple

import numpy as np

from gradviz.engine import backend, random
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import pointwise
from gradviz.ops.changes import mul_
from gradviz.ops.drawing import in_memory_order
from gradviz.ops.refusals import refuse_whole_result


def refuse_probability(p):
    """ValueError, in PyTorch's words, for a p that is no probability."""
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


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


@composed("dropout")
def dropout(input, p=0.5, training=True, inplace=False):
    """In training each element is zero with probability p, the others grow by 1 / (1 - p)."""
    refuse_probability(p)
    if p == 0 or not training or not input._array.size:
        return input
    if p == 1:
        return mul_(input, _like(input, 0)) if inplace else pointwise.mul(input, _like(input, 0))
    return _scaled(input, _elements, p, inplace)


@composed("feature_dropout")
def feature_dropout(input, p, training):
    """In training each channel of (N, C, ...) is zero with probability p, the others grow by 1 / (1 - p)."""
    refuse_probability(p)
    if p == 0 or not training or not input._array.size:
        return input
    if p == 1:
        return pointwise.mul(input, _like(input, 0))
    return _scaled(input, _channels, p)


def _like_selu(input, p, training, draw):
    """Dropped to selu's lowest value, then scaled and moved so that mean and variance stay: Klambauer et al. (2017)."""
    refuse_probability(p)
    if p == 0 or not training or not input._array.size:
        return input
    if p == 1:
        return pointwise.mul(input, _like(input, 0))
    refuse_whole_result(input._array)
    alpha = 1.7580993408473766
    kept = draw(_layout(input), p)
    scale = 1.0 / sqrt((alpha * alpha * p + 1) * (1 - p))
    kind = input._array.dtype.type
    moved = (kept.astype(kind) - kind(1)) * kind(alpha * scale) + kind(alpha * scale * p)
    return pointwise.add(pointwise.mul(input, _like(input, kept.astype(kind) * kind(scale))), _like(input, moved))


@composed("alpha_dropout")
def alpha_dropout(input, p=0.5, training=False):
    """dropout after selu: what is dropped takes selu's lowest value, and mean and variance stay."""
    return _like_selu(input, p, training, _elements)


@composed("feature_alpha_dropout")
def feature_alpha_dropout(input, p=0.5, training=False):
    """alpha_dropout of whole channels."""
    return _like_selu(input, p, training, _channels)


__all__ = ["alpha_dropout", "dropout", "feature_alpha_dropout", "feature_dropout"]
METHODS = []
