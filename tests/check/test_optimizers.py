"""GV112: optimizers that hold a tensor of before."""

import pytest

pytest_plugins = "tests.check.runs"

START = """\
import gradviz as torch
x = torch.tensor([1.0, 2.0])
w = torch.tensor([0.5, 0.25], requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
def backward():
    ((w * x) ** 2).sum().backward()
"""
GIVEN = "optimizer = torch.optim.SGD([w], lr=0.1)"


def loop(*body, before=""):
    """START, the line before (7), then a loop from line 8 on with this body."""
    return START + f"{before}\nfor step in range(3):\n" + "".join(f"    {line}\n" for line in body)


NET = """\
import gradviz as torch
from gradviz import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(2, 3)
        self.head = nn.Linear(3, 1)
    def forward(self, x):
        return self.head(torch.tanh(self.body(x)))
def train(model, optimizer):
    for _ in range(2):
        optimizer.zero_grad()
        model(torch.ones(4, 2)).sum().backward()
        optimizer.step()
"""


def test_the_sample(sample):
    tensor, layer = sample("GV112", "gv112_parameter_made_anew")
    assert tensor == (
        "`optimizer` holds `w` as it was before: the loss is computed with another tensor of that name, which "
        "`optimizer.step()` does not move.",
        "# other values for the w that the optimizer holds\nwith torch.no_grad():\n    w.copy_(...)",
        [("given", 12), ("made anew", 18), ("stepped", 17)],
    )
    assert layer == (
        "`optimizer` holds `model.2.weight` and `model.2.bias` as they were before: the loss is computed with other "
        "tensors of that name, which `optimizer.step()` does not move.",
        "# after model.2.weight is made anew\noptimizer = torch.optim.SGD(model.parameters(), lr=0.1)",
        [("given", 22), ("made anew", 23), ("stepped", 29)],
    )


def test_the_near_miss(sample):
    assert sample("GV112", "gv112_near_miss") == []


ANEW = [
    "w = (w - 0.1 * w.grad).detach().requires_grad_()",
    "w = torch.tensor(w.tolist(), requires_grad=True)",
    "w = w.clone().detach().requires_grad_(True)",
    "w = torch.zeros(2, requires_grad=True)",
]


@pytest.mark.parametrize("line", ANEW)
def test_made_anew_in_the_loop(found, line):
    (told,) = found("GV112", loop("optimizer.zero_grad()", "backward()", "optimizer.step()", line))
    assert told.places == [("given", 4), ("made anew", 12), ("stepped", 11)]
    assert told.fix.endswith("with torch.no_grad():\n    w.copy_(...)")


def test_made_anew_before_the_loop(found):
    (told,) = found("GV112", loop("backward()", "optimizer.step()", before="w = torch.ones(2, requires_grad=True)"))
    assert told.places == [("given", 4), ("made anew", 7), ("stepped", 10)]


def test_a_model_made_anew(found):
    lines = "model = Net()\noptimizer = torch.optim.Adam(model.parameters())\nmodel = Net()\ntrain(model, optimizer)\n"
    (told,) = found("GV112", NET + lines)
    names = "`model.body.weight`, `model.body.bias`, `model.head.weight` and `model.head.bias`"
    assert told.cause.startswith(f"`optimizer` holds {names} as they were before")
    assert told.places == [("given", 16), ("made anew", 6), ("made anew", 7), ("stepped", 14)]


def test_an_optimizer_that_was_given_the_parameters_of_before(found):
    lines = "old = Net()\nparams = list(old.parameters())\n"
    lines += "def main():\n    model = Net()\n    given = list(model.parameters())\n    model.head = nn.Linear(3, 1)\n"
    lines += "    train(model, torch.optim.SGD(given, lr=0.1))\nmain()\n"
    (told,) = found("GV112", NET + lines)
    assert told.cause.startswith("`optimizer` holds `head.weight` and `head.bias` as they were before")
    assert told.places == [("made anew", 20), ("given", 21), ("stepped", 14)]


QUIET = {
    "moved in place": loop("optimizer.zero_grad()", "backward()", "optimizer.step()"),
    "changed in place": loop("backward()", "optimizer.step()", "with torch.no_grad(): w.clamp_(0, 1)"),
    "other values by .data": loop("backward()", "optimizer.step()", "w.data = w.data.clamp(0, 1)"),
    "an optimizer for each": loop(f"optimizer = {GIVEN[12:]}", "backward()", "optimizer.step()", ANEW[0]),
    "by hand, without a step": loop("backward()", ANEW[0]),
    "an input of the same shape": loop(
        "point = torch.ones(2, requires_grad=True)", "(w * point).sum().backward()", "optimizer.step()"
    ),
    "an input in a pass without w": loop(
        "point = torch.ones(2, requires_grad=True)",
        "(point * (w if step else 1)).sum().backward()",
        "optimizer.step()",
    ),
    "one of another shape": loop("backward()", "optimizer.step()", before="x, w = 1, torch.ones(3).requires_grad_()"),
    "made anew when all is done": loop("backward()", "optimizer.step()") + "w = torch.ones(2, requires_grad=True)\n",
    "a fine model": NET + "model = Net()\ntrain(model, torch.optim.SGD(model.parameters(), lr=0.1))\n",
    "a layer replaced in time": NET
    + "model = Net()\nmodel.head = nn.Linear(3, 1)\ntrain(model, torch.optim.SGD(model.parameters(), lr=0.1))\n",
    "one model after the other": NET
    + "for _ in range(2):\n    model = Net()\n    train(model, torch.optim.SGD(model.parameters(), lr=0.1))\n",
    "two models, one of them trained": NET
    + "model, teacher = Net(), Net()\ntrain(model, torch.optim.SGD(model.parameters(), lr=0.1))\n"
    + "teacher(torch.ones(1, 2)).sum().backward()\n",
}


@pytest.mark.parametrize("name", QUIET)
def test_quiet(found, name):
    assert found("GV112", QUIET[name]) == []


def test_what_was_replaced_does_not_count_as_unused(found):
    source = loop("backward()", "optimizer.step()", before="w = torch.ones(2, requires_grad=True)")
    assert len(found("GV112", source)) == 1
    assert found("GV105", source) == []
