"""copy.copy and copy.deepcopy of tensors, and the refusal to pickle them."""

from copy import deepcopy

import numpy as np

from gradviz.engine import backend
from gradviz.engine.switches import mode

ONLY_LEAVES = (
    "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.  If you "
    "were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage, see "
    "https://github.com/pytorch/pytorch/pull/103001"
)
NO_PICKLE = (
    "cannot pickle a Tensor: gradviz neither writes nor reads pickles, which run code when they are loaded; save "
    "tensors with gradviz.save(obj, 'x.safetensors') or '.npz', or hand on tensor.detach().numpy()"
)


def __copy__(self):
    """A leaf of the same kind that shares memory with this tensor."""
    return _leaf("copy", self, self._array)


def __deepcopy__(self, memo):
    """A leaf of the same kind with memory of its own; views of one array stay views of one copy."""
    if self._edge is not None:
        raise RuntimeError(ONLY_LEAVES)
    found = memo.get(id(self))
    if found is not None:
        return found
    copied = memo[id(self)] = _leaf("deepcopy", self, _copied(self._array, memo))
    if self._grad is not None:
        copied._grad = deepcopy(self._grad, memo)
    return copied


def _copied(array, memo):
    """The array over a copy of all the memory that it is a view of; memo knows which memory was copied."""
    own = backend.owner(array)
    if not isinstance(own, np.ndarray) or not own.flags.forc:
        return array.copy()
    if id(own) not in memo:
        memo[id(own)] = own.copy(order="K")
    start = array.__array_interface__["data"][0] - own.__array_interface__["data"][0]
    memory = memo[id(own)]
    return np.ndarray(array.shape, array.dtype, memory if memory.flags.c_contiguous else memory.T, start, array.strides)


def _leaf(name, self, array):
    made = object.__new__(type(self))
    made._array, made._requires_grad = array, self._requires_grad
    made._edge = made._grad = made._rare = made._viewed = None
    made._serial = 0
    if mode.observer is not None:
        mode.observer.forward(name, made, (), None, {}, 0)
    return made


def __reduce_ex__(self, protocol):
    """Refused: TypeError says what to use instead of a pickle."""
    raise TypeError(NO_PICKLE)


METHODS = ["__copy__", "__deepcopy__", "__reduce_ex__"]
