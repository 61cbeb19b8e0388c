"""What the commands say: results on stdout, notes on stderr."""

import os
import sys


def note(message: object) -> None:
    """Print one note on stderr; control characters in what it quotes are shown, not sent."""
    from gradviz.views.format import safe

    text = "\n".join(safe(line) for line in str(message).split("\n"))
    print(f"gradviz: {text}", file=sys.stderr)


def give_up_stdout() -> None:
    """Whoever read our output has seen enough; Python must not complain about it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
