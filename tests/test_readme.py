"""The README tells the truth: its commands run, print what it says, and its picture is today's picture."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gradviz.cli.app import command

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()
SHOWN = re.findall(r"```console\n\$ (.*)\n((?:.*\n)*?)```", TEXT)
SCREEN = {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}


def gradviz(*arguments, cwd):
    line = [sys.executable, "-m", "gradviz", *arguments]
    done = subprocess.run(line, cwd=cwd, env=os.environ | SCREEN, capture_output=True, text=True)
    assert done.returncode == (arguments[0] == "check"), done.stderr  # the README checks what is wrong
    return done.stdout


@pytest.mark.parametrize("line, printed", SHOWN, ids=[line for line, _ in SHOWN])
def test_a_command_prints_what_the_readme_shows(line, printed, tmp_path):
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    _, *arguments = shlex.split(line)
    if arguments[0] not in ("trace", "check"):  # it tells of the trace that the example before it made
        before = [shown for shown, _ in SHOWN[: SHOWN.index((line, printed))]][-1]
        gradviz(*shlex.split(before)[1:], cwd=tmp_path)
    assert gradviz(*arguments, cwd=tmp_path).startswith(printed)


def test_something_is_shown():
    assert len(SHOWN) >= 2


def test_every_command_and_option_of_the_table_is_there():
    commands = command().commands
    assert {name for name in re.findall(r"`gradviz (\w+)", TEXT)} == set(commands)
    for name, options in re.findall(r"\| `gradviz (\w+).*?\| (.*) \|", TEXT):
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert set(re.findall(r"`(--[\w-]+)", options)) <= known


def test_the_picture_says_what_it_says_today(tmp_path):
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    gradviz("trace", "samples/02_linear_regression_by_hand.py", cwd=tmp_path)
    drawn = tmp_path / "02_linear_regression_by_hand.svg"
    assert words(ROOT / "docs" / "linear_regression.svg") == words(drawn)


def words(svg):
    return [text.text for text in ElementTree.parse(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (ROOT / target).exists(), target
