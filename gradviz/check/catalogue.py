"""Every rule, once: a line here, a function in the file of its family, a page in docs/rules."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from gradviz.check.accumulating import stale_gradients
from gradviz.check.case import Case
from gradviz.check.changed import changed_in_place
from gradviz.check.depth import changing_with_depth, dead_units
from gradviz.check.finding import Finding
from gradviz.check.fragile import broadcast_loss, fragile_pattern
from gradviz.check.growth import graphs_kept_alive, retained_for_nothing
from gradviz.check.lost import lost_path
from gradviz.check.nonleaf import grad_of_non_leaf
from gradviz.check.numbers import first_not_finite, wrong_gradient
from gradviz.check.optimizers import replaced_parameters
from gradviz.check.parameters import without_gradients
from gradviz.check.second import second_backward
from gradviz.errors import GradvizError
from gradviz.trace.trace import Trace


class Rule(NamedTuple):
    """A stable code, what it is about in a few words, and what looks for it; explains: words of an engine's error."""

    code: str
    title: str
    found: Callable[[Case], Iterable[Finding]]
    explains: str = ""


RULES: tuple[Rule, ...] = (
    Rule("GV101", "second backward", second_backward, "Trying to backward through the graph a second time"),
    Rule("GV102", "saved tensor changed in place", changed_in_place, "has been modified by an inplace operation"),
    Rule("GV103", "gradient path lost", lost_path, "does not require grad and does not have a grad_fn"),
    Rule("GV104", ".grad of a non-leaf read", grad_of_non_leaf),
    Rule("GV105", "a parameter without a gradient", without_gradients),
    Rule("GV106", "graphs kept alive across iterations", graphs_kept_alive),
    Rule("GV107", "retain_graph for nothing", retained_for_nothing),
    Rule("GV108", "first NaN or infinity", first_not_finite),
    Rule("GV109", "vanishing or exploding gradients", changing_with_depth),
    Rule("GV110", "dead units", dead_units),
    Rule("GV111", "stale gradients in a step", stale_gradients),
    Rule("GV112", "an optimizer holds a parameter of before", replaced_parameters),
    Rule("GV113", "wrong gradient of a Function", wrong_gradient),
    Rule("GV114", "broadcasting in a loss", broadcast_loss),
    Rule("GV115", "numerically fragile", fragile_pattern),
)


class Broken(NamedTuple):
    """A rule that failed itself: `KeyError: 3`."""

    code: str
    error: str


class Examined(NamedTuple):
    """What the rules found in a trace, in the order in which it happened, and which of them failed."""

    findings: list[Finding]
    broken: list[Broken]


def examined(trace: Trace, rules: Iterable[Rule] | None = None) -> Examined:
    """What the rules (all by default) find; one that fails costs no other its findings. BadTrace for damage."""
    case, findings, broken = Case(trace), [], []
    for rule in RULES if rules is None else rules:
        try:
            findings += rule.found(case)
        except GradvizError:
            raise
        except Exception as error:
            broken.append(Broken(rule.code, f"{type(error).__name__}: {error}"))
    return Examined(sorted(findings, key=lambda each: (each.step, each.code)), broken)


def checked(trace: Trace) -> list[Finding]:
    """What all rules find in a trace, in the order in which it happened; a rule that fails raises."""
    case = Case(trace)
    findings = [each for rule in RULES for each in rule.found(case)]
    return sorted(findings, key=lambda each: (each.step, each.code))


def explained(trace: Trace) -> list[Finding]:
    """The finding about the error that the script died of, alone in a list; none where no rule knows that error."""
    ending = trace.ending
    if ending is None or ending.how != "raised":
        return []
    line = trace.origin(ending.origin)
    found = examined(trace, [rule for rule in RULES if rule.explains and rule.explains in ending.error]).findings
    there = [
        each
        for each in found
        for place in each.places
        if place.role == "failed" and line and trace.origin(place.origin)[:3] == line[:3]
    ]
    return there[-1:]
