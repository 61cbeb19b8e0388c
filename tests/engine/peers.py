"""The same program on gradviz and on PyTorch, and what it means that the results are equal."""

import numpy as np
from hypothesis.extra import numpy as arrays_of

import gradviz
from tests.engine.gradcheck import weights_like

PAIRS = arrays_of.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_side=3, max_dims=3)
SHAPES = arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
WITH_DIMS = arrays_of.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=3)
TOLERANCE = {"float16": 2e-3, "float32": 3e-5, "float64": 1e-11}


def run(torch, program, arrays, wanted):
    """{name: tensor}: the output of program(torch, *leaves), its gradients, and its second gradients.

    arrays are shared with the leaves, layout and all; `wanted` says which leaves require grad. What has no
    gradient is left out, and so are gradients that are all zeros: PyTorch may hold either.
    """
    leaves = [torch.from_numpy(array).requires_grad_(need) for array, need in zip(arrays, wanted, strict=True)]
    asked = {f"gradient {k}": leaf for k, leaf in enumerate(leaves) if wanted[k]}
    out = program(torch, *leaves)
    found = {"output": out}
    if not asked or not out.requires_grad:
        return found
    grads = torch.autograd.grad(_weighed(torch, out), asked.values(), create_graph=True, allow_unused=True)
    found |= dict(zip(asked, grads, strict=True))
    again = [_weighed(torch, grad, turn=k) for k, grad in enumerate(grads) if grad is not None and grad.requires_grad]
    if again:
        seconds = torch.autograd.grad(sum(again[1:], again[0]), asked.values(), allow_unused=True)
        found |= {f"second {name}": grad for name, grad in zip(asked, seconds, strict=True)}
    return {
        name: each for name, each in found.items() if each is not None and (name == "output" or array_of(each).any())
    }


def sides():
    """gradviz and PyTorch; the tests that ask have made sure that it is installed."""
    import torch

    return gradviz, torch


def same(program, arrays, wanted=None):
    """Asserts that a program gives the same on both sides; so do its gradients."""
    wanted = wanted or [array.dtype.kind == "f" for array in arrays]
    with np.errstate(all="ignore"):
        assert_same(*(run(side, program, arrays, wanted) for side in sides()))


def same_of(program, *arrays, wanted=None):
    """The same, for arrays one by one."""
    same(program, arrays, wanted)


def all_same(program, *arrays):
    """The same for a program that returns several tensors, without gradients."""
    found = []
    for side in sides():
        out = program(side, *(side.from_numpy(array.copy()) for array in arrays))
        found.append({str(k): each for k, each in enumerate(out)})
    assert_same(*found)


def assert_same(ours, theirs):
    """The same names, dtypes, shapes and values, NaN included, up to the rounding of the dtype."""
    assert ours.keys() == theirs.keys()
    for name, mine in ours.items():
        assert str(mine.dtype) == str(theirs[name].dtype), name
        assert tuple(mine.shape) == tuple(theirs[name].shape), name
        tolerance = TOLERANCE.get(str(mine.dtype).removeprefix("torch."), 0)
        found, wanted = array_of(mine), array_of(theirs[name])
        finite = np.abs(wanted[np.isfinite(wanted)], dtype=float) if wanted.dtype.kind == "f" else np.zeros(0)
        most = tolerance * np.clip(finite.max(initial=1), 1, 30)  # what cancels is rounded as what it is the sum of
        np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=most, err_msg=name)


def _weighed(torch, tensor, turn=0):
    return (tensor * torch.from_numpy(weights_like(array_of(tensor), turn))).sum()


def array_of(tensor):
    """The values of a tensor of either side as a NumPy array."""
    if getattr(tensor, "_is_zerotensor", bool)():  # PyTorch's way to hand on zeros without their memory
        return np.zeros(tuple(tensor.shape))
    return np.array(tensor.tolist(), str(tensor.dtype).removeprefix("torch.")).reshape(tuple(tensor.shape))
