"""Where in the user's own code an op runs: the line, and the modules and composite functions around it."""

import sys
from types import CodeType, FrameType
from typing import NamedTuple

from gradviz.nn.module import Module
from gradviz.record.definitions import Definitions
from gradviz.record.insides import Place
from gradviz.record.module_names import ModuleNames
from gradviz.record.script import PACKAGE
from gradviz.record.source import Sources


class Call(NamedTuple):
    """A call of a module or composite function that is running; code: of the frame that opened it.

    name, path: it and the calls around it, as classes and functions are called, and as modules are in each other
    around: how many calls are around the line of the user's that it comes from
    """

    name: str
    aside: bool
    code: CodeType | None
    path: tuple[str, ...]
    around: int
    module: Module | None


_NO_CALL = Call("", False, None, (), 0, None)


class Places:
    """The place of what happens now, as numbers of rows that are written when a place is new."""

    def __init__(self, sources: Sources, numbers: Definitions):
        self._sources = sources
        self._numbers = numbers
        self._calls = []  # outermost first
        self._names = ModuleNames()
        self._ours = {}  # filename -> whether it is gradviz's own code
        self._origins = {}  # (id of a code object that Sources keeps, lasti) -> number of its ORIGIN row
        self._bound = {}  # (file, variable) -> number of the ORIGIN row of its binding, 0 unknown
        self._targets = {}  # that number -> the variable that the value is assigned to

    def here(self) -> tuple[int, int]:
        """(origin, within) of the innermost frame that is not gradviz's; to be asked from an observer's method."""
        call = self._calls[-1] if self._calls else _NO_CALL
        inside = False
        ours = self._ours
        frame = sys._getframe(2)
        while frame is not None:
            code = frame.f_code
            if not ours.get(code.co_filename, False) and not self._is_ours(frame):
                break
            if code is call.code:
                inside = True
            frame = frame.f_back
        origin = self.origin(frame.f_code, frame.f_lasti) if frame is not None else 0
        return origin, self.within(call, inside) if call.path else 0

    def within(self, call: Call, inside: bool) -> int:
        """The number of what runs in a call; inside: by its own code, not by a line of the user's in it."""
        around = call.around if inside else len(call.path)
        return self._numbers.within(call.name, inside, call.aside, call.path, around)

    def enter(self, name: str, aside: bool, frame: FrameType, module: Module | None = None) -> None:
        """A call begins, in this frame."""
        outer = self._calls[-1] if self._calls else _NO_CALL
        around, caller = len(self._calls), frame.f_back
        while caller is not None and self._is_ours(caller):
            if caller.f_code is outer.code:
                around = outer.around
                break
            caller = caller.f_back
        path = (*outer.path, module is not None and self._names.name(module, outer.module) or name)
        name = f"{outer.name} > {name}" if outer.name else name
        module = outer.module if module is None else module
        self._calls.append(Call(name, aside or outer.aside, frame.f_code, path, around, module))

    @property
    def aside(self) -> bool:
        """Whether what runs is an optimizer's or a Function's own work, beside the graph."""
        return bool(self._calls) and self._calls[-1].aside

    def leave(self, caller: FrameType | None) -> str:
        """The innermost call ends: what its value is assigned to, '' where another call's own code made it."""
        if self._calls:
            self._calls.pop()
        outer = self._calls[-1] if self._calls else _NO_CALL
        while caller is not None and self._is_ours(caller):
            if caller.f_code is outer.code:
                return ""
            caller = caller.f_back
        return self._targets[self.origin(caller.f_code, caller.f_lasti)] if caller is not None else ""

    def origin(self, code: CodeType, lasti: int) -> int:
        """The number of a position in the source."""
        key = (id(code), lasti)
        number = self._origins.get(key)
        if number is None:
            described = self._sources.origin(code, lasti)
            number = self._origins[key] = self._numbers.origin(described)
            self._targets[number] = described["target"]
        return number

    def held_at(self, place: Place | tuple[str, str] | None) -> int:
        """The number of the place that a holder has: a frame's, or the line that binds a (file, variable)."""
        if place is None or isinstance(place, Place):
            return self.origin(*place) if place else 0
        number = self._bound.get(place)
        if number is None:
            described = self._sources.binding(*place)
            number = self._bound[place] = self._numbers.origin(described) if described else 0
        return number

    def _is_ours(self, frame):
        filename = frame.f_code.co_filename
        ours = self._ours.get(filename)
        if ours is None:
            ours = self._ours[filename] = filename.startswith((PACKAGE, "<gradviz ", "<frozen "))
        return ours
