"""GV105: parameters that were to train and got no gradient, and why."""

from collections.abc import Iterable, Iterator

from gradviz.check.case import Case
from gradviz.check.finding import Finding
from gradviz.check.reasons import fix, reason, role
from gradviz.check.words import listed
from gradviz.trace.events import Flag, Kind
from gradviz.trace.masked import Mask, Masks
from gradviz.trace.passage import FROZEN, Lack, Passage


def without_gradients(case: Case) -> Iterable[Finding]:
    """What was to be trained, and got no gradient, or only zeros: one finding for each cause and line."""
    passage, masks = Passage(case.trace, case.training), Masks(case.trace)
    groups: dict[tuple, list[tuple[int, Lack | Mask]]] = {}
    for leaf in _asked(case):
        why = _why(case, passage, masks, leaf)
        if why is not None:
            given = case.training.optimizer_of.get(leaf)
            key = (given and given.optimizer, why.how, why.step >= 0 and case.at(why.step))
            groups.setdefault(key, []).append((leaf, why))
    for found in groups.values():
        leaf, why = found[0]
        names = [case.training.name(each) for each, _ in found]
        given = case.training.optimizer_of.get(leaf)
        made = case.trace.forwards.first_row(leaf)
        asked = given.step if given else made
        played = sorted({(made, "made"), (asked, "given" if given else "made"), (why.step, role(why.how))})
        places = case.places(*((part, case.at(step)) for step, part in played if step >= 0))
        cause = f"{listed(names)} got no gradient{reason(case, why, len(names))}."
        yield Finding("GV105", cause, fix(case, why, names, asked), places, max(why.step, asked))


def _asked(case) -> Iterator[int]:
    """What was to move in a run with backward calls: what optimizers that stepped were given; without optimizers, the
    parameters of a model of which others moved by hand.
    """
    training, trace = case.training, case.trace
    if not case.backwards:
        return
    replaced = {each.given.tensor for each in case.replaced}
    given = training.optimizer_of.items()
    yield from (leaf for leaf, by in given if by.optimizer in training.trained and leaf not in replaced)
    if not training.given:
        names = {_model(training.name(leaf)) for leaf in training.moved} - {""}
        parameters = (leaf for leaf in _parameters(trace) if leaf not in training.moved)
        yield from (leaf for leaf in parameters if _model(training.name(leaf)) in names)


def _why(case, passage, masks, leaf):
    """What kept gradients from a leaf; None where it got some, or was frozen on purpose."""
    given = case.training.optimizer_of.get(leaf)
    if given is not None and not given.requires_grad and not passage.required(leaf):
        flags = case.trace.rows["flags"][case.trace.forwards.first_row(leaf)]
        on_purpose = case.training.made_by(leaf) == "Parameter" or flags & Flag.REQUIRES_GRAD
        return None if on_purpose else Lack(FROZEN, -1)
    lack = passage.lack(leaf)
    if lack is None:
        return masks.of(leaf)
    return None if lack.how == FROZEN else lack


def _parameters(trace):
    """The nn.Parameters that required grad when they were made."""
    calls = {call for call in set(trace.forwards.call.tolist()) if trace.call(call).op == "Parameter"}
    rows = trace.rows[trace.of(Kind.FORWARD)]
    return [int(row["tensor"]) for row in rows if int(row["ref"]) in calls and row["flags"] & Flag.REQUIRES_GRAD]


def _model(name):
    """The variable that a parameter's name begins with: `model` of `model.0.weight`; '' for a name of one part."""
    return name.partition(".")[0] if "." in name else ""
