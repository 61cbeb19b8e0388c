"""No rule cries wolf: over all samples and the engine's own scripts, exactly what tests/check/expected.py lists."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradviz.check import RULES
from tests.check.expected import EXPECTED, EXPECTED_OF_SCRIPTS
from tests.engine.scripts import SCRIPTS

ROOT = Path(__file__).parents[2]
SAMPLES = {
    path.relative_to(ROOT / "samples").with_suffix("").as_posix(): path
    for path in sorted((ROOT / "samples").rglob("*.py"))
}
NAMES = "import gradviz as torch\nnn, F = torch.nn, torch.nn.functional\n"
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}


def found(script, folder):
    """The findings in a script, as the table has them."""
    command = [sys.executable, "-m", "gradviz", "check", "--json", str(script)]
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    facts = json.loads(done.stdout)
    assert facts["broken"] == []
    assert done.returncode == bool(facts["findings"]), done.stderr
    return [
        f"{each['code']} {each['places'][-1]['line']}" + (f" ×{each['count']}" if each["count"] > 1 else "")
        for each in facts["findings"]
    ]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample(name, tmp_path):
    assert found(SAMPLES[name], tmp_path) == EXPECTED.get(name, [])


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_of_the_engines(name, tmp_path):
    (tmp_path / "it.py").write_text(NAMES + SCRIPTS[name])
    assert found("it.py", tmp_path) == EXPECTED_OF_SCRIPTS.get(name, [])


def test_the_table_knows_its_samples():
    assert set(EXPECTED) <= set(SAMPLES)
    assert set(EXPECTED_OF_SCRIPTS) <= set(SCRIPTS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_each_rule_has_a_sample_that_fires_it_and_one_that_nearly_does(rule):
    mine = [name for name in SAMPLES if name.startswith(f"rules/{rule.code.lower()}_")]
    firing = [name for name in mine if any(each.startswith(rule.code) for each in EXPECTED.get(name, []))]
    silent = [name for name in mine if name.endswith("near_miss")]
    assert firing and silent
    assert not [each for name in silent for each in EXPECTED.get(name, []) if each.startswith(rule.code)]
