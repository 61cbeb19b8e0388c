"""gradviz memory: the chart as people see it, the options, and the pictures of render --view memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SNAPSHOTS = Path(__file__).parent / "snapshots"
UPDATE = "GRADVIZ_UPDATE_SNAPSHOTS"
SCRIPT = """\
import gradviz as torch
w = torch.randn(50, requires_grad=True)
for step in range(3):
    hidden = (w * w).exp()
    hidden.sum().backward()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the traces of it.py and of two samples."""
    folder = tmp_path_factory.mktemp("memory")
    (folder / "it.py").write_text(SCRIPT)
    for script in ("it.py", *sorted(map(str, ROOT.glob("samples/0[25]_*.py")))):
        assert run("trace", "--no-diagram", script, cwd=folder).returncode == 0
    return folder


def run(*arguments, cwd, **more):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "gradviz", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment | more, capture_output=True, text=True, encoding="utf-8")


@pytest.mark.parametrize("start", ["02", "05"])
def test_a_sample_looks_as_its_snapshot_does(folder, start):
    (trace,) = folder.glob(f"{start}_*.gradviz")
    done = run("memory", trace.name, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    text = "".join(line.rstrip() + "\n" for line in done.stdout.splitlines())
    assert max(map(len, text.splitlines())) <= 80
    snapshot = SNAPSHOTS / f"memory_{trace.stem}.txt"
    if os.environ.get(UPDATE) == "1":
        snapshot.write_text(text, encoding="utf-8")
    assert text == snapshot.read_text(encoding="utf-8"), f"{UPDATE}=1 writes it anew"


def test_the_readme_shows_the_chart_of_today():
    (snapshot,) = SNAPSHOTS.glob("memory_02_*.txt")
    chart = snapshot.read_text(encoding="utf-8").split("\n\n")[0]
    assert chart in (ROOT / "README.md").read_text(encoding="utf-8")


def test_ascii_where_the_screen_has_no_more(folder):
    done = run("memory", "it.gradviz", cwd=folder, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii() and "# parameters" in done.stdout and "?" not in done.stdout


def test_one_graph_s_time(folder):
    whole, one = (run("memory", "it.gradviz", *more, cwd=folder).stdout for more in ([], ["--graph", "2"]))
    assert "step 0 " in whole and "step 0 " not in one
    assert "line 4" in one or "line 5" in one


def test_along_the_time(folder):
    assert " ms\n" in run("memory", "it.gradviz", "--axis", "time", cwd=folder).stdout


def test_json(folder):
    told = json.loads(run("memory", "it.gradviz", "--json", cwd=folder).stdout)
    assert told["schema_version"] == 1
    assert told["categories"] == ["parameters", "gradients", "saved", "held", "temporary"]
    assert max(map(sum, told["curve"]["bytes"])) == told["peak"]["bytes"] == sum(told["peak"]["by_category"])
    assert {"w", "hidden"} <= {each["variable"] for each in told["peak"]["largest"]}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["memory", "--axis", "space", "it.gradviz"], "--axis space: expected one of events, time"),
        (["memory", "--graph", "9", "it.gradviz"], "--graph 9: it.gradviz holds graphs 1 to 3"),
        (["memory", "nowhere.gradviz"], "nowhere.gradviz"),
        (["render", "--view", "sound", "it.gradviz"], "--view sound: expected one of graph, memory"),
        (["render", "--view", "memory", "--when", "freed", "it.gradviz"], "--when, --direction, --nodes"),
        (["render", "--view", "memory", "--saved", "it.gradviz"], "folding are for --view graph"),
    ],
)
def test_what_makes_no_sense_is_one_line(folder, arguments, told):
    done = run(*arguments, cwd=folder)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert told in done.stderr


def test_a_script_without_tensors(folder):
    (folder / "none.py").write_text("print(1)\n")
    run("trace", "--no-diagram", "none.py", cwd=folder)
    done = run("memory", "none.gradviz", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(("form", "start"), [("svg", b"<?xml"), ("dot", b"digraph"), ("png", b"\x89PNG")])
def test_pictures(folder, form, start):
    done = run("render", "--view", "memory", "--format", form, "it.gradviz", cwd=folder)
    if "needs GLib and X11" in done.stderr:
        pytest.skip("png needs GLib and X11, which this machine lacks")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"wrote it.memory.{form}\n", "")
    assert (folder / f"it.memory.{form}").read_bytes().startswith(start)
