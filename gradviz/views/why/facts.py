"""The answers as plain values: what the text and the JSON both tell."""

from gradviz.trace.events import Kind
from gradviz.trace.holding import Alive, Holding, Weight
from gradviz.trace.mending import mend
from gradviz.trace.trace import Origin, Trace
from gradviz.views.format import expression, safe
from gradviz.views.rows import at_line, unnamed

MOST_WEIGHED = 1000


def facts(trace: Trace, alive: Alive, found: list[Holding], what: Holding | list[int] | None) -> dict:
    """What is told of what `asked` gave; of None, the holders of nodes, the largest first."""
    told = {
        "schema_version": 1,
        "trace": str(trace.path),
        "holders": [],
        "results": [],
        "holders_of_values": 0,
        "holders_not_weighed": 0,
        "unnamed_nodes": unnamed(trace, trace.lives),
        "not_looked_at": trace.not_looked_at,
    }
    if what is None:
        holding = [each for each in found if any(map(alive.of, each.held))]
        weighed = holding[:MOST_WEIGHED]
        pairs = zip(weighed, alive.weigh(weighed), strict=True)
        pairs = sorted(pairs, key=lambda pair: (-pair[1].nbytes, -pair[1].nodes))
        told["holders"] = [_holder(trace, alive, found, each, weight) for each, weight in pairs if weight.nodes]
        told["holders_not_weighed"] = len(holding) - len(weighed)
        told["holders_of_values"] = len(found) - told["holders_not_weighed"] - len(told["holders"])
    elif isinstance(what, Holding):
        mine = {held.name for held in what.held}
        rest = [held for each in found for held in each.held if held.name not in mine]
        weight = alive.weigh([what, Holding("", tuple(rest))])[0]
        told["holders"] = [_holder(trace, alive, found, what, weight) | {"chain": _chain(trace, alive, what)}]
    else:
        told["results"] = [_result(trace, alive, found, op) for op in what]
    return told


def _holder(trace: Trace, alive: Alive, found: list[Holding], holding: Holding, weight: Weight) -> dict:
    starts = _starts(trace)
    first = holding.held[0]
    freed = [
        {"backward": call, **_place(trace, starts.get(call)), "tensors": tensors, "bytes": nbytes}
        for call, tensors, nbytes in weight.freed
    ]
    return {
        "name": safe(holding.name),
        **_place(trace, first.origin),
        "held": len({held.tensor or -held.node for held in holding.held}),
        "what": "tensor" if all(held.tensor for held in holding.held) else "node",
        "first": safe(first.name),
        "last": safe(holding.held[-1].name),
        "nodes": weight.nodes,
        "accumulators": weight.accumulators,
        "saved_tensors": weight.tensors,
        "saved_bytes": weight.nbytes,
        "freed": freed,
        "only_nodes": weight.own_nodes,
        "only_bytes": weight.own_bytes,
        "retained": [_place(trace, starts.get(call))["place"] for call in weight.retained],
        "verdict": weight.verdict,
        "fix": safe(mend(trace, alive, found, holding, weight)),
    }


def _chain(trace, alive, holding) -> list[dict]:
    """The holder, then the nodes from it to the one that keeps, or kept, most."""
    nodes = {alive.of(held): held for held in reversed(holding.held)}
    starts = [node for node in map(alive.of, holding.held) if node]
    target = alive.deepest(starts)
    return _links(trace, alive, nodes, alive.way(starts, target)) if target else []


def _links(trace, alive, nodes, way):
    return [{"name": safe(nodes[way[0]].name)}, *(_link(trace, alive, node) for node in way)] if way else []


def _link(trace, alive, node):
    starts = _starts(trace)
    saved = [
        {
            "name": safe(kept.name),
            "bytes": kept.nbytes,
            "freed_by": kept.backward,
            "place": _place(trace, starts.get(kept.backward))["place"],
        }
        for kept in alive.kept(node)
    ]
    return _named(trace, _op(trace, alive, node)) | {"saved": saved}


def _op(trace, alive, node) -> int:
    """The place in trace.forwards of a node, or of an AccumulateGrad's leaf."""
    op = alive.ops.get(node, -1)
    return op if op >= 0 else int(trace.forwards.op_of(trace.forwards.first_row(alive.leaves[node])))


def _named(trace, op) -> dict:
    forwards = trace.forwards
    tensor, step = int(forwards.tensor[op]), int(forwards.steps[op])
    grad_fn = trace.call(int(forwards.call[op])).grad_fn if forwards.node[op] else ""
    leaf = not grad_fn and int(forwards.accumulator(tensor, len(trace.rows)))
    origin = trace.origin(int(trace.rows["origin"][step]))
    return {
        "number": op + 1,
        "grad_fn": safe(grad_fn) or ("AccumulateGrad" if leaf else ""),
        "result": safe(trace.name(tensor)),
        **_place(trace, origin),
        "source": expression(origin),
    }


def _result(trace, alive, found, op) -> dict:
    """A result's node: whether it is alive, who holds it, and the way to it from the nearest holder."""
    forwards = trace.forwards
    node = int(forwards.node[op]) or int(forwards.accumulator(int(forwards.tensor[op]), len(trace.rows)))
    living = node in alive.ops or node in alive.leaves
    state = "live" if living else "gone" if node else "no graph"
    told = _named(trace, op) | {"state": state, "held_by": [], "chain": []}
    if not living:
        return told
    nodes = {alive.of(held): held for holding in found for held in reversed(holding.held)}
    nodes.pop(0, None)
    users = _users(alive, node)
    told["held_by"] = [safe(each.name) for each in found if any(alive.of(held) in users for held in each.held)]
    told["chain"] = _links(trace, alive, nodes, alive.way(nodes, node))
    return told


def _users(alive, node) -> set[int]:
    """The live nodes that lead to a node, with itself: the oldest first, so that one pass is enough."""
    found = {node}
    for user in reversed(alive.ops):
        if not found.isdisjoint(alive.following(user)):
            found.add(user)
    return found


def _starts(trace) -> dict[int, Origin | None]:
    """{backward call: where the script called it}."""
    rows = trace.rows[trace.of(Kind.BACKWARD)]
    calls, origins = rows["a"].tolist(), rows["origin"].tolist()
    return {call: trace.origin(origin) for call, origin in zip(calls, origins, strict=True)}


def _place(trace, origin) -> dict:
    return {
        "file": safe(origin.file) if origin else "",
        "line": origin.line if origin else 0,
        "place": at_line(trace, origin),
    }
