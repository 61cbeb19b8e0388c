"""The surroundings of the code that ops are turned into: what its names mean, and how tracebacks show it."""

import linecache
import weakref
from inspect import Parameter
from time import perf_counter_ns
from types import FunctionType

import numpy as np

from gradviz.engine import coerce, meeting, versions, views
from gradviz.engine.backend import offset_of
from gradviz.engine.births import born
from gradviz.engine.node import AccumulateGrad, Edge
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Number, Tensor, edge_of, rare_of

# what a vjp may ask for of an input beside its values: suffix -> expression of its array
SIZES = {
    "_sym_sizes": "{}.shape",
    "_sym_strides": "tuple(step // {0}.itemsize for step in {0}.strides)",
    "_sym_storage_offset": "offset_of({})",
    "_sym_numel": "{}.size",
    "_sym_sizes_opt": "((0,) if {0} is None else {0}.shape)",  # PyTorch shows (0,) for what is left out
    "_sym_argsize_0": "{}.shape[0]",
    "_sym_argsize_1": "{}.shape[1]",
    "_sym_argsize_2": "{}.shape[2]",
    "_sym_argsize_minus_1": "{}.shape[-1]",
    "_sym_argsize_minus_2": "{}.shape[-2]",
    "_sym_argsize_minus_3": "{}.shape[-3]",
    "_dim": "{}.ndim",
}


def scope_of(op):
    """The globals of an op's generated call."""
    runs = {}
    if op.node_class is not None and len(op.differentiable) <= 2:
        for mask in range(1, 2 ** len(op.differentiable)):
            runs |= {f"RUN{mask}": op.run_for(mask), f"FITTING{mask}": op.run_for(mask, True)}
    return runs | {
        "OP": op, "MODE": mode, "NUMBERS": coerce.NUMBERS, "NODE": op.node_class, "Edge": Edge,
        "run_for": op.run_for, "edge_of": edge_of, "Tensor": Tensor, "Number": Number,
        "new": object.__new__, "ndarray": np.ndarray, "numpy": np, "as_array": coerce.as_array,
        "asarray": np.asarray, "SCALARS": coerce.SCALARS,
        "as_tensors": coerce.as_tensors, "number_like": coerce.number_like, "promoted": coerce.promoted,
        "FORKS": versions.forks, "settle": views.settle, "bound": views.bound, "quietly": coerce.quietly,
        "module_of_all": meeting.module_of_all, "check_same": coerce.check_same, "forward": op.forward,
        "explained": coerce.explained, "clock": perf_counter_ns, "next_nr": mode.next_sequence_nr,
        "on_one_device": meeting.on_one_device, "BIRTHS": mode.births, "born": born,
        "offset_of": offset_of, "quick": op.quick,
    }  # fmt: skip


def on_first_use(op, operator=False):
    """An op's call, compiled when it is first used: importing 300 ops must not wait for 300 compilations.

    The function that is handed out takes over the compiled code, so that later calls cost nothing more.
    """
    scope = {}

    def compiled(args, kwargs):
        from gradviz.engine.call_code import call_lines

        scope.update(scope_of(op))
        if operator:
            scope["as_tensors"] = coerce.as_operands
            scope["with_number"] = op.with_number
        ready = define(f"<gradviz op {op.name}>", call_lines(op, operator), op.name, scope)
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
    scope.setdefault("__name__", __name__)  # NumPy's warnings of what it computes are silenced by this
    exec(compile(text, filename, "exec"), scope)  # noqa: S102  our own text, as dataclasses does
    return scope[name]


def joined(array, edge):
    """A saved array as a tensor of the graph: what the edge's node made, or a leaf."""
    tensor = Tensor(array, True)
    if edge.__class__ is AccumulateGrad:
        rare_of(tensor).accumulator = weakref.ref(edge)
    else:
        tensor._edge = edge
    return tensor
