"""GV111: gradients that a step has used already, and that the next one uses again."""

from collections.abc import Iterable

from gradviz.check.case import Case
from gradviz.check.finding import Finding
from gradviz.check.words import listed
from gradviz.trace.accumulation import Stale, stale
from gradviz.trace.words import count


def stale_gradients(case: Case) -> Iterable[Finding]:
    """Leaves that moved by gradients of before an earlier step: nothing zeroed .grad between two iterations."""
    groups: dict[tuple[int, int], list[Stale]] = {}
    for each in stale(case.trace, case.training):
        groups.setdefault((_backward(case, each), case.at(each.again)), []).append(each)
    for (backward, moved), found in groups.items():
        first = found[0]
        used = case.at(first.used)
        played = [("used", used)] if used != moved else []  # else it is one line of a loop
        places = case.places(*played, ("added to", backward), ("used again", moved))
        yield Finding("GV111", _cause(case, found), _fix(case, found), places, first.new)


def _cause(case, found):
    names = _names(case, found)
    times = len({each.again for each in found if each.leaf == found[0].leaf})
    often = "a step" if times == 1 else count(times, "step")
    return (
        f"the .grad of {listed(names)} was not zeroed after a step had used it, so that {often} moved "
        f"{'it' if len(names) == 1 else 'them'} by gradients of earlier iterations, too."
    )


def _fix(case, found):
    training = case.training
    given = {each.leaf: training.optimizer_of.get(each.leaf) for each in found}
    optimizers = dict.fromkeys(training.optimizer_name(each) for each in given.values() if each)
    by_hand = dict.fromkeys(training.name(leaf) or "leaf" for leaf, each in given.items() if not each)
    lines = [f"{name}.zero_grad()" for name in optimizers] + [f"{name}.grad = None" for name in by_hand]
    return "\n".join([*lines, case.line(_backward(case, found[0]))])


def _names(case, found):
    return list(dict.fromkeys(case.training.name(each.leaf) for each in found))


def _backward(case, stale):
    """The origin of the backward call that added to what was there."""
    return case.called_from(int(case.trace.rows["a"][stale.new]))
