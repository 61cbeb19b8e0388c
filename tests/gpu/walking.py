"""One sample of an op, walked through on some device by some torch: its output, gradients and second gradients."""

import numpy as np

from tests.engine.gradcheck import weights_like


def walk(torch, sample, leaf, dtype=np.float64):
    """{what: tensors}: the output, its gradients by a plain backward, those that are part of a graph, and their own.

    leaf(array) makes a tensor where the walk is to take place; "refused" is what PyTorch doesn't differentiate twice.
    """
    torch.manual_seed(3)
    leaves = [leaf(array) for array in sample.arrays(dtype)]
    asked = [each.requires_grad_() for each, able in zip(leaves, sample.floating(), strict=True) if able]
    out = sample.run(torch, *leaves)
    found = {"output": [out]}
    if not asked or not out.requires_grad:
        return found

    def weights(tensor, turn):
        kind = str(tensor.dtype).removeprefix("torch.")
        return leaf(weights_like(np.empty(tuple(tensor.shape), kind), turn))

    found["gradients"] = torch.autograd.grad(out, asked, weights(out, 0), retain_graph=True, allow_unused=True)
    try:
        found["in a graph"] = torch.autograd.grad(out, asked, weights(out, 0), create_graph=True, allow_unused=True)
        again = [each for each in found["in a graph"] if each is not None and each.requires_grad]
        if again:
            given = [weights(each, k) for k, each in enumerate(again)]
            found["second"] = torch.autograd.grad(again, asked, given, allow_unused=True)
    except RuntimeError as error:
        found["refused"] = str(error)
    return found
