"""Options end where the script, or the module, begins."""

import pytest

from gradviz.cli.choices import graph_choice, limit, table_choice
from gradviz.cli.trace import end_options_after_module
from gradviz.errors import BadInput

TAKING_A_VALUE = {"-m", "--module", "-o", "--output", "-e"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("-m pkg --epochs 3", "-m pkg -- --epochs 3"),
        ("--wide -o out -m pkg -o theirs", "--wide -o out -m pkg -- -o theirs"),
        ("--module=pkg -x", "--module=pkg -- -x"),
        ("-mpkg -x", "-mpkg -- -x"),
        ("-m pkg -- -x", "-m pkg -- -- -x"),
        ("-m", "-m --"),
        ("script.py -m theirs", "script.py -m theirs"),
        ("-o -m script.py", "-o -m script.py"),
        ("-- script.py -m theirs", "-- script.py -m theirs"),
        ("--wide", "--wide"),
        ("", ""),
    ],
)
def test_a_module_ends_the_options(given, expected):
    assert end_options_after_module(given.split(), TAKING_A_VALUE) == expected.split()


def test_choices():
    assert [graph_choice(text) for text in ("all", "last", "12")] == ["all", "last", 12]
    assert [limit("--rows", text) for text in ("all", "7")] == [None, 7]
    choice = table_choice("last", " name, grad ,", False, "200", True)
    assert choice.columns == ["name", "grad"]


@pytest.mark.parametrize("text", ["0", "-1", "x", "", "1.5", "²"])
def test_choices_that_make_no_sense(text):
    with pytest.raises(BadInput, match="--graph"):
        graph_choice(text)
    with pytest.raises(BadInput, match="--rows"):
        limit("--rows", text)


def test_empty_columns():
    with pytest.raises(BadInput, match="--columns is empty"):
        table_choice("last", " , ", False, "200", False)
