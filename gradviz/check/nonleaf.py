"""GV104: .grad was read of a tensor that is no leaf and does not retain it."""

from collections.abc import Iterator

from gradviz.check.case import Case
from gradviz.check.finding import Finding, Place
from gradviz.check.mending import marked_last
from gradviz.check.wording import at_line, bare, called, origin_of
from gradviz.trace.events import Flag, Kind


def grad_of_non_leaf(case: Case) -> Iterator[Finding]:
    """GV104, one finding a reading."""
    trace = case.trace
    rows, forwards = trace.rows, trace.forwards
    for step in trace.of(Kind.GRAD_READ).tolist():
        tensor = int(rows["tensor"][step])
        op = forwards.maker(tensor, step)
        made = int(forwards.steps[op]) if op >= 0 else step
        name = called(trace, tensor)
        what = trace.call(int(forwards.call[op])).grad_fn if op >= 0 else "an op"
        cause = (
            f"{name} is no leaf but what {what} made ({at_line(trace, origin_of(trace, made))}), and backward keeps "
            f"the gradients of leaves alone, so .grad is None."
        )
        places = Place("made", int(rows["origin"][made])), Place("read", int(rows["origin"][step]))
        yield Finding("GV104", cause, _fix(trace, op, name), places, step)


def _fix(trace, op, name):
    """A leaf that was meant to be one is marked last; of any other result the gradient is retained."""
    retained = f"{bare(name)}.retain_grad()  # before backward"
    if op < 0:
        return retained
    rows, forwards = trace.rows, trace.forwards
    where = origin_of(trace, int(forwards.steps[op]))
    for _, maker in forwards.inputs_of(op):
        row = rows[forwards.steps[maker]] if maker >= 0 else None
        if row is not None and int(row["flags"]) & Flag.LEAF and int(row["flags"]) & Flag.REQUIRES_GRAD:
            made = trace.origin(int(row["origin"]))
            if made and where and (made.file, made.line) == (where.file, where.line):
                return marked_last(where) or retained
    return retained
