"""Rows: a work, done by one of ours and by a peer in two processes, round by round in turn."""

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from math import ceil
from statistics import median
from typing import NamedTuple

from bench.catalogue import GRADVIZ, NUMPY, PEERS, PYTORCH, RECORDED, STATIC, WORKS, Work
from bench.sides import Side, Silent

SAMPLE = 0.03  # seconds: a shorter work is repeated up to about this length, then divided
LONGEST = 20.0  # seconds that one row may take, about: slow peers get fewer rounds
TOLERANCE = 1e-3  # float32: a peer may add up in another order, and goes on training from there


class Row(NamedTuple):
    """Ours beside a peer. seconds: one pair a round; note: why there are none."""

    work: Work
    ours: str
    peer: str
    aim: float | None
    seconds: tuple[tuple[float, float], ...] = ()
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The median of the rounds' ratios: below 1, ours is faster."""
        return median(mine / theirs for mine, theirs in self.seconds) if self.seconds else None

    @property
    def best(self) -> float | None:
        """Our shortest round over the peer's shortest."""
        return (
            min(mine for mine, _ in self.seconds) / min(theirs for _, theirs in self.seconds) if self.seconds else None
        )

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None without an aim or a ratio."""
        return None if self.aim is None or self.ratio is None else self.ratio <= self.aim


def rows(rounds: int, threads: int, works: Sequence[str] = (), peers: Sequence[str] = ()) -> Iterator[Row]:
    """Each row, as soon as it is measured; a work or peer that is not named is left out, where any is named."""
    for work in WORKS:
        if works and work.name not in works:
            continue
        for ours, peer in pairs(work):
            if not peers or peer in peers:
                yield measured(work, ours, peer, rounds, threads)


def pairs(work: Work) -> list[tuple[str, str]]:
    """Who is compared at a work: PyTorch first, then static beside dynamic, then NumPy, then the others."""
    order = [(GRADVIZ, PYTORCH), (RECORDED, PYTORCH), (STATIC, GRADVIZ), (GRADVIZ, NUMPY)]
    order += [(GRADVIZ, peer) for peer in PEERS]
    return [pair for pair in order if pair in work.aims]


def measured(work: Work, ours: str, peer: str, rounds: int, threads: int) -> Row:
    """A row, timed once both sides gave the same results; the peer goes first, as it may not be able to."""
    row = Row(work, ours, peer, work.aims.get((ours, peer)))
    with ExitStack() as open_sides:
        sides, results = {}, {}
        for name in (peer, ours):
            sides[name] = open_sides.enter_context(closing(Side(name, work.name, threads)))
            try:
                results[name] = sides[name].results()
            except Silent as why:
                return row._replace(note=str(why) if name == peer else f"{name}: {why}")
        note = difference(ours, results[ours], peer, results[peer])
        return row._replace(note=note) if note else row._replace(seconds=in_turn((sides[ours], sides[peer]), rounds))


def difference(ours: str, mine: Sequence[float], peer: str, theirs: Sequence[float]) -> str:
    """Where two sides' results differ; '' where they agree."""
    for one, other in zip(mine, theirs, strict=True):
        if not math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE / 10):
            return f"not timed: {ours} computes {one:.6g} where {peer} computes {other:.6g}"
    return ""


def in_turn(sides: Sequence[Side], rounds: int) -> tuple[tuple[float, float], ...]:
    """Seconds of both sides, round by round; who begins a round changes, so that none always runs after the other."""
    first = [side.sample(1) for side in sides]  # also their warm-up
    repeats = [max(1, ceil(SAMPLE / each)) for each in first]
    rounds = min(rounds, max(1, int(LONGEST / sum(each * n for each, n in zip(first, repeats, strict=True)))))
    pairs = []
    for turn in range(rounds):
        order = (0, 1) if turn % 2 == 0 else (1, 0)
        took = {k: sides[k].sample(repeats[k]) for k in order}
        pairs.append((took[0], took[1]))
    return tuple(pairs)
