"""Which result of a graph is meant by a name, a number, an expression or a node's class."""

from collections.abc import Sequence
from difflib import get_close_matches

from gradviz.errors import BadInput
from gradviz.trace.graph import Graph
from gradviz.trace.trace import Trace
from gradviz.views import format as fmt
from gradviz.views.rows import at_line, called_by

MOST = 8  # candidates that are listed


def find(trace: Trace, graph: Graph, others: Sequence[Graph], asked: str) -> int:
    """The number of the result that `w`, `5`, `#5`, `w * x` or `MulBackward0` means.

    BadInput for one that is not there (with near matches, or the graph that has it), and for one of several.
    """
    found = _matching(trace, graph, asked)
    if len(found) == 1:
        return found[0]
    if not found:
        raise BadInput(f"{asked}: {_nowhere(trace, graph, others, asked)}")
    entries = {entry.number: entry for entry in graph.nodes}
    told = [
        ", ".join(filter(None, [f"#{number} {fmt.safe(entries[number].op)}", at_line(trace, entries[number].origin)]))
        for number in found[:MOST]
    ]
    more = f"; and {len(found) - MOST:,} more" if len(found) > MOST else ""
    raise BadInput(
        f"{asked}: {len(found):,} results of graph {graph.number} are called so: {'; '.join(told)}{more}; give a number"
    )


def _matching(trace, graph, asked):
    """The numbers of what is called so: by its number, else by name or expression, else by its grad_fn or op."""
    plain = asked.removeprefix("#")
    if plain.isdecimal():
        return [entry.number for entry in graph.nodes if entry.number == int(plain)]
    called = called_by(trace, graph)
    found = [number for number, name in called.items() if name == asked]
    return found or [entry.number for entry in graph.nodes if asked in (entry.grad_fn, entry.op)]


def _nowhere(trace, graph, others, asked):
    here = f"no such result in graph {graph.number}"
    for other in reversed(others):
        if other is not graph and _matching(trace, other, asked):
            return f"{here}, but in graph {other.number} (--graph {other.number})"
    numbers = [entry.number for entry in graph.nodes]
    if asked.removeprefix("#").isdecimal():
        return f"{here}; its numbers go from {min(numbers)} to {max(numbers)} (gradviz table shows them)"
    known = dict.fromkeys([*called_by(trace, graph).values(), *(entry.grad_fn for entry in graph.nodes)])
    near = get_close_matches(asked, [name for name in known if name], MOST, 0.5)
    return f"{here}; near it: {', '.join(near)}" if near else f"{here} (gradviz table shows what there is)"
