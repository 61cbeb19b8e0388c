"""Whether a gradient is the slope of what forward computes: central differences in float64, along directions.

Source of the maths: <g, f(x + hv) - f(x - hv)> / 2h goes to <J^T g, v> as h does to 0, and J^T g is what backward hands
on. Two step sizes and both one-sided differences tell where f has no derivative: nothing is said there.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from math import isfinite, prod
from typing import NamedTuple

import numpy as np

from gradviz.trace.verified import AGREES, DELIBERATE, DIFFERS, UNKNOWN

STAND_IN = "forward is constant in steps: backward is a stand-in"
IDENTITY = "forward hands its input on: backward is its purpose"
SCALED = "scale_grad_by_freq divides each row's gradient by how often the row was picked"
NOT_FINITE = "not all values are finite"
NO_SLOPE = "forward has no derivative there"
SYMMETRIC, LOWER, UPPER = "symmetric", "lower", "upper"
FAR = 0.01  # a gradient that is so much off, of the larger of the two, is not rounding
ELEMENTS = 6  # single elements looked at where a direction doesn't tell, or disagrees
SEED = 20
SMALL = 4099  # elements that are drawn for a direction; a larger one repeats them

Arrays = Sequence[np.ndarray | None]


class Verdict(NamedTuple):
    """given: what backward handed on, numeric: what it should be; of one element at `place`, else along a direction.

    ratio: numeric / given where that is the same at each element looked at, else 0.
    """

    verdict: str
    why: str = ""
    given: float = 0.0
    numeric: float = 0.0
    place: tuple[int, ...] | None = None
    ratio: float = 0.0


class Slope(NamedTuple):
    """What was measured along one direction; told: whether there is a derivative; moved: whether outputs changed."""

    told: bool
    moved: bool
    given: float
    numeric: float
    tolerance: float
    place: tuple[int, ...] | None

    @property
    def off(self) -> bool:
        """Whether backward's gradient is another one for certain."""
        return self.told and abs(self.given - self.numeric) > self.tolerance


class Difference(NamedTuple):
    """Between outputs on both sides: its slope, how far the one-sided ones are apart, the norm of the change."""

    slope: float
    gap: float
    change: float


