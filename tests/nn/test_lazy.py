"""Layers that learn their sizes from their first input, beside PyTorch's."""

import re

import numpy as np
import pytest

import gradviz
from gradviz.record.recorder import Recorder

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

SIDES = (gradviz, torch)
LAYERS = {
    "LazyLinear": (lambda nn: nn.LazyLinear(3), (2, 4)),
    "LazyLinear without bias": (lambda nn: nn.LazyLinear(3, bias=False), (2, 4)),
    "LazyConv1d": (lambda nn: nn.LazyConv1d(4, 2), (1, 2, 5)),
    "LazyConv2d": (lambda nn: nn.LazyConv2d(4, (2, 1), padding=1, groups=2), (1, 2, 5, 4)),
    "LazyConv3d, alone": (lambda nn: nn.LazyConv3d(4, 2, bias=False), (2, 3, 3, 3)),
    "LazyConvTranspose1d": (lambda nn: nn.LazyConvTranspose1d(4, 2), (1, 2, 5)),
    "LazyConvTranspose2d": (lambda nn: nn.LazyConvTranspose2d(4, 2, stride=2), (1, 2, 3, 3)),
    "LazyConvTranspose3d": (lambda nn: nn.LazyConvTranspose3d(4, 2), (1, 2, 3, 3, 3)),
    "LazyBatchNorm1d": (lambda nn: nn.LazyBatchNorm1d(), (4, 2)),
    "LazyBatchNorm2d": (lambda nn: nn.LazyBatchNorm2d(affine=False), (4, 2, 2, 2)),
    "LazyBatchNorm3d": (lambda nn: nn.LazyBatchNorm3d(track_running_stats=False), (4, 2, 2, 2, 1)),
    "LazyInstanceNorm1d": (lambda nn: nn.LazyInstanceNorm1d(), (4, 2, 3)),
    "LazyInstanceNorm2d": (lambda nn: nn.LazyInstanceNorm2d(affine=True), (4, 2, 3, 3)),
    "LazyInstanceNorm3d": (lambda nn: nn.LazyInstanceNorm3d(affine=True, track_running_stats=True), (4, 2, 3, 3, 2)),
}


def told(layer):
    """A layer's looks, and what it holds."""
    held = [*layer.named_parameters(), *layer.named_buffers()]
    return repr(layer), layer.has_uninitialized_params(), held and repr(held[0]), list(layer.state_dict())


def made(layer):
    """The same of a layer that is one."""
    held = [*layer.named_parameters(), *layer.named_buffers()]
    kinds = [(name, type(each).__name__, str(each.dtype), tuple(each.shape), each.requires_grad) for name, each in held]
    return repr(layer), type(layer).__name__, kinds


@pytest.mark.parametrize("name", LAYERS)
def test_the_first_input_makes_a_layer(name):
    make, shape = LAYERS[name]
    found, numbers = [], []
    for side in SIDES:
        side.manual_seed(1)
        layer = make(side.nn)
        before = told(layer)
        layer.to(side.float64)
        inputs = side.from_numpy(np.sin(np.arange(float(np.prod(shape)))).reshape(shape))
        out = side.nn.Sequential(layer)(inputs)
        again = make(side.nn)
        loaded = [repr(again.load_state_dict(layer.state_dict())), repr(again)]
        found.append((before, made(layer), loaded))
        numbers.append(out.detach().numpy())
    assert found[0] == found[1]
    np.testing.assert_allclose(*numbers, rtol=1e-6, atol=1e-7)


def test_a_net_trains_and_is_traced(tmp_path):
    losses = []
    for side in SIDES:
        side.manual_seed(2)
        nn = side.nn
        net = nn.Sequential(nn.LazyConv2d(2, 3), nn.ReLU(), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(3))
        optimizer = side.optim.SGD(net.parameters(), lr=0.1)
        inputs = side.from_numpy(np.sin(np.arange(50, dtype=np.float32)).reshape(2, 1, 5, 5))
        losses.append([])
        for _ in range(3):
            optimizer.zero_grad()
            loss = net(inputs).square().sum()
            loss.backward()
            optimizer.step()
            losses[-1].append(loss.item())
    np.testing.assert_allclose(*losses, rtol=1e-4)
    with Recorder(tmp_path / "lazy.gradviz", {"format": 1, "gradviz": "test", "script": "", "argv": [], "mode": "script"}):  # noqa: E501
        net = gradviz.nn.Sequential(gradviz.nn.LazyLinear(2))
        net(gradviz.ones(1, 3)).sum().backward()
    assert net[0].weight.grad.shape == (2, 3)


# -- what has no shape -------------------------------------------------------------------------------

USES = {
    "shape": lambda side, p: p.shape,
    "sum": lambda side, p: p.sum(),
    "numel": lambda side, p: p.numel(),
    "detach": lambda side, p: p.detach(),
    "zero_": lambda side, p: p.zero_(),
    "tolist": lambda side, p: p.tolist(),
    "share_memory_": lambda side, p: p.share_memory_(),
    "+": lambda side, p: p + 1,
    "[]": lambda side, p: p[0],
    "len": lambda side, p: len(p),
    "add": lambda side, p: side.add(p, 1),
    "linear": lambda side, p: side.nn.functional.linear(side.ones(2, 2), p),
    "zeros_": lambda side, p: side.nn.init.zeros_(p),
    "a vector": lambda side, p: side.nn.utils.parameters_to_vector([p]),
    "weight_norm": lambda side, p: side.nn.utils.weight_norm(side.nn.LazyLinear(3)),
    "spectral_norm": lambda side, p: side.nn.utils.spectral_norm(side.nn.LazyLinear(3)),
    "a state without shapes": lambda side, p: side.nn.Linear(2, 3).load_state_dict(side.nn.LazyLinear(3).state_dict()),
    "an input of too few dimensions": lambda side, p: side.nn.LazyConv2d(2, 3)(side.ones(2, 2)),
    "channels that don't divide": lambda side, p: side.nn.LazyConv2d(4, 3, groups=2)(side.ones(2, 3, 4, 4)),
    "a matrix to standardize": lambda side, p: side.nn.LazyBatchNorm2d()(side.ones(2, 2)),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", USES)
def test_refusals(name):
    said = []
    for side in SIDES:
        with pytest.raises(Exception) as refusal:  # noqa: PT011  the class is compared below
            USES[name](side, side.nn.LazyLinear(3).weight)
        text = re.sub(r"parameter in .*?\. This", "parameter in it. This", str(refusal.value))  # a place in memory
        said.append((type(refusal.value).__name__, text))
    assert said[0] == said[1]


def test_what_is_known_of_it():
    found = []
    for side in SIDES:
        weight = side.nn.LazyLinear(3).half().weight
        known = [
            repr(weight), isinstance(weight, side.nn.Parameter), weight.requires_grad, weight.is_leaf, weight.grad,
            str(weight.dtype), str(weight.device), weight.is_floating_point(), weight.data.tolist(), weight.ndim,
            list(weight.size()), str(weight.double().dtype),
        ]  # fmt: skip
        for each in (side.nn.UninitializedParameter(False), side.nn.UninitializedBuffer()):
            known += [repr(each), each.requires_grad, side.nn.parameter.is_lazy(each)]
            each.materialize((2, 3), dtype=side.float64)
            known += [type(each).__name__, list(each.shape), str(each.dtype), each.requires_grad]
        found.append(known)
    assert found[0] == found[1]
