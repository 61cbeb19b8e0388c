"""The recorder: hears the engine, and writes rows. It holds numbers, never a tensor.

Everything is known by running numbers. Tensors carry theirs in a slot that the engine leaves to the observer; buffers
and nodes are watched by weak references (lives.py), whose callbacks are the evidence of their end.
"""

import sys
from itertools import count
from time import perf_counter_ns

import numpy as np

from gradviz.engine import backend
from gradviz.engine.creation import set_default_device
from gradviz.engine.node import AccumulateGrad, Edge, GradientEdge
from gradviz.engine.op import Op
from gradviz.engine.reach import arrival
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import opener
from gradviz.nn.module import Parameter
from gradviz.nn.uninitialized import is_lazy
from gradviz.record import device_values
from gradviz.record.changes import ChangeRows
from gradviz.record.definitions import Definitions, call_json, described
from gradviz.record.holders import holders, is_tensor
from gradviz.record.lives import Lives, Scribe
from gradviz.record.occasions import OccasionRows
from gradviz.record.places import Places
from gradviz.record.saved import in_place, saved_arrays, saved_names
from gradviz.record.script import error_text
from gradviz.record.source import Sources
from gradviz.trace import preview
from gradviz.trace.events import FLOWING, GRAD, NUMBER, RETURNED, SAVED, SHARED, UNSEEN, Flag, Kind
from gradviz.trace.journal import Journal

__all__ = ["Recorder", "set_default_device"]

NO_GRAD, REQUIRES_GRAD, LEAF, NEW_BUFFER, INLINE = (
    int(flag) for flag in (Flag.NO_GRAD, Flag.REQUIRES_GRAD, Flag.LEAF, Flag.NEW_BUFFER, Flag.INLINE)
)
_FORWARD, _STEP, _GRAD, _FREED, _GONE = (
    int(kind) for kind in (Kind.FORWARD, Kind.STEP, Kind.GRAD, Kind.FREED, Kind.GONE)
)
IN_C = (
    "forward", "step", "released", "mutated", "before_accumulation", "accumulated", "assigned", "keeps",
    "entered", "left", "_value", "_here", "_tensor", "_node_number",
)  # fmt: skip
WHOLE = {"none": 0, "preview": 64, "full": sys.maxsize}  # elements up to which a value is kept whole


