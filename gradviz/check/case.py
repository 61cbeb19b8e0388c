"""A trace with what several rules ask of it, each part worked out when the first of them does."""

from functools import cached_property

from gradviz.trace.events import Kind
from gradviz.trace.finite import Bad, not_finite
from gradviz.trace.graph import graphs
from gradviz.trace.ops import Ops
from gradviz.trace.trace import Trace
from gradviz.trace.usage import Usage


class Case:
    """One run, as the rules look at it."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    @cached_property
    def graphs(self) -> list:
        """The graphs that the script made."""
        return graphs(self.trace)

    @cached_property
    def usage(self) -> Usage:
        """Which bytes were alive when, and what for."""
        return Usage(self.trace)

    @cached_property
    def ops(self) -> Ops:
        """The forward ops."""
        return Ops(self.trace)

    @cached_property
    def not_finite(self) -> dict[int, Bad]:
        """The rows whose values are not finite."""
        return not_finite(self.trace)

    @cached_property
    def roots(self) -> frozenset[int]:
        """The ops that backward calls started from."""
        rows, steps = self.trace.rows, self.trace.of(Kind.BACKWARD)
        tensors = rows["tensor"][steps].tolist()
        return frozenset(self.trace.forwards.maker(*pair) for pair in zip(tensors, steps.tolist(), strict=True))

    @cached_property
    def _called_from(self) -> dict[int, int]:
        rows = self.trace.rows[self.trace.of(Kind.BACKWARD)]
        return dict(zip(rows["a"].tolist(), rows["origin"].tolist(), strict=True))

    def called_from(self, backward: int) -> int:
        """The origin (its number) of a backward call, 0 unknown."""
        return self._called_from.get(backward, 0)
