"""The real end of buffers and nodes, told by the objects themselves through weak references.

A weak reference doesn't keep its object, and its callback runs when the object goes: nothing is inferred. `Lives` is
in C where the build had a compiler (compiled/lives.c, which does what the Python here does) and GRADVIZ_COMPILED is not
0. There is Scribe too then, which writes for the recorder what happens most; elsewhere it is None.
"""

import os
from time import perf_counter_ns
from weakref import ref

from gradviz.engine.backend import owner
from gradviz.trace.events import Kind


class KeyedRef(ref):
    """A weak reference that knows the running number of what it watches.

    given: of a buffer with a gradient on its way, the ref of its preview; 0: none. leaf: of a buffer that is some
    leaf's .grad, the number of the leaf; 0: of none.
    """

    __slots__ = ("number", "place", "given", "leaf")


class Lives:
    """Running numbers for live objects; a row of this kind is written at each one's real end."""

    def __init__(self, journal, kind, began):
        self._watched = {}  # id -> KeyedRef; an entry goes with its object, before the id can come back
        self._made = 0
        forget, end, of_buffer = self._watched.pop, journal.end, kind == Kind.FREED

        def gone(watch):
            # forgotten before: the watcher is closed, and the object outlived it
            if forget(watch.place, None) is not None:
                number = watch.number
                time = perf_counter_ns() - began
                end(kind, time, 0, number) if of_buffer else end(kind, time, number, 0)

        self._gone = gone

    def number(self, thing):
        """The object's number, and whether it is seen for the first time."""
        place = id(thing)
        found = self._watched.get(place)
        if found is not None:
            return found.number, False
        self._made = number = self._made + 1
        self._watched[place] = watch = KeyedRef(thing, self._gone)
        watch.number = number
        watch.place = place
        watch.given = watch.leaf = 0
        return number, True

    def __contains__(self, thing):
        return id(thing) in self._watched

    def of_array(self, array):
        """The number of the buffer that an array's values are in, views included, and whether it is new."""
        return self.number(array if array.base is None else owner(array))

    def watch(self, array):
        """What is known of the buffer that an array's values are in; None for one that has no number."""
        return self._watched.get(id(array if array.base is None else owner(array)))

    def close(self):
        """Watches nothing any more."""
        self._watched.clear()


try:
    if os.environ.get("GRADVIZ_COMPILED") == "0":
        raise ImportError
    from gradviz.record._record import Lives, Scribe  # noqa: F401, F811  the same in C
except ImportError:
    Scribe = None
