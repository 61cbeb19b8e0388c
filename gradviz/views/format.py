"""How numbers, shapes, bytes, names and colours look, in every view alike.

Text from scripts (names, source lines, values) is untrusted: whatever reaches a terminal or a picture
goes through `safe` first.
"""

import ast
import math
import unicodedata

import numpy as np

from gradviz.trace.preview import Preview
from gradviz.trace.trace import Origin
from gradviz.trace.words import count as count  # handed on: here views look for them
from gradviz.trace.words import size as size

# What a terminal calls each state (rich styles).
STYLES = {"live": "green", "untouched": "cyan", "saved freed": "yellow", "gone": "bright_black"}

# What each thing is drawn in: on light paper, on dark paper. Text in any ink stands out from what it is drawn on by
# 4.5:1 at least; leaf, live, flow and faded are told apart by colour-blind eyes too (tests/views/test_theme.py).
_PAINTS = {
    "ink": ("#1f2937", "#e6edf3"),
    "dim": ("#566070", "#aab4c0"),
    "faint": ("#8a919e", "#737d8a"),  # lines, never text
    "faded": ("#6b7280", "#8d96a3"),
    "rule": ("#e5e7eb", "#30363d"),
    "paper": ("#ffffff", "#0d1117"),
    "panel": ("#f9fafb", "#151b23"),
    "leaf": ("#2358de", "#78a6ff"),
    "leaf fill": ("#edf3ff", "#12203a"),
    "leaf pill": ("#dee9fe", "#1b315c"),
    "live": ("#0a5c36", "#8befb4"),
    "live fill": ("#e9f8ee", "#10291c"),
    "live pill": ("#cdefd8", "#18442d"),
    "flow": ("#a84a00", "#f59a4c"),
    "flow fill": ("#fff6e5", "#2e1f0c"),
    "flow pill": ("#fde7bd", "#4a3110"),
    "wrong": ("#b3261e", "#ff9d94"),
    "wrong pill": ("#fbe0de", "#4d1d1b"),
    "constant fill": ("#f1f3f5", "#20262e"),
    "parameter area": ("#93b4f5", "#2d55a8"),
    "gradient area": ("#fbd08a", "#8a5a1c"),
    "saved area": ("#a7ddb9", "#2f7d55"),
    "held area": ("#e6e8eb", "#39414b"),
}
COLOURS = {name: light for name, (light, _) in _PAINTS.items()}
DARK = {light: dark for light, dark in _PAINTS.values()}  # what each of COLOURS is on dark paper


FEW = 8  # elements


def safe(text: str) -> str:
    """The text with everything that could steer a terminal or a picture made visible.

    Line ends and tabs become a space; control and direction characters, lone surrogates and private
    characters become escapes such as ``\\x1b``. Letters of any script and emoji stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if _harmless(character) else _visible(character) for character in text)


def _harmless(character: str) -> bool:
    # U+200D joins the parts of one emoji; every other format character only hides or reorders text
    return character == "\u200d" or unicodedata.category(character)[0] not in "CZ" or character == " "


def _visible(character: str) -> str:
    if character in "\t\n\r\u2028\u2029" or unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def clip(text: str, room: int) -> str:
    """The text, cut with an ellipsis when it is longer than `room` characters."""
    return text if len(text) <= room else text[: max(room - 1, 0)] + "…"


def clip_path(text: str, room: int) -> str:
    """As clip, but of a dotted name its end stays, which tells more: `…conv.weight`."""
    if len(text) <= room or "." not in text:
        return clip(text, room)
    parts = text.split(".")
    for first in range(1, len(parts)):
        tail = ".".join(parts[first:])
        if len(tail) < room:
            return "…" + tail
    return clip(text, room)


def shape(dims: tuple[int, ...]) -> str:
    """As PyTorch's users write it: `()`, `(3,)`, `(32, 64)`."""
    return str(tuple(int(dim) for dim in dims))


def number(value: float) -> str:
    """One number on its own: four significant digits at most."""
    value = float(value)
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e5:
        return f"{value:.0f}."
    return f"{value:.4g}"


def numbers(values: np.ndarray) -> str:
    """All values, nested in brackets, with the digits that PyTorch would print."""
    return _nested(values, _form(values))


def _float_form(values: np.ndarray):
    """PyTorch's choice: `2.` when all are whole, `1.5000`, or `1.5000e-07` when they range widely."""
    flat = np.abs(values[np.isfinite(values)].astype(np.float64))
    flat = flat[flat != 0]
    if not flat.size:
        return lambda value: _finite(value, "{:.0f}.")
    low, high = flat.min(), flat.max()
    wide = high / low > 1000 if low > high / 1e300 else True
    if bool((flat == np.ceil(flat)).all()):
        return lambda value: _finite(value, "{:.4e}" if wide or high > 1e8 else "{:.0f}.")
    if wide or high > 1e8 or low < 1e-4:
        return lambda value: _finite(value, "{:.4e}")
    return lambda value: _finite(value, "{:.4f}")


def _finite(value, form: str) -> str:
    value = float(value)
    return form.format(value) if math.isfinite(value) else str(value)


