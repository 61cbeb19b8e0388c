"""Findings as SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0), which code hosts and editors read."""

from urllib.parse import quote

from gradviz.check.catalogue import RULES
from gradviz.check.report import page

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(facts: dict, version: str) -> dict:
    """The findings of report.facts as a SARIF log; version: of gradviz. Columns count characters from 1."""
    ended = facts["ended"] or {}
    driver = {"name": "gradviz", "semanticVersion": version, "rules": [_rule(rule) for rule in RULES]}
    failures = [_failure(each) for each in facts["broken"]]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not failures, "toolExecutionNotifications": failures}],
        "results": [_result(each) for each in facts["findings"]],
        "properties": {"script": facts["script"], "error": ended.get("error", "")},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule):
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.title.split()),
        "shortDescription": {"text": rule.title},
        "help": {"text": f"cause, example and fix: {page(rule.code)}"},
        "defaultConfiguration": {"level": "warning"},
    }


def _failure(broken):
    return {"level": "error", "message": {"text": f"rule {broken['code']} failed: {broken['error']}"}}


def _result(finding):
    """The last place is where it shows; the ones before it led there."""
    located = [place for place in finding["places"] if place.get("line")]
    result = {
        "ruleId": finding["code"],
        "ruleIndex": [rule.code for rule in RULES].index(finding["code"]),
        "level": "error" if any(place["role"] == "failed" for place in finding["places"]) else "warning",
        "message": {"text": f"{finding['cause']}\nFix: {finding['fix']}"},
        "occurrenceCount": finding["count"],
        "locations": [_location(place) for place in located[-1:]],
    }
    if located[:-1]:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": place["role"]}, **_location(place)}
            for number, place in enumerate(located[:-1], 1)
        ]
    return result


def _location(place):
    region = {"startLine": place["line"]}
    lines = {"startLine": place["line"], "endLine": max(place["line"], place["end_line"])}
    if place["end_column"]:
        region |= {"startColumn": place["column"] + 1, **lines, "endColumn": place["end_column"] + 1}
    file = place["file"]
    uri = ("file://" if file.startswith("/") else "") + quote(file.encode("utf-8", "replace"))
    context = {**lines, "snippet": {"text": place["text"]}}
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region, "contextRegion": context}}
