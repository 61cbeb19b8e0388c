"""`torch.autograd.graph`: nodes and edges of the graph, and hooks on what it saves."""

from weakref import WeakKeyDictionary

from gradviz.engine.backend import module_of
from gradviz.engine.hooks import RemovableHandle
from gradviz.engine.node import GradientEdge, Node
from gradviz.engine.reach import arrival
from gradviz.engine.saved_hooks import disable_saved_tensors_hooks, save_on_cpu, saved_tensors_hooks
from gradviz.engine.switches import mode as _mode
from gradviz.engine.tensor import Tensor
from gradviz.engine.versions import bump


def get_gradient_edge(tensor):
    """Where the tensor's gradient arrives; RuntimeError for one that doesn't require grad."""
    if not tensor.requires_grad:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require gradients"
        )
    edge = GradientEdge(*arrival(tensor))
    xp = module_of(tensor._array)
    edge.like = xp.broadcast_to(xp.zeros((), tensor._array.dtype), tensor._array.shape)
    return edge


def increment_version(tensor):
    """Notes that a tensor, or each of several, was changed in place by something that gradviz can't see."""
    tensors = (tensor,) if isinstance(tensor, Tensor) else tensor
    if not hasattr(tensors, "__iter__"):
        raise RuntimeError("increment_version expect a Iterable[Tensor] as input")
    for each in tensors:
        if not each.is_inference():
            bump(each._array)


class MultiHandle:
    """Takes a hook away from several tensors."""

    def __init__(self, handles):
        self.handles = handles

    def remove(self):
        """Takes the hook away."""
        for each in self.handles:
            each.remove()


class _AllOf:
    """Waits, in each backward call, for the gradients of all tensors that the call reaches."""

    def __init__(self, tensors, fn):
        self._nodes = [arrival(each)[0] for each in tensors]
        self._fn = fn
        self._calls = WeakKeyDictionary()  # running backward call -> [gradients, how many are still to come]

    def hook(self, position):
        """The hook for one of the tensors."""

        def arrived(grad):
            call = _mode.backward
            if call not in self._calls:
                self._calls[call] = [[None] * len(self._nodes), sum(map(call.runs, self._nodes))]
            waiting = self._calls[call]
            waiting[0][position] = grad
            waiting[1] -= 1
            if waiting[1] == 0:
                self._fn(self._calls.pop(call)[0])

        return arrived


def register_multi_grad_hook(tensors, fn, *, mode="all"):
    """Calls fn(grads) when the gradients of all tensors are there; with mode="any", fn(grad) at the first one.

    Returns a handle whose remove() takes the hook away. None stands for a tensor that the backward call doesn't reach.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    if mode == "all":
        if not all(each.requires_grad for each in tensors):
            raise AssertionError("Expected gradient function to be set")
        together = _AllOf(tensors, fn)
        return MultiHandle([each.register_hook(together.hook(k)) for k, each in enumerate(tensors)])
    told = []  # the backward call that was told of last

    def first(grad):
        if told != [_mode.backward]:
            told[:] = [_mode.backward]
            fn(grad)

    return MultiHandle([each.register_hook(first) for each in tensors if each.requires_grad])


def allow_mutation_on_saved_tensors():
    """NotImplementedError: gradviz keeps no copies of what was changed in place."""
    raise NotImplementedError(
        "gradviz has no allow_mutation_on_saved_tensors: use the out-of-place form of the op, or change a clone()"
    )


__all__ = [
    "GradientEdge", "Node", "RemovableHandle", "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks",
    "get_gradient_edge", "increment_version", "register_multi_grad_hook", "save_on_cpu", "saved_tensors_hooks",
]  # fmt: skip
