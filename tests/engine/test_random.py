"""The state of random numbers: seeds, generators, going back and forking; beside PyTorch."""

import numpy as np
import pytest

import gradviz
from tests.autograd.alike import plain, same

peer = pytest.importorskip("torch")

FILLS = {
    "randn": lambda torch, n: torch.randn(n),
    "normal_": lambda torch, n: torch.empty(n).normal_(0.3, 2.7),
    "normal of a size": lambda torch, n: torch.normal(-1.0, 0.2, (n,)),
    "uniform_": lambda torch, n: torch.empty(n).uniform_(-0.3, 0.8),
    "rand": lambda torch, n: torch.rand(n),
    "kaiming_uniform_": lambda torch, n: torch.nn.Linear(n, 3).weight.detach(),
    "xavier_normal_": lambda torch, n: torch.nn.init.xavier_normal_(torch.empty(3, n)),
    "trunc_normal_": lambda torch, n: torch.nn.init.trunc_normal_(torch.empty(3, n), std=0.7),
}


def states(torch, note):
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first = torch.randn(20), torch.randn(3)
    torch.set_rng_state(state)
    note(first, torch.randn(20), torch.randn(3), torch.initial_seed(), torch.random.initial_seed(), state.dtype)
    torch.manual_seed(5)
    torch.randn(3)  # one of a pair waits
    state = torch.random.get_rng_state()
    first = torch.randn(3)
    torch.random.set_rng_state(state)
    note(first, torch.randn(3))
    with torch.random.fork_rng():
        torch.rand(100)
    note(torch.rand(2))
    with torch.random.fork_rng(enabled=False):
        torch.rand(100)
    note(torch.rand(2), torch.default_generator.initial_seed(), torch.manual_seed(3) is torch.default_generator)


def generators(torch, note):
    torch.manual_seed(1)
    own = torch.Generator()
    note(own.manual_seed(3) is own, own.initial_seed(), str(own.device))
    note(torch.rand(3, generator=own), torch.randn(3, generator=own), torch.randperm(5, generator=own))
    note(torch.randint(0, 9, (4,), generator=own), torch.rand(2))
    state = own.get_state()
    first = torch.rand(2, generator=own)
    note(own.set_state(state) is own, first, torch.rand(2, generator=own))
    note(isinstance(own.seed(), int), isinstance(torch.seed(), int), own.initial_seed() != 3)


def no_state(torch, note):
    torch.set_rng_state(torch.zeros(3))


def no_tensor(torch, note):
    torch.set_rng_state(3)


@pytest.mark.parametrize("program", [states, generators, no_state, no_tensor], ids=lambda each: each.__name__)
def test_the_state_of_random_numbers(program):
    same(program)


def test_the_helper_compares_values():
    assert plain(gradviz.ones(2)) != plain(gradviz.zeros(2))


@pytest.mark.skipif(
    not peer.backends.cpu.get_cpu_capability().startswith("AVX"), reason="PyTorch's own bits are others without AVX2"
)
@pytest.mark.parametrize("count", [1, 15, 16, 17, 1000, 20011])
@pytest.mark.parametrize("name", FILLS)
def test_draws_of_float32_are_pytorchs_to_the_bit(name, count):
    found = []
    for torch in (gradviz, peer):
        torch.manual_seed(count)
        found.append(FILLS[name](torch, count).numpy())
    assert np.array_equal(*found), np.abs(found[0] - found[1]).max()
