"""Help: every command is listed, explained, and shows examples."""

import pytest

from gradviz import __version__
from gradviz.cli.app import command
from gradviz.views.table import COLUMNS, FOLDING

COMMANDS = sorted(command().commands)


def test_commands():
    assert COMMANDS == ["check", "diff", "explain", "graphs", "info", "memory", "render", "table", "trace", "why"]


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_and_examples(gradviz, name):
    result = gradviz(name, "--help")
    assert (result.code, result.err) == (0, "")
    assert "Examples:" in result.out
    assert f"gradviz {name}" in result.out.split("Examples:")[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_each_option_is_explained(name):
    for option in command().commands[name].params:
        assert getattr(option, "help", ""), option.name


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_overview(gradviz, arguments):
    result = gradviz(*arguments)
    assert result.code == 0
    assert all(f"\n  {name} " in result.out for name in COMMANDS)


def test_version(gradviz):
    assert gradviz("--version").out == f"gradviz {__version__}\n"


def test_help_after_the_script_is_the_scripts(gradviz, folder):
    (folder / "it.py").write_text("import sys; print(sys.argv[1:]); sys.exit(3)")
    result = gradviz("trace", "--no-diagram", "it.py", "--help")
    assert result.code == 3
    assert result.out.startswith("['--help']\n")


def test_the_help_of_table_states_the_columns_and_the_order_in_which_they_fold(gradviz):
    told = " ".join(gradviz("table", "--help").out.split())
    assert f"Columns: {', '.join(COLUMNS)}." in told
    assert f"in this order: {', '.join(FOLDING)}." in told
