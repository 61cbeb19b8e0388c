"""GV102: who saved, who changed, who failed, the versions, and the line without the change in place."""

import pytest

from tests.check.conftest import lines_of


def only(findings, lines):
    (finding,) = findings(lines, "GV102")
    return finding


def test_the_lines_and_the_versions(findings):
    finding = only(findings, "y = (w * x).exp()\nz = y * y\ny += 1\ny *= 2\nattempt(z.sum())\n")
    assert lines_of(finding) == {"saved": 11, "modified": 12, "failed": 7}
    assert "MulBackward0 (line 11) saved `y` at version 0" in finding["cause"]
    assert finding["cause"].endswith("it is at version 2 when backward needs it, after 2 changes.")


FIXES = {
    "augmented": ("y = (w * x).exp()\ny += 1\nattempt(y.sum())\n", "y = y + 1"),
    "a method": ("y = (w * x).exp()\ny.add_(1).sum()\nattempt(y.sum())\n", "y = y.add(1)"),
    "what has no name": (
        "y = [(w * x).exp()]\nz = y[0].sum()\n(y + y)[0].mul_(2)\nattempt(z)\n",
        "(y + y)[0].mul_(2)  # on a clone() of what it changes",
    ),
    "arguments on a line of their own": (
        "y = (w * x).exp()\nz = y.sum()\nprint(\n    y.mul_(2), x\n)\nattempt(z)\n",
        "y = y.mul(2)",
    ),
    "a statement": ("y = (w * x).exp()\ny.mul_(2)\nattempt(y.sum())\n", "y = y.mul(2)"),
    "zeros": ("y = (w * x).exp()\nz = y.sum()\ny.zero_()\nattempt(z)\n", "y = torch.zeros_like(y)"),
    "filled": ("y = (w * x).exp()\nz = y.sum()\ny.fill_(2)\nattempt(z)\n", "y = y.clone()\ny.fill_(2)"),
    "a part": ("y = (w * x).exp()\nz = y.sum()\ny[0] = 0\nattempt(z)\n", "y = y.clone()\ny[0] = 0"),
    "a part, augmented": ("y = (w * x).exp()\nz = y.sum()\ny[0] += 1\nattempt(z)\n", "y = y.clone()\ny[0] += 1"),
    "inplace=True": (
        "y = torch.sigmoid(w * x)\nz = F.relu(y, inplace=True)\nattempt(z.sum())\n",
        "z = F.relu(y)",
    ),
    "a parameter": (
        "loss = (w * w).sum()\nwith torch.no_grad():\n    w[1] -= 1\nattempt(loss)\n",
        "loss.backward(**more)\nw[1] -= 1  # after backward",
    ),
    "an optimizer": (
        "step = torch.optim.SGD([w], lr=0.1).step\nloss = (w * w).sum()\nloss.backward(retain_graph=True)\nstep()\n"
        "attempt(loss)\n",
        "loss.backward(**more)\nstep()  # after backward",
    ),
}


@pytest.mark.parametrize("case", FIXES)
def test_the_fix_is_the_line_that_changed_it(findings, case):
    lines, fix = FIXES[case]
    assert only(findings, lines)["fix"] == fix


def test_the_change_that_the_engine_does_not_count_is_not_blamed(findings):
    finding = only(findings, "y = (w * x).exp()\nz = y.sum()\ny.data.mul_(2)\ny.mul_(2)\nattempt(z)\n")
    assert lines_of(finding)["modified"] == 13


def test_a_function_that_saved(findings):
    lines = (
        "class Double(torch.autograd.Function):\n"
        "    def forward(ctx, a):\n        ctx.save_for_backward(a)\n        return a * 2\n"
        "    def backward(ctx, g):\n        a, = ctx.saved_tensors\n        return g * 2\n"
        "t = w * x\ny = Double.apply(t).sum()\nt.add_(1)\nattempt(y)\n"
    )
    finding = only(findings, lines)
    assert "DoubleBackward (line 18) saved `t`" in finding["cause"]
    assert lines_of(finding)["modified"] == 19


@pytest.mark.parametrize(
    "lines",
    [
        "y = w + x\ny += 1\nattempt(y.sum())\n",
        "y = w + x\ny += 1\nz = y.exp()\nattempt(z.sum())\n",
        "y = (w * x).exp()\nattempt(y.sum())\ny += 1\n",
        "y = (w * x).exp()\ny.detach().clone().mul_(2)\nattempt(y.sum())\n",
    ],
    ids=["nothing saved", "changed before", "changed after", "a clone"],
)
def test_silence(findings, lines):
    assert findings(lines, "GV102") == []
