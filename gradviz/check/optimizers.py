"""GV112: optimizers that move what nothing computes with any more."""

from collections.abc import Iterable

from gradviz.check.case import Case
from gradviz.check.finding import Finding
from gradviz.check.words import listed, noted
from gradviz.trace.replaced import Replaced


def replaced_parameters(case: Case) -> Iterable[Finding]:
    """Tensors made anew after an optimizer got the old ones: the loss uses the new, the step moves the old."""
    groups: dict[tuple[int, int], list[Replaced]] = {}
    for each in case.replaced:
        groups.setdefault((each.given.optimizer, each.stepped), []).append(each)
    for (_, stepped), found in groups.items():
        first = found[0]
        names = list(dict.fromkeys(_name(case, each) for each in found))
        optimizer = case.training.optimizer_name(first.given)
        was, others = ("it was", "another tensor") if len(names) == 1 else ("they were", "other tensors")
        cause = (
            f"`{optimizer}` holds {listed(names)} as {was} before: the loss is computed with {others} of that name, "
            f"which `{optimizer}.step()` does not move."
        )
        made = dict.fromkeys(case.trace.forwards.first_row(each.by) for each in found)
        played = sorted([(first.given.step, "given"), *((step, "made anew") for step in made), (stepped, "stepped")])
        places = case.places(*((role, case.at(step)) for step, role in played))
        yield Finding("GV112", cause, _fix(case, first, names[0]), places, stepped)


def _fix(case, replaced, name):
    if case.training.made_by(replaced.by) == "Parameter":
        return noted(f"after {name} is made anew", case.line(case.at(replaced.given.step)))
    changed = f"with torch.no_grad():\n    {name}.copy_(...)"
    return noted(f"other values for the {name} that the optimizer holds", changed)


def _name(case, replaced):
    """The name that the new one has, or the old one had."""
    by, old = (case.training.name(tensor) for tensor in (replaced.by, replaced.given.tensor))
    return by or old
