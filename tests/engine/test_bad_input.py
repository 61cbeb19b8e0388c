"""What is refused leaves everything as it was: values, gradients, versions, graphs, modes and random numbers.

Which exceptions these are, and their words, test_facts.py holds to PyTorch's.
"""

import pytest

import gradviz as torch
from gradviz.engine.switches import mode
from tests.engine.mistakes import MISTAKES, answer
from tests.engine.mistakes_of_state import ATTEMPTS, World


def _modes():
    return mode.grad, mode.default_dtype, mode.default_device, mode.observer


def _seen(world):
    """All that a mistake must not change."""
    tensors = {
        name: (each.tolist(), str(each.dtype), each.shape, each.stride(), each._version, each.requires_grad,
               each.is_leaf, each.grad_fn)
        for name, each in world.tensors().items()
    }  # fmt: skip
    return tensors, world.result.grad_fn._saved_result.tolist(), world.result.grad_fn.next_functions, _modes()


@pytest.mark.parametrize("name", ATTEMPTS)
def test_what_is_refused_changes_nothing(name):
    world = World(torch)
    before = _seen(world)
    with pytest.raises((RuntimeError, TypeError, ValueError, IndexError, NotImplementedError)):
        ATTEMPTS[name](torch, world)
    assert _seen(world) == before
    numbers = torch.rand(3).tolist()
    torch.manual_seed(5)
    assert numbers == torch.rand(3).tolist()  # none was drawn
    world.result.sum().backward()  # and the graph is whole


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MISTAKES)
def test_no_mistake_moves_the_modes(name):
    modes = _modes()
    answer(torch, name)
    assert _modes() == modes
