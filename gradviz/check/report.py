"""Findings as plain data, those of the same lines in one: what the views and the JSON are made from."""

from collections.abc import Iterable

from gradviz.check.catalogue import RULES, Examined
from gradviz.check.finding import Finding, Place
from gradviz.trace.trace import Trace

SCHEMA_VERSION = 1


def page(code: str) -> str:
    """Where the rule is explained."""
    return f"docs/rules/{code}.md"


def facts(trace: Trace, found: Examined) -> dict:
    """All that was found, as JSON values; the script's own text in it is as the script has it."""
    ending = trace.ending
    return {
        "schema_version": SCHEMA_VERSION,
        "script": trace.header.get("script", ""),
        "ended": {"how": ending.how, "error": ending.error, "exit_code": ending.exit_code} if ending else None,
        "findings": [_finding(trace, same) for same in _grouped(found.findings)],
        "broken": [each._asdict() for each in found.broken],
    }


def _grouped(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings of one rule about the same lines together, as in each pass of a loop, in the order of their first."""
    groups: dict[tuple, list[Finding]] = {}
    for each in findings:
        groups.setdefault((each.code, each.places or each.cause), []).append(each)
    return list(groups.values())


def _finding(trace, same):
    first = same[0]
    return {
        "code": first.code,
        "title": {rule.code: rule.title for rule in RULES}.get(first.code, ""),
        "count": len(same),
        "cause": first.cause,
        "fix": first.fix,
        "page": page(first.code),
        "step": first.step,
        "places": [_place(trace, place) for place in first.places],
    }


def _place(trace, place: Place):
    origin = trace.origin(place.origin)
    known = {} if origin is None else origin._asdict()
    known.pop("target", None)
    return {"role": place.role, **known}
