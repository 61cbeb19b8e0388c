"""The layout: where cards and arrows go, and the ways to a Graphviz that can do it."""

import importlib.util
import shlex
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradviz.errors import BadInput
from gradviz.trace.graph import graphs
from gradviz.views.diagram import bundled, dot_text, render
from gradviz.views.diagram.cards import Card, Line, card_size, label_size, text_width
from gradviz.views.diagram.layout import arrange, graphviz
from tests.trace.build import linear_regression

CARDS = {1: (60.0, 40.0), 2: (90.0, 40.0), 3: (120.0, 80.0), 4: (70.0, 30.0)}
ARROWS = [(1, 3, 0.0, 0.0), (2, 3, 50.0, 16.0), (3, 4, 0.0, 0.0), (2, 3, 80.0, 16.0)]
SQUARE = 'digraph { a [shape=box, pos="50,50", width=1, height=1, label=<<B>x</B>>] }'


def around(layout, number, slack=0.0):
    (x, y), (width, height) = layout.centres[number], layout.sizes[number]
    return x - width / 2 - slack, y - height / 2 - slack, x + width / 2 + slack, y + height / 2 + slack


def touches(layout, number, point):
    """Whether a point is on the outline of a card, to a point's precision."""
    left, bottom, right, top = around(layout, number, 1.5)
    inner = around(layout, number, -1.5)
    x, y = point
    outside = x < inner[0] or y < inner[1] or x > inner[2] or y > inner[3]
    return left <= x <= right and bottom <= y <= top and outside


def assert_good(layout, cards, arrows):
    assert layout.sizes == cards
    assert layout.centres.keys() == cards.keys()
    for number in cards:
        left, bottom, right, top = around(layout, number)
        assert -1 <= left and -1 <= bottom and right <= layout.width + 1 and top <= layout.height + 1
        for other in cards.keys() - {number}:
            box = around(layout, other)
            assert left >= box[2] or right <= box[0] or bottom >= box[3] or top <= box[1]
    for path, (tail, head, width, _) in zip(layout.paths, arrows, strict=True):
        assert len(path.points) % 3 == 1
        assert touches(layout, tail, path.tail_tip)
        assert touches(layout, head, path.head_tip)
        assert (path.label is not None) == bool(width)


# -- places -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("direction", "axis", "sign"), [("TB", 1, -1), ("BT", 1, 1), ("LR", 0, 1), ("RL", 0, -1)])
def test_arrows_go_from_card_to_card_in_the_direction_asked_for(direction, axis, sign):
    layout = arrange(CARDS, ARROWS, direction, 30)
    assert_good(layout, CARDS, ARROWS)
    for tail, head, *_ in ARROWS:
        assert (layout.centres[head][axis] - layout.centres[tail][axis]) * sign > 0


def test_two_arrows_between_the_same_cards_take_two_ways():
    layout = arrange(CARDS, ARROWS, "TB", 30)
    assert layout.paths[1] != layout.paths[3]
    assert layout.paths[1].label != layout.paths[3].label


@st.composite
def graphs_of_boxes(draw):
    count = draw(st.integers(1, 9))
    sides = st.integers(20, 240).map(float)
    cards = {number: (draw(sides), draw(sides)) for number in range(1, count + 1)}
    pairs = st.tuples(st.integers(1, count), st.integers(1, count)).filter(lambda pair: pair[0] != pair[1])
    ends = draw(st.lists(pairs.map(sorted), max_size=14)) if count > 1 else []
    widths = st.sampled_from([0.0, 40.0, 120.0])
    return cards, [(tail, head, width, 16.0 if width else 0.0) for tail, head in ends for width in [draw(widths)]]


@settings(max_examples=12)
@given(graphs_of_boxes())
def test_no_card_covers_another_and_every_arrow_touches_its_ends(boxes):
    assert_good(arrange(*boxes, "TB", 30), *boxes)


def test_the_same_sizes_give_the_same_layout():
    assert arrange(CARDS, ARROWS, "TB", 30) == arrange(CARDS, ARROWS, "TB", 30)


# -- room for text ------------------------------------------------------------------------------------


@given(st.text(max_size=30), st.text(max_size=30), st.floats(6, 20))
def test_more_text_takes_no_less_room_and_bold_text_more(one, other, size):
    assert text_width(one + other, size) >= text_width(one, size) >= 0
    assert text_width(one + "m", size, bold=True) > text_width(one + "m", size)


def test_marks_take_no_room_and_wide_letters_take_two():
    assert text_width("e\u0301", 10) == text_width("e", 10)
    assert text_width("损", 10) > 1.4 * text_width("s", 10)


