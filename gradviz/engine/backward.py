"""backward() and grad(): order, accumulation, release. No recursion, and no first pass over the graph.

Nodes are numbered as they are made, so a node's number is greater than those of all it leads to: taking
the greatest reached number from a heap is a topological order, the same one PyTorch's ready queue takes.
The gradients on their way live in a dict of this call, never on the nodes, so that a backward inside a
hook or a Function can't meet them and a failing one leaves nothing behind.
"""

from heapq import heappop, heappush
from time import perf_counter_ns

import numpy as np

from gradviz.engine import versions
from gradviz.engine.backend import module_of
from gradviz.engine.catalogue import lifted
from gradviz.engine.coerce import quietly
from gradviz.engine.fitting import fitted_all
from gradviz.engine.hooks import hooked, opened
from gradviz.engine.node import RELEASED, SECOND_BACKWARD, AccumulateGrad, Edge, GradientEdge, place_of
from gradviz.engine.ownership import added, copied, taken
from gradviz.engine.reach import arrival, as_sequence, edge_at, nodes_on_the_way, reached_from, targets_of
from gradviz.engine.switches import _GradMode, mode
from gradviz.engine.tensor import NO_RETAIN, Size, Tensor
from gradviz.engine.twins import follow
from gradviz.engine.views import settle


def backward(tensors, grad_tensors=None, retain_graph=None, create_graph=False, inputs=None):
    """Adds the gradients of `tensors` to the .grad of the leaves that led to them (or of `inputs` only).

    RuntimeError as PyTorch's: a non-scalar root without gradient, a root without graph, saved tensors
    that are already freed.
    """
    roots = as_sequence(tensors)
    gradients = root_gradients(roots, grad_tensors, create_graph)
    keep = create_graph if retain_graph is None else retain_graph
    targets = None
    if inputs is not None:
        wanted = as_sequence(inputs)
        if not wanted:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
        if not all(isinstance(each, GradientEdge) or each._requires_grad for each in wanted):
            raise RuntimeError(NO_RETAIN)
        targets = targets_of(wanted)
    with _begun(roots, keep, create_graph) as call:
        call.run(gradients, targets)
        if targets is None:
            return
        for each in wanted:
            node, output_nr = arrival(each)
            found = call.captured.get((node.sequence_nr, output_nr))
            tensor = getattr(node, "variable", None) if isinstance(each, GradientEdge) else each
            if found is not None and tensor is not None:
                call.accumulate(node, tensor, [node, found])


