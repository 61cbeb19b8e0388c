"""GV106 and GV107: what is kept alive for nothing."""

import re
from collections.abc import Iterable

from gradviz.check.case import Case
from gradviz.check.finding import Finding
from gradviz.check.words import called, noted
from gradviz.trace.growth import growth, together
from gradviz.trace.holding import Holding, holdings
from gradviz.trace.mending import mend
from gradviz.trace.retaining import Retained, kept_for, retained
from gradviz.trace.words import count, size

MOST_WEIGHED = 1000  # holders
_FRAMES = re.compile(r"^<traceback>\.(?:[^<\[]*<locals>\.)+")
_ASKED = re.compile(r"retain_graph\s*=\s*True")
_ARGUMENT = re.compile(rf"\s*{_ASKED.pattern}\s*,\s*|\s*,?\s*{_ASKED.pattern}")


def graphs_kept_alive(case: Case) -> Iterable[Finding]:
    """What keeps the graphs of earlier iterations, more with each: variables, or what a function had that returned."""
    yield from _held(case)
    for each in together(case.trace, case.graphs):
        newest, call = each.graphs[-1], each.graphs[-1].backwards[-1]
        name = case.trace.name(int(case.trace.forwards.tensor[newest.root - 1])) or "loss"
        yield Finding(
            "GV106",
            f"a variable of a function that has returned kept {_graphs(each, len(each.graphs))}",
            noted(f"to be kept in place of {name}", f"{name}.item()"),
            case.places(("built", case.at(newest.built)), ("backward", case.at(call.started))),
            newest.built,
        )


def _held(case):
    found = [each for each in map(_shortened, holdings(case.trace)) if "<traceback>" not in each.name]
    holding = [each for each in found if any(map(case.alive.of, each.held))][:MOST_WEIGHED]
    told = set()
    for each, weight in zip(holding, case.alive.weigh(holding), strict=True):
        nodes = frozenset(map(case.alive.of, each.held))
        grown = None if nodes in told else growth(case.alive, each, weight)
        if grown is None:
            continue
        told.add(nodes)
        mended = mend(case.trace, case.alive, found, each, weight)
        fix = f"{each.name} = {each.name}.detach()" if grown.joined else mended
        bound = case.bound.get(each.held[0].name, 0)
        places = case.places(("held by", bound), ("built", case.at(grown.newest)))
        yield Finding("GV106", f"{called(each.name)} {_kept(grown)}", fix, places, grown.newest)


def _shortened(holding):
    """A variable of a function that an exception ended, by its own name."""
    name = _FRAMES.sub("", holding.name)
    held = tuple(each._replace(name=_FRAMES.sub("", each.name)) for each in holding.held)
    return Holding(name, held) if name != holding.name else holding


def _kept(grown):
    if grown.joined:
        return (
            f"carries one graph through {count(grown.iterations, 'iteration')}, and each makes it longer by "
            f"{_amount(grown)}."
        )
    return f"keeps {_graphs(grown, grown.iterations)}"


def _graphs(one, iterations):
    return f"the graphs of {count(iterations, 'iteration')}, {_amount(one)} each."


def _amount(one):
    """What one iteration adds."""
    return f"{'' if one.exact else 'about '}{count(one.nodes, 'node')} and {size(one.nbytes)} of saved tensors"


def retained_for_nothing(case: Case) -> Iterable[Finding]:
    """retain_graph=True, and no later backward ran a node of that graph, from any pass over that line."""
    lines: dict[int, list[Retained]] = {}
    for each in retained(case.trace):
        lines.setdefault(case.at(each.started), []).append(each)
    for origin, calls in lines.items():
        over = [each for each in calls if each.over]
        if not over or any(each.used for each in calls) or "retain_graph" not in case.line(origin):
            continue
        first = over[0]
        nbytes = kept_for(case.trace, first.call)
        kept = f"kept {size(nbytes)} of saved tensors" if nbytes else "had no saved tensors to keep"
        often = f" ({count(len(over), 'call')})" if len(over) > 1 else ""
        cause = f"backward was told to retain its graph and {kept}, but no later call ran a node of that graph{often}."
        yield Finding("GV107", cause, _without(case.line(origin)), case.places(("retained", origin)), first.started)


def _without(line):
    """The call without its retain_graph=True."""
    if not _ASKED.search(line):
        return "retain_graph=False"
    return _ARGUMENT.sub("", line)
