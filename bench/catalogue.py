"""The works that are timed: their numbers, and how fast gradviz aims to be beside each peer."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

PYTORCH, NUMPY = "PyTorch eager", "NumPy by hand"
GRADVIZ, RECORDED, STATIC = "gradviz", "gradviz, recorder on", "gradviz, static"
PEERS = ("HIPS autograd", "MyGrad", "tinygrad", "micrograd", "DeZero")


class Work(NamedTuple):
    """A work. function: its name in the modules of bench/works; numbers: makes that function's arguments.

    ops: forward ops in it, 0 where an op is not its unit. aims: (ours, peer) -> the greatest ratio that is aimed at.
    """

    name: str
    title: str
    function: str
    numbers: Callable[[], dict]
    aims: dict[tuple[str, str], float]
    ops: int = 0


def _chain(shape, ops):
    full = lambda value: np.full(shape, value, np.float32)  # noqa: E731
    return lambda: {"start": full(0.5), "factor": full(1.25), "offset": full(0.125), "ops": ops}


def _layers(random, *sizes):
    """Weights (in, out) and biases of linear layers, as wide as PyTorch starts them."""
    made = []
    for into, out in zip(sizes, sizes[1:], strict=False):
        bound = into**-0.5
        made.append(tuple(random.uniform(-bound, bound, size).astype(np.float32) for size in ((into, out), out)))
    return made


def _regression():
    random = np.random.default_rng(0)
    points, heights = (random.standard_normal((32, size), np.float32) for size in (2, 1))
    return {"points": points, "heights": heights, "weights": _layers(random, 2, 64, 64, 1)}


def _classifier():
    random = np.random.default_rng(0)
    images = random.standard_normal((256, 784), np.float32)
    return {"images": images, "labels": random.integers(0, 10, 256), "weights": _layers(random, 784, 512, 512, 10)}


def _elementwise():
    random = np.random.default_rng(0)
    return {
        "start": random.standard_normal(1_000_000, np.float32),
        "weight": random.uniform(0.5, 1.5, 1_000_000).astype(np.float32),
    }


def _convnet():
    random = np.random.default_rng(0)
    images = random.standard_normal((32, 1, 28, 28), np.float32)
    kernels = []
    for into, out in ((1, 16), (16, 32)):
        bound = (into * 9) ** -0.5
        shapes = ((out, into, 3, 3), out)
        kernels.append(tuple(random.uniform(-bound, bound, shape).astype(np.float32) for shape in shapes))
    labels = random.integers(0, 10, 32)
    return {"images": images, "labels": labels, "kernels": kernels, "weights": _layers(random, 32 * 12 * 12, 10)}


def _attention():
    random = np.random.default_rng(0)
    into, out = (random.uniform(-0.09, 0.09, (128, size)).astype(np.float32) for size in (384, 128))
    return {"start": random.standard_normal((8, 128, 128), np.float32), "into": into, "out": out, "heads": 4}


def _aims(plain, recorded=None, by_hand=None, static=None):
    aims = {(GRADVIZ, peer): 1.0 for peer in PEERS} | {(GRADVIZ, PYTORCH): plain}
    if recorded is not None:
        aims[RECORDED, PYTORCH] = recorded
    if by_hand is not None:
        aims[GRADVIZ, NUMPY] = by_hand
    if static is not None:
        aims[STATIC, GRADVIZ] = static
    return aims


WORKS = (
    *(
        Work(
            f"chain-{short}-{shape}", f"{ops:,} dependent ops on {told}, forward and backward", "chain",
            _chain(sizes, ops), _aims(0.4, 0.7), ops,
        )
        for short, ops in (("1k", 1_000), ("100k", 100_000))
        for shape, sizes, told in (("0d", (), "single numbers"), ("4x4", (4, 4), "(4, 4)"))
    ),
    Work("mlp-small", "MLP 2-64-64-1, batch 32, SGD: a step", "regression", _regression, _aims(0.5, 0.8, static=0.75)),
    Work(
        "mlp-large", "MLP 784-512-512-10, batch 256, cross-entropy: a step", "classifier", _classifier,
        _aims(1.0, by_hand=1.05, static=1.0),
    ),
    Work(
        "elementwise", "20 elementwise ops on 1,000,000 float32, and backward", "elementwise",
        _elementwise, _aims(0.8, by_hand=0.8), 20,
    ),
    Work("convnet", "two 3x3 convolutions, pool, linear, on (32, 1, 28, 28): a step", "convnet", _convnet, _aims(1.3)),
    Work(
        "attention", "attention of 4 heads on (8, 128, 128), forward and backward", "attention", _attention, _aims(1.0)
    ),
)  # fmt: skip
