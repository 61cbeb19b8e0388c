"""What an object holds, read as plain data, so that looking runs no code of the script's.

No property, no `__getattr__`, `__iter__`, `__eq__` or `__class__` of the script's is asked: types are compared by
identity, containers are read by the base type's own methods, attributes from the dictionaries and slots behind objects.
"""

import functools
import gc
import itertools
import json
import sys
from collections import OrderedDict, deque
from collections.abc import Iterator
from inspect import CO_OPTIMIZED
from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    CellType,
    CodeType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
    TracebackType,
)
from typing import NamedTuple

from gradviz.record.script import PACKAGE

MAX_KEY = 40  # characters of a dictionary key shown in a name

_mro = type.__dict__["__mro__"].__get__
_class_dict = type.__dict__["__dict__"].__get__
_class_name = type.__dict__["__name__"].__get__
_module_dict = ModuleType.__dict__["__dict__"].__get__


class Place(NamedTuple):
    """Where a frame that holds something stands."""

    code: CodeType
    lasti: int


class Inside(NamedTuple):
    """One thing held, its path, and its place where it has another one than its holder."""

    path: str
    value: object
    place: Place | None = None


def _ids(*kinds: type) -> frozenset[int]:
    return frozenset(map(id, kinds))


_PLAIN = _ids(
    int, float, complex, str, bytes, bool, type(None), range, bytearray, slice, type(...), CodeType, BuiltinFunctionType
)  # fmt: skip
_SUSPENDED = {id(GeneratorType): "gi_frame", id(CoroutineType): "cr_frame", id(AsyncGeneratorType): "ag_frame"}
_OPAQUE = _ids(  # they hold things, but have no names for them
    enumerate, zip, map, filter, reversed, itertools.chain, itertools.cycle, itertools.islice, itertools.repeat,
    type(iter([])), type(iter(())), type(iter({}.values())), type(iter({}.items())), type(iter(set())),
    type(functools.lru_cache(int)),
)  # fmt: skip
_MODULE_DICTS = ("_parameters", "_buffers", "_modules")


def is_a(value: object, kind: type) -> bool:
    """isinstance without asking the value or its metaclass."""
    return any(base is kind for base in _mro(type(value)))


def is_plain(value: object) -> bool:
    """Whether it holds nothing: a number, text, and what else leads nowhere."""
    return id(type(value)) in _PLAIN or is_a(value, ModuleType)


def variables_of(module: object) -> dict:
    """A module's variables, past any attribute of its class."""
    return _module_dict(module)


def insides(path: str, value: object, of_module: bool = False) -> Iterator[Inside]:
    """What a value holds. of_module: it is an nn.Module, whose parts are called as PyTorch's users call them."""
    kind = type(value)
    if id(kind) in _SUSPENDED:
        frame = getattr(value, _SUSPENDED[id(kind)])
        yield from _locals(f"{path}.<locals>", frame) if frame is not None else ()
    elif kind is FunctionType:
        yield from _of_function(path, value)
    elif kind is MethodType:
        yield Inside(f"{path}.__self__", value.__self__)
        yield Inside(f"{path}.__func__", value.__func__)
    elif kind is CellType:
        yield from _contents(path, value)
    elif kind is TracebackType:
        yield from _of_traceback(path, value)
    elif kind is FrameType:
        yield from _of_frame(path, value)
    elif kind is staticmethod or kind is classmethod:
        yield Inside(path, value.__func__)
    elif kind is functools.partial:
        yield Inside(f"{path}.func", value.func)
        yield Inside(f"{path}.args", value.args)
        yield Inside(f"{path}.keywords", value.keywords)
    elif id(kind) in _OPAQUE:
        for held in gc.get_referents(value):
            yield Inside(f"{path}.<items>", held)
    elif is_a(value, type):
        for name, held in list(_class_dict(value).items()):
            if type(name) is str and not _is_dunder(name):
                yield Inside(f"{path}.{name}", held)
    else:
        yield from _items(path, value)
        if is_a(value, BaseException):
            yield from _of_exception(path, value)
        for name, held in _attributes(value):
            if of_module and name in _MODULE_DICTS and is_a(held, dict):
                yield from (Inside(f"{path}.{key}", part) for key, part in _pairs(held) if type(key) is str)
            else:
                yield Inside(f"{path}.{name}", held)


def class_of(value: object, own: frozenset[str]) -> Inside | None:
    """The class of an object where one of the script's own modules made it."""
    kind = value if is_a(value, type) else type(value)
    module = _class_dict(kind).get("__module__")
    return Inside(_class_name(kind), kind) if type(module) is str and module in own else None


