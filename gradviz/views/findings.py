"""Findings for people: the quoted lines with the part that each played, the cause, the fix."""

import textwrap

from gradviz.views import format as fmt

INDENT = "  "
LEAST = 40  # columns
MOST_OF_A_PLACE = 32  # characters of `train.py:12`


def lines(finding: dict, width: int) -> list[str]:
    """One finding, as gradviz.check.report tells it."""
    room = max(width, LEAST)
    told = [*_heading(finding, room), *_quoted(finding["places"], room)]
    told += _labelled("cause", textwrap.wrap(fmt.safe(finding["cause"]), room - len(INDENT) - 7))
    told += _labelled("fix", [fmt.safe(line) for line in finding["fix"].split("\n")])
    return [*told, *_labelled("more", [finding["page"]])]


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


def _heading(finding, room):
    """The rule, and the place where it shows: `train.py:12`."""
    times = f"  ×{finding['count']:,}" if finding["count"] > 1 else ""
    title = f"{finding['code']}  {finding['title']}{times}"
    places = finding["places"]
    if not places:
        return [fmt.clip(title, room)]
    where = _where(places[-1], room - len(INDENT))
    return [f"{title}  {where}"] if len(title) + 2 + len(where) <= room else [fmt.clip(title, room), INDENT + where]


def _quoted(places, room):
    """`12  saved     y = w * x`, the columns as wide as they have to be; with the files, where there are several."""
    one_file = len({place.get("file") for place in places}) <= 1
    where = [str(place.get("line", "?")) if one_file else _where(place, MOST_OF_A_PLACE) for place in places]
    left = max(map(len, where), default=0)
    roles = max((len(place["role"]) for place in places), default=0)
    for place, at in zip(places, where, strict=True):
        head = f"{INDENT}{at:>{left}}" if one_file else f"{INDENT}{at:<{left}}"
        head += f"  {fmt.safe(place['role']):<{roles}}  "
        text = place.get("text", "")
        first = fmt.safe(text.split("\n")[0].strip())
        yield (head + fmt.clip(first + " …" * ("\n" in text), max(room - len(head), 8))).rstrip()


def _where(place, room):
    if not place.get("line"):
        return "?"
    text = fmt.safe(f"{place['file']}:{place['line']}")
    return text if len(text) <= room else "…" + text[1 - room :]


def _labelled(word, texts):
    return [f"{INDENT}{'' if at else word:<7}{text}" for at, text in enumerate(texts)]
