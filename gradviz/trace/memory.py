"""Lives: when saved tensors were released, when nodes and buffers ended, and the bytes kept between."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradviz.trace.events import Flag, Kind

if TYPE_CHECKING:
    from gradviz.trace.trace import Trace

NEVER = np.iinfo(np.int64).max


class Freed(NamedTuple):
    """What one backward call released; nbytes counts buffers that no saved tensor kept any more.

    in_use: bytes of those buffers that something else held when the call ended
    """

    backward: int
    nbytes: int
    tensors: int
    nodes: int
    in_use: int


class Holder(NamedTuple):
    """A variable of the script that still holds a tensor or a node at the end."""

    name: str
    tensor: int
    node: int


class SavedSummary(NamedTuple):
    """Bytes that saved tensors kept; a buffer counts once however many nodes keep it.

    peak, peak_at: the most at any time, and the first step that had it (-1: nothing was ever saved)
    freed: one for each backward call; alive_nodes, alive_bytes, holders: what is left at the script's end;
    alive_accumulators: how many of those nodes are leaves' AccumulateGrads
    """

    peak: int
    peak_at: int
    freed: tuple[Freed, ...]
    alive_nodes: int
    alive_bytes: int
    holders: tuple[Holder, ...]
    alive_accumulators: int


class Lives:
    """When things ended, as arrays by number; each entry is a step, NEVER for what did not happen.

    released_at, released_by (a backward call, 0: none), gone_at: by node
    made_at, freed_at, nbytes: by buffer
    """

    def __init__(self, trace: "Trace"):
        rows = trace.rows
        nodes = 1 + int(rows["node"].max(initial=0))
        self.released_at = _first_steps(trace, Kind.RELEASED, "node", nodes)
        self.gone_at = _first_steps(trace, Kind.GONE, "node", nodes)
        self.released_by = np.zeros(nodes, np.int64)
        released = self.released_at != NEVER
        self.released_by[released] = rows["a"][self.released_at[released]]
        buffers = 1 + int(rows["buffer"].max(initial=0))
        self.freed_at = _first_steps(trace, Kind.FREED, "buffer", buffers)
        self.made_at, self.nbytes = _buffers(trace, buffers)

    def state(self, node: int, saved: bool, at: int) -> str:
        """A node's state at a step: 'live', 'saved freed' (only if it saved something) or 'gone'."""
        if not 0 < node < len(self.gone_at):
            return "live"
        if self.gone_at[node] <= at:
            return "gone"
        return "saved freed" if saved and self.released_at[node] <= at else "live"

    def bytes_of(self, buffer: int) -> int:
        """The size of a buffer, 0 when unknown."""
        return int(self.nbytes[buffer]) if 0 <= buffer < len(self.nbytes) else 0


def saved_summary(trace: "Trace", lives: Lives) -> SavedSummary:
    """What saved tensors cost over the whole run, and what is left of it at the end."""
    forwards = trace.forwards
    node = forwards.node[forwards.kept_owner]
    began = forwards.steps[forwards.kept_owner]
    ended = np.minimum(lives.released_at[node], lives.gone_at[node])
    buffer, nbytes = own_places(trace, forwards, lives.nbytes)
    steps, change, buffers = _changes(buffer, began, ended, nbytes)
    kept = np.cumsum(change)
    peak = int(kept.max(initial=0))
    now = kept[steps <= trace.end]
    return SavedSummary(
        peak,
        int(steps[kept.argmax()]) if peak else -1,
        _freed(trace, lives, node, steps, change, buffers),
        _alive(trace, lives, Kind.FORWARD, Kind.NODE, Kind.OUTPUT),
        int(now[-1]) if now.size else 0,
        tuple(_holders(trace)),
        _alive(trace, lives, Kind.NODE),
    )


def own_places(trace, forwards, nbytes):
    """(buffers, nbytes): a saved number, which has no buffer, counted as one of its own behind all the others."""
    buffer = forwards.kept_buffer.copy()
    loose = np.flatnonzero((buffer == 0) & (forwards.kept_meta > 0))
    buffer[loose] = len(nbytes) + np.arange(len(loose))
    metas, place = np.unique(forwards.kept_meta[loose], return_inverse=True)
    sizes = np.array([trace.meta(meta).nbytes for meta in metas.tolist()], np.int64)[place]
    return buffer, np.concatenate([nbytes, sizes])


