"""Every rule, once: a line here, a function in the file of its family, a page in docs/rules."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from gradviz.check.case import Case
from gradviz.check.depth import changing_with_depth, dead_units
from gradviz.check.finding import Finding
from gradviz.check.fragile import broadcast_loss, fragile_pattern
from gradviz.check.numbers import first_not_finite, wrong_gradient
from gradviz.trace.trace import Trace


class Rule(NamedTuple):
    """A stable code, what it is about in a few words, and what looks for it."""

    code: str
    title: str
    found: Callable[[Case], Iterable[Finding]]


RULES: tuple[Rule, ...] = (
    Rule("GV108", "first NaN or infinity", first_not_finite),
    Rule("GV109", "vanishing or exploding gradients", changing_with_depth),
    Rule("GV110", "dead units", dead_units),
    Rule("GV113", "wrong gradient of a Function", wrong_gradient),
    Rule("GV114", "broadcasting in a loss", broadcast_loss),
    Rule("GV115", "numerically fragile", fragile_pattern),
)


def checked(trace: Trace) -> list[Finding]:
    """What all rules find in a trace, in the order in which it happened."""
    case = Case(trace)
    findings = [each for rule in RULES for each in rule.found(case)]
    return sorted(findings, key=lambda each: (each.step, each.code))
