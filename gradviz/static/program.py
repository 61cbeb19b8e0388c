"""What a capture finds: a program of steps on numbered values, and the graph that its nodes form."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from gradviz.engine.node import place_of

ARGUMENT, HELD, CONSTANT, MADE = "argument", "held", "constant", "made"


class Value:
    """One array of the program. kind: an argument, a tensor held from outside, a constant, or made by a step.

    array: as the capture saw it. root: number of the value whose memory it lies in. tensor: of what comes from outside.
    """

    __slots__ = ("number", "kind", "array", "root", "tensor", "written")

    def __init__(self, number, kind, array, root, tensor=None):
        self.number, self.kind, self.array, self.root, self.tensor = number, kind, array, root, tensor
        self.written = False  # by a change in place


class Call(NamedTuple):
    """An op. inputs: numbers of values, None for what was left out, a tuple of them for a list of tensors.

    casts: the dtypes that the inputs are brought to, None where they fit. outputs: the result, or the several ones;
    then the intermediates.
    """

    op: Any
    inputs: tuple
    casts: tuple
    settings: dict
    outputs: tuple


class Write(NamedTuple):
    """A change in place: what `value` holds goes into `target`."""

    target: int
    value: int


class Guard(NamedTuple):
    """The function looked at a value. truth: only whether it is true; else at all of it. where: the line."""

    value: int
    truth: bool
    expected: Any
    where: str


class Draw(NamedTuple):
    """Random numbers that `make` draws anew."""

    output: int
    make: Any


class Saving(NamedTuple):
    """A node of the static graph: run and settings as the engine's; saved: numbers of values, or what never changes.

    edges: (position in nodes, output_nr), (None, place in the program's sources), or None; one an input. node: None
    where no output leads to it.
    """

    node: Any
    count: int
    saved: tuple
    edges: tuple


class Output(NamedTuple):
    """A tensor that the function returns: its value, and (position in nodes, output_nr) or None.

    outside: it is an argument, or a tensor from outside, itself.
    """

    value: int
    edge: tuple | None
    outside: bool


class Place(int):
    """The place of a tensor among the outputs, in what the function returned."""


class Fixed:
    """What a node saved that is no array of the program: a Python number, or None."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


@dataclass
class Program:
    """All of it. sources: numbers of the values from outside whose gradients are asked for, as edges name them.

    tree: what the function returned, with the place of an output where a tensor was. generators: what it draws from.
    """

    name: str
    where: str
    values: list[Value] = field(default_factory=list)
    steps: list = field(default_factory=list)
    nodes: list[Saving] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    generators: list = field(default_factory=list)
    tree: Any = None

    def forget(self):
        """Lets go of the arrays of the captured call, and of its arguments."""
        for value in self.values:
            value.array = None
            if value.kind == ARGUMENT:
                value.tensor = None

    def memory_of(self, number: int) -> Value:
        """The value whose memory this one lies in."""
        return self.values[self.values[number].root]

    def is_outside(self, number: int) -> bool:
        """Whether the value lies in the memory of an argument or of a tensor held from outside."""
        return self.memory_of(number).kind in (ARGUMENT, HELD)

    def effects(self) -> list[int]:
        """The values from outside that the program changes."""
        found = [step.target for step in self.steps if isinstance(step, Write)]
        for step in self.steps:
            if isinstance(step, Call) and step.op.name == "native_batch_norm" and step.settings["training"]:
                found += [number for number in step.inputs[3:] if number is not None]
        return list(dict.fromkeys(self.values[each].root for each in found if self.is_outside(each)))


def same_bits(one, other):
    """Whether two arrays hold the same, bit by bit."""
    one, other = np.asarray(one), np.asarray(other)
    return one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes()


def reached_by(nodes, starts):
    """ids of those of the nodes that these lead to; nodes: in the order of creation."""
    reached = set(starts)
    for node in reversed(nodes):
        if id(node) in reached:
            reached.update(id(place_of(edge)[0]) for edge in node._edges if edge is not None)
    return reached