class Recorder(ChangeRows, OccasionRows):
    """Writes what the engine does into one file while the script runs: a context manager.

    values: "preview" keeps small values whole and the corners of large ones, "full" all, "none" nothing.
    Raises BadInput when the file can't be written.
    """

    def __init__(self, path, header, *, sources=None, values="preview"):
        super().__init__()
        self._journal = Journal(path, header)
        self._row = self._journal.row
        self._whole = WHOLE[values]
        self._began = perf_counter_ns()
        self._buffers = Lives(self._journal, _FREED, self._began)
        self._nodes = Lives(self._journal, _GONE, self._began)
        self._first_serial = mode.next_serial()  # a tensor with a smaller number was seen by another recorder
        self._first_node = mode.next_sequence_nr()  # so was a node
        self._numbers = Definitions(self._journal)
        self._places = Places(sources or Sources(), self._numbers)
        self._here = self._places.here
        self._backward_calls = count(1).__next__
        self._running = 0  # backward calls, one inside the other
        self._building = set()  # those of them that build a graph
        if Scribe is not None:  # in C: the same for the frequent case, and a call of the method here for the others
            scribe = Scribe(self)
            for name in IN_C:
                setattr(self, name, getattr(scribe, name))

    def __enter__(self):
        self._before, mode.observer = mode.observer, self
        return self

    def __exit__(self, *exception):
        mode.observer = self._before
        self._buffers.close()
        self._nodes.close()
        self._journal.close()

    @property
    def failure(self):
        """Why the journal stopped early, in one line; "" while all is well."""
        return self._journal.failure

    # -- forward -----------------------------------------------------------------------------------

    def forward(self, op, outputs, inputs, node, settings, started):
        """One FORWARD row, with the rows that it needs before and after it."""
        now = perf_counter_ns()
        seen = self._first_serial
        numbers = [each._serial - seen if each._serial > seen else self._tensor(each) for each in inputs]
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        out = outputs[0]
        number = self._node(node) if node is not None else 0
        declared = op if isinstance(op, Op) else None
        name = op.title if declared else op
        call = self._call(name, declared, inputs, outputs, node, settings)
        out._serial = mode.next_serial()
        flags, meta, buffer, value = self._value(out._array)
        flags |= (0 if mode.grad else NO_GRAD) | (REQUIRES_GRAD if out._requires_grad else 0)
        flags |= LEAF if out._edge is None else 0
        a, b, c = (numbers + [0, 0, 0])[:3]
        origin, within = self._here()
        self._row(
            _FORWARD, flags, within, origin, (started or now) - self._began,
            now - started if started else 0, number, out._serial - self._first_serial, a, b, c, meta, buffer, call, value,  # noqa: E501
        )  # fmt: skip
        for position in range(3, len(numbers)):
            self._row(Kind.INPUT, tensor=numbers[position], a=position)
        for position, each in enumerate(outputs[1:], 1):
            each._serial = mode.next_serial()
            flags, meta, buffer, value = self._value(each._array)
            flags |= (REQUIRES_GRAD if each._requires_grad else 0) | (LEAF if each._edge is None else 0)
            self._row(
                Kind.OUTPUT, flags, node=number, tensor=each._serial - self._first_serial, a=position, meta=meta,
                buffer=buffer, value=value,
            )  # fmt: skip
        if node is not None:
            self._kept(declared, node, number, inputs, outputs)

    def _tensor(self, tensor, met_as=""):
        """The tensor's number; one that was never seen gets a row of its own first."""
        number = tensor._serial - self._first_serial
        if number > 0:
            return number
        tensor._serial = mode.next_serial()
        number = tensor._serial - self._first_serial
        # a number as a scalar: it has no memory of its own to watch
        array = np.asarray(tensor.value)[()] if tensor._is_number else tensor._array
        flags, meta, buffer, value = self._value(array)
        flags |= (REQUIRES_GRAD if tensor._requires_grad else 0) | (LEAF if tensor._edge is None else 0)
        leaf = self._buffers.watch(array).leaf if buffer else 0
        if met_as:
            name = met_as
        elif tensor._is_number:
            name = NUMBER
        elif leaf:
            name = GRAD
        elif self._being_made(tensor):
            name = SAVED
        else:
            name = FLOWING if self._running else UNSEEN if flags & NEW_BUFFER else SHARED
        origin, within = self._here()
        call = self._met(name)
        self._row(
            _FORWARD, flags, within, origin, self._now(), 0, 0, number, 0, 0, leaf, meta, buffer, call, value,
        )  # fmt: skip
        return number

    def _met(self, name):
        """The number of the CALL row of tensors that were met so."""
        return self._numbers.call((name, None, 0, ()), call_json, name, None, {}, [], 0)

    def _being_made(self, tensor):
        """Whether the op whose result this is has not ended yet."""
        node = tensor.grad_fn
        return node is not None and node.sequence_nr > self._first_node and node not in self._nodes

    def _node(self, node):
        """The node's number; before it, a NODE row for each AccumulateGrad that it is the first to lead to."""
        for following in node._edges:
            if following.__class__ is AccumulateGrad:
                self._node_number(following)
        return self._node_number(node)

    def _node_number(self, node):
        """The node's number; an AccumulateGrad that is new gets its NODE row, since no FORWARD row makes it."""
        number, new = self._nodes.number(node)
        if new and node.__class__ is AccumulateGrad:
            leaf = self._tensor(node.variable)
            self._row(Kind.NODE, node=number, tensor=leaf, ref=self._accumulating())
        return number

    def _accumulating(self):
        """The ref of what a NODE row says of an AccumulateGrad."""
        return self._numbers.text(("grad_fn",), {"grad_fn": "AccumulateGrad"})

    def _call(self, name, declared, inputs, outputs, node, settings):
        """The number of the CALL row for this op with these settings and this pattern of saved tensors."""
        if node is None or (declared and node._saved.__class__ is tuple):
            pattern = None if node is None else node._run
            if node is not None and in_place(inputs, outputs):  # its copies and CopySlices are patterns of their own
                pattern = (pattern, node.name(), tuple(saved_names(declared, node, inputs, outputs)))
        else:  # what a user's Function saves, or a hook keeps of it, may differ from call to call
            pattern = tuple(saved_names(None, node, inputs, outputs))
        key = (name, pattern, len(inputs), tuple(settings.items()) if settings else ())
        return self._numbers.call(key, described, name, declared, inputs, outputs, node, settings)

    def _kept(self, declared, node, number, inputs, outputs):
        """KEPT rows for what the node saved besides inputs and outputs."""
        plain = node._saved.__class__ is tuple and not in_place(inputs, outputs)
        if declared and not declared.intermediates and plain:
            return
        for name, which, array in saved_arrays(declared, node, inputs, outputs):
            if which == -2:
                meta, buffer, flags = self._identity(array)
                ref = self._numbers.text((name,), {"name": name})
                self._row(Kind.KEPT, flags & NEW_BUFFER, node=number, meta=meta, buffer=buffer, ref=ref)

    # -- backward ----------------------------------------------------------------------------------

    def backward_started(self, roots, retain_graph, create_graph):
        """A BACKWARD row; its number is the call's."""
        call = self._backward_calls()
        root, node = self._tensor_at(roots[0]), arrival(roots[0])[0]
        tensor = 0 if root is None else self._tensor(root)
        self._running += 1
        if create_graph:  # what backward computes is part of a graph, and called after backward
            self._places.enter("backward", False, sys._getframe(2))
            self._building.add(call)
        node = self._node_number(node) if node.__class__ is not AccumulateGrad else 0
        flags = (Flag.RETAIN_GRAPH if retain_graph else 0) | (Flag.CREATE_GRAPH if create_graph else 0)
        self._row(Kind.BACKWARD, int(flags), 0, self._here()[0], self._now(), 0, node, tensor, call)
        return call

    def step(self, call, node, incoming, outgoing, started):
        """A STEP row with the incoming gradient, and a GRAD row for each one handed on."""
        now = perf_counter_ns()
        number = self._node_number(node)
        # of several outputs, the first may have got none
        flags, meta, buffer, value = (0, 0, 0, 0) if incoming[0] is None else self._value(incoming[0], True)
        self._row(
            _STEP, flags, 0, 0, started - self._began, now - started, number, 0, call, 0, 0, meta, buffer, 0, value
        )
        for position, gradient in enumerate(incoming[1:], 1):
            if gradient is not None:
                flags, meta, buffer, value = self._value(gradient)
                self._row(Kind.INCOMING, flags, 0, 0, 0, 0, number, 0, call, position, 0, meta, buffer, 0, value)
        for position, (edge, gradient) in enumerate(zip(node._edges, outgoing)):  # noqa: B905  as many
            if gradient is None or edge is None:
                continue
            target = self._node_number(edge.node if edge.__class__ is Edge else edge)
            flags, meta, buffer, value = self._value(gradient)
            array = gradient._array if isinstance(gradient, Tensor) else gradient
            if value and not flags & INLINE and array.base is None:
                self._buffers.watch(array).given = value
            self._row(_GRAD, flags, 0, 0, 0, 0, number, 0, call, position, target, meta, buffer, 0, value)

    def summed(self, gradient):
        """No row: the STEP that takes it in tells the sum. Only the value that it had is forgotten."""
        if (watch := self._buffers.watch(gradient)) is not None:
            watch.given = 0

    def captured(self, call, tensor, grad):
        """A CAPTURED row: a gradient that autograd.grad returns."""
        self._tensor(grad, RETURNED)
        flags, meta, buffer, value = self._value(grad._array)
        known = self._tensor_at(tensor)
        number = 0 if known is None else self._tensor(known)
        self._row(Kind.CAPTURED, flags, 0, 0, self._now(), 0, 0, number, call, 0, 0, meta, buffer, 0, value)

    def _tensor_at(self, place):
        """The tensor itself; of a GradientEdge, the leaf there, or None."""
        return getattr(place.node, "variable", None) if isinstance(place, GradientEdge) else place

    def released(self, call, node):
        """A RELEASED row: backward let go of a node's saved tensors."""
        self._row(Kind.RELEASED, 0, 0, 0, self._now(), 0, self._node_number(node), 0, call)

    def backward_ended(self, call, error):
        """A BACKWARD_ENDED row, with the error where it raised."""
        self._running -= 1
        if call in self._building:
            self._building.remove(call)
            self._places.leave(None)
        ref = 0 if error is None else self._journal.text({"error": error_text(error)})
        self._row(Kind.BACKWARD_ENDED, 0 if error is None else int(Flag.FAILED), time=self._now(), a=call, ref=ref)

    # -- everything else -----------------------------------------------------------------------------

    def attached(self, name, part):
        """NAMED rows for the parameters that a module just got: `weight`, then `0.weight` from outside."""
        if isinstance(part, Parameter):
            self._named(part, name)
        else:
            for inner, parameter in part.named_parameters():
                if not is_lazy(parameter):
                    self._named(parameter, f"{name}.{inner}" if name else inner)

    def entered(self, name, aside, module=None):
        """The ops until `left` are within this."""
        self._places.enter(name, aside, opener(sys._getframe(1)), module)

    def left(self, result):
        """One step out; what a line of the script's called has the name of what it is assigned to."""
        target = self._places.leave(opener(sys._getframe(1)).f_back)
        if target and isinstance(result, Tensor):
            self._named(result, target)

    @property
    def is_aside(self):
        """Whether what runs is an optimizer's or a Function's own work, beside the graph."""
        return self._places.aside

    def finish(self, outcome):
        """Names and holders, found in the script's own variables while they live, and the ENDED row."""
        for name in IN_C:
            vars(self).pop(name, None)  # the scribe's, which look for a line of the script's: none is running any more
        self._here = lambda: (0, 0)
        named = {}  # number of a leaf -> whether a module's attribute named it: model.0.weight says more than params[0]
        found = holders(outcome)
        for name, held, of_module, place in found:
            tensor, node = (held, held.grad_fn) if is_tensor(held) else (None, held)
            number = self._tensor(tensor) if tensor is not None else 0
            if number and tensor._edge is None and (number not in named or of_module > named[number]):
                self._named(tensor, name)
                named[number] = of_module
            node = self._node_number(node) if node is not None else 0
            ref, origin = self._journal.text({"name": name}), self._places.held_at(place)
            self._row(Kind.HOLDER, origin=origin, tensor=number, node=node, ref=ref)
        held = tensor = None
        origin = self._places.origin(*outcome.origin) if outcome.origin else 0
        ended = {"how": outcome.how, "error": outcome.error, "exit_code": outcome.exit_code, "origin": origin}
        ref = self._journal.text(ended | {"not_looked_at": found.cut})
        self._row(Kind.ENDED, origin=origin, time=self._now(), ref=ref)

    def _named(self, tensor, name):
        number = self._tensor(tensor)
        self._row(Kind.NAMED, tensor=number, ref=self._numbers.text(("name", name), {"name": name}))

    def _now(self):
        return perf_counter_ns() - self._began

    # -- columns -------------------------------------------------------------------------------------

    def _value(self, array, on_its_way=False):
        """(flags, meta, buffer, value) of an array, a Tensor or a NumPy scalar.

        on_its_way: a gradient, whose preview was made when it was handed on, mostly.
        """
        if array.__class__ is not np.ndarray and isinstance(array, Tensor):  # the first is quicker to ask
            array = array._array
        meta, buffer, flags = self._identity(array)
        if not self._whole:
            return flags, meta, buffer, 0
        if not array.ndim:
            return flags | INLINE, meta, buffer, float(array)
        if on_its_way and array.base is None and (value := (watch := self._buffers.watch(array)).given):
            watch.given = 0
            return flags, meta, buffer, value
        return flags, meta, buffer, self._journal.blob(self._encoded(array))

    def _identity(self, array):
        """(meta, buffer, flags); a NumPy scalar has no buffer to watch."""
        meta = self._numbers.meta(array)
        if array.__class__ is not np.ndarray and isinstance(array, np.generic):
            return meta, 0, 0
        buffer, new = self._buffers.of_array(array)
        if not new:
            return meta, buffer, 0
        if array.base is not None:
            self._row(Kind.BUFFER, buffer=buffer, value=backend.owner(array).nbytes)
        return meta, buffer, NEW_BUFFER

    def _encoded(self, array):
        if isinstance(array, (np.ndarray, np.generic)):
            return preview.encode(np.asarray(array), whole_up_to=self._whole)
        return device_values.encoded(array, self._whole)
