"""Hooks on what nodes save: `pack` gets each tensor in its place, `unpack` gives it back when backward asks.

Source of the order and of what a hook sees: PyTorch's SavedVariable, and its note "Hooks for saved tensors".
"""

from contextlib import contextmanager

from gradviz.engine import coerce, versions
from gradviz.engine.hooks import Held
from gradviz.engine.node import Packed
from gradviz.engine.switches import _GradMode, mode

PACK_CHANGED = (
    "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook cannot be "
    "modified by in-place operations as this can lead to unexpected side-effects. Please open an issue if you need to "
    "perform in-place operations on the input to a pack hook."
)


class saved_tensors_hooks:
    """Inside, each node keeps pack_hook(tensor) in place of a tensor that it saves; the innermost pair counts.

    unpack_hook(what pack_hook returned) gives the tensor to backward, and to who asks the node for it.
    """

    def __init__(self, pack_hook, unpack_hook):
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self):
        if not callable(self.pack_hook) or not callable(self.unpack_hook):
            raise TypeError(
                "_push_saved_tensors_default_hooks(): incompatible function arguments. The following argument types "
                "are supported:\n    1. (arg0: collections.abc.Callable, arg1: collections.abc.Callable) -> None\n\n"
                f"Invoked with: {self.pack_hook!r}, {self.unpack_hook!r}"
            )
        if mode.saved_hooks_refusal is not None:
            raise RuntimeError(mode.saved_hooks_refusal)
        if not mode.saved_hooks:
            mode.births.append(_pack)
        mode.saved_hooks.append((self.pack_hook, self.unpack_hook))

    def __exit__(self, *exception):
        mode.saved_hooks.pop()
        if not mode.saved_hooks:
            mode.births.remove(_pack)


class save_on_cpu(saved_tensors_hooks):
    """Inside, what is saved is kept in the memory of the CPU, and brought back for backward."""

    def __init__(self, pin_memory=False, device_type="cuda"):
        super().__init__(lambda tensor: (tensor.device, tensor.cpu()), lambda packed: packed[1].to(packed[0]))


@contextmanager
def disable_saved_tensors_hooks(error_message):
    """Inside, entering saved_tensors_hooks is a RuntimeError with this message."""
    if mode.saved_hooks:
        raise RuntimeError(error_message)
    before, mode.saved_hooks_refusal = mode.saved_hooks_refusal, error_message
    try:
        yield
    finally:
        mode.saved_hooks_refusal = before


def held(tensor):
    """The tensor as the innermost hooks keep it."""
    pack, unpack = mode.saved_hooks[-1]
    version = versions.version_of(tensor._array)
    with _GradMode(False):
        packed = pack(tensor)
    if versions.version_of(tensor._array) != version:
        raise RuntimeError(PACK_CHANGED)
    return Held(packed, unpack)


def _pack(node, tensors):
    """Puts what the hooks return where the node's saved tensors were; Python numbers stay."""
    kept = list(node._saved)
    if all(each is None or each.__class__ in coerce.NUMBERS for each in kept):
        return
    for position, array in enumerate(kept):
        if array is not None and array.__class__ not in coerce.NUMBERS:
            kept[position] = held(_as_saved(node, position, array, tensors))
    node._saved = Packed(kept)


def _as_saved(node, position, array, tensors):
    """What the op took or gave, the very tensor; of what only the node has, a new one."""
    for each in tensors:
        if each is not None and each._array is array:
            return each
    return node.saved_tensor(position)