def _nested(values: np.ndarray, one) -> str:
    if values.ndim == 0:
        return one(values[()])
    opening, closing, texts = "[" * values.ndim, "]" * values.ndim, []
    for position, value in enumerate(
        values.reshape(-1).tolist() if values.dtype.kind != "f" else values.reshape(-1)
    ):
        depth, run = 0, 1
        for dim in reversed(values.shape):
            run *= dim
            if position == 0 or position % run:
                break
            depth += 1
        texts.append(("]" * depth + ", " + "[" * depth if depth else ", " if position else "") + one(value))
    return opening + "".join(texts) + closing


def preview(shown: Preview | None, room: int = 40) -> str:
    """A tensor's value in at most about `room` characters: all of it, or its ends, or its summary."""
    if shown is None:
        return "not kept"
    if shown.whole and math.prod(shown.shape) == 0:
        return "[]"
    if shown.whole:
        forms = [_form(shown.values), number] if shown.values.dtype.kind == "f" else [str]
        if not shown.shape:
            return forms[0](shown.values[()])
        # a value takes two characters at least: nothing is written out that can't fit
        whole = [_nested(shown.values, form) for form in forms if 2 * shown.values.size <= room]
        ends = [_ends(shown.values, room, form) for form in forms if shown.values.ndim == 1 and shown.values.size > 2]
        first = [_first(shown.values)] if shown.values.size <= FEW else []
        fitting = [text for text in (*whole, *ends, *first) if text and len(text) <= room]
        if fitting:
            return fitting[0]
    return about(shown, room)


def _form(values: np.ndarray):
    return _float_form(values) if values.dtype.kind == "f" else str


def _first(values: np.ndarray) -> str:
    """`[-1.33, …]`: of few values the first says more than their mean."""
    value = values.reshape(-1)[0]
    text = f"{value:.3g}" if values.dtype.kind == "f" else str(value)
    return f"{'[' * values.ndim}{text}, …{']' * values.ndim}"


def _ends(values: np.ndarray, room: int, one) -> str:
    """`[1., 2., …, 9.]` with as many first values as fit, or '' when not even one does."""
    last, best = one(values[-1]), ""
    text = "["
    for value in values[:-1]:
        text += one(value) + ", "
        longer = f"{text}…, {last}]"
        if len(longer) > room:
            break
        best = longer
    return best


def about(shown: Preview, room: int = 40) -> str:
    """A large tensor in one line: `mean 0.01, -3.2 … 3.1`, and how many values are nan or inf."""
    low, high, mean, _, nans, infs = _summary(shown)
    odd = [f"{amount:,} {what}" for amount, what in ((nans, "nan"), (infs, "inf")) if amount]
    spread = [] if math.isnan(mean) else [f"mean {number(mean)}", f"{number(low)} … {number(high)}"]
    parts = odd + spread
    while len(parts) > 1 and len(", ".join(parts)) > room:
        parts.pop()
    return ", ".join(parts)


def norm(shown: Preview) -> float:
    """The Euclidean norm of the tensor shown: nan when it holds a nan or an inf, 0 when it holds nothing."""
    return _summary(shown)[3] if math.prod(shown.shape) else 0.0


def not_finite(shown: Preview) -> tuple[int, int]:
    """How many of the tensor's values are nan, and how many inf."""
    return _summary(shown)[4:]


def _summary(shown: Preview) -> tuple:
    """min, max, mean, norm, count of nan, count of inf; worked out here when the tensor was kept whole."""
    if shown.summary is not None:
        return tuple(shown.summary)
    values = shown.values.astype(np.float64).reshape(-1)
    nans, infs = int(np.isnan(values).sum()), int(np.isinf(values).sum())
    finite = values[np.isfinite(values)]
    if not finite.size:
        return math.nan, math.nan, math.nan, math.nan, nans, infs
    length = float(np.sqrt(np.square(finite).sum())) if not nans + infs else math.nan
    return float(finite.min()), float(finite.max()), float(finite.mean()), length, nans, infs


def as_json(shown: Preview | None):
    """A value for JSON: nested lists of all of it, or corners and summary; nan and inf, which JSON lacks, as text."""
    if shown is None:
        return None
    if shown.whole:
        return _jsonable(shown.values.tolist())
    return {"corners": _jsonable(shown.values.tolist()), "summary": _jsonable(dict(shown.summary._asdict()))}


def _jsonable(value):
    """The nesting is the array's dimensions, at most NumPy's 64."""
    if isinstance(value, list):
        return [_jsonable(each) for each in value]
    if isinstance(value, dict):
        return {key: _jsonable(each) for key, each in value.items()}
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def expression(origin: Origin | None) -> str:
    """The source of the expression at an origin: `w*x` out of `loss = (w*x - y).mean()`; '' if unknown."""
    if origin is None or not origin.text:
        return ""
    lines = origin.text.split("\n")
    start, end = origin.column, origin.end_column
    if start is None or end is None or start < 0 or end < 0 or not origin.end_line:
        return safe(origin.text.strip())
    if origin.end_line <= origin.line:
        piece = lines[0][start:end]
    elif len(lines) > origin.end_line - origin.line:
        last = lines[origin.end_line - origin.line]
        middle = lines[1 : origin.end_line - origin.line]
        piece = _on_one_line([lines[0][start:], *middle, last[:end]])
    else:
        piece = lines[0][start:].strip() + " …"
    return safe(piece.strip() or origin.text.strip())


def _on_one_line(lines: list[str]) -> str:
    """An expression over several lines as one, without the comments in it."""
    try:
        return ast.unparse(ast.parse("(" + "\n".join(lines) + "\n)", mode="eval"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return " ".join(line.strip() for line in lines)
