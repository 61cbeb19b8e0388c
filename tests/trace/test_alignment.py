"""Pairs of equal elements: as many as there can be, in order, and only so far as patience goes."""

from hypothesis import given
from hypothesis import strategies as st

from gradviz.trace.alignment import align, align_twice

WORDS = st.text("abcd", max_size=12)


def longest(one, other):
    """The length of a longest common subsequence, by the table that everybody knows."""
    row = [0] * (len(other) + 1)
    for element in one:
        above, row = row, [0]
        for place, each in enumerate(other):
            row.append(above[place] + 1 if element == each else max(row[-1], above[place + 1]))
    return row[-1]


def holds(pairs, one, other):
    """Whether pairs are of equal elements and rise on both sides."""
    rising = all(a < c and b < d for (a, b), (c, d) in zip(pairs, pairs[1:], strict=False))
    return rising and all(one[left] == other[right] for left, right in pairs)


@given(WORDS, WORDS)
def test_as_many_pairs_as_there_can_be(one, other):
    found = align(one, other)
    assert holds(found.pairs, one, other)
    assert (len(found.pairs), found.unseen) == (longest(one, other), (0, 0))


@given(WORDS, WORDS, st.integers(0, 20))
def test_without_patience_pairs_still_hold(one, other, patience):
    found = align(one, other, patience)
    assert holds(found.pairs, one, other)
    assert len(found.pairs) + min(found.unseen) <= min(len(one), len(other))


def test_long_sequences_that_differ_little():
    one = list(range(100_000))
    found = align(one, [*one[50:40_000], "new", *one[40_000:]])
    assert (len(found.pairs), found.unseen) == (99_950, (0, 0))


def test_what_has_nothing_in_common_is_given_up():
    found = align(range(20_000), range(20_000, 40_000), patience=50_000)
    assert found.pairs == []
    assert min(found.unseen) > 19_000


def test_the_loose_keys_pair_what_the_strict_ones_leave():
    strict = ["x1", "relu1", "y1"], ["x1", "relu2", "new", "y1"]
    loose = ["x", "relu", "y"], ["x", "relu", "new", "y"]
    assert align_twice(strict, loose).pairs == [(0, 0), (1, 1), (2, 3)]


@given(WORDS, WORDS)
def test_strict_pairs_stay(one, other):
    strict = tuple([(each, place % 2) for place, each in enumerate(word)] for word in (one, other))
    found = align_twice(strict, (one, other)).pairs
    assert holds(found, one, other)
    assert set(align(*strict).pairs) <= set(found)
