"""Where a tensor's elements lie: its memory, offsets and strides, and its device."""

from math import prod

from gradviz.engine import backend
from gradviz.engine.tensor import Device
from gradviz.ops.composite import wrapped


class UntypedStorage:
    """The memory that a tensor, and all views of it, show; counted in bytes."""

    __slots__ = ("_owner",)

    def __init__(self, owner):
        self._owner = owner

    def nbytes(self):
        """How many bytes."""
        return self._owner.nbytes

    size = __len__ = nbytes

    def data_ptr(self):
        """The address of the first byte."""
        return _address(self._owner)

    @property
    def device(self):
        """Where the memory is."""
        return Device(backend.device_of(self._owner))

    def __repr__(self):
        return f"[torch.storage.UntypedStorage(device={self.device}) of size {self.nbytes()}]"


def _address(array):
    return backend.address(array) if array.size else 0


def untyped_storage(self):
    """The memory that this tensor shows, perhaps with others."""
    return UntypedStorage(backend.owner(self._array))


def data_ptr(self):
    """The address of the first element; 0 where there is none."""
    return _address(self._array)


def storage_offset(self):
    """How many elements lie before the first one in the memory that it shows."""
    return backend.offset_of(self._array) if self._array.size else 0


def _steps_of_nothing(shape):
    """The strides of an array without elements, for which NumPy's say nothing: sizes of 0 count as 1."""
    return tuple(prod(size or 1 for size in shape[d + 1 :]) for d in range(len(shape)))


def stride(self, dim=None):
    """Steps between elements of each dimension, or of one, in elements."""
    array = self._array
    steps = tuple(step // array.itemsize for step in array.strides) if array.size else _steps_of_nothing(array.shape)
    if dim is None:
        return steps
    if not steps:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return steps[wrapped(dim, len(steps))]


def element_size(self):
    """Bytes of one element."""
    return self._array.itemsize


def get_device(self):
    """The GPU's number; -1 on the CPU."""
    index = self.device.index
    return -1 if index is None else index


itemsize = property(element_size)
is_cuda = property(lambda self: self.device.type == "cuda", doc="Whether the elements are on a GPU.")

METHODS = [
    "data_ptr", "element_size", "get_device", "is_cuda", "itemsize", "storage_offset", "stride", "untyped_storage",
]  # fmt: skip
