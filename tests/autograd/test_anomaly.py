"""Anomaly mode: warnings with the line of the forward that is to blame, and the check for NaN; beside PyTorch."""

import re
import subprocess
import sys
import warnings

import pytest

import gradviz
from gradviz.engine.switches import mode
from tests.autograd.alike import notes, same
from tests.engine.peers import sides

pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def _the_mode_is_left_as_found():
    yield
    assert mode.anomaly is None and mode.births == []


def switched(torch, note):
    note(torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled())
    with torch.autograd.set_detect_anomaly(True):
        note(torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled())
        with torch.autograd.detect_anomaly(check_nan=False):
            note(torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled())
        with torch.autograd.set_detect_anomaly(False):
            note(torch.is_anomaly_enabled())
        note(torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled())
    note(torch.is_anomaly_enabled())
    torch.autograd.set_detect_anomaly(True)
    note(torch.is_anomaly_enabled())
    torch.autograd.set_detect_anomaly(False)
    note(torch.is_anomaly_enabled())


def nan_unchecked(torch, note):
    x = torch.tensor([0.0, 2.0], requires_grad=True)
    with torch.autograd.detect_anomaly(check_nan=False):
        torch.sqrt(-x - 1).sum().backward()
    note(x.grad.isnan())


def metadata(torch, note):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    node = (x * x).grad_fn
    node.metadata["mine"] = 3
    note(node.metadata, node.metadata is node.metadata)
    with torch.autograd.set_detect_anomaly(True):
        y = x * x
        note(sorted(y.grad_fn.metadata), type(y.grad_fn.metadata["traceback_"]).__name__)
        note("y = x * x" in y.grad_fn.metadata["traceback_"][-1])
        (grad,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        note(sorted(grad.grad_fn.metadata), grad.grad_fn.metadata["parent_"])
        note(sorted(y.sum().grad_fn.metadata))


@pytest.mark.parametrize("program", [switched, nan_unchecked, metadata], ids=lambda each: each.__name__)
def test_it_is_pytorchs(program):
    same(program)


# -- what is told of a failing backward ------------------------------------------------------------------


def nan(torch, x):
    y = torch.sqrt(-x - 1)
    y.sum().backward()


def changed(torch, x):
    y = x.exp()
    y.add_(1)
    y.sum().backward()


def twice(torch, x):
    y = (x * x).sum()
    y.backward()
    y.backward()


def a_function(torch, x):
    class Failing(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            raise ValueError("oops")

    Failing.apply(x).sum().backward()


def second_derivative(torch, x):
    z = x.sqrt().sum()
    (grad,) = torch.autograd.grad(z, x, create_graph=True)
    (grad * 0).sum().backward()


def told(torch, program):
    """Names and texts of what was warned of and raised; of a traceback, the lines of this file."""

    def run(torch, note):
        x = torch.tensor([0.0, 2.0], requires_grad=True)
        with torch.autograd.set_detect_anomaly(True):
            program(torch, x)

    found = []
    for each in notes(torch, run):
        lines = str(each).split("\n")
        kept = [line for k, line in enumerate(lines) if not line.startswith("  ") or _here(lines, k)]
        found.append("\n".join(kept))
    return found


def _here(lines, k):
    place = max(j for j in range(k + 1) if lines[j].startswith("  File"))
    return re.search(r'File ".*test_anomaly\.py", line \d+, in (?!run)', lines[place]) is not None


@pytest.mark.parametrize(
    "program", [nan, changed, twice, a_function, second_derivative], ids=lambda each: each.__name__
)
def test_a_failing_backward_tells_of_the_forward(program):
    ours, theirs = (told(side, program) for side in sides())
    assert ours == theirs and any("Traceback of forward call that caused the error" in each for each in ours)


def test_without_the_mode_in_forward_no_line_is_known():
    def program(torch, note):
        y = torch.sqrt(-torch.tensor([2.0], requires_grad=True))
        with torch.autograd.set_detect_anomaly(True):
            y.backward()

    same(program)


def test_it_warns_at_the_line_that_calls_backward():
    x = gradviz.tensor([0.0, 2.0], requires_grad=True)
    with gradviz.autograd.set_detect_anomaly(True), warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        with pytest.raises(RuntimeError, match="Function 'SqrtBackward0' returned nan values in its 0th output."):
            nan(gradviz, x)
    assert [each.filename for each in found if each.category is UserWarning] == [__file__]


def test_a_script_sees_its_own_lines_alone(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import gradviz as torch\n"
        "torch.autograd.set_detect_anomaly(True)\n"
        "x = torch.tensor([-1.0], requires_grad=True)\n"
        "y = torch.sqrt(x)\n"
        "y.backward()\n"
    )
    command = [sys.executable, "-m", "gradviz", "trace", str(script)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    said = done.stderr[: done.stderr.index("Traceback (most recent")]
    assert re.findall(r'File "(.*)", line (\d+)', said) == [(str(script), "4")]
    assert "RuntimeError: Function 'SqrtBackward0' returned nan values in its 0th output." in done.stderr
