"""What two graphs don't have in common: the comparison, its table and its picture."""

import io
import json
import re

import numpy as np
import pytest
from rich.console import Console

from gradviz.errors import BadInput
from gradviz.trace.graph import graphs
from gradviz.views import difference as view
from gradviz.views.comparison import Side, compare
from gradviz.views.diagram import difference_text, render
from tests.trace.build import Builder, linear_regression


def side(trace, number=1):
    return Side(trace, graphs(trace)[number - 1], f"{trace.path.name}#{number}")


def told(found, width=80, **options):
    screen = io.StringIO()
    view.render_difference(Console(file=screen, width=width, no_color=True, highlight=False), found, **options)
    return re.sub(r" +\n", "\n", screen.getvalue())


@pytest.fixture
def two(tmp_path):
    """Two graphs of one trace: h = x @ w; y = relu(h); loss = sum(y), then of another shape, with tanh and exp."""
    build = Builder(tmp_path / "t.gradviz")
    w = build.leaf("w", np.ones((3, 2), np.float32), line=1)
    for rows, middle in ((4, ["relu"]), (8, ["tanh", "exp"])):
        x = build.constant("x", np.ones((rows, 3), np.float32), line=3)
        made = build.op("mm", [x, w], np.ones((rows, 2)), saved=["self"], name="h", line=4)
        for op in middle:
            made = build.op(op, [made], np.ones((rows, 2)), saved=["result"], name=op, line=5)
        loss = build.op("sum", [made], 3.0, name="loss", line=6)
        build.backward(loss, line=7)
    trace = build.load()
    return side(trace), side(trace, 2)


def test_the_table(two):
    assert told(compare(*two)) == """\
t.gradviz#1 → t.gradviz#2
   #   #  name  op              what changed
─────────────────────────────────────────────────────────────────────
~  2   6  x     tensor          shape (4, 3) float32 → (8, 3) float32
~  1   1  w     AccumulateGrad  grad norm 2.449 → 4.899
~  3   7  h     MmBackward0     shape (4, 2) float32 → (8, 2) float32
                                saved self 48 B → self 96 B
                                grad norm 2.828 → 4.
−  4      relu  ReluBackward0   (4, 2) float32
+      8  tanh  TanhBackward0   (8, 2) float32
+      9  exp   ExpBackward0    (8, 2) float32
~  5  10  loss  SumBackward0    inputs #4 relu → #9 exp
2 added, 1 removed, 4 changed (shape 2, grad norm 2, saved 1, inputs 1), 0 alike
"""


def test_nothing_differs_from_itself(two):
    text = told(compare(two[0], two[0]))
    assert "no difference: 5 nodes, alike" in text
    assert "#" not in text.split("\n", 1)[1]


def test_all_lists_what_is_alike(two):
    found = compare(two[0], two[0])
    assert len(re.findall("^= ", told(found, every=True), re.M)) == 5


def test_a_leaf_stands_before_its_first_user(two):
    names = [entry.called for entry in compare(*two).entries]
    assert names == ["x", "w", "h", "relu", "tanh", "exp", "loss"]


def test_changes_are_named(two):
    found = compare(*two)
    changes = {entry.called: [change.what for change in entry.changes] for entry in found.entries}
    assert changes["h"] == ["shape", "saved", "grad norm"]
    assert changes["loss"] == ["inputs"]
    assert changes["relu"] == []


def test_lines_that_only_moved_count_within_one_trace_alone(tmp_path):
    def made(name, line):
        build = Builder(tmp_path / name)
        build.op("exp", [build.leaf("w", 1.0, line=1)], 1.0, line=line, text="y = w.exp()")
        build.op("exp", [build.leaf("w", 1.0, line=1)], 1.0, line=line + 1, text="y = w.exp()")
        return build.load()

    one, other = made("one.gradviz", 3), made("other.gradviz", 5)
    assert compare(side(one), side(other)).count("alike") == 2
    (changed,) = [entry for entry in compare(side(one), side(one, 2)).entries if entry.changes]
    assert changed.changes == (("line", "3", "4"),)


def test_what_is_left_out_is_said(two, monkeypatch):
    monkeypatch.setattr(view, "LINES", 4)
    text = told(compare(*two))
    assert "… 3 more" in text
    assert "3 lines left out (--all)" in text
    assert "left out" not in told(compare(*two), every=True)


def test_too_much_that_differs_is_given_up_and_said(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    for op in ("exp", "sin"):
        made = build.leaf("w", 1.0, line=1)
        for _ in range(1300):
            made = build.op(op, [made], 1.0, line=2)
    trace = build.load()
    found = compare(side(trace), side(trace, 2))
    assert min(found.unseen) > 200
    assert "too much differs: " in told(found, width=200)
    assert (found.count("removed"), found.count("added")) == (1300, 1300)


def test_json_is_typed(two):
    found = json.loads(json.dumps(view.as_json(compare(*two))))
    assert found["schema_version"] == 1
    assert (found["left"]["graph"], found["right"]["graph"]) == (1, 2)
    assert (found["added"], found["removed"], found["changed"], found["alike"]) == (2, 1, 4, 0)
    (relu,) = [node for node in found["nodes"] if node["what"] == "removed"]
    assert (relu["left"], relu["right"], relu["op"]) == (4, None, "relu")


def test_the_picture_marks_by_outline_and_words(two):
    dot = difference_text(compare(*two))
    cards = {name: line for name in ("relu", "tanh", "mm") for line in dot.split("\n") if f">{name}<" in
             line.replace("<B>", "").replace("</B>", "").replace("<S>", "").replace("</S>", "")}  # fmt: skip
    assert "filled,dashed" in cards["relu"] and "<S>" in cards["relu"] and "− removed" in cards["relu"]
    assert "filled,bold" in cards["tanh"] and "+ added" in cards["tanh"]
    assert "filled,diagonals" in cards["mm"] and "~ changed" in cards["mm"] and "(4, 2) float32 → (8, 2)" in cards["mm"]
    edges = [line for line in dot.split("\n") if " -> n" in line]
    assert [sum(f"style={style}" in edge for edge in edges) for style in ("solid", "dashed", "bold")] == [2, 2, 3]
    assert dot == difference_text(compare(*two))
    assert render(dot, "svg").startswith(b"<?xml")


def test_a_small_picture_has_what_differs_first(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    for last in ("exp", "sin"):
        made = build.leaf("w", 1.0, line=1)
        for _ in range(50):
            made = build.op("mul", [made, made], 1.0, line=2)
        build.op(last, [made], 1.0, line=3)
    trace = build.load()
    dot = difference_text(compare(side(trace), side(trace, 2)), nodes=4)
    assert dot.count("− removed") == dot.count("+ added") == 1
    assert dot.count("= alike") == 2
    assert "49 more nodes not drawn (--nodes all)" in dot


def test_nothing_to_draw(tmp_path):
    trace = linear_regression(tmp_path / "t.gradviz")
    found = compare(side(trace), side(trace))._replace(entries=())
    with pytest.raises(BadInput, match="nothing to draw"):
        difference_text(found)


def test_hostile_names_cannot_steer_the_terminal(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    for name in ("[bold]\x1b[2J", "other"):
        build.op("exp", [build.leaf(name, 2.0)], 1.0, name=name)
    trace = build.load()
    text = told(compare(side(trace), side(trace, 2)))
    assert "\x1b" not in text
    assert "[bold]" in text
