"""Under create_graph the gradients' own graph is PyTorch's, node by node; where it isn't, a table says why."""

import warnings

import numpy as np
import pytest

import gradviz
from tests.engine.samples import SAMPLES

torch = pytest.importorskip("torch")


# where it is another one: op -> why
OTHER_SECOND_GRAPHS = {
    "pack_padded_sequence": "its gradient is one op, in PyTorch parts written into zeros",
}


def graphs(side, sample):
    """The graph of each gradient: nodes with what they save, and where each leads; None without a second backward."""
    leaves = [side.from_numpy(a).requires_grad_(w) for a, w in zip(sample.arrays(), sample.floating(), strict=True)]
    try:
        out = sample.run(side, *leaves)
        asked = [each for each in leaves if each.requires_grad]
        incoming = side.ones(tuple(out.shape), dtype=out.dtype).requires_grad_()
        found = side.autograd.grad(out, asked, incoming, create_graph=True, allow_unused=True)
    except (RuntimeError, NotImplementedError, AttributeError, TypeError):
        return None
    return [None if each is None or each.grad_fn is None else graph(each.grad_fn) for each in found]


def graph(root):
    """[(name, names of what is saved, numbers of the nodes that it leads to)], numbered as they are met."""
    met, told = [root], []
    for node in met:  # which grows
        saved = [name for name in dir(node) if name.startswith("_saved_")]
        leads = [each for each, _ in node.next_functions]
        met += [each for k, each in enumerate(leads) if each is not None and each not in met and each not in leads[:k]]
        name = node.name().rpartition("::")[2]
        told.append((name, sorted(saved), [None if each is None else met.index(each) for each in leads]))
    return told


@pytest.mark.parametrize("op", sorted({sample.op for sample in SAMPLES}))
def test_the_whole_graph_of_a_gradient(op):
    differ = None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for sample in SAMPLES:
            if sample.op == op and not sample.run.__qualname__.startswith("twice"):  # that is a second backward itself
                ours, theirs = graphs(gradviz, sample), graphs(torch, sample)
                if ours is not None and theirs is not None and ours != theirs:
                    differ = differ or (ours, theirs)
    if op in OTHER_SECOND_GRAPHS:
        assert differ, "gradviz does as PyTorch now: take it out of OTHER_SECOND_GRAPHS"
    else:
        assert differ is None


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
