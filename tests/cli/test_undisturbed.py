"""Whatever a script does to its surroundings, its exit code stays its own and the table still comes."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORK = """\
import os, sys, tempfile
import gradviz as torch
w = torch.tensor([1.0, 2.0], requires_grad=True)
loss = (w * w).sum()
loss.backward()
"""


@pytest.fixture
def traced(folder):
    """(lines that the script ends with, environment) -> the finished process of `gradviz trace work.py`."""

    def run(end, **environment):
        (folder / "work.py").write_text(WORK + end)
        command = [sys.executable, "-m", "gradviz", "trace", "work.py"]
        settings = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "80", "NO_COLOR": "1"} | environment
        return subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, timeout=60)

    return run


@pytest.mark.parametrize("then", ["", "os.rmdir(os.getcwd())\n"])
def test_a_script_that_goes_to_another_folder(traced, folder, then):
    done = traced("os.chdir(tempfile.mkdtemp())\n" + then)
    assert (done.returncode, done.stderr) == (0, "")
    assert "MulBackward0" in done.stdout
    assert (folder / "work.gradviz").exists() and (folder / "work.svg").exists()


def test_a_script_that_deletes_its_own_trace(traced):
    done = traced("os.remove('work.gradviz')\n")
    assert done.returncode == 0
    assert done.stderr.startswith("gradviz: can't open the trace") and done.stderr.count("\n") == 1


def test_a_script_that_closes_stdout(traced, folder):
    done = traced("sys.stdout.close()\n")
    assert done.returncode == 0
    assert done.stderr.startswith("gradviz: stdout is closed: see the table with") and done.stderr.count("\n") == 1
    assert (folder / "work.gradviz").exists()


def test_a_screen_without_unicode(traced):
    done = traced("", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "still alive at the end" in done.stdout


def test_warnings_as_errors_are_the_scripts_alone(traced):
    done = traced("", PYTHONWARNINGS="error")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("code, shown", [("3", 3), ("2**70", 255), ("-1", 255), ("None", 0)])
def test_exit_codes(traced, code, shown):
    assert traced(f"sys.exit({code})\n").returncode == shown


def test_the_exit_code_outlives_a_reader_who_has_seen_enough(folder):
    (folder / "work.py").write_text(WORK + "for _ in range(300): (w * w).sum().backward()\nsys.exit(3)\n")
    line = shlex.join([sys.executable, "-m", "gradviz", "trace", "--no-diagram", "--graph", "all", "work.py"])
    command = f"({line}; echo $? >code) | head -n 1"
    done = subprocess.run(
        command, shell=True, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert ((folder / "code").read_text(), done.stderr) == ("3\n", "")


def test_the_failing_line_is_the_scripts_where_an_op_raised(traced):
    done = traced("\nwrong = torch.ones(3) + w\n")
    assert done.returncode == 1
    assert "✗ line 7: RuntimeError: The size of tensor a (3)" in done.stdout


def test_the_interrupted_line_is_named(traced):
    done = traced("raise KeyboardInterrupt\n")
    assert done.returncode == 130
    assert "✗ line 6: interrupted: this is the trace so far" in done.stdout


@pytest.mark.parametrize("name, told", [("me.gradviz", "is no trace"), ("me.svg", "would replace the script")])
def test_a_script_is_never_replaced_by_what_is_written(gradviz, folder, name, told):
    (folder / name).write_text(WORK)
    result = gradviz("trace", name)
    assert result.code == 2 and told in result.err and result.err.count("\n") == 1
    assert (folder / name).read_text() == WORK


def test_a_trace_is_never_replaced_by_its_picture(gradviz, folder):
    (folder / "work.py").write_text(WORK)
    gradviz("trace", "--no-diagram", "work.py")
    before = (folder / "work.gradviz").read_bytes()
    result = gradviz("render", "--format", "svg", "-o", "work.gradviz")
    assert result.code == 2 and "would replace the trace" in result.err
    assert (folder / "work.gradviz").read_bytes() == before


def test_a_name_that_the_file_system_refuses(gradviz, folder):
    (folder / ("s" * 251 + ".py")).write_text(WORK)
    result = gradviz("trace", "s" * 251 + ".py")
    assert result.code == 2 and result.err.count("\n") == 1 and "too long" in result.err
