"""Where to look, at the script's end, for what still holds tensors and nodes: its modules, and a crash's frames."""

import os
import sys
import sysconfig
from collections.abc import Iterator
from types import ModuleType

from gradviz.engine.node import Node
from gradviz.engine.tensor import Tensor
from gradviz.nn.module import Module
from gradviz.record.insides import Inside, is_a, of_exception, variables_of
from gradviz.record.script import PACKAGE, Outcome
from gradviz.record.variables import Variables


def holders(outcome: Outcome) -> Variables:
    """Every tensor and node that the script's variables lead to, and the frames of the exception that ended it.

    The place of a variable is (file, name); that of a function's variable is where the function was.
    """
    modules = dict(_modules(outcome.folder, outcome.namespace))
    own = frozenset(modules) | {"__main__"}
    return Variables(_roots(outcome, modules), _is_wanted, _is_module, _with_a_graph, own)


def is_tensor(value: object) -> bool:
    """isinstance, but nothing of the script's is asked."""
    return is_a(value, Tensor)


def _is_wanted(value):
    return is_tensor(value) or is_a(value, Node)


def _is_module(value):
    return is_a(value, Module)


def _with_a_graph(value):
    """A tensor's .grad, where it is part of a graph."""
    grad = value._grad if is_tensor(value) else None
    return [("grad", grad)] if grad is not None and grad._edge is not None else []


def _roots(outcome, modules) -> Iterator[Inside]:
    yield from _variables("", outcome.namespace)
    for name, namespace in modules.items():
        yield from _variables(f"{name}.", namespace)
    if outcome.failure is not None:
        yield from of_exception("<traceback>", outcome.failure)


def _variables(prefix, namespace):
    file = namespace.get("__file__")
    for name, value in list(namespace.items()):
        if type(name) is str and not (name.startswith("__") and name.endswith("__")):
            yield Inside(prefix + name, value, (file, name) if type(file) is str else None)


def _modules(folder: str, main: dict) -> Iterator[tuple[str, dict]]:
    """(name, variables) of each imported module that lies in the script's folder and is no installed library."""
    installed = tuple(sysconfig.get_path(name) + os.sep for name in ("stdlib", "purelib", "platlib"))
    known = [(name, module) for name, module in list(sys.modules.items()) if type(name) is str]
    for name, module in sorted(known, key=lambda pair: pair[0]):
        if not folder or not is_a(module, ModuleType):
            continue
        namespace = variables_of(module)
        file = namespace.get("__file__")
        below = type(file) is str and file.startswith(folder.rstrip(os.sep) + os.sep)
        if below and namespace is not main and not file.startswith((PACKAGE, *installed)):
            yield name, namespace
