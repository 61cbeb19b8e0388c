"""The events of a trace as NamedTuples, for rules and exports that look at single ones.

Tensors, nodes, buffers and backward calls are running numbers; grad_outputs and grad_inputs are steps whose
value trace.value(step) reads.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradviz.trace.events import Flag, Kind
from gradviz.trace.preview import Preview

if TYPE_CHECKING:
    from gradviz.trace.trace import Origin, Trace

EVENTS = (
    Kind.FORWARD,
    Kind.BACKWARD,
    Kind.BACKWARD_ENDED,
    Kind.STEP,
    Kind.ADDED,
    Kind.RELEASED,
    Kind.FREED,
    Kind.GONE,
    Kind.MUTATED,
)


class ForwardOp(NamedTuple):
    """An op ran; inputs and outputs are tensors, saved the names of what its node keeps."""

    step: int
    time_ns: int
    duration_ns: int
    op: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    params: dict
    grad_fn: str
    node: int
    saved: tuple[str, ...]
    origin: "Origin | None"
    within: str


class BackwardStarted(NamedTuple):
    """A backward call began at the tensor root."""

    step: int
    time_ns: int
    backward_call: int
    root: int
    retain_graph: bool
    create_graph: bool
    origin: "Origin | None"


class BackwardEnded(NamedTuple):
    """A backward call ended; failed when it raised."""

    step: int
    time_ns: int
    backward_call: int
    failed: bool


class BackwardStep(NamedTuple):
    """A node ran: gradients came in (grad_outputs) and were handed on (grad_inputs); both are steps."""

    step: int
    time_ns: int
    duration_ns: int
    node: int
    grad_outputs: tuple[int, ...]
    grad_inputs: tuple[int, ...]
    backward_call: int


class GradAccumulated(NamedTuple):
    """A leaf's .grad took a gradient in; before is None when there was none."""

    step: int
    time_ns: int
    leaf: int
    before: Preview | None
    after: Preview | None
    backward_call: int


class SavedReleased(NamedTuple):
    """A node let go of one saved tensor; by is the backward call, 0 when the node simply ended."""

    step: int
    time_ns: int
    node: int
    name: str
    buffer: int
    by: int


class BufferFreed(NamedTuple):
    """A buffer's memory was given back."""

    step: int
    time_ns: int
    buffer: int
    nbytes: int


class NodeGone(NamedTuple):
    """A node (grad_fn) ended."""

    step: int
    time_ns: int
    node: int


class Mutated(NamedTuple):
    """A tensor was changed in place."""

    step: int
    time_ns: int
    tensor: int
    version: int
    origin: "Origin | None"


def happened(trace: "Trace", kinds: Iterable[Kind] | None = None, start=0, stop=None) -> Iterator[NamedTuple]:
    """The events of these kinds (all by default) from step start up to stop, in order."""
    asked = EVENTS if kinds is None else set(kinds)
    wanted = tuple(kind for kind in EVENTS if kind in asked)
    steps = trace.of(*wanted) if wanted else np.zeros(0, np.int64)
    steps = steps[np.searchsorted(steps, start) :]
    steps = steps if stop is None else steps[: np.searchsorted(steps, stop)]
    for step in steps.tolist():
        yield from _READ[Kind(int(trace.rows["kind"][step]))](trace, step, trace.rows[step])


def _forward(trace, step, row):
    forwards = trace.forwards
    op = int(forwards.op_of(step))
    call = trace.call(int(row["ref"]))
    inputs = forwards.input_tensor[forwards.input_from[op] : forwards.input_from[op + 1]]
    kept = forwards.kept_name[forwards.kept_from[op] : forwards.kept_from[op + 1]]
    more = _following(trace, step, Kind.FORWARD, Kind.OUTPUT)
    yield ForwardOp(
        step,
        int(row["time"]),
        int(row["duration"]),
        call.op,
        tuple(inputs.tolist()),
        (int(row["tensor"]), *trace.rows["tensor"][more].tolist()),
        call.params,
        call.grad_fn if row["node"] else "",
        int(row["node"]),
        tuple(forwards.names[name] for name in kept.tolist()),
        trace.origin(int(row["origin"])),
        trace.within(int(row["within"])).name,
    )


def _started(trace, step, row):
    flags = int(row["flags"])
    retain, create = bool(flags & Flag.RETAIN_GRAPH), bool(flags & Flag.CREATE_GRAPH)
    origin = trace.origin(int(row["origin"]))
    yield BackwardStarted(step, int(row["time"]), int(row["a"]), int(row["tensor"]), retain, create, origin)


def _ended(trace, step, row):
    yield BackwardEnded(step, int(row["time"]), int(row["a"]), bool(int(row["flags"]) & Flag.FAILED))


def _step(trace, step, row):
    more = tuple(_following(trace, step, Kind.STEP, Kind.INCOMING).tolist())
    handed_on = tuple(_following(trace, step, Kind.STEP, Kind.GRAD).tolist())
    outputs = (step, *more)
    yield BackwardStep(
        step, int(row["time"]), int(row["duration"]), int(row["node"]), outputs, handed_on, int(row["a"])
    )


def _added(trace, step, row):
    before = trace.preview(int(row["ref"])) if row["ref"] else None
    yield GradAccumulated(
        step, int(row["time"]), int(row["tensor"]), before, trace.value(step), int(row["a"])
    )


def _released(trace, step, row):
    forwards = trace.forwards
    for slot in forwards.kept_by(int(row["node"])):
        name, buffer = forwards.names[forwards.kept_name[slot]], int(forwards.kept_buffer[slot])
        yield SavedReleased(step, int(row["time"]), int(row["node"]), name, buffer, int(row["a"]))


def _freed(trace, step, row):
    buffer = int(row["buffer"])
    yield BufferFreed(step, int(row["time"]), buffer, trace.lives.bytes_of(buffer))


def _gone(trace, step, row):
    yield NodeGone(step, int(row["time"]), int(row["node"]))


def _mutated(trace, step, row):
    origin = trace.origin(int(row["origin"]))
    yield Mutated(step, int(row["time"]), int(row["tensor"]), int(row["a"]), origin)


def _following(trace, step, owner, kind):
    """The steps of the rows of a kind that belong to the row at step: up to the next of its own kind."""
    owners, rows = trace.of(owner), trace.of(kind)
    next_owner = np.searchsorted(owners, step, "right")
    end = owners[next_owner] if next_owner < len(owners) else len(trace.rows)
    return rows[np.searchsorted(rows, step) : np.searchsorted(rows, end)]


_READ = {
    Kind.FORWARD: _forward,
    Kind.BACKWARD: _started,
    Kind.BACKWARD_ENDED: _ended,
    Kind.STEP: _step,
    Kind.ADDED: _added,
    Kind.RELEASED: _released,
    Kind.FREED: _freed,
    Kind.GONE: _gone,
    Kind.MUTATED: _mutated,
}
