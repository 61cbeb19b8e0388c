"""How to run an op, or a user's Function, once more: on copies of what it got, beside the point where it was."""

from collections.abc import Callable
from inspect import signature
from typing import NamedTuple

import numpy as np

from gradviz.engine.devices import Device
from gradviz.engine.dtypes import dtype
from gradviz.engine.function import Function
from gradviz.engine.random import get_rng_state, set_rng_state
from gradviz.engine.tensor import Tensor

ELSEWHERE = "it ran on a GPU"
SYMMETRIC = {"linalg_cholesky_ex", "linalg_eigh_of", "solved_cholesky"}  # by convention, so is their gradient
OF_BACKWARD = {"known_mean", "known_rstd", "log_sigmoid_backward"}  # an input is a function of another one
PLAIN = (bool, int, float, complex, str, bytes, type(None), np.dtype, type, dtype, Device)


class Run(NamedTuple):
    """What is needed to run an op again: f(arrays) -> outputs; arrays: copies of its inputs, None for no tensor.

    sources: for each edge of the node, the place of its input in arrays; names: of the inputs; function: the user's.
    """

    f: Callable[[list], list]
    arrays: list
    sources: list
    names: list
    function: type | None


def run_of_op(op, inputs, settings, node):
    """How to run an op of the catalogue again; why not, where that tells nothing."""
    if not _on_the_cpu(inputs):
        return ELSEWHERE
    if op.name in SYMMETRIC or settings.get("hermitian"):
        return "the input counts as symmetric, but a half is read"
    if op.name in OF_BACKWARD:
        return "its inputs depend on each other"
    fixed = op.inputs[:-1] if op.variadic else op.inputs
    missing = 0 if op.variadic else len(fixed) - len(inputs)
    if missing not in (0, len(op.optional)):
        return "optional inputs were left out"
    there = [name for name in fixed if not missing or name not in op.optional]
    arrays = [copied(each) for each in inputs]
    if op.dtype in ("promote", "float"):
        arrays = [each.astype(np.float64) if each.dtype.kind in "iu" else each for each in arrays]
    if op.variadic in op.differentiable:
        sources = list(range(len(fixed), len(inputs)))
    else:
        sources = [there.index(name) if name in there else -1 for name in op.differentiable]
    gaps = [each is None for each in node._saved[len(op.saved) :]] if op.saves_list else [False] * len(inputs)
    gaps = gaps if op.variadic else []
    rest = [f"{op.variadic}[{at}]" for at in range(len(inputs) - len(there))]

    def f(given):
        named = dict(zip(there, given[: len(there)], strict=True))
        listed = iter(given[len(there) :])
        result = op.forward(
            np, *(named.get(name) for name in fixed), *(None if gap else next(listed) for gap in gaps), **settings
        )
        result = result[0] if op.intermediates else result
        return list(result) if op.several else [result]

    return Run(f, arrays, sources, [*there, *rest], None)


def run_of_function(function, inputs):
    """How to run a user's Function again, with the random numbers that it had; why not, where it got more."""
    if not _on_the_cpu([each for each in inputs if isinstance(each, Tensor)]):
        return ELSEWHERE
    for each in inputs:
        if not isinstance(each, Tensor) and not _is_plain(each):
            return f"forward was called with a {type(each).__name__}, which is not kept"
    state = get_rng_state()
    arrays = [copied(each) if isinstance(each, Tensor) else None for each in inputs]
    asks = [isinstance(each, Tensor) and each._requires_grad for each in inputs]
    others = [None if isinstance(each, Tensor) else each for each in inputs]

    def f(given):
        set_rng_state(state)
        tensors = [
            other if array is None else Tensor(array.copy(), ask)
            for array, ask, other in zip(given, asks, others, strict=True)
        ]
        returned = function._computed(function._context(tensors), tensors)
        outputs = returned if isinstance(returned, tuple) else (returned,)
        return [each._array if isinstance(each, Tensor) else None for each in outputs]

    return Run(f, arrays, list(range(len(inputs))), _parameters(function, len(inputs)), function)


def _parameters(function, count):
    """The names of forward's inputs, '' for what it has none for."""
    try:
        names = list(signature(function.forward).parameters)
    except (TypeError, ValueError):
        names = []
    names = names[function.setup_context is Function.setup_context :]
    return [*names, *[""] * count][:count]


def _is_plain(value):
    """Whether something holds no tensor, so that keeping it lengthens no life."""
    if isinstance(value, (tuple, list)):
        return all(isinstance(each, PLAIN) for each in value)
    return isinstance(value, PLAIN)


def _on_the_cpu(tensors):
    return all(isinstance(each._array, (np.ndarray, np.generic)) for each in tensors)


def copied(value):
    """A copy of an array, or of a tensor's."""
    return np.array(value._array if isinstance(value, Tensor) else value)
