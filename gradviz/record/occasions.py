"""What the recorder writes of what happens seldom: what a rule of `check` or a view asks for later."""

from gradviz.record.optimizers import OptimizerRows
from gradviz.trace.events import Kind


class OccasionRows(OptimizerRows):
    """The part of a recorder that hears of occasions; the recorder has the rows and the numbers of tensors."""

    def refused(self, root):
        """A REFUSED row."""
        number = self._tensor(root)
        self._row(Kind.REFUSED, origin=self._here()[0], time=self._now(), tensor=number)

    def grad_read(self, tensor):
        """A GRAD_READ row."""
        number = self._tensor(tensor)
        self._row(Kind.GRAD_READ, origin=self._here()[0], time=self._now(), tensor=number)

    def replayed(self, nodes, run):
        """A REPLAYED row: a static graph ran again."""
        self._row(Kind.REPLAYED, 0, 0, self._here()[0], self._now(), 0, self._node_number(nodes[-1]), 0, run)

    def compared(self, place, told):
        """A NO_GRAD row: what the ops of the region at this (code, lasti) built with gradients on."""
        self._row(Kind.NO_GRAD, origin=self._places.origin(*place), ref=self._journal.text(told))
