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

    def applying(self, ctx, inputs):
        """A user's Function is about to run its forward on these inputs; ctx becomes its node, if there is one."""

    def changing(self, op, outputs, inputs, node, settings):
        """An op with a node ran, and its result is about to be written into a tensor: inputs are as they were."""

    def backward_started(self, roots, retain_graph, create_graph):
        """A backward call begins at these tensors; what is returned is handed back as `call`."""

    def arriving(self, node, incoming):
        """A node is about to run that calls the script's code: a Function's backward, or hooks behind it."""

    def computed(self, node, outgoing):
        """A node with hooks behind it ran: what they may now change."""

    def step(self, call, node, incoming, outgoing, started):
        """A node ran: one incoming gradient an output, one outgoing gradient (or None) an edge."""

    def summed(self, gradient):
        """A gradient on its way took another one in, in place."""

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

    def backward_ended(self, call, error):
        """A backward call ended: with this exception, or None."""

    def refused(self, root):
        """A backward call does not even begin: this root of it does not require grad."""

    def grad_read(self, tensor):
        """The script read .grad of a tensor that is no leaf and does not retain it: there is none."""

    def mutated(self, tensor, op):
        """A tensor was changed in place by the op of this name."""

    def replayed(self, nodes, run):
        """A static graph of these nodes, the oldest first, ran again; run: how often it has run by now."""

    def attached(self, name, part):
        """A module got a parameter or another module as its attribute `name`."""

    def optimized(self, optimizer, parameters):
        """An optimizer was given these parameters to move."""

    def stepped(self, optimizer):
        """An optimizer's step begins."""

    def keeps(self, state):
        """An optimizer has this state ({name: tensor, or what else it may be}) for a parameter."""

    def no_grad_entered(self, function):
        """A no_grad region begins; function is the one that no_grad decorates, or None."""

    def no_grad_left(self):
        """The innermost no_grad region ends."""

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
        "anomaly", "births", "saved_hooks", "saved_hooks_refusal", "backward", "capture", "formula",
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
        self.formula = False  # whether a vjp computes on Tensors: its numbers are those of PyTorch's own code
        self.capture = None  # what writes down a static graph while its function runs
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

    def _again(self, function):
        """Another one of the same for a decorated function, which may call itself."""
        return _GradMode(self._wanted)

    def __call__(self, function):
        # imported here: start-up doesn't pay for what few scripts use
        from functools import partial, wraps
        from inspect import isgeneratorfunction

        again = partial(self._again, function)
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

    _function = None  # the one that it decorates

    def __init__(self, function=None):
        super().__init__(False)

    def __new__(cls, function=None):
        made = super().__new__(cls)
        if function is None:
            return made
        made.__init__()
        return made(function)  # used as a bare @no_grad

    def _again(self, function):
        again = type(self)()
        again._function = function
        return again

    def __enter__(self):
        super().__enter__()
        if mode.observer is not None and not self._wanted:
            mode.observer.no_grad_entered(self._function)

    def __exit__(self, *exception):
        if mode.observer is not None and not self._wanted:
            mode.observer.no_grad_left()
        super().__exit__(*exception)


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
