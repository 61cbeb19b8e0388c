"""Where holders are looked for, with their lines; and that looking changes nothing."""

import gc
import sys
import weakref

import pytest

from gradviz.record.holders import holders
from gradviz.record.script import Outcome, run, script
from gradviz.trace.events import Kind
from gradviz.trace.store import load
from tests.record.test_recorder import HEADER

START = """\
import gradviz as torch
w = torch.tensor([1.0, 2.0], requires_grad=True)
def f():
    return (w * w).sum()
"""


@pytest.fixture
def found(tmp_path, monkeypatch):
    """found(lines) runs START with them: {name of each holder of a node: its line}."""
    from gradviz.record.recorder import Recorder

    monkeypatch.chdir(tmp_path)

    def of(lines):
        (tmp_path / "it.py").write_text(START + lines)
        with Recorder(tmp_path / "it.gradviz", HEADER) as recorder:
            recorder.finish(run(script("it.py")))
        trace = load(tmp_path / "it.gradviz")
        rows = trace.rows[trace.of(Kind.HOLDER)]
        rows = rows[rows["node"] > 0]
        names = [trace.text(int(row["ref"]), "name") for row in rows]
        origins = [trace.origin(int(row["origin"])) for row in rows]
        return {name: origin and (origin.file, origin.line) for name, origin in zip(names, origins, strict=True)}

    yield of
    sys.modules.pop("helper", None)


def test_a_variable_is_where_it_is_bound_last(found):
    lines = "a = 0\na = f()\n[a for a in ()]\ndef g(b):\n    global c\n    a, c = 1, f()\ng(1)\n"
    assert found(lines) == {"a": ("it.py", 6), "c": ("it.py", 10)}


def test_elements_have_the_line_of_their_container(found):
    assert found("kept = []\nkept.append(f())\n") == {"kept[0]": ("it.py", 5)}


def test_a_node_itself(found):
    assert found("fn = f().grad_fn\n") == {"fn": ("it.py", 5)}


def test_a_gradient_with_a_graph(found):
    assert found("f().backward(create_graph=True)\n") == {"w.grad": ("it.py", 2)}


def test_modules_in_the_scripts_folder(found, tmp_path):
    (tmp_path / "helper.py").write_text("class Store:\n    best = None\n\ncache = []\n")
    lines = "import helper\nhelper.cache.append(f())\nhelper.Store.best = f()\n"
    assert found(lines) == {"helper.cache[0]": ("helper.py", 4), "helper.Store.best": ("helper.py", 1)}


def test_the_functions_that_a_crash_came_through(found, capsys):
    lines = "def outer():\n    kept = f()\n    inner(kept * 2)\ndef inner(x):\n    raise KeyError(1)\nouter()\n"
    assert found(lines) == {
        "<traceback>.outer.<locals>.kept": ("it.py", 7),
        "<traceback>.inner.<locals>.x": ("it.py", 9),
    }
    assert "KeyError" in capsys.readouterr().err


def test_an_exception_before_the_one_that_ended_the_script(found, capsys):
    lines = "def bad():\n    x = f()\n    1 / 0\ntry:\n    bad()\nexcept Exception as e:\n    raise KeyError from e\n"
    assert "<traceback>.__cause__.<traceback>.bad.<locals>.x" in found(lines)
    assert "KeyError" in capsys.readouterr().err


def test_looking_lengthens_no_life():
    import gradviz as torch

    def crash():
        inside = torch.tensor([1.0], requires_grad=True) * 2
        alive.append(weakref.ref(inside))
        alive.append(weakref.ref(inside.grad_fn))
        raise KeyError

    alive, failure = [], None
    try:
        crash()
    except KeyError as error:
        failure = error
    gc.disable()
    try:
        names = [name for name, *_ in holders(Outcome("raised", "", 1, None, {}, failure))]
        frame = failure.__traceback__.tb_next.tb_frame
        assert names and [ref() is not None for ref in alive] == [True, True]
        frame.clear()  # its variables end, and nothing that looked holds them still
        assert [ref() for ref in alive] == [None, None]
    finally:
        gc.enable()


def test_a_dictionary_of_locals_that_the_script_holds_is_left_alone():
    import gradviz as torch

    def crash():
        inside = torch.tensor([1.0], requires_grad=True) * 2
        kept.append(locals())
        raise KeyError(inside)

    kept, failure = [], None
    try:
        crash()
    except KeyError as error:
        failure = error
    names = [name for name, *_ in holders(Outcome("raised", "", 1, None, {}, failure))]
    assert any(name.endswith("crash.<locals>.inside") for name in names)
    assert "inside" in kept[0]
