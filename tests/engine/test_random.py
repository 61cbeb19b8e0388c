"""The state of random numbers: seeds, generators, going back and forking; beside PyTorch."""

import pytest

import gradviz
from tests.autograd.alike import plain, same

pytest.importorskip("torch")


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
