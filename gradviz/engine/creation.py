"""Making tensors: tensor, zeros, ones, full, arange, linspace, eye, randn, rand, and their _like forms."""

from time import perf_counter_ns

import numpy as np

from gradviz.engine import backend, dtypes, nested, random
from gradviz.engine.devices import Device
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor

INTEGER_GRAD = "Only Tensors of floating point and complex dtype can require gradients"


def made(name, array, dtype=None, device=None, requires_grad=False):
    """Wraps an array, or what `array(xp)` makes there, as a new leaf on a device, and tells the observer."""
    started = perf_counter_ns() if mode.observer is not None else 0
    device = mode.default_device if device is None else Device(device)
    array = backend.made(device, array) if callable(array) else backend.moved(array, device)
    if dtype is not None and array.dtype != dtype.numpy:
        array = array.astype(dtype.numpy)
    if requires_grad and array.dtype.kind != "f":
        raise RuntimeError(INTEGER_GRAD)
    out = Tensor(array, bool(requires_grad))
    if mode.observer is not None:
        mode.observer.forward(name, out, (), None, {}, started)
    return out


def tensor(data, dtype=None, device=None, requires_grad=False):
    """A new leaf holding a copy of `data`: numbers, nested sequences, arrays or tensors.

    Floats become the default dtype, integers int64, booleans bool, arrays keep theirs. ValueError for
    ragged lists; TypeError or RuntimeError, as PyTorch's, for what is no number.
    """
    if isinstance(data, Tensor):
        own = backend.device_of(data._array)
        array = backend.made(own, lambda xp: data._array.copy())
        if device is None and mode.default_device == "cpu":
            device = own
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
    return made("from_numpy", array, device="cpu")


def _size(size):
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = size[0]
    shape = tuple(int(each) for each in size)
    for each in shape:
        if each < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {each}: {list(shape)}")
    return shape


def _numpy(dtype):
    return dtype.numpy if dtype is not None else dtypes.default_float()


def zeros(*size, dtype=None, device=None, requires_grad=False):
    """Zeros of this size."""
    if any(each < 0 for each in (size[0] if len(size) == 1 and isinstance(size[0], (tuple, list)) else size)):
        raise RuntimeError("zeros: Dimension size must be non-negative.")
    shape = _size(size)
    return made("zeros", lambda xp: xp.zeros(shape, _numpy(dtype)), None, device, requires_grad)


def ones(*size, dtype=None, device=None, requires_grad=False):
    """Ones of this size."""
    shape = _size(size)
    return made("ones", lambda xp: xp.ones(shape, _numpy(dtype)), None, device, requires_grad)


def full(size, fill_value, dtype=None, device=None, requires_grad=False):
    """One value, of this size; its dtype follows the value."""
    value, shape = nested.array_of(fill_value, dtype)[()], _size((size,))
    return made("full", lambda xp: xp.full(shape, value, value.dtype), dtype, device, requires_grad)


def eye(n, m=None, dtype=None, device=None, requires_grad=False):
    """The identity matrix, (n, m)."""
    return made("eye", lambda xp: xp.eye(n, m, dtype=_numpy(dtype)), None, device, requires_grad)


def arange(start, end=None, step=1, dtype=None, device=None, requires_grad=False):
    """Numbers from start up to, not including, end; int64 unless a float is among them."""
    if end is None:
        start, end = 0, start
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) / step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    floating = any(isinstance(each, float) for each in (start, end, step))
    kind = _numpy(dtype) if floating or dtype is not None else np.int64
    return made("arange", lambda xp: xp.arange(start, end, step, dtype=kind), dtype, device, requires_grad)


def linspace(start, end, steps, dtype=None, device=None, requires_grad=False):
    """`steps` numbers from start to end, both included."""
    kind = _numpy(dtype)
    return made("linspace", lambda xp: xp.linspace(start, end, steps, dtype=kind), None, device, requires_grad)


def randn(*size, dtype=None, device=None, requires_grad=False):
    """Normal random numbers of this size."""
    return made("randn", random.normal(_size(size), _numpy(dtype)), None, device, requires_grad)


def rand(*size, dtype=None, device=None, requires_grad=False):
    """Uniform random numbers in [0, 1) of this size."""
    return made("rand", random.uniform(_size(size), _numpy(dtype)), None, device, requires_grad)


def randint(low, high=None, size=None, dtype=None, device=None):
    """Random integers in [low, high), or [0, low)."""
    if size is None:
        low, high, size = 0, low, high
    return made("randint", random.randint(low, high, _size((size,))), dtype, device)


def randperm(n, device=None):
    """A random order of the integers below n."""
    return made("randperm", random.permutation(n), None, device)


def zeros_like(input, dtype=None, device=None, requires_grad=False):
    """Zeros of another tensor's size, dtype and device."""
    return _like("zeros_like", input, 0, dtype, device, requires_grad)


def ones_like(input, dtype=None, device=None, requires_grad=False):
    """Ones of another tensor's size, dtype and device."""
    return _like("ones_like", input, 1, dtype, device, requires_grad)


def full_like(input, fill_value, dtype=None, device=None, requires_grad=False):
    """One value, of another tensor's size, dtype and device."""
    return _like("full_like", input, fill_value, dtype, device, requires_grad)


def _like(name, input, value, dtype, device, requires_grad):
    shape, kind = input._array.shape, dtype.numpy if dtype is not None else input._array.dtype
    device = backend.device_of(input._array) if device is None else device
    return made(name, lambda xp: xp.full(shape, value, kind), None, device, requires_grad)


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
    device = Device(device)
    backend.module_for(device)
    mode.default_device = device


def get_default_device():
    """Where new tensors are made."""
    return mode.default_device
