"""The files that commands write: whole or not at all, and nothing else is lost for them."""

import os
from contextlib import suppress
from pathlib import Path

from gradviz.errors import BadInput


def write_file(path: Path, data: bytes) -> None:
    """Write a result, whole or not at all; BadInput when it can't be written."""
    target = Path(os.path.realpath(path))
    draft = target.with_name(f".{os.getpid()}{target.suffix}")
    special = os.path.exists(path) and not os.path.isfile(path)  # such as /dev/stdout
    try:
        if special:
            path.write_bytes(data)
            return
        try:
            draft.write_bytes(data)
            os.replace(draft, target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise BadInput(f"{path} can't be written: {error.strerror}; choose another with -o") from None


def replaceable(path: Path) -> bool:
    """Whether a trace may take the place of what is there: an older trace, or nothing in it."""
    from gradviz.trace.journal import MAGIC

    with suppress(OSError), open(path, "rb") as file:
        return file.read(len(MAGIC)) in (MAGIC, b"")
    return True  # what can't be read is the recorder's to complain about


def is_trace(text: str) -> bool:
    """Whether this names a trace, or a file that is none: a variable has no such name."""
    return text.endswith(".gradviz") or os.sep in text and os.path.exists(text)