def grad(
    outputs,
    inputs,
    grad_outputs=None,
    retain_graph=None,
    create_graph=False,
    allow_unused=None,
    materialize_grads=False,
):
    """The gradients of `outputs` for `inputs`, a tuple; nothing is stored in any .grad.

    Only the nodes on the way to `inputs` run. Outputs and inputs are tensors, or GradientEdges in their place.
    RuntimeError for an input that the graph doesn't use, unless allow_unused.
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    roots, wanted = as_sequence(outputs), as_sequence(inputs)
    if not wanted:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    gradients = root_gradients(roots, grad_outputs, create_graph)
    keep = create_graph if retain_graph is None else retain_graph
    with _begun(roots, keep, create_graph) as call:
        targets = targets_of(wanted)
        call.run(gradients, targets)
        found = []
        for tensor in wanted:
            node, output_nr = arrival(tensor)
            gradient = call.captured.get((node.sequence_nr, output_nr))
            if gradient is None and materialize_grads:
                if isinstance(tensor, GradientEdge):
                    raise RuntimeError("materialize_grads cannot be used when the given input is a GradientEdge")
                gradient = module_of(tensor._array).zeros_like(tensor._array)
            elif gradient is None and not allow_unused:
                raise RuntimeError(
                    f"The differentiated Tensor at index {len(found)} appears to not have been used in the graph. Set "
                    "allow_unused=True if this is the desired behavior."
                )
            found.append(as_tensor(gradient))
            if mode.observer is not None and gradient is not None:
                mode.observer.captured(call.number, tensor, found[-1])
    return tuple(found)


def _begun(roots, keep, create_graph):
    if mode.anomaly is None:
        return Backward(roots, keep, create_graph)
    from gradviz.engine.anomaly import WatchedBackward

    return WatchedBackward(roots, keep, create_graph)


class Backward:
    """One backward call: the gradients on their way, and what it does at each node."""

    __slots__ = (
        "number", "captured", "_roots", "_keep", "_create_graph", "_grad_mode", "_pending",
        "_heap", "_observer", "_ops", "_targets", "_needed", "_outer", "__weakref__",
    )  # fmt: skip

    def __init__(self, roots, keep, create_graph):
        self.captured = {}  # (sequence_nr, output_nr) -> gradient, for the targets
        self._roots = roots
        self._keep = keep
        self._create_graph = create_graph
        self._grad_mode = _GradMode(create_graph)
        self._pending = {}  # sequence_nr -> [node, gradient of output 0, of output 1, ...]
        self._heap = []  # -sequence_nr of the pending nodes
        self._observer = mode.observer
        self.number = None

    def __enter__(self):
        if self._observer is not None:
            self.number = self._observer.backward_started(self._roots, self._keep, self._create_graph)
        self._grad_mode.__enter__()
        self._outer, mode.backward = mode.backward, self
        return self

    def __exit__(self, kind, error, trace):
        mode.backward = self._outer
        self._grad_mode.__exit__(kind, error, trace)
        if self._observer is not None:
            self._observer.backward_ended(self.number, error)

    def run(self, gradients, targets):
        """Sends the roots' gradients through the graph; `targets` limits it to the nodes on the way there.

        On the short way the next node is taken past the heap when it is newer than all that wait.
        """
        self._targets = targets
        self._needed = None if targets is None else nodes_on_the_way(self._roots, targets)
        self._ops = lifted if self._create_graph else None
        for root, gradient in zip(self._roots, gradients, strict=True):
            self._deliver(edge_at(root), gradient)
        plain = self._ops is None and targets is None and mode.anomaly is None
        if plain and follow is not None:
            follow(self, self._pending, self._heap, self._keep, self._observer)
            return
        plain = plain and self._observer is None
        pending, heap, keep, changed = self._pending, self._heap, self._keep, versions.changed
        odd = None  # an entry for which the short way is not
        while heap or odd is not None:
            entry = pending.pop(-heappop(heap)) if odd is None else odd
            if not plain or odd is not None or len(entry) != 2:
                self._visit(entry)
                odd = None
                continue
            # the short way, for raw arrays that go to all leaves while nobody watches
            node, gradient = entry
            while node is not None:
                run, saved = node._run, node._saved
                if (
                    run is None
                    or node._hooks is not None
                    or saved.__class__ is not tuple  # freed, or held by hooks
                    or (changed and versions.spoilt(node))
                ):
                    odd = [node, gradient]
                    gradient = handed = outgoing = saved = None  # so that the entry alone holds it: see ownership
                    break
                try:
                    outgoing = run(gradient, saved, node._settings, None)
                except RuntimeWarning:  # the script's filters make errors of NumPy's warnings
                    outgoing = quietly(run, gradient, saved, node._settings, None)
                if not keep:
                    for each in saved:
                        if each is not None:
                            node._saved, each = RELEASED, None
                            break
                saved = gradient = None  # what nobody needs any more goes now: see _visit
                edges, node = node._edges, None
                for edge, handed in zip(edges, outgoing):  # noqa: B905  as many, and `strict` costs here
                    if handed is None or edge is None:
                        continue
                    if edge.__class__ is Edge:
                        self._deliver(edge, handed)
                        continue
                    number = edge.sequence_nr
                    if node is None and number not in pending:
                        node, gradient, newest = edge, handed, number
                    elif number in pending:
                        added(pending[number], 1, handed)
                    elif node is edge:
                        gradient = gradient + handed
                    elif number > newest:
                        pending[newest] = [node, gradient]
                        heappush(heap, -newest)
                        node, gradient, newest = edge, handed, number
                    else:
                        pending[number] = [edge, handed]
                        heappush(heap, -number)
                outgoing = handed = None
                if heap and node is not None and newest < -heap[0]:
                    pending[newest] = [node, gradient]
                    heappush(heap, -newest)
                    node = None

    def _visit(self, entry):
        """All that happens at a node: hooks, what is captured and told, its backward, its release, and delivery."""
        node, targets, observer = entry[0], self._targets, self._observer
        hooks = node._hooks
        if hooks is not None:
            hooks.before(entry, as_tensor)
        ends = node.__class__ is AccumulateGrad
        if ends and node.variable._rare.hooks:
            for hook in list(node.variable._rare.hooks.values()):
                entry[1] = hooked(hook, entry[1], as_tensor)
        if targets is not None:
            for output_nr in range(1, len(entry)):
                if (node.sequence_nr, output_nr - 1) in targets:
                    self.captured[node.sequence_nr, output_nr - 1] = entry[output_nr]
            if node not in self._needed:
                return
        if hooks is not None and hooks.pre:
            hooks.prepared(entry, as_tensor)
        started = perf_counter_ns() if observer is not None else 0
        if ends:
            if observer is not None:
                observer.step(self.number, node, entry[1:], (), started)
            self.accumulate(node, node.variable, entry)
            if hooks is not None and hooks.post:
                hooks.after((), entry[1:], as_tensor)
            return
        saved = node._saved
        if saved.__class__ is not tuple:  # freed, or held by hooks
            saved = self._opened(node)
        elif versions.changed:
            versions.check(node)
        aware = observer is not None and (node.op is None or hooks is not None and hooks.post)
        if aware:
            observer.arriving(node, entry[1:])
        outgoing = told = self._step(node, saved, entry)
        if aware:
            observer.computed(node, outgoing)
        if observer is not None and node.op is not None:  # who is told what the node computed, before it is summed
            outgoing = fitted_all(node, outgoing, self._ops)
        if hooks is not None and hooks.post:
            outgoing = told = hooks.after(outgoing, entry[1:], as_tensor)
        if observer is not None:
            observer.step(self.number, node, entry[1:], told, started)
        if not self._keep and node._saved and node.release() and observer is not None:
            observer.released(self.number, node)
        told = saved = None  # what nobody needs any more goes now, in the order of the short way
        del entry[1:]
        for edge, gradient in zip(node._edges, outgoing, strict=True):
            if gradient is not None and edge is not None and (targets is None or self._on_the_way(edge)):
                self._deliver(edge, gradient)
        gradient = None  # noqa: F841  as said above

    @property
    def is_limited(self):
        """Whether only the nodes on the way to some inputs run."""
        return self._targets is not None

    def runs(self, node):
        """Whether this call runs the node, or takes the gradient that arrives there."""
        if self._targets is not None:
            return node in self._needed or node in self._targets.values()
        return node.sequence_nr in reached_from(self._roots)

    def _opened(self, node):
        """The arrays that hooks hold for a node; under create_graph, and in a Function, each is asked for later."""
        if node._saved is RELEASED:
            raise RuntimeError(SECOND_BACKWARD)
        if self._create_graph or node.op is None:
            return node._saved
        return opened(node._saved)

    def _step(self, node, saved, entry):
        """The gradients that a node hands on, one an edge."""
        if node.op is None:  # a user's Function
            return node.run_backward(entry[1:], self._create_graph)
        run, observed = node._run, self._observer is not None
        if self._targets is not None:
            run = node.op.run_for(self.mask(node), run.fits)
        if observed:
            run = run.unfitted
        gradient = entry[1] if len(entry) == 2 else tuple(entry[1:])  # of several outputs, None where nothing arrived
        if self._ops is None:
            try:
                return run(gradient, saved, node._settings, None)
            except RuntimeWarning:  # the script's filters make errors of NumPy's warnings
                return quietly(run, gradient, saved, node._settings, None)
        tensors = tuple(node.saved_tensor(k) for k in range(len(saved)))
        mode.formula = True
        try:
            return run(gradient, tensors, node._settings, self._ops)
        finally:
            mode.formula = False

    def _on_the_way(self, edge):
        """Whether an edge leads to a node that runs, or is itself a target."""
        node, output_nr = place_of(edge)
        return node in self._needed or (node.sequence_nr, output_nr) in self._targets

    def mask(self, node):
        """Bit i: the gradient for input i is needed."""
        return sum(1 << i for i, edge in enumerate(node._edges) if edge is not None and self._on_the_way(edge))

    def _deliver(self, edge, gradient):
        """Adds a gradient to what waits at a node's output."""
        several = edge.__class__ is Edge
        node = edge.node if several else edge
        place = edge.output_nr + 1 if several else 1
        number = node.sequence_nr
        entry = self._pending.get(number)
        if entry is None:
            entry = self._pending[number] = [node, *[None] * (node._count if several else 1)]
            heappush(self._heap, -number)
        if entry[place] is None:
            entry[place] = gradient
        elif added(entry, place, gradient) and self._observer is not None:
            self._observer.summed(entry[place])

    def accumulate(self, node, leaf, entry):
        """Adds entry[1] to a leaf's .grad: in place, or as a new tensor of the graph under create_graph."""
        observer = self._observer
        before = observer.before_accumulation(leaf) if observer is not None else None
        held = leaf._grad
        if held is None:
            # mostly a copy: the array may be another leaf's gradient too, or a saved tensor that the user holds
            leaf._grad = self._copied(entry[1]) if self._create_graph else Tensor(taken(entry, 1))
        elif self._create_graph:
            leaf._grad = held + entry[1]
        else:
            held._array += entry[1]
            versions.bump(held._array)
        if observer is not None:
            observer.accumulated(self.number, node, leaf, before)
        rare = leaf._rare
        if rare is not None and rare.after_hooks:
            for hook in list(rare.after_hooks.values()):
                hook(leaf)

    def _copied(self, gradient):
        """A gradient of the graph as a leaf's own .grad."""
        if not gradient._requires_grad:
            return Tensor(copied(gradient._array))
        return self._ops.copy(Tensor(gradient._array), gradient)


