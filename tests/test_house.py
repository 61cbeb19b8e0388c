"""The rules of the house: which room may know which, and how large and how silent a part may be."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOUSE = sorted((ROOT / "gradviz").rglob("*.py"))
OURS = HOUSE + sorted(path for room in ("tests", "bench", "samples", "docs") for path in (ROOT / room).rglob("*.py"))

# Imports go one way. A room that is not named here fails the test: give it a line and a reason.
ENGINE = {"engine", "errors"}
ROOMS = {
    "errors": set(),
    "trace": {"errors"},
    "engine": {"errors"},
    "ops": ENGINE,
    "nn": ENGINE | {"ops"},
    "linalg": ENGINE | {"ops"},
    "optim": ENGINE | {"ops"},
    "autograd": ENGINE | {"ops"},
    "cuda": ENGINE,
    "func": {"nn"},
    "amp": ENGINE | {"cuda"},
    "backends": set(),
    "random": ENGINE,
    "distributions": ENGINE | {"ops", "nn", "linalg"},
    "utils": ENGINE | {"ops"},  # a loader stacks what it loads
    "static": ENGINE | {"ops"},  # replays the ops' forwards; in-place writes count versions as the in-place ops do
    "files": ENGINE,
    "record": ENGINE | {"ops", "nn", "trace"},
    "check": {"trace", "errors"},
    "views": {"trace", "errors"},
    "cli": {"record", "check", "views", "trace", "errors"},
    "__init__": ENGINE
    | {"ops", "nn", "optim", "autograd", "linalg", "amp", "backends", "cuda", "func", "random", "utils", "files"}
    | {"static", "distributions"},
    "__main__": {"cli"},
}
# Inside views: format <- rows, theme, verification <- comparison <- the rest, never sideways.
VIEWS = {
    "format": set(), "theme": {"format"}, "rows": {"format"}, "verification": {"format"},
    "comparison": {"format", "rows"},
}  # fmt: skip
EVERY_VIEW = {"format", "theme", "rows", "verification", "comparison"}

# Who may import a package that is neither Python's own nor numpy.
THIRD_PARTY = {
    "typer": ("gradviz/cli/",),
    "click": ("gradviz/cli/",),
    "rich": ("gradviz/cli/", "gradviz/views/"),
    "graphviz": ("gradviz/views/",),
    "pygraphviz": ("gradviz/views/",),
    "cupy": ("gradviz/engine/backend.py",),
    "torch": ("gradviz/record/torch_bridge",),
}
LAZY = ("rich", "typer", "graphviz", "pygraphviz", "cupy", "torch")

LINES, FIELDS = 400, 15
VAGUE_NAMES = {"util", "utils", "common", "manager", "helper", "helpers", "misc"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")


def imports(path: str, tree: ast.Module) -> set[str]:
    """Dotted names that a file imports, relative ones made absolute; `from a import b` gives a.b."""
    package = path.removesuffix(".py").split("/")[:-1]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base += [node.module] if node.module else []
            found |= {".".join([*base, name.name]) for name in node.names}
    return found


def crossings(path: str, source: str) -> list[str]:
    """Imports that go through a wall, for a file of gradviz given by its path in the checkout."""
    parts = path.removesuffix(".py").split("/")[1:]
    room = parts[0]
    if room not in ROOMS:
        return [f"gradviz.{room} is a room that tests/test_house.py doesn't know"]
    found = []
    for name in sorted(imports(path, ast.parse(source))):
        top, *inner = name.split(".")
        if top != "gradviz":
            if top in THIRD_PARTY:
                allowed = path.startswith(THIRD_PARTY[top])
            else:
                allowed = top == "numpy" or top in sys.stdlib_module_names
        elif not inner or inner[0] not in ROOMS:
            # the package itself or a public name of it: that is the whole engine
            allowed = room == "record" or inner == ["__version__"]
        elif room == "views" and inner[0] == "views":
            allowed = view_sees(parts, inner)
        else:
            allowed = inner[0] == room or inner[0] in ROOMS[room]
        if not allowed:
            found.append(name)
    return found


def view_sees(viewer: list[str], seen: list[str]) -> bool:
    """Whether a module of views may import another one."""
    view, other = (viewer[1:] or ["__init__"])[0], (seen[1:] or ["__init__"])[0]
    return view in ("__init__", other) or other in VIEWS.get(view, EVERY_VIEW)


def undocumented(source: str) -> list[str]:
    """Public functions, classes and methods of a public class without a docstring; and the module itself."""
    tree = ast.parse(source)
    found = [] if ast.get_docstring(tree) or not tree.body else ["the module"]
    waiting = [("", node) for node in tree.body]
    while waiting:
        prefix, node = waiting.pop()
        if not isinstance(node, FUNCTIONS + (ast.ClassDef,)) or node.name.startswith("_"):
            continue
        marks = {ast.unparse(mark).rpartition(".")[2] for mark in node.decorator_list}
        if not ast.get_docstring(node) and not marks & {"overload", "setter"}:
            found.append(prefix + node.name)
        if isinstance(node, ast.ClassDef):
            waiting += [(f"{node.name}.", inner) for inner in node.body]
    return sorted(found)


def crowded(source: str) -> list[str]:
    """Classes with more than FIELDS annotated fields, and functions with more than FIELDS parameters.

    A command's own function has a parameter for each of its options, and as many as these.
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            count = sum(isinstance(inner, ast.AnnAssign) for inner in node.body)
        elif isinstance(node, FUNCTIONS):
            if "typer.Option(" in ast.unparse(node.args):
                continue
            asked = node.args
            given = [arg.arg for arg in asked.posonlyargs + asked.args + asked.kwonlyargs]
            count = len(given) - (given[:1] in (["self"], ["cls"]))
        else:
            continue
        if count > FIELDS:
            found.append(f"{node.name} ({count})")
    return found


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", HOUSE, ids=named)
def test_imports_go_one_way(path):
    assert crossings(named(path), path.read_text()) == []


