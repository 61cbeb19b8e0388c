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
from gradviz.engine.catalogue import lifted, raw
from gradviz.engine.coerce import quietly
from gradviz.engine.hooks import hooked
from gradviz.engine.node import RELEASED, SECOND_BACKWARD, AccumulateGrad
from gradviz.engine.ownership import added, copied, taken
from gradviz.engine.switches import _GradMode, mode
from gradviz.engine.tensor import NO_RETAIN, Tensor, edge_of


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
        if not all(each._requires_grad for each in wanted):
            raise RuntimeError(NO_RETAIN)
        targets = _targets(wanted)
    with Backward(roots, keep, create_graph) as call:
        call.run(gradients, targets)
        if targets is None:
            return
        for tensor in wanted:
            node, output_nr = edge_of(tensor)
            found = call.captured.get((node.sequence_nr, output_nr))
            if found is not None:
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

    Only the nodes on the way to `inputs` run. RuntimeError for an input that the graph doesn't use,
    unless allow_unused.
    """
    roots, wanted = as_sequence(outputs), as_sequence(inputs)
    if not wanted:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    gradients = root_gradients(roots, grad_outputs, create_graph)
    keep = create_graph if retain_graph is None else retain_graph
    with Backward(roots, keep, create_graph) as call:
        targets = _targets(wanted)
        call.run(gradients, targets)
        found = []
        for tensor in wanted:
            node, output_nr = edge_of(tensor)
            gradient = call.captured.get((node.sequence_nr, output_nr))
            if gradient is None and materialize_grads:
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


class Backward:
    """One backward call: the gradients on their way, and what it does at each node."""

    __slots__ = (
        "number",
        "captured",
        "_roots",
        "_keep",
        "_create_graph",
        "_grad_mode",
        "_pending",
        "_heap",
        "_observer",
        "_targets",
    )

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
        return self

    def __exit__(self, kind, error, trace):
        self._grad_mode.__exit__(kind, error, trace)
        if self._observer is not None:
            self._observer.backward_ended(self.number, kind is not None)

    def run(self, gradients, targets):
        """Sends the roots' gradients through the graph; `targets` limits it to the nodes on the way there."""
        self._targets = targets
        needed = None if targets is None else _nodes_on_the_way(self._roots, targets)
        pending, heap, observer = self._pending, self._heap, self._observer
        ops = lifted if self._create_graph else None
        plain, changed, keep = ops is None and needed is None, versions.changed, self._keep
        for root, gradient in zip(self._roots, gradients, strict=True):
            node, output_nr = edge_of(root)
            self._deliver(node, output_nr, gradient)
        while heap:
            entry = pending.pop(-heappop(heap))
            node = entry[0]
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
                if node not in needed:
                    continue
            if hooks is not None and hooks.pre:
                hooks.prepared(entry, as_tensor)
            started = perf_counter_ns() if observer is not None else 0
            if ends:
                if observer is not None:
                    observer.step(self.number, node, entry[1:], (), started)
                self.accumulate(node, node.variable, entry)
                if hooks is not None and hooks.post:
                    hooks.after((), entry[1:], as_tensor)
                continue
            saved = node._saved
            if saved is RELEASED:
                raise RuntimeError(SECOND_BACKWARD)
            if changed:
                versions.check(node)
            if plain and len(entry) == 2 and node.op is not None:  # the common case of _step, without its call
                gradient = entry[1]
                try:
                    outgoing = node._run(gradient, saved, node._settings, raw(gradient))
                except RuntimeWarning:
                    outgoing = self._step(node, entry, ops, needed)
            else:
                outgoing = self._step(node, entry, ops, needed)
            if hooks is not None and hooks.post:
                outgoing = hooks.after(outgoing, entry[1:], as_tensor)
            if observer is not None:
                observer.step(self.number, node, entry[1:], outgoing, started)
            if not keep and saved and node.release() and observer is not None:
                observer.released(self.number, node)
            for (following, output_nr), gradient in zip(node.next_functions, outgoing, strict=True):
                if gradient is None or following is None:
                    continue
                if needed is not None and following not in needed and (following.sequence_nr, output_nr) not in targets:
                    continue
                # the common case of _deliver, without its call
                if gradient.shape != following._shape or gradient.dtype is not following._dtype:
                    gradient = self._fitted(gradient, node, following, output_nr)
                number = following.sequence_nr
                if output_nr or following.outputs > 1 or number in pending:
                    self._deliver(following, output_nr, gradient)
                else:
                    pending[number] = [following, gradient]
                    heappush(heap, -number)
            outgoing = gradient = None  # so that what waits is held by `pending` alone: see ownership

    def _step(self, node, entry, ops, needed):
        """The gradients that a node hands on, one an edge."""
        if node.op is None:  # a user's Function
            return node.run_backward(entry[1:], self._create_graph)
        run = node._run
        if needed is not None:
            run = node.op.run_for(self._mask(node, needed))
        gradient = arrived = entry[1]
        saved = node._saved
        if len(entry) > 2:  # several outputs: a tuple, None where nothing arrived
            gradient = tuple(entry[1:])
            arrived = next(each for each in gradient if each is not None)
        if ops is None:
            try:
                return run(gradient, saved, node._settings, raw(arrived))
            except RuntimeWarning:  # the script's filters make errors of NumPy's warnings
                return quietly(run, gradient, saved, node._settings, raw(arrived))
        tensors = tuple(node.saved_tensor(k) for k in range(len(saved)))
        return run(gradient, tensors, node._settings, ops)

    def _mask(self, node, needed):
        """Bit i: input i leads to a node that runs, or is itself a target."""
        return sum(
            1 << i
            for i, (following, output_nr) in enumerate(node.next_functions)
            if following is not None and (following in needed or (following.sequence_nr, output_nr) in self._targets)
        )

    def _deliver(self, node, output_nr, gradient):
        """Adds a gradient to what waits at a node's output."""
        number = node.sequence_nr
        entry = self._pending.get(number)
        if entry is None:
            entry = self._pending[number] = [node, *[None] * node.outputs]
            heappush(self._heap, -number)
        if entry[output_nr + 1] is None:
            entry[output_nr + 1] = gradient
        elif self._observer is None:
            added(entry, output_nr + 1, gradient)
        else:
            entry[output_nr + 1] = entry[output_nr + 1] + gradient

    def _fitted(self, gradient, node, following, output_nr):
        shape = following._shape if following.outputs == 1 else following.output_shape(output_nr)
        if gradient.shape != shape:
            if not _broadcasts_from(shape, gradient.shape):
                position = next(i for i, edge in enumerate(node.next_functions) if edge == (following, output_nr))
                raise RuntimeError(
                    f"Function {node.name()} returned an invalid gradient at index {position} - got "
                    f"{list(gradient.shape)} but expected shape compatible with {list(shape)}"
                )
            gradient = sum_to_size(gradient, shape)
        dtype = following._dtype
        if dtype is not None and not isinstance(gradient, Tensor) and gradient.dtype != dtype:
            gradient = gradient.astype(dtype)
        elif dtype is not None and isinstance(gradient, Tensor) and gradient._array.dtype != dtype:
            gradient = lifted.to_copy(gradient, dtype=dtype)
        return gradient

    def accumulate(self, node, leaf, entry):
        """Adds entry[1] to a leaf's .grad: in place, or as a new tensor of the graph under create_graph."""
        observer = self._observer
        before = observer.before_accumulation(leaf) if observer is not None else None
        held = leaf._grad
        if self._create_graph:
            leaf._grad = entry[1] if held is None else held + entry[1]
        elif held is None:
            # mostly a copy: the array may be another leaf's gradient too, or a saved tensor that the user holds
            watched = observer is not None or node._hooks is not None
            leaf._grad = Tensor(copied(entry[1]) if watched else taken(entry, 1))
        elif held._requires_grad:
            leaf._grad = Tensor(held._array + entry[1])
        else:
            held._array += entry[1]
            versions.bump(held._array)
        if observer is not None:
            observer.accumulated(self.number, node, leaf, before)
        rare = leaf._rare
        if rare is not None and rare.after_hooks:
            for hook in list(rare.after_hooks.values()):
                hook(leaf)


