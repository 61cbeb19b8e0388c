"""`gradviz trace`: run a script, module or expression, write what autograd did, show it."""

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Annotated, Literal

import typer
from typer.core import TyperCommand

from gradviz.cli.choices import (
    Columns,
    Constants,
    Expression,
    GraphChoice,
    Json,
    Module,
    Rows,
    Variables,
    Wide,
    table_choice,
)
from gradviz.cli.files import replaceable
from gradviz.cli.say import argument, give_up_stdout, note, ours, printable_stdout
from gradviz.errors import BadInput, GradvizError

SUFFIX = ".gradviz"


class ScriptCommand(TyperCommand):
    """A command whose options end at the script, or after `-m MODULE`: what follows is the script's own."""

    def parse_args(self, ctx, args: list[str]) -> list[str]:
        """Mark where the script's arguments begin, then parse as usual."""
        taking_a_value = {
            name for option in self.params if not getattr(option, "is_flag", True) for name in option.opts
        }
        return super().parse_args(ctx, end_options_after_module(args, taking_a_value))


def end_options_after_module(args: list[str], taking_a_value: set[str]) -> list[str]:
    """The same arguments, with `--` after `-m MODULE` where that stands among gradviz's own options."""
    position = 0
    while position < len(args) and args[position].startswith("-") and args[position] not in ("-", "--"):
        arg = args[position]
        step = 2 if arg in taking_a_value else 1
        position += step
        if arg == "--module" or arg.startswith(("-m", "--module=")):
            return [*args[:position], "--", *args[position:]]
    return args


def trace(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="SCRIPT ARGS", help="The script to run, and what is its own.", show_default=False),
    ] = None,
    module: Module = None,
    expression: Expression = None,
    variables: Variables = None,
    constants: Constants = None,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="PATH", help="The trace file, or a folder for it."),
    ] = None,
    diagram: Annotated[bool, typer.Option("--diagram/--no-diagram", help="Draw the SVG beside the trace.")] = True,
    graph: GraphChoice = "last",
    columns: Columns = None,
    wide: Wide = False,
    rows: Rows = "200",
    json: Json = False,
    device: Annotated[
        Literal["cpu", "cuda"], typer.Option(help="Where new tensors live unless the script says.")
    ] = "cpu",
    values: Annotated[
        Literal["none", "preview", "full"],
        typer.Option(help="Values to keep: none, large tensors by their corners, or all."),
    ] = "preview",
    verify: Annotated[
        bool, typer.Option("--verify", help="Check each gradient numerically, and mark those that are wrong.")
    ] = False,
    compare_no_grad: Annotated[
        bool,
        typer.Option("--compare-no-grad", help="Tell what each no_grad region would have built with gradients on."),
    ] = False,
) -> int:
    """Run a script and show the graph that it built, what backward did, and what was freed.

    Writes the trace, STEM.gradviz, as the script runs, and the picture, STEM.svg, beside it.
    Options come before the script; what follows it is the script's own. The script's output,
    traceback and exit code are its own too; with --json its stdout goes to stderr.

    --verify compares each gradient that a node hands on with central differences in float64 and marks a
    row that disagrees, in the table and in the picture. It copies values while the script runs, and runs
    ops again beside them; your Functions' forward only when the script has ended, with its output
    unseen. For each gradient forward runs five times; Ctrl-C at the end skips the rest. docs/verify.md
    tells what is not judged.

    --compare-no-grad runs each op of the script's no_grad regions once more, beside, with gradients
    on, and counts the nodes and saved bytes that this builds; the script itself runs once, and
    sees nothing of it. It takes more time and memory. inference_mode and set_grad_enabled are no
    such regions.

    Exit code: the script's; or 2 when it ended well but made no graph or never called backward.

    \b
    Examples:
      gradviz trace train.py --epochs 3
      gradviz trace --verify own_function.py
      gradviz trace --graph all --no-diagram train.py
      gradviz trace -m package.train --epochs 3
      gradviz trace -e "((w*x + b - y)**2).mean()" -v w=2 -v b=0 -c "x=[1,2,3]" -c y=5
    """
    choice = table_choice(graph, columns, wide, rows, json)
    program = program_of(
        arguments or [],
        module,
        expression,
        variables or [],
        constants or [],
    )
    if compare_no_grad and program.mode == "expression":
        raise BadInput("--compare-no-grad: an expression has no no_grad region; trace a script or a module with it")
    path = _trace_path(output, program, diagram)
    here = os.open(".", os.O_RDONLY)
    with stdout_on_stderr() if json else nullcontext():
        code = record(program, path, device, values, "ops" if verify else "", compare_no_grad)
    if not printable_stdout():
        note(f"stdout is closed: see the table with `{ours()} table {shlex.quote(str(path))}`")
        return code
    try:
        with _in_folder(here):
            return _show(program, path, choice, diagram, code)
    except GradvizError as error:
        note(error)
        return code or (2 if isinstance(error, BadInput) else 0)
    except BrokenPipeError:
        give_up_stdout()
        return code
    except Exception as error:  # a slip of ours must cost neither the script's exit code nor its trace
        note(f"{path} is written, but showing it failed: {type(error).__name__}: {error}")
        return code


def program_of(
    arguments: Sequence[str],
    module: str | None,
    expression: str | None,
    variables: Sequence[str],
    constants: Sequence[str],
):
    """What there is to run; BadInput, before anything runs, where that is nothing, or several things at once."""
    from gradviz.record import script

    if module is not None and expression is not None:
        raise BadInput("-m and -e were both given; choose one")
    if expression is None and (variables or constants):
        raise BadInput("-v and -c define names for an expression; give one with -e")
    if expression is not None:
        from gradviz.record.expression import expression as read

        if arguments:
            raise BadInput(f"-e takes no script and no arguments, but {arguments[0]!r} was given")
        return read(expression, variables, constants)
    if module is not None:
        return script.module(module, arguments)
    if not arguments:
        raise BadInput("nothing to trace: give a script, -m MODULE or -e EXPRESSION")
    return script.script(arguments[0], arguments[1:])