@pytest.mark.parametrize("path", HOUSE, ids=named)
def test_what_is_public_is_documented(path):
    assert undocumented(path.read_text()) == []


@pytest.mark.parametrize("path", OURS, ids=named)
def test_a_file_stays_small_and_finished(path):
    source = path.read_text()
    assert source.count("\n") <= LINES
    assert crowded(source) == []
    assert path.stem not in VAGUE_NAMES
    assert UNFINISHED.findall(source) == []


@pytest.mark.parametrize("path", sorted((ROOT / "gradviz").rglob("*.[ch]")), ids=named)
def test_a_twin_in_c_stays_small_and_says_what_it_is(path):
    source = path.read_text()
    assert source.startswith("/* ") and source.count("\n") <= LINES
    assert path.parent.name == "compiled"
    assert UNFINISHED.findall(source) == []


@pytest.mark.parametrize(
    ("path", "source", "through"),
    [
        ("trace/store.py", "from gradviz.engine.op import Op", ["gradviz.engine.op.Op"]),
        ("trace/store.py", "from ..engine import tensor", ["gradviz.engine.tensor"]),
        ("engine/op.py", "def f():\n    import gradviz.trace", ["gradviz.trace"]),
        ("engine/op.py", "import cupy", ["cupy"]),
        ("engine/backend.py", "import cupy, numpy, typing", []),
        ("views/table.py", "from gradviz.views.diagram import draw", ["gradviz.views.diagram.draw"]),
        ("views/table.py", "from gradviz.views import diagram, rows, format", ["gradviz.views.diagram"]),
        ("views/format.py", "from .rows import Row", ["gradviz.views.rows.Row"]),
        ("views/diagram/panel.py", "from .layout import arrange\nfrom ..rows import Row\nimport rich", []),
        ("views/table.py", "import gradviz.record", ["gradviz.record"]),
        ("check/rules.py", "import pandas", ["pandas"]),
        ("cli/app.py", "import typer\nfrom gradviz import __version__, tensor", ["gradviz.tensor"]),
        ("attic.py", "", ["gradviz.attic is a room that tests/test_house.py doesn't know"]),
    ],
)
def test_the_walls_notice_what_goes_through(path, source, through):
    assert crossings(f"gradviz/{path}", source) == through


def test_the_checks_of_shape_notice():
    many = ", ".join(f"a{i}" for i in range(FIELDS + 1))
    assert crowded(f"def f({many}): pass\ndef g(self, {many[4:]}): pass") == ["f (16)"]
    assert crowded("class C:\n" + "\n".join(f"    a{i}: int" for i in range(FIELDS + 1))) == ["C (16)"]
    source = '"""T."""\ndef f(): pass\nclass C:\n    """T."""\n    def m(self): pass\n    def _m(self): pass'
    assert undocumented(source) == ["C.m", "f"]
    assert undocumented("def _f(): pass") == ["the module"]
    assert UNFINISHED.search("# TO" + "DO: later")


def test_import_gradviz_loads_no_screen_and_no_framework():
    code = f"import sys, gradviz; print(*[name for name in {LAZY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("", "", 0)


def test_ruff_finds_nothing():
    pytest.importorskip("ruff", reason="ruff is not installed (extra: test)")
    command = [sys.executable, "-m", "ruff", "check", "--quiet", "--output-format=concise", "--no-cache", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 0)


def test_the_package_says_one_version():
    import gradviz

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert gradviz.__version__ == project["version"]
    assert f"## {project['version']}" in (ROOT / "CHANGELOG.md").read_text()
