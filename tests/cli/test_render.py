"""gradviz render: which file it writes, in which format."""

import re
import shutil

import pytest

SCRIPT = """\
import gradviz as torch
w = torch.tensor(2.0, requires_grad=True)
loss = w * w
loss.backward()
"""
MAGIC = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "dot": b"digraph"}


@pytest.fixture(autouse=True)
def trace(gradviz, folder):
    """it.gradviz, the newest trace of the folder."""
    (folder / "it.py").write_text(SCRIPT)
    gradviz("trace", "--no-diagram", "it.py")


NO_PIXELS = "needs GLib and X11"  # what a bare machine is told: only there may a test of png or pdf skip


def drawn(result):
    """The result, or a skip that says why: on a bare machine png and pdf end in one clear line, checked here."""
    if NO_PIXELS in result.err:
        assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
        assert "apt-get install graphviz" in result.err
        assert not _loads_pygraphviz() and shutil.which("dot") is None
        pytest.skip("png and pdf need GLib and X11, which this machine lacks; the refusal was checked")
    return result


def _loads_pygraphviz():
    try:
        import pygraphviz  # noqa: F401
    except ImportError:
        return False
    return True


@pytest.mark.parametrize("form", MAGIC)
def test_formats(gradviz, folder, form):
    result = gradviz("render", "--format", form)
    if form in ("png", "pdf"):
        drawn(result)
    assert (result.code, result.out, result.err) == (0, f"wrote it.{form}\n", "")
    assert (folder / f"it.{form}").read_bytes().lstrip().startswith(MAGIC[form])


def test_ending_of_the_output_picks_the_format(gradviz, folder):
    drawn(gradviz("render", "it.gradviz", "-o", "x.png"))
    assert (folder / "x.png").read_bytes().startswith(MAGIC["png"])


def test_output_folder(gradviz, folder):
    (folder / "out").mkdir()
    gradviz("render", "-o", "out")
    assert (folder / "out" / "it.svg").exists()


def test_stdout(gradviz):
    result = gradviz("render", "--format", "dot", "-o", "-")
    assert result.out.startswith("digraph")
    assert result.out == gradviz("render", "--format", "dot", "-o", "-").out


def test_moments_and_directions_differ(gradviz):
    pictures = {
        gradviz("render", "--format", "dot", "-o", "-", *options).out
        for options in ([], ["--when", "forward"], ["--when", "freed"], ["--direction", "lr"], ["--nodes", "1"])
    }
    assert len(pictures) == 5
    assert "" not in pictures


def test_graph_that_is_not_there(gradviz):
    result = gradviz("render", "--graph", "2")
    assert (result.code, result.out) == (2, "")
    assert "only graph 1" in result.err


def test_moments_after_an_event(gradviz):
    end = int(re.search(r"steps +0 to (\d+); backward 1: (\d+)–(\d+)", gradviz("info").out)[1])
    shown = [gradviz("render", "--format", "dot", "-o", "-", "--when", f"step={step}").out for step in (end - 9, end)]
    assert all(f"After step {step}<" in text for step, text in zip((end - 9, end), shown, strict=True))
    line = gradviz("render", "--format", "dot", "-o", "-", "--when", "line=4")
    assert (line.code, line.err) == (0, "")
    assert "backward 1 ended" in line.out


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("then", "--when then: expected one of all, forward, backward, freed, step=N, line=N"),
        ("step=", "--when step=: expected one of"),
        ("step=-1", "--when step=-1: expected one of"),
        ("step=1.5", "--when step=1.5: expected one of"),
        ("line=", "--when line=: expected one of"),
        ("step=99999", "--when step=99999: the trace's steps are 0 to "),
        ("step=0", "--when step=0: nothing of graph 1 was there yet; it begins at step "),
        ("line=77", "--when line=77: graph 1 has no event of that line; its lines: 2, 3, 4"),
    ],
)
def test_moments_that_there_are_not(gradviz, folder, when, told):
    result = gradviz("render", "--when", when)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert told in result.err
    assert not (folder / "it.svg").exists()


def test_saved_and_norms(gradviz):
    options = ([], ["--saved"], ["--norms"])
    plain, saved, norms = (gradviz("render", "--format", "dot", "-o", "-", *more).out for more in options)
    assert "alias of parameter w" in saved and "alias of" not in plain
    assert "‖g‖ = 2." in norms and "‖g‖ =" not in plain


