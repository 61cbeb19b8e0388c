"""gradviz explain: which node, path or graph it tells of, and what it says to what makes no sense."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """\
import gradviz as torch
x = torch.tensor([1.0, 2.0, 3.0])
w = torch.tensor(2.0, requires_grad=True)
h = w * x
h = h + w
loss = h.sum()
loss.backward()
"""
TWICE = SCRIPT + "other = torch.tensor(1.0, requires_grad=True)\nend = other.exp()\nend.backward()\n"


@pytest.fixture
def traced(gradviz, folder):
    """traced() runs a script; the trace is it.gradviz."""

    def run(text=SCRIPT, *options):
        (folder / "it.py").write_text(text)
        assert gradviz("trace", "--no-diagram", *options, "it.py").err == ""

    return run


@pytest.fixture
def refused(gradviz):
    """refused("explain", ...) -> the one line on stderr, without the program's name."""

    def run(*arguments):
        result = gradviz(*arguments)
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith("gradviz: ") and result.err.count("\n") == 1
        return result.err[9:-1]

    return run


@pytest.mark.parametrize("asked", ["3", "#3", "w * x", "MulBackward0", "mul"])
def test_a_node_has_many_names(gradviz, traced, asked):
    traced(SCRIPT.replace("h = w * x\nh = h + w", "h = w * x + w"))
    told = gradviz("explain", asked)
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("#3 w * x, MulBackward0, line 4: step 3 of backward 1\n")


def words(text):
    """The lines of a text with single spaces."""
    return [" ".join(line.split()) for line in text.split("\n")]


def test_the_three_sub_steps(gradviz, traced):
    traced()
    told = words(gradviz("explain", "MulBackward0", "it.gradviz").out)
    assert "local gradient other [1., 2., 3.] (3,)" in told
    assert "× incoming [1., 2., 3.] (3,)" in told
    assert "un-broadcast sum (3,) → () 6. ()" in told
    assert "handed on one of 2 that meet there" in told


def test_a_leaf_sums_what_arrives(gradviz, traced):
    traced()
    told = words(gradviz("explain", "w").out)
    assert "from #4 h, its other 3. ()" in told
    assert "from #3 h, its self 6. ()" in told
    assert "sum 9. ()" in told
    assert told[-4:-1] == [".grad before none", ".grad added sum of 2 9. ()", ".grad after 9. ()"]


def test_a_second_backward_adds(gradviz, traced):
    traced(SCRIPT.replace("loss.backward()", "loss.backward(retain_graph=True)\nloss.backward()"))
    told = words(gradviz("explain", "w").out)
    assert told[-4:-1] == [
        ".grad before 9. ()",
        ".grad added sum of 2 9. ()",
        ".grad after before + added 18. ()",
    ]


def test_paths_add_up_to_the_stored_gradient(gradviz, traced):
    traced()
    told = words(gradviz("explain", "--path", "loss..w").out)
    assert "path 1 of 2: #5 → #4 → #3 → #2" in told or "path 1 of 2: #5 → #4 → #3 → #1" in told
    assert "sum 9. ()" in told
    assert "took in recorded 9. ()" in told


def test_the_returned_gradient_of_autograd_grad(gradviz, traced):
    traced(SCRIPT.replace("loss.backward()", "(slope,) = torch.autograd.grad(loss, w)"))
    assert "not stored autograd.grad returned it" in words(gradviz("explain", "w").out)
    assert "took in recorded 9. ()" in words(gradviz("explain", "--path", "loss..w").out)


def test_hooks_are_told(gradviz, traced):
    traced(SCRIPT.replace("loss = ", "h.register_hook(lambda grad: grad * 10)\nloss = "))
    told = words(gradviz("explain", "AddBackward0").out)
    at = told.index("became by a hook, or with what backward() was given")
    assert told[at - 1 : at + 2 : 2] == ["from #5 loss, its self [1., 1., 1.] (3,)", "[10., 10., 10.] (3,)"]


def test_all_goes_from_forward_to_the_leaves(gradviz, traced):
    traced()
    told = gradviz("explain", "--all", "it.gradviz").out
    heads = [line for line in told.split("\n") if line and not line.startswith(" ")]
    assert heads[0] == "forward"
    assert [head.split(",")[1].strip() for head in heads[1:4]] == ["SumBackward0", "AddBackward0", "MulBackward0"]
    assert heads[-1] == "the leaves' .grad after backward"


def test_rows_leave_out_and_say_so(gradviz, traced):
    traced()
    told = gradviz("explain", "--all", "--rows", "1").out
    assert "3 more nodes left out (--rows all)" in told
    assert "left out" not in gradviz("explain", "--all", "--rows", "all").out


