"""Arrays that were spread out: summed back, laid out to be multiplied, and compared with what was recorded."""

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from gradviz.trace.preview import Preview

MOST_DIMS = 6  # up to which dims of 1 are put between others


def as_preview(values: np.ndarray, dtype: str = "") -> Preview:
    """An array that was worked out here, as what was recorded looks."""
    values = np.asarray(values) if not dtype else np.asarray(values).astype(dtype)
    return Preview(values.shape, values.dtype.name, True, 0, values, None)


def summed_to(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Undoes broadcasting: the sum over what was spread out."""
    extra = values.ndim - len(shape)
    dims = [*range(extra), *(extra + at for at, size in enumerate(shape) if size == 1 != values.shape[extra + at])]
    return np.add.reduce(values, axis=tuple(dims), keepdims=True).reshape(shape)


def summed(value: Preview, shape: tuple[int, ...]) -> Preview | None:
    """The same of what was recorded; None where the one shape is not spread out from the other."""
    try:
        return as_preview(summed_to(value.values, shape))
    except (ValueError, IndexError):
        return None


def same(found: np.ndarray, handed: Preview) -> bool:
    """Whether a product is, within rounding, the gradient that was recorded; it may be spread out to its shape."""
    recorded = handed.values.astype(np.float64)
    try:
        spread = np.broadcast_to(found, recorded.shape)
    except ValueError:
        return False
    coarse = {"float16": 2e-2, "float32": 2e-4}.get(handed.dtype, 1e-8)
    largest = float(np.abs(recorded[np.isfinite(recorded)]).max(initial=0))
    return bool(np.allclose(spread, recorded, rtol=coarse, atol=coarse * largest, equal_nan=True))


def layings(given: tuple[int, ...], wanted: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """The shapes in which what has one shape may be multiplied into another: as it is, reshaped, with dims of 1."""
    yield given
    if math.prod(given) == math.prod(wanted):
        yield wanted
    more = len(wanted) - len(given)
    for places in combinations(range(len(wanted)), max(more, 0)) if 0 < more < len(wanted) <= MOST_DIMS else ():
        sizes = iter(given)
        yield tuple(1 if place in places else next(sizes) for place in range(len(wanted)))
