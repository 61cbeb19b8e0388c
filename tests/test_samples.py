"""Each sample runs through the real command line, leaves its trace and picture, and shows what it promises."""

import ast
import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SAMPLES = sorted((ROOT / "samples").glob("*.py"))
FREED = {"Mul": "saved freed", "Pow": "saved freed"}
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "80"}


def python(*args, cwd):
    command = [sys.executable, *map(str, args)]
    return subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True)


def gradviz(*args, cwd):
    return python("-m", "gradviz", *args, cwd=cwd)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """name -> the JSON of `gradviz table --graph all` after the sample was traced without its picture."""

    @functools.cache
    def of(start):
        (sample,) = (each for each in SAMPLES if each.name.startswith(start))
        folder = tmp_path_factory.mktemp(start)
        done = gradviz("trace", "--no-diagram", sample, cwd=folder)
        assert done.returncode == 0, done.stderr
        return json.loads(gradviz("table", "--json", "--graph", "all", cwd=folder).stdout)

    return of


def computed(graph):
    return [row for row in graph["rows"] if row["grad_fn"] not in ("", "AccumulateGrad")]


def states(graph):
    """'Mul' -> the state of MulBackward0; the last one counts."""
    return {row["grad_fn"].split("Backward")[0]: row["state"] for row in computed(graph)}


def named(graph, name):
    (row,) = (row for row in graph["rows"] if row["name"] == name)
    return row


