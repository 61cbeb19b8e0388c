"""The typer app: its commands and what all of them share."""

from typing import Annotated

import typer

from gradviz.cli.check import CheckCommand, check
from gradviz.cli.diff import diff
from gradviz.cli.explain import explain
from gradviz.cli.graphs import graphs
from gradviz.cli.info import info
from gradviz.cli.memory import memory
from gradviz.cli.render import render
from gradviz.cli.table import table
from gradviz.cli.trace import ScriptCommand, trace
from gradviz.cli.why import why

app = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command(
    cls=ScriptCommand,
    short_help="Run a script; show what autograd did.",
    context_settings={"allow_interspersed_args": False},
)(trace)
app.command(short_help="Draw a graph as a filmstrip, or the memory over time.")(render)
app.command(short_help="Show a graph's nodes as a table.")(table)
app.command(short_help="List the graphs of a run over time.")(graphs)
app.command(short_help="Show what two graphs don't have in common.")(diff)
app.command(short_help="Chart the bytes alive over time.")(memory)
app.command(short_help="Tell why a graph is still alive.")(why)
app.command(short_help="Show the chain rule in numbers.")(explain)
app.command(
    cls=CheckCommand,
    short_help="Find what is wrong in a run, and the fix.",
    context_settings={"allow_interspersed_args": False},
)(check)
app.command(short_help="Tell what a trace file holds.")(info)


def command():
    """The command that the app amounts to, ready to be called."""
    return typer.main.get_command(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        from gradviz import __version__

        print(f"gradviz {__version__}")
        raise typer.Exit()


@app.callback()
def gradviz(
    context: typer.Context,
    show: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """See what autograd does: the graph that a script builds, backward step by step, what is freed and when.

    \b
    Examples:
      gradviz trace train.py --epochs 3
      gradviz trace -e "((w*x + b - y)**2).mean()" -v w=2 -v b=0 -c "x=[1,2,3]" -c y=5
      gradviz render --format png
      gradviz table --graph all
      gradviz why losses
      gradviz explain --path loss..w
      gradviz check train.py
    """
    if context.invoked_subcommand is None:
        print(context.get_help())
