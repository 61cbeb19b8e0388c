"""GV104: .grad read of a result, and what was meant."""

import pytest

from tests.check.conftest import lines_of


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "lines, fix",
    [
        ("y = w * x\ny.grad\n", "y.retain_grad()  # before backward"),
        ("y = torch.ones(3, requires_grad=True) * 0.1\ny.grad\n", "y = (torch.ones(3) * 0.1).requires_grad_()"),
    ],
    ids=["a result", "meant as a leaf"],
)
def test_the_lines_and_the_fix(findings, lines, fix):
    (finding,) = findings(lines, "GV104")
    assert lines_of(finding) == {"made": 10, "read": 11}
    assert finding["fix"] == fix
    assert "is no leaf but what MulBackward0 made (line 10)" in finding["cause"]


@pytest.mark.filterwarnings("ignore")
def test_a_loop_is_one_finding(findings):
    (finding,) = findings("y = w * x\nfor _ in range(5):\n    y.grad\n", "GV104")
    assert finding["count"] == 5


@pytest.mark.parametrize(
    "lines", ["w.grad\n", "y = w * x\ny.retain_grad()\ny.grad\n", "y = (w * x).detach()\ny.grad\n"]
)
def test_silence(findings, lines):
    assert findings(lines, "GV104") == []
