"""What a function reads beside its arguments, as far as it can be found: where a replay must find the same again.

From the function's closure, the globals that its code names, its defaults and its `self`, the tensors that the capture
met are searched for through attributes, modules' tables, lists, tuples and dicts. Each step of the way is remembered,
and so are the plain values (numbers, texts, True, None) that lie beside it, such as a module's `training`.
"""

import dis
import sys
from collections import deque
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from gradviz.engine.tensor import Tensor

PLAIN = (int, float, str, bool, type(None))
_MOST = 20_000  # things that are looked at; a tensor that is further away is not found


class Reference(NamedTuple):
    """One step of the way: `holder[key]`, of a dict or list, or a closure's cell, is `found`."""

    holder: Any
    key: Any
    found: Any


CELL = object()


class Surroundings:
    """references: what must be as it was; missing: the tensors that no way leads to."""

    def __init__(self, function, arguments, tensors):
        self._came_by = {}  # id of a thing -> (thing, the Reference that led to it, id of where that began)
        self._plain = {}  # id of a thing -> the plain values beside what lies in it
        self._waiting = deque()
        self._look(function, None, None)
        for each in arguments:
            self._look(each, None, None)
        while self._waiting and len(self._came_by) < _MOST:
            self._open(self._waiting.popleft())
        self.missing = [each for each in tensors if id(each) not in self._came_by]
        self.references = self._ways(tensors)

    def _look(self, thing, reference, start):
        if isinstance(thing, PLAIN):
            if reference is not None:
                self._plain.setdefault(start, []).append(reference)
        elif id(thing) not in self._came_by and not isinstance(thing, (type, BuiltinFunctionType, CodeType)):
            self._came_by[id(thing)] = (thing, reference, start)
            self._waiting.append(thing)

    def _open(self, thing):
        start = id(thing)
        if isinstance(thing, FunctionType):
            self._open_function(thing, start)
        elif isinstance(thing, MethodType):
            self._look(thing.__func__, None, start)
            self._look(thing.__self__, None, start)
        elif isinstance(thing, partial):
            for each in (thing.func, thing.args, thing.keywords):
                self._look(each, None, start)
        elif isinstance(thing, dict):
            for key, each in thing.items():
                self._look(each, Reference(thing, key, each), start)
        elif isinstance(thing, (list, tuple)):
            for place, each in enumerate(thing):
                self._look(each, Reference(thing, place, each), start)
        elif type(thing).__module__.startswith("gradviz.static"):  # what a static function counts is no setting
            self._look(getattr(thing, "function", None), None, start)
        elif not isinstance(thing, (Tensor, ModuleType)):
            if hasattr(thing, "__dict__"):
                for key, each in vars(thing).items():
                    self._look(each, Reference(vars(thing), key, each), start)
            for kind in type(thing).__mro__:
                if not _is_library(kind.__module__):
                    for key, each in vars(kind).items():
                        if not key.startswith("__") or isinstance(each, FunctionType):
                            self._look(each, Reference(vars(kind), key, each), start)

    def _open_function(self, function, start):
        if function.__module__ is not None and function.__module__.startswith("gradviz."):
            return
        for each in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            self._look(each, None, start)
        names, attributes = _names(function.__code__)
        known = function.__globals__
        used = [Reference(known, name, known[name]) for name in names if name in known]
        for cell in function.__closure__ or ():
            try:
                used.append(Reference(cell, CELL, cell.cell_contents))
            except ValueError:  # not bound yet
                continue
        for reference in used:
            found = reference.found
            if not isinstance(found, ModuleType):
                self._look(found, reference, start)
            elif not _is_library(found.__name__):
                for key in sorted(attributes & vars(found).keys()):
                    self._look(vars(found)[key], Reference(vars(found), key, vars(found)[key]), start)

    def _ways(self, tensors):
        """The references on the way to each tensor and module, and the plain values beside them, each once."""
        found, seen = [], set()
        ends = [id(each) for each in tensors if id(each) in self._came_by]
        ends += [key for key in self._came_by if key in self._plain]
        for end in ends:
            while end is not None and end not in seen:
                seen.add(end)
                thing, reference, start = self._came_by[end]
                if reference is not None:
                    found.append(reference)
                if _has_settings(thing):
                    found += self._plain.get(end, ())
                end = start
        return found


def _has_settings(thing):
    """Whether the plain values in a thing are settings of a function or an object, not data of a list."""
    return isinstance(thing, (FunctionType, dict)) or hasattr(thing, "__dict__")


def _names(code):
    """The global names of a code object and of those inside it, in order; and the set of all names that they use."""
    waiting, found, every = [code], {}, set()
    while waiting:
        each = waiting.pop()
        every.update(each.co_names)
        for instruction in dis.get_instructions(each):
            if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                found[instruction.argval] = None
        waiting += [inner for inner in each.co_consts if isinstance(inner, CodeType)]
    return list(found), every


def _is_library(name):
    """Whether a module has no state of the script's: gradviz itself, NumPy, Python's own."""
    top = (name or "").partition(".")[0]
    return top in ("gradviz", "numpy") or top in sys.stdlib_module_names
