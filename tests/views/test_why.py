"""The words of `gradviz why`, of hand-made traces."""

import numpy as np
import pytest

from gradviz.trace.events import Kind
from gradviz.trace.holding import Alive, holdings
from gradviz.views import why
from tests.trace.build import Builder


@pytest.fixture
def build(tmp_path):
    return Builder(tmp_path / "t.gradviz")


def told(build, name=None):
    trace = build.load()
    found, alive = holdings(trace), Alive(trace)
    what = why.asked(trace, alive, found, name) if name else None
    return why.lines(why.facts(trace, alive, found, what), 80)


def chain_of(build, length):
    result = build.leaf("w", np.zeros(2), line=1)
    for _ in range(length):
        result = build.op("exp", [result], np.zeros(2), line=2, text="y.exp()")
    return result


def test_a_long_chain_shows_its_ends(build):
    build.hold("y", chain_of(build, 20))
    lines = told(build, "y")
    assert "  → … 13 more nodes" in lines
    assert sum(line.startswith("  → #") for line in lines) == 8


def test_a_node_that_nothing_found_leads_to(build):
    chain_of(build, 1)
    (line, _) = told(build, "2")
    assert line.startswith("#2 ExpBackward0 (line 2) is alive, but no variable that was found leads to it")
    assert "1 node alive that no variable leads to: hooks or other threads may" in told(build)


def test_what_was_cut_is_said(build):
    build.hold("y", chain_of(build, 1))
    ended = {"how": "finished", "error": "", "exit_code": 0, "origin": 0, "not_looked_at": 5}
    build.row(Kind.ENDED, ref=build.journal.text(ended))
    build.close()
    assert told(build)[-1] == "5 objects or more were too many to look for holders in them"


def test_many_holders_are_listed_up_to_a_number(build):
    for at in range(30):
        build.hold(f"y{at}", chain_of(build, 1 + at))
    lines = told(build)
    assert lines[2].split()[:3] == ["y29", "30", "nodes"]
    assert "  … 10 more (--json lists all)" in lines
    assert len(lines) == 23
