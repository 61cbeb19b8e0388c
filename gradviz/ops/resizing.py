"""Methods that change what memory a tensor shows, or its elements one by one; and the diagonal's filling."""

from math import prod

import numpy as np

from gradviz.engine import backend
from gradviz.engine.creation import checked_size
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import strided
from gradviz.ops.in_place import note, writable
from gradviz.ops.shape import expand_complaint
from gradviz.ops.storage import UntypedStorage, stride

NO_APPLY = "Can't call {0}() on Variable that requires grad. Use var.detach().{0}() instead."
_TYPES = {
    "float16": "c10::Half", "float32": "float", "float64": "double", "int64": "long int", "int32": "int",
    "int16": "short int", "int8": "signed char", "uint8": "unsigned char", "bool": "bool",
}  # fmt: skip


# -- one by one --------------------------------------------------------------------------------------


def apply_(self, callable):
    """Each element becomes what a Python function makes of it; on the CPU, outside the graph."""
    return _mapped(self, "apply_", callable)


def map_(self, other, callable):
    """Each element becomes what a Python function makes of it and of other's; other is expanded."""
    return _mapped(self, "map_", callable, other=other)


def map2_(self, x, y, callable):
    """Each element becomes what a Python function makes of it and of those of two others."""
    return _mapped(self, "map2_", callable, x=x, y=y)


def _mapped(self, name, function, **others):
    for position, (argument, each) in enumerate(others.items(), start=1):
        if not isinstance(each, Tensor):
            kind = type(each).__name__
            raise TypeError(f"{name}(): argument '{argument}' (position {position}) must be Tensor, not {kind}")
    if any(each.requires_grad for each in (self, *others.values())):
        raise RuntimeError(NO_APPLY.format(name))
    columns = [_column(self, name, argument, each) for argument, each in others.items()]
    target = writable(self._array)
    made = [function(*values) for values in zip(target.ravel().tolist(), *columns, strict=True)]
    kind = {"f": float, "b": bool}.get(target.dtype.kind, _whole)
    found = np.array([kind(each) for each in made], target.dtype).reshape(target.shape)
    target[...] = backend.moved(found, backend.device_of(target))
    if mode.observer is not None:
        mode.observer.mutated(self, name)
    return self


def _whole(value):
    if isinstance(value, str):
        raise TypeError(f"'{type(value).__name__}' object cannot be interpreted as an integer")
    return int(value)


def _column(self, name, argument, other):
    if other._array.dtype != self._array.dtype:
        raise TypeError(f"{name}: expected {self.type()} for '{argument}' (got {other.type()})")
    complaint = expand_complaint(other._array, self._array.shape)
    if complaint is not None:
        raise RuntimeError(complaint)
    return other.expand(self._array.shape).flatten().tolist()


# -- other memory ------------------------------------------------------------------------------------


def resize_(self, *sizes, size=None, memory_format=None):
    """Another size of the same memory, in C order; more memory where that takes more, whose values are undefined."""
    if self.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    if any(each.__class__ is int and each < 0 for each in sizes):
        raise RuntimeError("numel: integer multiplication overflow")
    return _resized(self, checked_size("resize_", sizes, size))


def resize_as_(self, the_template, *, memory_format=None):
    """The size of another tensor, in the same memory; more of it where that takes more."""
    if not isinstance(the_template, Tensor):
        kind = type(the_template).__name__
        raise TypeError(f"resize_as_(): argument 'the_template' (position 1) must be Tensor, not {kind}")
    return resize_(self, the_template._array.shape)


def _resized(self, shape):
    array = self._array
    if shape == array.shape:
        return self
    memory, start = backend.owner(array).ravel(order="K"), backend.offset_of(array)
    end = start + prod(shape)
    if end > memory.size:
        grown = backend.module_of(array).zeros(end, array.dtype)
        grown[: memory.size] = memory
        memory = grown
    self._array = memory[start:end].reshape(shape)
    note(self, "resize_")
    return self


def set_(self, source=None, storage_offset=0, size=None, stride=None):
    """Shows another tensor's memory, all of it or by offset, sizes and strides; without a source, no elements."""
    if source is None:
        shown = backend.module_of(self._array).zeros(0, self._array.dtype)
    else:
        shown = source._owner.ravel(order="K") if isinstance(source, UntypedStorage) else source._array
    if mode.grad and (self.requires_grad or getattr(source, "requires_grad", False)):
        raise RuntimeError("set_() of a tensor that requires grad is not supported by gradviz: call it in no_grad")
    if shown.dtype != self._array.dtype:
        theirs, mine = _TYPES[shown.dtype.name], _TYPES[self._array.dtype.name]
        raise RuntimeError(f"Could not set tensor of type {theirs} to a tensor of type {mine}")
    if size is not None:
        steps = stride or _in_order(size)
        shown = strided.strided_view.op.forward(None, shown, size=size, stride=steps, storage_offset=storage_offset)
    self._array = shown
    if mode.observer is not None:
        mode.observer.mutated(self, "set_")
    return self


def _in_order(size):
    return tuple(prod(size[d + 1 :]) for d in range(len(size)))


# -- the diagonal ------------------------------------------------------------------------------------


@composed("fill_diagonal_")
def fill_diagonal_(self, fill_value, wrap=False):
    """One number on the main diagonal; wrap: of a tall matrix, on the diagonals below it too."""
    if isinstance(fill_value, Tensor) and not fill_value._array.ndim and not fill_value.requires_grad:
        fill_value = fill_value.item()
    if not isinstance(fill_value, (bool, int, float)):
        kind = type(fill_value).__name__
        raise TypeError(f"fill_diagonal_(): argument 'fill_value' (position 1) must be Number, not {kind}")
    sizes = self._array.shape
    if len(sizes) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(sizes) > 2 and len({*sizes}) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    steps, start = stride(self), backend.offset_of(self._array) if self._array.size else 0
    count = min(sizes[:2])
    strided.as_strided(self, (count,), (sum(steps),), start).fill_(fill_value)
    if wrap and len(sizes) == 2 and sizes[0] > sizes[1] + 1:
        further = -(-self._array.size // (sizes[1] + 1)) - count
        start += steps[0] * (sizes[1] + 1)
        strided.as_strided(self, (further,), (sum(steps),), start).fill_(fill_value)
    return self


FORMS = {each.__name__: each for each in (apply_, fill_diagonal_, map2_, map_, resize_, resize_as_, set_)}
METHODS = [*FORMS]
__all__ = []
