"""In-place forms: an op computed out of place, then its values written into the tensor."""

import re

import numpy as np

from gradviz.engine import backend, versions, views
from gradviz.engine.births import told_at_the_end
from gradviz.engine.dtypes import title
from gradviz.engine.geometry import SHARED, overlaps, refuse_repeats
from gradviz.engine.inference import refuse_change
from gradviz.engine.switches import Observer, mode
from gradviz.engine.tensor import Tensor

FILLS = ("fill_", "zero_")
_RANK = {"b": 0, "u": 1, "i": 1, "f": 2}


def in_place(name, compute, write=None):
    """The in-place form of an op: `compute(self, ...)` out of place, then its values written into self.

    RuntimeError as PyTorch's for leaves that require grad, views that a graph can't follow, and results that don't
    fit; a tensor with a history takes the new node as its own, a view's base takes it as CopySlices.

    write: the same on two arrays, straight into the first; for what optimizers do to parameters.
    """

    def changed(self, *args, **kwargs):
        operand = None if write is None or mode.grad else _operand(self, args, kwargs)
        if operand is not None:
            if mode.observer is not None:  # which hears of the op
                result = compute(self, *args, **kwargs)
                self._array[...] = result._array
                note(self, name)
                return self
            try:
                write(self._array, operand, **kwargs)
            except RuntimeWarning:  # the script's filters make errors of NumPy's warnings, when all is written already
                pass
            count(self, "")
            return self
        given = [each for each in (*args, *kwargs.values()) if isinstance(each, Tensor)]
        if mode.grad and isinstance(self, Tensor):
            refuse_in_graph(self, ())
            if versions.forks:
                views.settle(given)
            refuse_in_graph(self, given)
        done = change(self, name, lambda self: compute(self, *args, **kwargs), given, repeats=name in FILLS)
        if mode.grad and self._viewed is not None:
            views.settle((self,))  # its grad_fn of now on
        return done

    changed.__name__ = changed.__qualname__ = name
    changed.__doc__ = f"`{name.rstrip('_')}`, in place; returns self."
    return changed


def _operand(self, args, settings):
    """What an array is changed by where nothing is promoted, spread or refused; else None.

    It is a float array of the same kind; or a number that is no larger than 1, which fits into any dtype.
    """
    if len(args) != 1 or versions.uncounted:
        return None
    one, other = self._array, args[0]
    if one.__class__ is not np.ndarray or one.dtype.kind != "f" or self._viewed is not None or not one.flags.writeable:
        return None
    if other.__class__ is float:
        return other if abs(other) <= 1 and not settings else None
    if not isinstance(other, Tensor):
        return None
    two = other._array
    alike = (
        two.__class__ is np.ndarray
        and one.dtype is two.dtype
        and one.shape == two.shape
        and (not settings or (len(settings) == 1 and settings.get("alpha").__class__ in (int, float)))
        and not np.may_share_memory(one, two)
    )
    return two if alike else None


def refuse_in_graph(self, given, made_by=""):
    """RuntimeError, with PyTorch's words, where grad mode allows no change of this tensor by these."""
    if self._array.dtype.kind == "f" and (self.requires_grad or any(each._requires_grad for each in given)):
        views.refuse_change(self, made_by)


@told_at_the_end
def change(self, name, compute, given, repeats=False):
    """Writes what `compute(self)` gives into self; its node becomes the grad_fn of self, or its base's.

    repeats: self may be expanded, since all elements get one value.
    """
    if versions.uncounted:
        refuse_change(self)
    for each in given:
        refuse_overlap(self._array, each._array)
    if not repeats:
        refuse_repeats(self._array)
    with _Aside() as aside:
        try:
            result = compute(self)
        except TypeError as error:
            raise _as_method(name, error) from None
    if result is self or result is NotImplemented:
        return result
    _refuse_unfit(self, result._array)
    _write(self, name, result, aside.told)
    return self


def _as_method(name, error):
    """A complaint about an argument of a function, in the words of the method."""
    found = re.fullmatch(r"\w+\(\)(: argument '\w+' \(position )(\d+)(\) must be .*)", str(error), re.DOTALL)
    if found is None or found[2] == "1":
        return error
    return TypeError(f"{name}(){found[1]}{int(found[2]) - 1}{found[3]}")


