"""Where the elements of results lie beside PyTorch's: strides, whether it is a view, and whether memory is shared."""

import warnings

import numpy as np
import pytest

import gradviz
from gradviz.engine.op import catalogue
from tests.engine.differences import OTHER_GRADIENT_LAYOUTS, OTHER_LAYOUTS
from tests.engine.samples import SAMPLES
from tests.engine.variations import variations

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

WORDS = ("stride", "view", "memory")


def _laid_out(side, run, arrays, wanted):
    """(strides of the dimensions that have more than one place, is it a view, which inputs' memory it shows)."""
    leaves = [side.from_numpy(array).requires_grad_(need) for array, need in zip(arrays, wanted, strict=True)]
    out = run(side, *leaves)
    steps = [step for n, step in zip(out.shape, out.stride(), strict=True) if n > 1] if out.numel() else []
    memory = out.detach().numpy()
    return steps, out._is_view(), [np.shares_memory(memory, array) for array in arrays]


def _found(op):
    """{word: the first case that shows it}"""
    found = {}
    for k, sample in enumerate(SAMPLES):
        if sample.op != op:
            continue
        plain = ("plain", sample.arrays(), sample.floating())
        for what, arrays, able in (plain, *variations(sample, "layout")):
            for wanted in (able, [False] * len(arrays)):
                try:
                    sides = [_laid_out(side, sample.run, arrays, wanted) for side in (gradviz, torch)]
                except RuntimeError:  # test_variations compares what is refused
                    continue
                for word, mine, its in zip(WORDS, *sides, strict=True):
                    if mine != its:
                        found.setdefault(word, f"sample {k}, {what}: {sides[0]} | {sides[1]}")
    return found


@pytest.mark.parametrize("op", catalogue)
def test_layouts(op):
    known = {word for table in OTHER_LAYOUTS.values() for word, ops in table.items() if op in ops.split()}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = _found(op)
    assert {word: case for word, case in found.items() if word not in known} == {}
    assert known - found.keys() == set(), "gradviz does as PyTorch now: take these out of differences.py"


def _gradients_laid_out(side, sample):
    """The strides of each gradient, of its dimensions that have more than one place."""
    given = zip(sample.arrays(), sample.floating(), strict=True)
    leaves = [side.from_numpy(array).requires_grad_(need) for array, need in given]
    out = sample.run(side, *leaves)
    asked = [each for each in leaves if each.requires_grad]
    found = side.autograd.grad(out, asked, side.ones(tuple(out.shape), dtype=out.dtype), allow_unused=True)
    there = [None if each is None or not each.numel() else each for each in found]
    return [
        None if each is None else [step for n, step in zip(each.shape, each.stride(), strict=True) if n > 1]
        for each in there
    ]


@pytest.mark.parametrize("op", sorted({sample.op for sample in SAMPLES}))
def test_gradients_of_what_lies_in_order_lie_as_pytorchs(op):
    differ = None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for sample in SAMPLES:
            if sample.op != op or sample.run.__qualname__.startswith("twice"):
                continue
            try:
                ours, theirs = (_gradients_laid_out(side, sample) for side in (gradviz, torch))
            except (RuntimeError, NotImplementedError, TypeError, AttributeError):
                continue  # it has no gradient
            if any(None not in pair and pair[0] != pair[1] for pair in zip(ours, theirs, strict=True)):
                differ = differ or (ours, theirs)
    if op in OTHER_GRADIENT_LAYOUTS:
        assert differ, "gradviz does as PyTorch now: take it out of OTHER_GRADIENT_LAYOUTS"
    else:
        assert differ is None


def test_the_strides_of_nothing():
    for size in ((0,), (0, 3), (2, 0, 3), (2, 3, 0)):
        assert gradviz.zeros(size).stride() == torch.zeros(size).stride()


@pytest.mark.parametrize(
    "compute",
    [
        lambda torch, x: x.t().clone(),
        lambda torch, x: x.t().clone(memory_format=torch.contiguous_format),
        lambda torch, x: x[:, :1].expand(2, 3).clone().view(6),
        lambda torch, x: x.t().contiguous(memory_format=torch.contiguous_format),
        lambda torch, x: x.view(1, 2, 3, 1).contiguous(memory_format=torch.channels_last),
        lambda torch, x: x.view(1, 2, 3, 1).expand(1, 2, 3, 2).clone(memory_format=torch.channels_last),
        lambda torch, x: x[:, torch.tensor([0, 2])].view(4),
        lambda torch, x: torch.cat([x.t(), x.t()]).view(12),
        lambda torch, x: torch.nn.functional.layer_norm(x.t(), (2,)).view(6),
        lambda torch, x: x.t().softmax(-1).view(6),
    ],
)
def test_what_later_calls_rely_on(compute):
    strides = [compute(side, side.arange(6.0).view(2, 3)).stride() for side in (gradviz, torch)]
    assert strides[0] == strides[1]


@pytest.mark.parametrize("format", ["contiguous_format", "channels_last", "preserve_format"])
def test_memory_formats(format):
    said = []
    for side in (gradviz, torch):
        kind = getattr(side, format)
        said.append(repr(kind))
        for call in (lambda side=side, kind=kind: side.ones(2, 3).t().contiguous(memory_format=kind),):
            try:
                said.append(call().stride())
            except RuntimeError as error:
                said.append(str(error))
    assert said[: len(said) // 2] == said[len(said) // 2 :]


def test_changes_of_a_product_with_a_row():
    names = []
    for side in (gradviz, torch):
        y = side.ones(3, requires_grad=True) @ side.ones(3, 2)
        y += 1
        names.append((y.grad_fn.name(), y._is_view()))
    assert names == [("AddBackward0", False)] * 2
