"""How findings put things into words."""

from collections.abc import Sequence

NAMED = 4  # of several names


def listed(names: Sequence[str]) -> str:
    """`w`, `w and b`, `a, b, c and 7 more`."""
    names = list(dict.fromkeys(names))
    if len(names) > NAMED:
        return f"{', '.join(names[: NAMED - 1])} and {len(names) - NAMED + 1} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
