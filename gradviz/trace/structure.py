"""Which graphs are built alike: the same ops, grad_fns, shapes and edges, in order, whatever lines or values they have.

Everything is worked out on columns, in time linear in the number of ops and their inputs.
"""

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from gradviz.trace.events import NUMBER, Kind
from gradviz.trace.graph import Graph
from gradviz.trace.trace import Trace

_NOTHING, _NUMBER, _OUTSIDE = 0, 1, 2  # what an input is that the graph did not compute


def structures(trace: Trace, graphs: Sequence[Graph]) -> list[int]:
    """For each graph the number of its structure, from 1 in the order in which the structures first appear."""
    if not graphs:
        return []
    own = [graph.nodes.graph_ops for graph in graphs]
    ops, slots, first_slot = _columns(trace, own)
    known: dict[bytes, int] = {}
    found, start = [], 0
    for mine in own:
        stop = start + len(mine)
        key = blake2b(ops[start:stop].tobytes(), digest_size=16)
        key.update(slots[first_slot[start] : first_slot[stop]].tobytes())
        found.append(known.setdefault(key.digest(), len(known) + 1))
        start = stop
    return found


def unlike(trace: Trace, one: Graph, other: Graph) -> list[tuple[str, int]]:
    """(grad_fn, how many more the other has): a negative number for fewer; empty where the ops are the same."""
    before, after = (_grad_fns(trace, graph) for graph in (one, other))
    names = list(dict.fromkeys([*before, *after]))
    return [(name, after[name] - before[name]) for name in names if after[name] != before[name]]


def shaped_alike(trace: Trace, one: Graph, other: Graph) -> bool:
    """Whether the ops of two graphs made results of the same shapes, dtypes and devices, in order."""
    shapes = [[_what(trace, meta) for meta in _own(trace, graph, "meta")] for graph in (one, other)]
    return shapes[0] == shapes[1]


def _grad_fns(trace, graph):
    calls = Counter(_own(trace, graph, "call"))
    names: Counter[str] = Counter()
    for call, count in calls.items():
        names[trace.call(call).grad_fn or trace.call(call).op] += count
    return names


def _own(trace, graph, column):
    return getattr(trace.forwards, column)[graph.nodes.graph_ops].tolist()


def _what(trace, meta):
    told = trace.meta(meta) if meta else None
    return (told.shape, told.dtype, told.device) if told else None


def _columns(trace, own):
    """(a row for each op, a row for each input, where the inputs of each op begin), graph after graph."""
    forwards, rows = trace.forwards, trace.rows
    mine = np.concatenate(own)
    sizes = np.array([len(each) for each in own])
    graph = np.repeat(np.arange(len(own)), sizes)
    place = np.full(len(forwards), -1)
    place[mine] = np.arange(len(mine)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    home = np.full(len(forwards), -1)
    home[mine] = graph
    call = _same(forwards.call[mine], lambda number: trace.call(number)[:2])
    ops = np.stack([call, _same(forwards.meta[mine], lambda meta: _what(trace, meta))], axis=1)

    count = forwards.input_from[mine + 1] - forwards.input_from[mine]
    first_slot = np.append(0, np.cumsum(count))
    slot = np.arange(first_slot[-1]) + np.repeat(forwards.input_from[mine] - first_slot[:-1], count)
    owner = np.repeat(mine, count)
    tensor, source, row = forwards.input_tensor[slot], forwards.input_op[slot], forwards.input_row[slot]
    inside = (source >= 0) & (home[source] == home[owner])
    known = row >= 0
    number = known & _is_number(forwards, trace, source)
    outside = (tensor > 0) & ~inside & ~number
    output = np.where(known & (rows["kind"][row] == Kind.OUTPUT), rows["a"][row], 0)
    step = forwards.steps[owner]
    adds_to = forwards.accumulator(tensor, step)
    leaf = outside & (adds_to > 0) & (trace.lives.gone_at[adds_to] > step)
    meta = np.where(known, rows["meta"][row], 0)
    kind = np.where(outside, _OUTSIDE, np.where(number, _NUMBER, _NOTHING))
    which = np.where(inside, place[source] + _OUTSIDE + 1, kind)
    order = np.zeros(len(slot), np.int64)
    order[outside] = _first_use(home[owner[outside]], tensor[outside])
    shape = _same(meta, lambda meta: _what(trace, meta))
    return ops, np.stack([np.repeat(place[mine], count), which, order, output, leaf, shape], axis=1), first_slot


def _is_number(forwards, trace, source):
    """Which of these ops only stand for a Python number."""
    calls, back = np.unique(forwards.call, return_inverse=True)
    number = np.array([trace.call(call).op == NUMBER for call in calls.tolist()], bool)
    return number[back][source]


def _first_use(graph, tensor):
    """Which of its graph's inputs from outside each one is, counted by first use: a leaf is then the same in every
    graph, whenever it was made."""
    span = int(tensor.max(initial=0)) + 1
    unique, first, back = np.unique(graph * span + tensor, return_index=True, return_inverse=True)
    rank = np.empty(len(unique), np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(unique))
    return rank[back] - np.searchsorted(unique // span, graph)


def _same(numbers, told):
    """The numbers of a trace replaced by numbers for what they stand for: equal where that is equal."""
    unique, back = np.unique(numbers, return_inverse=True)
    known: dict = {}
    return np.array([known.setdefault(told(number), len(known)) for number in unique.tolist()], np.int64)[back]
