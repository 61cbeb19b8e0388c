"""What the tests of devices share: the strict namespace in place of CuPy, and new tensors on it."""

import pytest

import gradviz as torch
from tests.gpu import strict


@pytest.fixture
def cuda(monkeypatch):
    """The strict namespace serves "cuda"; nothing was transferred yet."""
    return strict.on_device(monkeypatch)


@pytest.fixture
def by_default(cuda):
    """The same, and new tensors are made there."""
    torch.set_default_device("cuda")
    yield cuda
    torch.set_default_device("cpu")
