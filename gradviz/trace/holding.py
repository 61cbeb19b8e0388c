"""Why nodes are alive at the end: the way from a variable through grad_fns to the saved tensors that they keep.

Everything is an event: a node is alive when no GONE row ended it, a saved tensor when neither a RELEASED row nor its
node's end let go of it. Edges come from the forward ops; each leads to a node that was made before.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence, Set
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradviz.trace.events import Flag, Kind
from gradviz.trace.memory import saved_places
from gradviz.trace.trace import Origin, Trace

VALUE = "nothing but its own value"
ONE_GRAPH = "one graph"
NODES = "a leak of nodes"
ACTIVATIONS = "a leak of activations"


class Held(NamedTuple):
    """One tensor or node that the script holds at the end; origin: of the variable, or of the frame it is in."""

    name: str
    tensor: int
    node: int
    origin: Origin | None


class Holding(NamedTuple):
    """What one variable or container holds: `losses` of losses[0], losses[1]."""

    name: str
    held: tuple[Held, ...]


class Freed(NamedTuple):
    """Saved tensors of live nodes that are released already; backward: the call that did it, 0 for none."""

    backward: int
    tensors: int
    nbytes: int


class Weight(NamedTuple):
    """What a holding keeps alive; bytes count a buffer once.

    own_nodes, own_bytes: of these, what nothing else that was found keeps
    repeats: how many results of one place in the source are held, or of one variable are among the nodes
    backwards: the calls that were the last to run through one of the nodes
    retained: the calls that ran through them and kept the saved tensors
    """

    nodes: int
    accumulators: int
    nbytes: int
    tensors: int
    own_nodes: int
    own_bytes: int
    freed: tuple[Freed, ...]
    repeats: int
    backwards: tuple[int, ...]
    retained: tuple[int, ...]

    @property
    def verdict(self) -> str:
        """What it amounts to: VALUE, ONE_GRAPH, NODES or ACTIVATIONS.

        It is a leak where the nodes are of several backward calls, or were made again and again and none ran.
        """
        if not self.nodes:
            return VALUE
        if len(self.backwards) < 2 and (self.backwards or self.repeats < 2):
            return ONE_GRAPH
        return ACTIVATIONS if self.nbytes else NODES


class Kept(NamedTuple):
    """One saved tensor of a node; backward: the call that released it, 0: its node's own doing, None: it is alive."""

    name: str
    nbytes: int
    backward: int | None


def holdings(trace: Trace) -> list[Holding]:
    """What the script holds at the end, gathered by variable: all of losses[0], losses[1], … is `losses`."""
    rows = trace.rows[trace.of(Kind.HOLDER)]
    found: dict[str, list[Held]] = {}
    for tensor, node, origin, ref in zip(
        *(rows[column].tolist() for column in ("tensor", "node", "origin", "ref")), strict=True
    ):
        held = Held(trace.text(ref, "name"), tensor, node, trace.origin(origin))
        found.setdefault(container(held.name), []).append(held)
    return [Holding(name, tuple(held)) for name, held in found.items()]


def container(name: str) -> str:
    """The variable or attribute that a subscript in a name belongs to: `a.b` of `a.b[3].c`."""
    cuts = [at for at in (name.find("["), name.find("{")) if at > 0]
    return name[: min(cuts)] if cuts else name