def as_tensor(gradient):
    """A gradient as a Tensor; None stays None."""
    if gradient is None or isinstance(gradient, Tensor):
        return gradient
    return Tensor(np.asarray(gradient) if isinstance(gradient, np.generic) else gradient)


def root_gradients(roots, given, create_graph):
    """One gradient a root: what was given, checked, or ones for a scalar; arrays, or Tensors under create_graph."""
    gradients = as_sequence(given) if given is not None else (None,) * len(roots)
    if len(gradients) != len(roots):
        raise RuntimeError(f"got {len(roots)} tensors and {len(gradients)} gradients")
    made = []
    for position, (root, gradient) in enumerate(zip(roots, gradients, strict=True)):
        if isinstance(root, GradientEdge):
            array = root.like if root.like is not None else gradient._array if gradient is not None else np.empty(0)
        else:
            if versions.forks:
                settle((root,))
            if not root._requires_grad:
                if mode.observer is not None:
                    mode.observer.refused(root)
                raise RuntimeError(f"element {position} of tensors does not require grad and does not have a grad_fn")
            array = root._array
        if gradient is None:
            if array.size != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            gradient = Tensor(module_of(array).ones_like(array))
        elif not isinstance(gradient, Tensor):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
        elif gradient._array.shape != array.shape:
            raise RuntimeError(
                f"Mismatch in shape: grad_output[{position}] has a shape of {gradient.shape} and "
                f"output[{position}] has a shape of {Size(array.shape)}."
            )
        elif isinstance(root, Tensor) and gradient.is_cuda != root.is_cuda:
            raise RuntimeError(
                f"invalid gradient at index {position} - expected device {root.device} but got {gradient.device}"
            )
        made.append(gradient if create_graph else gradient._array)
    return made
