"""The bytes alive over time, by category: what parameters, gradients, saved tensors and the rest cost, and when.

A buffer counts once, however many views lie in it, from the row that first told of it to its FREED row. It is, in
this order:

parameters   a leaf that requires grad lies in it, or an nn.Parameter: for its whole life
gradients    from the first row that tells of it as one (on its way, returned, or a leaf's .grad) to its end
saved        while a node keeps it for backward: from the node's FORWARD row to its RELEASED or GONE row
temporary    it ended before an op of another line ran, so that no variable outlived the line with it
held         all else that is alive: a variable, a container or a running call holds it

Where the evidence ends: rows tell that a buffer lives, not who holds it; only at the script's end are variables
looked through. Memory that an op takes and gives back while it runs has no row. What was there before the recorder
met it counts from then on. Numbers without a buffer (NumPy's scalars, which most results without dimensions are) and
the arrays that a script makes with NumPy alone don't count.
"""

from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradviz.trace.events import Flag, Kind
from gradviz.trace.memory import NEVER, changes
from gradviz.trace.trace import Trace


class Category(IntEnum):
    """What a buffer is alive for."""

    PARAMETERS = 0
    GRADIENTS = 1
    SAVED = 2
    HELD = 3
    TEMPORARY = 4


class Phase(IntEnum):
    """What the script was about: building a graph, backward, or an optimizer's step."""

    NONE = 0
    FORWARD = 1
    BACKWARD = 2
    STEP = 3


class Curve(NamedTuple):
    """Bytes alive after each step at which they changed; between two entries they stay.

    steps: ascending (N,); times: nanoseconds since the recording began (N,); nbytes: by category (N, 5)
    """

    steps: np.ndarray
    times: np.ndarray
    nbytes: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """All categories together (N,)."""
        return self.nbytes.sum(1)

    @property
    def peak(self) -> int:
        """The first entry with the most bytes; -1 for an empty curve."""
        return int(self.total.argmax()) if len(self.steps) else -1

    def within(self, first: int, last: int) -> "Curve":
        """The part between two steps, both included, beginning with what was alive before."""
        start, stop = np.searchsorted(self.steps, first, "right") - 1, np.searchsorted(self.steps, last, "right")
        return Curve(*(column[max(start, 0) : stop] for column in self))


class Usage:
    """Who is alive when, as arrays by buffer number: made_at, ended_at, gradient_from (steps), nbytes, parameter,
    temporary; ended_at is behind the script's end for what outlived it.
    """

    def __init__(self, trace: Trace):
        self._trace = trace
        lives, never = trace.lives, trace.end + 1
        self.nbytes = lives.nbytes
        self.made_at = np.minimum(lives.made_at, never)
        self.ended_at = np.minimum(lives.freed_at, never)
        self.parameter = parameters(trace, len(self.nbytes))
        self.gradient_from = np.minimum(_gradient_from(trace, len(self.nbytes)), never)
        self.temporary = _temporary(trace, self.made_at, self.ended_at)
        forwards = trace.forwards
        there = forwards.kept_buffer > 0
        self._kept_by, self._kept = forwards.kept_owner[there], forwards.kept_buffer[there]
        node = forwards.node[self._kept_by]
        self._kept_from = forwards.steps[self._kept_by]
        self._kept_until = np.minimum(np.minimum(lives.released_at[node], lives.gone_at[node]), never)

    @cached_property
    def curve(self) -> Curve:
        """The bytes alive from the first event to the script's end."""
        buffers = np.arange(len(self.nbytes))
        own, ends = ~self.parameter, self.ended_at
        turned = np.clip(self.gradient_from, self.made_at, ends)
        base = np.where(self.temporary, Category.TEMPORARY, Category.HELD)
        parts = [
            *_span(buffers[~own], Category.PARAMETERS, self.made_at, ends),
            *_span(buffers[own], Category.GRADIENTS, turned, ends),
            *_span(buffers[own], base[own], self.made_at, turned),
            *self._saved(base, turned),
        ]
        buffers, categories, steps, signs = (np.concatenate(column) for column in zip(*parts, strict=True))
        inside = steps <= self._trace.end
        steps, places = np.unique(steps[inside], return_inverse=True)
        nbytes = np.zeros((len(steps), len(Category)), np.int64)
        np.add.at(nbytes, (places, categories[inside]), signs[inside] * self.nbytes[buffers[inside]])
        return Curve(steps, self.clock[steps], np.cumsum(nbytes, axis=0))

    def at(self, step: int) -> np.ndarray:
        """The buffers alive after a step, the largest first; of equal ones the oldest first."""
        alive = np.flatnonzero((self.made_at <= step) & (self.ended_at > step) & (self.nbytes > 0))
        return alive[np.lexsort((self.made_at[alive], -self.nbytes[alive]))]

    def category(self, buffer: int, step: int) -> Category:
        """What a buffer is alive for after a step."""
        if self.parameter[buffer]:
            return Category.PARAMETERS
        if self.gradient_from[buffer] <= step:
            return Category.GRADIENTS
        if self.keepers(buffer, step).size:
            return Category.SAVED
        return Category.TEMPORARY if self.temporary[buffer] else Category.HELD

    def keepers(self, buffer: int, step: int) -> np.ndarray:
        """The forward ops (their places in trace.forwards) whose nodes keep a buffer after a step."""
        keeps = (self._kept == buffer) & (self._kept_from <= step) & (self._kept_until > step)
        return np.unique(self._kept_by[keeps])

    @cached_property
    def phases(self) -> np.ndarray:
        """The Phase of each row."""
        trace, rows = self._trace, self._trace.rows
        phase = np.zeros(len(rows), np.uint8)
        marks = trace.of(Kind.FORWARD, Kind.MUTATED)
        steps = [number for number in np.unique(rows["within"][marks]).tolist() if _is_step(trace, number)]
        phase[marks] = np.where(np.isin(rows["within"][marks], steps), Phase.STEP, Phase.FORWARD)
        started, ended = trace.of(Kind.BACKWARD), trace.of(Kind.BACKWARD_ENDED)
        phase[ended] = Phase.BACKWARD
        running = np.zeros(len(rows) + 1, np.int64)
        np.add.at(running, started, 1)
        np.add.at(running, ended, -1)
        phase[np.cumsum(running[:-1]) > 0] = Phase.BACKWARD
        told = np.maximum.accumulate(np.where(phase > 0, np.arange(len(rows)), 0))
        return phase[told]

    @cached_property
    def origins(self) -> np.ndarray:
        """The origin (a number, 0: none) that the script was at, for each row."""
        trace = self._trace
        steps, origins = _places(trace)
        place = np.searchsorted(steps, np.arange(len(trace.rows)), "right") - 1
        return np.where(place >= 0, origins[np.maximum(place, 0)] if len(steps) else 0, 0)

    @cached_property
    def clock(self) -> np.ndarray:
        """Nanoseconds since the recording began, for each row."""
        return np.maximum.accumulate(self._trace.rows["time"].astype(np.int64))

    def _saved(self, base, turned):
        """What moves bytes to SAVED, and back."""
        steps, signs, buffers = changes(
            self._kept, self._kept_from, self._kept_until, np.ones(len(self.nbytes), np.int64)
        )
        loose = ~self.parameter[buffers]
        steps, signs, buffers = steps[loose], signs[loose], buffers[loose]
        steps = np.clip(steps, self.made_at[buffers], turned[buffers])
        yield buffers, np.full(len(buffers), Category.SAVED), steps, signs
        yield buffers, base[buffers], steps, -signs