def _trace_path(output: str | None, program, diagram: bool) -> Path:
    """Where the trace goes; BadInput, before anything runs, when it can't go there."""
    stem = {"script": Path(program.name).stem, "expression": "expression"}.get(program.mode, program.name)
    path = Path(output) if output else Path(stem + SUFFIX)
    if output and (os.path.isdir(path) or output.endswith(os.sep)):
        path = path / (stem + SUFFIX)
    elif path.suffix != SUFFIX:
        path = path.with_name(path.name + SUFFIX)
    folder = path.parent
    if not os.path.isdir(folder):
        raise BadInput(f"the folder {folder} doesn't exist; make it, or choose another with -o")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BadInput(f"the folder {folder} can't be written to; choose another with -o")
    if os.path.isfile(path) and not replaceable(path):
        raise BadInput(f"{path} is there already and is no trace; choose another name with -o")
    if diagram and program.mode == "script" and os.path.realpath(program.name) == os.path.realpath(_svg(path)):
        raise BadInput(f"the picture would replace the script {program.name}; choose another name with -o")
    return path


def _svg(path: Path) -> Path:
    return path.with_suffix(".svg")


def record(program, path: Path, device: str, values: str, verify: str = "", compare_no_grad: bool = False) -> int:
    """Run the program with its events going to the trace file; its exit code.

    verify: "ops" checks all gradients numerically at the end, "functions" those of the program's own Functions.
    """
    from gradviz.record.recorder import Recorder, set_default_device
    from gradviz.record.script import run
    from gradviz.record.source import Sources

    if device != "cpu":
        set_default_device(device)
    sources = Sources()
    if program.text:
        sources.add(program.filename, program.text)
    given, options = (path.absolute(), _header(program, device)), {"sources": sources, "values": values}
    if verify:  # imported here, as below: start-up doesn't pay for what few runs ask for
        from gradviz.record.verify import Verifier

        recorder = Verifier(*given, ops=verify == "ops", **options)
    else:
        recorder = Recorder(*given, **options)
    try:
        with recorder:
            with _beside(recorder) if compare_no_grad else nullcontext() as beside:
                outcome = run(program)
            if beside is not None:
                beside.finish()
                if not beside.met:
                    note("--compare-no-grad: nothing compared: the script entered no no_grad region of its own")
            try:
                recorder.finish(outcome)
            except Exception as error:  # the script's exit code is not ours to lose
                note(f"{path} lacks the script's end: {type(error).__name__}: {error}")
            if verify and outcome.how != "interrupted":
                _verify(recorder)
    except GradvizError:  # the program turned out to have nothing to run
        path.unlink(missing_ok=True)
        raise
    return outcome.exit_code


def _beside(recorder):
    from gradviz.record.beside import Beside

    return Beside(recorder)


def _verify(recorder) -> None:
    """Check the gradients; a slip, or Ctrl-C, costs what was not checked yet."""
    try:
        recorder.verify()
    except KeyboardInterrupt:
        note("interrupted: not all gradients were checked")
    except Exception as error:
        note(f"not all gradients were checked: {type(error).__name__}: {error}")


def _header(program, device: str) -> dict:
    from datetime import datetime

    from gradviz import __version__

    return {
        "format": 1,
        "gradviz": __version__,
        "script": program.name,
        "argv": list(program.argv[1:]),
        "mode": program.mode,
        "started": datetime.now().astimezone().isoformat(timespec="seconds"),
        "python": sys.version.split()[0],
        "device": device,
        "source": program.name if program.mode == "expression" else "",
    }


def _show(program, path: Path, choice, diagram: bool, code: int) -> int:
    """Print the table, draw the picture, say what was written; the exit code."""
    from gradviz.cli.story import Story
    from gradviz.views.format import safe, size

    story = Story(path)
    if code:
        story.tell_error()
    story.tell(choice)
    written = [path]
    if diagram and story.graphs:
        try:
            written.append(story.draw(_svg(path), choice.graph))
        except GradvizError as error:
            note(f"no picture: {error}")
    stream = sys.stderr if choice.json else sys.stdout
    texts = [f"{safe(str(file))} ({size(file.stat().st_size)})" for file in written]
    texts[-1] += f", {story.folded[0]}" if story.folded[0] else ""
    listed = "\n      ".join(texts)
    following = f"{'table' if story.graphs else 'info'} {safe(shlex.quote(argument(path)))}"
    more = " --graph all" if len(story.graphs) > 1 else " --wide" if story.graphs else ""
    print(f"wrote {listed}\nnext  {ours()} {following}{more}", file=stream)
    story.tell_damage()
    lacking = "" if code else story.lacks()  # a script that failed has said so itself
    for text in program.notes or filter(None, [lacking]):
        note(text)
    return code or (2 if lacking else 0)


@contextmanager
def _in_folder(folder: int) -> Iterator[None]:
    """Be in the folder that the command was given in; what the script left behind still runs where it went."""
    try:
        there = os.open(".", os.O_RDONLY)
    except OSError:  # the script removed the folder that it is in
        there = folder
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(there)


@contextmanager
def stdout_on_stderr() -> Iterator[None]:
    """Send what the script prints to stderr, also from its subprocesses, so that stdout is JSON alone."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    kept_stdout, sys.stdout = sys.stdout, sys.stderr
    try:
        yield
    finally:
        with suppress(AttributeError, ValueError):  # the script may have closed it
            sys.stdout.flush()
        sys.stdout = kept_stdout
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
