"""gradviz graphs and gradviz diff, as a shell runs them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "samples" / "25_a_graph_that_changes_with_training.py"
TRACE = f"{SAMPLE.stem}.gradviz"
SCREEN = {"PYTHONPATH": str(ROOT), "COLUMNS": "80", "NO_COLOR": "1"}


def gradviz(*arguments, cwd):
    command = [sys.executable, "-m", "gradviz", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=os.environ | SCREEN, capture_output=True, text=True)


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    """A folder with the trace of the sample; read only."""
    folder = tmp_path_factory.mktemp("traced")
    assert gradviz("trace", "--no-diagram", SAMPLE, cwd=folder).returncode == 0
    return folder


def test_graphs_lists_them(traced):
    done = gradviz("graphs", cwd=traced)
    assert (done.returncode, done.stderr) == (0, "")
    snapshot = ROOT / "tests" / "views" / "graph_snapshots" / f"{SAMPLE.stem}.txt"
    assert re.sub(r" +\n", "\n", done.stdout) == snapshot.read_text()
    assert gradviz("graphs", TRACE, cwd=traced).stdout == done.stdout


def test_graphs_all(traced):
    done = gradviz("graphs", "--all", cwd=traced)
    assert re.findall(r"^(\d+) +[A-E] ", done.stdout, re.M) == [str(number) for number in range(1, 31)]


def test_graphs_json(traced):
    told = json.loads(gradviz("graphs", "--json", cwd=traced).stdout)
    assert [each["nodes"] for each in told["graphs"]] == [8, 7, 6, 6, 6] + [5] * 9 + [4] * 16
    assert [run["count"] for run in told["runs"]] == [1, 1, 3, 9, 15, 1]
    assert told["graphs"][-1]["held_by"] == ["h", "loss"]


def test_graphs_of_a_script_without_ops(tmp_path):
    (tmp_path / "it.py").write_text("import gradviz\n")
    gradviz("trace", "--no-diagram", "it.py", cwd=tmp_path)
    done = gradviz("graphs", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "no graph: the script ran no tensor op that gradviz saw\n")
    assert json.loads(gradviz("graphs", "--json", cwd=tmp_path).stdout)["graphs"] == []
    done = gradviz("diff", "it.gradviz", "1", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "gradviz: it.gradviz: it.gradviz holds no graph\n")


def test_graphs_of_a_run_that_failed_says_so(tmp_path):
    text = "import gradviz as torch\nw = torch.ones(2, requires_grad=True)\n(w * w).backward()\n"
    (tmp_path / "it.py").write_text(text)
    gradviz("trace", "--no-diagram", "it.py", cwd=tmp_path)
    done = gradviz("graphs", cwd=tmp_path)
    assert done.returncode == 0
    assert "✗ line 3: RuntimeError: grad can be implicitly created only for scalar outputs" in done.stdout


def test_diff_of_two_graphs(traced):
    done = gradviz("diff", 14, 15, cwd=traced)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.split("\n")
    assert lines[0] == f"{TRACE}#14 → #15"
    assert [line.split()[2:] for line in lines if line.startswith("−")] == [["h", "MulBackward0", "()", "float64"]]
    assert lines[-3].startswith("0 added, 1 removed, ")
    same = gradviz("diff", f"{TRACE}#14", f"./{TRACE}#15", "--json", cwd=traced)
    assert json.loads(same.stdout)["removed"] == 1


def test_diff_of_two_traces(traced, tmp_path):
    text = SAMPLE.read_text().replace("h = h * w", "h = (h * w).relu()")
    (tmp_path / "after.py").write_text(f"\n{text}")
    gradviz("trace", "--no-diagram", "after.py", cwd=tmp_path)
    told = json.loads(gradviz("diff", traced / TRACE, "after.gradviz", "--json", cwd=tmp_path).stdout)
    assert (told["left"]["graph"], told["right"]["graph"]) == (30, 30)
    assert [node["op"] for node in told["nodes"] if node["what"] == "added"] == ["relu", "relu"]
    assert told["removed"] == 0
    moved = {node["op"] for node in told["nodes"] for change in node["changes"] if change["what"] == "line"}
    assert moved == {"mul"}  # its line is another text too


def test_diff_draws(traced, tmp_path):
    done = gradviz("diff", 14, 15, "-o", tmp_path / "diff.svg", cwd=traced)
    assert done.stdout.endswith(f"wrote {tmp_path / 'diff.svg'}\n")
    assert "− removed" in (tmp_path / "diff.svg").read_text()
    done = gradviz("diff", 14, 15, "-o", "-", cwd=traced)
    assert done.stdout == (tmp_path / "diff.svg").read_text()
    done = gradviz("diff", 14, 15, "--json", "-o", tmp_path / "diff.dot", cwd=traced)
    assert json.loads(done.stdout)["removed"] == 1
    assert done.stderr == f"gradviz: wrote {tmp_path / 'diff.dot'}\n"
    assert (tmp_path / "diff.dot").read_text().startswith("digraph")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["31", "1"], f"31: {TRACE} holds graphs 1 to 30"),
        ([f"{TRACE}#99", "1"], f"{TRACE}#99: {TRACE} holds graphs 1 to 30"),
        (["1", "lost"], f"lost: expected a graph's number (from 1), a trace, or TRACE#N; traces here: {TRACE}"),
    ],
)
def test_bad_input_lists_what_there_is(traced, arguments, message):
    done = gradviz("diff", *arguments, cwd=traced)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"gradviz: {message}\n")


def test_a_long_run_is_listed_in_one_line(tmp_path):
    (tmp_path / "it.py").write_text(
        "import gradviz as torch\n"
        "w = torch.tensor(2.0, requires_grad=True)\n"
        "for step in range(10000):\n"
        "    loss = w * w\n"
        "    loss.backward()\n"
        "del loss\n"
    )
    gradviz("trace", "--no-diagram", "it.py", cwd=tmp_path)
    done = gradviz("graphs", cwd=tmp_path)
    assert re.search(r"^1–9,999 ×9,999 +A ", done.stdout, re.M)
    assert "10,000 graphs on 2 lines" in done.stdout
