"""static(function): captured at its first call, replayed at the next ones that fit."""

import warnings
from functools import update_wrapper
from types import MethodType

from gradviz.engine.switches import mode
from gradviz.static.capture import Capture
from gradviz.static.forwards import Changed
from gradviz.static.guards import Arguments, guard_of
from gradviz.static.replay import Graph

MOST = 8  # captures of one function; a function that needs more changes too often to be worth one


class StaticFunction:
    """What `static` makes of a function: call it as the function. `function` is the dynamic one.

    graphs: the captured Graphs, the one that ran last first. runs: how many calls ran dynamically, captures included.
    """

    def __init__(self, function):
        self.function = function
        self.graphs = []
        self.runs = 0
        self._captures = 0
        self._changed = ""  # what the last replay found changed
        named = hasattr(function, "__name__")
        self._name = function.__name__ if named else type(function).__name__
        if named:
            update_wrapper(self, function)

    def __call__(self, *args, **kwargs):
        """As the function; CantCapture, in one line, for what can't be replayed."""
        if mode.capture is not None or mode.inference or mode.anomaly is not None or mode.saved_hooks:
            return self._dynamic(args, kwargs)
        for place, graph in enumerate(self.graphs):
            tensors = graph.matches(args, kwargs)
            if tensors is None:
                continue
            try:
                result = graph.replay(tensors)
            except Changed as changed:
                self._changed = str(changed)
                continue
            if place:
                self.graphs.insert(0, self.graphs.pop(place))
            return result
        return self._captured(args, kwargs) if self._captures < MOST else self._given_up(args, kwargs)

    def __get__(self, instance, owner=None):
        """As a method, its object is the first argument."""
        return self if instance is None else MethodType(self, instance)

    def __repr__(self):
        return f"static({self._name}): {len(self.graphs)} graphs, {self.runs} dynamic runs"

    def _captured(self, args, kwargs):
        given = Arguments(args, kwargs)
        with Capture(self._name) as capture:
            capture.take(given.tensors)
            result = self.function(*args, **kwargs)
        program = capture.finish(result)
        self.runs += 1
        self._captures += 1
        graph = Graph(program, guard_of(self.function, args, kwargs, program))
        self.graphs.insert(0, graph)
        return graph.first(given.tensors)

    def _given_up(self, args, kwargs):
        if self._captures == MOST:
            self._captures += 1
            self.graphs = [each for each in self.graphs if each.calls > 1]  # the others fit no call but their own
            why = f"; the last one looked at a value that is another one now ({self._changed})" if self._changed else ""
            warnings.warn(
                f"gradviz.static captured {self._name} {MOST} times and no capture fits this call{why}: calls that fit "
                "none run dynamically from here on",
                stacklevel=3,
            )
        return self._dynamic(args, kwargs)

    def _dynamic(self, args, kwargs):
        self.runs += 1
        return self.function(*args, **kwargs)
