"""gradviz check: what people see, the exit codes, and that the script's own output stays its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradviz.check import catalogue

ROOT = Path(__file__).parents[2]
SNAPSHOTS = Path(__file__).parent / "snapshots"
UPDATE = "GRADVIZ_UPDATE_SNAPSHOTS"
SAMPLES = ["gv101_second_backward", "gv102_changed_in_place", "gv103_path_lost", "gv104_grad_of_non_leaf"]
CLEAN = "import gradviz as torch\nw = torch.tensor(2.0, requires_grad=True)\nloss = w * w\nloss.backward()\n"
TWICE = CLEAN + "loss.backward()\n"


@pytest.fixture
def check(tmp_path):
    """check("--json", "it.py") -> the finished process, 80 columns wide, in a folder with clean.py and twice.py."""
    (tmp_path / "clean.py").write_text(CLEAN + "import sys\nprint('said', sys.argv[1:])\n")
    (tmp_path / "twice.py").write_text(TWICE)
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    screen = {"PYTHONPATH": str(ROOT), "COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}

    def run(*arguments, command="check"):
        line = [sys.executable, "-m", "gradviz", command, *arguments]
        return subprocess.run(
            line, cwd=tmp_path, env=os.environ | screen, capture_output=True, text=True, encoding="utf-8", timeout=60
        )

    return run


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_looks_as_its_snapshot_does(check, name):
    done = check(f"samples/rules/{name}.py")
    assert done.returncode == 1
    assert max(map(len, done.stdout.splitlines())) <= 80
    snapshot = SNAPSHOTS / f"check_{name}.txt"
    if os.environ.get(UPDATE) == "1":
        snapshot.write_text(done.stdout, encoding="utf-8")
    assert done.stdout == snapshot.read_text(encoding="utf-8"), f"{UPDATE}=1 writes it anew"


def test_clean(check, tmp_path):
    done = check("clean.py", "--epochs", "3")
    assert (done.returncode, done.stdout, done.stderr) == (0, "said ['--epochs', '3']\nno findings\n", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clean.py", "samples", "twice.py"]


def test_a_module(check):
    assert check("-m", "clean", "x").stdout == "said ['x']\nno findings\n"


def test_an_expression(check):
    done = check("-e", "(x*w).sum()", "-v", "x=[1,2]", "-c", "w=2")
    assert (done.returncode, done.stdout, done.stderr) == (0, "no findings\n", "")
    assert check("-v", "x=2").returncode == check("-e", "x", "-m", "clean").returncode == 2


def test_the_traceback_is_the_scripts(check):
    done = check("twice.py")
    plain = check("-m", "twice")
    assert done.returncode == plain.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last):")
    assert "GV101" in done.stdout and "gradviz:" not in done.stderr


def test_a_script_that_fails_by_itself(check, tmp_path):
    (tmp_path / "it.py").write_text(CLEAN + "{}['key']\n")
    done = check("it.py")
    assert (done.returncode, done.stdout) == (0, "no findings\n")
    assert done.stderr.endswith(
        "gradviz: the script ended with KeyError: 'key': what it had done until then is checked\n"
    )


def test_an_interrupted_script(check, tmp_path):
    (tmp_path / "it.py").write_text(CLEAN + "raise KeyboardInterrupt\n")
    assert check("it.py").returncode == 130


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 1),
        (["--exit-zero"], 0),
        (["--fail-on", "GV101"], 1),
        (["--fail-on", "gv102, GV101"], 1),
        (["--fail-on", "GV102"], 0),
    ],
)
def test_exit_codes(check, options, code):
    done = check(*options, "twice.py")
    assert done.returncode == code
    assert "GV101  second backward  twice.py:5" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--fail-on", "GV101,GV999", "clean.py"], "--fail-on GV999: expected codes of rules with commas"),
        (["--fail-on", "", "clean.py"], "--fail-on '': expected codes"),
        (["--json", "--sarif", "clean.py"], "--json and --sarif were both given; choose one"),
        (["nope.py"], "nope.py: no such file; give the script to run"),
        (["nope.gradviz"], "can't open the trace nope.gradviz: No such file"),
        (["samples"], "samples is a directory; give a script, or -m for a package"),
        ([], "no trace (*.gradviz) in .: make one with"),
    ],
)  # fmt: skip
def test_bad_input(check, arguments, told):
    done = check(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr and done.stderr.count("\n") == 1


def test_a_trace(check):
    check("--no-diagram", "twice.py", command="trace")
    for arguments in ([], ["twice.gradviz"], ["twice.gradviz", "--fail-on", "GV101"], ["--fail-on", "GV101"]):
        done = check(*arguments)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.startswith("GV101  second backward  twice.py:5\n")
    assert check("twice.gradviz", "--exit-zero").returncode == 0
    done = check("twice.gradviz", "3")
    assert (done.returncode, done.stdout) == (2, "")
    assert "a trace takes no arguments, but '3' was given" in done.stderr


def test_a_run_that_was_cut_off(check, tmp_path):
    caught = "try:\n    loss.backward()\nexcept RuntimeError:\n    pass\n"
    (tmp_path / "it.py").write_text(CLEAN + caught + "import os\nos.kill(os.getpid(), 9)\n")
    check("--no-diagram", "it.py", command="trace")
    done = check("it.gradviz")
    assert done.returncode == 1
    assert "gradviz: the run was cut off before its end: what it had done until then is checked\n" in done.stderr


def test_json_and_sarif_are_alone_on_stdout(check, tmp_path):
    (tmp_path / "it.py").write_text("print('said')\n" + TWICE)
    done = check("--json", "it.py")
    told = json.loads(done.stdout)
    assert (done.returncode, told["schema_version"]) == (1, 1)
    assert [(each["code"], each["places"][-1]["line"]) for each in told["findings"]] == [("GV101", 6)]
    assert done.stderr.startswith("said\n")
    log = json.loads(check("--sarif", "it.py").stdout)
    assert [each["ruleId"] for each in log["runs"][0]["results"]] == ["GV101"]


def test_a_rule_that_fails_is_our_failure(gradviz, folder, monkeypatch):
    def broken(case):
        return [][0]

    (folder / "it.py").write_text(CLEAN + "try: loss.backward()\nexcept RuntimeError: pass\n")
    monkeypatch.setattr(catalogue, "RULES", (catalogue.Rule("GV999", "broken", broken), *catalogue.RULES))
    result = gradviz("check", "it.py")
    assert result.code == 3
    assert "GV101  second backward" in result.out
    assert (
        result.err == "gradviz: rule GV999 itself failed, and the others went on: IndexError: list index out of range\n"
    )


def test_our_own_failure_is_one_line(gradviz, folder, monkeypatch):
    def broken(*given):
        raise ZeroDivisionError("no")

    (folder / "it.py").write_text(CLEAN)
    monkeypatch.setattr(catalogue, "examined", broken)
    result = gradviz("check", "it.py")
    assert (result.code, result.out, result.err) == (3, "", "gradviz: gradviz itself failed: ZeroDivisionError: no\n")


def test_trace_explains_the_error_under_the_traceback(check, tmp_path):
    done = check("--no-diagram", "twice.py", command="trace")
    plain = subprocess.run([sys.executable, "twice.py"], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
                           capture_output=True, text=True)  # fmt: skip
    assert done.returncode == plain.returncode == 1
    assert done.stderr.startswith(plain.stderr)
    finding = done.stderr.removeprefix(plain.stderr).splitlines()
    assert finding[:5] == [
        "",
        "GV101  second backward  twice.py:5",
        "  3  saved   loss = w * w",
        "  4  freed   loss.backward()",
        "  5  failed  loss.backward()",
    ]
    assert "GV101" not in done.stdout


def test_trace_says_nothing_of_other_errors(check, tmp_path):
    (tmp_path / "it.py").write_text(CLEAN + "try: loss.backward()\nexcept RuntimeError: pass\n{}['key']\n")
    assert "GV101" not in check("--no-diagram", "it.py", command="trace").stderr
