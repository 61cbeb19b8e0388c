"""Blocks as text for a terminal, as Markdown, as a LaTeX document, and as values for JSON."""

import re
import textwrap
import unicodedata
from collections.abc import Sequence

from gradviz.trace.preview import Preview
from gradviz.views import format as fmt
from gradviz.views.explain.blocks import Block, Line

FORMATS = ("text", "md", "latex")
LABEL, FORMULA = 24, 26  # the widest columns of text
VALUE = 14  # what is kept for values
INDENT, GAP = "    ", "  "
ROOM = 400  # characters of a value where no terminal limits it
LARGEST = 8  # rows and columns of a matrix in LaTeX


def written(blocks: Sequence[Block], form: str, width: int) -> str:
    """The blocks in one of FORMATS; width: of the terminal, for text."""
    if form == "md":
        return "\n\n".join(_markdown(block) for block in blocks)
    if form == "latex":
        return _latex(blocks)
    text = "\n\n".join(_text(block, max(width, 60)) for block in blocks)
    notes = []
    if "…" in text:
        notes.append(f"…: cut to fit {width} columns (--format md shows more)")
    if re.search(r" norm \d", text):
        notes.append("norm: of a value too large for its column, or not kept whole")
    return "\n".join([text, "", *notes]) if notes else text


def as_json(blocks: Sequence[Block]) -> list[dict]:
    """The blocks as JSON values: a line's part is the heading above it, text what it says in place of a value."""
    told = []
    for block in blocks:
        part, lines = "", []
        for line in block.lines:
            if line.heading:
                part = line.label
            else:
                lines.append({"part": part, "label": line.label, "formula": line.formula} | _value_json(line.value))
        told.append({"title": block.title, "lines": lines})
    return told


def _value_json(value):
    if isinstance(value, str):
        return {"text": value, "value": None, "shape": None, "dtype": None}
    return {"text": "", "value": fmt.as_json(value), "shape": list(value.shape), "dtype": value.dtype}


def shown(value: Preview | str, room: int) -> str:
    """A value in so many characters: in full, by its ends, or by its norm."""
    if isinstance(value, str):
        return value
    fits = value.whole and (value.values.ndim == 1 or 2 * value.values.size <= room)
    text = fmt.preview(value, room) if fits else ""
    if text and not text.startswith("mean "):
        return text
    norm = fmt.norm(value)
    return fmt.about(value, room) if norm != norm else f"norm {fmt.number(norm)}"


def _shape(value):
    return fmt.shape(value.shape) if isinstance(value, Preview) else ""


# -- text --------------------------------------------------------------------------------------------


def _text(block: Block, width: int) -> str:
    lines = [fmt.clip(block.title, width)]
    columns = _widths([line for line in block.lines if not line.heading], width)
    for line in block.lines:
        lines += [f"  {fmt.clip(line.label, width - 2)}"] if line.heading else _columns(line, width, *columns)
    return "\n".join(lines)


def _widths(lines: list[Line], width: int) -> tuple[int, int]:
    """The widths of labels and of formulas; a formula that is wider has a line of its own."""
    label = min(max((len(line.label) for line in lines), default=0), LABEL)
    shape = max((len(_shape(line.value)) for line in lines), default=0)
    most = min(FORMULA, width - len(INDENT) - label - VALUE - shape - 3 * len(GAP))
    return label, max((len(line.formula) for line in lines if len(line.formula) <= most), default=0)


def _columns(line: Line, width: int, label: int, column: int) -> list[str]:
    """Label, formula, value and shape, in a line or more."""
    start, blank = f"{INDENT}{fmt.clip(line.label, label).ljust(label)}{GAP}", " " * (len(INDENT) + label + len(GAP))
    shape = _shape(line.value)
    value = shown(line.value, width - len(blank) - column - 2 * len(GAP) - len(shape))
    formula, before = line.formula, []
    if len(formula) > column:
        wrapped = textwrap.wrap(formula, width - len(blank), subsequent_indent=GAP)
        before = [(blank if at else start) + piece for at, piece in enumerate(wrapped)]
        start, formula = blank, ""
        if not value:
            return before
    text = f"{start}{formula.ljust(column)}{GAP}{value}"
    return [*before, (text.ljust(width - len(shape)) + shape).rstrip()]


