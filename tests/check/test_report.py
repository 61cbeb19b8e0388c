"""Findings as data, as SARIF and as text: what is grouped, what is escaped, and a rule that fails itself."""

import json

import pytest

from gradviz.check import Finding, Place
from gradviz.check.catalogue import RULES, Broken, Examined, Rule, examined, explained
from gradviz.check.report import facts
from gradviz.check.sarif import sarif
from gradviz.errors import BadTrace
from gradviz.views import findings as view

ROOT_CHANGED = "y = (w * x).exp()\ny += 1\nattempt(y.sum())\n"


@pytest.fixture
def told(traced, capfd):
    """The facts of a run with one finding in it."""
    trace = traced(ROOT_CHANGED)
    return facts(trace, examined(trace, [rule for rule in RULES if rule.code == "GV102"]))


def broken(case):
    raise KeyError(3)


def test_a_rule_that_fails_costs_no_other_its_findings(traced, capfd):
    trace = traced(ROOT_CHANGED)
    found = examined(trace, [Rule("GV999", "broken", broken), *RULES])
    assert found.broken == [Broken("GV999", "KeyError: 3")]
    assert "GV102" in [each.code for each in found.findings]


def test_a_damaged_trace_is_no_fault_of_a_rule(traced, capfd):
    def damaged(case):
        raise BadTrace("this trace is damaged")

    with pytest.raises(BadTrace):
        examined(traced(""), [Rule("GV999", "damaged", damaged)])


def test_findings_of_one_line_are_one(traced, capfd):
    trace = traced(ROOT_CHANGED)
    (finding,) = examined(trace, [rule for rule in RULES if rule.code == "GV102"]).findings
    other = finding._replace(places=finding.places[:1])
    same = finding._replace(cause="another cause", step=finding.step + 1)
    assert [each["count"] for each in facts(trace, Examined([finding, other, same], []))["findings"]] == [2, 1]


def test_the_facts(told):
    (finding,) = told["findings"]
    assert told["schema_version"] == 1
    assert (told["script"], told["ended"]["how"], told["broken"]) == ("it.py", "finished", [])
    assert (finding["code"], finding["title"], finding["count"]) == ("GV102", "saved tensor changed in place", 1)
    assert finding["page"] == "docs/rules/GV102.md"
    assert finding["places"][1] == {
        "role": "modified", "file": "it.py", "function": "<module>", "line": 11, "column": 0, "end_line": 11,
        "end_column": 6, "text": "y += 1",
    }  # fmt: skip
    json.dumps(told)


def test_sarif(told):
    log = sarif(told, "1.2.3")
    (run,) = log["runs"]
    assert (log["version"], log["$schema"]) == ("2.1.0", "https://json.schemastore.org/sarif-2.1.0.json")
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("gradviz", "1.2.3")
    assert [rule["id"] for rule in driver["rules"]] == [rule.code for rule in RULES]
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]
    (result,) = run["results"]
    assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "GV102"
    assert (result["level"], result["occurrenceCount"]) == ("error", 1)
    assert result["message"]["text"].endswith("Fix: y = y + 1")
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "it.py"},
        "region": {"startLine": 7, "startColumn": 9, "endLine": 7, "endColumn": 30},
        "contextRegion": {"startLine": 7, "endLine": 7, "snippet": {"text": "        loss.backward(**more)"}},
    }
    assert [(each["id"], each["message"]["text"]) for each in result["relatedLocations"]] == [
        (1, "saved"),
        (2, "modified"),
    ]


def test_sarif_of_odd_places(told):
    place = told["findings"][0]["places"][-1]
    place |= {"file": "/a folder/ünder.py", "column": 0, "end_column": 0}
    told["findings"][0]["places"] = [{"role": "somewhere"}, place]
    told["broken"] = [{"code": "GV999", "error": "KeyError: 3"}]
    (run,) = sarif(told, "1.2.3")["runs"]
    (result,) = run["results"]
    where = result["locations"][0]["physicalLocation"]
    assert where["artifactLocation"]["uri"] == "file:///a%20folder/%C3%BCnder.py"
    assert where["region"] == {"startLine": 7}
    assert "relatedLocations" not in result
    assert run["invocations"][0]["executionSuccessful"] is False


def test_text_of_several_files(told):
    (finding,) = told["findings"]
    finding["places"][0] |= {"file": "a/very/long/path/to/some/package/helper.py", "text": "y = f(\n  1)"}
    finding["count"] = 1200
    lines = view.lines(finding, 60)
    assert lines[0] == "GV102  saved tensor changed in place  ×1,200  it.py:7"
    assert lines[1].startswith("  …") and "helper.py:10  saved     y = f( …" in lines[1]
    assert lines[2].endswith("modified  y += 1")
    assert max(map(len, lines)) <= 60


def test_text_is_made_safe(told):
    (finding,) = told["findings"]
    finding["places"][0]["text"] = "y = '\x1b[31m'"
    finding["cause"] = finding["fix"] = "\x1b[31m"
    assert "\x1b" not in "".join(view.lines(finding, 80))


def test_text_without_a_place():
    finding = {"code": "GV1", "title": "t", "count": 1, "cause": "c", "fix": "f\ng", "page": "p", "places": []}
    assert view.lines(finding, 80) == ["GV1  t", "  cause  c", "  fix    f", "         g", "  more   p"]


def test_only_the_error_that_the_script_died_of_is_explained(traced, capfd):
    again = "l = (w * x).exp().sum()\nl.backward()\nattempt(l)\n"
    assert explained(traced(again)) == []
    assert explained(traced(again + "1 / 0\n")) == []
    (finding,) = explained(traced(again + ROOT_CHANGED.replace("attempt(y.sum())", "y.sum().backward()")))
    assert finding.code == "GV102"
    (finding,) = explained(traced(again + "l.backward()\n"))
    assert finding.places[-1].role == "failed" and isinstance(finding, Finding) and isinstance(finding.places[0], Place)
