"""What an event of the trace was, in one line of words."""

import numpy as np

from gradviz.trace.events import MET, Flag, Kind
from gradviz.trace.trace import Trace
from gradviz.views import format as fmt
from gradviz.views.rows import at_line

# What a STEP or FORWARD row is followed by: more of the same event
_PARTS = (Kind.INPUT, Kind.OUTPUT, Kind.KEPT, Kind.BUFFER, Kind.INCOMING)
_EVENTS = tuple(kind for kind in Kind if kind >= Kind.FORWARD and kind not in _PARTS)


def event_text(trace: Trace, at: int) -> str:
    """The newest event at or before a step, in words."""
    steps = trace.of(*_EVENTS)
    steps = steps[: np.searchsorted(steps, at, "right")]
    if not steps.size:
        return "nothing has happened yet"
    step = int(steps[-1])
    row = trace.rows[step]
    where = at_line(trace, trace.origin(int(row["origin"])))
    told = _TOLD[Kind(int(row["kind"]))](trace, step, row)
    return f"{told}, {where}" if where else told


def _made(trace, step, row):
    op = int(trace.forwards.op_of(step))
    name, called = fmt.safe(trace.call(int(row["ref"])).op), _tensor(trace, int(row["tensor"]))
    what = f"#{op + 1}" + (f" {called}" if called else "")
    return f"{what} came into sight {name}" if name in MET else f"{name} made {what}"


def _tensor(trace, tensor):
    return fmt.clip_path(fmt.safe(trace.name(tensor)), 24)


def _node(trace, number):
    """`MulBackward0 (#5)`, or `AccumulateGrad (w)`."""
    forwards = trace.forwards
    (ops,) = np.nonzero(forwards.node == number) if number else ([],)
    if len(ops):
        return f"{fmt.safe(trace.call(int(forwards.call[ops[0]])).grad_fn)} (#{ops[0] + 1})"
    made = trace.of(Kind.NODE)
    made = made[trace.rows["node"][made] == number]
    if not number or not made.size:
        return "a node"
    row = trace.rows[made[-1]]
    called = _tensor(trace, int(row["tensor"]))
    return fmt.safe(trace.text(int(row["ref"]), "grad_fn")) + (f" ({called})" if called else "")


def _buffer(trace, buffer):
    """Whose memory it was: the first name among the tensors in it."""
    forwards = trace.forwards
    named = (_tensor(trace, int(tensor)) for tensor in forwards.tensor[forwards.buffer == buffer])
    return next(filter(None, named), "")


def _freed(trace, step, row):
    buffer = int(row["buffer"])
    of = _buffer(trace, buffer)
    return f"{fmt.size(trace.lives.bytes_of(buffer))} were given back" + (f", once {of}'s" if of else "")


def _ended(trace, step, row):
    return f"backward {row['a']} ended" + (" with an error" if row["flags"] & Flag.FAILED else "")


def _let_go(trace, step, row):
    by = f" in backward {row['a']}" if row["a"] else ""
    return f"{_node(trace, int(row['node']))} let go of its saved tensors{by}"


_TOLD = {
    Kind.FORWARD: _made,
    Kind.BACKWARD: lambda trace, step, row: f"backward {row['a']} began",
    Kind.STEP: lambda trace, step, row: f"backward {row['a']} ran {_node(trace, int(row['node']))}",
    Kind.GRAD: lambda trace, step, row: f"a gradient was handed on to {_node(trace, int(row['c']))}",
    Kind.ADDED: lambda trace, step, row: f"{_tensor(trace, int(row['tensor'])) or 'a leaf'}.grad took one in",
    Kind.CAPTURED: lambda trace, step, row: f"backward {row['a']} has a gradient to return",
    Kind.RELEASED: _let_go,
    Kind.BACKWARD_ENDED: _ended,
    Kind.FREED: _freed,
    Kind.GONE: lambda trace, step, row: f"{_node(trace, int(row['node']))} was gone",
    Kind.MUTATED: lambda trace, step, row: f"{_tensor(trace, int(row['tensor'])) or 'a tensor'} was changed in place",
    Kind.ASSIGNED: lambda trace, step, row: f"{_tensor(trace, int(row['tensor'])) or 'a tensor'}.grad was assigned",
    Kind.REFUSED: lambda trace, step, row: "a backward call could not begin",
    Kind.GRAD_READ: lambda trace, step, row: f"{_tensor(trace, int(row['tensor'])) or 'a tensor'}.grad was read",
    Kind.OPTIMIZED: lambda trace, step, row: f"an optimizer was given {_tensor(trace, int(row['tensor'])) or 'a tensor'}",  # noqa: E501
    Kind.STEPPED: lambda trace, step, row: "an optimizer's step began",
    Kind.NO_GRAD: lambda trace, step, row: "a no_grad region was compared",
    Kind.REPLAYED: lambda trace, step, row: f"the static graph of {_node(trace, int(row['node']))} ran again",
    Kind.ENDED: lambda trace, step, row: "the script ended",
    Kind.VERIFIED: lambda trace, step, row: f"{_node(trace, int(row['node']))} was verified",
}
