"""Tensors and the arrays of others: NumPy, the buffer protocol, DLPack. Memory is shared, not copied.

Changes that others make to shared memory don't count as versions, as in PyTorch: see docs/differences.md.
"""

import warnings

import numpy as np

from gradviz.engine import backend, dtypes
from gradviz.engine.creation import made, numpy_dtype, tensor
from gradviz.engine.tensor import Tensor

NOT_WRITABLE = (
    "The given {} is not writable, and gradviz keeps it so: changing this tensor in place fails. You may want to copy "
    "it to protect its data or make it writable before converting it to a tensor."
)
NO_BUFFER = "object does not implement Python buffer protocol."
DLPACK_GRAD = "Can't export tensors that require gradient, use tensor.detach()"
CPU = (1, 0)  # kDLCPU and the device's number

# -- NumPy -------------------------------------------------------------------------------------------


def from_numpy(ndarray):
    """A tensor that shares memory with a NumPy array; one that can't be written to warns, as PyTorch warns."""
    if not isinstance(ndarray, np.ndarray):
        kind = type(ndarray)
        raise TypeError(f"expected np.ndarray (got {'numpy.' * (kind.__module__ == 'numpy')}{kind.__name__})")
    return made("from_numpy", _shared(ndarray), None, "cpu")


def _shared(array):
    """A NumPy array of any subclass as a plain one, checked."""
    dtypes.checked(array)
    if not array.flags.writeable:
        warnings.warn(NOT_WRITABLE.format("NumPy array"), UserWarning, stacklevel=3)
    return array if type(array) is np.ndarray else array.view(np.ndarray)


def as_tensor(data, dtype=None, device=None):
    """data as a tensor: itself or sharing its memory where dtype and device allow, else a copy."""
    if isinstance(data, Tensor):
        return _converted(data, [each for each in (dtype, device) if each is not None])
    if isinstance(data, np.ndarray):
        return made("as_tensor", _shared(data), dtype, device)
    return tensor(data, dtype, device)


def _converted(self, wanted):
    """The tensor in the dtype and on the device that are wanted; itself where it is so."""
    for each in wanted:
        self = self.to(each)
    return self


def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=None):
    """obj as a leaf or as itself: a tensor, an array, a DLPack capsule's owner, a buffer, numbers or nested lists.

    copy: True always copies, False never does (ValueError where it must).
    """
    if isinstance(obj, Tensor):
        return _tensor_as_array(obj, dtype, device, copy, requires_grad)
    if isinstance(obj, np.ndarray):
        array = _shared(obj)
    elif isinstance(obj, (bytes, bytearray, memoryview)):
        array = frombuffer(obj, dtype=dtype)._array
    elif hasattr(obj, "__dlpack__") and not isinstance(obj, np.generic):
        array = from_dlpack(obj)._array
    else:
        if copy is False:
            raise ValueError("can't alias arbitrary sequence into a tensor.")
        return tensor(obj, dtype, device, bool(requires_grad))
    return made("asarray", _aliased(array, dtype, copy), dtype, device, bool(requires_grad))


def _tensor_as_array(self, dtype, device, copy, requires_grad):
    """The tensor itself, a clone or what it converts to; requires_grad, where told, is set on just that."""
    if copy is False:
        _aliased(self._array, dtype, copy)
    out = _converted(self, [each for each in (dtype, device) if each is not None])
    if copy and out is self:
        out = self.clone()
    if requires_grad is False:
        return out.requires_grad_(False) if out.is_leaf else out.detach()
    return out.requires_grad_() if requires_grad and out.is_leaf else out


def _aliased(array, dtype, copy):
    wanted = array.dtype if dtype is None else numpy_dtype(dtype)
    if copy is False and wanted != array.dtype:
        given, asked = dtypes.title(array.dtype), dtypes.title(wanted)
        raise ValueError(f"can't alias tensor with dtype '{given}' into dtype '{asked}'.")
    return array.copy() if copy else array


def numpy(self, *, force=False):
    """The array itself, sharing memory; RuntimeError while it requires grad, which force detaches first."""
    if backend.device_of(self._array) != "cpu" and not force:
        raise TypeError(
            f"can't convert {self.device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor "
            "to host memory first."
        )
    if self._requires_grad and not force:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
    return backend.moved(self._array, "cpu")


