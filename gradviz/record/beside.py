"""What no_grad saves, measured: each op of a no_grad region is run once more beside, with gradients on.

The second run builds the op's real node, on tensors of its own that stand in for the script's: the same values, and a
graph where there would be one. It lives exactly as long as the script's own result, as it would with gradients on. So
nodes are counted, and saved bytes are those of arrays that are there. The script hears nothing of it: its tensors, its
graph, their lives and the random numbers stay as they are. It costs time, and the memory that is measured.
"""

import sys
from weakref import WeakValueDictionary, ref

import numpy as np

from gradviz.engine import random
from gradviz.engine.backend import owner
from gradviz.engine.op import Op
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor
from gradviz.record.script import PACKAGE


class Region:
    """One no_grad region, by its place in the source: what all passes through it built."""

    def __init__(self, place, function):
        self.place = place
        self.function = function
        self.passes = self.ops = self.uncounted = self.nodes = 0
        self.now = self.peak = self.kept = 0  # saved bytes: at this moment, at most, and when it was last left
        self.needed = ""  # the in-place change of a leaf that gradients would refuse
        self._keepers = {}  # id of a saved array's memory -> how many of the region's live nodes keep it
        self._watched = {}  # id of a live node -> a weak reference to it

    def built(self, node):
        """Counts a node, and what it saved for as long as it lives."""
        self.nodes += 1
        kept = {id(own): own.nbytes for each in node._saved if hasattr(each, "base") for own in [owner(each)]}
        for place, nbytes in kept.items():
            if place not in self._keepers:
                self.now += nbytes
            self._keepers[place] = self._keepers.get(place, 0) + 1
        self.peak = max(self.peak, self.now)
        number = id(node)
        self._watched[number] = ref(node, lambda _: self._ended(number, kept))

    def _ended(self, number, kept):
        del self._watched[number]
        for place, nbytes in kept.items():
            self._keepers[place] -= 1
            if not self._keepers[place]:
                del self._keepers[place]
                self.now -= nbytes

    def told(self):
        """What the trace keeps of it."""
        names = ("function", "passes", "ops", "uncounted", "nodes", "peak", "kept", "needed")
        return {name: getattr(self, name) for name in names}


class Beside:
    """An observer before a recorder's: all that it hears goes on there. A context manager."""

    def __init__(self, recorder):
        self._recorder = recorder
        self._regions = {}  # place -> Region, in the order of first passes
        self._inside = []  # the regions that are running, None for gradviz's own
        self._made = {}  # number of a result of the script's -> (weak reference to it, what stands in for it)
        self._leaves = WeakValueDictionary()  # number of a tensor -> what stands in for it where it requires grad
        self._copies = WeakValueDictionary()  # number of a tensor -> a copy of its array, while a node keeps it
        self._last = None  # the newest result beside: an in-place change takes it over

    def __getattr__(self, name):
        return getattr(self._recorder, name)

    def __enter__(self):
        self._before, mode.observer = mode.observer, self
        return self

    def __exit__(self, *exception):
        mode.observer = self._before

    @property
    def met(self):
        """How many regions of the script's own it met."""
        return len(self._regions)

    def finish(self):
        """Tells the recorder of each region, and drops what was built."""
        for region in self._regions.values():
            self._recorder.compared(region.place, region.told())
        self._last = None
        self._made.clear()

    def no_grad_entered(self, function):
        """A region of the script's own begins, or one of gradviz's, which gradients would leave as it is."""
        frame = sys._getframe(2)
        code = frame.f_code if function is None else getattr(function, "__code__", None)
        if code is None or code.co_filename.startswith(PACKAGE):
            self._inside.append(None)
            return
        place = (code, frame.f_lasti if function is None else 0)
        region = self._regions.get(place)
        if region is None:
            region = self._regions[place] = Region(place, getattr(function, "__name__", ""))
        region.passes += 1
        self._inside.append(region)

    def no_grad_left(self):
        """The innermost region ends."""
        self._last = None
        region = self._inside.pop() if self._inside else None
        if region is not None:
            region.kept = region.now

    def forward(self, op, outputs, inputs, node, settings, started):
        """The op goes on to the recorder, and is run beside where a region of the script's is running."""
        self._recorder.forward(op, outputs, inputs, node, settings, started)
        self._last = None
        region = self._inside[-1] if self._inside else None
        if region is None or mode.grad or self._recorder.is_aside or not any(map(self._wants_grad, inputs)):
            return
        region.ops += 1
        given = _arguments(op, inputs)
        if given is None:
            region.uncounted += 1
            return
        stand_ins = [each if each is None else self._stand_in(each) for each in given]
        made = _with_gradients(op, stand_ins, settings)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        if made is None or len(made) != len(outputs):
            region.uncounted += 1
            return
        nodes = {id(each.grad_fn): each.grad_fn for each in made if each.grad_fn is not None}
        for each in nodes.values():
            region.built(each)
        for real, beside in zip(outputs, made, strict=True):
            if beside.requires_grad:
                self._keep(real, beside)
        self._last = made[0]

    def mutated(self, tensor, op):
        """A change in place: of a leaf it is what no_grad is needed for, else the result beside is the new value."""
        self._recorder.mutated(tensor, op)
        region = self._inside[-1] if self._inside else None
        self._copies.pop(tensor._serial, None)
        self._leaves.pop(tensor._serial, None)
        if region is None or mode.grad:
            return
        if tensor._requires_grad and tensor._edge is None:
            region.needed = op
        elif self._last is not None and self._last.requires_grad and self._last.shape == tensor.shape:
            self._keep(tensor, self._last)

    def _wants_grad(self, tensor):
        return tensor._requires_grad or tensor._serial in self._made

    def _keep(self, real, beside):
        number = real._serial
        self._made[number] = ref(real, lambda _: self._made.pop(number, None)), beside

    def _stand_in(self, tensor):
        """A tensor with the same values, whose graph is the one beside; a number stays what it is."""
        if tensor._is_number:
            return tensor.value
        number = tensor._serial
        if number in self._made:
            return self._made[number][1]
        leaf = self._leaves.get(number)
        if leaf is not None:
            return leaf
        array = self._copies.get(number)
        if array is None:
            array = self._copies[number] = tensor._array.copy()
        made = Tensor(array, tensor._requires_grad)
        if tensor._requires_grad:
            self._leaves[number] = made
        return made


def _arguments(op, inputs):
    """The op's inputs, None for one left out; None for a user's Function, or where it is unsure which was left out."""
    if not isinstance(op, Op):
        return None
    if op.variadic or len(inputs) == len(op.inputs):
        return list(inputs)
    if len(op.optional) > 1 and len(inputs) + len(op.optional) > len(op.inputs):
        return None
    given = iter(inputs)
    return [None if name in op.optional else next(given) for name in op.inputs]


def _with_gradients(op, inputs, settings):
    """The results of an op that runs unobserved with gradients on; None where it fails."""
    observer, mode.observer, mode.grad = mode.observer, None, True
    state = random.default_generator.get_state()
    try:
        with np.errstate(all="ignore"):
            made = op.call(*inputs, **settings)
    except Exception:  # what went well for the script must not fail now
        return None
    finally:
        random.default_generator.set_state(state)
        mode.observer, mode.grad = observer, False
    return made if isinstance(made, tuple) else (made,)
