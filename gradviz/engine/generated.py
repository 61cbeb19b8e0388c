"""The surroundings of the code that ops are turned into: what its names mean, and how tracebacks show it."""

import linecache
from time import perf_counter_ns

import numpy as np

from gradviz.engine import coerce, versions
from gradviz.engine.node import NO_EDGE
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor, edge_of


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
