"""Models on a GPU: modules move with their gradients, optimizers step there, and nothing is looked at on the way."""

import numpy as np
import pytest

import gradviz as torch
from gradviz.engine import random
from tests.gpu.strict import forget


class Net(torch.nn.Module):
    """A little of everything that has parameters or buffers."""

    def __init__(self):
        super().__init__()
        # before a norm a bias has no slope: what rounding leaves of it, Adam would scale up to whole steps
        self.convolution = torch.nn.Conv2d(1, 2, 3, bias=False)
        self.norm = torch.nn.BatchNorm2d(2)
        self.embedding = torch.nn.Embedding(4, 3)
        self.linear = torch.nn.Linear(2 * 2 * 2 + 3, 3)

    def forward(self, images, words):
        seen = torch.relu(self.norm(self.convolution(images))).flatten(1)
        return self.linear(torch.cat([torch.nn.functional.dropout(seen, 0.5, self.training), self.embedding(words)], 1))


OPTIMIZERS = {
    "SGD": lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "Adam": lambda parameters: torch.optim.Adam(parameters, lr=0.1, amsgrad=True),
    "AdamW": lambda parameters: torch.optim.AdamW(parameters, lr=0.1),
}


def _trained(optimizer, device, before_steps=lambda: None):
    torch.manual_seed(1)
    net = Net().to(device)
    optimizer = OPTIMIZERS[optimizer](net.parameters())
    images = torch.randn(5, 1, 4, 4).to(device)
    words, classes = torch.randint(4, (5,)).to(device), torch.randint(3, (5,)).to(device)
    before_steps()
    for _ in range(3):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(images, words), classes).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
    return net


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_there_is_training_here(cuda, optimizer):
    there = _trained(optimizer, "cuda", forget)
    assert cuda.looks == [] and cuda.uploads == ["asarray"] * 3  # the masks of dropout
    here = _trained(optimizer, "cpu")
    for (name, one), (_, other) in zip(there.state_dict().items(), here.state_dict().items(), strict=True):
        assert one.device == "cuda:0", name
        np.testing.assert_allclose(one.cpu().numpy(), other.numpy(), rtol=1e-5, atol=1e-6, err_msg=name)


def test_a_module_moves_with_its_gradients_and_buffers(cuda):
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    weight = net[0].weight
    net(torch.ones(2, 2)).sum().backward()
    assert net.cuda() is net and net[0].weight is weight
    tensors = [*net.parameters(), *(each.grad for each in net.parameters()), *net.buffers()]
    assert len(tensors) == 11 and {each.device for each in tensors} == {"cuda:0"}
    net.cpu().to("cuda", torch.float64)
    assert weight.grad.dtype is torch.float64 and net[1].num_batches_tracked.dtype is torch.int64
    assert net[1].num_batches_tracked.is_cuda and net.to("cpu")[0].weight.device == "cpu"
    with pytest.raises(TypeError, match="nn.Module.to only accepts floating point or complex dtypes, but got desired"):
        net.to(torch.int64)


def test_layers_are_made_on_the_default_device(by_default):
    assert {each.device for each in Net().state_dict().values()} == {"cuda:0"}


def test_the_generator_is_one(cuda):
    random.manual_seed(0)
    one = torch.randn(3, device="cuda").tolist()
    random.manual_seed(0)
    assert torch.randn(3).tolist() == one
