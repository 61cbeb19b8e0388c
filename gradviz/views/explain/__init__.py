"""The chain rule in numbers, as text, Markdown, LaTeX or JSON."""

import json
from collections.abc import Sequence

from gradviz.errors import BadInput
from gradviz.trace.chain import Chain
from gradviz.trace.events import Flag, Kind
from gradviz.trace.graph import Graph
from gradviz.trace.trace import Trace
from gradviz.views.explain.blocks import Block, names_of, node_block
from gradviz.views.explain.finding import find
from gradviz.views.explain.lesson import worked_example
from gradviz.views.explain.paths import path_blocks
from gradviz.views.explain.written import as_json, written


def explained(
    trace: Trace, graph: Graph, others: Sequence[Graph], asked: Sequence[str], form="text", width=80, most=None
) -> str:
    """The backward of one result, the paths between two, or (of none) all, in one of written.FORMATS, or as "json".

    BadInput where backward never ran, nothing was recorded of its values, or what is asked for is not there.
    """
    _check(trace, graph)
    numbers = [find(trace, graph, others, each) for each in asked]
    chain = Chain(trace, graph)
    names = names_of(chain)
    if not numbers:
        blocks = worked_example(chain, names, most)
    elif len(numbers) == 2:
        blocks = path_blocks(chain, *numbers, names, most)
    else:
        blocks = [_of_node(chain, numbers[0], names)]
    if form == "json":
        told = {"schema_version": 1, "trace": str(trace.path), "graph": graph.number, "blocks": as_json(blocks)}
        return json.dumps(told, indent=1, allow_nan=False, default=lambda value: value.item())
    return written(blocks, form, width)


def _check(trace, graph):
    if not graph.backwards:
        raise BadInput(f"backward never ran through graph {graph.number}: there is nothing to explain")
    made = trace.rows[trace.of(Kind.FORWARD)]
    if len(made) and not (made["value"] != 0).any() and not ((made["flags"] & Flag.INLINE) > 0).any():
        raise BadInput(
            f"{trace.path} holds no values, so there is nothing to multiply; "
            "run gradviz trace again with --values preview (its default) or --values full"
        )


def _of_node(chain, number, names) -> Block:
    work = chain.work(number)
    if work is not None:
        return node_block(chain, work, names)
    why = "it has no node" if not chain.entries[number].node else "no gradient came to its node"
    raise BadInput(f"{names[number]}: {why}, so backward did nothing there")
