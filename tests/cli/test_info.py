"""gradviz info: what a trace is, how its run ended, what is missing."""

import json

import pytest

SCRIPT = """\
import sys
import gradviz as torch
w = torch.tensor(2.0, requires_grad=True)
loss = w * w
loss.backward()
"""


@pytest.fixture
def traced(gradviz, folder):
    """traced("more lines") runs SCRIPT with them at its end; the trace is it.gradviz."""

    def run(more="", *arguments):
        (folder / "it.py").write_text(SCRIPT + more)
        return gradviz("trace", "--no-diagram", "it.py", *arguments)

    return run


def test_finished(gradviz, traced):
    traced("", "--rate", "a b")
    told = gradviz("info")
    assert (told.code, told.err) == (0, "")
    assert "it.gradviz" in told.out
    assert "it.py --rate 'a b'" in told.out
    assert "finished, exit code 0" in told.out
    assert "graphs   1" in told.out
    assert "1  backward calls" in told.out


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("raise KeyError(3)", "raised: KeyError: 3 at it.py:6: raise KeyError(3), exit code 1"),
        ("sys.exit(4)", "finished by sys.exit, exit code 4"),
        ("raise KeyboardInterrupt", "interrupted: KeyboardInterrupt at it.py:6"),
    ],
)
def test_other_ends(gradviz, traced, more, told):
    traced(more)
    assert told in gradviz("info").out


def test_json_is_typed(gradviz, traced):
    traced("raise KeyError(3)")
    facts = json.loads(gradviz("info", "it.gradviz", "--json").out)
    assert facts["schema_version"] == 1
    assert (facts["mode"], facts["script"], facts["argv"]) == ("script", "it.py", [])
    assert facts["ended"]["at"] == {"file": "it.py", "line": 6, "text": "raise KeyError(3)"}
    assert facts["events"]["backward calls"] == 1
    assert facts["damaged"] is None


@pytest.mark.parametrize("part", [0.5, 0.75, 0.95, 0.999])
def test_cut_short_file_is_told_in_one_line(gradviz, traced, folder, part):
    traced()
    whole = (folder / "it.gradviz").read_bytes()
    (folder / "it.gradviz").write_bytes(whole[: int(len(whole) * part)])
    told = gradviz("info")
    assert told.code == 0
    assert "damaged" in told.out
    assert "cut short" in told.out
    for command in ("table", "render"):
        told = gradviz(command)
        assert told.err.count("\n") == 1
        assert (told.code == 2 and "damaged" in told.err) or (told.code == 0 and "cut short" in told.err)


def test_hostile_names_cannot_steer_the_terminal(gradviz, traced):
    traced("", "\x1b[31mred", "[bold]")
    told = gradviz("info").out
    assert "\x1b" not in told
    assert "[bold]" in told
