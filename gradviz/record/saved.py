"""What a new node keeps: inputs, results, and what else; of a tensor that a hook packed, what the hook really kept."""

from gradviz.engine.hooks import Held
from gradviz.engine.tensor import Tensor


def in_place(inputs, outputs):
    """Whether the op wrote its result into its first input."""
    return bool(inputs) and inputs[0] is outputs[0]


def saved_arrays(op, node, inputs, outputs):
    """(name, which, array) of what a node saved; which: an input's position, -1 the result, -2 neither."""
    for name, kept in zip(node.saved_names, node._saved, strict=True):
        if kept is None:
            continue
        shown = f"_saved_{name}" if op is not None else f"saved_tensors[{name}]"
        if kept.__class__ is Held:
            for array in _arrays_in(kept.packed):
                yield shown, _which(array, inputs, outputs), array
        elif op is not None and name == op.result:
            yield shown, -1, kept
        elif op is not None and name in op.inputs and not _is_copy(kept, inputs, outputs):
            yield shown, min(op.inputs.index(name), len(inputs) - 1), kept
        else:
            yield shown, _which(kept, inputs, outputs if op is None else ()), kept


def saved_names(op, node, inputs, outputs):
    """(name, which) of what a node saved."""
    return [(name, which) for name, which, _ in saved_arrays(op, node, inputs, outputs)]


def _is_copy(kept, inputs, outputs):
    """Whether an op in place saved the values before the change in memory of their own."""
    return in_place(inputs, outputs) and hasattr(kept, "base") and _which(kept, inputs, ()) == -2


def _which(array, inputs, outputs):
    for position, each in enumerate(inputs):
        if each._array is array:
            return position
    return -1 if any(each._array is array for each in outputs) else -2


def _arrays_in(packed):
    """The arrays of the tensors that a hook returned, alone or in tuples, lists and dicts."""
    waiting = [packed]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Tensor):
            yield each._array
        elif isinstance(each, (tuple, list)):
            waiting += reversed(each)
        elif isinstance(each, dict):
            waiting += reversed(each.values())