def _write(self, name, result, told):
    target, base = self._array, views.base_of(self)
    version = versions.version_of(target)
    node = result._edge if result._edge is not None and target.dtype.kind == "f" else None
    if node is not None:
        node._saved = _as_saved(node, target, result._array, version)
        node.__class__ = node.op.changing_class
    writable(target)[...] = result._array
    if node is None:
        note(self, name)
        return
    top = self if base is None else base
    count(self, node.name() if base is None else views.CopySlices.NAME)
    node.sequence_nr = mode.next_sequence_nr()  # newer than the change that it is itself
    node = views.rebase(self, node)
    if told is not None:
        op, inputs, settings, started = told
        mode.observer.forward(op, top, (top, *inputs[1:]), node, settings, started)
        mode.observer.mutated(top, name)


def note(self, name):
    """Counts a change in place that no graph knows of, and tells the observer of it."""
    count(self, "")
    if mode.observer is not None:
        mode.observer.mutated(self, name)
        if self._viewed is not None:
            mode.observer.mutated(views.base_of(self), name)


def count(self, node_name):
    """One more version, by an op with a node of this name, or none."""
    apart = views.apart(self)
    if apart is not None:
        apart.changes += 1
        return
    versions.bump(self._array, node_name)
    if self.requires_grad or node_name:
        versions.noted(self)


class _Aside(Observer):
    """Holds back what an op with a node tells the observer: the node becomes that of the changed tensor."""

    def __init__(self):
        self.told = None
        self._observer = mode.observer

    def __enter__(self):
        if self._observer is not None:
            self.entered, self.left = self._observer.entered, self._observer.left
            mode.observer = self
        return self

    def __exit__(self, *exception):
        mode.observer = self._observer

    def forward(self, op, outputs, inputs, node, settings, started):
        """Kept for later where there is a node."""
        if node is None:
            self._observer.forward(op, outputs, inputs, node, settings, started)
        else:
            self.told = op, inputs, settings, started
            self._observer.changing(op, outputs, inputs, node, settings)


def _as_saved(node, target, result, version):
    """What the node saved: of self the values before the change, of the result those that self holds then."""
    first = node.op.inputs[0]
    own = backend.owner(target)
    found = []
    for name, array in zip(node.saved_names, node._saved, strict=True):
        if array is result:
            array = target
        elif array is target and name == first:
            array = array.copy()
        elif hasattr(array, "base") and backend.owner(array) is own:
            array = versions.Tampered(array, version)
        found.append(array)
    return tuple(found)


def writable(array):
    """The array; one that NumPy made read-only, since a view on the way repeats elements, by its memory."""
    if not isinstance(array, np.ndarray) or array.flags.writeable:
        return array
    memory = backend.owner(array)
    if not memory.flags.writeable:
        return array
    whole = memory.ravel(order="K")[backend.offset_of(array) :]
    return np.lib.stride_tricks.as_strided(whole, array.shape, array.strides)


def _refuse_unfit(self, result):
    target = self._array
    if result.shape != target.shape:
        raise RuntimeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape {list(result.shape)}"
        )
    if _RANK[result.dtype.kind] > _RANK[target.dtype.kind]:
        raise RuntimeError(
            f"result type {title(result.dtype)} can't be cast to the desired output type {title(target.dtype)}"
        )


def refuse_overlap(target, other):
    """As PyTorch: both lie without gaps, and their memory overlaps in part."""
    if backend.owner(target) is not backend.owner(other) or not (target.size and other.size):
        return
    if not (_is_dense(target) and _is_dense(other)):
        return
    begin, start = backend.offset_of(target) * target.itemsize, backend.offset_of(other) * other.itemsize
    if (begin, _steps(target)) == (start, _steps(other)) and other.ndim in (0, target.ndim):
        return
    if begin < start + other.nbytes and start < begin + target.nbytes:
        raise RuntimeError(SHARED.format("some elements of the input tensor and the written-to tensor refer"))


def _steps(array):
    return [(step, n) for step, n in zip(array.strides, array.shape, strict=True) if n > 1]


def _is_dense(array):
    strides = [step // array.itemsize for step in array.strides]
    reach = sum((n - 1) * step for n, step in zip(array.shape, strides, strict=True))
    return reach + 1 == array.size and not overlaps(array.shape, strides)