def _of_traceback(path: str, traceback: TracebackType | None) -> Iterator[Inside]:
    """The variables of the functions that an exception came through; gradviz's own frames are left out."""
    while traceback is not None:
        yield from _of_frame(path, traceback.tb_frame, traceback.tb_lasti)
        traceback = traceback.tb_next


def of_exception(path: str, failure: BaseException) -> Iterator[Inside]:
    """What the exception holds that ended the script: frames, arguments, and the exceptions before it."""
    yield Inside(path, BaseException.__dict__["__traceback__"].__get__(failure))
    yield from _of_exception(path, failure, traceback=False)
    yield from (Inside(f"{path}.{name}", held) for name, held in _attributes(failure))


def _of_exception(path, failure, traceback=True):
    names = ("__traceback__",) if traceback else ()
    for name in (*names, "__cause__", "__context__", "args"):
        held = BaseException.__dict__[name].__get__(failure)
        yield Inside(f"{path}.{'<traceback>' if name == '__traceback__' else name}", held)
    if is_a(failure, BaseExceptionGroup):
        yield Inside(f"{path}.exceptions", BaseExceptionGroup.__dict__["exceptions"].__get__(failure))


def _of_frame(path, frame, lasti=None):
    code = frame.f_code
    if not code.co_filename.startswith((PACKAGE, "<gradviz ", "<frozen ")):
        yield from _locals(f"{path}.{code.co_qualname}.<locals>", frame, lasti)


def _locals(path, frame, lasti=None):
    """A function's variables; a module's and a class's are found where they live."""
    code = frame.f_code
    if not code.co_flags & CO_OPTIMIZED:
        return
    held = frame.f_locals
    found = list(held.items())
    # up to Python 3.12 the frame keeps this copy: it must not make anything live longer than the frame's own variables
    if sys.version_info < (3, 13) and sys.getrefcount(held) == 3:
        held.clear()
    place = Place(code, frame.f_lasti if lasti is None else lasti)
    yield from (Inside(f"{path}.{name}", value, place) for name, value in found)


def _of_function(path, function):
    for free, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        yield from _contents(f"{path}.<closure>.{free}", cell)
    yield Inside(f"{path}.<defaults>", function.__defaults__)
    yield Inside(f"{path}.<defaults>", function.__kwdefaults__)
    for name, value in list(function.__dict__.items()):
        if type(name) is str:
            yield Inside(f"{path}.{name}", value)


def _contents(path: str, cell: CellType) -> Iterator[Inside]:
    try:
        yield Inside(path, cell.cell_contents)
    except ValueError:  # empty: its variable isn't set yet
        return


def _items(path, value):
    """The elements of a container, also of a subclass of one, by the built-in type's own iterator."""
    for base in _mro(type(value)):
        if base is list or base is tuple or base is deque:
            yield from (Inside(f"{path}[{at}]", each) for at, each in enumerate(list(base.__iter__(value))))
            return
        if base is dict:
            for key, each in _pairs(value):
                yield Inside(f"{path}[{_key(key)}]", each)
                if id(type(key)) not in _PLAIN:
                    yield Inside(f"{path}.<keys>", key)
            return
        if base is set or base is frozenset:
            yield from (Inside(f"{path}{{…}}", each) for each in list(base.__iter__(value)))
            return


def _pairs(value):
    ordered = type(value) is OrderedDict  # keeps an order of its own
    return list(OrderedDict.items(value) if ordered else dict.items(value))


def _attributes(value: object) -> Iterator[tuple[str, object]]:
    """The instance's own attributes, from its dictionary and its slots, past any property of its class."""
    dictionary = None
    for base in _mro(type(value)):
        for name, slot in list(_class_dict(base).items()):
            if type(name) is not str:
                continue
            if name == "__dict__" and type(slot) is GetSetDescriptorType and dictionary is None:
                dictionary = slot.__get__(value)
                for attribute, item in list(dict.items(dictionary)):
                    if type(attribute) is str:
                        yield attribute, item
            elif type(slot) is MemberDescriptorType and "__slots__" in _class_dict(base):  # a C type's need not be data
                try:
                    yield name, slot.__get__(value)
                except AttributeError:  # not set
                    continue


def _key(key: object) -> str:
    if type(key) is str:
        return json.dumps(key if len(key) <= MAX_KEY else key[:MAX_KEY] + "…", ensure_ascii=False)
    return repr(key) if id(type(key)) in _ids(int, float, bool, type(None)) else "…"


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")
