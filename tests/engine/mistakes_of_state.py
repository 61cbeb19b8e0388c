"""Mistakes in the middle of a program, as in mistakes.py: none may change what was there. test_bad_input.py looks."""

import numpy as np


class World:
    """Two leaves with gradients, integers, and a result in a graph."""

    def __init__(self, torch):
        torch.manual_seed(5)
        self.a = torch.tensor([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]], requires_grad=True)
        self.b = torch.tensor([2.0, 1.0, -1.0], requires_grad=True)
        self.whole = torch.tensor([0, 2])
        (self.a * self.b).sum().backward()
        self.result = (self.a.exp() * self.b).tanh()

    def tensors(self):
        """All tensors, by name."""
        return {"a": self.a, "b": self.b, "whole": self.whole, "result": self.result, "a.grad": self.a.grad,
                "b.grad": self.b.grad}  # fmt: skip


def _of_objects(torch, w):
    torch.from_numpy(np.array([object()]))


ATTEMPTS = {
    "a wrong shape": lambda torch, w: w.a + torch.ones(4),
    "a wrong shape for a product": lambda torch, w: w.a @ w.a,
    "a wrong shape in place": lambda torch, w: w.result.detach().add_(torch.ones(2, 2, 3)),
    "a wrong dtype": lambda torch, w: w.a @ torch.ones(3, 2, dtype=torch.float64),
    "a wrong dtype in place": lambda torch, w: w.whole.mul_(0.5),
    "a wrong dtype for a layer": lambda torch, w: torch.nn.functional.linear(w.a.double(), w.a),
    "a mean of integers": lambda torch, w: w.whole.mean(),
    "a softmax of integers": lambda torch, w: w.whole.softmax(0),
    "a dim out of range": lambda torch, w: w.a.sum(2),
    "a dim out of range, backwards": lambda torch, w: w.a.softmax(-3),
    "an integer tensor asked for grad": lambda torch, w: w.whole.requires_grad_(),
    "an integer tensor made with grad": lambda torch, w: torch.tensor([1], requires_grad=True),
    "requires_grad of text": lambda torch, w: setattr(w.a, "requires_grad", "yes"),
    "backward of many without gradient": lambda torch, w: w.result.backward(),
    "grad of many without gradient": lambda torch, w: torch.autograd.grad(w.result, w.a),
    "a None gradient for many": lambda torch, w: torch.autograd.grad([w.result], [w.a], grad_outputs=[None]),
    "a gradient of another shape": lambda torch, w: w.result.backward(torch.ones(3, 2)),
    "a gradient that is a number": lambda torch, w: w.result.sum().backward(3.0),
    "fewer gradients than outputs": lambda torch, w: torch.autograd.backward([w.result, w.a], [torch.ones(2, 3)]),
    "a .grad of another shape": lambda torch, w: setattr(w.a, "grad", torch.ones(2)),
    "backward of what needs no grad": lambda torch, w: w.whole.sum().backward(),
    "an array of objects": _of_objects,
    "an array of texts": lambda torch, w: torch.tensor(np.array(["a"])),
    "an array with a negative stride": lambda torch, w: torch.from_numpy(np.ones(3)[::-1]),
    "a size of text": lambda torch, w: torch.zeros("a"),
    "a size with a fraction": lambda torch, w: torch.zeros((2, 2.5)),
    "a fill of text": lambda torch, w: torch.full((2,), "a"),
    "a dtype of text": lambda torch, w: torch.tensor([1], dtype="float"),
    "a number too large for its dtype": lambda torch, w: torch.tensor([300], dtype=torch.uint8),
    "linspace of less than none": lambda torch, w: torch.linspace(0, 1, -1),
    "an index of text": lambda torch, w: w.a["a"],
    "a change of a leaf": lambda torch, w: w.a.mul_(2),
    "a write into a leaf": lambda torch, w: w.a.__setitem__(0, 1.0),
    "an index too large": lambda torch, w: w.a[2],
    "a class too large": lambda torch, w: torch.nn.functional.cross_entropy(w.a, torch.tensor([0, 3])),
    "a layer of a number": lambda torch, w: torch.nn.functional.linear(5, w.a),
    "an index that is a number": lambda torch, w: w.a.index_select(0, 1),
    "text for a tensor": lambda torch, w: w.a + "b",
    "a probability over 1": lambda torch, w: torch.nn.functional.dropout(w.a, 1.5),
    "a random size below 0": lambda torch, w: torch.rand(-1),
    "einsum of two sizes": lambda torch, w: torch.einsum("ij,jk", w.a, w.a),
}

MISTAKES = {name: lambda torch, attempt=attempt: attempt(torch, World(torch)) for name, attempt in ATTEMPTS.items()}
