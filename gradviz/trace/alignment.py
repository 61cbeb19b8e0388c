"""Which elements of two sequences correspond: a longest common subsequence, as `diff` finds it.

E. W. Myers, An O(ND) Difference Algorithm and Its Variations (1986): quick where little differs, and bounded where
much does.
"""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

PATIENCE = 1_500_000  # steps, a second or two; sequences that need more are compared as far as these lead
_AT_LEAST = 10_000  # steps for what lies between two pairs


class Alignment(NamedTuple):
    """Places that correspond, ascending; and how many of either side were not looked at."""

    pairs: list[tuple[int, int]]
    unseen: tuple[int, int]


def align(left: Sequence[Hashable], right: Sequence[Hashable], patience: int = PATIENCE) -> Alignment:
    """Pair equal elements in order, as many as possible; when patience ends, those up to there."""
    known: dict[Hashable, int] = {}
    one, other = ([known.setdefault(each, len(known)) for each in side] for side in (left, right))
    start, most = 0, min(len(one), len(other))
    while start < most and one[start] == other[start]:
        start += 1
    end = 0
    while end < most - start and one[-1 - end] == other[-1 - end]:
        end += 1
    inner = one[start : len(one) - end], other[start : len(other) - end]
    middle, unseen = _middle(*inner, patience)
    pairs = [(at, at) for at in range(start)]
    pairs += [(start + here, start + there) for here, there in middle]
    pairs += [(len(one) - left_over, len(other) - left_over) for left_over in range(end, 0, -1)]
    return Alignment(pairs, unseen)


def align_twice(
    strict: tuple[Sequence[Hashable], Sequence[Hashable]],
    loose: tuple[Sequence[Hashable], Sequence[Hashable]],
    patience: int = PATIENCE,
) -> Alignment:
    """Pair what is equal by the strict keys, then what lies between by the loose ones.

    strict, loose: the keys of both sides
    """
    pairs: list[tuple[int, int]] = []
    unseen = [0, 0]
    here = there = 0
    whole = len(loose[0]) + len(loose[1])
    anchors = align(*strict, patience).pairs
    for left, right in [*anchors, (len(loose[0]), len(loose[1]))]:
        if left > here and right > there:
            share = max(patience * (left - here + right - there) // whole, _AT_LEAST)
            between = align(loose[0][here:left], loose[1][there:right], share)
            pairs += [(here + at, there + to) for at, to in between.pairs]
            unseen = [count + more for count, more in zip(unseen, between.unseen, strict=True)]
        pairs.append((left, right))
        here, there = left + 1, right + 1
    return Alignment(pairs[:-1], (unseen[0], unseen[1]))


def _middle(one, other, patience):
    """(pairs, unseen) of two sequences that differ at both ends."""
    if not one or not other:
        return [], (0, 0)
    reached = {1: 0}  # diagonal (place in one - place in other) -> the furthest place in one
    history = []
    for changes in range(len(one) + len(other) + 1):
        history.append(reached)
        reached, spent, done = _extended(reached, changes, one, other)
        patience -= spent
        if done or patience < 0:
            break
    ends = ((place, place - diagonal) for diagonal, place in reached.items())
    here, there = (len(one), len(other)) if done else max(ends, key=lambda end: (sum(end), min(end)))
    return _path(history, here, there), (len(one) - here, len(other) - there)


def _extended(reached, changes, one, other):
    """(the furthest places after one more change, the steps that took, whether both sequences are through)."""
    further, spent = {}, 0
    for diagonal in range(-changes, changes + 1, 2):
        down, across = reached.get(diagonal + 1, -1), reached.get(diagonal - 1, -1) + 1
        here = max(down, across if diagonal - 1 in reached else -1)
        there = here - diagonal
        if here > len(one) or there > len(other) or there < 0:
            continue
        start = here
        while here < len(one) and there < len(other) and one[here] == other[there]:
            here, there = here + 1, there + 1
        spent += 1 + here - start
        further[diagonal] = here
        if here == len(one) and there == len(other):
            return further, spent, True
    return further, spent, False


def _path(history, here, there):
    """The pairs on the way to a place, found by walking it back."""
    pairs = []
    for reached in reversed(history):
        diagonal = here - there
        down = reached.get(diagonal + 1, -1)
        across = reached[diagonal - 1] + 1 if diagonal - 1 in reached else -1
        start = max(down, across)
        while here > start:
            here, there = here - 1, there - 1
            pairs.append((here, there))
        if down >= across:
            there -= 1
        else:
            here -= 1
    return pairs[::-1]
