"""The engine's table of mistakes: an error of autograd is explained, and no other is taken for one."""

import warnings

import pytest

import gradviz
from gradviz.check.catalogue import RULES, examined
from gradviz.record.recorder import Recorder
from gradviz.trace.store import load
from tests.engine.mistakes import MISTAKES
from tests.trace.build import HEADER

EXPLAINING = [rule for rule in RULES if rule.explains]
# read through the node itself, so that no backward call failed
READ = ("saved tensor read after backward", "what was saved of itself, asked")


def found(mistake, path):
    """The error's text, and the codes of what is found."""
    text = ""
    with Recorder(path, HEADER), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            mistake(gradviz)
        except Exception as error:
            text = str(error)
    examination = examined(load(path), EXPLAINING)
    assert examination.broken == []
    return text, [each.code for each in examination.findings]


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake(name, tmp_path):
    text, codes = found(MISTAKES[name], tmp_path / "it.gradviz")
    assert codes == [rule.code for rule in EXPLAINING if rule.explains in text and name not in READ]
