"""Gradients by central differences in float64: what analytic gradients are held against."""

import numpy as np

import gradviz as torch

STEP = 1e-6


def numeric(function, arrays, which, weights):
    """The gradient of sum(weights * function(*arrays)) for arrays[which], one element after the other."""
    found = np.zeros_like(arrays[which])
    for place in np.ndindex(found.shape):
        sides = []
        for step in (STEP, -STEP):
            moved = [array.copy() for array in arrays]
            moved[which][place] += step
            sides.append((function(*moved) * weights).sum())
        found[place] = (sides[0] - sides[1]) / (2 * STEP)
    return found


def analytic(run, arrays, wanted, weights=None, order=1):
    """(weights, gradients) of a function of tensors; order=2: of its gradients, each weighted and summed.

    `wanted` are the positions of the inputs that require grad. A gradient that is not there counts as zeros.
    """
    leaves = [torch.from_numpy(array.copy()) for array in arrays]
    for k in wanted:
        leaves[k].requires_grad_()
    inputs = [leaves[k] for k in wanted]
    out = run(*leaves)
    if order == 2:
        out = _gradient_as_a_function(out, inputs)
    if out is None or not out.requires_grad:
        return None, [np.zeros_like(arrays[k]) for k in wanted]
    weights = weights_like(out.detach().numpy()) if weights is None else weights
    grads = torch.autograd.grad(out, inputs, torch.from_numpy(weights), allow_unused=True)
    return weights, [
        np.zeros_like(arrays[k]) if grad is None else grad.numpy() for k, grad in zip(wanted, grads, strict=True)
    ]


def check(run, arrays, wanted, order=1, tolerance=1e-6):
    """AssertionError when a gradient of run(*tensors), or of its gradient for order=2, isn't the numeric one."""
    weights, grads = analytic(run, arrays, wanted, order=order)
    if weights is None:
        weights = 1.0

    def value(*moved):
        leaves = [torch.from_numpy(array) for array in moved]
        for k in wanted:
            leaves[k].requires_grad_()
        out = run(*leaves)
        if order == 2:
            out = _gradient_as_a_function(out, [leaves[k] for k in wanted])
        return np.zeros(()) if out is None else out.detach().numpy()

    for k, grad in zip(wanted, grads, strict=True):
        expected = numeric(value, arrays, k, weights)
        np.testing.assert_allclose(grad, expected, rtol=tolerance, atol=tolerance, err_msg=f"input {k}")


def weights_like(array, turn=0):
    """Weights without symmetry, so that a wrong sum can't come out right by accident."""
    return np.cos(np.arange(array.size, dtype=np.float64) + 1.0 + 5 * turn).reshape(array.shape).astype(array.dtype)


def _gradient_as_a_function(out, inputs):
    """The weighted sum of the gradients of `out`, part of the graph; None when it has none."""
    if not out.requires_grad:
        return None
    weights = torch.from_numpy(weights_like(out.detach().numpy()))
    grads = torch.autograd.grad(out, inputs, weights, create_graph=True, allow_unused=True)
    parts = [
        (grad * torch.from_numpy(weights_like(grad.detach().numpy(), turn=k))).sum()
        for k, grad in enumerate(grads)
        if grad is not None
    ]
    return sum(parts[1:], parts[0]) if parts else None
