"""NumPy or CuPy: which array module serves a device, and moving arrays between them.

The only file that imports cupy. CuPy's arrays are never subclassed or patched. Whatever is put into `modules` under
"cuda" serves as CuPy.
"""

import re
from functools import lru_cache

import numpy as np

from gradviz.errors import DeviceUnavailable

modules = {"cpu": np}  # device type -> array module; CuPy comes in when cuda is first asked for

_WRITTEN = re.compile(r"(cpu|cuda)(?::(0|[1-9]\d*))?")


@lru_cache(maxsize=64)
def parsed(device):
    """(type, index or None) of a device as people write it; RuntimeError, with PyTorch's words, for no device."""
    found = _WRITTEN.fullmatch(device)
    if found is not None:
        return found[1], None if found[2] is None else int(found[2])
    kind, colon, _ = device.partition(":")
    if kind in ("cpu", "cuda") and colon:
        raise RuntimeError(f"Invalid device string: '{device}'")
    raise RuntimeError(f"Expected one of cpu, cuda device type at start of device string: {kind}")


def module_for(device):
    """The array module of a device ("cpu" or "cuda"); DeviceUnavailable, in one line, without CuPy or a GPU."""
    kind, index = parsed(device)
    xp = modules.get(kind) or _load_cupy()
    if xp is not np and index is not None and index >= (count := xp.cuda.runtime.getDeviceCount()):
        raise DeviceUnavailable(
            f"device '{device}' was asked for, but CUDA has {count} here, numbered from 0: choose one of them, or use "
            "--device cpu"
        )
    return xp


def module_of(array):
    """The array module that an array belongs to."""
    return np if isinstance(array, (np.ndarray, np.generic)) else modules["cuda"]


def device_of(array):
    """The device that an array lives on, as PyTorch writes it: "cpu" or "cuda:0"."""
    return "cpu" if isinstance(array, (np.ndarray, np.generic)) else f"cuda:{array.device.id}"


def is_on(array, device):
    """Whether an array lives on a device; "cuda" is the current GPU."""
    kind, index = parsed(device)
    if isinstance(array, (np.ndarray, np.generic)):
        return kind == "cpu"
    return kind == "cuda" and array.device.id == _number(modules["cuda"], index)


def moved(array, device):
    """The array on another device (the same array when it is there already)."""
    if is_on(array, device):
        return array
    xp = module_for(device)
    if xp is np:
        return modules["cuda"].asnumpy(array)
    # copy() brings an array of another GPU to the current one
    return made(device, lambda xp: xp.asarray(array) if isinstance(array, np.ndarray) else array.copy())


def made(device, build):
    """What `build(xp)` makes, on a device: xp is its array module."""
    xp = module_for(device)
    if xp is np:
        return build(np)
    with xp.cuda.Device(_number(xp, parsed(device)[1])):
        return build(xp)


def _number(xp, index):
    """A GPU's number; None is the current one."""
    return xp.cuda.Device().id if index is None else index


def owner(array):
    """The array that owns an array's memory: what `.base` leads to through any number of views."""
    base = array.base
    while base is not None and hasattr(base, "base"):
        array, base = base, base.base
    return array if array.__class__ is np.ndarray else _lender(array)


def _lender(array):
    """Whose memory an array without a base shows: that of the array that `strided` was given, else its own."""
    lender = getattr(getattr(array.data, "mem", None), "_owner", None)
    return lender if isinstance(lender, type(array)) else array


def strided(array, shape, strides):
    """A view of an array's memory, from its first element on, by shape and strides in bytes."""
    if isinstance(array, np.ndarray):
        return np.lib.stride_tricks.as_strided(array, shape, strides)
    # CuPy's as_strided gives no base, and a base can't be set: so the memory says whose it is
    xp, own = modules["cuda"], owner(array)
    memory = xp.cuda.UnownedMemory(address(own), own.nbytes, own, array.device.id)
    return xp.ndarray(shape, array.dtype, xp.cuda.MemoryPointer(memory, address(array) - address(own)), strides)


def cuda():
    """CuPy where it can be used, else None."""
    try:
        return modules.get("cuda") or _load_cupy()
    except DeviceUnavailable:
        return None


def offset_of(array):
    """How many elements after the start of its memory an array begins."""
    own = owner(array)
    return (address(array) - address(own)) // array.itemsize if own is not array else 0


def address(array):
    """Where an array's first element lies in memory."""
    return array.__array_interface__["data"][0] if isinstance(array, np.ndarray) else array.data.ptr


def _load_cupy():
    try:
        import cupy
    except ImportError:
        raise DeviceUnavailable(
            "device 'cuda' was asked for, but CuPy is not installed: pip install 'gradviz[cuda12]' "
            "(or [cuda13], by your driver), or use --device cpu"
        ) from None
    if not cupy.cuda.is_available():
        raise DeviceUnavailable(
            "device 'cuda' was asked for, but CuPy finds no CUDA GPU here: check the driver with "
            "nvidia-smi, or use --device cpu"
        )
    modules["cuda"] = cupy
    return cupy