class Point:
    """A function at a point, with the gradient of a scalar behind it on both sides.

    f: float64 array -> its outputs, base: those of x; incoming: the gradient of each output, None for none; given:
    J^T incoming as backward has it, computed in a dtype. kind: "symmetric", "lower" or "upper" where
    x counts as such a matrix, so that it is moved along such directions alone.
    """

    def __init__(self, f: Callable[[np.ndarray], Arrays], x, base: Arrays, incoming: Arrays, given, dtype,
                 kind: str = ""):  # fmt: skip
        self._f, self._x, self._given, self._kind = f, x, given, kind
        pairs = [(g, np.asarray(out)) for g, out in zip(incoming, base, strict=True) if g is not None]
        self._incoming = [_wide(np.broadcast_to(g, out.shape)) for g, out in pairs]
        self._used = [at for at, g in enumerate(incoming) if g is not None]
        self._idle = [
            None if np.isfinite(out).all() else np.isinf(out) & (g == 0)
            for g, (_, out) in zip(self._incoming, pairs, strict=True)
        ]
        self._here = self._outputs(base)
        eps = eps_of(dtype)
        self._eps = max([eps_of(out.dtype) for _, out in pairs if out.dtype.kind == "f"], default=eps)
        self._step = self._eps ** (1 / 3)
        self._coarse = min(300 * max(eps, self._eps), 0.05)
        self._weight = _norm(self._incoming)
        self._lost = float(np.finfo(dtype).tiny)  # what is smaller has few digits, or is 0
        self._level = sum(float(np.abs(g * out).sum()) for g, out in zip(self._incoming, self._here, strict=True))

    def is_finite(self) -> bool:
        """Whether all values that take part are finite: an input's infinities don't move, nor do idle outputs count."""
        return all(np.isfinite(each).all() for each in (*self._incoming, *self._here, self._given))

    def is_identity(self) -> bool:
        """Whether the only output is the input, here and beside it."""
        moved = self._x + self._sizes
        return all(
            len(outs) == 1 and outs[0].shape == at.shape and np.array_equal(outs[0], at)
            for at, outs in ((self._x, self._here), (moved, self._outputs(self._f(moved))))
        )

    def is_stepped(self) -> bool:
        """Whether the outputs, which a small change left as they are, do depend on the input."""
        far = (self._outputs(self._f(self._x + reach * self._sizes)) for reach in (-3.0, -1.0, 1.0, 3.0))
        return any(not np.array_equal(*pair) for outs in far for pair in zip(self._here, outs, strict=True))

    def is_right(self) -> bool:
        """Whether the gradient agrees at first sight: along each direction, with one step size and no kink."""
        for direction in self._directions():
            near = self._difference(direction, self._step / 2)
            if near is None:
                return False
            given = float((self._given * direction).sum())
            tolerance, noise = self._tolerances(direction, near.change)
            allowed = FAR * max(abs(given), abs(near.slope)) + tolerance + noise
            if near.gap > noise + tolerance or abs(given - near.slope) > allowed:
                return False
        return True

    def along_directions(self) -> list[Slope]:
        """What two directions tell that move every element: with the gradient's signs, and at random."""
        return [self._slope(direction, None) for direction in self._directions()]

    def at_elements(self) -> Iterator[Slope]:
        """Single elements: where the gradient is largest, and some at random."""
        largest = np.argsort(-np.abs(self._given), axis=None, kind="stable")[: ELEMENTS // 2]
        others = np.random.RandomState(SEED).permutation(self._x.size)[:ELEMENTS]
        for flat in list(dict.fromkeys([*largest.tolist(), *others.tolist()]))[:ELEMENTS]:
            place = tuple(int(at) for at in np.unravel_index(flat, self._x.shape))
            direction = np.zeros_like(self._x)
            direction[place] = size = self._sizes[place]
            direction = self._fitting(direction)
            if direction.any():
                yield self._slope(direction, place, float(size))

    def _directions(self):
        signs, spread, normal = _draws(self._x.shape)
        aligned = np.where(self._given != 0, np.sign(self._given), signs)
        yield self._fitting(aligned * self._sizes * spread)
        yield self._fitting(normal * self._sizes)

    def _fitting(self, direction):
        """A direction as a matrix of x's kind."""
        if self._kind == SYMMETRIC:
            return (direction + direction.swapaxes(-1, -2)) / 2
        return {"": lambda it: it, LOWER: np.tril, UPPER: np.triu}[self._kind](direction)

    @cached_property
    def _sizes(self):
        """How far each element is moved for a step of 1: less where it is small, so that log's inputs stay positive."""
        if self._x.ndim == 0 and np.isfinite(self._x):  # what loops over numbers are made of
            large = abs(float(self._x))
            return np.array(min(large, large**0.5) or 1.0)
        finite = np.isfinite(self._x)
        large = np.abs(np.where(finite, self._x, 0.0))
        typical = min(float(large.mean()), 1.0) or 1.0
        sizes = np.where(large > 0, np.minimum(large, np.sqrt(large)), typical)
        return np.where(finite, sizes, 0.0)

    def _tolerances(self, direction, change):
        """(what a gradient of the given precision may be off, what differences of that precision may)."""
        length = _norm([direction])
        size = self._weight * change + _norm([self._given]) * length
        tolerance = self._coarse * (size + (0.1 * self._weight + self._lost) * length)
        return tolerance, 50 * self._eps * self._level / self._step

    def _slope(self, direction, place, unit=1.0):
        given = float((self._given * direction).sum()) / unit
        wide, near = (self._difference(direction, h) for h in (self._step, self._step / 2))
        if wide is None or near is None:
            return Slope(False, True, given, 0.0, 0.0, place)
        tolerance, noise = self._tolerances(direction, near.change)
        spread = abs(near.slope - wide.slope)
        allowed = (FAR * max(abs(given * unit), abs(near.slope)) + tolerance + noise) / abs(unit)
        kinked = near.gap > noise + tolerance and near.gap > 0.7 * wide.gap
        told = not kinked and spread <= noise + tolerance + FAR * abs(near.slope)
        return Slope(told, near.change > 0, given, near.slope / unit, allowed + 3 * spread / abs(unit), place)

    def _difference(self, direction, h):
        """What two evaluations tell; None: not finite."""
        ahead, behind = (self._outputs(self._f(self._x + way * direction)) for way in (h, -h))
        slope = gap = square = 0.0
        for g, before, here, after in zip(self._incoming, behind, self._here, ahead, strict=True):
            change = (after - before) / (2 * h)
            slope += float((g * change).sum())
            gap += float(np.abs(g * (after - 2 * here + before)).sum()) / h
            square += float((change * change).sum())
        return Difference(slope, gap, square**0.5) if isfinite(square) and isfinite(gap) else None

    def _outputs(self, arrays):
        """Those that have a gradient; 0 in place of infinities that get none, such as a mask's."""
        found = [_wide(arrays[at]) for at in self._used]
        for k, idle in enumerate(self._idle):
            if idle is not None:
                found[k] = np.where(idle, 0.0, found[k])
        return found


def _draws(shape):
    """Random (signs, sizes, normal numbers), the same ones each time."""
    size = prod(shape)
    return tuple(np.resize(each, shape) if size > SMALL else each[:size].reshape(shape) for each in _drawn())


@lru_cache
def _drawn():
    draws = np.random.RandomState(SEED)
    return np.where(draws.rand(SMALL) < 0.5, -1.0, 1.0), draws.uniform(0.5, 1.5, SMALL), draws.normal(size=SMALL)


def compared(point: Point, own: bool) -> Verdict:
    """What central differences say of a gradient; own: it is a user's Function's, where some mean not to be a slope."""
    if not point.is_finite():
        return Verdict(UNKNOWN, NOT_FINITE)
    if point.is_right():
        return Verdict(AGREES)
    along = point.along_directions()
    told = [slope for slope in along if slope.told]
    if told and not any(slope.off for slope in told):
        return Verdict(AGREES)
    single = [slope for slope in point.at_elements() if slope.told]
    off = [slope for slope in single if slope.off]
    if not off:
        off = [slope for slope in told if slope.off]
    if not off:
        return Verdict(AGREES) if single else Verdict(UNKNOWN, NO_SLOPE)
    if own and point.is_identity():
        return Verdict(DELIBERATE, IDENTITY)
    if own and not any(slope.moved for slope in (*along, *single)) and point.is_stepped():
        return Verdict(DELIBERATE, STAND_IN)
    worst = max(off, key=lambda slope: abs(slope.given - slope.numeric))
    return Verdict(DIFFERS, "", worst.given, worst.numeric, worst.place, _ratio(single or off))


def _ratio(slopes):
    """The one factor between the numbers of all slopes, 0 where there is none."""
    known = [slope for slope in slopes if max(abs(slope.given), abs(slope.numeric)) > slope.tolerance]
    if not known or any(slope.given == 0 or slope.numeric == 0 for slope in known):
        return 0.0
    ratios = [slope.numeric / slope.given for slope in known]
    return ratios[0] if all(abs(each - ratios[0]) <= FAR * abs(ratios[0]) for each in ratios) else 0.0


def _norm(arrays):
    return sum(float((each * each).sum()) for each in arrays) ** 0.5


def _wide(array):
    return np.asarray(array, np.float64)


@lru_cache
def eps_of(dtype):
    """The precision of a floating dtype."""
    return float(np.finfo(dtype).eps)