class Alive:
    """The nodes that are alive at the end, and the edges between them.

    ops: {node of an op: its place in trace.forwards}, the newest first; leaves: {AccumulateGrad: its leaf's tensor}
    """

    def __init__(self, trace: Trace):
        self.trace = trace
        self._gone_at = trace.lives.gone_at
        forwards = trace.forwards
        alive = self._is_alive(forwards.node)
        places = np.flatnonzero(alive)[::-1]
        self.ops = dict(zip(forwards.node[places].tolist(), places.tolist(), strict=True))
        made = trace.rows[trace.of(Kind.NODE)]
        made = made[self._is_alive(made["node"])]
        self.leaves = dict(zip(made["node"].tolist(), made["tensor"].tolist(), strict=True))
        self._next, self._from = self._edges(alive)

    def of(self, held: Held) -> int:
        """The node that a held tensor keeps: its own, or that of the op that made it; 0 for none."""
        if held.node in self.ops or held.node in self.leaves or not held.node:
            return held.node
        op = self.trace.forwards.maker(held.tensor, len(self.trace.rows))
        node = int(self.trace.forwards.node[op]) if op >= 0 else 0
        return node if node in self.ops else 0

    def following(self, node: int) -> list[int]:
        """The live nodes that a live node leads to."""
        op = self.ops.get(node, -1)
        return self._next[self._from[op] : self._from[op + 1]] if op >= 0 else []

    def weigh(self, holdings: Sequence[Holding]) -> list[Weight]:
        """What each of these keeps alive. Nodes are passed once, the newest first, with the set of who keeps them."""
        keepers: dict[int, int] = {}
        for at, holding in enumerate(holdings):
            for node in {self.of(held) for held in holding.held} - {0}:
                keepers[node] = keepers.get(node, 0) | 1 << at
        for node in self.ops:
            if mask := keepers.get(node, 0):
                for following in self.following(node):
                    keepers[following] = keepers.get(following, 0) | mask
        tallies = [_Tally() for _ in holdings]
        self._count_nodes(keepers, tallies)
        self._count_bytes(keepers, tallies)
        return [tally.weight(self._repeats(each, tally)) for each, tally in zip(holdings, tallies, strict=True)]

    def reached_from(self, nodes: Iterable[int]) -> Set[int]:
        """The live nodes that these lead to, themselves included."""
        return self._spread(nodes, 0).keys()

    def way(self, starts: Iterable[int], target: int) -> list[int]:
        """A shortest way from one of the nodes to the target, both included; empty when there is none."""
        before = self._spread(starts, target)
        return _back(before, target) if target in before else []

    def deepest(self, starts: Iterable[int]) -> int:
        """Of the nodes that these lead to: the one that keeps most, else that kept most, else the last met."""
        best, most = 0, (-1, -1)
        for node in self._spread(starts, 0):
            kept = self.kept(node)
            live = sum(each.nbytes for each in kept if each.backward is None)
            amount = (live, sum(each.nbytes for each in kept))
            if amount > most or not any(amount) and not any(most):
                best, most = node, amount
        return best

    def kept(self, node: int) -> list[Kept]:
        """What a live node saved, and what became of it."""
        lives, forwards = self.trace.lives, self.trace.forwards
        released = lives.released_at[node] <= self.trace.end
        by = int(lives.released_by[node]) if released else None
        return [
            Kept(forwards.names[forwards.kept_name[slot]].removeprefix("_saved_"), self._size(slot), by)
            for slot in forwards.kept_by(node)
        ]

    @cached_property
    def ran(self) -> dict[int, set[int]]:
        """{node: the backward calls that ran it}."""
        found: dict[int, set[int]] = {}
        steps = self.trace.rows[self.trace.of(Kind.STEP)]
        for node, call in zip(steps["node"].tolist(), steps["a"].tolist(), strict=True):
            if node in self.ops:
                found.setdefault(node, set()).add(call)
        return found

    @cached_property
    def retaining(self) -> set[int]:
        """The backward calls that kept the saved tensors."""
        rows = self.trace.rows[self.trace.of(Kind.BACKWARD)]
        return set(rows["a"][(rows["flags"] & (Flag.RETAIN_GRAPH | Flag.CREATE_GRAPH)) > 0].tolist())

    @cached_property
    def final(self) -> dict[int, int]:
        """{backward call: its BACKWARD row} of those that were no part of a graph themselves, and did not fail."""
        steps, ended = self.trace.of(Kind.BACKWARD), self.trace.rows[self.trace.of(Kind.BACKWARD_ENDED)]
        steps = steps[self.trace.rows["flags"][steps] & Flag.CREATE_GRAPH == 0]
        failed = set(ended["a"][ended["flags"] & Flag.FAILED > 0].tolist())
        calls = zip(self.trace.rows["a"][steps].tolist(), steps.tolist(), strict=True)
        return {call: step for call, step in calls if call not in failed}

    @cached_property
    def _places(self):
        return saved_places(self.trace, self.trace.forwards, self.trace.lives.nbytes)

    def _size(self, slot):
        buffers, nbytes = self._places
        return int(nbytes[buffers[slot]])

    def _is_alive(self, nodes):
        return (nodes > 0) & (self._gone_at[np.maximum(nodes, 0)] > self.trace.end)

    def _edges(self, alive):
        """(nodes that the inputs of live ops lead to, where those of each op begin)."""
        forwards = self.trace.forwards
        owner, source = forwards.input_owner, forwards.input_op
        target = np.where(source >= 0, forwards.node[source] if len(forwards) else 0, 0)
        leaf = np.flatnonzero(alive[owner] & (target == 0))
        target[leaf] = forwards.accumulator(forwards.input_tensor[leaf], forwards.steps[owner[leaf]])
        there = alive[owner] & self._is_alive(target)
        owner, target = owner[there], target[there]
        return target.tolist(), np.searchsorted(owner, np.arange(len(forwards) + 1)).tolist()

    def _spread(self, starts, target):
        """{node: the node it was met from, 0 for a start}, nearest first, until the target is met."""
        before = dict.fromkeys((node for node in starts if node), 0)
        waiting = deque(before)
        while waiting and target not in before:
            node = waiting.popleft()
            for following in self.following(node):
                if following not in before:
                    before[following] = node
                    waiting.append(following)
        return before

    def _repeats(self, holding, tally):
        origins = self.trace.rows["origin"][self.trace.forwards.steps]
        nodes = {self.of(held) for held in holding.held}
        places = Counter(int(origins[self.ops[node]]) for node in nodes if node in self.ops)
        return max(tally.names[_last(holding.name)], *places.values(), 0)

    def _count_nodes(self, keepers, tallies):
        together, leaves = Counter(), Counter()
        names: dict[int, Counter] = {}
        ran: dict[int, set[int]] = {}
        last: dict[int, set[int]] = {}
        for node, mask in keepers.items():
            if node in self.leaves:
                leaves[mask] += 1
                continue
            together[mask] += 1
            calls = self.ran.get(node)
            if calls:
                ran.setdefault(mask, set()).update(calls)
                last.setdefault(mask, set()).add(max(calls))
            name = self.trace.name(int(self.trace.forwards.tensor[self.ops[node]]))
            names.setdefault(mask, Counter())[_last(name)] += 1
        for mask, count in leaves.items():
            for at in _bits(mask):
                tallies[at].accumulators += count
        for mask, count in together.items():
            for at in _bits(mask):
                tally = tallies[at]
                tally.nodes += count
                tally.own_nodes += count * _alone(mask)
                tally.names.update(names[mask])
                tally.last |= last.get(mask, set())
                tally.retained |= ran.get(mask, set()) & self.retaining

    def _count_bytes(self, keepers, tallies):
        forwards, lives = self.trace.forwards, self.trace.lives
        buffers, nbytes = self._places
        owners = forwards.node[forwards.kept_owner]
        slots = np.flatnonzero(self._is_alive(owners))
        over = lives.released_at[owners[slots]] <= self.trace.end
        live: dict[int, int] = {}
        freed: dict[tuple[int, int], int] = {}
        tensors, released = Counter(), Counter()
        for node, buffer, ended in zip(
            owners[slots].tolist(), buffers[slots].tolist(), over.tolist(), strict=True
        ):
            mask = keepers.get(node, 0)
            if mask and ended:
                call = int(lives.released_by[node])
                freed[call, buffer] = freed.get((call, buffer), 0) | mask
                released[call, mask] += 1
            elif mask:
                live[buffer] = live.get(buffer, 0) | mask
                tensors[mask] += 1
        for buffer, mask in live.items():
            for at in _bits(mask):
                tallies[at].nbytes += int(nbytes[buffer])
                tallies[at].own_bytes += int(nbytes[buffer]) * _alone(mask)
        for mask, count in tensors.items():
            for at in _bits(mask):
                tallies[at].tensors += count
        for (call, buffer), mask in freed.items():
            for at in _bits(mask):
                tallies[at].freed_bytes[call] += int(nbytes[buffer])
        for (call, mask), count in released.items():
            for at in _bits(mask):
                tallies[at].freed_tensors[call] += count


class _Tally:
    """A Weight while it is counted."""

    def __init__(self):
        self.nodes = self.accumulators = self.nbytes = self.tensors = self.own_nodes = self.own_bytes = 0
        self.freed_bytes, self.freed_tensors, self.names = Counter(), Counter(), Counter()
        self.last, self.retained = set(), set()

    def weight(self, repeats):
        freed = (Freed(call, self.freed_tensors[call], self.freed_bytes[call]) for call in sorted(self.freed_tensors))
        return Weight(
            self.nodes, self.accumulators, self.nbytes, self.tensors, self.own_nodes, self.own_bytes, tuple(freed),
            repeats, tuple(sorted(self.last)), tuple(sorted(self.retained)),
        )  # fmt: skip


def _last(name):
    """The variable's or attribute's own name: `total` of `self.total`."""
    return container(name).rpartition(".")[2]


def _bits(mask):
    """The places of the bits that are set."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _alone(mask):
    return mask & (mask - 1) == 0


def _back(before, node):
    way = [node]
    while before[way[-1]]:
        way.append(before[way[-1]])
    return way[::-1]
