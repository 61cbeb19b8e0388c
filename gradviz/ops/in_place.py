"""In-place forms: an op computed out of place, then its values written into the tensor."""

from gradviz.engine import versions
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor
from gradviz.ops import pointwise


def in_place(name, compute):
    """The in-place form of an op: `compute(self, ...)` out of place, then its values written into self.

    Leaves that require grad refuse it outside no_grad; a tensor with a history takes the new node as
    its own, as PyTorch's rebase_history does. A view of a tensor in a graph refuses it.
    """

    def changed(self, *args, **kwargs):
        grads = mode.grad and (self._requires_grad or any(isinstance(a, Tensor) and a._requires_grad for a in args))
        if grads and self._edge is None and self._requires_grad:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
        if grads and versions.is_shared(self._array):
            raise RuntimeError(
                f"{name} on a view of a tensor that is part of a graph is not supported by gradviz: "
                f"use the out-of-place form, {name.rstrip('_')}()"
            )
        result = compute(self, *args, **kwargs)
        if result._array.shape != self._array.shape:
            raise RuntimeError(
                f"output with shape {list(self._array.shape)} doesn't match the broadcast shape {list(result._array.shape)}"  # noqa: E501
            )
        if result._array.dtype.kind == "f" and self._array.dtype.kind in "iub":
            raise RuntimeError("result type Float can't be cast to the desired output type Long")
        node = result.grad_fn if self._array.dtype.kind == "f" else None  # integers have no gradient
        if node is not None:
            # what the node saved of self is the value before the change
            node._saved = tuple(
                s.copy() if s is self._array else self._array if s is result._array else s for s in node._saved
            )
        self._array[...] = result._array
        if self._rare is None or not self._rare.untracked:
            versions.bump(self._array, node)
        if node is not None:
            node.sequence_nr = mode.next_sequence_nr()  # newer than the change that it is itself
            versions.rebased(self._array, node.sequence_nr)
            self._edge, self._requires_grad, self._serial = result._edge, True, result._serial
        if mode.observer is not None:
            mode.observer.mutated(self, name)
        return self

    changed.__name__ = changed.__qualname__ = name
    changed.__doc__ = f"`{name.rstrip('_')}`, in place; returns self."
    return changed


def _filled(self, value):
    if isinstance(value, Tensor):
        return pointwise.fill_tensor(self, value)
    return pointwise.fill_number(self, value=value)


add_ = in_place("add_", pointwise.add)
sub_ = in_place("sub_", pointwise.sub)
mul_ = in_place("mul_", pointwise.mul)
div_ = in_place("div_", pointwise.div)
copy_ = in_place("copy_", pointwise.copy)
zero_ = in_place("zero_", pointwise.zero)
fill_ = in_place("fill_", _filled)

METHODS = ["add_", "copy_", "div_", "fill_", "mul_", "sub_", "zero_"]
