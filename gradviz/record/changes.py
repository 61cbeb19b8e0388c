"""What the recorder writes of changes in place, and of what happens to a leaf's .grad.

In C where the build had a compiler: compiled/changes.c does what the Python here does.
"""

from gradviz.engine.switches import Observer
from gradviz.engine.versions import version_of
from gradviz.record.definitions import call_json
from gradviz.trace.events import Kind


class ChangeRows(Observer):
    """The part of a recorder that hears of changes; the recorder has the rows, and the numbers of tensors and nodes."""

    def mutated(self, tensor, op):
        """A MUTATED row: the values after an in-place change, and the new version."""
        flags, meta, buffer, value = self._value(tensor._array)
        call = self._change(op)
        if buffer:
            self._buffers.watch(tensor._array).given = 0
        origin, within = self._here()
        self._row(
            Kind.MUTATED, flags, within, origin, self._now(), 0, 0, self._tensor(tensor),
            version_of(tensor._array), 0, 0, meta, buffer, call, value,
        )  # fmt: skip

    def _change(self, op):
        """The number of the CALL row of changes in place by this op."""
        return self._numbers.call((op, None, 1, ()), call_json, op, "", {}, [], 1)

    def before_accumulation(self, leaf):
        """The ref of .grad as it was; 0 when there was none."""
        held = leaf._grad
        if held is None or not self._whole:
            return 0
        return self._journal.blob(self._encoded(held._array))

    def accumulated(self, call, node, leaf, before):
        """An ADDED row: a leaf's .grad before and after."""
        flags, meta, buffer, value = self._value(leaf._grad._array)
        number = self._node_number(node)
        tensor = self._tensor(leaf)
        if buffer:
            self._buffers.watch(leaf._grad._array).leaf = tensor
        self._row(Kind.ADDED, flags, 0, 0, self._now(), 0, number, tensor, call, 0, 0, meta, buffer, before, value)

    def assigned(self, tensor):
        """An ASSIGNED row: the script's own .grad, or none."""
        held = tensor._grad
        flags, meta, buffer, value = self._value(held._array) if held is not None else (0, 0, 0, 0)
        self._row(Kind.ASSIGNED, flags, 0, 0, self._now(), 0, 0, self._tensor(tensor), 0, 0, 0, meta, buffer, 0, value)
