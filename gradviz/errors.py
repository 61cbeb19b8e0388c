"""Every exception that gradviz raises on purpose.

GradvizError                one clear line for the person at the keyboard; the CLI exits with 2
├── BadInput                what was asked for can't be done: a script, an expression, an option, a folder
│   └── NoTrace             there is no trace to show
├── BadTrace                the file is not a trace that this version can read
├── BadFile                 the file of tensors is damaged or foreign, or holds what tensors can't
├── CantCapture             gradviz.static can't replay what a function does (also a RuntimeError)
└── DeviceUnavailable       cuda was asked for where it can't be had (also a RuntimeError)

Errors of the engine that mirror PyTorch's (a second backward, an in-place change of a
saved tensor) are plain RuntimeError, TypeError, ValueError or IndexError with PyTorch's text, so
that code written against PyTorch catches them.
"""


class GradvizError(Exception):
    """The root: its text is one clear line (what was seen, what was expected, what to do)."""


class BadInput(GradvizError):
    """What was asked for can't be done as asked."""


class NoTrace(BadInput):
    """There is no trace to show."""


class BadTrace(GradvizError):
    """The file is not a trace that this version of gradviz can read."""


class BadFile(GradvizError):
    """The file holds no tensors that this version of gradviz can read."""


class CantCapture(GradvizError, RuntimeError):
    """What a function does, or what is asked of its static graph, can't be replayed."""


class DeviceUnavailable(GradvizError, RuntimeError):
    """cuda was asked for, and CuPy or a GPU is missing."""
