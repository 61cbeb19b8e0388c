"""Under create_graph the gradients' own graph begins with PyTorch's nodes; where it doesn't, a table says so."""

import warnings

import numpy as np
import pytest

import gradviz
from tests.engine.samples import SAMPLES

torch = pytest.importorskip("torch")


def nodes(side, sample):
    """The name of each gradient's grad_fn, None for one without; None for a sample that has no second backward."""
    leaves = [side.from_numpy(a).requires_grad_(w) for a, w in zip(sample.arrays(), sample.floating(), strict=True)]
    try:
        out = sample.run(side, *leaves)
        asked = [each for each in leaves if each.requires_grad]
        incoming = side.ones(tuple(out.shape), dtype=out.dtype).requires_grad_()
        found = side.autograd.grad(out, asked, incoming, create_graph=True, allow_unused=True)
    except (RuntimeError, NotImplementedError, AttributeError, TypeError):
        return None
    return [None if each is None or each.grad_fn is None else each.grad_fn.name() for each in found]


def differing():
    """{op: (our nodes, PyTorch's)} of the first sample of each op where they differ."""
    found = {}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for sample in SAMPLES:
            if not sample.run.__qualname__.startswith("twice"):  # that one is a second backward itself
                ours, theirs = nodes(gradviz, sample), nodes(torch, sample)
                if ours is not None and theirs is not None and ours != theirs:
                    found.setdefault(sample.op, (ours, theirs))
    return found


def test_the_first_nodes_of_a_second_backward():
    from tests.engine.second_differences import OTHER_SECOND_NODES

    told = {op: tuple(" ".join(map(str, side)) for side in both) for op, both in differing().items()}
    assert told == OTHER_SECOND_NODES


FUNCTIONS = {
    "tanh": lambda torch, x, t: torch.tanh(x),
    "sigmoid": lambda torch, x, t: torch.sigmoid(x),
    "relu": lambda torch, x, t: torch.relu(x),
    "softmax": lambda torch, x, t: torch.softmax(x, 1),
    "log_softmax": lambda torch, x, t: torch.log_softmax(x, 1),
    "mse_loss": lambda torch, x, t: torch.nn.functional.mse_loss(x, t),
    "mse_loss, summed": lambda torch, x, t: torch.nn.functional.mse_loss(x, t, reduction="sum"),
    "mse_loss, each": lambda torch, x, t: torch.nn.functional.mse_loss(x, t, reduction="none"),
}


def told(side, function):
    """Of each gradient: its node, what that saved and where it leads, with the second and third derivatives."""
    start = np.linspace(-1.5, 2, 12).reshape(3, 4)
    x, t = (side.tensor(each, requires_grad=True) for each in (start, np.cos(start)))
    out = function(side, x, t)
    incoming = (side.ones_like(out) * 1.5).requires_grad_()
    found = []
    for grad in side.autograd.grad(out, (x, t), incoming, create_graph=True, allow_unused=True):
        if grad is None:
            continue
        node = grad.grad_fn
        seconds = side.autograd.grad((grad * grad).sum(), (x, t, incoming), create_graph=True, allow_unused=True)
        total = sum((each * each).sum() for each in seconds if each is not None)
        thirds = side.autograd.grad(total, (x, t, incoming), allow_unused=True)
        values = [None if each is None else each.detach().numpy().round(9).tolist() for each in (*seconds, *thirds)]
        saved = sorted(name for name in dir(node) if name.startswith("_saved_"))
        led = [None if each is None else each.name().rpartition("::")[2] for each, _ in node.next_functions]
        found.append((node.name(), saved, led, values))
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_kernels_of_backward_are_ops_of_their_own(name):
    assert told(gradviz, FUNCTIONS[name]) == told(torch, FUNCTIONS[name])
