"""Findings for people: the quoted lines with the part that each played, the cause, the fix."""

import textwrap

from gradviz.views import format as fmt

INDENT = "  "
LEAST = 40  # columns
MOST_OF_A_PLACE = 32  # characters of `train.py:12`


def lines(finding: dict, width: int) -> list[str]:
    """One finding, as gradviz.check.report tells it."""
    times = f"  ×{finding['count']:,}" if finding["count"] > 1 else ""
    room = max(width, LEAST)
    told = [fmt.clip(f"{finding['code']}  {finding['title']}{times}", room)]
    told += _quoted(finding["places"], room)
    told += _paragraph("cause", [finding["cause"]], room)
    told += [f"{INDENT}{word:<7}{fmt.safe(line)}" for word, line in _labelled("fix", finding["fix"].split("\n"))]
    return [*told, f"{INDENT}{'more':<7}{finding['page']}"]


def summary(facts: dict) -> str:
    """The last line: how many findings, of how many rules."""
    findings = facts["findings"]
    if not findings:
        return "no findings"
    times = sum(each["count"] for each in findings)
    rules = len({each["code"] for each in findings})
    return f"{fmt.count(len(findings), 'finding')} of {fmt.count(rules, 'rule')}" + (
        f", {times:,} times in all" if times > len(findings) else ""
    )


def _quoted(places, room):
    """`train.py:12  saved     y = w * x`, the columns as wide as they have to be."""
    where = [_where(place) for place in places]
    left = max(map(len, where), default=0)
    roles = max((len(place["role"]) for place in places), default=0)
    for place, file in zip(places, where, strict=True):
        head = f"{INDENT}{file:<{left}}  {place['role']:<{roles}}  "
        text = place.get("text", "")
        first = fmt.safe(text.split("\n")[0].strip())
        yield (head + fmt.clip(first + " …" * ("\n" in text), max(room - len(head), 8))).rstrip()


def _where(place):
    if not place.get("line"):
        return "?"
    text = fmt.safe(f"{place['file']}:{place['line']}")
    return text if len(text) <= MOST_OF_A_PLACE else "…" + text[1 - MOST_OF_A_PLACE :]


def _paragraph(word, texts, room):
    wrapped = [part for text in texts for part in textwrap.wrap(fmt.safe(text), room - len(INDENT) - 7)]
    return [f"{INDENT}{label:<7}{text}" for label, text in _labelled(word, wrapped)]


def _labelled(word, texts):
    return [(word if not at else "", text) for at, text in enumerate(texts)]
