"""Backward calls that kept the saved tensors for another one, and whether it came."""

from typing import NamedTuple

import numpy as np

from gradviz.trace.events import Flag, Kind
from gradviz.trace.memory import saved_places
from gradviz.trace.trace import Trace


class Retained(NamedTuple):
    """A backward call with retain_graph, without create_graph: its number and BACKWARD row.

    used: a later call ran a node that it ran; over: no later one can any more, since none of them is left or the
    script has ended by itself
    """

    call: int
    started: int
    used: bool
    over: bool


def retained(trace: Trace) -> list[Retained]:
    """Each of them that ran a node, in order."""
    rows = trace.rows
    starts = trace.of(Kind.BACKWARD)
    flags = rows["flags"][starts]
    starts = starts[(flags & Flag.RETAIN_GRAPH > 0) & (flags & Flag.CREATE_GRAPH == 0)]
    if not starts.size:
        return []
    calls, nodes = _ran(trace)
    last = np.zeros(len(trace.lives.gone_at), np.int64)
    np.maximum.at(last, nodes, calls)
    ended = trace.ending is not None and trace.ending.how in ("finished", "exited")
    found = []
    for started in starts.tolist():
        call = int(rows["a"][started])
        mine = nodes[np.searchsorted(calls, call) : np.searchsorted(calls, call, "right")]
        if mine.size:
            used = bool((last[mine] > call).any())
            over = ended or bool((trace.lives.gone_at[mine] <= trace.end).all())
            found.append(Retained(call, started, used, over))
    return found


def kept_for(trace: Trace, call: int) -> int:
    """The bytes that the nodes which a call ran had saved; a buffer counts once."""
    forwards = trace.forwards
    calls, nodes = _ran(trace)
    buffers, nbytes = saved_places(trace, forwards, trace.lives.nbytes)
    mine = np.isin(forwards.node[forwards.kept_owner], nodes[calls == call])
    return int(nbytes[np.unique(buffers[mine])].sum())


def _ran(trace):
    """(call, node) of each run of an op's node, in order of the calls."""
    steps = trace.rows[trace.of(Kind.STEP)]
    calls, nodes = steps["a"].astype(np.int64), steps["node"].astype(np.int64)
    leaves = trace.rows["node"][trace.of(Kind.NODE)]
    ops = ~np.isin(nodes, leaves)
    calls, nodes = calls[ops], nodes[ops]
    order = np.argsort(calls, kind="stable")
    return calls[order], nodes[order]
