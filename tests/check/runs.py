"""Traces a script for real, and asks one rule what it finds."""

from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import pytest

from gradviz.check.case import Case
from gradviz.check.catalogue import RULES
from gradviz.record.recorder import Recorder
from gradviz.record.script import run, script
from gradviz.trace.store import load

HEADER = {"format": 1, "gradviz": "test", "script": "it.py", "argv": [], "mode": "script"}
SAMPLES = Path(__file__).parents[2] / "samples" / "rules"


class Told(NamedTuple):
    """A finding with its lines: places as (role, line of the script)."""

    cause: str
    fix: str
    places: list[tuple[str, int]]


@pytest.fixture
def ran(tmp_path, monkeypatch, capsys):
    """ran(source) runs it as `it.py` in a folder of its own -> its Trace."""
    monkeypatch.chdir(tmp_path)

    def of(source, values="preview"):
        (tmp_path / "it.py").write_text(dedent(source))
        with Recorder(tmp_path / "it.gradviz", HEADER, values=values) as recorder:
            recorder.finish(run(script("it.py")))
        capsys.readouterr()
        return load(tmp_path / "it.gradviz")

    return of


@pytest.fixture
def found(ran):
    """found("GV111", source) -> what the rule finds, a Told each."""

    def of(code, source, values="preview"):
        trace = ran(source, values)
        (rule,) = (each for each in RULES if each.code == code)
        return [
            Told(each.cause, each.fix, [(place.role, trace.origin(place.origin).line) for place in each.places])
            for each in sorted(rule.found(Case(trace)), key=lambda each: each.step)
        ]

    return of


@pytest.fixture
def sample(found):
    """sample("GV111", "gv111_near_miss") -> what the rule finds in a sample."""
    return lambda code, name: found(code, (SAMPLES / f"{name}.py").read_text())
