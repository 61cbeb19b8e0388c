"""The generated backward of a static graph: the engine's order, worked out once for each set of outputs that count.

Nodes run newest first, and a gradient that meets another one at a node is added to it in the order of arrival, as in
engine/backward.py. So every sum has the same terms in the same order, and the same bits.
"""

from heapq import heappop, heappush

import numpy as np

from gradviz.engine.backend import owner
from gradviz.engine.generated import define
from gradviz.static.capture import Fixed


class Backward:
    """run(kept, gradients) -> a gradient, or None, for each of `edges`: (node, position) pairs that lead outside."""

    def __init__(self, program, forward):
        self._program, self._forward = program, forward
        self._starts = [each.edge for each in program.outputs if each.edge is not None]
        self.nodes = self._reached()  # newest first
        self.edges = [
            (node, position)
            for node in self.nodes
            for position, edge in enumerate(program.nodes[node].edges)
            if edge is not None and edge[0] is None
        ]
        self._memory = {id(owner(array)) for array in forward.fixed.values() if isinstance(array, np.ndarray)}
        self._runs = {}  # which outputs have a gradient -> generated function

    def run(self, kept, gradients):
        """Gradients for the edges, from those of the outputs."""
        pattern = tuple([each is not None for each in gradients])
        ready = self._runs.get(pattern)
        if ready is not None:
            return ready(kept, gradients)
        first = _First(self._program, self._forward, self._memory, self._starts)
        found, lines = first.run(kept, gradients, self.edges)
        name = f"<gradviz static backward {self._program.name} {self._program.where}>"
        self._runs[pattern] = define(name, lines, "backward", first.scope)
        return found

    def _reached(self):
        """The positions of the nodes that the outputs lead to, newest first."""
        waiting, reached = [edge[0] for edge in self._starts], set()
        while waiting:
            node = waiting.pop()
            if node not in reached:
                reached.add(node)
                waiting += [edge[0] for edge in self._program.nodes[node].edges if edge is not None and edge[0] is not None]
        return sorted(reached, reverse=True)


class _First:
    """The first backward of a kind: it runs, and writes the source of what it does."""

    def __init__(self, program, forward, memory, starts):
        self._program, self._memory, self._starts = program, memory, starts
        self._kept = forward.kept
        self._fixed = forward.fixed
        self.scope = {f"v{number}": array for number, array in forward.fixed.items()}
        self._lines = []
        self._pending, self._heap = {}, []
        self._found = {}  # (node, position) -> (name, gradient)

    def run(self, kept, gradients, edges):
        """(gradients for the edges, source lines)."""
        arrays = dict(zip(self._kept, kept, strict=True)) | self._fixed
        for k, (edge, gradient) in enumerate(zip(self._starts, gradients, strict=True)):
            if gradient is not None:
                self._lines.append(f"g{k} = gradients[{k}]")
                self._deliver(edge, f"g{k}", gradient)
        while self._heap:
            self._visit(-heappop(self._heap), arrays)
        unpacked = [f"{''.join(f'v{number}, ' for number in self._kept)}= kept"] if self._kept else []
        returned = "".join(self._found.get(edge, ("None",))[0] + ", " for edge in edges)
        body = [*unpacked, *self._lines, f"return ({returned})"]
        found = tuple(self._found.get(edge, (None, None))[1] for edge in edges)
        return found, ["def backward(kept, gradients):", *("    " + line for line in body)]

    def _visit(self, position, arrays):
        entry = self._pending.pop(position)
        saving = self._program.nodes[position]
        node = saving.node
        saved = tuple(each.value if isinstance(each, Fixed) else arrays[each] for each in saving.saved)
        names = [name for name, _ in entry]
        gradients = [gradient for _, gradient in entry]
        gradient, shown = (gradients[0], names[0]) if len(entry) == 1 else (tuple(gradients), f"({', '.join(names)})")
        outgoing = node._run(gradient, saved, node._settings, None)
        targets = [f"h{position}_{k}" for k in range(len(saving.edges))]
        run, settings = self._put(node._run), self._put(node._settings)
        self._lines.append(
            f"{''.join(target + ', ' for target in targets)}= {run}({shown}, {self._shown(saving)}, {settings}, None)"
        )
        for k, (edge, handed) in enumerate(zip(saving.edges, outgoing, strict=True)):
            if handed is None or edge is None:
                continue
            if edge[0] is not None:
                self._deliver(edge, targets[k], handed)
            else:
                self._found[position, k] = self._own(targets[k], handed)
        spent = [name for name in names if name != "None"]
        if spent:
            self._lines.append(f"del {', '.join(spent)}")

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
        self._lines += [f"{held} = {held} + {name}", f"del {name}"]
        entry[output_nr] = (held, before + gradient)

    def _own(self, name, gradient):
        """What is handed out, copied where it lies in planned memory."""
        if isinstance(gradient, np.ndarray) and id(owner(gradient)) in self._memory:
            return f"{name}.copy()", gradient.copy()
        return name, gradient

    def _shown(self, saving):
        """The source of the tuple of saved values; one tuple for all calls where they all lie in planned memory."""
        fixed = [each for each in saving.saved if isinstance(each, Fixed) or each in self._fixed]
        if len(fixed) == len(saving.saved):
            return self._put(tuple(each.value if isinstance(each, Fixed) else self._fixed[each] for each in fixed))
        shown = [repr(each.value) if isinstance(each, Fixed) and each.value is None else
                 self._put(each.value) if isinstance(each, Fixed) else f"v{each}" for each in saving.saved]  # fmt: skip
        return f"({''.join(name + ', ' for name in shown)})"

    def _put(self, thing):
        name = f"K{len(self.scope)}"
        self.scope[name] = thing
        return name
