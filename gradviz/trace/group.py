"""Groups: what a tree of a graph's results is made of."""

import re
from collections.abc import Iterable, Iterator

CALLED = ("module", "function", "call")

Key = tuple


class Group:
    """Results that belong together.

    kind: 'graph', 'module', 'function', 'call' (of a composite function), 'loop', 'part' (of a long list), 'op' or
    'leaf'; the last two have results (numbers) and no children, the others the reverse
    name, last_name: what the first and the last of them are called; what: a module's class, an op's name
    times: how often it ran; file, first, last: its lines (0: unknown); label: of the call that is nothing but this op
    strong: whether a line of the script's tells its runs apart; key: equal for what may be laid upon each other
    """

    __slots__ = (
        "kind", "name", "last_name", "what", "key", "strong", "times", "numbers", "children", "file", "first", "last",
        "label", "parent", "depth", "_places",
    )  # fmt: skip

    def __init__(self, kind: str, name: str, what: str = "", key: Key | int = (), strong: bool = False):
        self.kind, self.name, self.last_name, self.what, self.key, self.strong = kind, name, name, what, key, strong
        self.times = 1
        self.numbers: list[int] = []
        self.children: list[Group] = []
        self.file, self.first, self.last, self.label = "", 0, 0, ""
        self.parent: Group | None = None
        self.depth = 0
        self._places: dict | None = None

    def absorb(self, other: "Group") -> None:
        """Lay another group of the same key upon this one."""
        waiting = [(self, other)]
        while waiting:
            mine, theirs = waiting.pop()
            mine.times += theirs.times
            mine.numbers += theirs.numbers
            mine.last_name = theirs.last_name
            mine.spread(theirs)
            if theirs.children:
                waiting += mine.lay(theirs.children)

    def lay(self, children: list["Group"]) -> list[tuple["Group", "Group"]]:
        """Take in those of the children that are new here; the others in pairs with what they are to be laid upon."""
        if self._places is None:
            self._places = dict(counted(self.children))
        known = []
        for place, child in counted(children):
            there = self._places.setdefault(place, child)
            if there is child:
                self.children.append(child)
            else:
                known.append((there, child))
        return known

    def spread(self, other: "Group") -> None:
        """Widen the lines by another's."""
        if not self.first:
            self.file, self.first, self.last = other.file, other.first, other.last
        elif other.first and other.file == self.file:
            self.first, self.last = min(self.first, other.first), max(self.last, other.last)

    def all(self) -> Iterator["Group"]:
        """This group and every one in it, each before its children."""
        waiting = [self]
        while waiting:
            group = waiting.pop()
            yield group
            waiting += reversed(group.children)

    def results(self) -> list[int]:
        """The numbers of all results in it, ascending."""
        return sorted(number for group in self.all() for number in group.numbers)


def counted(groups: Iterable[Group]) -> Iterator[tuple[tuple, Group]]:
    """Each with its place: its key, and the how manieth of that key it is."""
    seen: dict = {}
    for group in groups:
        nth = seen[group.key] = seen.get(group.key, 0) + 1
        yield (group.key, nth), group


def general(name: str) -> str:
    """`layers.#` for `layers.3`, `params[#]` for `params[3]`; `conv1` stays."""
    return re.sub(r"\b\d+\b", "#", name)
