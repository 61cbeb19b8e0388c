"""The bytes that a trace tells are those that tracemalloc sees NumPy allocate, within 1 %."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLES = ["02", "04", "08", "10", "13", "14", "15", "17", "18", "21", "24"]
LITTLE = 16  # bytes: results without dimensions are numbers in one place and small arrays in another


@pytest.mark.parametrize("start", SAMPLES)
def test_totals_agree_with_tracemalloc(start, tmp_path):
    (sample,) = ROOT.glob(f"samples/{start}_*.py")
    command = [sys.executable, "-m", "tests.record.allocations", str(sample), str(tmp_path / "t.gradviz")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    asked = json.loads(done.stdout)
    peak = [max(column) for column in list(zip(*asked, strict=True))[1:]]
    resting = [pair for why, *pair in asked if why != "event"]  # in the middle of backward, an op's own arrays live
    assert resting
    for allocated, told in [peak, *resting]:
        assert abs(allocated - told) <= max(0.01 * allocated, LITTLE), (allocated, told)
