"""The only globals of the engine: grad mode, the defaults, and the one observer.

`mode` is one object with slots, so that the road of every op reads a switch with one attribute look-up.
"""

from itertools import count


class Observer:
    """Hears what the engine does; the base hears nothing.

    Arrays and tensors that are handed over are on loan: an observer that keeps one lengthens the life
    that it watches. `started` is the clock's reading before the work, in nanoseconds.
    """

    def forward(self, op, outputs, inputs, node, settings, started):
        """An op ran; node is its grad_fn, or None where no graph was built."""

    def backward_started(self, roots, retain_graph, create_graph):
        """A backward call begins at these tensors; what is returned is handed back as `call`."""

    def step(self, call, node, incoming, outgoing, started):
        """A node ran: one incoming gradient an output, one outgoing gradient (or None) an edge."""

    def before_accumulation(self, leaf):
        """A leaf's .grad is about to change; what is returned is handed back as `before`."""

    def accumulated(self, call, node, leaf, before):
        """A leaf's .grad took a gradient in."""

    def assigned(self, tensor):
        """The script set a tensor's .grad: to another tensor, or to None."""

    def captured(self, call, tensor, grad):
        """autograd.grad got its gradient for `tensor`."""

    def released(self, call, node):
        """The saved tensors of a node were released."""

    def backward_ended(self, call, failed):
        """A backward call ended; failed tells whether it raised."""

    def mutated(self, tensor, op):
        """A tensor was changed in place by the op of this name."""

    def attached(self, name, part):
        """A module got a parameter or another module as its attribute `name`."""

    def keeps(self, state):
        """An optimizer has this state ({name: tensor, or what else it may be}) for a parameter."""

    def entered(self, name, aside, module=None):
        """A module (None: a composite function) begins: the ops until `left` belong to it.

        aside: they do its own work beside the graph, as an optimizer's step and a Function's forward do.
        """

    def left(self, result):
        """The innermost module or composite function ends; result is what it returns (None where it failed)."""


class Mode:
    """Grad mode, defaults and observer."""

    __slots__ = (
        "grad", "observer", "default_dtype", "default_device", "next_sequence_nr", "next_serial", "inference",
        "anomaly", "births", "saved_hooks", "saved_hooks_refusal", "backward",
    )  # fmt: skip

    def __init__(self):
        self.grad = True
        self.observer = None
        self.default_dtype = None  # set by gradviz.engine.tensor, which knows the dtypes
        self.default_device = "cpu"
        self.next_sequence_nr = count().__next__
        self.next_serial = count(1).__next__  # observers number tensors and nodes with it
        self.inference = False
        self.anomaly = None  # or how anomaly mode is set
        self.backward = None  # the innermost backward call that is running
        self.births = []  # functions that look at each new node
        self.saved_hooks = []  # (pack, unpack), the innermost last
        self.saved_hooks_refusal = None  # or why no more may be added


mode = Mode()


class _GradMode:
    """Sets grad mode inside a with block or a decorated function, and puts it back."""

    def __init__(self, wanted):
        self._wanted = wanted
        self._before = []

    def __enter__(self):
        self._before.append(mode.grad)
        mode.grad = self._wanted and not mode.inference

    def __exit__(self, *exception):
        mode.grad = self._before.pop()

    def _again(self):
        """Another one of the same: a decorated function may call itself."""
        return _GradMode(self._wanted)

    def __call__(self, function):
        # imported here: start-up doesn't pay for what few scripts use
        from functools import wraps
        from inspect import isgeneratorfunction

        again = self._again
        if isgeneratorfunction(function):
            return wraps(function)(lambda *args, **kwargs: _stepped(function(*args, **kwargs), again))

        @wraps(function)
        def wrapped(*args, **kwargs):
            with again():
                return function(*args, **kwargs)

        return wrapped


def _stepped(generator, again):
    """Runs each step of a generator in a mode, and leaves the caller's alone between the steps."""
    step, given = generator.send, None
    while True:
        try:
            with again():
                made = step(given)
        except StopIteration as end:
            return end.value
        try:
            step, given = generator.send, (yield made)
        except GeneratorExit:
            with again():
                generator.close()
            raise
        except BaseException as error:  # thrown in by the caller: the generator's own business
            step, given = generator.throw, error


class no_grad(_GradMode):
    """No graph is built inside: a context manager and a decorator, as `torch.no_grad`."""

    def __init__(self, function=None):
        super().__init__(False)

    def __new__(cls, function=None):
        made = super().__new__(cls)
        if function is None:
            return made
        made.__init__()
        return made(function)  # used as a bare @no_grad


class enable_grad(no_grad):
    """Graphs are built inside, even within no_grad."""

    def __init__(self, function=None):
        _GradMode.__init__(self, True)


class set_grad_enabled(_GradMode):
    """Switches grad mode at once; as a context manager, puts it back at the end."""

    def __init__(self, mode_wanted):
        super().__init__(bool(mode_wanted))
        self._at_call = mode.grad
        mode.grad = self._wanted and not mode.inference

    def __enter__(self):
        self._before.append(self._at_call)
        mode.grad = self._wanted and not mode.inference

    def __call__(self, function):
        mode.grad = self._at_call
        return super().__call__(function)


def is_grad_enabled():
    """Whether an op run now builds a graph."""
    return mode.grad
