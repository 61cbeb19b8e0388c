"""What --verify found wrong is marked on the cards of a picture, from the step on at which it was handed on."""

from xml.etree import ElementTree

import pytest

from gradviz.trace.events import Kind
from gradviz.trace.graph import graphs
from gradviz.views.diagram import dot_text, render
from gradviz.views.diagram.groups import Fold
from tests.trace.build import Builder

TOLD = {
    "verdict": "differs", "why": "", "given": 2.0, "numeric": 4.0, "place": [1, 0], "ratio": 2.0, "input": "x",
    "function": "Square",
}  # fmt: skip
ODD = 'x<b>&"\\N\x1b[31m'
LEGEND = "≠ gradient that central differences deny"


def trace_of(folder, *told):
    build = Builder(folder / "t.gradviz")
    x = build.leaf("x", 2.0)
    y = build.op("Square", [x], 4.0, grad_fn="SquareBackward")
    z = build.op("exp", [y], 50.0, grad_fn="ExpBackward0")
    build.backward(z)
    for each in told:
        build.row(Kind.VERIFIED, node=y.node, a=1, b=0, origin=build.origin(9), ref=build.journal.text(each))
    return build.load()


def picture(trace, **options):
    return dot_text(trace, graphs(trace)[0], trace.lives, **options)


def test_a_wrong_gradient_is_on_its_card_during_and_after_backward(tmp_path):
    dot = picture(trace_of(tmp_path, TOLD))
    assert dot.count("<B>≠ x[1, 0]: gave 2, slope 4</B>") == 2
    assert dot.count("x[1, 0]: Square.backward gave 2, central differences 4 (always ×2)") == 2
    assert dot.count(LEGEND) == 1


@pytest.mark.parametrize(("when", "times"), [("forward", 0), ("backward", 1), ("freed", 1)])
def test_each_panel_alone(when, times, tmp_path):
    dot = picture(trace_of(tmp_path, TOLD), when=when)
    assert dot.count("<B>≠ x") == times == dot.count(LEGEND)


def test_a_moment_shows_it_from_its_step_on(tmp_path):
    trace = trace_of(tmp_path, TOLD)
    first, second = trace.of(Kind.STEP).tolist()[:2]  # of exp, and of Square
    assert "≠" not in picture(trace, when=f"step={first}")
    assert picture(trace, when=f"step={second}").count("<B>≠ x") == 1


def test_several_are_counted(tmp_path):
    dot = picture(trace_of(tmp_path, TOLD, TOLD | {"input": "y", "place": None}), when="freed")
    assert dot.count("<B>≠ 2 wrong gradients</B>") == 1
    assert "y, along a direction: Square.backward gave 2" in dot


def test_a_box_counts_what_is_in_it(tmp_path):
    dot = picture(trace_of(tmp_path, TOLD, TOLD), when="freed", fold=Fold(depth=1))
    assert dot.count("≠ 2 wrong gradients") == 1


def test_names_are_harmless(tmp_path):
    trace = trace_of(tmp_path, TOLD | {"input": ODD, "function": ODD})
    drawn = render(picture(trace), "svg").decode()
    ElementTree.fromstring(drawn)
    assert "x<b>" not in drawn and drawn.count("x&lt;b&gt;") >= 4 and "\x1b" not in drawn


@pytest.mark.parametrize("told", [(), (TOLD | {"verdict": "agrees"},), (TOLD | {"verdict": "unknown", "why": "so"},)])
def test_nothing_else_is_marked(told, tmp_path):
    assert "≠" not in picture(trace_of(tmp_path, *told))
