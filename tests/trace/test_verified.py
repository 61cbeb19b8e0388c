"""What --verify wrote is read back, and a damaged row is refused."""

import pytest

from gradviz.errors import BadTrace
from gradviz.trace.events import Kind
from gradviz.trace.verified import by_node, verified
from tests.trace.build import Builder

TOLD = {
    "verdict": "differs", "why": "", "given": 2.0, "numeric": 4, "place": [1, 0], "ratio": 2.0, "input": "x",
    "function": "Square",
}  # fmt: skip


def trace_of(folder, told):
    build = Builder(folder / "t.gradviz")
    x = build.leaf("x", 2.0)
    y = build.op("Square", [x], 4.0, grad_fn="SquareBackward")
    build.backward(y)
    build.row(Kind.VERIFIED, node=y.node, a=1, b=0, origin=build.origin(9), ref=build.journal.text(told))
    return build.load()


def test_a_gradient(tmp_path):
    trace = trace_of(tmp_path, TOLD)
    (found,) = verified(trace)
    assert found[1:4] == (trace.forwards.node[1], 1, 0)
    assert (found.verdict, found.given, found.numeric, found.place, found.ratio) == ("differs", 2.0, 4.0, (1, 0), 2.0)
    assert (found.input, found.function, trace.origin(found.origin).line) == ("x", "Square", 9)
    assert by_node(trace) == {found.node: [found]}


def test_none_without_verify(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    build.leaf("x", 1.0)
    assert verified(build.load()) == []


DAMAGE = [{"verdict": "fine"}, {"given": "2"}, {"numeric": None}, {"place": 3}, {"place": ["a"]}, {"why": 3}]


@pytest.mark.parametrize("damage", DAMAGE, ids=str)
def test_a_damaged_row(damage, tmp_path):
    with pytest.raises(BadTrace, match="this trace is damaged: row [0-9]+ tells of a gradient what can't be"):
        verified(trace_of(tmp_path, TOLD | damage))


def test_a_row_that_is_no_object(tmp_path):
    with pytest.raises(BadTrace):
        verified(trace_of(tmp_path, [1, 2]))
