"""What tells the observer that ops belong together: the calls of modules, optimizers and composite functions."""

from functools import wraps
from inspect import signature

from gradviz.engine.switches import mode


class Within:
    """Tells the observer that what happens inside belongs to a named function or module.

    aside: it is work beside the graph, such as an optimizer's step. module: the module that is called.
    result: what the call is about to return.
    """

    __slots__ = ("_name", "_aside", "_module", "_observer", "result")

    def __init__(self, name, aside=False, module=None):
        self._name = name
        self._aside = aside
        self._module = module
        self.result = None

    def __enter__(self):
        self._observer = mode.observer
        if self._observer is not None:
            self._observer.entered(self._name, self._aside, self._module)
        return self

    def __exit__(self, *exception):
        if self._observer is not None:
            self._observer.left(self.result)


def opener(frame):
    """The frame of a call whose begin or end is told from this one: itself, or where Within stands."""
    return frame.f_back if frame.f_code in WITHIN else frame


WITHIN = (Within.__enter__.__code__, Within.__exit__.__code__)


def refuse_no_tensor(name, function, error, args, kwargs):
    """TypeError, in PyTorch's words, where the AttributeError is that of an argument that should be a tensor."""
    if error.name not in ("_array", "shape", "ndim") or hasattr(error.obj, "_array"):
        return
    for position, (argument, given) in enumerate(signature(function).bind(*args, **kwargs).arguments.items(), start=1):
        if given is error.obj:
            raise TypeError(
                f"{name}(): argument '{argument}' (position {position}) must be Tensor, not {type(given).__name__}"
            ) from None


def composed(name):
    """Decorates a function that expands to several ops; without an observer it runs as it is."""

    def decorate(function):
        @wraps(function)
        def composite(*args, **kwargs):
            try:
                observer, result = mode.observer, None
                if observer is None:
                    return function(*args, **kwargs)
                observer.entered(name, False)  # as Within does it: there are many of these
                try:
                    result = function(*args, **kwargs)
                    return result
                finally:
                    observer.left(result)
            except AttributeError as error:
                refuse_no_tensor(name, function, error, args, kwargs)
                raise

        return composite

    return decorate
