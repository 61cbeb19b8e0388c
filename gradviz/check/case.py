"""A trace with what several rules ask of it, each part worked out when the first of them does."""

from functools import cached_property

from gradviz.trace.events import Kind
from gradviz.trace.graph import graphs
from gradviz.trace.trace import Trace
from gradviz.trace.training import Training
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
    def training(self) -> Training:
        """The optimizers, and the leaves that moved."""
        return Training(self.trace)

    @cached_property
    def backwards(self) -> dict[int, int]:
        """{backward call: the origin (its number) that it was called from}."""
        rows = self.trace.rows[self.trace.of(Kind.BACKWARD)]
        return dict(zip(rows["a"].tolist(), rows["origin"].tolist(), strict=True))

    def at(self, step: int) -> int:
        """The origin (its number) of a row."""
        return int(self.trace.rows["origin"][step])

    def line(self, origin: int) -> str:
        """The line of the script at an origin, as it stands there; '' unknown."""
        told = self.trace.origin(origin)
        return told.text.strip().partition("\n")[0] if told is not None else ""
