"""Each rule has a page, and what a page shows is what the command prints."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gradviz.check import RULES
from gradviz.check.report import page

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "rules").glob("*.md"))
SHOWN = [
    pytest.param(*found, id=path.stem)
    for path in PAGES
    for found in re.findall(r"```console\n\$ gradviz (.*)\n((?:.*\n)*?)```", path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_has_its_page(rule):
    text = (ROOT / page(rule.code)).read_text(encoding="utf-8")
    assert text.startswith(f"# {rule.code}: {rule.title}\n")
    for heading in ("Cause", "Example", "Fix"):
        assert f"\n## {heading}\n" in text
    assert max(map(len, text.splitlines())) <= 120


def test_a_page_has_its_rule():
    assert [path.stem for path in PAGES] == sorted(rule.code for rule in RULES)


@pytest.mark.parametrize("line, printed", SHOWN)
def test_a_page_shows_what_the_command_prints(line, printed):
    command = [sys.executable, "-m", "gradviz", *shlex.split(line)]
    screen = {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, cwd=ROOT, env=os.environ | screen, capture_output=True, text=True, encoding="utf-8")
    assert printed in done.stdout
