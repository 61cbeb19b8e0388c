"""gradviz trace, from the command line to the files: the script is undisturbed, the trace is told."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

TRAIN = """\
import sys
import gradviz as torch

torch.manual_seed(0)
w = torch.randn(3, requires_grad=True)
x = torch.tensor([1.0, 2.0, 3.0])
losses = []
for step in range(3):
    loss = ((w * x).sum() - 1.0) ** 2
    loss.backward()
    losses.append(loss)
print("trained", sys.argv)
"""


@pytest.fixture
def train(folder):
    """A script that makes three graphs."""
    (folder / "train.py").write_text(TRAIN)
    return "train.py"


def process(folder, *arguments, **settings):
    """gradviz in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "100", "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "gradviz", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        **settings,
    )


def test_script_then_table_then_files(gradviz, folder, train):
    result = gradviz("trace", train, "--epochs", "3", "-o", "theirs")
    assert result.code == 0
    assert result.err == ""
    script, rest = result.out.split("\n", 1)
    assert script == "trained ['train.py', '--epochs', '3', '-o', 'theirs']"
    assert "graph 3 of 3" in rest
    assert "MulBackward0" in rest
    assert "train.py" in rest or "line" in rest
    assert "wrote train.gradviz" in rest
    assert "train.svg" in rest
    assert "next  gradviz " in rest
    assert (folder / "train.svg").read_text().lstrip().startswith("<?xml")
    assert sorted(path.name for path in folder.iterdir()) == ["train.gradviz", "train.py", "train.svg"]


def test_graph_choice_and_no_diagram(gradviz, folder, train):
    result = gradviz("trace", "--no-diagram", "--graph", "all", train)
    assert [f"graph {number} of 3" in result.out for number in (1, 2, 3)] == [True] * 3
    assert not (folder / "train.svg").exists()


def test_graph_that_is_not_there_is_told_after_the_run(gradviz, folder, train):
    result = gradviz("trace", "--graph", "7", "--no-diagram", train)
    assert result.code == 2
    assert "--graph 7" in result.err and "3" in result.err
    assert (folder / "train.gradviz").exists()


@pytest.mark.parametrize(("output", "made"), [("run1", "run1.gradviz"), ("out", "out/train.gradviz")])
def test_output(gradviz, folder, train, output, made):
    (folder / "out").mkdir()
    assert gradviz("trace", "--no-diagram", "-o", output, train).code == 0
    assert (folder / made).stat().st_size > 0


def test_json_is_alone_on_stdout(gradviz, train):
    result = gradviz("trace", "--json", "--no-diagram", train)
    shown = json.loads(result.out)
    assert shown["schema_version"] == 1
    assert "trained" in result.err


def test_module(gradviz, folder):
    (folder / "pkg").mkdir()
    (folder / "pkg" / "__init__.py").write_text("")
    (folder / "pkg" / "train.py").write_text(TRAIN)
    result = gradviz("trace", "--no-diagram", "-m", "pkg.train", "--graph")
    assert result.code == 0
    assert "train.py', '--graph']" in result.out
    assert (folder / "pkg.train.gradviz").exists()


def test_expression(gradviz, folder):
    command = ["-e", "((w*x + b - y)**2).mean()", "-v", "w=2", "-v", "x=[1,2,3]", "-v", "b=0", "-c", "y=5"]
    result = gradviz("trace", *command)
    assert (result.code, result.err) == (0, "")
    assert "w*x" in result.out
    assert "MeanBackward0" in result.out
    assert (folder / "expression.gradviz").exists()
    assert (folder / "expression.svg").exists()


def test_expression_with_many_results_says_that_ones_were_used(gradviz):
    result = gradviz("trace", "--no-diagram", "-e", "x * 2", "-v", "x=[1,2,3]")
    assert result.code == 0
    assert "ones" in result.err


def test_expression_of_constants_is_told_in_one_line(gradviz):
    result = gradviz("trace", "--no-diagram", "-e", "k * 2", "-c", "k=[1,2]")
    assert result.code == 2
    assert result.err == ("gradviz: nothing in the expression requires grad; define a variable with -v NAME=VALUE\n")


def test_failing_expression_says_nothing_but_its_traceback(gradviz):
    result = gradviz("trace", "--no-diagram", "-e", "x[7]", "-v", "x=[1,2]")
    assert result.code == 1
    assert result.err.startswith("Traceback")
    assert "gradviz" not in result.err
    assert "line 2: IndexError" in result.out


def test_expression_without_a_tensor_leaves_nothing(gradviz, folder):
    result = gradviz("trace", "-e", "1 + 2")
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("print('no tensors')", "made no graph"),
        ("import gradviz as torch\nx = torch.ones(3)\ny = x * 2", "made no graph"),
        ("import gradviz as torch\nx = torch.ones(3, requires_grad=True)\ny = x * 2", "never called backward"),
    ],
)
def test_script_without_graph_or_backward(gradviz, folder, script, told):
    (folder / "it.py").write_text(script)
    result = gradviz("trace", "--no-diagram", "it.py")
    assert result.code == 2
    assert told in result.err
    assert result.err.count("\n") == 1
    assert "wrote it.gradviz" in result.out
    if "y = " in script:
        assert "mul" in result.out


