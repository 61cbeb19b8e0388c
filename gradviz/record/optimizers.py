"""What the recorder writes of optimizers: what they were given, when they step, what they keep."""

import weakref
from itertools import count

from gradviz.engine.switches import Observer
from gradviz.engine.tensor import Tensor
from gradviz.trace.events import STATE, Flag, Kind


class OptimizerRows(Observer):
    """The part of a recorder that hears optimizers; the recorder has the rows and the numbers of tensors."""

    def __init__(self):
        self._optimizers = {}  # id -> (its number, a weak reference that takes the entry away before the id comes back)
        self._optimizer = count(1).__next__

    def _number_of(self, optimizer):
        place = id(optimizer)
        if place not in self._optimizers:
            forget = self._optimizers.pop
            self._optimizers[place] = self._optimizer(), weakref.ref(optimizer, lambda _: forget(place, None))
        return self._optimizers[place][0]

    def optimized(self, optimizer, parameters):
        """An OPTIMIZED row for each of these tensors."""
        number = self._number_of(optimizer)
        name = type(optimizer).__name__
        ref, origin = self._numbers.text(("optimizer", name), {"name": name}), self._here()[0]
        for each in parameters:
            flags = int((Flag.REQUIRES_GRAD if each.requires_grad else 0) | Flag.LEAF)
            tensor = self._tensor(each)
            self._row(Kind.OPTIMIZED, flags, origin=origin, time=self._now(), tensor=tensor, a=number, ref=ref)

    def stepped(self, optimizer):
        """A STEPPED row."""
        self._row(Kind.STEPPED, origin=self._here()[0], time=self._now(), a=self._number_of(optimizer))

    def keeps(self, state):
        """A row for each tensor that is new in an optimizer's state."""
        for part in [each for each in state.values() if isinstance(each, Tensor)]:
            self._tensor(part, STATE)
