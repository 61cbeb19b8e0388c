"""Every rule, once: a line here, a function in the file of its family, a page in docs/rules."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from gradviz.check.accumulating import stale_gradients
from gradviz.check.case import Case
from gradviz.check.finding import Finding
from gradviz.check.growth import graphs_kept_alive, retained_for_nothing
from gradviz.check.optimizers import replaced_parameters
from gradviz.check.parameters import without_gradients
from gradviz.trace.trace import Trace


class Rule(NamedTuple):
    """A stable code, what it is about in a few words, and what looks for it."""

    code: str
    title: str
    found: Callable[[Case], Iterable[Finding]]


RULES: tuple[Rule, ...] = (
    Rule("GV105", "a parameter without a gradient", without_gradients),
    Rule("GV106", "graphs kept alive across iterations", graphs_kept_alive),
    Rule("GV107", "retain_graph for nothing", retained_for_nothing),
    Rule("GV111", "stale gradients in a step", stale_gradients),
    Rule("GV112", "an optimizer holds a parameter of before", replaced_parameters),
)


def checked(trace: Trace) -> list[Finding]:
    """What all rules find in a trace, in the order in which it happened."""
    case = Case(trace)
    findings = [each for rule in RULES for each in rule.found(case)]
    return sorted(findings, key=lambda each: (each.step, each.code))