def test_a_card_has_room_for_each_of_its_lines_and_its_corner():
    lines = (Line("name"), Line("a longer line of text", 13.0))
    width, height = card_size(Card("leaf", lines))
    assert width > text_width("a longer line of text", 13.0)
    assert height > 2 * 10 + 13
    assert card_size(Card("leaf", lines[::-1], "#1,000"))[0] > width
    assert card_size(Card("leaf", (*lines, Line("more"))))[1] > height
    assert label_size("") == (0.0, 0.0)
    assert label_size("[1.]")[0] > text_width("[1.]", 10)


# -- the ways to Graphviz -----------------------------------------------------------------------------


def libraries():
    """The folder of the pygraphviz wheel's own libraries."""
    spec = importlib.util.find_spec("pygraphviz")
    folder = Path(spec.origin).parents[1] / "pygraphviz.libs" if spec and spec.origin else Path("nowhere")
    if not list(folder.glob("libgvc-*.so*")):
        pytest.skip("pygraphviz brings no libraries of its own here: it isn't installed from a Linux wheel")
    return folder


@pytest.fixture(scope="module")
def usual():
    """The layout that this machine makes when nothing is hidden from it."""
    return arrange(CARDS, ARROWS, "TB", 30)


@pytest.fixture
def without_pygraphviz(tmp_path, monkeypatch):
    """In child processes `import pygraphviz` fails, as without GLib, and no dot is on the PATH; where it is."""
    package = tmp_path / "hidden" / "pygraphviz"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('libglib-2.0.so.0: cannot open shared object file')\n")
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return package.parent


@pytest.fixture
def only_libraries(without_pygraphviz):
    """pygraphviz can't be imported, but its libraries lie beside it."""
    (without_pygraphviz / "pygraphviz.libs").symlink_to(libraries())


@pytest.fixture
def only_a_program(tmp_path, without_pygraphviz):
    """A dot program on the PATH, made of the wheel's libraries; it notes how it was called in this file."""
    folder, program, log = tmp_path / "program", tmp_path / "bin" / "dot", tmp_path / "called"
    (folder / "pygraphviz").mkdir(parents=True)
    (folder / "pygraphviz" / "__init__.py").touch()
    (folder / "pygraphviz.libs").symlink_to(libraries())
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {shlex.quote(str(log))}\nPYTHONPATH={shlex.quote(str(folder))} exec '
        f'{shlex.quote(sys.executable)} -P {shlex.quote(bundled.__file__)} "${{1#-K}}" "${{2#-T}}"\n'
    )
    program.chmod(0o755)
    return log


def test_the_wheels_libraries_alone_give_the_same_layout(usual, only_libraries):
    assert arrange(CARDS, ARROWS, "TB", 30) == usual


def test_a_dot_program_gives_the_same_layout(usual, only_a_program):
    assert arrange(CARDS, ARROWS, "TB", 30) == usual
    assert only_a_program.read_text() == "-Kdot -Tjson0\n"


def test_a_whole_picture_is_drawn_by_the_wheels_libraries_alone(tmp_path, only_libraries):
    trace = linear_regression(tmp_path / "t.gradviz")
    (graph,) = graphs(trace)
    dot = dot_text(trace, graph, trace.lives)
    root = ElementTree.fromstring(render(dot, "svg"))
    said = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert {"MulBackward0", "PowBackward0", "loss = 2.2500", "gradient in: 1."} <= set(said)


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_the_libraries_alone_refuse_pixels_and_say_what_to_install(only_libraries, form):
    with pytest.raises(BadInput, match=f"^Graphviz could not draw the picture as {form}: {form} needs GLib and X11"):
        graphviz(SQUARE, "nop2", form, 30)


def test_no_graphviz_at_all_is_told_with_what_to_do(without_pygraphviz):
    with pytest.raises(BadInput, match="^no Graphviz: pygraphviz can't be imported .* pip install pygraphviz"):
        graphviz(SQUARE, "nop2", "svg", 30)


def test_what_graphviz_can_not_read_is_told_in_one_line():
    with pytest.raises(BadInput, match="^Graphviz could not draw the picture as svg: ") as refused:
        graphviz("this is no graph", "dot", "svg", 30)
    assert "\n" not in str(refused.value)


def test_the_libraries_alone_tell_it_in_one_line_too(only_libraries):
    with pytest.raises(BadInput, match="could not lay the graph out with dot$") as refused:
        graphviz("this is no graph", "dot", "svg", 30)
    assert "\n" not in str(refused.value)


def test_a_program_that_never_ends_is_stopped_at_the_time_limit(tmp_path, only_a_program):
    (tmp_path / "bin" / "dot").write_text("#!/bin/sh\nwhile :; do :; done\n")
    with pytest.raises(BadInput, match="had not finished after 0.5 s"):
        graphviz(SQUARE, "dot", "svg", 0.5)
