"""In-place changes: how often a buffer was changed, and whether that was after it was saved.

Nothing is counted until something is changed, so ops pay nothing. A change is stamped with the same
running number that nodes get: a saved buffer was tampered with exactly when its newest stamp is newer than the
node that saved it.
"""

import weakref
from bisect import bisect_left
from sys import getrefcount
from types import SimpleNamespace

import numpy as np

from gradviz.engine import dtypes
from gradviz.engine.backend import owner
from gradviz.engine.node import AccumulateGrad, spoken
from gradviz.engine.switches import mode

_KEPT = 1024  # stamps a buffer; older ones only count

changed = {}  # id of the owning array -> Stamps; an entry goes when its array does
uncounted = {}  # id of an owning array made in inference mode -> weak reference whose callback drops the entry
forks = {}  # id of the owning array -> number of its newest change that views have to follow; goes with `changed`


class Tampered:
    """Stands for a saved tensor that the very op that saved it has changed: backward is refused."""

    __slots__ = ("array", "expected")

    def __init__(self, array, expected):
        self.array = array
        self.expected = expected  # version


class Stamps:
    """When a buffer was changed: its newest stamps, how many older ones, and the node of the newest change."""

    __slots__ = ("older", "newest", "node_name", "life")

    def __init__(self, life):
        self.older = 0
        self.newest = []
        self.node_name = ""  # of the newest change that is part of a graph
        self.life = life  # the weak reference whose callback drops this entry


def bump(array, node_name=""):
    """Notes that the buffer of this array was changed just now; node_name: of its new grad_fn in a graph."""
    own = owner(array)
    key = id(own)
    stamps = changed.get(key)
    if stamps is None:
        stamps = changed[key] = Stamps(weakref.ref(own, lambda _, key=key: _forget(key)))
    stamps.newest.append(mode.next_sequence_nr())
    if node_name:
        stamps.node_name = node_name
    if len(stamps.newest) > 2 * _KEPT:
        stamps.older += _KEPT
        del stamps.newest[:_KEPT]


def _forget(key):
    changed.pop(key, None)
    forks.pop(key, None)


def noted(tensor):
    """Notes that views of the changed buffer, if there are any, have to look for their grad_fn anew."""
    if _references(tensor) > _ALONE:
        forks[id(owner(tensor._array))] = mode.next_sequence_nr()


def _references(tensor):
    return getrefcount(owner(tensor._array))


_ALONE = _references(SimpleNamespace(_array=np.zeros(2)))  # how references are counted differs between Pythons


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
        if array.__class__ is Tampered:
            raise RuntimeError(_message(node, array, changed[id(owner(array.array))], array.expected))
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


def _message(node, saved, stamps, expected):
    source, output_nr = node.source(next(k for k, each in enumerate(node._saved) if each is saved))
    array = saved.array if saved.__class__ is Tampered else saved
    maker = ""
    if source is not None and not isinstance(source, AccumulateGrad):
        name = spoken(_name_by_now(node, source, stamps))
        maker = f", which is output {output_nr} of {name},"
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


def _name_by_now(node, source, stamps):
    """What the tensor is an output of since the change: a view got a grad_fn anew, the base that of the change."""
    if node.made_by(source):
        return source.name()
    if source.op is not None and source.op.view:
        return "AsStridedBackward0"
    return stamps.node_name or source.name()
