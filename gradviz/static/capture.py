"""Runs a function once, dynamically, and writes down what it does as a Program."""

import sys

import numpy as np

from gradviz.engine import coerce
from gradviz.engine.backend import owner
from gradviz.engine.node import place_of
from gradviz.engine.op import Op
from gradviz.engine.switches import Observer, mode
from gradviz.engine.tensor import Tensor, edge_of
from gradviz.errors import CantCapture
from gradviz.static.program import (
    ARGUMENT,
    CONSTANT,
    HELD,
    MADE,
    Call,
    Draw,
    Fixed,
    Guard,
    Output,
    Place,
    Program,
    Saving,
    Value,
    Write,
    reached_by,
)
from gradviz.static.watch import Watch, line, op_frame

# makers whose values the arguments' shapes and Python's numbers settle
SETTLED = {
    "arange", "empty", "empty_like", "eye", "full", "full_like", "linspace", "logspace", "new_empty", "new_full",
    "new_ones", "new_tensor", "new_zeros", "ones", "ones_like", "scalar_tensor", "tensor", "zeros", "zeros_like",
}  # fmt: skip


class Capture(Observer):
    """Hears one run of a function; `program` is what it did. What it hears goes on to the observer of before.

    CantCapture, in one line, when the run is over and something in it can't be replayed.
    """

    def __init__(self, name):
        self.program = Program(name, line())
        self._refusal = ""
        self._known = {}  # id of a tensor -> number of its value
        self._roots = {}  # id of an array that owns memory -> number of the first value in it
        self._made = {}  # id of a tensor that was made inside -> whether it shows memory that others may change
        self._constants = []  # (number of a value, the array that a copy of was kept)
        self._looked = {}  # number of a value that was looked at -> its bytes then
        self._states = []  # (tensor from outside, what it was like when it was first met)
        self._kept = []  # all of these, so that no id comes back
        self._nodes = []  # (node, {id of an array: number of its value})
        self._drawing = False

    def __enter__(self):
        self._before = before = mode.observer
        if before is not None:
            for name in ("step", "before_accumulation", "accumulated", "captured", "released", "left",
                         "backward_ended", "attached", "keeps", "arriving", "computed", "changing"):  # fmt: skip
                setattr(self, name, getattr(before, name))
        mode.observer, mode.capture = self, self
        self._watch = Watch(self)
        self._array_of = self._watch.array_of
        self._watch.__enter__()
        return self

    def __exit__(self, *exception):
        self._watch.__exit__(*exception)
        self._watch = None  # which holds this one
        mode.observer, mode.capture = self._before, None

    def take(self, tensors):
        """The tensors among the arguments."""
        for each in tensors:
            self._refuse_gpu(each)
            self._enter(each, ARGUMENT)

    def refuse(self, what):
        """Remembers the first thing that can't be replayed."""
        if not self._refusal:
            self._refusal = f"gradviz.static can't capture {self.program.name}: it {what} ({line()})"

    def finish(self, result):
        """The program, once the function returned `result`."""
        program = self.program
        if not self._refusal:
            program.tree = self._outputs(result)
            self._join()
        if not self._refusal:
            self._check_changes()
        if self._refusal:
            raise CantCapture(self._refusal)
        return program

    # -- what the engine tells -----------------------------------------------------------------------

    def forward(self, op, outputs, inputs, node, settings, started):
        """A Call; for what is no op, a constant where it is one."""
        if self._before is not None:
            self._before.forward(op, outputs, inputs, node, settings, started)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        if mode.inference:
            self.refuse("enters inference mode inside")
        if not isinstance(op, Op):
            return self._settled(op, outputs, node)
        frame = op_frame(sys._getframe(1))
        if frame is None:
            return self.refuse(f"changes a tensor of the graph in place: {op.title}")
        names = frame.f_locals
        plain = len(inputs) == len(op.inputs) and not op.variadic  # then numbers are tensors there already
        given = list(inputs) if plain else [names[name] for name in op.inputs]
        numbers = tuple(self._number(each) for each in given)
        casts = self._casts(op, given)
        made = [self._result(each) for each in outputs]
        places = {}
        made, more = (made, []) if op.several else (made[:1], made[1:])
        for k, name in enumerate(op.intermediates):
            number = more[k] if k < len(more) else self._value(MADE, names[name])
            places[id(names[name])] = number
            made.append(number)
        self.program.steps.append(Call(op, numbers, casts, settings, tuple(made)))
        if node is None:
            return None
        for each, number in [*zip(given, numbers, strict=True), *zip(outputs, made, strict=False)]:
            several = isinstance(number, tuple)
            for tensor, its in zip(each if several else (each,), number if several else (number,), strict=True):
                if its is not None and not tensor._is_number:
                    places.setdefault(id(self._array_of(tensor)), its)
        self._nodes.append((node, places))

    def mutated(self, tensor, op):
        """A Write, of what the op before it gave."""
        if self._before is not None:
            self._before.mutated(tensor, op)
        target = self._number(tensor)
        last = self.program.steps[-1] if self.program.steps else None
        if op == "zero_" and target is not None:
            zeros = self._value(CONSTANT, np.zeros_like(self._array_of(tensor)))
            self.program.steps.append(Write(target, zeros))
        elif isinstance(last, Call) and f"{last.op.title}_" == op and last.inputs[0] == target and target is not None:
            self.program.steps.append(Write(target, last.outputs[0]))
        else:
            self.refuse(f"changes a tensor in place: {op}")
        if target is not None:
            self.program.memory_of(target).written = True

    def assigned(self, tensor):
        """Refused: the replay would not set it."""
        self.refuse("sets .grad")
        if self._before is not None:
            self._before.assigned(tensor)

    def entered(self, name, aside, module=None):
        """Refused for an optimizer's step, which reads gradients that the next call won't have."""
        if self._before is not None:
            self._before.entered(name, aside, module)
        if aside and name.endswith(".step"):
            self.refuse(f"runs {name}, which belongs after the call")

    def backward_started(self, roots, retain_graph, create_graph):
        """Refused: backward belongs to what the function returns."""
        self.refuse("runs backward, which belongs after the call")
        return 0 if self._before is None else self._before.backward_started(roots, retain_graph, create_graph)

    # -- what the watch tells --------------------------------------------------------------------------

    def looked(self, tensor, truth):
        """A Guard: somebody who is no op took the array."""
        array, number = self._array_of(tensor), self._number(tensor, looking=True)
        if number is None or (self.program.values[number].kind == CONSTANT and not self._written(number)):
            return
        if isinstance(array, np.ndarray):
            expected = bool(array.any()) if truth else array.tobytes()
            self._looked[number] = array.tobytes()
            self.program.steps.append(Guard(number, truth, expected, line()))

    def made(self, tensor, foreign):
        """A tensor was made that no op gave; foreign: it shows memory that others may change."""
        self._made[id(tensor)] = foreign
        self._kept.append(tensor)

    def drew(self, generator):
        """Random numbers were drawn: well inside an op, which draws anew, and where `drawn` was told how."""
        if generator not in self.program.generators:
            self.program.generators.append(generator)
        if not self._drawing and op_frame(sys._getframe(1)) is None:
            self.refuse("draws random numbers that are not an op's; draw them before, and pass them")

    def drawn(self, make):
        """The tensor that `make` draws, and draws anew in each replay."""
        self._drawing, before = True, self._drawing
        try:
            tensor = make()
        finally:
            self._drawing = before
        number = self._enter(tensor, MADE)
        self.program.steps.append(Draw(number, make))
        return tensor

    # -- values --------------------------------------------------------------------------------------

    def _number(self, tensor, looking=False):
        """The number of a tensor's value; None for none, and for one that can't be known."""
        if tensor is None:
            return None
        if isinstance(tensor, (tuple, list)):
            return tuple(self._number(each) for each in tensor)
        found = self._known.get(id(tensor))
        if found is not None:
            return found
        if tensor._is_number:
            return self._value(CONSTANT, self._array_of(tensor))
        if id(tensor) not in self._made:
            self._refuse_gpu(tensor)
            return self._enter(tensor, HELD)
        array = self._array_of(tensor)
        for value in reversed(self.program.values):
            if value.array is array:
                self._known[id(tensor)] = value.number
                return value.number
        if looking:
            return None
        own = owner(array)
        if self._made[id(tensor)] or id(own) in self._roots:
            self.refuse("uses a tensor that was made inside from an array; make it before, and pass it")
            return None
        # what it was made from stays as it is: Python's numbers, or values with a Guard
        return self._constant(tensor)

    def _refuse_gpu(self, tensor):
        if not isinstance(self._array_of(tensor), np.ndarray):
            self.refuse("computes on a GPU, where nothing is replayed")

    def _enter(self, tensor, kind):
        number = self._value(kind, self._array_of(tensor), tensor if kind in (ARGUMENT, HELD) else None)
        self._known[id(tensor)] = number
        self._kept.append(tensor)
        if kind in (ARGUMENT, HELD):
            self._states.append((tensor, _state(tensor)))
        return number

    def _constant(self, tensor):
        """The number of a tensor that is the same in each call, as it is now."""
        number, array = self._enter(tensor, CONSTANT), self._array_of(tensor)
        self.program.values[number].array = array.copy(order="K")
        self._constants.append((number, array))
        return number

    def _value(self, kind, array, tensor=None):
        values = self.program.values
        number = len(values)
        own = owner(array) if isinstance(array, np.ndarray) else array
        root = self._roots.setdefault(id(own), number)
        self._kept += (own, array)
        values.append(Value(number, kind, array, root, tensor))
        return number

    def _written(self, number):
        return self.program.memory_of(number).written

    def _result(self, tensor):
        found = self._known.get(id(tensor))
        return self._enter(tensor, MADE) if found is None else found

    def _settled(self, name, outputs, node):
        if node is not None:
            self.refuse(f"applies {name}, a Function whose backward is Python of its own")
        elif self._drawing:
            return  # `drawn` takes the tensor
        elif name in SETTLED and len(outputs) == 1:
            self._constant(outputs[0])
        elif id(outputs[0]) not in self._known:
            self.refuse(f"runs {name}, which is no op that can be replayed")

    def _casts(self, op, given):
        """The dtypes in which the op computes, where they are not the inputs' own."""
        flat = [each for item in given for each in (item if isinstance(item, (tuple, list)) else (item,))]
        if op.dtype not in ("promote", "float"):
            return (None,) * len(flat)
        if None in flat:
            if len({self._array_of(each).dtype for each in flat if each is not None}) > 1:
                self.refuse(f"runs {op.title} on mixed dtypes")
            return (None,) * len(flat)
        arrays = [self._array_of(each) for each in flat]
        computed = coerce.promoted(op, flat)
        return tuple(
            None if one.dtype == other.dtype else other.dtype for one, other in zip(arrays, computed, strict=True)
        )

    # -- at the end ----------------------------------------------------------------------------------

    def _outputs(self, result):
        """The result with an Output's place in place of each tensor; tuples, lists and dicts are kept."""
        if isinstance(result, Tensor):
            return self._output(result)
        if isinstance(result, tuple) and hasattr(result, "_fields"):
            return type(result)._make(map(self._outputs, result))
        if type(result) in (tuple, list):
            return type(result)(map(self._outputs, result))
        if type(result) is dict:
            return {key: self._outputs(each) for key, each in result.items()}
        if result is not None and not isinstance(result, (int, float, str)):
            kind = type(result).__name__
            self.refuse(f"returns a {kind}: it may return tensors, numbers, and tuples, lists or dicts of them")
        return result

    def _output(self, tensor):
        number = self._number(tensor)
        if number is None:
            return None
        node, nr = place_of(tensor._edge)
        outside = self.program.values[number].tensor is tensor
        output = Output(number, None if node is None or outside else (id(node), nr), outside)
        outputs = self.program.outputs
        if output not in outputs:
            outputs.append(output)
        return Place(outputs.index(output))

    def _join(self):
        """The graph: edges and saved values of the nodes that the outputs lead to, as numbers."""
        program = self.program
        places = {id(node): k for k, (node, _) in enumerate(self._nodes)}
        outside = {}
        for value in program.values:
            if value.tensor is not None and value.tensor._requires_grad:
                node, nr = place_of(edge_of(value.tensor))
                outside.setdefault((id(node), nr), value.number)
        reached = reached_by([node for node, _ in self._nodes], [each.edge[0] for each in program.outputs if each.edge])
        for node, known in self._nodes:
            if id(node) not in reached:  # no output leads there, and no backward
                program.nodes.append(Saving(None, 1, (), ()))
                continue
            if node._hooks is not None:
                self.refuse(f"registers a hook, or retain_grad, inside: on a {node.name()}")
            edges = tuple(None if edge is None else self._edge(place_of(edge), places, outside) for edge in node._edges)
            saved = tuple(self._saved(node, each, known) for each in node._saved)
            program.nodes.append(Saving(node, getattr(node, "_count", 1), saved, edges))
        for k, output in enumerate(program.outputs):
            if output.edge is None:
                continue
            if output.edge[0] not in places:
                self.refuse("returns a tensor whose grad_fn was not made inside")
                return
            program.outputs[k] = Output(output.value, (places[output.edge[0]], output.edge[1]), False)
            if program.is_outside(output.value):
                self.refuse("returns a view of an argument, or of a tensor from outside, that is part of the graph")

    def _edge(self, place, places, outside):
        node, nr = place
        if id(node) in places:
            return places[id(node)], nr
        number = outside.get((id(node), nr))
        if number is None:
            self.refuse("makes a leaf that requires grad inside; make it before")
            return None
        sources = self.program.sources
        if number not in sources:
            sources.append(number)
        return None, sources.index(number)

    def _saved(self, node, kept, known):
        """The number of a saved value; a Fixed for what is the same in each call."""
        if kept is None or kept.__class__ in coerce.NUMBERS:
            return Fixed(kept)
        number = known.get(id(kept))
        if number is None:
            self.refuse(f"saves for {node.name()} what no op gave")
        return number

    def _check_changes(self):
        """A value that a node saved must not be changed in place inside, nor may what is handed out."""
        program = self.program
        now = [(number, program.values[number].array, before) for number, before in self._looked.items()]
        now += [(number, array, program.values[number].array.tobytes()) for number, array in self._constants]
        for number, array, before in now:
            if not self._written(number) and array.tobytes() != before:
                self.refuse("writes into a tensor's memory by no op")
        if any(_state(tensor) != before for tensor, before in self._states):
            self.refuse("registers a hook, or sets requires_grad, of a tensor from outside")
        written = {program.values[step.target].root for step in program.steps if isinstance(step, Write)}
        saved = {program.values[each].root for node in program.nodes for each in node.saved if isinstance(each, int)}
        if written & saved:
            self.refuse("changes a tensor in place that its own backward needs")


def _state(tensor):
    """What ops don't see of a tensor: whether it requires grad, and how many hooks it has."""
    rare, node = tensor._rare, place_of(tensor._edge)[0]
    hooks = node._hooks if node is not None else None
    its = (0,) * 4 if hooks is None else tuple(map(len, (hooks.tensor, hooks.keepers, hooks.pre, hooks.post)))
    own = (0, 0) if rare is None else (len(rare.hooks), len(rare.after_hooks))
    return tensor._requires_grad, own, its
