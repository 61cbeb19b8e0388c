"""What the recorder writes of optimizers: what they were given, when they step, what they keep."""

from gradviz.engine.switches import Observer
from gradviz.engine.tensor import Tensor
from gradviz.record.lives import Lives
from gradviz.trace.events import STATE, Flag, Kind


class OptimizerRows(Observer):
    """The part of a recorder that hears optimizers; the recorder has the rows and the numbers of tensors."""

    def __init__(self):
        self._optimizers = Lives(lambda number: None)

    def optimized(self, optimizer, parameters):
        """An OPTIMIZED row for each of these tensors."""
        number, _ = self._optimizers.number(optimizer)
        name = type(optimizer).__name__
        ref, origin = self._numbers.text(("optimizer", name), {"name": name}), self._here()[0]
        for each in parameters:
            flags = int((Flag.REQUIRES_GRAD if each.requires_grad else 0) | Flag.LEAF)
            tensor = self._tensor(each)
            self._row(Kind.OPTIMIZED, flags, origin=origin, time=self._now(), tensor=tensor, a=number, ref=ref)

    def stepped(self, optimizer):
        """A STEPPED row."""
        number, _ = self._optimizers.number(optimizer)
        self._row(Kind.STEPPED, origin=self._here()[0], time=self._now(), a=number)

    def keeps(self, state):
        """A row for each tensor that is new in an optimizer's state."""
        for part in [each for each in state.values() if isinstance(each, Tensor)]:
            self._tensor(part, STATE)
