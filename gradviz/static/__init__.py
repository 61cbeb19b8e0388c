"""Static graphs: a function is captured once, and replayed with planned memory.

The package bears the name of the function `gradviz.static`, and can be called as that. PyTorch has nothing of the name.
"""

import sys
from types import ModuleType


class Package(ModuleType):
    """This package, which can be called."""

    def __call__(self, function):
        """`gradviz.static(function)`."""
        return self.function(function)


def function(function):
    """A function, or module, whose graph is built once: its first call is captured, later ones replay it.

    Also a decorator. A call that no capture fits (another shape, dtype, branch, `training`) is captured anew; after
    eight captures, calls that fit none run dynamically, with a warning. CantCapture, in one line, for what can't be
    replayed. docs/static.md.
    """
    # imported here: start-up doesn't pay for what few scripts use
    from gradviz.static.calls import StaticFunction

    return StaticFunction(function)


function.__name__ = function.__qualname__ = "static"
sys.modules[__name__].__class__ = Package
