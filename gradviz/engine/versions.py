"""In-place changes: how often a buffer was changed, and whether that was after it was saved.

Nothing is counted until something is changed, so ops pay nothing. A change is stamped with the same
running number that nodes get: a saved buffer was tampered with exactly when its newest stamp is newer than the
node that saved it.
"""

import re
import weakref
from bisect import bisect_left
from sys import getrefcount

import numpy as np

from gradviz.engine import dtypes
from gradviz.engine.backend import owner
from gradviz.engine.node import AccumulateGrad
from gradviz.engine.switches import mode

_KEPT = 1024  # stamps a buffer; older ones only count

changed = {}  # id of the owning array -> Stamps; an entry goes when its array does
uncounted = {}  # id of an owning array made in inference mode -> weak reference whose callback drops the entry
forks = {}  # id of the owning array -> number of the newest change that is part of a graph; goes with `changed`


class Stamps:
    """When a buffer was changed: its newest stamps, how many older ones, and the node of the newest change."""

    __slots__ = ("older", "newest", "node_name", "life")

    def __init__(self, life):
        self.older = 0
        self.newest = []
        self.node_name = ""  # of the newest change that is part of a graph
        self.life = life  # the weak reference whose callback drops this entry


def bump(array, node=None):
    """Notes that the buffer of this array was changed just now, by an op with this node; returns its new version."""
    own = owner(array)
    key = id(own)
    stamps = changed.get(key)
    if stamps is None:
        stamps = changed[key] = Stamps(weakref.ref(own, lambda _, key=key: _forget(key)))
    stamps.newest.append(mode.next_sequence_nr())
    if node is not None:
        stamps.node_name = node.name()
    if len(stamps.newest) > 2 * _KEPT:
        stamps.older += _KEPT
        del stamps.newest[:_KEPT]
    return stamps.older + len(stamps.newest)


def _forget(key):
    changed.pop(key, None)
    forks.pop(key, None)


def rebased(array, sequence_nr):
    """Notes that a change is part of a graph: views made before it don't know of its node."""
    forks[id(owner(array))] = sequence_nr


def refuse_old_views(tensors):
    """RuntimeError for a view in a graph whose base was changed in that graph after the view was made."""
    for tensor in tensors:
        if tensor is None or tensor._edge is None or tensor._array.base is None:
            continue
        if tensor._edge.sequence_nr < forks.get(id(owner(tensor._array)), 0):
            raise RuntimeError(
                "this tensor is a view of one that was changed in place after the view was made, which gradviz does "
                "not follow back to the view: make the view after the change, or use the out-of-place form"
            )


def is_shared(array):
    """Whether another array shows the same memory; a reshaped temporary that only this one shows is not shared."""
    return array.base is not None and _references(array) > _ALONE


def _references(array):
    return getrefcount(owner(array))


_ALONE = _references(np.zeros(2).reshape(2, 1))  # how references are counted differs between Pythons


def version_of(array):
    """How often the array's buffer was changed in place."""
    stamps = changed.get(id(owner(array)))
    return stamps.older + len(stamps.newest) if stamps else 0


def is_uncounted(array):
    """Whether the array is memory of inference mode, which has no versions."""
    return id(owner(array)) in uncounted


def spoilt(node):
    """The first buffer that the node saved and that was changed since, with its Stamps; None while all are as saved."""
    for array in node._saved:
        if array is None or isinstance(array, int | float):
            continue
        stamps = changed.get(id(owner(array)))
        if stamps is not None and stamps.newest[-1] > node.sequence_nr:
            return array, stamps
    return None


def check(node):
    """RuntimeError with PyTorch's text when a buffer that the node saved was changed since."""
    found = spoilt(node)
    if found is not None:
        array, stamps = found
        expected = stamps.older + bisect_left(stamps.newest, node.sequence_nr)
        raise RuntimeError(_message(node, array, stamps, expected))


def _message(node, array, stamps, expected):
    position = next(k for k, saved in enumerate(node._saved) if saved is array)
    source, output_nr = node.source(position)
    maker = ""
    if source is not None and not isinstance(source, AccumulateGrad):
        # what the tensor is an output of by now: a change in a graph gave it a new grad_fn
        name = source.name() if source is node or not stamps.node_name else stamps.node_name
        maker = f", which is output {output_nr} of {re.sub('Backward[0-9]*$', '', name)},"
    hint = (
        "enable anomaly detection to find the operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True, check_nan=False)."
        if mode.anomaly is None
        else "the backtrace further above shows the operation that failed to compute its gradient. The variable in "
        "question was changed in there or anywhere later. Good luck!"
    )
    return (
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[torch.{dtypes.title(array.dtype)}Tensor {list(array.shape)}]{maker} is at version "
        f"{stamps.older + len(stamps.newest)}; expected version {expected} instead. Hint: {hint}"
    )
