"""Traces a script for real, its own Functions verified, and asks one rule what it finds."""

import contextlib
import io
from textwrap import dedent
from typing import NamedTuple

from gradviz.check.case import Case
from gradviz.check.catalogue import RULES
from gradviz.record.script import run, script
from gradviz.record.verify import Verifier
from gradviz.trace.store import load

HEADER = {"format": 1, "gradviz": "test", "script": "it.py", "argv": [], "mode": "script"}
NAMES = "import gradviz as torch; nn, F = torch.nn, torch.nn.functional"  # one line: a script's own begin at 2


class Told(NamedTuple):
    """A finding with its lines: places as (role, line of the script)."""

    cause: str
    fix: str
    places: list[tuple[str, int]]


def traced(source, folder, values="preview", ops=False):
    """The trace of a script, written to the folder as it.py."""
    path = folder / "it.py"
    path.write_text(f"{NAMES}\n{dedent(source).strip()}\n")
    silent = io.StringIO()
    with Verifier(folder / "it.gradviz", HEADER, ops=ops, values=values) as recorder:
        with contextlib.redirect_stdout(silent), contextlib.redirect_stderr(silent):
            outcome = run(script(str(path)))
        recorder.finish(outcome)
        recorder.verify()
    return load(folder / "it.gradviz")


def told(code, trace):
    """What one rule finds in a trace."""
    (rule,) = (each for each in RULES if each.code == code)
    return [
        Told(each.cause, each.fix, [(place.role, trace.origin(place.origin).line) for place in each.places])
        for each in sorted(rule.found(Case(trace)), key=lambda each: each.step)
    ]


def found(code, source, folder, values="preview"):
    """What one rule finds in a script."""
    return told(code, traced(source, folder, values))
