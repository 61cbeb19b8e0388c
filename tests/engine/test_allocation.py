"""Large blocks are kept for the next array, unless the environment says otherwise."""

import subprocess
import sys

import pytest

from gradviz.engine import allocation

FAULTS = """\
import resource
{imported}
import numpy as np
for _ in range(5):
    step = [np.ones(1_000_000) for _ in range(6)]
    step.clear()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


def faults(imported, **environment):
    """Page faults of a process that makes and frees 6 arrays of 8 MB, five times."""
    run = [sys.executable, "-c", FAULTS.format(imported=imported)]
    clean = {"PATH": "", "PYTHONPATH": ":".join(sys.path), "NUMPY_MADVISE_HUGEPAGE": "0"}
    return int(subprocess.run(run, env=clean | environment, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(not allocation.keep_large_blocks(), reason="the C library here is not glibc, or is told what to do")
def test_a_block_that_was_freed_is_used_again():
    kept, left_alone = faults("import gradviz"), faults("import gradviz", GRADVIZ_KEEP_BLOCKS="0")
    assert kept < left_alone - 10_000  # of 4 KiB: the arrays of one time have 11,700


@pytest.mark.parametrize("name, value", [("GRADVIZ_KEEP_BLOCKS", "0"), *((each, "1") for each in allocation._SETTINGS)])
def test_the_environment_can_say_no(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert not allocation.keep_large_blocks()


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not allocation.keep_large_blocks()