def __array__(self, dtype=None, copy=None):
    """What `numpy.asarray(tensor)` gives: the array itself where dtype and copy allow it."""
    array = numpy(self)
    return array if dtype is None and not copy else np.array(array, dtype, copy=copy)


def __array_wrap__(self, array, context=None, return_scalar=False):
    """What a NumPy function of tensors gives: a tensor, outside the graph; booleans as uint8, as in PyTorch."""
    array = np.asarray(array)
    return made("from_numpy", array.astype(np.uint8) if array.dtype.kind == "b" else array, None, "cpu")


# -- buffers -----------------------------------------------------------------------------------------


def frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False):
    """`count` elements, or all, of an object with the buffer protocol, after `offset` bytes; memory is shared."""
    try:
        length = memoryview(buffer).nbytes
    except TypeError:
        raise ValueError(NO_BUFFER) from None
    kind = numpy_dtype(dtype)
    if not length or not count:
        raise ValueError(f"both buffer length ({length}) and count ({count}) must not be 0")
    if not 0 <= offset < length:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length ({length} bytes) minus 1"
        )
    rest = length - offset
    if count > 0 and count * kind.itemsize > rest:
        raise ValueError(
            f"requested buffer length ({count} * {kind.itemsize} bytes) after offset ({offset} bytes) must not be "
            f"greater than actual buffer length ({length} bytes)"
        )
    if count < 0 and rest % kind.itemsize:
        raise ValueError(
            f"buffer length ({rest} bytes) after offset ({offset} bytes) must be a multiple of element size "
            f"({kind.itemsize})"
        )
    array = np.frombuffer(buffer, kind, max(count, -1), offset)
    if not array.flags.writeable:
        warnings.warn(NOT_WRITABLE.format("buffer"), UserWarning, stacklevel=2)
    return made("frombuffer", array, None, "cpu", requires_grad)


# -- DLPack: https://dmlc.github.io/dlpack/latest/python_spec.html -----------------------------------


def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
    """A DLPack capsule that shares this tensor's memory; BufferError while it requires grad."""
    if self._requires_grad:
        raise BufferError(DLPACK_GRAD)
    if not isinstance(self._array, np.ndarray):
        return self._array.__dlpack__(stream=stream)
    if stream is not None:
        raise AssertionError("stream should be None on cpu.")
    return self._array.__dlpack__(max_version=max_version, dl_device=dl_device, copy=copy)


def __dlpack_device__(self):
    """(device type, device number) as DLPack numbers them."""
    return self._array.__dlpack_device__()


def to_dlpack(tensor):
    """A DLPack capsule, which one consumer may take once."""
    return tensor.__dlpack__(max_version=(1, 0))


def from_dlpack(ext_tensor, *, device=None, copy=None):
    """A tensor that shares memory with whatever speaks DLPack, or with a capsule."""
    if hasattr(ext_tensor, "__dlpack__"):
        source = ext_tensor
    elif type(ext_tensor).__name__ == "PyCapsule":
        source = Capsule(ext_tensor)
    else:
        raise RuntimeError(
            "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you "
            "might have already constructed a tensor from it once."
        )
    array = dtypes.checked(_array_of(source))
    return made("from_dlpack", array.copy() if copy else array, None, device or backend.device_of(array))


def _array_of(source):
    if tuple(source.__dlpack_device__()) != CPU:
        return backend.module_for("cuda").from_dlpack(source)
    try:
        return np.from_dlpack(source)
    except ValueError as error:
        if "Capsule" not in str(error):
            raise
        raise RuntimeError(
            "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you "
            "might have already constructed a tensor from it once."
        ) from None


class Capsule:
    """A bare capsule of the CPU, as something that speaks DLPack."""

    def __init__(self, capsule):
        self._capsule = capsule

    def __dlpack__(self, **asked):
        return self._capsule

    def __dlpack_device__(self):
        return CPU


METHODS = ["__array__", "__array_wrap__", "__dlpack__", "__dlpack_device__", "numpy"]
