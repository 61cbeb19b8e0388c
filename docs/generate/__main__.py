"""Writes every generated file; with --check says which ones are out of date, and exits with 1."""

import sys
from pathlib import Path

from docs.generate.cousins import cousins
from docs.generate.ops_page import ops_page
from docs.generate.refusals import with_refusals
from docs.generate.stubs import stubs

ROOT = Path(__file__).parents[2]


def generated():
    """{path below the repository: text} of what the code alone says."""
    differences = (ROOT / "docs/differences.md").read_text()
    return {"docs/ops.md": ops_page(), "docs/differences.md": with_refusals(differences, ROOT), **stubs()}


def outdated():
    """The generated files that don't hold what the code now says."""
    return [name for name, text in every().items() if _held(ROOT / name) != text]


def every():
    """The same, with what samples have to be run for."""
    return generated() | cousins()


def _held(path):
    return path.read_text() if path.exists() else None


if __name__ == "__main__":
    stale = outdated()
    if sys.argv[1:] == ["--check"]:
        sys.exit("\n".join(["out of date, run python -m docs.generate:", *stale]) if stale else 0)
    for name, text in every().items():
        if name in stale:
            (ROOT / name).parent.mkdir(exist_ok=True)
            (ROOT / name).write_text(text)
            print(f"wrote {name}")
