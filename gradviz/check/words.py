"""How findings put things into words."""

from collections.abc import Iterable

NAMED = 4  # of several names


def called(name: str) -> str:
    """A name as it stands in a sentence; `a tensor` where the script gave none."""
    return f"`{name}`" if name else "a tensor"


def noted(note: str, line: str) -> str:
    """A line of code under a comment of its own."""
    return f"# {note}\n{line}"


def listed(names: Iterable[str]) -> str:
    """`w`, `w` and `b`, or `a`, `b`, `c` and 7 more."""
    told = [called(name) for name in dict.fromkeys(names)]
    if len(told) > NAMED:
        return f"{', '.join(told[: NAMED - 1])} and {len(told) - NAMED + 1} more"
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)
