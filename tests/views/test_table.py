"""The table and the summary as people see them: snapshots of the samples, and what holds at every width."""

import io
import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

import gradviz as torch
from gradviz import optim
from gradviz.cli import main
from gradviz.errors import BadInput
from gradviz.trace.events import NUMBER
from gradviz.trace.graph import graphs
from gradviz.views import table as view
from tests.trace.build import Builder, linear_regression
from tests.views.conftest import SAMPLES

SNAPSHOTS = Path(__file__).parent / "snapshots"
SAME = [path for path in SAMPLES if path.stem < "14"]  # from there on the last digits vary by machine
UPDATE = "GRADVIZ_UPDATE_SNAPSHOTS"  # set it to 1 to write the snapshots anew, then read what changed


def told(trace, width=200, number=1, **options):
    """What render_table prints of a graph, line by line."""
    screen = io.StringIO()
    console = Console(file=screen, width=width, no_color=True, highlight=False)
    view.render_table(console, trace, graphs(trace)[number - 1], trace.lives, **options)
    return [line.rstrip() for line in screen.getvalue().rstrip("\n").split("\n")]


def columns_in(line):
    """The names of the columns that a heading line shows."""
    headings = {heading: name for name, (heading, *_) in view.COLUMNS.items()}
    return [headings[each] for each in re.split(r"\s{2,}", line.strip())]


@pytest.fixture
def regression(tmp_path):
    """The trace of one loss, with nine rows."""
    return linear_regression(tmp_path / "t.gradviz", delete=False)


# -- snapshots ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("same_sample", SAME, ids=lambda path: path.stem)
def test_a_sample_looks_as_its_snapshot_does(same_sample, sample_trace, monkeypatch, capfd):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "argv", ["gradviz", "table", str(sample_trace(same_sample))])
    capfd.readouterr()
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    text = re.sub(r" +\n", "\n", capfd.readouterr().out)
    assert max(map(cell_len, text.split("\n"))) <= 80
    snapshot = SNAPSHOTS / f"{same_sample.stem}.txt"
    if os.environ.get(UPDATE) == "1":
        snapshot.write_text(text, encoding="utf-8")
    assert text == snapshot.read_text(encoding="utf-8"), f"{UPDATE}=1 writes it anew"


def test_there_is_a_snapshot_for_each_sample_and_no_other():
    assert {path.stem for path in SNAPSHOTS.iterdir()} == {path.stem for path in SAME}


# -- columns ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "folded"),
    [
        (60, "op, grad_fn, shape dtype, req, leaf, saved, line, step"),
        (80, "op, shape dtype, req, leaf, saved, step"),
        (150, ""),
    ],
)
def test_columns_fold_away_where_the_screen_is_narrow(regression, width, folded):
    lines = told(regression, width)
    notes = [line for line in " ".join(lines[11:]).split("(grad) ") if "folded to fit" in line]
    if folded:
        assert f"folded to fit: {folded} " in notes[0]
    else:
        assert not notes
    left = [name for name, (heading, *_) in view.COLUMNS.items() if heading not in folded.split(", ")]
    assert columns_in(lines[0]) == left


def test_columns_fold_in_the_stated_order_and_no_sooner_than_they_must(regression):
    counts = []
    for width in range(38, 150):
        lines = told(regression, width)
        assert max(map(cell_len, lines)) <= width
        shown = columns_in(lines[0])
        folded = len(view.COLUMNS) - len(shown)
        assert shown == [name for name in view.COLUMNS if name not in view.FOLDING[:folded]]
        if counts and len(shown) > counts[-1]:
            assert cell_len(lines[1]) == width  # one less and the new column would not have fitted
        counts.append(len(shown))
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (3, len(view.COLUMNS))


@pytest.mark.parametrize("folded", view.FOLDING)
def test_what_folds_is_a_column_and_never_the_name_the_value_or_the_state(folded):
    assert folded in view.COLUMNS
    assert folded not in ("name", "data", "state")


