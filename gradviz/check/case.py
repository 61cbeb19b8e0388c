"""A trace with what several rules ask of it, each part worked out when the first of them does."""

from functools import cached_property

from gradviz.check.finding import Place
from gradviz.trace.events import Kind
from gradviz.trace.finite import Bad, not_finite
from gradviz.trace.graph import graphs
from gradviz.trace.holding import Alive
from gradviz.trace.ops import Ops
from gradviz.trace.replaced import Replaced, replaced
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
    def alive(self) -> Alive:
        """The nodes that are alive at the end."""
        return Alive(self.trace)

    @cached_property
    def training(self) -> Training:
        """The optimizers, and the leaves that moved."""
        return Training(self.trace)

    @cached_property
    def replaced(self) -> list[Replaced]:
        """What optimizers hold though others have taken its place."""
        return replaced(self.trace, self.training)

    @cached_property
    def backwards(self) -> dict[int, int]:
        """{backward call: the origin (its number) that it was called from}."""
        rows = self.trace.rows[self.trace.of(Kind.BACKWARD)]
        return dict(zip(rows["a"].tolist(), rows["origin"].tolist(), strict=True))

    @cached_property
    def bound(self) -> dict[str, int]:
        """{what the script holds at the end, by name: the origin (its number) of the variable, 0 unknown}."""
        rows = self.trace.rows[self.trace.of(Kind.HOLDER)]
        names = [self.trace.text(ref, "name") for ref in rows["ref"].tolist()]
        return dict(zip(names, rows["origin"].tolist(), strict=True))

    def places(self, *played: tuple[str, int]) -> tuple[Place, ...]:
        """Places from (role, origin), each line once; an origin that is unknown (0) has none."""
        told: dict[tuple[str, int], Place] = {}
        for role, number in played:
            origin = self.trace.origin(number)
            if origin is not None:
                told.setdefault((origin.file, origin.line), Place(role, number))
        return tuple(told.values())

    def at(self, step: int) -> int:
        """The origin (its number) of a row."""
        return int(self.trace.rows["origin"][step])

    def line(self, origin: int) -> str:
        """The lines of the script at an origin, as one; '' unknown."""
        told = self.trace.origin(origin)
        return " ".join(told.text.split()) if told is not None else ""

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

    def called_from(self, backward: int) -> int:
        """The origin (its number) of a backward call, 0 unknown."""
        return self.backwards.get(backward, 0)
