"""The `gradviz` command: turns what is typed into one exit code, and every error into one line."""

import sys

from gradviz.errors import GradvizError


def main() -> None:
    """Run the command line and exit. Exit codes: the script's own for `trace`; 2 for bad input."""
    from gradviz.cli.app import command
    from gradviz.cli.say import give_up_stdout, note

    code = None
    try:
        # Not standalone: typer would install its own excepthook, and the script's is the script's.
        code = command()(prog_name="gradviz", standalone_mode=False) or 0
        if sys.stdout is not None and not sys.stdout.closed:
            sys.stdout.flush()
    except GradvizError as error:
        note(error)
        code = 2
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        give_up_stdout()
        code = 1 if code is None else code
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        note(_usage(error))
        code = 2
    sys.exit(code)


def _usage(error) -> str:
    """One line for a slip in the options (typer's own error, whatever library it takes it from)."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "gradviz"
    return f"{error.format_message()} (see `{path} --help`)"
