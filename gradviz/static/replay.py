"""One captured graph, and its replays: the same buffers each time, and one StaticBackward0 for each call."""

from collections import Counter
from time import perf_counter_ns

from gradviz.engine import coerce, versions
from gradviz.engine.node import AccumulateGrad, Edge, Node, place_of
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor, edge_of
from gradviz.engine.views import Bound, settle
from gradviz.errors import CantCapture
from gradviz.static.backwards import Backward
from gradviz.static.forwards import Changed, Forward
from gradviz.static.program import ARGUMENT, Place


class StaticBackward0(Node):
    """The grad_fn of what one call of a static function returned; its backward is that of the static graph.

    It keeps what of the call lies outside planned memory; the rest is the graph's until the next call.
    """

    __slots__ = ("graph", "call", "generation", "_count")

    _is_several = property(lambda self: self._count != 1)
    saved_names = property(lambda self: tuple(str(k) for k in range(len(self._saved))))

    def run_backward(self, gradients, create_graph):
        """The gradients of the static graph, one an edge."""
        return self.graph.backward(self, gradients, create_graph)

    def source(self, position):
        """(node, output_nr) of the static graph's that made one of the saved tensors."""
        return self.graph.source(position)

    def saved_tensor(self, position):
        """One saved array, as a tensor outside the graph."""
        array = self._saved[position]
        return Tensor(array) if hasattr(array, "dtype") else None