def as_sequence(tensors):
    """One tensor, or a sequence of them, as a tuple."""
    return (tensors,) if isinstance(tensors, Tensor) else tuple(tensors)


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
        if not root._requires_grad:
            raise RuntimeError(f"element {position} of tensors does not require grad and does not have a grad_fn")
        if versions.forks:
            versions.refuse_old_views((root,))
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
                f"output[{position}] has a shape of {root.shape}."
            )
        made.append(gradient if create_graph else gradient._array)
    return made


def sum_to_size(gradient, shape):
    """Undoes broadcasting: sums a gradient (array or Tensor) over the dimensions that were spread out."""
    extra = len(gradient.shape) - len(shape)
    dims = [*range(extra), *(extra + i for i, size in enumerate(shape) if size == 1 and gradient.shape[extra + i] != 1)]
    if isinstance(gradient, Tensor):
        summed = lifted.sum_dim(gradient, dim=tuple(dims), keepdim=True)
        return lifted.view(summed, size=tuple(shape)) if extra else summed
    return gradient.sum(axis=tuple(dims), keepdims=True).reshape(shape)


def _broadcasts_from(small, large):
    extra = len(large) - len(small)
    return extra >= 0 and all(a in (1, b) for a, b in zip(small, large[extra:], strict=True))


def _targets(wanted):
    """{(sequence_nr, output_nr): node} where the gradients of these tensors arrive; held, for a leaf does not."""
    places = {}
    for tensor in wanted:
        if not tensor._requires_grad:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
        node, output_nr = edge_of(tensor)
        places[node.sequence_nr, output_nr] = node
    return places


def _nodes_on_the_way(roots, targets):
    """The nodes that must run to bring gradients to the targets."""
    numbers = {number for number, _ in targets}
    reached, waiting = {}, [edge_of(root)[0] for root in roots]
    while waiting:
        node = waiting.pop()
        if node.sequence_nr not in reached:
            reached[node.sequence_nr] = node
            waiting += [following for following, _ in node.next_functions if following is not None]
    needed = set()
    for number in sorted(reached):  # what a node leads to has smaller numbers
        node = reached[number]
        if any(n is not None and (n in needed or n.sequence_nr in numbers) for n, _ in node.next_functions):
            needed.add(node)
    return needed
