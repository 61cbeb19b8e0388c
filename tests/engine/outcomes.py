"""What a program comes to on one side: values and gradients, or the error on the way; and how two outcomes differ."""

import re

import numpy as np

from tests.engine.gradcheck import weights_like
from tests.engine.peers import array_of

STAGES = ("output", "backward", "second backward")  # where an error ends a program
TOLERANCE = {"float16": 4e-3, "float32": 5e-5, "float64": 1e-10}


def outcome(torch, program, arrays, wanted, orders=2):
    """{stage: tensor, or (class, text) of the error that ended it}: output, gradients, second gradients."""
    found, stage = {}, "output"
    try:
        leaves = [torch.from_numpy(array).requires_grad_(need) for array, need in zip(arrays, wanted, strict=True)]
        out = program(torch, *leaves)
        found[stage] = out
        asked = {f"gradient {k}": leaf for k, leaf in enumerate(leaves) if wanted[k]}
        if not asked or not out.requires_grad:
            return found
        stage = "backward"
        incoming = _weights(torch, out).requires_grad_()
        grads = torch.autograd.grad(out, [*asked.values()], incoming, create_graph=orders == 2, allow_unused=True)
        found |= dict(zip(asked, grads, strict=True))
        stage = "second backward"
        again = [grad for grad in grads if grad is not None and grad.requires_grad]
        if orders == 2 and again:
            weights = [_weights(torch, grad) for grad in again]
            seconds = torch.autograd.grad(again, [*asked.values()], weights, allow_unused=True)
            found |= {f"second {name}": grad for name, grad in zip(asked, seconds, strict=True)}
    except Exception as error:  # noqa: BLE001  whatever comes is what is compared
        found[stage] = (type(error).__name__, str(error))
    return found


def differences(ours, theirs, arrays):
    """How two outcomes differ: a set of words, empty where they are the same.

    words, class    both refuse, with another text or another exception class
    taken, refused  only PyTorch refuses, or only gradviz
    value, dtype, shape, none     of what both give; a gradient of zeros may be None
    """
    for stage in STAGES:
        mine, its = (each.get(stage) for each in (ours, theirs))
        if isinstance(mine, tuple) and isinstance(its, tuple):
            return {"class"} if mine[0] != its[0] else {"words"} if _said(mine[1]) != _said(its[1]) else set()
        if isinstance(mine, tuple) or isinstance(its, tuple):
            return {"refused" if isinstance(mine, tuple) else "taken"}
    floats = [array.dtype.name for array in arrays if array.dtype.kind == "f"]
    return set().union(*(_difference(ours.get(name), theirs.get(name), floats) for name in ours.keys() | theirs.keys()))


def _said(text):
    """A complaint; of several targets that are no class, whichever thread of PyTorch's is first names one."""
    return re.sub("^Target -?[0-9]+ is", "Target N is", text)


def _difference(mine, its, floats):
    if mine is None or its is None:
        given = its if mine is None else mine
        return {"none"} if given is not None and array_of(given).any() else set()
    if str(mine.dtype) != str(its.dtype):
        return {"dtype"}
    if tuple(mine.shape) != tuple(its.shape):
        return {"shape"}
    # as exact as the coarsest dtype on the way
    tolerance = max((TOLERANCE[each] for each in (*floats, str(mine.dtype).removeprefix("torch.")) if each in TOLERANCE), default=0)  # noqa: E501
    with np.errstate(all="ignore"):
        close = np.allclose(array_of(mine), array_of(its), rtol=tolerance, atol=tolerance, equal_nan=True)
    return set() if close else {"value"}


def _weights(torch, tensor):
    dtype = str(tensor.dtype).removeprefix("torch.")
    return torch.from_numpy(np.asarray(weights_like(array_of(tensor)), dtype))
