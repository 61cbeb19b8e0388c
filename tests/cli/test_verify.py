"""gradviz trace --verify: the marked row, the numbers under the table, the summary, JSON; table shows them again."""

import json
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULES = ROOT / "samples" / "rules"
SNAPSHOT = Path(__file__).parent / "snapshots" / "verify_gv113_wrong_factor.txt"
UPDATE = "GRADVIZ_UPDATE_SNAPSHOTS"
MARKED = "≠3 x[2]: Square.backward gave 2, central differences 4 (always ×2)"
RAISES = """\
import gradviz as torch
x = torch.ones(2, requires_grad=True)
(x * x).sum().backward()
raise ValueError("no")
"""


def without_the_end(text):
    return text.partition("\nwrote ")[0] + "\n"


def test_a_wrong_function_looks_as_its_snapshot_does(gradviz, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    told = gradviz("trace", "--verify", "--no-diagram", RULES / "gv113_wrong_factor.py")
    assert (told.code, told.err) == (0, "")
    text = without_the_end("\n".join(line.rstrip() for line in told.out.split("\n")))
    if os.environ.get(UPDATE) == "1":
        SNAPSHOT.write_text(text, encoding="utf-8")
    assert text == SNAPSHOT.read_text(encoding="utf-8"), f"{UPDATE}=1 writes it anew"
    assert MARKED in text


def test_table_explain_and_json_show_it_from_the_trace(gradviz):
    gradviz("trace", "--verify", "--no-diagram", RULES / "gv113_wrong_factor.py")
    table = gradviz("table")
    assert MARKED in table.out
    assert "2 gradients beside central differences: 1 right, 1 wrong" in table.out
    told = json.loads(gradviz("table", "--json").out)
    row = next(row for row in told["graphs"][0]["rows"] if row["grad_fn"] == "SquareBackward")
    (found,) = row["verified"]
    assert (found["input"], found["verdict"], found["element"], found["given"]) == ("x", "differs", [2], 2.0)
    assert found["numeric"] == pytest.approx(4.0)
    assert told["summary"]["verified"] == {"agrees": 1, "differs": 1, "deliberate": 0, "unknown": 0, "why": {}}
    explained = " ".join(gradviz("explain", "SquareBackward").out.split())
    assert "≠ wrong x[2]: Square.backward gave 2, central differences 4 (always ×2)" in explained


def test_what_is_meant_is_not_marked_and_said(gradviz):
    told = gradviz("trace", "--verify", "--no-diagram", RULES / "gv113_near_miss.py")
    assert "≠" not in told.out
    assert "gradients beside central differences: 9 right\n" in told.out
    assert "\n  not judged: 1, since forward is constant in steps: backward is a stand-in\n" in told.out


def test_without_it_nothing_is_said(gradviz):
    told = gradviz("trace", "--no-diagram", RULES / "gv113_wrong_factor.py")
    assert "≠" not in told.out and "central" not in told.out
    assert json.loads(gradviz("table", "--json").out)["summary"]["verified"] is None


def test_a_script_that_raises_is_verified_up_to_there(gradviz, folder):
    (folder / "it.py").write_text(RAISES)
    told = gradviz("trace", "--verify", "--no-diagram", "it.py")
    assert told.code == 1
    assert "gradients beside central differences: 3 right" in told.out


def test_a_slip_of_ours_costs_the_checks_alone(gradviz, folder, monkeypatch):
    from gradviz.record.verify import Verifier

    def fail(self):
        raise RuntimeError("a slip")

    monkeypatch.setattr(Verifier, "verify", fail)
    told = gradviz("trace", "--verify", "--no-diagram", RULES / "gv113_wrong_factor.py")
    assert told.code == 0
    assert told.err == "gradviz: not all gradients were checked: RuntimeError: a slip\n"
    assert "SquareBackward" in told.out


def test_with_an_expression(gradviz):
    told = gradviz("trace", "--verify", "--no-diagram", "-e", "(w * x).exp().sum()", "-v", "w=0.5", "-c", "x=[1,2]")
    assert "gradients beside central differences: 3 right" in told.out