def _span(buffers, categories, begins, ends):
    """What counts buffers in from one step and out at another."""
    categories = np.broadcast_to(categories, buffers.shape)
    yield buffers, categories, begins[buffers], np.ones(len(buffers), np.int64)
    yield buffers, categories, ends[buffers], np.full(len(buffers), -1)


def parameters(trace: Trace, count: int) -> np.ndarray:
    """Whether each of so many buffers is that of a parameter."""
    rows, forwards = trace.rows, trace.forwards
    leaf = int(Flag.LEAF | Flag.REQUIRES_GRAD)
    made = [number for number in np.unique(forwards.call).tolist() if trace.call(number).op == "Parameter"]
    asked = np.zeros(1 + int(rows["tensor"].max(initial=0)), bool)
    asked[rows["tensor"][trace.of(Kind.NODE)]] = True  # a leaf since requires_grad_()
    mine = (forwards.flags & leaf) == leaf
    mine |= np.isin(forwards.call, made) | asked[forwards.tensor]
    parameter = np.zeros(count, bool)
    parameter[forwards.buffer[mine]] = True
    parameter[0] = False
    return parameter


def _gradient_from(trace, count):
    """The first step at which each buffer was a gradient."""
    steps = trace.of(Kind.STEP, Kind.INCOMING, Kind.GRAD, Kind.ADDED, Kind.ASSIGNED, Kind.CAPTURED)
    first = np.full(count, NEVER)
    first[trace.rows["buffer"][steps][::-1]] = steps[::-1]
    return first


def _temporary(trace, made_at, ended_at):
    """Whether each buffer ended before an op of another line ran."""
    steps, origins = _places(trace)
    if not steps.size:
        return np.zeros(len(made_at), bool)
    numbers, place = np.unique(origins, return_inverse=True)
    lines = {}
    for number in numbers.tolist():
        origin = trace.origin(number)
        lines[number] = origin and (origin.file, origin.line)
    known = {line: index for index, line in enumerate(dict.fromkeys(lines.values()))}
    line = np.array([known[lines[number]] for number in numbers.tolist()])[place]
    run = np.cumsum(np.diff(line, prepend=-1) != 0)
    born, died = (run[np.maximum(np.searchsorted(steps, when, "right") - 1, 0)] for when in (made_at, ended_at))
    return (born == died) & (ended_at <= trace.end)


def _places(trace):
    """The steps that tell where the script was, and the origins that they tell."""
    steps = trace.of(Kind.FORWARD, Kind.MUTATED, Kind.BACKWARD)
    return steps, trace.rows["origin"][steps]


def _is_step(trace, number):
    within = trace.within(number)
    return within.aside and within.name.endswith(".step")
