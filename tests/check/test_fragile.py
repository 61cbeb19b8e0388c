"""GV114, (N,) against (N, 1) in a loss, and GV115, patterns that lose digits."""

import pytest

from tests.check.tracing import found

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")

# -- GV114 -------------------------------------------------------------------------------------------

DATA = """
torch.manual_seed(0)
model, x = nn.Linear(2, 1), torch.randn(6, 2)
y = torch.randn(6)
pred = model(x)
flat = pred.squeeze(1)
column = y.reshape(6, 1)
"""
LOSSES = [
    "((pred - y) ** 2).mean()",
    "((y - pred) ** 2).sum()",
    "(pred - y).pow(2).mean()",
    "(pred - y).abs().mean()",
    "F.mse_loss(pred, y)",
    "F.mse_loss(pred, y, reduction='sum')",
    "nn.MSELoss()(pred, y)",
    "F.l1_loss(pred, y)",
    "F.smooth_l1_loss(pred, y)",
    "F.huber_loss(pred, y)",
    "F.mse_loss(pred, y, reduction='none').mean()",
    "((flat - column) ** 2).mean()",
    "0.5 * ((pred - y) ** 2).mean() + 0.01 * model.weight.pow(2).sum()",
    "-(y * torch.log(torch.sigmoid(pred) + 1e-6)).mean()",
]


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_over_pairs(loss, tmp_path):
    source = DATA + f"loss = {loss}\nloss.backward()"
    (finding,) = found("GV114", source, tmp_path)
    assert "(6, 1)" in finding.cause
    assert "(6,) to (6, 6): the loss is over 36 pairs, not 6 differences." in finding.cause
    assert finding.places == [("broadcast", 8)]


def test_the_names_and_the_mend(tmp_path):
    (finding,) = found("GV114", DATA + "loss = ((y - pred) ** 2).mean()\nloss.backward()", tmp_path)
    assert finding.cause.startswith("sub broadcasts `pred` (6, 1) with `y` (6,) to (6, 6)")
    assert finding.fix == "pred.squeeze(1)  # (6, 1) -> (6,), the shape of y"


def test_in_a_loop_it_is_told_once(tmp_path):
    loop = "for _ in range(5):\n    loss = ((model(x) - y) ** 2).mean()\n    loss.backward()"
    (finding,) = found("GV114", DATA + loop, tmp_path)
    assert finding.places == [("broadcast", 9)]


MEANT = {
    "the same shapes": "F.mse_loss(flat, y).backward()",
    "both columns": "((pred - column) ** 2).mean().backward()",
    "pairs asked for on the line": "((flat[:, None] - flat) ** 2).mean().backward()",
    "pairs asked for with unsqueeze": "((flat.unsqueeze(1) - y) ** 2).mean().backward()",
    "pairs over two lines": "d = (flat.reshape(6, 1)\n     - y)\n(d ** 2).mean().backward()",
    "a matrix that goes on": "(torch.exp(-(pred - y) ** 2) @ y).sum().backward()",
    "the nearest of the pairs": "(pred - y).abs().min(1).values.mean().backward()",
    "pairs that a mask picks": "d = (pred - y) ** 2\n(d * torch.eye(6)).sum().backward()",
    "the diagonal": "(pred - y).diagonal().pow(2).mean().backward()",
    "a softmax over the pairs": "(-torch.log_softmax(pred * y, 1).mean()).backward()",
    "one of each": "m, t = model(x[:1]), y[:1]\n((m - t) ** 2).mean().backward()",
    "only printed": "print(((pred - y) ** 2).mean())\n((flat - y) ** 2).mean().backward()",
    "a sum of each row": "((pred - y) ** 2).sum(1).mean().backward()",
    "squared distances": "d = (x ** 2).sum(1, keepdim=True) + (x ** 2).sum(1)\n"
    "w = model.weight\nk = (x * w) @ x.t()\n(d - 2 * k).mean().backward()",
    "rows and one column of another length": "((model(torch.randn(4, 2)) - y) ** 2).mean().backward()",
    "a bias": "(x @ torch.randn(2, 6) + y - pred).pow(2).mean().backward()",
}


@pytest.mark.parametrize("name", MEANT)
def test_pairs_that_are_meant(name, tmp_path):
    assert found("GV114", DATA + MEANT[name], tmp_path) == []


# -- GV115 -------------------------------------------------------------------------------------------

