"""GV101: a backward call met a node whose saved tensors an earlier call had freed.

The fix is read off the trace. Both calls from one root: the first must retain the graph. The second root computed
after the first call, in the next pass of a loop: a state carries the graph over, and is to be detached. Parameters
changed between the calls: what both share is computed anew, or the first loss does without its graph. Else two losses
share a part of one graph, and their sum needs one call.
"""

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from gradviz.check.case import Case
from gradviz.check.failures import Failure, failures
from gradviz.check.finding import Finding, Place
from gradviz.check.mending import expression, receiver, statement_text, with_argument
from gradviz.check.wording import at_line, bare, called, origin_of
from gradviz.trace.events import Kind
from gradviz.trace.trace import Trace

MESSAGE = "RuntimeError: Trying to backward through the graph a second time"
NEVER_FREED = 0


def second_backward(case: Case) -> Iterator[Finding]:
    """GV101, one finding a failed call."""
    trace = case.trace
    lives = trace.lives
    for failure in failures(trace):
        if not failure.error.startswith(MESSAGE):
            continue
        freed = [node for node in failure.waiting if lives.released_at[node] < failure.ended]
        op = trace.forwards.op_of_node(freed[0]) if freed else -1
        if op >= 0 and (call := int(lives.released_by[freed[0]])) != NEVER_FREED:
            yield _finding(_Twice(trace, failure, op, call))


class _Twice:
    """Two backward calls through the node of one op; first, second: the steps at which they began."""

    def __init__(self, trace: Trace, failure: Failure, op: int, first: int):
        self.trace = trace
        self.failure = failure
        self.op = op
        calls = trace.of(Kind.BACKWARD)
        self.first = int(calls[trace.rows["a"][calls] == first][0])
        self.second = failure.started
        self.earlier, self.later = origin_of(trace, self.first), origin_of(trace, self.second)
        self.same_line = (self.earlier, self.later) != (None, None) and _line(self.earlier) == _line(self.later)
        self.roots = int(trace.rows["tensor"][self.first]), failure.root

    def named(self, tensor: int) -> str:
        """A tensor in a sentence."""
        return called(self.trace, tensor)

    @cached_property
    def carried(self) -> list[int]:
        """The tensors by which results made after the first call lead to what it freed."""
        forwards = self.trace.forwards
        root = forwards.maker(self.failure.root, self.second)
        call = int(self.trace.rows["a"][self.first])
        freed = np.flatnonzero(self.trace.lives.released_by[forwards.node] == call)
        leading, crossing = set(freed.tolist()), {}
        for op in range(int(freed[0]), root + 1):
            inside = [(tensor, source) for tensor, source in forwards.inputs_of(op) if source in leading]
            if not inside or not forwards.node[op]:
                continue
            leading.add(op)
            if forwards.steps[op] > self.first:
                old = [tensor for tensor, source in inside if forwards.steps[source] < self.first]
                crossing |= dict.fromkeys(old)
        return list(crossing)

    @cached_property
    def changed(self) -> frozenset[int]:
        """The leaves that require grad and were changed between the calls, as an optimizer does."""
        tensors, steps = self.trace.rows["tensor"], self.trace.of(Kind.MUTATED)
        between = steps[(steps > self.first) & (steps < self.second)]
        return frozenset(tensors[between].tolist()) & frozenset(tensors[self.trace.of(Kind.NODE)].tolist())

    def below(self, tensor: int) -> set[int]:
        """The leaves that a tensor was computed from."""
        forwards = self.trace.forwards
        waiting = [forwards.maker(tensor, self.second)]
        seen, leaves = set(waiting), set()
        while waiting:
            op = waiting.pop()
            for source, maker in forwards.inputs_of(op) if op >= 0 else ():
                if maker < 0 or not forwards.node[maker]:
                    leaves.add(source)
                elif maker not in seen:
                    seen.add(maker)
                    waiting.append(maker)
        return leaves


def _finding(twice):
    trace, rows, forwards = twice.trace, twice.trace.rows, twice.trace.forwards
    made = int(forwards.steps[twice.op])
    kept = [forwards.names[forwards.kept_name[slot]] for slot in forwards.kept_by(int(forwards.node[twice.op]))]
    why, fix = next(filter(None, (remedy(twice) for remedy in _REMEDIES)))
    cause = (
        f"{expression(twice.later) or 'the second backward'} needs what "
        f"{trace.call(int(forwards.call[twice.op])).grad_fn} ({at_line(trace, origin_of(trace, made))}) saved "
        f"({', '.join(kept)}), which the backward at {at_line(trace, twice.earlier)} freed: {why}."
    )
    places = (
        Place("saved", int(rows["origin"][made])),
        Place("freed", int(rows["origin"][twice.first])),
        Place("failed", twice.failure.origin),
    )
    return Finding("GV101", cause, fix, places, twice.failure.ended)


def _same_root(twice):
    if twice.roots[0] == twice.roots[1]:
        return f"both calls start from {twice.named(twice.roots[0])}", _retaining(twice)
    return None


def _state(twice):
    names = [name for tensor in twice.carried if (name := twice.trace.name(tensor))]
    if not names or not twice.same_line:
        return None
    verb = "carry" if len(names) > 1 else "carries"
    why = f"{' and '.join(f'`{name}`' for name in names)} {verb} the graph of one pass into the next"
    return why, "\n".join(f"{name} = {name}.detach()" for name in names)


def _stale(twice):
    if not twice.carried or not twice.changed & twice.below(twice.carried[0]):
        return None
    shared = twice.carried[0]
    made = _line_of(twice, shared)
    changed = sorted(map(twice.named, twice.changed & twice.below(shared)))
    why = f"{twice.named(shared)} was computed before {' and '.join(changed[:2])} changed"
    return why, f"{made}  # once more, after the change"


def _detached(twice):
    if not twice.carried or not twice.changed:
        return None
    shared = twice.carried[0]
    why = f"{twice.named(twice.roots[0])} ran backward through {twice.named(shared)}, which it only looks at"
    return why, f"{bare(twice.named(shared))}.detach()  # where {bare(twice.named(twice.roots[0]))} is computed"


def _summed(twice):
    if twice.same_line or not (receiver(twice.earlier) and receiver(twice.later)):
        return None
    total = " + ".join(receiver(each) for each in (twice.earlier, twice.later))
    return _sharing(twice), f"({total}).backward()  # one call in place of both"


def _retained(twice):
    return _sharing(twice), _retaining(twice)


def _sharing(twice):
    names = list(dict.fromkeys(map(twice.named, twice.roots)))
    return f"{' and '.join(names) if len(names) > 1 else 'the roots of both calls'} share a part of their graph"


_REMEDIES = (_same_root, _state, _stale, _detached, _summed, _retained)


def _retaining(twice):
    return f"{with_argument(twice.earlier, 'retain_graph')}  # at {at_line(twice.trace, twice.earlier)}"


def _line_of(twice, tensor):
    row = twice.trace.forwards.first_row(tensor)
    return statement_text(origin_of(twice.trace, row)) if row >= 0 else bare(twice.named(tensor))


def _line(origin):
    return origin and (origin.file, origin.line)
