"""No rule about training cries wolf over programs that train as they should; spoilt, they are told from that."""

import re

import pytest

from gradviz.check.case import Case
from gradviz.check.catalogue import RULES
from tests.check.programs import PROGRAMS, START

pytest_plugins = "tests.check.runs"
TRAINING = ("GV105", "GV106", "GV107", "GV111", "GV112")


def codes(trace):
    """The rules about training that find something."""
    case = Case(trace)
    return [rule.code for rule in RULES if rule.code in TRAINING and any(True for _ in rule.found(case))]


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_is_found(ran, name):
    assert codes(ran(START + PROGRAMS[name])) == []


SPOILT = [name for name, program in PROGRAMS.items() if program.count("zero_grad()") == 1 and "range(3)" in program]


@pytest.mark.parametrize("name", SPOILT)
def test_without_its_zero_grad(ran, name):
    assert "GV111" in codes(ran(START + re.sub(r"\w+\.zero_grad\(\)", "pass", PROGRAMS[name])))


@pytest.mark.parametrize("name", SPOILT)
def test_with_a_list_of_its_losses(ran, name):
    lines = re.sub(r"^( *)loss\.backward\(\)", r"\g<0>\n\1kept.append(loss)", PROGRAMS[name], flags=re.M)
    expected = ["GV106"] if lines != PROGRAMS[name] else []
    assert codes(ran(START + "kept = []\n" + lines)) == expected


@pytest.mark.parametrize("name", SPOILT)
def test_with_a_graph_retained_for_nothing(ran, name):
    lines = PROGRAMS[name].replace(".backward()", ".backward(retain_graph=True)")
    assert codes(ran(START + lines)) == (["GV107"] if lines != PROGRAMS[name] else [])