LOGITS = """
logits = torch.tensor([[2.0, -1.0, 0.5], [0.1, 3.0, -2.0]], requires_grad=True)
target = torch.tensor([0, 1])
"""
FRAGILE = {
    "softmax into cross_entropy": (
        "F.cross_entropy(torch.softmax(logits, 1), target).backward()",
        "cross_entropy takes the softmax of a softmax of `logits`, which flattens probabilities and gradients.",
        "cross_entropy(logits, target)  # no softmax before it",
    ),
    "modules": (
        "nn.CrossEntropyLoss()(nn.Softmax(dim=1)(logits), target).backward()",
        "cross_entropy takes the softmax of a softmax of `logits`",
        "cross_entropy(logits, target)  # no softmax before it",
    ),
    "softmax of a softmax": (
        "(torch.softmax(logits.softmax(-1), 1) ** 2).sum().backward()",
        "softmax takes the softmax of a softmax of `logits`",
        "softmax(logits, dim=1)  # no softmax before it",
    ),
    "log of a softmax": (
        "F.nll_loss(torch.log(torch.softmax(logits, 1)), target).backward()",
        "The log of a softmax is -inf, and its slope lost, where a probability rounds to 0.",
        "torch.log_softmax(logits, dim=1)",
    ),
    "log of a sigmoid": (
        "(-torch.log(torch.sigmoid(2 * logits)).mean()).backward()",
        "The log of a sigmoid is -inf, and its slope lost, where the sigmoid rounds to 0.",
        "torch.nn.functional.logsigmoid(2 * logits)",
    ),
    "a square root at 0": (
        "torch.sqrt(F.relu(-logits)).sum().backward()",
        "sqrt has no finite slope at 0, which `F.relu(-logits)` holds: the gradient becomes infinite.",
        "torch.sqrt(F.relu(-logits) + 1e-12)",
    ),
    "a power below 1 at 0": (
        "((logits - logits.detach()) ** 0.5).sum().backward()",
        "pow has no finite slope at 0",
        "((logits - logits.detach()) + 1e-12) ** 0.5",
    ),
}


@pytest.mark.parametrize("name", FRAGILE)
def test_a_fragile_pattern(name, tmp_path):
    line, cause, fix = FRAGILE[name]
    (finding,) = found("GV115", LOGITS + line, tmp_path)
    assert finding.cause.startswith(cause)
    assert (finding.fix, finding.places) == (fix, [("fragile", 4)])


def test_both_lines_and_only_once(tmp_path):
    loop = """
for _ in range(3):
    p = torch.softmax(logits, dim=1)
    loss = F.cross_entropy(p, target)
    loss.backward()
"""
    (finding,) = found("GV115", LOGITS + loop, tmp_path)
    assert finding.places == [("first", 6), ("fragile", 7)]


STURDY = {
    "logits into cross_entropy": "F.cross_entropy(logits, target).backward()",
    "log_softmax into nll_loss": "F.nll_loss(F.log_softmax(logits, 1), target).backward()",
    "log_softmax into cross_entropy: no change": "F.cross_entropy(F.log_softmax(logits, 1), target).backward()",
    "attention in two layers": "a = torch.softmax(logits @ torch.randn(3, 2), 1) @ logits\n"
    "(torch.softmax(a, 1) ** 2).sum().backward()",
    "along other dims": "(torch.softmax(torch.softmax(logits, 0), 1) ** 2).sum().backward()",
    "a temperature between them": "(torch.softmax(10 * torch.softmax(logits, 1), 1) ** 2).sum().backward()",
    "a log kept away from 0": "torch.log(torch.softmax(logits, 1) + 1e-6).sum().backward()",
    "a log of what was clamped": "torch.log(torch.sigmoid(logits).clamp_min(1e-6)).sum().backward()",
    "without a graph": "with torch.no_grad():\n    print(torch.log(torch.softmax(logits, 1)))\nlogits.sum().backward()",
    "a norm of nothing": "torch.linalg.norm(logits - logits.detach()).backward()",
    "a root of something": "torch.sqrt(logits ** 2 + 1e-6).sum().backward()",
    "a root at 0 that nobody asks": "z = torch.zeros(3, requires_grad=True).sqrt()\nlogits.sum().backward()",
    "binary cross entropy": "F.binary_cross_entropy_with_logits(logits, torch.ones(2, 3)).backward()",
}


@pytest.mark.parametrize("name", STURDY)
def test_what_is_sturdy(name, tmp_path):
    assert found("GV115", LOGITS + STURDY[name], tmp_path) == []
