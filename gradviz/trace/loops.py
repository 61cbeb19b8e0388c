"""Loops, found from what ran: places (a line's op, a call) that come again and again, with all that ran between."""

from itertools import pairwise

from gradviz.trace.group import Group

DEEPEST = 12  # loops in loops that are told apart


def rolled(items: list[Group]) -> list[Group]:
    """The items in order, with each stretch in which places come again as one group."""
    found, at = [], 0
    for start, stop in _stretches(items):
        found += items[at:start]
        found.append(_loop([items[start:stop]], 0))
        at = stop
    return found + items[at:] if found else items


def _stretches(items: list[Group]) -> list[tuple[int, int]]:
    """Where places come again: from the first time to the last, together with all that overlap."""
    where: dict = {}
    for at, item in enumerate(items):
        where.setdefault(item.key, []).append(at)
    spans: list[list[int]] = []
    for places in where.values():  # ascending by the first
        if len(places) == 1 or not (items[places[0]].strong or _regular(places)):
            continue
        if spans and places[0] < spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], places[-1] + 1)
        else:
            spans.append([places[0], places[-1] + 1])
    return [(start, stop) for start, stop in spans]


def _regular(places: list[int]) -> bool:
    """Whether what no line tells apart comes again as in a loop: next to itself, or three times at like distances."""
    gaps = [after - before for before, after in pairwise(places)]
    return max(gaps) <= (1 if len(gaps) == 1 else 2 * min(gaps))


def _loop(runs: list[list[Group]], depth: int) -> Group:
    """One group of what ran in one loop, once or several times: each pass begins where the first place comes again."""
    head = runs[0][0].key
    # of what a library's own code ran, no line tells where a pass begins
    loop = Group("loop", "", "", ("loop", head), runs[0][0].strong or runs[0][0].kind in ("function", "module"))
    passes = []
    for run in runs:
        starts = [at for at, item in enumerate(run) if item.key == head or not at]
        passes += [run[start:stop] for start, stop in pairwise([*starts, len(run)])]
    loop.times = len(passes)
    inner = _inner(passes) if depth < DEEPEST else {}
    again = set(inner) if len(set(inner.values())) == 1 else set()
    if again and all(item.key in again for turn in passes for item in turn[1:]):
        inner = {}  # as well one loop as two
    _lay_passes(loop, passes, inner, again if not inner else set(), depth)
    if len(loop.children) == 1:
        return loop.children[0]
    for child in loop.children:
        loop.spread(child)
    return loop


def _inner(passes: list[list[Group]]) -> dict:
    """{key: of which inner loop it is, named by a key of it}, for the places that come again in one pass of a loop."""
    inner: dict = {}

    def named(key):
        while inner.setdefault(key, key) != key:
            inner[key] = inner[inner[key]]
            key = inner[key]
        return key

    for turn in passes:
        for start, stop in _stretches(turn) if len(turn) > 2 else ():
            first = named(turn[start].key)
            for item in turn[start + 1 : stop]:
                inner[named(item.key)] = first
    return {key: named(key) for key in inner}


def _lay_passes(loop: Group, passes: list[list[Group]], inner: dict, again: set, depth: int) -> None:
    """Lay the passes of a loop upon each other; inner loops for themselves. again: keys to lay upon each other too."""
    places: dict = {}  # (key, the how manieth in its pass) -> the first of it
    within: dict = {}  # name of an inner loop -> what ran in it, run by run
    children: list = []
    for turn in passes:
        seen: dict = {}
        for item in turn:
            name = inner.get(item.key)
            if name is not None:
                if name not in within:
                    within[name] = []
                    children.append(name)
                if name not in seen:
                    seen[name] = []
                    within[name].append(seen[name])
                seen[name].append(item)
                continue
            nth = seen[item.key] = 0 if item.key in again else seen.get(item.key, 0) + 1
            there = places.setdefault((item.key, nth), item)
            if there is item:
                children.append(item)
            else:
                there.absorb(item)
    loop.children = [
        child if isinstance(child, Group) else _loop(within[child], depth + 1) for child in children
    ]
