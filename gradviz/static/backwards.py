"""The backward of a static graph: the engine's order, walked once for each set of outputs that count, then generated.

Nodes run newest first, and a gradient that meets another one at a node is added to it in the order of arrival, as in
engine/backward.py. So every sum has the same terms in the same order, and the same bits.
"""

from heapq import heappop, heappush
from time import perf_counter_ns
from typing import Any, NamedTuple

from gradviz.engine.fitting import fitted_all
from gradviz.engine.generated import define
from gradviz.static.backward_source import source_of
from gradviz.static.program import Fixed


class Backward:
    """run(kept, gradients) -> a gradient, or None, for each of `edges`: (node, position) pairs that lead outside."""

    def __init__(self, program, forward):
        self._program, self._forward = program, forward
        self._starts = [each.edge for each in program.outputs if each.edge is not None]
        self.edges = [
            (node, position)
            for node in reversed(range(len(program.nodes)))  # newest first
            for position, edge in enumerate(program.nodes[node].edges)
            if edge is not None and edge[0] is None
        ]
        self.planned = 0  # bytes that gradients on their way share
        self._runs = {}  # which outputs have a gradient -> generated function

    def run(self, kept, gradients):
        """Gradients for the edges, from those of the outputs."""
        pattern = tuple([each is not None for each in gradients])
        ready = self._runs.get(pattern)
        if ready is not None:
            return ready(kept, gradients)
        walk = self._walked(kept, gradients)
        lines, scope, planned = source_of(walk, self._program, self._forward, self.edges)
        self.planned = max(self.planned, planned)
        name = f"<gradviz static backward {self._program.name} {self._program.where}>"
        self._runs[pattern] = define(name, lines, "backward", scope)
        return walk.found(self.edges)

    def told(self, kept, gradients, observer, call):
        """The same, node by node, telling an observer of each."""
        walk = self._walked(kept, gradients, lambda *step: observer.step(call, *step))
        return walk.found(self.edges)

    def _walked(self, kept, gradients, tell=None):
        arrays = dict(zip(self._forward.kept, kept, strict=True)) | self._forward.fixed
        walk = Walk(self._program, arrays, tell)
        walk.run(self._starts, gradients)
        return walk


class Start(NamedTuple):
    """The gradient of an output sets out."""

    name: str
    output: int
    array: Any


class Sum(NamedTuple):
    """`name` is added to what is called `held`; array: the sum."""

    held: str
    name: str
    array: Any


class Visit(NamedTuple):
    """A node ran: names and gradients of what arrived, one an output; names and gradients of what it hands on."""

    position: int
    names: tuple
    gradients: tuple
    targets: tuple
    outgoing: tuple


class Walk:
    """One backward, node by node; `events` is what happened, `handed_out` {(node, position): (name, gradient)}."""

    def __init__(self, program, arrays, tell=None):
        self._program, self._tell = program, tell
        self.arrays = arrays  # {number of a saved value: array}
        self.events, self.handed_out = [], {}
        self._pending, self._heap = {}, []

    def run(self, starts, gradients):
        """Sends the gradients of the outputs, None where there is none, through the graph."""
        for k, (edge, gradient) in enumerate(zip(starts, gradients, strict=True)):
            if gradient is not None:
                self.events.append(Start(f"g{k}", k, gradient))
                self._deliver(edge, f"g{k}", gradient)
        while self._heap:
            self._visit(-heappop(self._heap))

    def found(self, edges):
        """The gradients for these edges."""
        return tuple([self.handed_out.get(edge, (None, None))[1] for edge in edges])

    def saved(self, saving):
        """What a node saved, as its run takes it."""
        return tuple([each.value if isinstance(each, Fixed) else self.arrays[each] for each in saving.saved])

    def _visit(self, position):
        names, gradients = zip(*self._pending.pop(position), strict=True)
        saving = self._program.nodes[position]
        outgoing = self._outgoing(saving, gradients)
        targets = tuple([f"h{position}_{k}" for k in range(len(saving.edges))])
        self.events.append(Visit(position, names, gradients, targets, tuple(outgoing)))
        for k, (edge, handed) in enumerate(zip(saving.edges, outgoing, strict=True)):
            if handed is None or edge is None:
                continue
            if edge[0] is not None:
                self._deliver(edge, targets[k], handed)
            else:
                self.handed_out[position, k] = (targets[k], handed)

    def _outgoing(self, saving, gradients):
        node, gradient = saving.node, gradients[0] if len(gradients) == 1 else gradients
        if self._tell is None:
            return node._run(gradient, self.saved(saving), node._settings, None)
        started = perf_counter_ns()
        run = node.op.run_for(node._run.mask, False) if node._run.fits else node._run
        outgoing = run(gradient, self.saved(saving), node._settings, None)
        self._tell(node, list(gradients), outgoing, started)
        return fitted_all(node, outgoing, None)

    def _deliver(self, edge, name, gradient):
        position, output_nr = edge
        entry = self._pending.get(position)
        if entry is None:
            entry = self._pending[position] = [("None", None)] * self._program.nodes[position].count
            heappush(self._heap, -position)
        held, before = entry[output_nr]
        if before is None:
            entry[output_nr] = (name, gradient)
            return
        summed = before + gradient
        self.events.append(Sum(held, name, summed))
        entry[output_nr] = (held, summed)
