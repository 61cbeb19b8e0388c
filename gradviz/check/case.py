"""A trace with what several rules ask of it, each part worked out when the first of them does."""

from functools import cached_property

from gradviz.trace.graph import graphs
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
