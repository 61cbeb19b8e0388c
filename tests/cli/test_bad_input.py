"""Bad input gives one clear line on stderr and exit code 2, and leaves no file behind."""

import pytest

SCRIPT = "import gradviz as torch\nw = torch.tensor(2.0, requires_grad=True)\n(w * w).backward()\n"


@pytest.fixture(autouse=True)
def files(folder):
    """Files that are what their names say."""
    (folder / "train.py").write_text(SCRIPT)
    (folder / "folder").mkdir()
    (folder / "broken.py").write_text("x = = 2\n")
    (folder / "binary.py").write_bytes(b"\x7fELF\0\0")
    (folder / "empty.gradviz").write_bytes(b"")
    (folder / "foreign.gradviz").write_bytes(b"PK\3\4 and so on")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("trace", "nothing to trace"),
        ("trace missing.py", "missing.py: no such file"),
        ("trace folder", "folder is a directory"),
        ("trace broken.py", "broken.py, line 1: invalid syntax"),
        ("trace binary.py", "isn't a Python script"),
        ("trace -m no_such_module", "no module named 'no_such_module'"),
        ("trace -e w -m json", "-m and -e were both given"),
        ("trace -v w=2 train.py", "give one with -e"),
        ("trace -e w -v w=2 train.py", "-e takes no script"),
        ("trace -e w*q+r -v w=2", "undefined names: q, r;"),
        ("trace -e w -v w", "expected NAME=VALUE"),
        ("trace -o no/such/folder train.py", "the folder no/such doesn't exist"),
        ("trace -o no/such/folder/ train.py", "the folder no/such/folder doesn't exist"),
        ("trace -o train.py/x train.py", "the folder train.py doesn't exist"),
        ("trace --graph none train.py", "--graph none: expected"),
        ("trace --rows none train.py", "--rows none: expected"),
        ("trace --columns , train.py", "--columns is empty"),
        ("trace --columns nonsense train.py", "nonsense"),
        ("trace --compare-no-grad -e w*2 -v w=2", "an expression has no no_grad region; trace a script"),
        ("trace --no-such-option train.py", "--no-such-option"),
        ("trace --device tpu train.py", "tpu"),
        ("trace --device cuda train.py", "cuda"),
        ("render --format gif", "--format gif: unknown; known formats: svg, png, pdf, dot"),
        ("render -o x.gif", "no format is known by the ending .gif"),
        ("render --when then", "--when then: expected one of"),
        ("render --direction up", "--direction UP: expected one of"),
        ("render --graph all", "a picture shows one graph"),
        ("render foreign.gradviz", "foreign.gradviz is not a gradviz trace"),
        ("render foreign.gradviz -o no/such/x.svg", "the folder no/such doesn't exist"),
        ("table empty.gradviz", "empty.gradviz is empty"),
        ("table missing.gradviz", "missing.gradviz"),
        ("info folder", "folder"),
        ("graphs empty.gradviz", "empty.gradviz is empty"),
        ("graphs missing.gradviz", "missing.gradviz"),
        ("diff", "Missing argument 'A'"),
        ("diff 1", "Missing argument 'B'"),
        ("diff 0 1", "0: expected a graph's number (from 1), a trace, or TRACE#N; traces here: empty.gradviz, foreign"),
        ("diff no.gradviz#1 foreign.gradviz", "no.gradviz#1: expected a graph's number"),
        ("diff foreign.gradviz#x foreign.gradviz", "foreign.gradviz#x: expected a graph's number"),
        ("diff #1 foreign.gradviz", "#1: expected a graph's number"),
        ("diff foreign.gradviz#1 foreign.gradviz", "foreign.gradviz is not a gradviz trace"),
        ("diff foreign.gradviz folder", "foreign.gradviz is not a gradviz trace"),
        ("diff foreign.gradviz#1 foreign.gradviz#2 -o x.gif", "no format is known by the ending .gif"),
        ("diff foreign.gradviz#1 foreign.gradviz#2 -o no/x.svg", "the folder no doesn't exist"),
        ("diff foreign.gradviz#1 foreign.gradviz#2 --nodes few", "--nodes few: expected"),
        ("why w missing.gradviz", "missing.gradviz"),
        ("why missing.gradviz", "missing.gradviz"),
        ("why w foreign.gradviz", "foreign.gradviz is not a gradviz trace"),
        ("tabel", "No such command 'tabel'"),
    ],
)
def test_one_clear_line(gradviz, folder, command, message):
    before = sorted(path.name for path in folder.iterdir())
    result = gradviz(*command.split())
    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith("gradviz: ")
    assert message in result.err
    assert result.err.count("\n") == 1
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.parametrize("command", ["table", "render", "info", "graphs", "diff 1 2", "why"])
def test_no_trace_in_the_folder(gradviz, folder, command):
    for name in ("empty.gradviz", "foreign.gradviz"):
        (folder / name).unlink()
    result = gradviz(*command.split())
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert "no trace" in result.err
    assert "gradviz trace" in result.err


def test_syntax_error_in_an_expression_is_pointed_at(gradviz):
    result = gradviz("trace", "-e", "w * * x", "-v", "w=1")
    assert (result.code, result.out) == (2, "")
    message, line, caret = result.err.rstrip("\n").split("\n")
    assert "syntax error" in message
    assert line == "  w * * x"
    assert caret == "      ^"


def test_what_is_quoted_cannot_steer_the_terminal(gradviz):
    result = gradviz("trace", "\x1b[31mred.py")
    assert result.code == 2
    assert "\x1b" not in result.err
    assert "red.py" in result.err
