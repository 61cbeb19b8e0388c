"""The list of a run's graphs, as people see it."""

import io
import json
import os
import re
from pathlib import Path

import pytest
from rich.console import Console

from gradviz.trace.graph import graphs
from gradviz.trace.sequence import sequence
from gradviz.trace.store import load
from gradviz.views import history as view
from tests.trace.build import Builder
from tests.views.conftest import ROOT

SNAPSHOTS = Path(__file__).parent / "graph_snapshots"
SHOWN = ("05_retain_graph", "10_kept_alive_by_a_list", "12_dynamic_graph", "25_a_graph_that_changes_with_training")


def told(trace, width=80, **options):
    screen = io.StringIO()
    found = graphs(trace)
    console = Console(file=screen, width=width, no_color=True, highlight=False)
    view.render_graphs(console, trace, found, sequence(trace, found), **options)
    return re.sub(r" +\n", "\n", screen.getvalue())


def built(tmp_path, count, of=lambda turn: 1, held=0):
    """A run of so many graphs, each with of(turn) ops on one line; the last ones are held."""
    build = Builder(tmp_path / "t.gradviz")
    w = build.leaf("w", 2.0)
    for turn in range(count):
        made = w
        ops = [made := build.op("exp", [made], 1.0, saved=["result"], line=2) for _ in range(of(turn))]
        build.backward(made, line=3)
        if turn < count - held:
            build.gone(*ops)
    return build.load()


@pytest.mark.parametrize("name", SHOWN)
def test_a_sample_looks_as_its_snapshot_does(name, sample_trace):
    text = told(load(sample_trace(ROOT / "samples" / f"{name}.py")))
    snapshot = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("GRADVIZ_UPDATE_SNAPSHOTS") == "1":
        snapshot.write_text(text, encoding="utf-8")
    assert max(map(len, text.split("\n"))) <= 80
    assert text == snapshot.read_text(encoding="utf-8"), "GRADVIZ_UPDATE_SNAPSHOTS=1 writes it anew"


def test_there_is_a_snapshot_for_each_and_no_other():
    assert {path.stem for path in SNAPSHOTS.iterdir()} == set(SHOWN)


def test_alike_graphs_share_a_line_unless_all_are_asked_for(tmp_path):
    trace = built(tmp_path, 200, held=1)
    text = told(trace)
    assert re.search(r"^1–199 ×199 +A ", text, re.M)
    assert "200 graphs on 2 lines: alike ones share one (--all)" in text
    text = told(trace, every=True)
    assert len(re.findall(r"^\d+ +A ", text, re.M)) == 200
    assert "--all" not in text


def test_graphs_that_one_list_holds_share_a_line(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    w = build.leaf("w", 2.0)
    for turn in range(3):
        build.hold(f"losses[{turn}]", build.op("exp", [w], 1.0, line=2))
    trace = build.load()
    assert re.search(r"^1–3 ×3 .* alive: losses\[…\]$", told(trace), re.M)
    assert re.search(r"^2 .* alive: losses\[1\]$", told(trace, every=True), re.M)


def test_graphs_that_take_turns_share_lines(tmp_path):
    text = told(built(tmp_path, 40, of=lambda turn: 1 + turn % 2))
    assert re.search(r"^1, 3 … 39 ×20 +A ", text, re.M)
    assert re.search(r"^2, 4 … 40 ×20 +B ≠ ", text, re.M)
    assert "also where they take turns (--all)" in text


def test_what_is_left_out_is_said(tmp_path):
    trace = built(tmp_path, 60, of=lambda turn: 1 + turn % 50)
    text = told(trace)
    assert "⋮ 20 lines" in text
    assert "20 lines left out (--all)" in text
    assert "… 40 more (--all)" in text
    assert "AX  1 graph, first 50, unlike AW: +1 ExpBackward0" in told(trace, every=True)


def test_what_made_a_structure_new(tmp_path):
    lines = told(built(tmp_path, 6, of=lambda turn: 1 + 2 * (turn > 3))).split("\n")
    assert "  A  4 graphs, first 1" in lines
    assert "  B  2 graphs, first 5, unlike A: +2 ExpBackward0" in lines
    assert "node by node: gradviz diff 4 5" in lines


def test_letters():
    assert [view.letters(number) for number in (1, 26, 27, 52, 53, 703)] == ["A", "Z", "AA", "AZ", "BA", "AAA"]


def test_json_has_every_graph(tmp_path):
    trace = built(tmp_path, 5, of=lambda turn: 1 + (turn == 4), held=1)
    found = json.loads(json.dumps(view.as_json(trace, sequence(trace, graphs(trace)))))
    assert found["schema_version"] == 1
    assert [each["structure"] for each in found["graphs"]] == ["A", "A", "A", "A", "B"]
    assert found["runs"] == [{"first": 1, "every": 1, "count": 4}, {"first": 5, "every": 1, "count": 1}]
    assert found["structures"][1] == {"structure": "B", "first": 5, "graphs": 1}
    first, last = found["graphs"][0], found["graphs"][-1]
    assert first["freed"] == [{"backward": 1, "at": {"file": "train.py", "line": 3}, "nodes": 1}]
    assert first["gone"]["after"]["line"] == 3
    assert (first["alive_nodes"], last["alive_nodes"], last["gone"]) == (0, 2, None)


def test_hostile_names_cannot_steer_the_terminal(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    y = build.op("exp", [build.leaf("w", 2.0)], 1.0, grad_fn="\x1b[31mred")
    build.hold("[bold]\x1b[2J", y)
    build.op("mul", [build.leaf("v", 2.0)], 1.0, grad_fn="\x1b[31mred2")
    text = told(build.load())
    assert "\x1b" not in text
    assert "[bold]" in text
