"""What a rule has to say."""

from typing import NamedTuple


class Place(NamedTuple):
    """A line of the script, and the part that it played: 'saved', 'modified', 'failed'; origin: its number."""

    role: str
    origin: int


class Finding(NamedTuple):
    """One thing that is wrong.

    cause: one sentence; fix: code, a line or a few, as the script would have it; step: where in the trace it shows;
    places: the lines that take part, in the order in which they ran.
    """

    code: str
    cause: str
    fix: str
    places: tuple[Place, ...]
    step: int
