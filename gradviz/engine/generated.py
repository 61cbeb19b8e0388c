"""The surroundings of the code that ops are turned into: what its names mean, and how tracebacks show it."""

import linecache
from inspect import Parameter
from time import perf_counter_ns
from types import FunctionType

import numpy as np

from gradviz.engine import coerce, versions
from gradviz.engine.node import NO_EDGE
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor, edge_of

# what a vjp may ask for of an input beside its values: suffix -> expression of its array
SIZES = {
    "_sym_sizes": "{}.shape",
    "_sym_strides": "tuple(step // {0}.itemsize for step in {0}.strides)",
    "_sym_numel": "{}.size",
    "_sym_sizes_opt": "((0,) if {0} is None else {0}.shape)",  # PyTorch shows (0,) for what is left out
    "_sym_argsize_0": "{}.shape[0]",
    "_sym_argsize_1": "{}.shape[1]",
    "_sym_argsize_2": "{}.shape[2]",
    "_sym_argsize_minus_1": "{}.shape[-1]",
    "_sym_argsize_minus_2": "{}.shape[-2]",
    "_dim": "{}.ndim",
}


def scope_of(op):
    """The globals of an op's generated call."""
    return {
        "OP": op, "MODE": mode, "NUMBERS": coerce.NUMBERS, "NODE": op.node_class, "NO_EDGE": NO_EDGE,
        "RUNS": getattr(op, "runs", None), "run_for": op.run_for, "edge_of": edge_of, "Tensor": Tensor,
        "new": object.__new__, "ndarray": np.ndarray, "numpy": np, "as_array": coerce.as_array,
        "as_tensors": coerce.as_tensors, "number_like": coerce.number_like, "promoted": coerce.promoted,
        "FORKS": versions.forks, "refuse_old_views": versions.refuse_old_views, "quietly": coerce.quietly,
        "module_of_all": coerce.module_of_all, "check_same": coerce.check_same, "forward": op.forward,
        "explained": coerce.explained, "clock": perf_counter_ns, "next_nr": mode.next_sequence_nr,
    }  # fmt: skip


def on_first_use(op, **changes):
    """An op's call, compiled when it is first used: importing 300 ops must not wait for 300 compilations.

    The function that is handed out takes over the compiled code, so that later calls cost nothing more.
    """
    scope = scope_of(op) | changes

    def compiled(args, kwargs):
        ready = define(f"<gradviz op {op.name}>", op.call_lines(), op.name, scope)
        call.__code__ = ready.__code__
        return call(*args, **kwargs)

    scope["compiled"] = compiled
    call = FunctionType(_compile_first.__code__, scope, op.name)
    call.__kwdefaults__ = {k: v for k, v in op.settings.items() if v is not Parameter.empty} or None
    call.__doc__, call.__module__ = op.forward.__doc__, op.forward.__module__
    call.op, call.__qualname__ = op, op.title
    return call


def _compile_first(*args, **kwargs):
    return compiled(args, kwargs)  # noqa: F821  of the scope that the code is given


def define(filename, lines, name, scope):
    """Compiles generated source, and lets tracebacks show it."""
    text = "\n".join(lines) + "\n"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    exec(compile(text, filename, "exec"), scope)  # noqa: S102  our own text, as dataclasses does
    return scope[name]


def joined(array, node, output_nr):
    """A saved array as a tensor of the graph."""
    tensor = Tensor(array, True)
    tensor._edge = (node, output_nr)
    return tensor
