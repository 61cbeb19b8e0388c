"""What the commands say: results on stdout, notes on stderr."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path


def note(message: object) -> None:
    """Print one note on stderr; control characters in what it quotes are shown, not sent."""
    from gradviz.views.format import safe

    text = "\n".join(safe(line) for line in str(message).split("\n"))
    print(f"gradviz: {text}", file=sys.stderr)


def note_lines(lines: Iterable[str]) -> None:
    """Print lines on stderr as they are, with an empty one before; they are made safe already."""
    print("\n".join(["", *lines]), file=sys.stderr)


def printable_stdout() -> bool:
    """Whether stdout takes text; where its encoding lacks a character, it gets a question mark from here on."""
    if sys.stdout is None or sys.stdout.closed:
        return False
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    return True


def give_up_stdout() -> None:
    """Whoever read our output has seen enough; Python must not complain about it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def ours() -> str:
    """How to call this very command again: by its name where the shell finds it, else by its path."""
    started = sys.argv[0]
    if os.path.basename(started) != "gradviz":
        return f"{os.path.basename(sys.executable)} -m gradviz"
    found = shutil.which("gradviz")
    if found and os.path.realpath(found) == os.path.realpath(started):
        return "gradviz"
    path = os.path.relpath(started)
    return shlex.quote(started if path.startswith("..") else path)


def argument(path: Path) -> str:
    """A path that no command takes for an option."""
    return f"./{path}" if str(path).startswith("-") else str(path)
