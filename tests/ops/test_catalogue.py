"""Every vjp of the catalogue: against numeric gradients in first and second order, and against its own text."""

import re

import numpy as np
import pytest

import gradviz as torch
from gradviz.engine.catalogue import raw
from gradviz.engine.op import catalogue
from gradviz.engine.switches import Observer, mode
from tests.engine import gradcheck
from tests.engine.samples import SAMPLES

DIFFERENTIABLE = [sample for sample in SAMPLES if any(sample.floating()) and catalogue[sample.op].vjps]
NUMERIC = [
    pytest.param(sample, id=f"{sample.op}-{k}")
    for k, sample in enumerate(DIFFERENTIABLE)
    if sample.op != "to_copy"  # float32 holds too few digits for differences
    and sample.slope
]


class Heard(Observer):
    """The names of the ops that ran, and the nodes that they made, each with the array of its first output."""

    def __init__(self):
        self.ops, self.nodes = [], []

    def forward(self, op, outputs, inputs, node, settings, started):
        self.ops.append(getattr(op, "name", op))
        if node is not None and node.op is not None:
            self.nodes.append((node, (outputs[0] if isinstance(outputs, tuple) else outputs)._array))


@pytest.fixture
def heard():
    mode.observer = Heard()
    yield mode.observer
    mode.observer = None


def _leaves(sample, dtype=np.float64):
    leaves = [torch.from_numpy(array) for array in sample.arrays(dtype)]
    return [leaf.requires_grad_(able) for leaf, able in zip(leaves, sample.floating(), strict=True)]


def test_every_op_has_a_sample():
    assert {sample.op for sample in SAMPLES} == set(catalogue)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s.op)
def test_a_sample_runs_the_op_that_it_is_for(sample, heard):
    sample.run(torch, *_leaves(sample))
    assert sample.op in heard.ops


@pytest.mark.parametrize("sample", NUMERIC)
def test_gradients_are_the_numeric_ones(sample):
    wanted = [k for k, able in enumerate(sample.floating()) if able]
    gradcheck.check(lambda *leaves: sample.run(torch, *leaves), sample.arrays(), wanted)


@pytest.mark.parametrize("sample", NUMERIC)
def test_second_gradients_are_the_numeric_ones(sample):
    wanted = [k for k, able in enumerate(sample.floating()) if able]
    gradcheck.check(lambda *leaves: sample.run(torch, *leaves), sample.arrays(), wanted, order=2, tolerance=3e-5)
    _, grads = gradcheck.analytic(lambda *leaves: sample.run(torch, *leaves), sample.arrays(), wanted, order=2)
    assert any(grad.any() for grad in grads) == sample.second, "the table is wrong about the second derivative"


def test_the_check_notices_a_wrong_gradient():
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return 2.001 * x * grad

    with pytest.raises(AssertionError):
        gradcheck.check(Wrong.apply, [np.array([1.0, 2.0])], [0])


# -- the text of the local gradient ------------------------------------------------------------------

# Texts that are no expression of what the vjp is given, and why. Whatever is not listed is evaluated.
IN_WORDS = {
    r" where |, else ": "a case distinction",
    r"grad @|@ grad|outer product": "a matrix product",
    r"\bdelta\b": "a matrix of partial derivatives",
    r"'\(self\)|\bcdf\(": "a longer formula",
    r"^none, as in PyTorch$": "there is none",
    r"^1 \(": "a permutation or a sum of the gradient",
    r"\bplaces?\b|around the point": "a sum over places of a grid",
    r"\bsum\(grad_output": "a sum along dim of another gradient",
    r"^weight\[indices\] \(summed": "a sum over each row that a bag takes",
    r"of the dims": "a count or a result that depends on dim",
    r"total_weight": "picked by the target",
}
TEXTS = [(name, target, rule.local) for name, op in catalogue.items() for target, rule in op.vjps.items()]
EXPRESSIONS = [each for each in TEXTS if not any(re.search(pattern, each[2]) for pattern in IN_WORDS)]


def test_every_rule_for_words_is_needed():
    unused = [pattern for pattern in IN_WORDS if not any(re.search(pattern, text) for _, _, text in TEXTS)]
    assert unused == [] and len(EXPRESSIONS) > len(TEXTS) / 4  # most that only move elements are words


@pytest.mark.parametrize(("name", "target", "text"), EXPRESSIONS, ids=str)
def test_the_text_of_a_local_gradient_agrees_with_its_code(name, target, text, heard):
    compared = 0
    for sample in (each for each in DIFFERENTIABLE if each.op == name):
        heard.nodes.clear()
        sample.run(torch, *_leaves(sample))
        for node, made in heard.nodes:
            if node.op.name == name and node.next_functions[node.op.differentiable.index(target)][0] is not None:
                _compare(node, made, target, text)
                compared += 1
    assert compared > 0


def _compare(node, made, target, text):
    """Evaluates the text with what the vjp is given, and calls the vjp with a gradient of ones."""
    op, ones = node.op, np.ones_like(made)
    names = dict(zip(node.saved_names, node._saved, strict=True))
    names |= dict(zip(node.setting_names, node._settings, strict=False))  # behind them: shapes to fit
    names["numel"] = names.get(f"{target}_sym_numel")
    names |= {name: getattr(np, name) for name in "exp log sin cos sinh cosh sqrt sign floor trunc pi".split()}
    names["sigmoid"] = lambda x: 1 / (1 + np.exp(-x))
    position = op.differentiable.index(target)
    given = op.run_for(1 << position)(ones, node._saved, node._settings, raw(ones))[position]
    said = eval(text, {}, names)  # noqa: S307  our own catalogue
    np.testing.assert_allclose(np.broadcast_to(said, np.shape(given)), given, rtol=1e-12)
