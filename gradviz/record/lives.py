"""The real end of buffers and nodes, told by the objects themselves through weak references.

A weak reference doesn't keep its object, and its callback runs when the object goes: nothing is inferred.
"""

from weakref import ref

from gradviz.engine.backend import owner


class KeyedRef(ref):
    """A weak reference that knows the running number of what it watches."""

    __slots__ = ("number", "place")


class Lives:
    """Running numbers for live objects; `ended(number)` is called at each one's real end."""

    def __init__(self, ended):
        self._watched = {}  # id -> KeyedRef; an entry goes with its object, before the id can come back
        self._made = 0
        forget = self._watched.pop

        def gone(watch):
            # forgotten before: the watcher is closed, and the object outlived it
            if forget(watch.place, None) is not None:
                ended(watch.number)

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
        return number, True

    def __contains__(self, thing):
        return id(thing) in self._watched

    def of_array(self, array):
        """The number of the buffer that an array's values are in, views included, and whether it is new."""
        return self.number(array if array.base is None else owner(array))

    def close(self):
        """Watches nothing any more."""
        self._watched.clear()
