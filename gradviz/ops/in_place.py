"""In-place forms: an op computed out of place, then its values written into the tensor."""

import numpy as np

from gradviz.engine import versions
from gradviz.engine.coerce import quietly
from gradviz.engine.ownership import LARGE
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor
from gradviz.ops import pointwise


def in_place(name, compute, write=None):
    """The in-place form of an op: `compute(self, ...)` out of place, then its values written into self.

    Leaves that require grad refuse it outside no_grad; a tensor with a history takes the new node as
    its own, as PyTorch's rebase_history does. A view of a tensor in a graph refuses it.

    write: the same on two arrays, straight into the first; for what an optimizer does to large parameters.
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
        if write is not None and not grads and mode.observer is None and _alike(self, args, kwargs):
            quietly(write, self._array, args[0]._array, **kwargs)
            if self._rare is None or not self._rare.untracked:
                versions.bump(self._array)
            return self
        result = compute(self, *args, **kwargs)
        if result._array.shape != self._array.shape:
            raise RuntimeError(
                f"output with shape {list(self._array.shape)} doesn't match the broadcast shape {list(result._array.shape)}"  # noqa: E501
            )
        if result._array.dtype.kind == "f" and self._array.dtype.kind in "iub":
            raise RuntimeError("result type Float can't be cast to the desired output type Long")
        node = result.grad_fn
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


def _alike(self, args, settings):
    """Whether it is about two large float arrays of one kind, so that nothing is promoted, spread or refused."""
    if len(args) != 1 or not isinstance(args[0], Tensor) or not set(map(type, settings.values())) <= {int, float}:
        return False
    one, two = self._array, args[0]._array
    return (
        one.__class__ is two.__class__ is np.ndarray
        and one.dtype.kind == "f"
        and one.nbytes >= LARGE
        and one.dtype == two.dtype
        and one.shape == two.shape
        and settings.keys() <= {"alpha"}
        and not np.may_share_memory(one, two)
    )


def _add_into(array, other, alpha=1):
    array += other if alpha == 1 else alpha * other


def _subtract_from(array, other, alpha=1):
    array -= other if alpha == 1 else alpha * other


def _filled(self, value):
    if isinstance(value, Tensor):
        return pointwise.fill_tensor(self, value)
    return pointwise.fill_number(self, value=value)


add_ = in_place("add_", pointwise.add, _add_into)
sub_ = in_place("sub_", pointwise.sub, _subtract_from)
mul_ = in_place("mul_", pointwise.mul)
div_ = in_place("div_", pointwise.div)
copy_ = in_place("copy_", pointwise.copy)
zero_ = in_place("zero_", pointwise.zero)
fill_ = in_place("fill_", _filled)

METHODS = ["add_", "copy_", "div_", "fill_", "mul_", "sub_", "zero_"]