# -- Markdown ----------------------------------------------------------------------------------------


def _markdown(block: Block) -> str:
    lines = [f"## {_plain(block.title)}"]
    if block.lines:
        lines += ["", "| | | value | shape |", "|---|---|---|---|"]
    for line in block.lines:
        if line.heading:
            lines.append(f"| **{_plain(line.label)}** | | | |")
            continue
        formula, value = _code(line.formula), _code(shown(line.value, ROOM))
        lines.append(f"| {_plain(line.label)} | {formula} | {value} | {_shape(line.value)} |")
    return "\n".join(lines)


def _plain(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", text)


def _code(text: str) -> str:
    return f"`{text.replace('`', chr(39)).replace('|', chr(92) + '|')}`" if text else ""


# -- LaTeX -------------------------------------------------------------------------------------------

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "×": r"$\times$",
    "→": r"$\to$",
    "≠": r"$\neq$",
    "…": r"\ldots{}",
    **{character: f"${character}$" for character in "<>|"},
    **{character: "\\" + character for character in "&%$#_{}"},
}
_CAPITALS = "gamma delta theta lambda xi pi sigma upsilon phi psi omega".split()  # the others are Latin ones in TeX
_GREEK = frozenset([*_CAPITALS, *map(str.title, _CAPITALS), *"alpha beta epsilon zeta eta iota kappa mu nu rho tau chi".split()])  # noqa: E501


def _latex(blocks: Sequence[Block]) -> str:
    packages = [r"\usepackage{amsmath,longtable}", r"\usepackage[margin=2cm]{geometry}"]
    opening = [r"\documentclass{article}", *packages, r"\setlength{\arraycolsep}{3pt}", r"\begin{document}"]
    return "\n".join([*opening, *(_latex_block(block) for block in blocks), r"\end{document}"])


def _latex_block(block: Block) -> str:
    lines = [rf"\subsection*{{{_escaped(block.title)}}}"]
    if not block.lines:
        return lines[0]
    lines.append(r"\begin{longtable}{@{}p{3.5cm}p{5.5cm}p{6.8cm}@{}}")
    for line in block.lines:
        if line.heading:
            lines.append(rf"\multicolumn{{3}}{{@{{}}l}}{{\textbf{{{_escaped(line.label)}}}}} \\")
            continue
        formula = rf"\texttt{{{_escaped(line.formula)}}}" if line.formula else ""
        lines.append(rf"{_escaped(line.label)} & {formula} & {_mathematics(line.value)} \\")
    return "\n".join([*lines, r"\end{longtable}"])


def _mathematics(value: Preview | str) -> str:
    small = isinstance(value, Preview) and value.whole and value.values.ndim <= 2
    if not small or max(value.shape, default=1) > LARGEST or not value.values.size:
        return _escaped(shown(value, 40))
    if not value.shape:
        return f"${_power_of_ten(value.values)}$"
    rows = value.values.reshape(-1, value.shape[-1])
    cells = r" \\ ".join(" & ".join(_power_of_ten(each) for each in row) for row in rows)
    return rf"$\begin{{bmatrix}} {cells} \end{{bmatrix}}$"


def _power_of_ten(number: float) -> str:
    return re.sub("e([+-]?[0-9]+)$", lambda found: rf" \cdot 10^{{{int(found[1])}}}", fmt.number(number))


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(each) or (each if each.isascii() else _letter(each)) for each in text)


def _letter(character: str) -> str:
    """A letter with an accent; a Greek one, as in mathematics; or the number of what TeX's fonts lack."""
    words = unicodedata.name(character, "").lower().replace("lamda", "lambda").split()
    if words[:1] == ["latin"] and character <= "\u017f":
        return character
    name = words[-1].title() if words[1:2] == ["capital"] else "".join(words[-1:])
    return f"$\\{name}$" if words[:1] == ["greek"] and name in _GREEK else rf"\texttt{{U+{ord(character):04X}}}"
