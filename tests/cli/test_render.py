"""gradviz render: which file it writes, in which format."""

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
