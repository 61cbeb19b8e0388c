"""Runs short scripts with the recorder on, and asks the rules."""

import pytest

from gradviz.check import checked
from gradviz.check.catalogue import Examined
from gradviz.check.report import facts
from gradviz.cli.trace import program_of, record
from gradviz.trace.store import load

START = """\
import gradviz as torch
F = torch.nn.functional
w = torch.tensor([2.0, 3.0, 1.0], requires_grad=True)
x = torch.tensor([1.0, 2.0, 1.5])
def attempt(loss, **more):
    try:
        loss.backward(**more)
    except RuntimeError:
        pass
"""


@pytest.fixture
def traced(tmp_path, monkeypatch):
    """traced("loss = …") -> the trace of these lines after START, of which the first is line 10."""
    monkeypatch.chdir(tmp_path)

    def run(lines):
        (tmp_path / "it.py").write_text(START + lines)
        record(program_of(["it.py"], None, None, [], []), tmp_path / "it.gradviz", "cpu", "preview")
        return load(tmp_path / "it.gradviz")

    return run


@pytest.fixture
def findings(traced, capfd):
    """findings("loss = …") -> what all rules find there, as gradviz check --json tells it."""

    def found(lines, code=""):
        trace = traced(lines)
        told = facts(trace, Examined(checked(trace), []))["findings"]
        return [each for each in told if each["code"].startswith(code)]

    return found


def lines_of(finding):
    """{role: line}; the last of several with one role."""
    return {place["role"]: place["line"] for place in finding["places"]}
