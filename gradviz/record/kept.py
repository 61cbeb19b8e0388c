"""What a user's Function was called with besides tensors, as it was then: copies, so that nothing lives longer.

Objects are copied by their parts, and none of their own code runs. What has no such parts (a file, a generator), too
many of them, or a `__del__`, is only referred to weakly.
"""

import copy
import weakref
from collections import OrderedDict, defaultdict, deque
from enum import Enum
from functools import partial
from types import BuiltinFunctionType, CellType, FunctionType, MemberDescriptorType, MethodType, ModuleType

import numpy as np

from gradviz.engine.devices import Device
from gradviz.engine.dtypes import dtype
from gradviz.engine.node import Node
from gradviz.engine.tensor import Tensor

PARTS, ROOM = 10_000, 1 << 26  # parts, and bytes of arrays, up to which something is copied
PART = 100  # bytes that a part takes, about
_PLAIN = {bool, int, float, complex, str, bytes, type(None), type(Ellipsis), range, Device, dtype}
_AS_THEY_ARE = (type, ModuleType, Enum, np.dtype, np.generic, np.ufunc, weakref.ref)  # and what is derived from them
_HOLDING = (tuple, frozenset, OrderedDict, dict, list, set, deque)
_ADD = {list: list.append, set: set.add, deque: deque.append}
_DRAWING = (np.random.RandomState, np.random.Generator, np.random.BitGenerator)


class Gone(Exception):
    """What forward was called with can't be given to it again."""


class Weakly:
    """Stands for something that can't be copied."""

    __slots__ = ("_found", "_kind")

    def __init__(self, value):
        self._kind = type(value).__name__
        try:
            self._found = weakref.ref(value)
        except TypeError:
            self._found = lambda: None

    def given(self):
        """The thing itself; Gone when it is."""
        found = self._found()
        if found is None:
            raise Gone(f"forward was called with a {self._kind}, which can't be copied")
        return found


class Room:
    """How many bytes there are for all copies together."""

    __slots__ = ("left",)

    def __init__(self, left):
        self.left = left


def kept(value, room):
    """A copy, or a Weakly where there is none, or no room."""
    copying = _Copying(room=min(ROOM, room.left))
    try:
        made = copying.of(value)
    except (_Uncopied, RecursionError):
        return Weakly(value)
    room.left -= copying.nbytes
    return made


def afresh(value, wide=np.float64):
    """What was kept, for one more run that may change it: floating tensors in a wide dtype; Gone when it is."""
    return value.given() if isinstance(value, Weakly) else _Copying(wide).of(value)


class _Uncopied(Exception):
    """A part that can't be copied."""


class _Copying:
    """One copy: each part once, however often it is met. wide: the dtype of floating tensors, None for their own."""

    def __init__(self, wide=None, room=ROOM):
        self._wide = wide
        self._made = {}  # id -> (the part, its copy)
        self._room, self._arrays = room, 0

    @property
    def nbytes(self):
        """About how much the copy takes."""
        return self._arrays + PART * len(self._made)

    def of(self, value):
        """A part's copy."""
        if _is_as_it_is(type(value)):
            return value
        known = self._made.get(id(value))
        if known is not None:
            return known[1]
        if len(self._made) >= PARTS or self.nbytes > self._room:
            raise _Uncopied
        made, fill = self._begun(value)
        self._made[id(value)] = value, made
        if fill is not None:
            fill()
        return made

    def _begun(self, value):
        """(the copy, what puts its parts into it or None): a part may lead back to the whole."""
        kind = type(value)
        if issubclass(kind, Tensor):
            return self._tensor(value), None
        if kind is np.ndarray and value.dtype.kind != "O":
            return self._room_for(value).copy(), None
        if issubclass(kind, _DRAWING):
            return copy.deepcopy(value), None
        if kind is BuiltinFunctionType:
            return self._builtin(value), None
        if kind is slice:
            return slice(*map(self.of, (value.start, value.stop, value.step))), None
        if kind is partial:
            return partial(self.of(value.func), *map(self.of, value.args), **self._pairs(value.keywords)), None
        if kind is MethodType:
            return MethodType(self.of(value.__func__), self.of(value.__self__)), None
        if kind is FunctionType:
            return self._function(value)
        if issubclass(kind, Node) or hasattr(kind, "__del__"):
            raise _Uncopied
        return self._object(kind, value)

    def _tensor(self, value):
        array = self._room_for(value._array).copy()
        wide = self._wide if array.dtype.kind == "f" else None
        return Tensor(array if wide is None else array.astype(wide), value._requires_grad)

    def _room_for(self, array):
        self._arrays += array.nbytes
        if self._arrays > self._room:
            raise _Uncopied
        return array

    def _builtin(self, value):
        if not isinstance(value.__self__, (ModuleType, type, type(None))):
            raise _Uncopied
        return value

    def _function(self, value):
        """With a closure of its own; the module's names are those of all."""
        cells = tuple(CellType() for _ in value.__closure__ or ())
        made = FunctionType(value.__code__, value.__globals__, value.__name__, None, cells or None)

        def fill():
            made.__defaults__, made.__kwdefaults__ = self.of(value.__defaults__), self.of(value.__kwdefaults__)
            made.__dict__.update(self._pairs(value.__dict__))
            for cell, before in zip(cells, value.__closure__ or (), strict=True):
                try:
                    cell.cell_contents = self.of(before.cell_contents)
                except ValueError:  # nothing is in there yet
                    pass

        return made, fill

    def _object(self, kind, value):
        base = next((each for each in _HOLDING if issubclass(kind, each)), object)
        try:
            if base in (tuple, frozenset):
                made = base.__new__(kind, [self._part(base, each) for each in base.__iter__(value)])
            else:
                made = base.__new__(kind)
        except TypeError:  # its parts are known to C alone
            raise _Uncopied from None

        if base is deque:
            deque.__init__(made, (), value.maxlen)

        def fill():
            if issubclass(kind, defaultdict):
                made.default_factory = self.of(value.default_factory)
            if base in (OrderedDict, dict):
                for key, each in list(base.items(value)):
                    base.__setitem__(made, _key(key), self.of(each))
            elif base in _ADD:
                for each in list(base.__iter__(value)):
                    _ADD[base](made, self._part(base, each))
            for name, each in _attributes(kind, value):
                object.__setattr__(made, name, self.of(each))

        return made, fill

    def _part(self, base, value):
        return _key(value) if base in (set, frozenset) else self.of(value)

    def _pairs(self, value):
        return {name: self.of(each) for name, each in value.items()}


def _is_as_it_is(kind):
    return kind in _PLAIN or issubclass(kind, _AS_THEY_ARE)


def _key(value):
    """What is looked up by its hash: no code of the script's is to run on half a copy."""
    if not all(_is_as_it_is(type(each)) for each in (value if type(value) is tuple else (value,))):
        raise _Uncopied
    return value


def _attributes(kind, value):
    """(name, value) of what an object has, in its dict and in its slots."""
    try:
        yield from list(object.__getattribute__(value, "__dict__").items())
    except AttributeError:
        pass
    for each in kind.__mro__:
        slots = each.__dict__.get("__slots__", ())
        for name in map(partial(_mangled, each), (slots,) if isinstance(slots, str) else slots):
            member = each.__dict__.get(name)
            if isinstance(member, MemberDescriptorType):
                try:
                    yield name, member.__get__(value)
                except AttributeError:  # it was never set
                    pass


def _mangled(kind, name):
    return f"_{kind.__name__.lstrip('_')}{name}" if name.startswith("__") and not name.endswith("__") else name
