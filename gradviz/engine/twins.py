"""The C twins of the hottest loops, where they were built: of an op's call and of backward's short way.

Each does what the Python beside it does, in the frequent case alone; without a compiler at installation, or with
GRADVIZ_COMPILED=0 in the environment, the Python does it all.
"""

import heapq
import os
from functools import partial
from time import perf_counter_ns

import numpy as np

from gradviz.engine import versions
from gradviz.engine.coerce import as_array, quietly
from gradviz.engine.fitting import fitted, fitted_all
from gradviz.engine.node import RELEASED, AccumulateGrad, Edge, Node
from gradviz.engine.ownership import LARGE, added, taken
from gradviz.engine.plans import MOST_OUTPUTS, plan_of_forward, plan_of_run, plan_of_sum
from gradviz.engine.switches import Mode, mode
from gradviz.engine.tensor import Number, Rare, Tensor, edge_of

try:
    if os.environ.get("GRADVIZ_COMPILED") == "0":
        raise ImportError
    from gradviz.engine import _engine
except ImportError:
    _engine = None

MOST_INPUTS, MOST_SETTINGS, MOST_SAVED, MOST_KEPT = 4, 8, 8, 12  # as in compiled/quick.c
_FITS = {"never": 0, "unlike": 1, "always": 2}
_SIZES = {"_sym_sizes": 1, "_sym_numel": 2, "_dim": 3, "_sym_strides": 4}

if _engine is not None:
    _engine.bind(
        {
            "Tensor": Tensor, "Number": Number, "Node": Node, "AccumulateGrad": AccumulateGrad, "Edge": Edge,
            "Rare": Rare, "Mode": Mode, "mode": mode, "births": mode.births, "forks": versions.forks,
            "changed": versions.changed, "RELEASED": RELEASED, "numpy": np, "edge_of": edge_of,
            "as_array": as_array, "adding": plan_of_sum, "clock": perf_counter_ns,
            "numbers": mode.next_sequence_nr.__self__,
            "spoilt": versions.spoilt, "taken": taken, "added": added, "bump": versions.bump, "quietly": quietly,
            "fitted": fitted, "fitted_all": fitted_all, "heappush": heapq.heappush, "heappop": heapq.heappop,
            "LARGE": LARGE,
        }
    )  # fmt: skip

follow = None if _engine is None else _engine.follow


def quick_of(op):
    """The twin of an op's call, or None where there is none for what the op was declared with."""
    unusual = op.variadic or op.optional or op.joint or op.returned or op.intermediates or op.wrap_opt_if
    if _engine is None or unusual or not 0 < len(op.inputs) <= MOST_INPUTS or len(op.settings) > MOST_SETTINGS:
        return None
    wanted, saved, kept = (), (), ()
    if op.node_class is not None:
        wanted = tuple(op.inputs.index(name) for name in op.differentiable)
        saved = tuple(_save(op, name) for name in op.saved)
        kept = tuple(_keep(op, name) for name in op.node_class.setting_names)
        if None in kept or len(saved) > MOST_SAVED or len(kept) > MOST_KEPT:
            return None
    masks = range(2 ** len(wanted) if wanted else 0)
    runs, fitting = (tuple(op.run_for(mask, fits) for mask in masks) for fits in (False, True))
    one_dtype, floating = op.dtype in ("promote", "float", "same"), op.dtype == "float"
    return _engine.Quick(
        op, op.forward, op.node_class, len(op.inputs), op.takes_numbers, tuple(op.settings), one_dtype, floating,
        bool(op.view and op.vjps), wanted, saved, kept, _FITS[op.fits], runs, fitting,
        None if op.view else partial(plan_of_forward, op),
    )  # fmt: skip


def run_of_plans(op, mask, fits, run):
    """The twin of a run, or the run itself where its op is not of the kind that has plans."""
    names = op.node_class.setting_names
    unusual = op.variadic or op.joint or not op.settings.keys() >= {*names} or len(op.saved) > MOST_SAVED
    if _engine is None or unusual or len(op.differentiable) > MOST_OUTPUTS:
        return run
    unfitted = op.run_for(mask) if fits else None
    return _engine.Run(run, unfitted, partial(plan_of_run, op, mask), mask, fits, len(op.saved), len(names))


def _save(op, name):
    """(source, user): the input's position or -1 for the result, and the gradient that it is saved for, -1 for all."""
    if name not in op.inputs:
        return -1, -1
    users = op.users(name)
    alone = len(users) == 1 and len(op.vjps) > 1
    return op.inputs.index(name), op.differentiable.index(users[0]) if alone else -1


def _keep(op, name):
    """(kind, position) of one of a node's settings; None for a kind that the twin doesn't know."""
    if name in op.settings:
        return 0, list(op.settings).index(name)
    for suffix, kind in _SIZES.items():
        of = name.removesuffix(suffix)
        if of != name and of in op.inputs:
            return kind, op.inputs.index(of)
    return None
