"""GV103: the op and the line where requires_grad was lost, by each way that there is to lose it."""

import pytest

from tests.check.conftest import lines_of

WAYS = {
    "argmax": (
        "s = w * x\nbest = s.argmax().float()\nattempt(best)\n",
        {"had grad": 10, "lost": 11, "failed": 7},
        "line 11 took its argmax, which is int64 and has no gradient",
        "torch.softmax(s, -1)  # weights, in place of argmax",
    ),
    "the indices of max": (
        "v, i = (w * x).max(0)\nattempt(i.float())\n",
        {"lost": 10, "failed": 7},
        "int64 and has no gradient",
        "torch.softmax(w * x, -1)  # weights, in place of argmax",
    ),
    "a comparison": (
        "s = w * x\nhits = (s > 2).float()\nattempt(hits.mean())\n",
        {"had grad": 10, "lost": 11, "failed": 7},
        "line 11 took its gt, which is bool and has no gradient",
        "torch.sigmoid(s)  # a soft step, in place of the comparison",
    ),
    "a cast": (
        "s = w * x\nwhole = s.long().float()\nattempt(whole.sum())\n",
        {"had grad": 10, "lost": 11, "failed": 7},
        "line 11 cast it to int64, which has no gradient",
        "whole = s.float()",
    ),
    "detach": (
        "s = (w * x).detach()\nattempt((s - x).pow(2).sum())\n",
        {"lost": 10, "failed": 7},
        "line 10 detached it",
        "s = w * x",
    ),
    "detach of itself": (
        "s = (w * x).sum()\ns = s.detach()\nattempt(s)\n",
        {"had grad": 10, "lost": 11, "failed": 7},
        "line 11 detached it",
        "# without this line: s = s.detach()",
    ),
    ".data": (
        "s = w * x\nd = s.data * 2\nattempt(d.sum())\n",
        {"had grad": 10, "lost": 11, "failed": 7},
        "line 11 took its .data, which is outside the graph",
        "d = s * 2",
    ),
    "no_grad": (
        "with torch.no_grad():\n    s = w * x\nattempt(s.sum())\n",
        {"had grad": 3, "lost": 11, "failed": 7},
        "line 11 ran where gradients are off",
        "# where gradients are on, outside torch.no_grad()\ns = w * x",
    ),
    "NumPy and back": (
        "s = w * x\nn = torch.from_numpy(s.detach().numpy())\nattempt(n.sum())\n",
        {"had grad": 10, "lost": 11, "failed": 7},
        "line 11 made a new tensor of its values",
        "n = s",
    ),
    "NumPy's own ops": (
        "s = w * x\nn = torch.from_numpy(s.detach().numpy() * 2)\nattempt(n.sum())\n",
        {"lost": 11, "failed": 7},
        "line 11 made a new tensor of values that had left the graph",
        "n = s * 2",
    ),
    "tensor() of a tensor": (
        "s = (w * x).sum()\nt = torch.tensor([s, w.sum()])\nattempt(t.mean())\n",
        {"had grad": 10, "lost": 11, "failed": 7},
        "line 11 made a new tensor of its values",
        "t = torch.stack([s, w.sum()])",
    ),
    "tensor() of item()": (
        "s = (w * x).sum() / 7\nt = torch.tensor(s.item())\nattempt(t)\n",
        {"had grad": 10, "lost": 11, "failed": 7},
        "is computed from `s`, but line 11 made a new tensor of its values",
        "t = s",
    ),
    "a Parameter of a result": (
        "s = w * x\nt = torch.nn.Parameter(s, requires_grad=False)\nattempt(t.sum())\n",
        {"had grad": 10, "lost": 11, "failed": 7},
        "line 11 made a new tensor of its values",
        "t = s",
    ),
    "a gradient": (
        "s = (w * x).pow(2).sum()\ng, = torch.autograd.grad(s, w)\nattempt(g.norm())\n",
        {"lost": 11, "failed": 7},
        "line 11 computed a gradient that is outside any graph",
        "torch.autograd.grad(s, w, create_graph=True)",
    ),
    "a leaf's .grad": (
        "s = (w * x).pow(2).sum()\ns.backward()\nattempt(w.grad.norm())\n",
        {"lost": 11, "failed": 7},
        "line 11 computed a gradient that is outside any graph",
        "s.backward(create_graph=True)",
    ),
    "nothing required grad": (
        "v = torch.tensor(2.0)\ns = (v * x).sum()\nattempt(s)\n",
        {"made": 10, "failed": 7},
        "nothing that it was computed from does: `x`, `v`",
        "x.requires_grad_()  # before the forward pass; or v: what is to be learned",
    ),
    "a frozen layer": (
        "layer = torch.nn.Linear(3, 1).requires_grad_(False)\nattempt(layer(x).sum())\n",
        {"made": 10, "failed": 7},
        "nothing that it was computed from does: `layer.weight`, `layer.bias`",
        "layer.weight.requires_grad_()  # before the forward pass; or layer.bias: what is to be learned",
    ),
    "integers": (
        "v = torch.tensor([1, 2])\nattempt(v.sum())\n",
        {"made": 10, "failed": 7},
        "nothing that it was computed from does, as integers and booleans can't: `v`",
        "v = v.float().requires_grad_()  # before the forward pass",
    ),
    "a leaf without a name": (
        "attempt(torch.ones(2).sum())\n",
        {"made": 10, "failed": 7},
        "nothing that it was computed from does: `torch.ones(2)`",
        "torch.ones(2, requires_grad=True)",
    ),
    "a leaf alone": (
        "s = torch.tensor(2.0)\nattempt(s)\n",
        {"made": 10, "failed": 7},
        "`s` does not require grad, and no op computed it",
        "s.requires_grad_()  # before the forward pass",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_backward_was_refused(findings, way):
    lines, places, cause, fix = WAYS[way]
    (finding,) = findings(lines, "GV103")
    assert lines_of(finding) == places
    assert cause in finding["cause"]
    assert finding["fix"] == fix


@pytest.mark.parametrize(
    "lines, fix",
    [
        ("s = (w * x).sum() / 7\nt = torch.tensor(s.item(), requires_grad=True)\nt.backward()\n", "t = s"),
        ("s = (w * x).sum()\nt = s.detach()\nt.requires_grad = True\nt.backward()\n", "t = s"),
        ("s = (w * x).argmax().float()\ns.requires_grad_()\ns.backward()\n", None),
    ],
    ids=["tensor()", "detach", "argmax"],
)
def test_backward_ended_where_it_began(findings, lines, fix):
    (finding,) = findings(lines, "GV103")
    assert "ends where it begins, at a leaf: it has the values of" in finding["cause"]
    assert finding["fix"] == (fix or "torch.softmax(w * x, -1)  # weights, in place of argmax")


@pytest.mark.parametrize(
    "lines",
    [
        "loss = ((w * x) - (w * x).detach().mean()).pow(2).sum()\nloss.backward()\n",
        "start = (w * x).detach().requires_grad_()\n(start ** 2).sum().backward()\n",
        "start = (w * x).sum().detach().requires_grad_()\ntorch.autograd.grad(start, start)\n",
        "v = torch.tensor(3.0, requires_grad=True)\nv.backward()\n",
        "log = []\nfor _ in range(2):\n    loss = (w * x).sum() / 7\n    loss.backward()\n    log.append(loss.item())\n"
        "mean = torch.tensor(log).mean()\n",
    ],
    ids=["a target", "a detached start", "autograd.grad", "a leaf of its own", "a log"],
)
def test_silence(findings, lines):
    assert findings(lines, "GV103") == []
