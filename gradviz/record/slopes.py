"""Whether a gradient is the slope of what forward computes: central differences in float64, along directions.

Source of the maths: <g, f(x + hv) - f(x - hv)> / 2h goes to <J^T g, v> as h does to 0, and J^T g is what backward hands
on. Two step sizes and both one-sided differences tell where f has no derivative: nothing is said there.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gradviz.trace.verified import AGREES, DELIBERATE, DIFFERS, UNKNOWN

STAND_IN = "forward is constant in steps: backward is a stand-in"
IDENTITY = "forward hands its input on: backward is its purpose"
NOT_FINITE = "not all values are finite"
NO_SLOPE = "forward has no derivative there"
FAR = 0.01  # a gradient that is so much off, of the larger of the two, is not rounding
ELEMENTS = 6  # single elements looked at where a direction doesn't tell, or disagrees
SEED = 20

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


class Point:
    """A function at a point, with the gradient of a scalar behind it on both sides.

    f: float64 array -> its outputs; incoming: the gradient of each output, None for none; given: J^T incoming as
    backward has it, computed in a dtype of precision eps.
    """

    def __init__(self, f: Callable[[np.ndarray], Arrays], x, incoming: Arrays, given, eps: float):
        self._f, self._x, self._given = f, x, given
        self._base = f(x)
        pairs = [(g, np.asarray(out)) for g, out in zip(incoming, self._base, strict=True) if g is not None]
        self._incoming = [np.broadcast_to(g, out.shape).astype(np.float64) for g, out in pairs]
        self._used = [at for at, g in enumerate(incoming) if g is not None]
        coarsest = max([np.finfo(out.dtype).eps for _, out in pairs if out.dtype.kind == "f"], default=eps)
        self._eps = float(coarsest)
        self._step = self._eps ** (1 / 3)
        self._coarse = min(300 * max(eps, self._eps), 0.05)
        self._weight = _norm(self._incoming)
        self._level = sum(float(np.abs(g * out).sum()) for g, (_, out) in zip(self._incoming, pairs, strict=True))

    def is_finite(self) -> bool:
        """Whether all values that take part are finite; an input may hold infinities, which then don't move."""
        return all(np.isfinite(each).all() for each in (*self._incoming, *self._outputs(self._base), self._given))

    def is_identity(self) -> bool:
        """Whether the only output is the input, here and beside it."""
        moved = self._x + self._sizes()
        return all(
            len(outs) == 1 and outs[0].shape == at.shape and np.array_equal(outs[0], at)
            for at, outs in ((self._x, self._outputs(self._base)), (moved, self._outputs(self._f(moved))))
        )

    def is_stepped(self) -> bool:
        """Whether the outputs, which a small change left as they are, do depend on the input."""
        before = self._outputs(self._base)
        far = (self._outputs(self._f(self._x + reach * self._sizes())) for reach in (-3.0, -1.0, 1.0, 3.0))
        return any(not np.array_equal(*pair) for outs in far for pair in zip(before, outs, strict=True))

    def along_directions(self) -> Iterator[Slope]:
        """Two directions that move every element: with the gradient's signs, and at random."""
        draws, sizes = np.random.RandomState(SEED), self._sizes()
        signs = np.where(draws.rand(*self._x.shape) < 0.5, -1.0, 1.0)
        aligned = np.where(self._given != 0, np.sign(self._given), signs)
        yield self._slope(aligned * sizes * draws.uniform(0.5, 1.5, self._x.shape), None)
        yield self._slope(draws.normal(size=self._x.shape) * sizes, None)

    def at_elements(self) -> Iterator[Slope]:
        """Single elements: where the gradient is largest, and some at random."""
        size, sizes = self._x.size, self._sizes()
        largest = np.argsort(-np.abs(self._given), axis=None, kind="stable")[: ELEMENTS // 2]
        others = np.random.RandomState(SEED).permutation(size)[:ELEMENTS]
        for flat in list(dict.fromkeys([*largest.tolist(), *others.tolist()]))[:ELEMENTS]:
            place = tuple(int(at) for at in np.unravel_index(flat, self._x.shape))
            direction = np.zeros_like(self._x)
            direction[place] = sizes[place]
            if direction[place]:
                yield self._slope(direction, place)

    def _sizes(self):
        """How far each element is moved for a step of 1: less where it is small, so that log's inputs stay positive."""
        large = np.abs(np.where(np.isfinite(self._x), self._x, 0.0))
        typical = min(float(large.mean()), 1.0) or 1.0
        sizes = np.where(large > 0, np.minimum(large, np.sqrt(large)), typical)
        return np.where(np.isfinite(self._x), sizes, 0.0)

    def _slope(self, direction, place):
        unit = float(direction[place]) if place is not None else 1.0
        given = float((self._given * direction).sum()) / unit
        wide, near = (self._difference(direction, h) for h in (self._step, self._step / 2))
        if wide is None or near is None:
            return Slope(False, True, given, 0.0, 0.0, place)
        slope, gap, change = near
        size = self._weight * change + _norm([self._given]) * _norm([direction])
        tolerance = self._coarse * (size + 0.1 * self._weight * _norm([direction]))
        noise = 50 * self._eps * self._level / self._step
        spread = abs(slope - wide[0])
        allowed = (FAR * max(abs(given * unit), abs(slope)) + tolerance + noise) / abs(unit)
        kinked = gap > noise + tolerance and gap > 0.7 * wide[1]
        told = not kinked and spread <= noise + tolerance + FAR * abs(slope)
        return Slope(told, change > 0, given, slope / unit, allowed + 3 * spread / abs(unit), place)

    def _difference(self, direction, h):
        """(slope, how far the two one-sided differences are apart, norm of the outputs' change); None: not finite."""
        ahead, behind = (self._outputs(self._f(self._x + way * direction)) for way in (h, -h))
        here = self._outputs(self._base)
        slope = gap = square = 0.0
        for g, before, middle, after in zip(self._incoming, behind, here, ahead, strict=True):
            if not (np.isfinite(before).all() and np.isfinite(after).all()):
                return None
            change = (after - before) / (2 * h)
            slope += float((g * change).sum())
            gap += float(np.abs(g * ((after - middle) - (middle - before))).sum()) / h
            square += float((change * change).sum())
        return slope, gap, np.sqrt(square)

    def _outputs(self, arrays):
        return [np.asarray(arrays[at]).astype(np.float64) for at in self._used]


def compared(point: Point, own: bool) -> Verdict:
    """What central differences say of a gradient; own: it is a user's Function's, where some mean not to be a slope."""
    if not point.is_finite():
        return Verdict(UNKNOWN, NOT_FINITE)
    along = list(point.along_directions())
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
    return float(np.sqrt(sum(float((each * each).sum()) for each in arrays)))
