"""Connectionist temporal classification beside PyTorch's: losses, gradients, graphs and refusals."""

import numpy as np
import pytest

import gradviz

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

SIDES = (gradviz, torch)


def scores(side, *shape):
    """Log-probabilities without equal ones, and the leaf that they come from."""
    count = int(np.prod(shape))
    leaf = side.from_numpy(np.sin(np.arange(count, dtype=np.float64)).reshape(shape)).requires_grad_()
    return leaf, leaf.log_softmax(leaf.ndim - 1)


@pytest.mark.parametrize("seed", range(40))
def test_losses_and_gradients(seed):
    draws = np.random.RandomState(seed)
    steps, count, classes = (int(draws.randint(1, most)) for most in (9, 5, 6))
    classes += 1
    blank = int(draws.randint(0, classes))
    lengths = [tuple(map(int, draws.randint(0, most, count))) for most in (steps + 1, 4)]
    shape = (count, max(lengths[1]) + 1) if seed % 2 else (sum(lengths[1]),)
    targets = (blank + draws.randint(1, classes, shape)) % classes
    found = []
    for side in SIDES:
        leaf, likely = scores(side, steps, count, classes)
        given = map(side.tensor, lengths) if seed % 3 else lengths
        how = ("none", "mean", "sum")[seed % 3]
        loss = side.nn.CTCLoss(blank, how, zero_infinity=seed % 4 > 1)(likely, side.from_numpy(targets.copy()), *given)
        loss.sum().backward()
        found.append((loss.tolist(), leaf.grad.tolist()))
    for mine, its in zip(*found, strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-9, atol=1e-12)


def graph(node):
    """Names of nodes, and what each saves: sizes of tensors, other things as they are."""
    if node is None:
        return None
    saved = {name: getattr(node, name) for name in dir(node) if name.startswith("_saved_")}
    shown = {name: tuple(each.shape) if hasattr(each, "shape") else each for name, each in saved.items()}
    return node.name(), shown, [graph(each) for each, _ in node.next_functions]


@pytest.mark.parametrize("how", ["none", "mean", "sum"])
@pytest.mark.parametrize("zero_infinity", [False, True])
@pytest.mark.parametrize("alone", [False, True])
def test_graphs(how, zero_infinity, alone):
    found = []
    for side in SIDES:
        _, likely = scores(side, 5, *(() if alone else (2,)), 4)
        targets = side.tensor([1, 2, 2] if alone else [[1, 2, 2], [3, 1, 0]])
        lengths = ((5,), (3,)) if alone else ((5, 4), (3, 2))
        loss = side.nn.functional.ctc_loss(likely, targets, *lengths, reduction=how, zero_infinity=zero_infinity)
        found.append(graph(loss.grad_fn))
    assert found[0] == found[1]


def test_there_is_no_second_derivative():
    for side in SIDES:
        leaf, likely = scores(side, 5, 2, 4)
        loss = side.ctc_loss(likely, side.tensor([1, 2, 3]), (5, 4), (2, 1), reduction=2)
        (grad,) = side.autograd.grad(loss, leaf, create_graph=True)
        with pytest.raises(RuntimeError, match="derivative for aten::_ctc_loss_backward is not implemented"):
            grad.sum().backward()


def _lengths(first, second):
    return lambda side, likely, targets: (likely, targets, first, second)


REFUSED = {
    "blank beyond the classes": lambda side, likely, targets: (likely, targets, (5, 4), (3, 2), 9),
    "blank below 0": lambda side, likely, targets: (likely, targets, (5, 4), (3, 2), -1),
    "too few input lengths": _lengths((5,), (3, 2)),
    "too few target lengths": _lengths((5, 4), (3,)),
    "longer than the input": _lengths((6, 4), (3, 2)),
    "an input shorter than nothing": _lengths((-6, 4), (3, 2)),
    "longer than the targets": _lengths((5, 4), (4, 2)),
    "a target shorter than nothing": _lengths((5, 4), (-4, 2)),
    "a number for a length": _lengths(5, 3),
    "targets of another size": lambda side, likely, targets: (likely, targets[0], (5, 4), (3, 2)),
    "targets of too few": lambda side, likely, targets: (likely, targets[:1], (5, 4), (3, 2)),
    "targets of three dimensions": lambda side, likely, targets: (likely, targets[None], (5, 4), (3, 2)),
    "targets of no dimension": lambda side, likely, targets: (likely, targets[0, 0], (5, 4), (3, 2)),
    "no tensor": lambda side, likely, targets: (likely, [1], (5, 4), (3, 2)),
    "too many dimensions": lambda side, likely, targets: (likely[None], targets, (5, 4), (3, 2)),
    "a row": lambda side, likely, targets: (likely[0, 0], targets, (5, 4), (3, 2)),
    "no batch": lambda side, likely, targets: (likely[:, :0], targets[:0], (), ()),
    "lengths of reals": lambda side, likely, targets: (likely, targets, side.tensor([5.0, 4]), side.tensor([3, 2])),
    "target lengths of reals": lambda side, likely, targets: (likely, targets, side.tensor([5, 4]), side.tensor([3.0, 2])),  # noqa: E501
    "one tensor of two": lambda side, likely, targets: (likely, targets, side.tensor([5, 4]), (3, 2)),
    "half": lambda side, likely, targets: (likely.half(), targets, (5, 4), (3, 2)),
    "integers": lambda side, likely, targets: (likely.long(), targets, (5, 4), (3, 2)),
    "no reduction": lambda side, likely, targets: (likely, targets, (5, 4), (3, 2), 0, "most"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    said = []
    for side in SIDES:
        _, likely = scores(side, 5, 2, 4)
        with pytest.raises(Exception) as refusal:  # noqa: PT011  the class is compared below
            side.nn.functional.ctc_loss(*REFUSED[name](side, likely, side.tensor([[1, 2, 2], [3, 1, 0]])))
        said.append((type(refusal.value).__name__, str(refusal.value).split(", but expected one of")[0].split("\n")[0]))
    assert said[0] == said[1]
