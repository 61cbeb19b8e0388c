"""Whose memory saved tensors are in: a parameter's, memory that is held besides, or what the graph alone keeps.

Told from events: what the graph alone kept ends as the last node lets go of it, within the backward call that released
it (or right after the node's own end); memory that lives on was held by something else too. What is never released is
the graph's alone when no variable was found, at the script's end, to hold a tensor in it; after a run that was cut off,
when nobody could look, that is unknown.
"""

from enum import IntEnum
from functools import cached_property

import numpy as np

from gradviz.trace.events import MET, SHARED, STATE, UNSEEN, Flag, Kind
from gradviz.trace.memory import NEVER, changes, saved_places
from gradviz.trace.trace import Trace
from gradviz.trace.usage import parameters

_NOT_THEIR_OWN = MET - {UNSEEN, SHARED, STATE}  # gradients, numbers, results about to be saved


class Share(IntEnum):
    """Whose memory a buffer that some node saved is; NONE: no node saved it.

    HELD: a variable's, an input's or another graph's too
    """

    NONE = 0
    GRAPH = 1
    HELD = 2
    PARAMETER = 3
    UNKNOWN = 4

    @property
    def is_shared(self) -> bool:
        """Whether something besides the graph is known to have that memory."""
        return self in (Share.HELD, Share.PARAMETER)


class Sharing:
    """The Share of each buffer, and when the last node let go of it (released_at; NEVER: not yet)."""

    def __init__(self, trace: Trace):
        self._trace = trace
        forwards, lives = trace.forwards, trace.lives
        there = forwards.kept_buffer > 0
        buffer, node = forwards.kept_buffer[there], forwards.node[forwards.kept_owner[there]]
        ended = np.minimum(lives.released_at[node], lives.gone_at[node])
        count = len(lives.nbytes)
        self.released_at = np.full(count, -1)
        np.maximum.at(self.released_at, buffer, ended)
        last = ended == self.released_at[buffer]
        settled = np.full(count, -1)
        np.maximum.at(settled, buffer[last], self._settled(node[last], ended[last]))
        lasting = self.released_at > trace.end
        outlived = np.where(lasting, self._held_at_the_end, lives.freed_at > settled)
        share = np.where(outlived, Share.HELD, Share.GRAPH)
        if trace.ending is None:
            share[lasting] = Share.UNKNOWN
        share[parameters(trace, count)] = Share.PARAMETER
        self._share = np.where(self.released_at >= 0, share, Share.NONE)

    def of(self, buffer: int) -> Share:
        """Whose memory a buffer is; a number without a buffer is the graph's."""
        return Share(int(self._share[buffer])) if buffer else Share.GRAPH

    def name(self, buffer: int) -> str:
        """The name of the leaf in it, else of who holds a tensor in it at the end, else of a tensor in it; or ''."""
        tensors, trace = self._tensors.get(buffer, ()), self._trace
        if buffer not in self._leaves and (held := [self._holders[each] for each in tensors if each in self._holders]):
            return trace.text(held[0], "name")
        return next(filter(None, map(trace.name, tensors)), "")

    def is_input(self, buffer: int) -> bool:
        """Whether a leaf lies in it."""
        return buffer in self._leaves

    def alone(self, step: int) -> int | None:
        """The bytes kept for backward after a step that the graph alone keeps; None when that is not known."""
        trace, forwards = self._trace, self._trace.forwards
        buffer, nbytes = saved_places(trace, forwards, trace.lives.nbytes)
        node = forwards.node[forwards.kept_owner]
        ended = np.minimum(trace.lives.released_at[node], trace.lives.gone_at[node])
        share = np.append(self._share, Share.GRAPH)[np.minimum(buffer, len(self._share))]  # a number's is nobody else's
        if (share == Share.UNKNOWN).any():
            return None
        own = share == Share.GRAPH
        steps, change, _ = changes(buffer[own], forwards.steps[forwards.kept_owner[own]], ended[own], nbytes)
        return int(change[steps <= step].sum())

    def _settled(self, node, ended):
        """The last step at which memory that a node let go of would have ended."""
        trace, lives = self._trace, self._trace.lives
        calls = np.full(1 + int(trace.rows["a"].max(initial=0)), trace.end)
        ends = trace.of(Kind.BACKWARD_ENDED)
        calls[trace.rows["a"][ends]] = ends
        others = np.flatnonzero(~np.isin(trace.rows["kind"], (Kind.RELEASED, Kind.FREED, Kind.GONE)))
        behind = np.append(others, len(trace.rows))[np.searchsorted(others, ended, "right")] - 1
        by_call = (lives.released_at[node] == ended) & (lives.released_by[node] > 0) & (ended != NEVER)
        return np.where(by_call, calls[lives.released_by[node]], behind)

    @cached_property
    def _held_at_the_end(self):
        """Whether a variable was found that holds a tensor in each buffer."""
        trace, forwards = self._trace, self._trace.forwards
        held = np.isin(forwards.tensor, list(self._holders))
        found = np.zeros(len(trace.lives.nbytes), bool)
        found[forwards.buffer[held & (forwards.tensor > 0)]] = True
        found[0] = False
        return found

    @cached_property
    def _holders(self):
        """{tensor: where the name stands of what holds it at the script's end}."""
        rows = self._trace.rows[self._trace.of(Kind.HOLDER)][::-1]
        rows = rows[rows["tensor"] > 0]
        return dict(zip(rows["tensor"].tolist(), rows["ref"].tolist(), strict=True))

    @cached_property
    def _leaves(self):
        """{buffer: the op that a leaf in it came with}, the oldest."""
        forwards = self._trace.forwards
        source = (np.diff(forwards.input_from) == 0) & (forwards.node == 0) & (forwards.flags & Flag.LEAF > 0)
        found: dict[int, int] = {}
        for op in np.flatnonzero(source).tolist():
            if self._trace.call(int(forwards.call[op])).op not in _NOT_THEIR_OWN:
                found.setdefault(int(forwards.buffer[op]), op)
        return found

    @cached_property
    def _tensors(self):
        """{buffer: the tensors in it}, its leaf first."""
        forwards = self._trace.forwards
        found = {buffer: [int(forwards.tensor[op])] for buffer, op in self._leaves.items()}
        for buffer, tensor in zip(forwards.buffer.tolist(), forwards.tensor.tolist(), strict=True):
            found.setdefault(buffer, []).append(tensor)
        return found
