"""The files that commands write: whole or not at all, and nothing else is lost for them."""

import os
import sys
from contextlib import suppress
from pathlib import Path

from gradviz.errors import BadInput

FORMATS = ("svg", "png", "pdf", "dot")


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


def picture_format(format: str | None, output: str | None) -> str:
    """What --format says, else what the file's name ends in, else svg; BadInput for anything unknown."""
    known = f"known formats: {', '.join(FORMATS)}"
    if format is not None:
        if format.lower() not in FORMATS:
            raise BadInput(f"--format {format}: unknown; {known}")
        return format.lower()
    suffix = Path(output).suffix[1:].lower() if output else ""
    if suffix and suffix not in FORMATS:
        raise BadInput(f"-o {output}: no format is known by the ending .{suffix}; {known}")
    return suffix or "svg"


def picture_file(output: str | None, trace: Path, kind: str) -> Path | None:
    """The file to write; None for stdout. BadInput when its folder isn't there."""
    if output == "-":
        return None
    path = Path(output) if output else trace.with_suffix(f".{kind}")
    if os.path.isdir(path):
        path = path / f"{trace.stem}.{kind}"
    if not os.path.isdir(path.parent):
        raise BadInput(f"the folder {path.parent} doesn't exist; make it, or choose another with -o")
    if os.path.realpath(path) == os.path.realpath(trace):
        raise BadInput(f"the picture would replace the trace {trace}; choose another name with -o")
    return path


def write_picture(path: Path | None, picture: bytes, say=print) -> None:
    """Write a picture and say so, or (None) send it to stdout."""
    if path is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(picture)
        sys.stdout.buffer.flush()
        return
    write_file(path, picture)
    say(f"wrote {path}")


def replaceable(path: Path) -> bool:
    """Whether a trace may take the place of what is there: an older trace, or nothing in it."""
    from gradviz.trace.journal import MAGIC

    with suppress(OSError), open(path, "rb") as file:
        return file.read(len(MAGIC)) in (MAGIC, b"")
    return True  # what can't be read is the recorder's to complain about


def is_trace(text: str) -> bool:
    """Whether this names a trace, or a file that is none: a variable has no such name."""
    return text.endswith(".gradviz") or os.sep in text and os.path.exists(text)
