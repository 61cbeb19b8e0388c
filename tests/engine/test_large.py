"""Beside PyTorch on sizes where other ways are taken than on the samples: shapes, values and gradients are the same."""

import numpy as np
import pytest

import gradviz
from tests.engine.peers import all_same, assert_same, same, sides

pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

WIDE, LONG = (3, 2, 40, 40), (7, 900)


def _numbers(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


PLANES, KERNELS = _numbers((2, 4, 20, 30)), _numbers((4, 1, 3, 3), 1)


def _index(count, size):
    return np.random.default_rng(9).integers(0, size, count)


def _functional(name, **settings):
    return lambda torch, *arrays: getattr(torch.nn.functional, name)(*arrays, **settings)


def _resized(mode, **settings):
    return lambda torch, a: torch.nn.functional.interpolate(a, mode=mode, **settings)


PROGRAMS = {
    "depthwise": (_functional("conv2d", groups=4), PLANES, KERNELS),
    "depthwise, padded": (_functional("conv2d", groups=4, padding=1), PLANES, KERNELS),
    "depthwise, dilated": (
        _functional("conv2d", groups=4, padding=(2, 1), dilation=2), PLANES, _numbers((4, 1, 3, 2), 1)
    ),
    "depthwise, stride": (_functional("conv2d", groups=4, stride=2), PLANES, KERNELS),
    "depthwise of rows": (_functional("conv1d", groups=3, padding=2), _numbers((2, 3, 50)), _numbers((3, 1, 5), 1)),
    "depthwise, two each": (_functional("conv1d", groups=3, padding=2), _numbers((2, 3, 50)), _numbers((6, 1, 5), 1)),
    "nearest": (_resized("nearest", scale_factor=2), _numbers(WIDE)),
    "nearest, smaller": (_resized("nearest", size=(13, 50)), _numbers(WIDE)),
    "bilinear": (_resized("bilinear", size=(70, 30)), _numbers(WIDE)),
    "index_add": (lambda torch, a, b: a.index_add(1, torch.from_numpy(_index(9, 900)), b), _numbers((700, 900)),
                  _numbers((700, 9), 1)),
    "index_select": (lambda torch, a: a.index_select(1, torch.from_numpy(_index(40, 20))), _numbers((700, 20))),
    "x[i]": (lambda torch, a: a[torch.from_numpy(_index((4, 3), 7) - 7)], _numbers(LONG)),
    "smooth_l1": (_functional("smooth_l1_loss", beta=0.5), _numbers(LONG), _numbers(LONG, 1)),
    "huber": (_functional("huber_loss", delta=0.5), _numbers(LONG), _numbers(LONG, 1)),
    "layer_norm": (
        lambda torch, a, b: torch.nn.functional.layer_norm(a, (900,), b, b), _numbers(LONG), _numbers(900, 1)
    ),
    **{
        name: (_functional(name), 3 * _numbers(LONG))
        for name in "relu relu6 elu selu celu gelu softplus hardswish hardtanh leaky_relu logsigmoid".split()
    },
    "threshold": (lambda torch, a: torch.nn.functional.threshold(a, 0.1, 2.0), _numbers(LONG)),
    "clamp": (lambda torch, a: a.clamp(-0.5, 0.7) + a.clamp(min=0.1) + a.clamp(0.5, -0.5), _numbers(LONG)),
    "kthvalue": (lambda torch, a: a.kthvalue(9)[0] + a.topk(3)[0].sum() + a.median(1)[0], _numbers(LONG)),
    "remainder": (lambda torch, a: (a * 9) % 0.7 + torch.fmod(a, -1.3), _numbers(LONG).astype(np.float32)),
    "remainders of tensors": (lambda torch, a, b: a % b + a.fmod(b), _numbers(LONG, 3).astype(np.float32),
                              (_numbers(LONG, 4) + 3).astype(np.float32)),
    "solve": (lambda torch, a, b: torch.linalg.solve(a, b), _numbers((40, 40)), _numbers((40, 3), 1)),
    "solve in batches": (lambda torch, a, b: torch.linalg.solve(a, b), _numbers((2, 40, 40)), _numbers((2, 40, 3), 1)),
    "det": (lambda torch, a: torch.linalg.det(a / 4), _numbers((30, 30))),
    "cumsum": (lambda torch, a: a.cumsum(0) + a.cumsum(1), _numbers((40, 900))),
    "cumprod": (lambda torch, a: (1 + a / 20).cumprod(0), _numbers((40, 900))),
    "cummax": (lambda torch, a: a.cummax(0)[0] + a.cummin(1)[0], _numbers((40, 900))),
}  # fmt: skip


ONCE = {  # what can be differentiated once
    "distances": (lambda torch, a, b: torch.cdist(a, b), _numbers((30, 5)), _numbers((7, 5), 1)),
    "distances in batches": (lambda torch, a, b: torch.cdist(a, b), _numbers((2, 3, 5)), _numbers((2, 40, 5), 1)),
    "hardsigmoid": (_functional("hardsigmoid"), 3 * _numbers(LONG)),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_on_large_inputs(name):
    program, *arrays = PROGRAMS[name]
    same(program, arrays)


@pytest.mark.parametrize("name", ["relu", "elu", "hardtanh", "softplus"])
def test_special_values_among_many(name):
    array = np.tile(np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-30, -2.0, 5.0], np.float32), 1000)
    program = lambda torch, a: getattr(torch.nn.functional, name)(a)  # noqa: E731
    same(program, [array], [False])


@pytest.mark.parametrize("name", ONCE)
def test_the_same_first_gradients(name):
    program, *arrays = ONCE[name]
    found = []
    for side in sides():
        leaves = [side.from_numpy(array.copy()).requires_grad_() for array in arrays]
        out = program(side, *leaves)
        out.backward(side.from_numpy(_numbers(tuple(out.shape), 2)))
        found.append({str(k): each for k, each in enumerate([out.detach(), *(leaf.grad for leaf in leaves)])})
    assert_same(*found)


@pytest.mark.parametrize("divisor", [0.7, -0.7, 1.0, 1e-12, 0.0, np.inf, np.nan])
def test_what_is_left_over_is_exact(divisor):
    array = np.concatenate([_numbers(9000) * 50, np.arange(-50, 50), [-0.0, 1e-30, -1e-30]]).astype(np.float32)
    with np.errstate(all="ignore"):
        for name in ("fmod", "remainder"):
            found = getattr(gradviz, name)(gradviz.from_numpy(array), divisor).numpy()
            assert found.dtype == np.float32
            assert np.array_equal(found, getattr(np, name)(array, np.float32(divisor)), equal_nan=True)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.int8])
def test_different_integers(dtype):
    array = np.random.default_rng(0).integers(-20, 20, (30, 30)).astype(dtype)
    all_same(lambda torch, a: torch.unique(a, return_inverse=True, return_counts=True), array)
    all_same(lambda torch, a: torch.unique(a[0] * 3, return_inverse=True, return_counts=True), array)
