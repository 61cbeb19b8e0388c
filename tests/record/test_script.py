"""Programs run by gradviz behave as under plain `python`: the same stdout, stderr and exit code."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gradviz.errors import BadInput
from gradviz.record import script

ROOT = Path(__file__).resolve().parents[2]
RUNNER = """
import sys
from gradviz.record import script
what, name, *arguments = sys.argv[1:]
outcome = script.run(getattr(script, what)(name, arguments))
sys.exit(outcome.exit_code)
"""

AWKWARD = {
    "argv": "import sys; print(sys.argv, len(sys.argv))",
    "globals": "print(sorted(globals()), __file__, __name__, __spec__, __package__, __cached__)",
    "loader": "print(type(__loader__).__name__, __loader__.path, type(__builtins__).__name__)",
    "path": "import os, sys; print(sys.path[0], os.getcwd())",
    "exit_text": "import sys; print('out'); sys.exit('gone wrong')",
    "exit_number": "import sys; sys.exit(7)",
    "exit_none": "import sys; sys.exit()",
    "exit_big": "import sys; sys.exit(257)",
    "exit_negative": "raise SystemExit(-1)",
    "raises": """
        def inner(x):
            return 1 / x


        inner(
            0
        )
        """,
    "chained": """
        try:
            {}['key']
        except KeyError as error:
            raise ValueError('a bad value\\nin two lines') from error
        """,
    "group": "raise ExceptionGroup('several', [ValueError(1), TypeError(2)])",
    "note": "e = ValueError(1); e.add_note('a note'); raise e",
    "import_error": "import no_such_module_at_all",
    "warning": """
        import warnings
        for _ in range(3):
            warnings.warn('once only')
        warnings.warn('old', DeprecationWarning)
        """,
    "doubtful_escape": "print('\\d')",
    "pickle": """
        import pickle
        from dataclasses import dataclass

        @dataclass
        class Point:
            x: int

        print(pickle.loads(pickle.dumps(Point(3))), Point.__module__)
        """,
    "imports_main": "import __main__; x = 5; print(__main__.x)",
    "stdin": "print(input().upper()); print(input())",
    "guard": "if __name__ == '__main__': print('main')",
    "thread": """
        import threading, time

        def late():
            time.sleep(0.1)
            print('late')

        threading.Thread(target=late).start()
        print('early')
        """,
    "idle_executor": """
        from concurrent.futures import ThreadPoolExecutor
        pool = ThreadPoolExecutor(2)
        print(pool.submit(pow, 2, 5).result())
        """,
    "excepthook": """
        import sys
        sys.excepthook = lambda kind, value, traceback: print('hook', kind.__name__, traceback.tb_lineno)
        raise ValueError(1)
        """,
    "excepthook_exits": """
        import sys
        sys.excepthook = lambda *_: sys.exit(9)
        raise ValueError(1)
        """,
    "excepthook_breaks": """
        import sys
        def hook(*_):
            raise KeyError(2)
        sys.excepthook = hook
        raise ValueError(1)
        """,
    "atexit": """
        import atexit, pickle, sys
        class Thing: pass
        atexit.register(lambda: print('end', pickle.loads(pickle.dumps(Thing())).__class__, sys.argv))
        print('body')
        """,
    "stdout_replaced": "import io, sys; sys.stdout = io.StringIO(); print('lost')",
    "fork": """
        import os
        print('before', flush=True)
        child = os.fork()
        if child == 0:
            print('child')
        else:
            print(os.waitpid(child, 0)[1])
        """,
    "spawn": """
        import multiprocessing

        def double(x):
            return x * 2

        if __name__ == '__main__':
            with multiprocessing.get_context('spawn').Pool(1) as pool:
                print(pool.map(double, [1, 2]))
        """,
    "os_exit": "import os; print('x', flush=True); os._exit(4)",
    "recursion": "def f(): f()\ntry:\n    f()\nexcept RecursionError: print('deep')",
    "bom": "\ufeffprint('with a byte order mark')",
    "future": "from __future__ import annotations\ndef f(x: no_such_name): pass\nprint(f.__annotations__)",
}


def both(tmp_path, what, name, *arguments, stdin="one\ntwo\n"):
    """The same program under python and under gradviz: two finished processes."""
    plain = ["-m", name] if what == "module" else [name]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return [
        subprocess.run(
            [sys.executable, *command, *arguments],
            cwd=tmp_path,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )
        for command in (plain, ["-c", RUNNER, what, name])
    ]


@pytest.mark.parametrize("name", AWKWARD)
def test_same_as_python(tmp_path, name):
    (tmp_path / "it.py").write_text(textwrap.dedent(AWKWARD[name]), encoding="utf-8")
    python, ours = both(tmp_path, "script", "it.py", "--flag", "a b", "-v")
    assert ours.stdout == python.stdout
    assert ours.stderr == python.stderr
    assert ours.returncode == python.returncode


@pytest.mark.parametrize("how", ["./sub/it.py", "sub/../sub/it.py", "link.py"])
def test_same_as_python_however_the_script_is_named(tmp_path, how):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "helper.py").write_text("value = 5")
    (tmp_path / "sub" / "it.py").write_text("import sys, helper; print(sys.argv, sys.path[0], __file__); 1/0")
    (tmp_path / "link.py").symlink_to("sub/it.py")
    python, ours = both(tmp_path, "script", how)
    assert (ours.stdout, ours.stderr, ours.returncode) == (python.stdout, python.stderr, 1)


def test_encoding_cookie(tmp_path):
    (tmp_path / "it.py").write_bytes("# coding: latin-1\nprint('größe')\nx = 'ä', 1/0\n".encode("latin-1"))
    python, ours = both(tmp_path, "script", "it.py")
    assert (ours.stdout, ours.stderr, ours.returncode) == (python.stdout, python.stderr, 1)


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "pkg"
    folder.mkdir()
    (folder / "__init__.py").write_text("print('package', __name__)")
    (folder / "part.py").write_text("value = 3")
    (folder / "__main__.py").write_text("from .part import value; print('main', value)")
    (folder / "run.py").write_text(
        "import sys\nfrom .part import value\n"
        "print(value, sys.argv, sys.path[0], __name__, __package__, __spec__.name, __file__, __cached__)\n"
        "if len(sys.argv) > 1:\n    1 / 0\n"
    )
    return tmp_path


@pytest.mark.parametrize("name", ["pkg", "pkg.run", "pkg.__main__"])
def test_module_same_as_python(package, name):
    python, ours = both(package, "module", name)
    assert (ours.stdout, ours.stderr, ours.returncode) == (python.stdout, python.stderr, 0)


def test_module_that_fails_shows_its_own_frames(package):
    python, ours = both(package, "module", "pkg.run", "--fail")
    shown = [line for line in python.stderr.splitlines() if "<frozen runpy>" not in line]
    assert ours.stderr.splitlines() == shown
    assert (ours.stdout, ours.returncode) == (python.stdout, 1)


def test_package_whose_init_fails(package):
    (package / "pkg" / "__init__.py").write_text("1 / 0")
    _, ours = both(package, "module", "pkg.run")
    assert "pkg/__init__.py" in ours.stderr
    assert "gradviz" not in ours.stderr
    assert ours.returncode == 1


def test_interrupt(tmp_path):
    (tmp_path / "it.py").write_text("print('x')\nraise KeyboardInterrupt")
    python, ours = both(tmp_path, "script", "it.py")
    assert (ours.stdout, ours.stderr, ours.returncode) == (python.stdout, python.stderr, 130)


# In this process: what run() answers with, and what it leaves behind.


def outcome_of(tmp_path, text):
    path = tmp_path / "it.py"
    path.write_text(textwrap.dedent(text))
    return script.run(script.script(str(path)))


def test_outcome_of_a_finished_script(tmp_path):
    outcome = outcome_of(tmp_path, "w = 3")
    assert (outcome.how, outcome.error, outcome.exit_code, outcome.origin) == ("finished", "", 0, None)
    assert outcome.namespace["w"] == 3


def test_outcome_of_sys_exit(tmp_path):
    outcome = outcome_of(tmp_path, "import sys; sys.exit(3)")
    assert (outcome.how, outcome.exit_code, outcome.failure) == ("exited", 3, None)


def test_failing_line_is_the_scripts_own(tmp_path):
    outcome = outcome_of(
        tmp_path,
        """
        import json

        def load(text):
            kept = [1]
            return json.loads(text)

        load('{')
        """,
    )
    code, lasti = outcome.origin
    assert (outcome.how, outcome.exit_code) == ("raised", 1)
    assert outcome.error.startswith("JSONDecodeError: ")
    assert code.co_qualname == "load"
    assert list(code.co_positions())[lasti // 2][0] == 6


def test_the_process_is_given_back(tmp_path):
    before = sys.argv, list(sys.path), sys.modules["__main__"], sys.stdout
    outcome_of(tmp_path, "import sys; sys.argv.append('x'); sys.path.insert(0, 'y'); sys.stdout = None")
    assert (sys.argv, sys.path, sys.modules["__main__"], sys.stdout) == before


def test_error_whose_text_breaks(tmp_path):
    outcome = outcome_of(
        tmp_path,
        """
        class Odd(Exception):
            def __str__(self):
                raise ValueError

        raise Odd
        """,
    )
    assert outcome.error.startswith("Odd: ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"x = = 2\n", "line 1: invalid syntax: x = = 2"),
        (b"def f(:\n  pass\n", "line 1: "),
        (b"return 5\n", "line 1: 'return' outside function"),
        (b"\x7fELF\0\0\0", "isn't a Python script"),
        (b"\xff\xfe\xfa", "isn't a Python script"),
        (b"# coding: no-such-coding\n", "isn't a Python script"),
        (b"x = '" + "ä".encode("latin-1") + b"'", "isn't a Python script"),
    ],
)
def test_file_that_is_not_python(tmp_path, content, message):
    path = tmp_path / "it.py"
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        script.script(str(path))
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_script_and_directory(tmp_path):
    with pytest.raises(BadInput, match="no such file"):
        script.script(str(tmp_path / "missing.py"))
    with pytest.raises(BadInput, match="is a directory"):
        script.script(str(tmp_path))


@pytest.mark.parametrize("name", ["no_such_package", "no_such.part", "json.no_such", "", "..", "json tool"])
def test_missing_module(name):
    with pytest.raises(BadInput, match="no module named"):
        script.module(name)


def test_package_that_cannot_be_run(tmp_path, monkeypatch):
    (tmp_path / "inert_package").mkdir()
    (tmp_path / "inert_package" / "__init__.py").write_text("")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="cannot be directly executed"):
        script.run(script.module("inert_package"))