@pytest.mark.parametrize("form", ["text", "md", "latex"])
def test_in_a_process_of_its_own_it_is_the_same_each_time(traced, folder, form):
    traced()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "80", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "gradviz", "explain", "--all", "--format", form]
    runs = [subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True) for _ in range(2)]
    assert runs[0].returncode == 0 and runs[0].stderr == ""
    assert runs[0].stdout == runs[1].stdout != ""


# -- bad input -----------------------------------------------------------------------------------------


def test_a_name_that_is_not_there_lists_what_is_near(traced, refused):
    traced()
    assert refused("explain", "los") == "los: no such result in graph 1; near it: loss"
    assert "; near it: MulBackward0, SumBackward0" in refused("explain", "MulBackward")
    assert refused("explain", "99").endswith("its numbers go from 1 to 5 (gradviz table shows them)")
    assert refused("explain", "qqq").endswith("(gradviz table shows what there is)")


def test_an_ambiguous_name_lists_candidates_with_lines(traced, refused):
    traced()
    told = refused("explain", "h")
    assert told == "h: 2 results of graph 1 are called so: #3 mul, line 4; #4 add, line 5; give a number"


def test_a_name_of_another_graph(traced, refused):
    traced(TWICE)
    assert refused("explain", "loss") == "loss: no such result in graph 2, but in graph 1 (--graph 1)"


def test_values_that_were_not_recorded(traced, refused):
    traced(SCRIPT, "--values", "none")
    for asked in (["w"], ["--all"], ["--path", "loss..w"]):
        assert "holds no values" in (told := refused("explain", *asked))
        assert "--values preview" in told


def test_no_backward(gradviz, folder, refused):
    (folder / "it.py").write_text(SCRIPT.replace("loss.backward()\n", ""))
    gradviz("trace", "--no-diagram", "it.py")
    assert refused("explain", "w") == "backward never ran through graph 1: there is nothing to explain"


def test_a_constant(traced, refused):
    traced()
    assert refused("explain", "x") == "#1 x: it has no node, so backward did nothing there"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "explain what? Give a name or a number"),
        (["--path", "loss"], "--path loss: expected FROM..TO, such as loss..w"),
        (["--path", "..w"], "--path ..w: expected FROM..TO"),
        (["--path", "w..loss"], "--path: no gradient went from"),
        (["--path", "loss..los"], "los: no such result"),
        (["--path", "loss..w", "--all"], "--path and --all exclude each other"),
        (["--all", "w", "it.gradviz"], "--all takes no NAME"),
        (["w", "--format", "html"], "--format html: expected one of text, md, latex"),
        (["w", "--graph", "all"], "--graph all: explain shows one graph"),
        (["w", "--graph", "9"], "--graph 9:"),
        (["w", "gone.gradviz"], "gone.gradviz"),
    ],
)
def test_what_makes_no_sense(traced, refused, arguments, told):
    traced()
    assert told in refused("explain", *arguments)


def test_json_tells_the_same_as_the_text(gradviz, traced):
    traced()
    told = json.loads(gradviz("explain", "MulBackward0", "--json").out)
    assert (told["schema_version"], told["graph"], told["trace"]) == (1, 1, "it.gradviz")
    (block,) = told["blocks"]
    text = gradviz("explain", "MulBackward0").out
    assert block["title"] == text.split("\n")[0]
    local = next(line for line in block["lines"] if line["label"] == "local gradient")
    assert local == {
        "part": "to #2 w, its self" if "#2 w" in text else "to #1 w, its self",
        "label": "local gradient",
        "formula": "other",
        "text": "",
        "value": [1.0, 2.0, 3.0],
        "shape": [3],
        "dtype": "float32",
    }
    whole = json.loads(gradviz("explain", "--all", "--json").out)["blocks"]
    assert whole[0]["title"] == "forward" and len(whole) > 3
    path = json.loads(gradviz("explain", "--path", "loss..w", "--json").out)["blocks"]
    assert path[-1]["lines"]


def test_json_has_no_nan(gradviz, traced):
    traced("import gradviz as torch\nx = torch.tensor([0.0], requires_grad=True)\n(x / x).sum().backward()\n")
    told = gradviz("explain", "--all", "--json").out
    assert "NaN" not in told and '"nan"' in told
    json.loads(told)


def test_json_and_format_exclude_each_other(refused, traced):
    traced()
    assert refused("explain", "w", "--json", "--format", "md") == "--json and --format were both given; choose one"
