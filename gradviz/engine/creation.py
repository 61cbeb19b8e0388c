"""Making tensors: tensor, zeros, ones, full, arange, linspace, eye, randn, rand, and their _like forms."""

from time import perf_counter_ns

import numpy as np

from gradviz.engine import backend, dtypes, nested, random
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor

_SIZES = (int, np.integer, Tensor)
INTEGER_GRAD = "Only Tensors of floating point and complex dtype can require gradients"


def made(name, array, dtype=None, device=None, requires_grad=False):
    """Wraps an array as a new leaf, on its device, and tells the observer."""
    started = perf_counter_ns() if mode.observer is not None else 0
    if dtype is not None and array.dtype != (wanted := dtypes.numpy_dtype(name, dtype)):
        array = array.astype(wanted)
    if requires_grad and array.dtype.kind != "f":
        raise RuntimeError(INTEGER_GRAD)
    out = Tensor(backend.moved(array, device or mode.default_device), bool(requires_grad))
    if mode.observer is not None:
        mode.observer.forward(name, out, (), None, {}, started)
    return out


def tensor(data, dtype=None, device=None, requires_grad=False):
    """A new leaf holding a copy of `data`: numbers, nested sequences, arrays or tensors.

    Floats become the default dtype, integers int64, booleans bool, arrays keep theirs. ValueError for
    ragged lists; TypeError or RuntimeError, as PyTorch's, for what is no number.
    """
    if isinstance(data, Tensor):
        array = data._array.copy()
    elif isinstance(data, (np.ndarray, np.generic)):
        array = np.array(data)
    else:
        array = nested.array_of(data, dtype)
    dtypes.of_array(array)
    return made("tensor", array, dtype, device, requires_grad)


def from_numpy(array):
    """A tensor that shares memory with a NumPy array."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    dtypes.of_array(array)
    if any(step < 0 for step in array.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "currently supported. (You can probably work around this by making a copy of your array  with "
            "array.copy().) "
        )
    return made("from_numpy", array)


def _size(name, size):
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = size[0]
    elif any(not isinstance(each, _SIZES) for each in size):
        raise TypeError(f"{name}(): argument 'size' (position 1) must be tuple of ints, not {type(size[0]).__name__}")
    for place, each in enumerate(size, start=1):
        if not isinstance(each, _SIZES):
            raise TypeError(
                f"{name}(): argument 'size' failed to unpack the object at pos {place} with error \"type must be tuple "
                f'of ints,but got {type(each).__name__}"'
            )
    shape = tuple(int(each) for each in size)
    for each in shape:
        if each < 0 and name == "zeros":
            raise RuntimeError("zeros: Dimension size must be non-negative.")
        if each < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {each}: {list(shape)}")
    return shape


def _numpy(name, dtype):
    return dtypes.numpy_dtype(name, dtype) if dtype is not None else dtypes.default_float()


def _numbers(name, **arguments):
    """TypeError, in PyTorch's words, for arguments that are no numbers: {name: (position, value)}."""
    for argument, (position, value) in arguments.items():
        if not isinstance(value, (*nested.NUMBERS, Tensor)):
            raise TypeError(
                f"{name}(): argument '{argument}' (position {position}) must be Number, not {type(value).__name__}"
            )


def zeros(*size, dtype=None, device=None, requires_grad=False):
    """Zeros of this size."""
    return made("zeros", np.zeros(_size("zeros", size), _numpy("zeros", dtype)), None, device, requires_grad)


def ones(*size, dtype=None, device=None, requires_grad=False):
    """Ones of this size."""
    return made("ones", np.ones(_size("ones", size), _numpy("ones", dtype)), None, device, requires_grad)


def full(size, fill_value, dtype=None, device=None, requires_grad=False):
    """One value, of this size; its dtype follows the value."""
    _numbers("full", fill_value=(2, fill_value))
    array = np.broadcast_to(nested.array_of(fill_value, dtype), _size("full", (size,))).copy()
    return made("full", array, dtype, device, requires_grad)


def eye(n, m=None, dtype=None, device=None, requires_grad=False):
    """The identity matrix, (n, m)."""
    for name, each in (("n", n), ("m", n if m is None else m)):
        if each < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {each}")
    return made("eye", np.eye(n, m, dtype=_numpy("eye", dtype)), None, device, requires_grad)


def arange(start, end=None, step=1, dtype=None, device=None, requires_grad=False):
    """Numbers from start up to, not including, end; int64 unless a float is among them."""
    if end is None:
        _numbers("arange", end=(1, start))
        start, end = 0, start
    _numbers("arange", start=(1, start), end=(2, end), step=(3, step))
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) / step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    floating = any(isinstance(each, float) for each in (start, end, step))
    array = np.arange(start, end, step, dtype=_numpy("arange", dtype) if floating or dtype is not None else np.int64)
    return made("arange", array, dtype, device, requires_grad)


def linspace(start, end, steps, dtype=None, device=None, requires_grad=False):
    """`steps` numbers from start to end, both included."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    array = np.linspace(start, end, steps, dtype=_numpy("linspace", dtype))
    return made("linspace", array, None, device, requires_grad)


def randn(*size, dtype=None, device=None, requires_grad=False):
    """Normal random numbers of this size."""
    return made("randn", random.normal(_size("randn", size), _numpy("randn", dtype)), None, device, requires_grad)


def rand(*size, dtype=None, device=None, requires_grad=False):
    """Uniform random numbers in [0, 1) of this size."""
    return made("rand", random.uniform(_size("rand", size), _numpy("rand", dtype)), None, device, requires_grad)


def randint(low, high=None, size=None, dtype=None, device=None):
    """Random integers in [low, high), or [0, low)."""
    if size is None:
        low, high, size = 0, low, high
    return made("randint", random.randint(low, high, _size("randint", (size,))), dtype, device)


def randperm(n, device=None):
    """A random order of the integers below n."""
    return made("randperm", random.permutation(n), None, device)


def zeros_like(input, dtype=None, requires_grad=False):
    """Zeros of another tensor's size, dtype and device."""
    return _like("zeros_like", input, 0, dtype, requires_grad)


def ones_like(input, dtype=None, requires_grad=False):
    """Ones of another tensor's size, dtype and device."""
    return _like("ones_like", input, 1, dtype, requires_grad)


def full_like(input, fill_value, dtype=None, requires_grad=False):
    """One value, of another tensor's size, dtype and device."""
    return _like("full_like", input, fill_value, dtype, requires_grad)


def _like(name, input, value, dtype, requires_grad):
    array = np.full(input._array.shape, value, input._array.dtype if dtype is None else dtypes.numpy_dtype(name, dtype))
    return made(name, array, None, backend.device_of(input._array), requires_grad)


def set_default_dtype(dtype):
    """The dtype that Python floats become."""
    if not dtype.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    mode.default_dtype = dtype


def get_default_dtype():
    """The dtype that Python floats become."""
    return mode.default_dtype


def set_default_device(device):
    """Where new tensors are made: "cpu" or "cuda"; DeviceUnavailable where there is no GPU or no CuPy."""
    backend.module_for(str(device))
    mode.default_device = str(device)


def get_default_device():
    """Where new tensors are made."""
    return mode.default_device
