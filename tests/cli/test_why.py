"""gradviz why, in processes of its own: leaks of nodes and of activations, and who holds what by which line."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
START = """\
import gradviz as torch
x = torch.tensor([1.0, 2.0, 3.0])
w = torch.tensor([0.5, 0.5, 0.5], requires_grad=True)
def f():
    return ((w * x) ** 2).mean()
"""


class Folder:
    """A folder to trace in and to ask in."""

    def __init__(self, path):
        self.path = path
        self.environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "80", "NO_COLOR": "1"}

    def gradviz(self, *arguments):
        command = [sys.executable, "-m", "gradviz", *arguments]
        return subprocess.run(command, cwd=self.path, env=self.environment, capture_output=True, text=True, timeout=60)

    def trace(self, lines):
        """START and these lines, traced; the exit code."""
        (self.path / "it.py").write_text(START + lines)
        return self.gradviz("trace", "--no-diagram", "it.py").returncode

    def why(self, *arguments):
        """What is printed, spaces and line ends as one space."""
        done = self.gradviz("why", *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert max(map(len, done.stdout.splitlines())) <= 80
        return " ".join(done.stdout.split())


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_list_of_losses(folder):
    lines = "losses = []\nfor _ in range(4):\n    loss = f()\n    loss.backward()\n    losses.append(loss)\n"
    assert folder.trace(lines) == 0
    told = folder.why("losses")
    assert "losses (line 6) holds 4 tensors: losses[0] … losses[3] → 12 nodes + 1 AccumulateGrad" in told
    assert "0 B of saved tensors (96 B freed by 4 backward calls, the last at line 9)" in told
    assert "losses[0] → #5 MeanBackward0 (line 5), saved nothing" in told
    assert "→ #4 PowBackward0 (line 5), self 12 B freed by backward 1: (w * x) ** 2" in told
    assert "verdict a leak of nodes" in told
    assert "fix losses.append(loss.item())" in told
    one = folder.why("losses[1]")
    assert "losses[1] (line 6) holds a tensor → 3 nodes" in one
    assert "verdict one graph" in one


def test_running_total(folder):
    assert folder.trace("total = 0.0\nfor _ in range(4):\n    score = f()\n    total += score\n") == 2  # no backward
    told = folder.why("total")
    assert "total (line 9) holds a tensor → 16 nodes + 1 AccumulateGrad → 60 B of saved tensors" in told
    assert "verdict a leak of activations" in told
    assert "fix total += score.item()" in told
    told = folder.why()
    assert told.index("total (line 9) 16 nodes") < told.index("score (line 8) 3 nodes")


def test_attribute_and_element_of_an_object(folder):
    lines = (
        "class Meter:\n    def __init__(self):\n        self.log = {}\nmeter = Meter()\n"
        "for name in 'ab':\n    meter.log[name] = f()\n    meter.log[name].backward()\n"
    )
    folder.trace(lines)
    told = folder.why("meter.log")
    assert 'meter.log (line 9) holds 2 tensors: meter.log["a"] … meter.log["b"]' in told
    assert "verdict a leak of nodes" in told
    assert folder.why("log") == told
    assert "verdict one graph" in folder.why('meter.log["b"]')


def test_closure(folder):
    folder.trace("def make():\n    kept = f()\n    return lambda: kept\nstep = make()\n")
    told = folder.why("step")
    assert "step (line 9) holds 1 tensor: step.<closure>.kept → 3 nodes" in told
    assert "step.<closure>.kept → #5 MeanBackward0" in told


def test_an_exception_that_ended_the_script(folder):
    assert folder.trace("def train(n):\n    loss = f()\n    raise KeyError(n)\ntrain(3)\n") == 1
    told = folder.why("loss")
    assert "<traceback>.train.<locals>.loss (line 8) holds a tensor → 3 nodes" in told
    assert "fix none: the exception that ended the run keeps its functions' variables" in told


def test_exceptions_that_the_script_keeps(folder):
    lines = (
        "errors = []\ndef train():\n    loss = f()\n    loss.backward()\n    raise KeyError\n"
        "for _ in range(2):\n    try:\n        train()\n    except KeyError as error:\n        errors.append(error)\n"
    )
    folder.trace(lines)
    told = folder.why("errors")
    assert "errors (line 10) holds 2 tensors: errors[0].<traceback>.train.<locals>.loss" in told
    assert "verdict a leak of nodes" in told
    assert "fix keep str(error), not the error" in told


def test_detach_and_item_hold_nothing_but_values(folder):
    lines = "kept, numbers = [], []\nfor _ in range(3):\n    loss = f()\n    loss.backward()\n"
    folder.trace(lines + "    kept.append(loss.detach())\n    numbers.append(loss.item())\ndel loss\n")
    assert "verdict nothing but its own value" in folder.why("kept")
    told = folder.why()
    assert told.startswith("no variable keeps a node alive at the end")
    assert "3 more variables hold nothing but values" in told
    done = folder.gradviz("why", "numbers")
    assert done.returncode == 2
    assert "no variable of that name leads to a tensor" in done.stderr


def test_retain_graph_is_named(folder):
    lines = "kept = []\nfor _ in range(2):\n    loss = f()\n    loss.backward(retain_graph=True)\n"
    folder.trace(lines + "    kept.append(loss)\n")
    told = folder.why("kept")
    assert "verdict a leak of activations" in told
    assert "backward at line 9 kept the saved tensors (retain_graph or create_graph)" in told


def test_node(folder):
    lines = "loss = f()\nloss.backward()\nother = f()\ndel other\n"
    folder.trace(lines)
    for asked in ("3", "#3", "MulBackward0 #3"):
        told = folder.why(asked)
        assert told.startswith("#3 MulBackward0 (line 5) is alive: held by loss loss → #5 MeanBackward0")
        assert "→ #3 MulBackward0 (line 5), other 12 B freed by backward 1: w * x" in told
    assert folder.why("MeanBackward0").startswith("#5 MeanBackward0 of loss (line 5) is alive")
    assert folder.why("8") == "#8 MeanBackward0 (line 5) is gone: nothing holds it"
    assert folder.why("1") == "#1 a value of x (line 2) has no node: no gradient flows through it"
    assert "#2 AccumulateGrad of w (line 3) is alive: held by loss" in folder.why("2")


def test_a_name_that_does_not_exist(folder):
    folder.trace("losses = [f()]\n")
    done = folder.gradviz("why", "lossess")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("gradviz: lossess: no variable of that name leads to a tensor")
    assert done.stderr.rstrip().endswith("near it: losses, losses[0]")
    done = folder.gradviz("why", "99")
    assert done.returncode == 2
    assert done.stderr == "gradviz: #99: the nodes of this trace have numbers from 1 to 5, as in the table\n"
    assert folder.gradviz("why", "").stderr.startswith("gradviz: the name is empty")


def test_an_ambiguous_name(folder):
    lines = (
        "class A: pass\na, b = A(), A()\na.loss = f()\nb.loss = f()\n"
        "kept = []\nfor _ in range(20):\n    inner = f() * 2\n    kept.append(inner)\ndel inner\n"
    )
    folder.trace(lines)
    done = folder.gradviz("why", "loss")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "gradviz: loss may mean 2 things; give one of them:",
        "  a.loss  (line 7)",
        "  b.loss  (line 7)",
    ]
    done = folder.gradviz("why", "inner")
    assert done.returncode == 2
    assert done.stderr.splitlines()[1] == "  #13 MulBackward0  (line 12)"
    assert done.stderr.startswith("gradviz: inner may mean 20 things; give one of them:\n")
    assert done.stderr.endswith("\n  … 12 more\n")


def test_json(folder):
    folder.trace("losses = []\nfor _ in range(3):\n    loss = f()\n    loss.backward()\n    losses.append(loss)\n")
    told = json.loads(folder.gradviz("why", "losses", "it.gradviz", "--json").stdout)
    assert (told["schema_version"], told["asked"]) == (1, "losses")
    (holder,) = told["holders"]
    assert (holder["nodes"], holder["saved_bytes"], holder["line"], holder["held"]) == (9, 0, 6, 3)
    assert holder["verdict"] == "a leak of nodes"
    assert [(each["backward"], each["line"], each["bytes"]) for each in holder["freed"]] == [
        (1, 9, 24), (2, 9, 24), (3, 9, 24)
    ]  # fmt: skip
    assert holder["chain"][0] == {"name": "losses[0]"}
    assert holder["chain"][-1]["saved"] == [{"name": "self", "bytes": 12, "freed_by": 1, "place": "line 9"}]
    told = json.loads(folder.gradviz("why", "it.gradviz", "--json").stdout)
    assert [holder["name"] for holder in told["holders"]] == ["losses", "loss"]


def test_a_run_that_was_cut_off(folder):
    assert folder.trace("loss = f()\nimport os\nos.kill(os.getpid(), 9)\n") == -signal.SIGKILL
    done = folder.gradviz("why")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the run was cut off" in done.stderr and done.stderr.count("\n") == 1


def test_a_screen_without_unicode(folder):
    folder.trace("losses = [f(), f()]\n")
    folder.environment["PYTHONIOENCODING"] = "ascii"
    done = folder.gradviz("why", "losses")
    assert (done.returncode, done.stderr) == (0, "")
    assert "losses[0] ? losses[1]" in done.stdout


def test_what_steers_a_terminal_is_shown(folder):
    folder.trace("box = {'\\x1b[31m': f()}\n")
    assert "\x1b" not in folder.gradviz("why", "box").stdout