def test_failing_script_keeps_its_traceback_and_exit_code_and_is_shown(folder):
    (folder / "it.py").write_text(
        "import gradviz as torch\n"
        "x = torch.ones(3, requires_grad=True)\n"
        "loss = (x * x).sum()\n"
        "loss.backward()\n"
        "loss.backward()\n"
    )
    ours = process(folder, "trace", "--no-diagram", "it.py")
    python = subprocess.run(
        [sys.executable, "it.py"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert ours.returncode == python.returncode == 1
    assert "Trying to backward through the graph a second time" in python.stderr
    assert ours.stderr.startswith(python.stderr + "\nGV101  second backward  it.py:5\n")
    assert "line 5" in ours.stdout
    assert "wrote it.gradviz" in ours.stdout


def test_exit_code_of_the_script_wins(gradviz, folder):
    (folder / "it.py").write_text("import sys; sys.exit(7)")
    result = gradviz("trace", "--no-diagram", "it.py")
    assert result.code == 7


def test_interrupt_keeps_the_trace(folder):
    (folder / "it.py").write_text(TRAIN + "print('ready', flush=True)\nimport time; time.sleep(60)\n")
    running = subprocess.Popen(
        [sys.executable, "-m", "gradviz", "trace", "--no-diagram", "it.py"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell that runs the tests in the background has them ignore it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert running.stdout.readline().startswith("trained")
    assert running.stdout.readline() == "ready\n"
    time.sleep(0.2)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert err.rstrip().endswith("KeyboardInterrupt")
    assert "graph 3 of 3" in out


def test_killed_run_is_recovered(gradviz, folder):
    (folder / "it.py").write_text(TRAIN + "import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n")
    assert process(folder, "trace", "it.py").returncode == -signal.SIGKILL
    told = gradviz("info", "it.gradviz")
    assert told.code == 0
    assert "cut off" in told.out
    assert "graphs   3" in told.out
    assert gradviz("table", "it.gradviz").code == 0


def test_closed_pipe_is_quiet(folder, train):
    line = shlex.join([sys.executable, "-m", "gradviz", "trace", "--no-diagram", "--rows", "all", str(train)])
    command = f"{line} | head -n 1"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
    assert ended.stderr == ""


def test_observer_and_defaults_are_given_back(gradviz, train):
    from gradviz.engine.switches import mode

    gradviz("trace", "--no-diagram", train)
    assert mode.observer is None


def test_a_slip_of_ours_costs_neither_exit_code_nor_trace(gradviz, folder, monkeypatch):
    from gradviz.cli.story import Story

    def slip(*_):
        raise KeyError("a slip")

    monkeypatch.setattr(Story, "tell", slip)
    (folder / "it.py").write_text(TRAIN + "sys.exit(5)")
    result = gradviz("trace", "it.py")
    assert result.code == 5
    assert "showing it failed: KeyError" in result.err
    assert (folder / "it.gradviz").exists()


COMPARED = """\
import gradviz as torch

w = torch.ones(100, requires_grad=True)
for _ in range(2):
    loss = w.exp().sum()
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad


@torch.no_grad()
def evaluate():
    return w.exp().tanh().sum().item()


evaluate()
with torch.no_grad():
    torch.ones(2) * 2
"""


def test_what_no_grad_saves_is_compared_region_by_region(gradviz, folder):
    (folder / "train.py").write_text(COMPARED)
    lines = [
        "no_grad, beside the same ops with gradients on (saved bytes at their peak):",
        "  line 7 ×2: needs no_grad: sub_ changes a leaf in place",
        "  line 11 (evaluate): 0 nodes, 0 B; with grad 3 nodes, 800 B at the peak",
        "  line 17: 0 nodes either way",
    ]
    traced = gradviz("trace", "--compare-no-grad", "--no-diagram", "train.py")
    assert (traced.code, traced.err) == (0, "")
    assert "\n".join(lines) in traced.out
    assert gradviz("table").out.rstrip().endswith("\n".join(lines))
    told = json.loads(gradviz("table", "--json").out)["no_grad"]
    assert [(each["line"], each["nodes"], each["peak"], each["needed"]) for each in told] == [
        (7, 2, 0, "sub_"), (11, 3, 800, ""), (17, 0, 0, ""),
    ]  # fmt: skip


def test_no_region_to_compare_is_said(gradviz, train):
    result = gradviz("trace", "--compare-no-grad", "--no-diagram", train)
    assert result.code == 0
    assert "nothing compared: the script entered no no_grad region of its own" in result.err
    assert "no_grad, beside" not in gradviz("table").out