def test_wide_shows_every_column_whole_where_there_is_room(record):
    lines = told(record(trained), 300, wide=True)
    assert columns_in(lines[0]) == list(view.COLUMNS)
    assert not any("…" in line or "to fit" in line for line in lines)


def test_wide_does_not_ask_how_wide_the_screen_is(record):
    trace = record(trained)
    narrow, roomy = told(trace, 30, wide=True), told(trace, 300, wide=True)
    assert narrow[:6] == roomy[:6]


def test_columns_that_were_asked_for_come_in_that_order(regression):
    lines = told(regression, 100, columns=view.known(["state", "name", "#"]))
    assert columns_in(lines[0]) == ["state", "name", "number"]
    assert re.split(r"\s{2,}", lines[-2]) == ["live saves 0", "loss", "9"]
    assert not any("folded" in line for line in lines)


def test_columns_have_short_names_too_and_each_is_shown_once():
    asked = ["#", "req", "leaf", "dtype", "shape", "number", "data"]
    assert view.known(asked) == ["number", "requires_grad", "is_leaf", "shape", "data"]
    assert view.known(None) is None


def test_an_unknown_column_is_refused_with_the_known_ones():
    with pytest.raises(BadInput, match="--columns colour: unknown; known columns: number, name, op"):
        view.known(["name", "colour"])


# -- cells --------------------------------------------------------------------------------------------


def fates(path):
    """A trace with a row in each state."""
    build = Builder(path)
    w = build.leaf("w", np.ones(2))
    gone = build.op("exp", [w], np.ones(2), saved=["result"], name="lost")
    ran = build.op("mul", [w, w], np.ones(2), saved=["self", "other"], name="ran")
    build.backward(ran)
    build.op("sin", [ran], np.ones(2), saved=["self"], name="kept")
    build.op("neg", [ran], np.ones(2), name="plain")
    build.op("cos", [w], np.ones(2), name="outside", no_grad=True)
    build.freed(gone)
    build.gone(gone)
    return build.load()


def test_states_are_told_in_words_and_not_by_colour_alone(tmp_path):
    trace = fates(tmp_path / "t.gradviz")
    lines = [told(trace, 60, number, columns=["name", "grad_fn", "state"]) for number in (1, 2)]
    cells = [re.split(r"\s{2,}", line) for line in sum(lines, []) if "0 " in line or "no_grad" in line]
    assert cells == [
        ["lost", "ExpBackward0", "gone"],
        ["ran", "MulBackward0", "saved freed"],
        ["kept", "SinBackward0", "live"],
        ["plain", "NegBackward0", "live saves 0"],
        ["outside", "no_grad", "no graph"],
    ]


def test_colours_add_nothing_to_the_text(tmp_path):
    trace = fates(tmp_path / "t.gradviz")
    screen = io.StringIO()
    console = Console(file=screen, width=120, force_terminal=True, color_system="truecolor", highlight=False)
    view.render_table(console, trace, graphs(trace)[1], trace.lives)
    coloured = screen.getvalue()
    assert "\x1b[" in coloured
    plain = re.sub(r"\x1b\[[\d;]*m", "", coloured).rstrip("\n").split("\n")
    assert [line.rstrip() for line in plain] == told(trace, 120, 2)


def test_gradients_that_only_flowed_stand_in_brackets_which_are_explained(regression):
    lines = told(regression, columns=["name", "grad"])
    cells = dict(re.split(r"\s{2,}", line) for line in lines[2:11] if "  " in line)
    assert cells["loss"] == "(1.)"
    assert re.fullmatch(r"-?\d+\.(\d{4})?", cells["w"])
    assert cells["x"] == "-"
    assert lines[-1].startswith("(grad) flowed through the node and was not stored")
    assert not any("(grad)" in line for line in told(regression, columns=["name", "data"]))


