"""GV101: which call freed what, and which of three remedies the trace speaks for."""

import pytest

from tests.check.conftest import lines_of


def only(findings, lines):
    (finding,) = findings(lines, "GV101")
    return finding


def test_the_lines_and_what_was_freed(findings):
    finding = only(findings, "loss = (w * x).exp().sum()\nloss.backward()\nattempt(loss)\n")
    assert lines_of(finding) == {"saved": 10, "freed": 11, "failed": 7}
    assert "ExpBackward0 (line 10) saved (_saved_result), which the backward at line 11 freed" in finding["cause"]


FIXES = {
    "the same root": (
        "loss = (w * x).exp().sum()\nloss.backward()\nattempt(loss)\n",
        "loss.backward(retain_graph=True)  # at line 11",
        "both calls start from `loss`",
    ),
    "autograd.grad twice": (
        "loss = (w * x).exp().sum()\ng, = torch.autograd.grad(loss, w)\nattempt(loss)\n",
        "torch.autograd.grad(loss, w, retain_graph=True)  # at line 11",
        "both calls start from `loss`",
    ),
    "a state": (
        "h = x\nfor _ in range(3):\n    h = torch.tanh(w * h)\n    attempt(h.sum())\n",
        "h = h.detach()",
        "`h` carries the graph of one pass into the next",
    ),
    "two states": (
        "h, c = x, x\nfor _ in range(2):\n    c = torch.tanh(w * c + h)\n    h = torch.sigmoid(w * h + c)\n"
        "    attempt((h + c).sum())\n",
        "c = c.detach()\nh = h.detach()",
        "`c` and `h` carry the graph of one pass into the next",
    ),
    "two losses": (
        "h = (w * x).exp()\none, two = h.sum(), (h * 2).sum()\none.backward()\n"
        "try:\n    two.backward()\nexcept RuntimeError:\n    pass\n",
        "(one + two).backward()  # one call in place of both",
        "`one` and `two` share a part of their graph",
    ),
    "a loss of what has changed": (
        "h = (w * x).exp()\none = h.sum()\none.backward()\nwith torch.no_grad():\n    w.sub_(w.grad)\n"
        "two = (h * 2).sum()\nattempt(two)\n",
        "h = (w * x).exp()  # once more, after the change",
        "`h` was computed before `w` changed",
    ),
    "a loss that only looks on": (
        "d = torch.tensor(3.0, requires_grad=True)\nfake = (w * x).exp()\nd_loss = (fake * d).sum()\n"
        "d_loss.backward()\nwith torch.no_grad():\n    d.sub_(d.grad)\ng_loss = (fake * d).sum()\nattempt(g_loss)\n",
        "fake.detach()  # where d_loss is computed",
        "`d_loss` ran backward through `fake`, which it only looks at",
    ),
    "a list of roots": (
        "one, two = (w * x).exp().sum(), (w * w).sum()\ntwo.backward()\n"
        "try:\n    torch.autograd.backward([one, two])\nexcept RuntimeError:\n    pass\n",
        "two.backward(retain_graph=True)  # at line 11",
        "share a part of their graph",
    ),
}


@pytest.mark.parametrize("case", FIXES)
def test_the_fix_is_read_off_the_trace(findings, case):
    lines, fix, why = FIXES[case]
    finding = only(findings, lines)
    assert finding["fix"] == fix
    assert why in finding["cause"]


def test_a_function_that_saved(findings):
    lines = (
        "class Double(torch.autograd.Function):\n"
        "    def forward(ctx, a):\n        ctx.save_for_backward(a)\n        return a * 2\n"
        "    def backward(ctx, g):\n        a, = ctx.saved_tensors\n        return g * 2\n"
        "y = Double.apply(w * x).sum()\ny.backward()\nattempt(y)\n"
    )
    assert "DoubleBackward (line 17) saved (saved_tensors[0])" in only(findings, lines)["cause"]


def test_a_backward_inside_another_is_told_once(findings):
    lines = (
        "inner = (w * x).exp().sum()\ninner.backward()\nouter = (w * w).sum()\n"
        "outer.register_hook(lambda grad: inner.backward())\nattempt(outer)\n"
    )
    assert lines_of(only(findings, lines))["failed"] == 13


@pytest.mark.parametrize(
    "lines",
    [
        "loss = (w * x).exp().sum()\nloss.backward(retain_graph=True)\nattempt(loss)\n",
        "loss = (w + x).sum()\nloss.backward()\nattempt(loss)\n",
        "loss = (w * x).exp().sum()\nloss.register_hook(lambda grad: 1 / 0)\n"
        "try:\n    loss.backward()\nexcept ZeroDivisionError:\n    pass\n",
    ],
    ids=["retained", "saved nothing", "another error"],
)
def test_silence(findings, lines):
    assert findings(lines, "GV101") == []
