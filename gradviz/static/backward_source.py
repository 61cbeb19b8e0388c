"""The source of a backward that was walked once: no heap, no node, gradients on their way in shared memory.

A gradient that leaves the static graph is fresh memory, which whoever gets it may keep.
"""

from collections import Counter

import numpy as np

from gradviz.engine.backend import owner
from gradviz.static.buffers import Pool
from gradviz.static.kernels import backward_kernel, written
from gradviz.static.program import Fixed, same_bits


def source_of(walk, program, forward, edges):
    """(lines of `backward(kept, gradients)`, its scope, bytes of memory that gradients on their way share)."""
    writer = _Writer(walk, program, forward.fixed)
    for event in walk.events:
        getattr(writer, type(event).__name__.lower())(event)
    unpacked = [f"{''.join(f'v{number}, ' for number in forward.kept)}= kept"] if forward.kept else []
    returned = "".join(writer.handed_out(edge) + ", " for edge in edges)
    body = [*unpacked, *writer.lines, f"return ({returned})"]
    return ["def backward(kept, gradients):", *("    " + line for line in body)], writer.scope, writer.pool.nbytes


class _Writer:
    def __init__(self, walk, program, fixed):
        self._walk, self._program, self._fixed = walk, program, fixed
        self.scope = {f"v{number}": array for number, array in fixed.items()}
        self.lines, self.pool = [], Pool()
        self._persistent = {_place(array) for array in fixed.values()}
        self._outward = {_place(gradient) for _, gradient in walk.handed_out.values()}
        self._known = {_place(array) for array in walk.arrays.values()}  # memory that was there before
        self._text = {}  # name of a gradient -> what it is called in the source
        self._places = {}  # name of a gradient -> the memory that it shows
        self._alive = Counter()  # memory -> names that show it
        self._blocks = {}  # memory -> the block of the pool that stands for it

    def start(self, event):
        """A gradient arrives."""
        self.lines.append(f"{event.name} = gradients[{event.output}]")
        self._show(event.name, event.array, event.name)

    def sum(self, event):
        """Two gradients of one place become one."""
        name = f"s{len(self.lines)}"
        self.lines.append(f"{name} = {self._text[event.held]} + {self._text[event.name]}")
        self._spend((event.held, event.name))
        self._show(event.held, event.array, name)

    def visit(self, event):
        """A node hands gradients on: by kernels, and what has none by its run."""
        saving = self._program.nodes[event.position]
        rest = []
        for k, edge in enumerate(saving.edges):
            if edge is None or event.outgoing[k] is None:
                continue
            text = self._by_kernel(saving, event, k)
            if text is None:
                rest.append(k)
            else:
                self._show(event.targets[k], event.outgoing[k], text)
        if rest:
            self._by_run(saving, event, rest)
        self._spend(event.names)

    def handed_out(self, edge):
        """What is returned for an edge that leads outside: a copy where it lies in planned memory."""
        found = self._walk.handed_out.get(edge)
        if found is None:
            return "None"
        name, gradient = found
        return f"{self._text[name]}.copy()" if _place(gradient) in self._persistent else self._text[name]

    # -- a node --------------------------------------------------------------------------------------

    def _by_run(self, saving, event, rest):
        node = saving.node
        run = node._run
        mask = sum(1 << k for k in rest)
        if mask != run.mask and node.op.variadic not in node.op.vjps:
            run = node.op.run_for(mask, run.fits)
        arrived = [self._text.get(name, name) for name in event.names]
        gradient = arrived[0] if len(arrived) == 1 else f"({', '.join(arrived)})"
        targets = "".join(f"{target if k in rest else '_'}, " for k, target in enumerate(event.targets))
        call = f"{self._put(run)}({gradient}, {self._saved(saving)}, {self._put(node._settings)}, None)"
        self.lines.append(f"{targets}= {call}")
        for k in rest:
            self._show(event.targets[k], event.outgoing[k], event.targets[k])

    def _by_kernel(self, saving, event, k):
        """What the gradient for input k is called, once its ufuncs are written down; None where it has no kernel."""
        node, handed = saving.node, event.outgoing[k]
        if not isinstance(handed, np.ndarray) or not handed.ndim or not handed.size or handed.dtype.kind != "f":
            return None
        kernel = backward_kernel(node, k, handed.shape, handed.dtype)
        if kernel is None:
            return None
        names, arrays = self._named(saving, event)
        if not kernel.steps:
            return self._viewed(event.targets[k], names["grad"])
        whole = owner(handed)
        if id(whole) in self._known or not self._gives(kernel, arrays, whole, handed):
            return None
        if id(whole) in self._outward:
            self.lines += written(kernel, names, event.targets[k], self.scope, fresh=True)
            return self._viewed(event.targets[k], event.targets[k]) if kernel.view else event.targets[k]
        self._blocks[id(whole)] = block = self.pool.take(whole.nbytes)
        out = self._put(self.pool.shaped(block, whole))
        self.lines += written(kernel, names, out, self.scope)
        return self._viewed(out, out) if kernel.view else out

    def _viewed(self, target, name):
        """What an array's turned view is called: one view for all calls of what is planned."""
        if name in self.scope:
            return self._put(self.scope[name].T)
        self.lines.append(f"{target} = {name}.T")
        return target

    def _named(self, saving, event):
        """({name in a kernel: source text}, {the same: array}) of the gradient and the saved tensors."""
        names, arrays = {"grad": self._text[event.names[0]]}, {"grad": event.gradients[0]}
        for name, each, array in zip(saving.node.saved_names, saving.saved, self._walk.saved(saving), strict=True):
            names[name] = self._put(each.value) if isinstance(each, Fixed) else f"v{each}"
            arrays[name] = array
        return names, arrays

    def _gives(self, kernel, arrays, whole, handed):
        """Whether a kernel gives, bit by bit and laid out alike, what the node gave."""
        shapes = {np.shape(array) for array in arrays.values()} - {()}
        if len(kernel.steps) > 1 and len(shapes) > 1:
            return False  # what a step makes may be smaller than the result
        scope = {f"a_{name}": array for name, array in arrays.items()}
        lines = written(kernel, {name: f"a_{name}" for name in arrays}, "out", scope)
        scope["out"] = np.empty_like(whole)
        try:
            with np.errstate(all="ignore"):
                exec("\n".join(lines), scope)  # noqa: S102  our own text
        except (TypeError, ValueError):  # a saved tensor that is missing, or of another shape or dtype
            return False
        made = scope["out"].T if kernel.view else scope["out"]
        return made.strides == handed.strides and same_bits(made, handed)

    def _saved(self, saving):
        """The source of the tuple of saved values; one tuple for all calls where they all lie in planned memory."""
        if all(isinstance(each, Fixed) or each in self._fixed for each in saving.saved):
            return self._put(self._walk.saved(saving))
        texts = [self._put(each.value) if isinstance(each, Fixed) else f"v{each}" for each in saving.saved]
        return f"({''.join(text + ', ' for text in texts)})"

    # -- names and memory ----------------------------------------------------------------------------

    def _show(self, name, array, text):
        place = _place(array)
        self._text[name], self._places[name] = text, place
        self._known.add(place)
        self._alive[place] += 1

    def _spend(self, names):
        """These gradients were used, each for the only time."""
        local = [self._text[name] for name in names if name in self._text and self._text[name].isidentifier()]
        local = [text for text in local if text not in self.scope]
        if local:
            self.lines.append(f"del {', '.join(local)}")
        for name in names:
            place = self._places.get(name)
            if place is not None:
                self._alive[place] -= 1
                if not self._alive[place] and place in self._blocks:
                    self.pool.give(self._blocks.pop(place))

    def _put(self, thing):
        name = f"K{len(self.scope)}"
        self.scope[name] = thing
        return name


def _place(array):
    """What stands for the memory of an array, or of a NumPy scalar."""
    return id(owner(array)) if isinstance(array, np.ndarray) else id(array)
