"""Themes: every picture is drawn in the colours of light paper, and painted anew for dark paper.

`auto` leaves that to whoever shows an SVG: a style sheet in it does the same where the reader's system is dark.
"""

import re

from gradviz.views.format import DARK

THEMES = ("light", "dark", "auto")

# quotes in what a script wrote are escaped in DOT, so that only real attributes look so
_ATTRIBUTE = re.compile(r'(?<=color=")#[0-9a-f]{6}(?=")', re.IGNORECASE)


def painted(colour: str, theme: str) -> str:
    """A colour of light paper in a theme; what is none of them stays."""
    return DARK.get(colour, colour) if theme == "dark" else colour


def painted_dot(dot: str, theme: str) -> str:
    """DOT text with its colours in a theme."""
    return _ATTRIBUTE.sub(lambda found: painted(found[0], theme), dot)


def style_sheet(theme: str) -> str:
    """The CSS that an SVG in light colours needs for a theme; '' for none."""
    if theme != "auto":
        return ""
    rules = (f'[{what}="{light}"]{{{what}:{dark}}}' for light, dark in DARK.items() for what in ("fill", "stroke"))
    return f"@media (prefers-color-scheme:dark){{{''.join(rules)}}}"
