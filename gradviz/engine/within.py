"""What tells the observer that ops belong together: the calls of modules, optimizers and composite functions."""

from functools import wraps

from gradviz.engine.switches import mode


class Within:
    """Tells the observer that what happens inside belongs to a named function or module.

    aside: it is work beside the graph, such as an optimizer's step. result: what the call is about to return.
    """

    __slots__ = ("_name", "_aside", "_observer", "result")

    def __init__(self, name, aside=False):
        self._name = name
        self._aside = aside
        self.result = None

    def __enter__(self):
        self._observer = mode.observer
        if self._observer is not None:
            self._observer.entered(self._name, self._aside)
        return self

    def __exit__(self, *exception):
        if self._observer is not None:
            self._observer.left(self.result)


def composed(name):
    """Decorates a function that expands to several ops; without an observer it runs as it is."""

    def decorate(function):
        @wraps(function)
        def composite(*args, **kwargs):
            if mode.observer is None:
                return function(*args, **kwargs)
            with Within(name) as call:
                call.result = function(*args, **kwargs)
                return call.result

        return composite

    return decorate
