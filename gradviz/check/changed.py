"""GV102: a tensor that a node had saved was changed in place before backward needed it.

The engine's complaint has the two versions; the recorder's MUTATED rows have the line of each change. The first one
beyond the version that was saved is the culprit, however many came later.
"""

import re
from collections.abc import Iterator

from gradviz.check.case import Case
from gradviz.check.failures import failures
from gradviz.check.finding import Finding, Place
from gradviz.check.mending import expression, out_of_place, statement_text
from gradviz.check.wording import at_line, called, origin_of
from gradviz.trace.events import Flag, Kind

MESSAGE = re.compile(
    r"RuntimeError: one of the variables needed for gradient computation has been modified by an inplace operation: "
    r".* is at version (\d+); expected version (\d+)",
    re.DOTALL,
)


def changed_in_place(case: Case) -> Iterator[Finding]:
    """GV102, one finding a failed call."""
    trace = case.trace
    for failure in failures(trace):
        told = MESSAGE.match(failure.error)
        if not told:
            continue
        now, saved = map(int, told.groups())
        found = _spoilt(trace, failure, now, saved)
        if found:
            yield _finding(trace, failure, *found, now, saved)


def _spoilt(trace, failure, now, saved):
    """(op, slot of what its node saved, step of the change) of the newest waiting node to which the versions fit."""
    forwards, rows = trace.forwards, trace.rows
    steps = trace.of(Kind.MUTATED)
    steps = steps[steps < failure.ended]
    for node in failure.waiting:
        for slot in forwards.kept_by(node):
            changes = steps[rows["buffer"][steps] == forwards.kept_buffer[slot]]
            if not changes.size or rows["a"][changes].max() != now:
                continue
            op = forwards.op_of_node(node)
            late = changes[(rows["a"][changes] > saved) & (changes > forwards.steps[op])]
            if late.size:
                return op, slot, int(late[0])
    return None


def _finding(trace, failure, op, slot, change, now, saved):
    forwards, rows = trace.forwards, trace.rows
    made = int(forwards.steps[op])
    tensor = _kept(trace, op, slot) or int(rows["tensor"][change])
    times = now - saved
    cause = (
        f"{trace.call(int(forwards.call[op])).grad_fn} ({at_line(trace, origin_of(trace, made))}) saved "
        f"{called(trace, tensor)} at version {saved} as its {forwards.names[forwards.kept_name[slot]]}, and "
        f"{at_line(trace, origin_of(trace, change))} changed it in place: it is at version {now} "
        f"when backward needs it{f', after {times} changes' if times > 1 else ''}."
    )
    places = (
        Place("saved", int(rows["origin"][made])),
        Place("modified", int(rows["origin"][change])),
        Place("failed", failure.origin),
    )
    return Finding("GV102", cause, _fix(trace, failure, tensor, change), places, failure.ended)


def _fix(trace, failure, tensor, change):
    """A new tensor in place of the change; of a leaf that is being learned, backward before the change."""
    where = origin_of(trace, change)
    if _is_learned(trace, tensor):
        return f"{expression(trace.origin(failure.origin))}\n{statement_text(where)}  # after backward"
    mended = out_of_place(where)
    return mended or f"{statement_text(where)}  # on a clone() of what it changes"


def _is_learned(trace, tensor):
    step = trace.forwards.first_row(tensor)
    flags = int(trace.rows["flags"][step]) if step >= 0 else 0
    accumulates = trace.forwards.accumulator([tensor], [trace.end])[0]
    return bool(flags & Flag.LEAF and (flags & Flag.REQUIRES_GRAD or accumulates))


def _kept(trace, op, slot):
    """The tensor that was saved; 0 for an intermediate."""
    forwards, which = trace.forwards, int(trace.forwards.kept_which[slot])
    if which == -1:
        return int(forwards.tensor[op])
    return forwards.inputs_of(op)[which][0] if which >= 0 else 0
