"""`gradviz check`: what is wrong in a run, by which lines, and the line that mends it."""

import shutil
import tempfile
from contextlib import nullcontext
from itertools import islice, pairwise
from pathlib import Path
from typing import Annotated

import typer

from gradviz.cli.choices import Constants, Expression, Json, Module, Variables, trace_file
from gradviz.cli.say import note, printable_stdout
from gradviz.cli.trace import ScriptCommand, program_of, record, stdout_on_stderr
from gradviz.errors import BadInput, GradvizError

DEFAULT_WIDTH = 80
FOUND, OUR_FAILURE, INTERRUPTED = 1, 3, 130


class CheckCommand(ScriptCommand):
    """As ScriptCommand, but a trace takes no arguments: options may follow it."""

    def parse_args(self, ctx, args: list[str]) -> list[str]:
        """See where the options may stand, then parse as usual."""
        taking_a_value = {
            name for option in self.params if not getattr(option, "is_flag", True) for name in option.opts
        }
        words = (arg for before, arg in pairwise(["", *args]) if arg[:1] != "-" and before not in taking_a_value)
        ctx.allow_interspersed_args = any(map(_names_a_trace, islice(words, 1)))
        return super().parse_args(ctx, args)


def check(
    script: Annotated[
        str | None,
        typer.Argument(
            metavar="SCRIPT|TRACE",
            help="The script to run, or a trace; without either, the newest *.gradviz here.",
            show_default=False,
        ),
    ] = None,
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="ARGS", help="The script's own.", show_default=False)
    ] = None,
    module: Module = None,
    expression: Expression = None,
    variables: Variables = None,
    constants: Constants = None,
    fail_on: Annotated[
        str | None,
        typer.Option("--fail-on", metavar="CODES", help="Only these, such as GV101,GV102, make the exit code 1."),
    ] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 also where something was found.")] = False,
    json: Json = False,
    sarif: Annotated[
        bool, typer.Option("--sarif", help="Print a SARIF 2.1.0 log, for code hosts and editors.")
    ] = False,
) -> int:
    """Find what is wrong in a run: the lines that take part, the cause in a sentence, the fix as code.

    A script runs as under `gradviz trace`, its output and traceback its own, and what it did is checked; with
    --json or --sarif its stdout goes to stderr. Options come before the script, or anywhere beside a trace.
    docs/rules has a page for each code.

    Exit code: 0 nothing found, 1 something was, 2 what was asked for can't be done, 3 gradviz itself failed. The
    script's own exit code changes nothing.

    \b
    Examples:
      gradviz check train.py --epochs 3
      gradviz check --fail-on GV101,GV102 train.py
      gradviz check train.gradviz --json
      gradviz check -e "(x*w).sqrt().sum()" -v x=[1,0] -c w=2
      gradviz check --sarif train.py > train.sarif
    """
    failing = _codes(fail_on)
    if json and sarif:
        raise BadInput("--json and --sarif were both given; choose one")
    try:
        other = module, expression, variables or [], constants or []
        facts, interrupted = _facts(script, arguments or [], other, aside=json or sarif)
        if not printable_stdout():
            note("stdout is closed: nobody can read what was found")
        elif sarif:
            _print_sarif(facts)
        elif json:
            _print_json(facts)
        else:
            _print(facts)
    except (GradvizError, BrokenPipeError):
        raise
    except Exception as error:
        note(f"gradviz itself failed: {type(error).__name__}: {error}")
        return OUR_FAILURE
    for each in facts["broken"]:
        note(f"rule {each['code']} itself failed, and the others went on: {each['error']}")
    if facts["broken"]:
        return OUR_FAILURE
    if interrupted:
        return INTERRUPTED
    return FOUND if not exit_zero and any(each["code"] in failing for each in facts["findings"]) else 0


def _codes(text: str | None) -> frozenset[str]:
    """The codes given to --fail-on, all of them by default; BadInput for an unknown one lists them."""
    from gradviz.check import RULES

    known = [rule.code for rule in RULES]
    if text is None:
        return frozenset(known)
    asked = [code.strip().upper() for code in text.split(",") if code.strip()]
    unknown = [code for code in asked if code not in known]
    if unknown or not asked:
        seen = unknown[0] if unknown else repr(text)
        raise BadInput(f"--fail-on {seen}: expected codes of rules with commas between; they are {', '.join(known)}")
    return frozenset(asked)


def _names_a_trace(text: str) -> bool:
    """Whether this is a trace: by its name, or by its first bytes."""
    from gradviz.trace.journal import MAGIC

    if text.endswith(".gradviz"):
        return True
    try:
        with open(text, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False


def _facts(script: str | None, arguments: list[str], other: tuple, aside: bool) -> tuple[dict, bool]:
    """What was found, and whether the script was interrupted.

    other: what there may be in place of a script, as program_of takes it; aside: the script's stdout goes to stderr.
    """
    if not any(other) and (script is None or _names_a_trace(script)):
        if arguments:
            raise BadInput(f"a trace takes no arguments, but {arguments[0]!r} was given; options go before it")
        return _examined(trace_file(script))
    program = program_of([script, *arguments] if script is not None else [], *other)
    with tempfile.TemporaryDirectory(prefix="gradviz-") as folder:
        path = Path(folder, "run.gradviz")
        with stdout_on_stderr() if aside else nullcontext():
            record(program, path, "cpu", "preview", "functions")
        for text in program.notes:
            note(text)
        return _examined(path)


def _examined(path: Path) -> tuple[dict, bool]:
    from gradviz.check.catalogue import examined
    from gradviz.check.report import facts
    from gradviz.trace.store import load

    trace = load(path)
    found = examined(trace)
    ending = trace.ending
    if trace.damaged:
        note(trace.damaged)
    if ending is None:
        note("the run was cut off before its end: what it had done until then is checked")
    elif ending.how == "raised" and not any(place.role == "failed" for each in found.findings for place in each.places):
        note(f"the script ended with {ending.error.splitlines()[0]}: what it had done until then is checked")
    return facts(trace, found), ending is not None and ending.how == "interrupted"


def _print(facts: dict) -> None:
    from gradviz.views import findings as view

    width = shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns
    for finding in facts["findings"]:
        print("\n".join([*view.lines(finding, width), ""]))
    print(view.summary(facts))


def _print_json(facts: dict) -> None:
    import json

    print(json.dumps(facts, indent=1))


def _print_sarif(facts: dict) -> None:
    import json

    from gradviz import __version__
    from gradviz.check.sarif import sarif

    print(json.dumps(sarif(facts, __version__), indent=1))
