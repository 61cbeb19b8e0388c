"""Sources: exact columns and variable names, asked from instructions that really run."""

import sys
import warnings

import pytest

from gradviz.record.source import Sources


class Probe:
    """Stands for a tensor: every operation on it asks where in the code it was called."""

    def __init__(self, sources, seen):
        self.sources, self.seen = sources, seen

    def _operate(self, *_, **__):
        frame = sys._getframe(1)
        self.seen.append(self.sources.origin(frame.f_code, frame.f_lasti))
        return self

    __add__ = __mul__ = __sub__ = __isub__ = __getitem__ = __neg__ = __call__ = __gt__ = __matmul__ = _operate
    __enter__ = _operate
    T = property(_operate)
    sum = relu = _operate

    def __exit__(self, *_):
        return None


def origins(text, filename="script.py", add=True):
    """Run `text` with Probes x, y and f; the origins of what they were asked to do, in order."""
    sources, seen = Sources(), []
    if add:
        sources.add(filename, text)
    probe = Probe(sources, seen)

    class Thing:
        pass

    namespace = {"x": probe, "y": probe, "f": probe, "thing": Thing(), "params": {}}
    exec(compile(text, filename, "exec"), namespace)
    return seen


def cut(origin):
    """The expression, cut out of the origin's text by its columns."""
    lines = origin["text"].split("\n")
    lines[-1] = lines[-1][: origin["end_column"]]
    lines[0] = lines[0][origin["column"] :]
    return "\n".join(lines)


def names(text):
    return [(cut(origin), origin["target"]) for origin in origins(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("loss = x * y", [("x * y", "loss")]),
        ("loss = (x * y) + x", [("x * y", ""), ("(x * y) + x", "loss")]),
        ("thing.w = x.sum()", [("x.sum()", "thing.w")]),
        ('params["w"] = -x', [("-x", 'params["w"]')]),
        ("a = b = x + y", [("x + y", "a")]),
        ("a, b = x + y, x.sum()", [("x + y", "a"), ("x.sum()", "b")]),
        ("(a, (b, c)) = x + y, (f(x), -y)", [("x + y", "a"), ("f(x)", "b"), ("-y", "c")]),
        ("x -= y * 2", [("y * 2", ""), ("x -= y * 2", "x")]),
        ("z: object = x @ y", [("x @ y", "z")]),
        ("if (z := x > y): pass", [("x > y", "z")]),
        ("z = x * 2 if True else y", [("x * 2", "z")]),
        ("z = x[0]", [("x[0]", "z")]),
        ("z = x.T", [("x.T", "z")]),
        ("losses = []\nlosses.append(x * 2)", [("x * 2", "")]),
        ("z = [x * 2]", [("x * 2", "")]),
        ("def g(a):\n    return a * 2\nz = g(x)", [("a * 2", "")]),
        ("z = (lambda a: a * 2)(x)", [("a * 2", "")]),
        ("z = [a * 2 for a in (x, y)]", [("a * 2", ""), ("a * 2", "")]),
        ("z = x * 2; w = y * 3", [("x * 2", "z"), ("y * 3", "w")]),
        ("@f\ndef g(): pass", [("f", "")]),
        ("größe = x * y + f('ä', x)", [("x * y", ""), ("f('ä', x)", ""), ("x * y + f('ä', x)", "größe")]),
    ],
)
def test_columns_and_targets(text, expected):
    assert names(text) == expected


def test_with_as_names_the_context():
    assert origins("with f(x) as g: pass")[0]["target"] == "g"


def test_expression_over_several_lines():
    assert names("z = f(\n    x,\n    y,\n)") == [("f(\n    x,\n    y,\n)", "z")]


def test_method_chain_over_several_lines_names_its_last_call():
    seen = origins("z = (\n    x\n    .relu()\n    .sum()\n)")
    assert [(origin["line"], origin["target"]) for origin in seen] == [(3, ""), (4, "z")]


def test_origin_tells_file_function_and_line():
    text = "class A:\n    def step(self):\n        return x * 2\nA().step()"
    (origin,) = origins(text)
    assert origin == {
        "file": "script.py",
        "function": "A.step",
        "line": 3,
        "column": 15,
        "end_line": 3,
        "end_column": 20,
        "text": "        return x * 2",
        "target": "",
    }


def test_control_characters_and_form_feeds_stay_in_place():
    (origin,) = origins("\x0c\nz = f('\x1b[31m')  # \u2028 no line end for Python")
    assert (origin["line"], cut(origin), origin["target"]) == (2, "f('\x1b[31m')", "z")


def test_file_is_read_from_disk_and_shown_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "lib.py"
    path.write_text("z = x * 2\n")
    (origin,) = origins(path.read_text(), str(path), add=False)
    assert (origin["file"], origin["text"], origin["target"]) == ("lib.py", "z = x * 2", "z")


def test_file_elsewhere_is_shown_in_full(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path.parent)
    outside = Sources(str(tmp_path / "folder"))
    code = compile("pass", str(tmp_path / "lib.py"), "exec")
    assert outside.origin(code, 0)["file"] == str(tmp_path / "lib.py")


@pytest.mark.parametrize("filename", ["<string>", "missing.py"])
def test_code_without_source(filename):
    (origin,) = origins("z = x * 2", filename, add=False)
    assert (origin["line"], origin["text"], origin["target"]) == (1, "", "")


def test_source_that_changed_under_the_script(tmp_path):
    path = tmp_path / "lib.py"
    path.write_text("now this ( is not Python\n")
    (origin,) = origins("\n\nz = x * 2", str(path), add=False)
    assert (origin["line"], origin["text"], origin["target"]) == (3, "", "")


def test_interpreter_without_columns():
    code = compile("z = 1\n\nw = 2", "script.py", "exec")
    bare = code.replace(co_linetable=_without_columns())
    sources = Sources()
    sources.add("script.py", "z = 1\n\nw = 2")
    origin = sources.origin(bare, 0)
    assert (origin["line"], origin["column"], origin["end_column"], origin["text"]) == (1, 0, 0, "z = 1")


def _without_columns():
    """A line table whose one entry has a line and no columns (PEP 626's short form 13)."""
    return bytes([0b1_1101_111, 0])


@pytest.mark.parametrize("lasti", [-1, 10_000])
def test_position_outside_the_code(lasti):
    code = compile("z = 1", "script.py", "exec")
    assert Sources().origin(code, lasti)["line"] == 1


def test_looking_shows_no_warning_twice_and_leaves_the_filters():
    text = "z = x * '\\d'"
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        sources, seen = Sources(), []
        sources.add("script.py", text)
        code = compile(text, "script.py", "exec")
        assert len(shown) == 1
        filters = list(warnings.filters)
        exec(code, {"x": Probe(sources, seen)})
        assert seen[0]["target"] == "z"
        assert len(shown) == 1
        assert warnings.filters == filters
