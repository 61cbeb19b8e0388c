"""The chain rule along paths: every way that a gradient took from one result to another, multiplied step by step."""

from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from gradviz.trace.chain import Chain, Local, Passed, Work
from gradviz.trace.spread import summed_to


class Step(NamedTuple):
    """One factor of a path. computed: the product so far, in the shape that the node computed it in; None: unknown."""

    work: Work
    passed: Passed
    local: Local
    computed: np.ndarray | None
    product: np.ndarray | None


class Paths(NamedTuple):
    """The paths between two results, at most so many of `count`; each is a chain of (Work, Passed)."""

    found: tuple[tuple[tuple[Work, Passed], ...], ...]
    count: int


def paths(chain: Chain, start: int, end: int, most: int) -> Paths:
    """The paths that gradients took from the result numbered `start` to the one numbered `end`."""
    edges, count = _reached(chain, start, end)
    useful = _leading_to(edges, end)
    found, waiting = [], [(start, ())]
    while waiting and len(found) < most:
        number, path = waiting.pop()
        if number == end:
            found.append(_listed(path))
            continue
        work, passed = edges.get(number, (None, ()))
        for each in reversed(passed):
            if each.target in useful:
                waiting.append((each.target, ((work, each), path)))
    return Paths(tuple(found), count)


def multiplied(chain: Chain, path) -> list[Step]:
    """The factors of one path, and the product after each; from where one is unknown, all are."""
    shown = chain.incoming(path[0][0])
    product = shown.values.astype(np.float64) if shown is not None and shown.whole else None
    steps = []
    for work, passed in path:
        local = chain.local(work, passed)
        computed = chain.applied(work, passed, local, product) if product is not None else None
        product = summed_to(computed, passed.shape) if computed is not None else None
        steps.append(Step(work, passed, local, computed, product))
    return steps


def _reached(chain, start, end):
    """({number: (Work, what it passed on)} from start on, how many paths end at `end`); inputs have smaller numbers."""
    ways, waiting, edges = {start: 1}, [-start], {}
    while waiting:
        number = -heappop(waiting)
        work = chain.work(number) if number != end else None
        if work is None:
            continue
        edges[number] = work, [each for each in work.passed if end <= each.target < number]
        for each in edges[number][1]:
            if each.target not in ways:
                heappush(waiting, -each.target)
            ways[each.target] = ways.get(each.target, 0) + ways[number]
    return edges, ways.get(end, 0)


def _leading_to(edges, end):
    """The numbers from which a path leads to `end`."""
    useful = {end}
    for number in sorted(edges):
        if any(each.target in useful for each in edges[number][1]):
            useful.add(number)
    return useful


def _listed(linked):
    """A path that was linked from its end as a tuple from its start."""
    found = []
    while linked:
        edge, linked = linked
        found.append(edge)
    return tuple(reversed(found))