def test_steps_that_the_table_tells_can_be_drawn(gradviz):
    told = gradviz("table", "--columns", "step,name").out
    made, freed = re.search(r"(\d+), freed (\d+) +loss", told).groups()
    assert "live" in gradviz("render", "--format", "dot", "-o", "-", "--when", f"step={made}").out
    assert "freed by backward 1" in gradviz("render", "--format", "dot", "-o", "-", "--when", f"step={freed}").out


def test_themes(gradviz, folder):
    light, dark, auto = (gradviz("render", "-o", "-", "--theme", theme).out for theme in ("light", "dark", "auto"))
    assert gradviz("render", "-o", "-").out == light
    assert len({light, dark, auto}) == 3
    assert ("prefers-color-scheme" in auto) > ("prefers-color-scheme" in light + dark)
    for view in (["--view", "memory", "--format", "dot"], ["--format", "dot"]):
        shown = [gradviz("render", "-o", "-", *view, "--theme", theme).out for theme in ("light", "dark", "auto")]
        assert shown[0] == shown[2] != shown[1]
    shown = [gradviz("diff", "1", "1", "-o", f"{theme}.svg", "--theme", theme) for theme in ("light", "dark", "auto")]
    assert [result.code for result in shown] == [0, 0, 0]
    assert len({(folder / f"{theme}.svg").read_bytes() for theme in ("light", "dark", "auto")}) == 3


@pytest.mark.parametrize("command", [["render"], ["render", "--view", "memory"], ["diff", "1", "1"]])
def test_a_theme_that_there_is_not(gradviz, command):
    result = gradviz(*command, "--theme", "sepia")
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert "--theme sepia: expected one of light, dark, auto" in result.err
LOOP = """\
import gradviz as torch
x = w = torch.tensor([2.0, 3.0], requires_grad=True)
for _ in range(40):
    x = x * w
    x = torch.tanh(x)
x.sum().backward()
"""


@pytest.fixture
def loop(gradviz, folder):
    """loop.gradviz: 82 results, 80 of them in a loop."""
    (folder / "loop.py").write_text(LOOP)
    return gradviz("trace", "loop.py")


def test_what_was_folded_is_said(gradviz, loop):
    assert "loop.svg" in loop.out and "), 80 of 82 results in 2 boxes\n" in loop.out
    result = gradviz("render", "loop.gradviz")
    assert result.err == (
        "gradviz: 80 of 82 results in 2 boxes (--expand NAME, --fold none): tanh ×40 (40), mul ×40 (40)\n"
    )
    assert result.out == "wrote loop.svg\n"


def test_folding_options_differ(gradviz, loop):
    pictures = [
        gradviz("render", "loop.gradviz", "--format", "dot", "-o", "-", *options).out
        for options in ([], ["--fold", "none"], ["--depth", "1"], ["--expand", "mul"], ["--expand", "line 5"])
    ]
    assert len(set(pictures)) == 5
    assert pictures[0] == gradviz("render", "loop.gradviz", "--format", "dot", "-o", "-", "--fold", "auto").out


def test_a_folded_picture_has_moments_saved_cards_norms_and_themes(gradviz, loop):
    for options in (["--saved"], ["--norms"], ["--when", "line=5"], ["--theme", "dark"], ["--saved", "--when", "line=6"]):  # noqa: E501
        result = gradviz("render", "loop.gradviz", "--format", "dot", "-o", "-", *options)
        assert (result.code, result.err.count("\n")) == (0, 1)
        assert "×40" in result.out


def test_nodes_are_asked_for_one_by_one(gradviz, loop):
    result = gradviz("render", "loop.gradviz", "--format", "dot", "-o", "-", "--nodes", "5")
    assert "more nodes" in result.out
    assert result.err == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--fold", "some"], "--fold some: expected one of auto, none"),
        (["--fold", "none", "--depth", "2"], "--depth: there is nothing to open with --fold none"),
        (["--fold", "none", "--expand", "mul"], "--expand: there is nothing to open with --fold none"),
        (["--fold", "auto", "--nodes", "5"], "--nodes 5: it is for pictures that are not folded"),
        (["--expand", "nul"], "--expand nul: no group has this name; near it: mul"),
        (["--expand", "\x1b[31m"], "--expand \\x1b[31m: no group has this name; some there are: lines 4–5"),
        (["--view", "memory", "--depth", "2"], "--norms and folding are for --view graph"),
    ],
)
def test_folding_that_makes_no_sense(gradviz, loop, options, said):
    result = gradviz("render", "loop.gradviz", *options)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert said in result.err
