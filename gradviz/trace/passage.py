"""Where the way of a gradient to a leaf ends: which op of the forward cut it off, if any did."""

from functools import cached_property
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from gradviz.trace.events import Flag, Kind
from gradviz.trace.trace import Trace
from gradviz.trace.training import Training

UNUSED = "unused"  # no op that builds graphs took it in
NOWHERE = "nowhere"  # what was computed with it led to no backward
CUT = "cut"  # it did, over an op without a node
REFUSED = "refused"  # a user's Function handed no gradient on
FROZEN = "frozen"  # it doesn't require grad
_LIKE = ("_like", "new_")  # in the names of ops that take a tensor's shape alone


class Lack(NamedTuple):
    """Why no gradient came to a leaf; step: the FORWARD row of the op that is meant, -1 for none."""

    how: str
    step: int


class Passage:
    """Which ops lead to one that a backward call ran, whatever stands between."""

    def __init__(self, trace: Trace, training: Training):
        self._trace, self._training = trace, training

    def lack(self, leaf: int) -> Lack | None:
        """Why a leaf got no gradient in the whole run; None where that is not known, or where it got one."""
        if leaf in self._reached:
            return None
        forwards = self._trace.forwards
        uses = np.searchsorted(forwards.steps, self._training.uses(leaf)).tolist()
        leading = [op for op in uses if self._leads[op]]
        if leading and not self._is_frozen(leaf, leading):
            return self._end(leaf, leading)
        if leading:
            return Lack(FROZEN, int(forwards.steps[leading[0]]))
        building = [op for op in uses if not self._is_off(op)]
        if building:
            return Lack(NOWHERE, int(forwards.steps[building[-1]]))
        return Lack(UNUSED, -1)

    def required(self, leaf: int) -> bool:
        """Whether a graph was ever to add gradients to a leaf."""
        rows = self._trace.rows
        return bool((rows["tensor"][self._trace.of(Kind.NODE)] == leaf).any())

    def _end(self, leaf, ops):
        """The first op without a node, or of a user's that ran and handed nothing on, on a way that leads on."""
        forwards = self._trace.forwards
        waiting, seen = sorted(set(ops)), set(ops)  # a heap: the oldest first
        while waiting:
            op = heappop(waiting)
            if not forwards.node[op] or op in ops and leaf not in self._taken(op):
                return Lack(CUT, int(forwards.steps[op]))
            if self._ran[op]:
                name = self._trace.call(int(forwards.call[op])).grad_fn
                return None if name[-1:].isdecimal() else Lack(REFUSED, int(forwards.steps[op]))
            for user in self._users.get(op, ()):
                if self._leads[user] and user not in seen:
                    seen.add(user)
                    heappush(waiting, user)
        return None

    def _taken(self, op):
        """The tensors that an op took in; not another that shows the same memory, such as w.data for w."""
        forwards = self._trace.forwards
        return forwards.input_tensor[forwards.input_from[op] : forwards.input_from[op + 1]]

    def _is_off(self, op):
        """Whether gradients were off where an op ran."""
        return bool(self._trace.forwards.flags[op] & Flag.NO_GRAD)

    def _is_frozen(self, leaf, ops):
        """Whether an op that builds graphs took a leaf in, and none asked it for gradients."""
        if self.required(leaf):
            return False
        forwards = self._trace.forwards
        asking = [op for op in ops if not self._is_off(op) and leaf in self._taken(op)]
        return any(forwards.node[op] or not self._cuts(op) for op in asking)

    def _cuts(self, op):
        """Whether an op without a node never has one: its name, or its dtype, says so."""
        forwards = self._trace.forwards
        name, meta = self._trace.call(int(forwards.call[op])).op, int(forwards.meta[op])
        floating = "float" in self._trace.meta(meta).dtype if meta else False
        return not floating or name.startswith("detach") or any(part in name for part in _LIKE)

    @cached_property
    def _reached(self):
        """The tensors that a gradient came to, or that the script gave one."""
        rows = self._trace.rows
        steps = self._trace.of(Kind.ADDED, Kind.CAPTURED, Kind.ASSIGNED)
        return set(rows["tensor"][steps[rows["meta"][steps] > 0]].tolist())

    @cached_property
    def _ran(self):
        """Whether a backward call ran the node of each op."""
        rows, forwards = self._trace.rows, self._trace.forwards
        return (forwards.node > 0) & np.isin(forwards.node, rows["node"][self._trace.of(Kind.STEP)])

    @cached_property
    def _users(self):
        """{op: the ops that took in its result, or what lies in the same memory}."""
        forwards, users = self._trace.forwards, {}
        for owner, source in zip(forwards.input_owner.tolist(), forwards.input_op.tolist(), strict=True):
            if source >= 0:
                users.setdefault(source, []).append(owner)
        newest: dict[int, int] = {}  # buffer -> the op that showed it last
        sources = np.diff(forwards.input_from) == 0
        shares = sources & (forwards.flags & Flag.NEW_BUFFER == 0)
        for op, (buffer, shared) in enumerate(zip(forwards.buffer.tolist(), shares.tolist(), strict=True)):
            if buffer and shared and buffer in newest:
                users.setdefault(newest[buffer], []).append(op)
            newest[buffer] = op
        return users

    @cached_property
    def _leads(self):
        """Whether each op ran in backward, or one that took in its result, directly or not, did."""
        leads = self._ran.copy()
        for op in range(len(leads) - 1, -1, -1):
            if not leads[op]:
                leads[op] = any(leads[user] for user in self._users.get(op, ()))
        return leads
