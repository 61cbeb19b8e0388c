"""inference_mode: no graph, and tensors that can never be part of one.

To be an inference tensor is a matter of the memory: a view is one exactly when its base is. The mode listens to what
is made, as an observer, so that nobody pays for it outside.
"""

import weakref

from gradviz.engine.backend import owner
from gradviz.engine.coerce import NUMBERS
from gradviz.engine.switches import Observer, _GradMode, mode
from gradviz.engine.versions import is_uncounted, uncounted

NOT_SAVED = (
    "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in "
    "computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it in "
    "autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`."
)
NOT_CHANGED = (
    "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal "
    "tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details."
)


class Marking:
    """Marks the memory of what is made; all that it hears goes on to the observer of before."""

    def __init__(self, before):
        self.before = before
        self._listener = before or Observer()

    def __getattr__(self, name):
        return getattr(self._listener, name)

    def forward(self, op, outputs, inputs, node, settings, started):
        """New memory is marked; what shares an input's stays what that is."""
        shared = {id(owner(each._array)) for each in inputs}
        for each in outputs if isinstance(outputs, tuple) else (outputs,):
            own = owner(each._array)
            if id(own) not in shared:
                _mark(own)
        self._listener.forward(op, outputs, inputs, node, settings, started)


class inference_mode(_GradMode):
    """No graph is built inside, and what is made there never joins one: a context manager and a decorator."""

    def __new__(cls, mode=True):
        made = super().__new__(cls)
        if not callable(mode):
            return made
        made.__init__()
        return made(mode)  # used as a bare @inference_mode

    def __init__(self, mode=True):
        super().__init__(not mode)
        self._outer = []

    def __enter__(self):
        self._outer.append((mode.inference, mode.observer))
        wanted = not self._wanted
        if wanted != mode.inference:
            mode.observer = Marking(mode.observer) if wanted else mode.observer.before
        mode.inference = wanted
        super().__enter__()

    def __exit__(self, *exception):
        super().__exit__(*exception)
        mode.inference, mode.observer = self._outer.pop()

    def _again(self, function):
        return inference_mode(not self._wanted)


def is_inference_mode_enabled():
    """Whether inference mode is on."""
    return mode.inference


def is_inference(input):
    """Whether the tensor was made in inference mode, or is a view of one that was."""
    return input.is_inference()


def refuse_change(tensor):
    """RuntimeError where an inference tensor is about to be changed in place outside inference mode."""
    apart = tensor._rare is not None and tensor._rare.changes is not None
    if not mode.inference and not apart and is_uncounted(tensor._array):
        raise RuntimeError(NOT_CHANGED)


def _mark(array):
    key = id(array)
    if _refuse_saving not in mode.births:
        mode.births.insert(0, _refuse_saving)
    uncounted[key] = weakref.ref(array, lambda _: _forget(key))


def _forget(key):
    uncounted.pop(key, None)
    if not uncounted and _refuse_saving in mode.births:
        mode.births.remove(_refuse_saving)


def _refuse_saving(node, tensors):
    for array in node._saved:
        if array is not None and array.__class__ not in NUMBERS and is_uncounted(array):
            raise RuntimeError(NOT_SAVED)