def _first_steps(trace, kind, column, count):
    """The first step of a kind for each number in a column."""
    steps = trace.of(kind)
    first = np.full(count, NEVER)
    first[trace.rows[column][steps][::-1]] = steps[::-1]
    first[0] = NEVER
    return first


def _buffers(trace, count):
    """When each buffer was first seen, and how large it is."""
    rows = trace.rows
    steps = np.flatnonzero((rows["buffer"] > 0) & (rows["meta"] > 0))
    metas, place = np.unique(rows["meta"][steps], return_inverse=True)
    size = np.array([trace.meta(meta).nbytes for meta in metas.tolist()], np.int64)[place]
    buffer = rows["buffer"][steps]
    new = (rows["flags"][steps] & Flag.NEW_BUFFER) > 0
    nbytes = np.zeros(count, np.int64)
    np.maximum.at(nbytes, buffer, size)
    nbytes[buffer[new]] = size[new]  # a view may look larger than its buffer: expand repeats what is there
    told = trace.of(Kind.BUFFER)
    nbytes[rows["buffer"][told]] = np.minimum(rows["value"][told], 1 << 62).astype(np.int64)
    made = np.full(count, NEVER)
    seen = np.flatnonzero(rows["buffer"] > 0)
    made[rows["buffer"][seen][::-1]] = seen[::-1]
    made[buffer[new]] = steps[new]
    return made, nbytes


def _changes(buffer, began, ended, nbytes):
    """The steps at which the bytes kept change, ascending, by how much, and in which buffer."""
    lasting = ended != NEVER
    buffers = np.concatenate([buffer, buffer[lasting]])
    steps = np.concatenate([began, ended[lasting]])
    keepers = np.concatenate([np.ones(len(buffer), np.int64), np.full(int(lasting.sum()), -1)])
    order = np.lexsort((keepers, steps, buffers))
    buffers, steps, keepers = buffers[order], steps[order], keepers[order]
    now = np.cumsum(
        keepers
    )  # every keeper of a buffer ends or lasts: what lasts is taken off the next buffer
    first = np.flatnonzero(np.diff(buffers, prepend=-1))
    now = now - np.repeat(np.concatenate([[0], now])[first], np.diff(np.append(first, len(buffers))))
    change = nbytes[buffers] * ((now > 0).astype(np.int64) - (now - keepers > 0))
    order = np.argsort(steps, kind="stable")
    return steps[order], change[order], buffers[order]


def _freed(trace, lives, node, steps, change, buffers):
    """What each backward call released, in order."""
    rows = trace.rows
    calls = rows["a"][trace.of(Kind.BACKWARD)].tolist()
    count = 1 + int(rows["a"].max(initial=0))
    by_node = lives.released_by[node]
    tensors = np.bincount(by_node, minlength=count)
    kept = np.unique(node)
    nodes = np.bincount(lives.released_by[kept], minlength=count)
    less = (change < 0) & (rows["kind"][steps] == Kind.RELEASED)
    nbytes, in_use = np.zeros(count, np.int64), np.zeros(count, np.int64)
    by = rows["a"][steps[less]]
    np.add.at(nbytes, by, -change[less])
    ended = np.full(count, trace.end)
    ends = trace.of(Kind.BACKWARD_ENDED)
    ended[rows["a"][ends]] = ends
    freed_at = np.append(lives.freed_at, -1)[np.minimum(buffers[less], len(lives.freed_at))]  # a number's is no memory
    held = freed_at > ended[by]
    np.add.at(in_use, by[held], -change[less][held])
    return tuple(
        Freed(call, int(nbytes[call]), int(tensors[call]), int(nodes[call]), int(in_use[call])) for call in calls
    )


def _alive(trace, lives, *kinds):
    """How many of the nodes that rows of these kinds made had not gone by the script's end."""
    rows = trace.rows[trace.of(*kinds)]
    nodes = np.unique(rows["node"][rows["node"] > 0])
    return int(np.count_nonzero(lives.gone_at[nodes] > trace.end))


def _holders(trace):
    rows = trace.rows[trace.of(Kind.HOLDER)]
    for tensor, node, ref in zip(
        rows["tensor"].tolist(), rows["node"].tolist(), rows["ref"].tolist(), strict=True
    ):
        yield Holder(trace.text(ref, "name"), tensor, node)
