"""Each sample of each op: replayed with other values it gives the dynamic run's bits, or the capture says why not."""

import numpy as np
import pytest

import gradviz as torch
from gradviz.errors import CantCapture
from tests.engine.samples import SAMPLES
from tests.engine.sampling import spec_of, values
from tests.static.programs import bits

REPLAYED_AT_LEAST = 640  # of the samples; the others change tensors in place, run backward, or return views


def leaves(sample, turn):
    specs = enumerate(map(spec_of, sample.inputs), start=1)
    found = [torch.from_numpy(values(*spec, np.float64, seed + 100 * turn)) for seed, spec in specs]
    for leaf, able in zip(found, sample.floating(), strict=True):
        leaf.requires_grad_(able)
    return found


def seen(function, sample, turn):
    """Result and gradients as bytes, or the text of what was raised."""
    given = leaves(sample, turn)
    torch.manual_seed(turn)
    try:
        out = function(*given)
        if out.requires_grad:
            out.backward(torch.ones_like(out) * 0.5)
    except CantCapture:
        raise
    except (RuntimeError, ValueError, IndexError) as error:
        return str(error)
    return bits(out), out.requires_grad, [bits(each.grad) for each in given]


def replays(sample):
    """How many of three calls were replayed; each is compared with the dynamic one. None where it is refused."""

    def dynamic(*tensors):
        return sample.run(torch, *tensors)

    static = torch.static(dynamic)
    try:
        for turn in (0, 1, 2, 2):
            assert seen(static, sample, turn) == seen(dynamic, sample, turn)
    except CantCapture as error:
        assert "\n" not in str(error)
        return None
    return 4 - static.runs


@pytest.fixture(scope="module")
def counted():
    return []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.op)
def test_a_replayed_op_gives_the_same_bits(sample, counted):
    counted.append(replays(sample))


def test_most_of_them_are_replayed(counted):
    if len(counted) < len(SAMPLES):
        pytest.skip("only some of the samples ran")
    assert sum(each == 3 for each in counted) >= REPLAYED_AT_LEAST
