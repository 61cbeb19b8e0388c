"""Times contenders side by side.

Every round runs each contender once, so that a drift of the machine's speed meets all of them; what is
compared is their medians. Python's garbage collector stays on, as it is in any script.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from math import ceil
from statistics import median
from time import perf_counter
from typing import NamedTuple

SAMPLE = 0.005  # seconds: a shorter work is repeated up to about this length, then divided


class Contender(NamedTuple):
    """One side of a comparison.

    run: does the work once. around: makes a context that each sample runs in; entering and leaving it
    is not timed. against: the names of the contenders that it is compared with.
    """

    name: str
    run: Callable[[], object]
    around: Callable[[], AbstractContextManager] = nullcontext
    against: Sequence[str] = ()


class Timing(NamedTuple):
    """How long a contender took: seconds of one work, one number a round."""

    name: str
    seconds: tuple[float, ...]
    against: Sequence[str] = ()

    @property
    def median(self) -> float:
        """Seconds of the middle round."""
        return median(self.seconds)


class Comparison(NamedTuple):
    """Contenders at one work. ops: forward ops in it, 0 where an op is not its unit. notes: what to know."""

    work: str
    ops: int
    timings: tuple[Timing, ...]
    notes: Sequence[str] = ()


def interleaved(contenders: Sequence[Contender], rounds: int) -> tuple[Timing, ...]:
    """Time the contenders, round by round; each is run before, to warm up and to see how long it takes."""
    repeats = {}
    for each in contenders:
        with each.around():
            _seconds(each.run, 1)
            repeats[each.name] = max(1, ceil(SAMPLE / _seconds(each.run, 1)))
    seconds: dict[str, list[float]] = {each.name: [] for each in contenders}
    for turn in range(rounds):
        for each in _rotated(contenders, turn):
            with each.around():
                seconds[each.name].append(_seconds(each.run, repeats[each.name]))
    return tuple(Timing(each.name, tuple(seconds[each.name]), each.against) for each in contenders)


def _seconds(run: Callable[[], object], repeats: int) -> float:
    began = perf_counter()
    for _ in range(repeats):
        run()
    return (perf_counter() - began) / repeats


def _rotated(contenders: Sequence[Contender], turn: int) -> Sequence[Contender]:
    """The next to begin begins: none always runs with what another one left in the caches."""
    start = turn % len(contenders)
    return [*contenders[start:], *contenders[:start]]
