"""Hooks: the user's functions that see, and may change, gradients on their way through backward.

The order at a node is PyTorch's: hooks of its output tensors, then retain_grad, then the node's prehooks, the node
itself, and its hooks. Source: PyTorch's note "Autograd mechanics", Backward Hooks execution.
"""

import weakref
from itertools import count

from gradviz.engine.dtypes import title
from gradviz.engine.switches import mode

_next_id = count().__next__


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook away; also a context manager."""

    __slots__ = ("_table", "id")

    def __init__(self, table, hook):
        self.id = _next_id()
        self._table = table
        table[self.id] = hook

    def remove(self):
        """Takes the hook away; nothing happens the second time."""
        self._table.pop(self.id, None)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.remove()


class NodeHooks:
    """The hooks of one node; each table is {id: hook} in the order of registration."""

    __slots__ = ("tensor", "keepers", "pre", "post", "metadata")

    def __init__(self):
        self.metadata = {}
        self.tensor = {}  # of the outputs: (output_nr, function)
        self.keepers = []  # retain_grad of the outputs
        self.pre = {}
        self.post = {}

    def before(self, entry, as_tensor):
        """Hooks of the outputs and retain_grad, on [node, gradient of output 0, ...]."""
        for output_nr, hook in list(self.tensor.values()):
            entry[output_nr + 1] = hooked(hook, entry[output_nr + 1], as_tensor)
        for keeper in self.keepers:
            keeper(entry[keeper.output_nr + 1], as_tensor)

    def prepared(self, entry, as_tensor):
        """The node's prehooks."""
        for hook in list(self.pre.values()):
            given = tuple(map(as_tensor, entry[1:]))
            changed = hook(given)
            if changed is not None:
                entry[1:] = _all(hook, given, changed, entry[1:])

    def after(self, outgoing, incoming, as_tensor):
        """The node's hooks: what the node hands on, as they change it."""
        for hook in list(self.post.values()):
            given = tuple(map(as_tensor, outgoing))
            changed = hook(given, tuple(map(as_tensor, incoming)))
            if changed is not None:
                outgoing = _all(hook, given, changed, outgoing)
        return outgoing


class Held:
    """What a pack hook made of a saved tensor, and the unpack hook that gives the tensor back."""

    __slots__ = ("packed", "_unpack")

    def __init__(self, packed, unpack):
        self.packed = packed
        self._unpack = unpack

    def tensor(self):
        """What the unpack hook gives; TypeError for what is no tensor."""
        found = self._unpack(self.packed)
        if not hasattr(found, "_array"):
            kind = type(found).__name__
            raise TypeError(f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type {kind}")
        return found

    def joined_to(self, edge):
        """The tensor as what the edge's node made; as it is where none did."""
        from gradviz.engine.generated import joined  # which knows tensors

        found = self.tensor()
        return found if edge is None else joined(found._array, edge)


def opened(saved):
    """What a node saved, as arrays: those that hooks hold are asked for."""
    return tuple([each.tensor()._array if each.__class__ is Held else each for each in saved])


class GradKeeper:
    """retain_grad: puts the arriving gradient into .grad of a tensor that it holds weakly."""

    __slots__ = ("_tensor", "output_nr")

    def __init__(self, tensor, output_nr):
        self._tensor = weakref.ref(tensor)
        self.output_nr = output_nr

    def is_of(self, tensor):
        """Whether it keeps the gradient of this tensor."""
        return self._tensor() is tensor

    def __call__(self, grad, as_tensor):
        tensor = self._tensor()
        if tensor is None or grad is None:
            return
        arrived = grad.clone() if hasattr(grad, "_array") else as_tensor(grad.copy())
        tensor._grad = arrived if tensor._grad is None else tensor._grad + arrived
        if mode.observer is not None:
            mode.observer.assigned(tensor)


def hooks_of(node):
    """The node's hooks, made when first asked for."""
    if node._hooks is None:
        node._hooks = NodeHooks()
    return node._hooks


def hooked(hook, grad, as_tensor):
    """A gradient, array or Tensor, as a tensor's hook leaves it."""
    if grad is None:
        return None
    given = as_tensor(grad)
    changed = hook(given)
    return grad if changed is None else _one(hook, given, changed, grad)


def _all(hook, given, changed, before):
    """What a node's hook returned in place of gradients, in the form of those before."""
    if not isinstance(changed, tuple):
        raise TypeError(f"expected tuple, but hook returned '{type(changed).__name__}'")
    if len(changed) != len(given):
        raise RuntimeError(
            f"hook '{_name(hook)}' has returned an incorrect number of values (got {len(changed)}, but expected "
            f"{len(given)})"
        )
    return [_one(hook, *each) for each in zip(given, changed, before, strict=True)]


def _one(hook, given, changed, before):
    """One gradient that a hook changed, as an array or a Tensor as before; PyTorch's complaints."""
    if changed is None:
        return None
    if given is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    if not hasattr(changed, "_array"):
        raise TypeError(f"expected Variable, but hook returned '{type(changed).__name__}'")
    new, old = changed._array, given._array
    if new.dtype != old.dtype:
        kinds = " got ".join(f"torch.{title(each.dtype)}Tensor" for each in (old, new))
        raise RuntimeError(f"hook '{_name(hook)}' has changed the type of value (was {kinds})")
    if new.shape != old.shape:
        raise RuntimeError(f"hook '{_name(hook)}' has changed the size of value")
    return changed if hasattr(before, "_array") else new


def _name(hook):
    return getattr(hook, "__name__", type(hook).__name__)