HOSTILE = [
    "[bold red]x[/]", "\x1b[31mred", "a\nb", "\u202eevil", "[link=http://x]y[/link]", ":boom:", "损失", "👩\u200d🔬",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_and_steer_nothing(tmp_path, name):
    build = Builder(tmp_path / "t.gradviz")
    build.op("neg", [build.leaf(name, 1.0)], 1.0, name="loss")
    lines = told(build.load(), 120)
    assert [line[:1] for line in lines[2:]] == ["1", "2", "l"]  # two rows, and a note
    assert not re.search(r"[\x00-\x1f\x7f\u202e]", "".join(lines))
    assert name.replace("\x1b", "\\x1b").replace("\n", " ").replace("\u202e", "\\u202e") in lines[2]
    assert cell_len(lines[2]) == cell_len(lines[3])  # however wide its letters are, the columns stay in line


def test_the_row_that_broke_is_marked_with_a_sign(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    w = build.leaf("w", 1.0, line=1)
    build.op("mul", [w, w], 1.0, line=7)
    build.end("raised", "RuntimeError: sizes\x1b differ", 1, line=7)
    trace = build.load()
    assert [line.split()[0] for line in told(trace)[2:4]] == ["1", "✗2"]
    assert view.ending_line(trace) == "✗ line 7: RuntimeError: sizes\\x1b differ"


@pytest.mark.parametrize(
    ("how", "expected"), [("finished", ""), ("exited", ""), ("interrupted", "✗ interrupted: this is the trace so far")]
)
def test_other_ends_are_told_in_one_line(tmp_path, how, expected):
    build = Builder(tmp_path / "t.gradviz")
    build.end(how)
    assert view.ending_line(build.load()) == expected


def test_a_run_that_was_cut_off_is_told(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    build.leaf("w", 1.0)
    build.close()
    assert "cut off before its end" in view.ending_line(build.load())


# -- rows ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [2, 3, 4, 8])
def test_too_many_rows_lose_their_middle_which_is_said(regression, limit):
    lines = told(regression, 100, limit=limit)
    numbers = [line.split()[0] for line in lines[2 : 3 + limit]]
    first = (limit + 1) // 2
    expected = [str(number) for number in range(1, 10)]
    assert numbers == [*expected[:first], "⋮", *expected[9 - (limit - first) :]]
    rest = "1 row" if limit == 8 else f"{9 - limit} rows"
    assert f"{rest} left out (--rows all)" in lines


@pytest.mark.parametrize("limit", [9, 200, None])
def test_rows_that_fit_are_all_shown(regression, limit):
    lines = told(regression, 100, limit=limit)
    assert [line.split()[0] for line in lines[2:11]] == [str(number) for number in range(1, 10)]
    assert not any("left out" in line or "⋮" in line for line in lines)


def trained():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1, momentum=0.9)
    loss = (w * w).sum()
    loss.backward()
    optimizer.step()
    return {"w": w, "loss": loss}


def test_python_numbers_are_listed_only_where_all_rows_are_asked_for(record):
    def program():
        return {"y": torch.tensor(2.0, requires_grad=True) * 0.125}

    trace = record(program)
    few, every = (told(trace, columns=["number", "name"], limit=limit) for limit in (200, None))
    assert [line.split()[0] for line in few[2:4]] == ["1", "3"]
    assert "1 Python number not listed (--rows all)" in few
    assert [line.split()[-1] for line in every[3:]] == ["0.125", "y"]


def test_an_optimizers_own_work_is_one_row_unless_all_rows_are_asked_for(record):
    trace = record(trained)
    (graph,) = graphs(trace)
    lines, every = told(trace), told(trace, limit=None)
    (step,) = (line for line in lines if line.startswith("⋮"))
    count = int(re.match(r"⋮\s+SGD\.step ×(\d+)\s", step)[1])
    assert count == sum(node.within.aside for node in graph.nodes if node.op != NUMBER)
    assert f"{count} rows of the own work of SGD.step folded (--rows all)" in lines
    assert sum(bool(re.match(r"\d+ ", line)) for line in every) == len(graph.nodes)
    assert not any("folded" in line for line in every)


# -- summary, heading, JSON ---------------------------------------------------------------------------


def summed(trace):
    return view.summary_lines(trace, graphs(trace), trace.lives)


def test_the_summary_counts_what_ran_what_was_freed_and_what_is_left(regression):
    made, peak, freed, left = summed(regression)
    assert made == "5 ops · 5 nodes + 2 AccumulateGrad · 1 graph · 1 backward call"
    assert peak == "saved tensors at their peak: 24 B (0 B the graph's alone), reached at line 5"
    assert freed.startswith("backward 1 (line 6) freed 2 saved tensors of 2 nodes: 24 B")
    assert left == "still alive at the end: 5 nodes + 2 AccumulateGrad, 0 B saved; held by loss"


def test_the_summary_tells_which_backward_call_failed(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    made = build.op("exp", [build.leaf("w", 1.0)], 1.0, saved=["result"])
    build.backward(made, line=3)
    build.backward(made, line=4, failed=True)
    calls = [line for line in summed(build.load()) if line.startswith("backward ")]
    assert ["failed" in line for line in calls] == [False, True]
    assert calls[1].startswith("backward 2 (line 4) failed")


def test_the_summary_says_when_nothing_is_left(tmp_path):
    assert summed(linear_regression(tmp_path / "t.gradviz"))[-1] == "still alive at the end: no node, no saved tensor"


def test_many_backward_calls_are_told_by_the_first_and_the_last(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    w = build.leaf("w", 1.0)
    for _ in range(9):
        build.backward(build.op("exp", [w], 1.0, saved=["result"]), retain_graph=True)
    lines = [line for line in summed(build.load()) if "backward" in line][1:]
    assert [line.split(" (")[0] for line in lines] == [
        "backward 1 freed no saved tensors: retain_graph kept them",
        "backward 2 freed no saved tensors: retain_graph kept them",
        "backward 3 freed no saved tensors: retain_graph kept them",
        "  … 5 more backward calls",
        "backward 9 freed no saved tensors: retain_graph kept them",
    ]


def test_the_heading_says_which_graph_of_how_many(tmp_path):
    (graph,) = graphs(linear_regression(tmp_path / "t.gradviz"))
    assert view.heading(graph, 1, True) == "graph 1 of 1"
    assert view.heading(graph, 1200, False) == "graph 1 of 1,200 (--graph N|all|last)"
    assert "the last that ran backward" in view.heading(graph, 3, True)


def odd_values():
    w = torch.tensor([1.0, float("nan"), float("inf"), -float("inf")], requires_grad=True)
    large = w.sum() * torch.full((100,), float("nan"))
    whole = torch.tensor([1, 2])
    return {"w": w, "large": large, "flag": whole > 1, "whole": whole * 2}


def test_json_has_what_json_lacks_as_text(record):
    trace = record(odd_values)
    found = graphs(trace)
    told_json = json.dumps(
        view.as_json(trace, found, found, trace.lives), allow_nan=False, default=lambda value: value.item()
    )
    rows = {row["name"]: row for graph in json.loads(told_json)["graphs"] for row in graph["rows"]}
    assert rows["w"]["data"] == [1.0, "nan", "inf", "-inf"]
    assert rows["large"]["data"]["summary"]["nan"] == 100
    assert rows["large"]["data"]["summary"]["mean"] == "nan"
    assert rows["large"]["data"]["corners"] == ["nan"] * 6
    assert rows["flag"]["data"] == [False, True]
    assert rows["whole"]["data"] == [2, 4]
    assert rows["whole"]["dtype"] == "int64"


def test_json_says_how_many_rows_it_leaves_out(regression):
    found = graphs(regression)
    (graph,) = view.as_json(regression, found, found, regression.lives, 4)["graphs"]
    assert [row["number"] for row in graph["rows"]] == [1, 2, 8, 9]
    assert graph["rows_left_out"] == 5
    assert graph["backward_calls"] == [1]


def test_what_is_only_held_at_the_end_is_folded_and_said(record):
    def program():
        x = torch.ones(2, requires_grad=True)
        y = (x * x).sum()
        y.backward()
        return {"y": y, "state": [torch.Tensor(x._array * 2), torch.Tensor(x._array * 3)]}

    lines = told(record(program), 100)
    assert "only held ×2" in "\n".join(lines)
    assert any(line.startswith("2 tensors that no op was seen to make or use folded (--rows all)") for line in lines)