def kept(row):
    return sum(each["bytes"] for each in row["saved"])


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_sample_runs_shows_and_draws(sample, tmp_path):
    plain = python(sample, cwd=tmp_path)
    done = gradviz("trace", sample, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (plain.returncode, plain.stderr) == (0, "")
    assert done.stdout.startswith(plain.stdout) and plain.stdout
    assert "saved tensors at their peak" in done.stdout
    assert (tmp_path / f"{sample.stem}.svg").read_bytes().startswith(b"<?xml")
    told = json.loads(gradviz("table", "--json", f"{sample.stem}.gradviz", cwd=tmp_path).stdout)
    assert told["schema_version"] == 1
    assert told["ended"]["how"] == "finished"
    assert told["graphs"][0]["rows"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_sample_prints_the_same_on_pytorch(sample, tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed: samples can't be run on it")
    text = sample.read_text().replace("import gradviz as torch", "import torch")
    (tmp_path / "theirs.py").write_text(text.replace("from gradviz", "from torch"))
    ours, theirs = python(sample, cwd=tmp_path), python("theirs.py", cwd=tmp_path)
    assert (theirs.stdout, theirs.stderr) == (ours.stdout, ours.stderr)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_sample_opens_with_what_to_look_for(sample):
    tree = ast.parse(sample.read_text())
    assert "Look for" in ast.get_docstring(tree)
    assert ast.unparse(tree.body[1]) == "import gradviz as torch"


def test_each_op_of_one_line_is_a_row_and_only_two_of_them_save(table):
    (graph,) = table("02")["graphs"]
    ops = computed(graph)
    assert [row["grad_fn"].split("Backward")[0] for row in ops] == ["Mul", "Add", "Sub", "Pow", "Mean"]
    assert [row["grad_fn"].split("Backward")[0] for row in ops if row["saved"]] == ["Mul", "Pow"]
    assert states(graph) == FREED | {"Add": "live", "Sub": "live", "Mean": "live"}
    assert named(graph, "loss")["grad"] == {"value": 1.0, "stored": False}
    assert named(graph, "b")["grad"] == {"value": -6.0, "stored": True}


def test_what_ran_under_no_grad_has_no_node(table):
    (graph,) = table("04")["graphs"]
    prediction, checked = named(graph, "prediction"), named(graph, "checked")
    assert prediction["op"] == checked["op"] == "mul"
    assert (prediction["grad_fn"], kept(prediction)) == ("MulBackward0", 12)
    assert (checked["grad_fn"], kept(checked)) == ("", 0)


def test_what_ran_under_no_grad_is_marked(table):
    (graph,) = table("04")["graphs"]
    assert [named(graph, name)["no_grad"] for name in ("prediction", "checked")] == [False, True]


def test_retain_graph_ends_with_the_second_call(table):
    (graph,) = table("05")["graphs"]
    assert graph["backward_calls"] == [1, 2]
    assert states(graph) == {"Mul": "saved freed", "Exp": "saved freed", "Sum": "live"}


def test_the_second_backward_met_freed_nodes(table):
    (graph,) = table("06")["graphs"]
    assert graph["backward_calls"] == [1, 2]
    assert states(graph) == {"Mul": "saved freed", "Add": "live", "Exp": "saved freed"}


def test_a_graph_that_saved_nothing_has_nothing_freed(table):
    (graph,) = table("07")["graphs"]
    assert graph["backward_calls"] == [1, 2, 3]
    assert set(states(graph).values()) == {"live"}
    assert not any(row["saved"] for row in graph["rows"])


def test_a_function_saves_what_it_chooses(table):
    (graph,) = table("08")["graphs"]
    custom, composed = named(graph, "custom"), named(graph, "composed")
    assert custom["grad_fn"] == "SwishBackward"
    assert (kept(custom), kept(composed)) == (12, 24)  # x; x and sigmoid's result


def test_a_node_that_did_not_run_keeps_what_it_saved(table):
    (graph,) = table("09")["graphs"]
    assert states(graph) == FREED | {"Exp": "untouched", "Sub": "live"}
    assert kept(named(graph, "offset")) == 4
    assert named(graph, "w")["grad"] is None


def test_three_fates_of_a_loss(table):
    fates = [states(graph) for graph in table("10")["graphs"]]
    assert fates[0] == fates[1] == FREED | {"Sub": "live", "Mean": "live"}
    assert [set(fate.values()) for fate in fates[2:]] == [{"live"}, {"live"}, {"gone"}, {"gone"}]


def test_a_loop_that_the_data_stops_makes_graphs_of_different_lengths(table):
    graphs = table("12")["graphs"]
    assert [len(computed(graph)) for graph in graphs] == [7, 3, 2]
    assert [states(graph)["Mul"] for graph in graphs] == ["gone", "gone", "saved freed"]


def test_create_graph_records_backward_itself(table):
    (graph,) = table("13")["graphs"]
    found = [(row["grad_fn"], row["line"]) for row in computed(graph)]
    assert found == [("PowBackward0", 16), ("PowBackward0", 18), ("MulBackward1", 18), ("MulBackward0", 18)]


def test_each_training_step_makes_a_graph_and_only_the_last_lives(table):
    graphs = table("14")["graphs"]
    assert len(graphs) == 20
    assert {state for graph in graphs[:-1] for state in states(graph).values()} == {"gone"}
    assert set(states(graphs[-1]).values()) == {"saved freed", "live"}


def test_the_cousins_of_retain_graph(table):
    (retained,) = table("27")["graphs"]
    assert [named(retained, name)["state"] for name in ("hidden", "fit", "size")] == ["saved freed", "live", "live"]
    assert [row["state"] for row in computed(retained) if row["expression"] == "hidden * hidden"] == ["live"]
    (partial,) = table("28")["graphs"]
    assert states(partial) == {"Exp": "saved freed", "Mul": "saved freed", "Sin": "untouched", "Sum": "untouched"}
    (twice,) = table("29")["graphs"]
    assert states(twice) == {"Pow": "saved freed", "Mul": "saved freed", "Add": "live"}
    (kept,) = table("30")["graphs"]
    assert [named(kept, name)["grad"]["stored"] for name in ("hidden", "shifted")] == [True, False]
    teacher, student = table("31")["graphs"]
    assert (states(teacher)["Tanh"], states(student)["Pow"]) == ("live", "saved freed")
    (one,) = table("33")["graphs"]
    assert states(one) == {"Mm": "live", "Tanh": "untouched", "Exp": "untouched", "Sum": "live", "Mul": "live"}


def test_two_leaks_and_the_near_miss(tmp_path):
    (sample,) = (each for each in SAMPLES if each.name.startswith("26"))
    gradviz("trace", "--no-diagram", sample, cwd=tmp_path)
    told = json.loads(gradviz("why", "--json", cwd=tmp_path).stdout)
    assert [(each["name"], each["verdict"], each["fix"]) for each in told["holders"]] == [
        ("total", "a leak of activations", "total += score.item()"),
        ("losses", "a leak of nodes", "losses.append(loss.item())"),
    ]
    assert [each["saved_bytes"] for each in told["holders"]] == [96, 0]
