"""What an example of an op is, and the values that it runs on."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Sample(NamedTuple):
    """`op` as the catalogue calls it; `inputs` as (shape, domain) pairs, a bare tuple of sizes being any reals.

    Domains: "real", "positive", "constant" (positive, and never asked for a gradient), "class" (int64 below 3),
    "bool". No value is near zero, where kinks are. second: whether a second derivative is more than zero. slope:
    whether a gradient is the slope of what forward computes, and not something else on purpose.
    """

    op: str
    run: Callable
    inputs: tuple
    second: bool = True
    slope: bool = True

    def arrays(self, dtype=np.float64):
        """The inputs as NumPy arrays, the same ones each time."""
        return [values(*spec, dtype, seed) for seed, spec in enumerate(map(spec_of, self.inputs), start=1)]

    def floating(self):
        """Which inputs may require grad."""
        return [spec_of(spec)[1] in ("real", "positive") for spec in self.inputs]


def spec_of(spec):
    """(shape, domain) of an input's spec."""
    return spec if spec and isinstance(spec[0], tuple) else (spec, "real")


def values(shape, domain="real", dtype=np.float64, seed=1):
    """An array of reproducible values that a domain names."""
    draws = np.random.RandomState(seed)
    if domain == "class":
        return draws.randint(0, 3, shape).astype(np.int64)
    if domain == "bool":
        return np.asarray(draws.rand(*shape) < 0.5)
    drawn = np.asarray(draws.uniform(0.2, 1.7, shape))
    if domain == "real":
        drawn = drawn * np.where(draws.rand(*shape) < 0.5, -1.0, 1.0)
    return np.asarray(drawn, dtype)


def twice(gradient_of):
    """An op that only backward runs: the gradient of what `gradient_of` makes, as a tensor of the graph."""

    def run(torch, *tensors):
        first = tensors[0].requires_grad_()
        out = gradient_of(torch, *tensors)
        return torch.autograd.grad((out * out).sum(), first, create_graph=True)[0]

    return run
