"""Static graphs: a function is captured once, and replayed with planned memory.

The package bears the name of the function `gradviz.static`, and can be called as it.
"""

import sys
from types import ModuleType

from gradviz.static.function import StaticFunction


class Package(ModuleType):
    """This package, which can be called."""

    def __call__(self, function):
        """A function whose graph is built once: its first call is captured, later ones replay the same graph.

        As a decorator or a call, on a function or a module. A call that a capture doesn't fit (another shape, dtype,
        branch, `training`) is captured anew. CantCapture, in one line, for what can't be replayed; docs/static.md.
        """
        return StaticFunction(function)


sys.modules[__name__].__class__ = Package
