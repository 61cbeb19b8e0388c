"""Every array function that gradviz calls exists in CuPy, and the strict namespace is no wider than CuPy."""

import ast
import importlib.util
from pathlib import Path

import pytest

from tests.gpu import signatures

HOUSE = Path(__file__).parents[2] / "gradviz"
FACTS = signatures.stored()
MODULE_NAMES = {"xp"}
KNOWN = {*FACTS["functions"], *FACTS["ufuncs"], *FACTS["constants"], "__name__"}


def chains(tree):
    """Dotted names that code takes from `xp`: "linalg.inv", "add.at"."""
    found = set()
    for node in ast.walk(tree):
        parts = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if parts and isinstance(node, ast.Name) and node.id in MODULE_NAMES:
            found.add(".".join(reversed(parts)))
    return found


def called():
    return sorted(set().union(*(chains(ast.parse(path.read_text())) for path in HOUSE.rglob("*.py"))))


def lacking(name):
    """Whether CuPy has no such thing: a function, a constant, a ufunc, a method of one, or a module of these."""
    start, _, last = name.rpartition(".")
    if name in KNOWN or any(each.startswith(name + ".") for each in KNOWN):
        return False
    return last not in FACTS["ufuncs"].get(start, "").split()


def test_every_function_that_is_called_is_cupys():
    names = [name for name in called() if not name.startswith("cuda")]
    assert len(names) > 100
    assert [name for name in names if lacking(name)] == []


def test_what_cupy_lacks_is_noticed():
    code = "xp.vecdot(a, b); xp.maximum.accumulate(a); xp.linalg.svdvals(a); np.vecdot(a); xp.add.at(a, 1, 2)"
    tree = ast.parse(code)
    assert {name for name in chains(tree) if lacking(name)} == {"vecdot", "maximum.accumulate", "linalg.svdvals"}


@pytest.mark.filterwarnings("ignore")
def test_the_stored_facts_are_those_of_the_installed_cupy():
    if importlib.util.find_spec("cupy") is None:
        pytest.skip("CuPy is not installed (extras: cuda12, cuda13)")
    found = signatures.observed()
    if found["version"] != FACTS["version"]:
        pytest.skip(f"the facts are of CuPy {FACTS['version']}; this is {found['version']}")
    assert found == FACTS
