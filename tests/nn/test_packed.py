"""Packed sequences, and recurrent layers of them, beside PyTorch's: values, gradients, graphs and refusals."""

import numpy as np
import pytest

import gradviz

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

SIDES = (gradviz, torch)


def steps_of(side):
    """(4, 3, 2), without equal elements."""
    return side.from_numpy(np.sin(np.arange(24.0)).reshape(4, 3, 2)).requires_grad_()


def numbers(tensors):
    """The elements of all tensors in one row."""
    return np.concatenate([each.detach().numpy().reshape(-1) for each in tensors])


def same(mine, its, tolerance=1e-10):
    """AssertionError unless two lists of tensors are equal, but for rounding."""
    np.testing.assert_allclose(numbers(mine), numbers(its), rtol=tolerance, atol=tolerance)


def graph(node, seen):
    """The names of a graph's nodes, each once."""
    if node is None or node in seen:
        return None if node is None else "again"
    seen.add(node)
    return node.name().rpartition("::")[2], [graph(each, seen) for each, _ in node.next_functions]


PACKS = {
    "falling": {"lengths": [4, 2, 2]},
    "in any order": {"lengths": [2, 4, 3], "enforce_sorted": False},
    "batch first": {"lengths": [1, 2, 3, 2], "batch_first": True, "enforce_sorted": False},
}


@pytest.mark.parametrize("name", PACKS)
def test_there_and_back(name):
    found, graphs = [], []
    for side in SIDES:
        rnn, leaf = side.nn.utils.rnn, steps_of(side)
        packed = rnn.pack_padded_sequence(leaf, **PACKS[name])
        padded, lengths = rnn.pad_packed_sequence(packed, PACKS[name].get("batch_first", False), -1.0, 5)
        (grad,) = side.autograd.grad((packed.data**3).sum(), leaf, create_graph=True)
        (second,) = side.autograd.grad((grad**2).sum(), leaf, retain_graph=True)
        padded.square().sum().backward()
        order = [each if each is None else each.tolist() for each in packed[1:]]
        graphs.append([graph(padded.grad_fn, set()), order, lengths.tolist()])
        found.append([packed.data, padded, grad, second, leaf.grad])
    assert graphs[0] == graphs[1]
    same(*found)


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("name", ["falling", "in any order"])
def test_recurrent_layers(kind, bidirectional, name):
    found, graphs = [], []
    for side in SIDES:
        side.manual_seed(0)
        layer = getattr(side.nn, kind)(2, 3, 2, bidirectional=bidirectional).double()
        leaf = steps_of(side)
        packed = side.nn.utils.rnn.pack_padded_sequence(leaf, **PACKS[name])
        ways = 2 if bidirectional else 1
        begin = side.ones(2 * ways, 3, 3, dtype=side.float64)
        for state in (None, (begin, begin) if kind == "LSTM" else begin):
            out, last = layer(packed, state)
            last = last if isinstance(last, tuple) else (last,)
            total = out.data.square().sum() + sum(each.sum() for each in last)
            grads = side.autograd.grad(total, [leaf, *layer.parameters()], retain_graph=True)
            found.append([out.data, *last, *grads])
            graphs.append([graph(out.data.grad_fn, set()), [graph(each.grad_fn, set()) for each in last]])
    assert graphs[:2] == graphs[2:]
    same(found[0], found[2], 1e-6)  # the first weights are float32
    same(found[1], found[3], 1e-6)


def test_lists_of_sequences():
    found = []
    for side in SIDES:
        rnn = side.nn.utils.rnn
        several = [side.ones(1), side.ones(3) * 2, side.ones(2) * 3]
        packed = rnn.pack_sequence(several, enforce_sorted=False)
        padded = rnn.pad_sequence(several, padding_value=-1.0)
        kept = rnn.unpad_sequence(padded, side.tensor([1, 3, 2]))
        conversions = [packed.double().data.dtype == side.float64, packed.float() is packed, packed.cpu() is packed]
        found.append([
            repr(packed), *map(str, rnn.unpack_sequence(packed)), *map(str, kept), list(padded.shape), conversions,
            packed.is_cuda, rnn.invert_permutation(side.tensor([2, 0, 1])).tolist(),
        ])  # fmt: skip
    assert found[0] == found[1]


REFUSED = {
    "lengths that don't fall": lambda side, rnn, x: rnn.pack_padded_sequence(x, [2, 4, 2]),
    "a length of 0": lambda side, rnn, x: rnn.pack_padded_sequence(x, [2, 0, 0]),
    "too few lengths": lambda side, rnn, x: rnn.pack_padded_sequence(x, [2, 1]),
    "no steps": lambda side, rnn, x: rnn.pack_padded_sequence(x[:0], [9, 1, 1]),
    "lengths in two dimensions": lambda side, rnn, x: rnn.pack_padded_sequence(x, side.tensor([[4, 1, 1]])),
    "sequences that don't fall": lambda side, rnn, x: rnn.pack_sequence([side.ones(1), side.ones(2)]),
    "no sequences": lambda side, rnn, x: rnn.pack_sequence([]),
    "a number": lambda side, rnn, x: rnn.pad_sequence(3),
    "a list of numbers": lambda side, rnn, x: rnn.pad_sequence([3]),
    "too short a total": lambda side, rnn, x: rnn.pad_packed_sequence(rnn.pack_padded_sequence(x, [4, 1, 1]), total_length=1),  # noqa: E501
    "a pack without sizes": lambda side, rnn, x: rnn.PackedSequence(x),
    "a layer of another dtype": lambda side, rnn, x: side.nn.GRU(2, 3)(rnn.pack_padded_sequence(x, [4, 2, 2])),
    "a layer of rows in three dimensions": lambda side, rnn, x: side.nn.GRU(2, 3).double()(rnn.PackedSequence(x, side.tensor([3, 1]))),  # noqa: E501
    "a layer of other rows": lambda side, rnn, x: side.nn.GRU(5, 3).double()(rnn.pack_padded_sequence(x, [4, 2, 2])),
    "a state of another size": lambda side, rnn, x: side.nn.GRU(2, 3).double()(rnn.pack_padded_sequence(x, [4, 2, 2]), x[:1]),  # noqa: E501
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    said = []
    for side in SIDES:
        with pytest.raises(Exception) as refusal:  # noqa: PT011  the class is compared below
            REFUSED[name](side, side.nn.utils.rnn, steps_of(side))
        said.append((type(refusal.value).__name__, str(refusal.value)))
    assert said[0] == said[1]
