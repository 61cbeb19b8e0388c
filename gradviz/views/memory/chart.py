"""The chart for the terminal: stacked columns, each category by a character of its own, so that no colour is needed."""

from rich.text import Text

from gradviz.trace.usage import Category
from gradviz.views import format as fmt
from gradviz.views.memory.samples import PHASES, TITLES, Samples, runs

HEIGHT = 15
AXIS = 11  # characters left of the columns
NARROWEST = 20  # columns
BLOCKS, ASCII = "█▓▒░·", "#%=+."
STYLES = ("blue", "yellow", "green", "", "bright_black")


def columns_for(width: int) -> int:
    """How many columns a screen has room for."""
    return max(width - AXIS - 1, NARROWEST)


def has_blocks(encoding: str) -> bool:
    """Whether text in this encoding can hold the characters of the chart."""
    try:
        (BLOCKS + "┤└─▼").encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def chart(samples: Samples, blocks: bool = True) -> list[Text]:
    """The lines of the chart; blocks: whether the screen has block characters (else ASCII)."""
    marks, bar, corner, dash = (BLOCKS, "┤", "└", "─") if blocks else (ASCII, "|", "+", "-")
    cells = [_column(column) for column in _scaled(samples)]
    lines = [_peak_line(samples, blocks)]
    for row in reversed(range(HEIGHT)):
        label = fmt.size(round(samples.peak * (row + 1) / HEIGHT)) if row % 5 == 4 else ""
        line = Text(f"{label:>{AXIS - 1}}{bar}")
        for start, stop, category in runs([column[row] for column in cells]):
            text = " " if category is None else marks[category]
            line.append(text * (stop - start), "" if category is None else STYLES[category])
        lines.append(line)
    width = len(cells)
    lines.append(Text(f"{'0 B':>{AXIS - 1}}{corner}{dash * width}"))
    ends = f"{samples.first}{samples.last:>{width - len(samples.first)}}"
    under = [("", ends), *_under(samples)]
    lines += [Text(f"{name:>{AXIS - 1}} {text}".rstrip()) for name, text in under]
    shown = [category for category in Category if samples.nbytes[:, category].any()]
    parts = [Text(marks[category], STYLES[category]).append(f" {TITLES[category]}", "default") for category in shown]
    return [*lines, Text("  ").join(parts)]


def _under(samples):
    """What the script was about in the columns: phases and lines, or why they are not named."""
    if len(runs(samples.phases)) > len(samples.phases) // 6:
        return [("phase", "too many to name here: --graph N shows the time of one graph")]
    return [("phase", _labels([PHASES.get(each, "") for each in samples.phases])), ("line", _labels(samples.lines))]


def _peak_line(samples, blocks):
    told = f"peak {fmt.size(samples.peak)}" + (f", {samples.peak_place}" if samples.peak_place else "")
    mark, at = "▼" if blocks else "v", AXIS + samples.peak_column
    if at + 2 + len(told) > AXIS + len(samples.nbytes) and at - 1 - len(told) >= 0:
        return Text(f"{told} {mark}".rjust(at + 1))
    return Text(f"{'':{at}}{mark} {told}")


def _scaled(samples):
    """For each column, up to which row each category reaches."""
    return (samples.nbytes.cumsum(1) * (HEIGHT / samples.peak)).tolist()


def _column(tops):
    """The category in each cell, from the bottom: the one at the cell's middle; some mark wherever there is a byte."""
    cells = []
    for row in range(HEIGHT):
        middle = row + 0.5 if row else min(0.5, tops[-1] / 2)
        cells.append(next((Category(at) for at, top in enumerate(tops) if top > middle), None))
    return cells


def _labels(texts):
    """Each run's text where it begins, as far as there is room: cut, or left out, where there is not."""
    line = ""
    for start, stop, text in runs(texts):
        if not text or start < len(line):
            continue
        room = stop - start
        if text.isdecimal() or len(text) < room:  # a number may stand over what follows, a word may not
            line = line.ljust(start) + text + " "
        else:
            line = line.ljust(start) + (text[: room - 1] or text[0]) + (" " if room > 1 else "")
    return line.rstrip()
