"""What a script's variables reach: names for tensors, and who still holds what at the end."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from gradviz.record.insides import Inside, Place, class_of, insides, is_a, is_plain

MAX_NAME = 200  # a linked list must not cost the square of its length in names
MAX_ITEMS = 2_000_000  # of one container


class Found(NamedTuple):
    """One thing that a variable leads to. of_module: it is an attribute of a Module; place: as in `Inside`."""

    name: str
    value: object
    of_module: bool
    place: Place | tuple[str, str] | None


class Variables:
    """Iterates over everything that `wanted` accepts, the shortest paths first; then `cut` tells what was left out.

    Names read like code: w, losses[3], params["w"], model.0.weight, step.<closure>.cache. An object that is reached
    on several paths is found once for each variable or container that holds it.
    roots: what to start from; a Found's place is that of the root or of the frame on its path.
    within: what to look for in an object that was wanted, as (name, value) pairs. own: names of the modules whose
    classes are looked into. limit: how many objects are looked at in all. Keeps no reference once it has ended.
    """

    def __init__(
        self,
        roots: Iterable[Inside],
        wanted: Callable[[object], bool],
        is_module: Callable[[object], bool] = lambda value: False,
        within: Callable[[object], Iterable[tuple[str, object]]] = lambda value: (),
        own: frozenset[str] = frozenset(),
        limit: int = 200_000,
    ):
        self._roots, self._wanted, self._is_module, self._within = roots, wanted, is_module, within
        self._own, self._left = own, limit
        self._pending: deque[Found] = deque()
        self._seen: set[int] = set()
        self.cut = 0  # how many objects, or more, were not looked at

    def __iter__(self) -> Iterator[Found]:
        self._add(self._roots, False, None)
        self._roots = ()
        while self._pending:
            found = self._pending.popleft()
            if self._wanted(found.value):
                yield found
                more = (Inside(f"{found.name}.{name}", value) for name, value in self._within(found.value))
                self._add(more, False, found.place)
            elif id(found.value) not in self._seen:  # by identity: equality may be the script's own code
                self._seen.add(id(found.value))
                self._look_into(found)
        self._seen.clear()

    def _look_into(self, found):
        name, value, _, place = found
        inside = self._is_module(value)
        of_class = class_of(value, self._own)
        if of_class is not None and id(of_class.value) not in self._seen:
            self._add([of_class], False, place)
        if of_class is not None or not is_a(value, type):
            self._add(insides(name, value, inside), inside, place)

    def _add(self, inside: Iterable[Inside], of_module: bool, place) -> None:
        reading = iter(inside)
        for path, value, own_place in islice(reading, MAX_ITEMS):
            if is_plain(value):
                continue
            if self._left <= 0:
                self.cut += 1
                continue
            self._left -= 1
            path = path if len(path) <= MAX_NAME else path[:MAX_NAME] + "…"
            self._pending.append(Found(path, value, of_module, own_place or place))
        self.cut += next(reading, None) is not None