class Graph:
    """A program with planned memory, its generated forward and backward, and how often it ran.

    matches(args, kwargs): the tensors among the arguments of a call that it fits, else None.
    """

    def __init__(self, program, matches):
        self.program, self.matches = program, matches
        self.calls = 0
        self._forward = Forward(program)
        self._backward = Backward(program, self._forward)
        self._effects = [program.values[number] for number in program.effects()]
        self._draws = program.generators
        self._joined = [k for k, each in enumerate(program.outputs) if each.edge is not None]
        roots = Counter(program.values[each.value].root for each in program.outputs)
        # outputs that show one memory: as of an op with several outputs, none of them may be changed in place
        self._sharing = {k for k in self._joined if roots[program.values[program.outputs[k].value].root] > 1}
        saved = [each for node in program.nodes for each in node.saved if isinstance(each, int)]
        self._saves = bool(saved)
        self._overwrites = any(program.values[each].root in self._forward.buffers.memory for each in saved)
        self._generation = 0  # of what lies in the planned memory
        self._planned = tuple(self._forward.fixed.values())[:1]  # stands for what is kept where all of it is planned
        self._sources = [program.values[number] for number in program.sources]
        places = [program.nodes[node].edges[position][1] for node, position in self._backward.edges]
        self._edge_places = places
        self._edges = None  # one tuple for all calls, where no argument has a gradient
        if all(each.kind != ARGUMENT and each.tensor._edge is None for each in self._sources):
            self._edges = self._edges_for(())
        self._makers = [self._maker(number) for number in self._forward.kept]
        self._keep_shown()

    @property
    def nodes(self):
        """The static graph's nodes, in the order of creation; they live as long as this."""
        return [each.node for each in self.program.nodes if each.node is not None]

    @property
    def planned_bytes(self):
        """The bytes of planned memory: of what is saved, and of what temporaries share."""
        buffers = self._forward.buffers
        saved = sum(buffers.memory[number].nbytes for number in buffers.memory if number in buffers.saved)
        return saved, buffers.pool.nbytes + self._backward.planned

    # -- forward -----------------------------------------------------------------------------------

    def first(self, tensors):
        """The tensors of the call that was captured, whose values the capture itself computed."""
        values = self.program.values
        arrays = [None if each.outside else values[each.value].array for each in self.program.outputs]
        kept = [values[number].array for number in self._forward.kept]
        self.program.forget()
        return self._returned(tensors, arrays, kept, 0)

    def replay(self, tensors):
        """What the function returns for these; Changed, with all as it was before, where the capture doesn't fit."""
        started = perf_counter_ns() if mode.observer is not None else 0
        self._generation += 1
        arrays = [each._array for each in tensors]
        before = self._before(tensors) if self._effects or self._draws else None
        try:
            outputs, kept = self._forward.run(tensors, arrays)
        except RuntimeWarning:  # the script's filters make errors of NumPy's warnings
            self._undo(before)
            outputs, kept = coerce.quietly(self._forward.run, tensors, arrays)
        except Exception as error:  # whatever it is, the dynamic run says it in the right words
            self._undo(before)
            raise error if isinstance(error, Changed) else Changed(str(error)) from None
        return self._returned(tensors, outputs, kept, started)

    def _returned(self, tensors, arrays, kept, started):
        self.calls += 1
        made = [self._output(k, array, tensors) for k, array in enumerate(arrays)]
        node = self._node(tensors, kept) if self._joined else None
        for output_nr, k in enumerate(self._joined):
            made[k]._edge = node if node._count == 1 else Edge(node, output_nr)
            made[k]._requires_grad = True
            if k in self._sharing:
                made[k]._viewed = Bound(Tensor(made[k]._array), 0)
        if mode.observer is not None:
            nodes = self.nodes
            if nodes and self.calls > 1:
                mode.observer.replayed(nodes, self.calls)
            outputs = tuple(each for each, told in zip(made, self.program.outputs, strict=True) if not told.outside)
            if outputs:
                inputs = (*tensors, *(each.tensor for each in self._sources if each.kind != ARGUMENT))
                mode.observer.forward(f"static {self.program.name}", outputs, inputs, node, {}, started)
        return _filled(self.program.tree, made)

    def _output(self, k, array, tensors):
        output = self.program.outputs[k]
        if output.outside:
            value = self.program.values[output.value]
            return tensors[value.number] if value.kind == ARGUMENT else value.tensor
        return Tensor(array)

    def _node(self, tensors, kept):
        node = object.__new__(StaticBackward0)
        node.graph, node.call, node.generation = self, self.calls, self._generation
        node._count = len(self._joined)
        node._edges = self._edges_for(tensors) if self._edges is None else self._edges
        node._saved = tuple(kept) if kept or not self._saves else self._planned
        node._run = node._hooks = None
        node._settings = ()
        node.sequence_nr = mode.next_sequence_nr()
        return node

    def _edges_for(self, tensors):
        own = [tensors[each.number] if each.kind == ARGUMENT else each.tensor for each in self._sources]
        if versions.forks:
            settle(own)
        edges = [edge_of(each) for each in own]
        return tuple([edges[place] for place in self._edge_places])

    def _before(self, tensors):
        """What the program changes outside, as it is now."""
        own = [tensors[each.number]._array if each.kind == ARGUMENT else each.tensor._array for each in self._effects]
        return [(array, array.copy()) for array in own], [(each, each.get_state()) for each in self._draws]

    def _undo(self, before):
        if before is None:
            return
        for array, values in before[0]:
            array[...] = values
        for generator, state in before[1]:
            generator.set_state(state)

    # -- backward ----------------------------------------------------------------------------------

    def backward(self, node, gradients, create_graph):
        """A gradient, or None, for each edge of a call's node."""
        if create_graph:
            raise CantCapture(
                f"create_graph=True: the backward of {self.program.name}, a static graph, builds no graph of its own; "
                f"call the function itself, {self.program.name}.function"
            )
        if self._overwrites and node.generation != self._generation:
            raise CantCapture(
                f"backward of call {node.call} of {self.program.name} after a later call: a static graph has one set "
                "of buffers, and the later call overwrote what this backward needs; run backward before the next "
                f"call, or call the function itself, {self.program.name}.function"
            )
        kept = node._saved if self._forward.kept else ()
        if mode.observer is not None and mode.backward is not None:
            return self._backward.told(kept, gradients, mode.observer, mode.backward.number)
        try:
            return self._backward.run(kept, gradients)
        except RuntimeWarning:  # as in replay
            return coerce.quietly(self._backward.run, kept, gradients)

    def source(self, position):
        """(node, output_nr) that made a value that each call keeps; (None, 0) for one from outside any graph."""
        return self._makers[position] if position < len(self._makers) else (None, 0)

    def _maker(self, number):
        """What made a value that some node saved, if that is of this graph or a leaf's AccumulateGrad."""
        for each in self.program.nodes:
            if number in each.saved:
                source, output_nr = each.node.source(each.saved.index(number))
                if source in self.nodes or isinstance(source, AccumulateGrad):
                    return source, output_nr
        return None, 0

    def _keep_shown(self):
        """The capture's nodes live as long as the graph, but keep alive only what is the graph's own."""
        own = {id(node) for node in self.nodes}
        for each in self.program.nodes:
            if each.node is None:
                continue
            each.node._saved = tuple(
                kept if place in self._forward.fixed else None
                for kept, place in zip(each.node._saved, each.saved, strict=True)
            )
            # what leads outside is an edge of each call's node, which hands the gradient on
            each.node._edges = tuple(
                edge if edge is not None and id(place_of(edge)[0]) in own else None for edge in each.node._edges
            )


def _filled(tree, made):
    """What the function returned, with tensors in the places of the tree."""
    if tree.__class__ is Place:
        return made[tree]
    if isinstance(tree, (tuple, list)):
        filled = [_filled(each, made) for each in tree]
        return type(tree)._make(filled) if hasattr(tree, "_fields") else type(tree)(filled)
    if type(tree) is dict:
        return {key: _filled(each, made) for key, each in tree.items()}
    return tree



