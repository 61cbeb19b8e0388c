"""NumPy or CuPy: which array module serves a device, and moving arrays between them.

The only file that imports cupy. CuPy's arrays are never subclassed or patched.
"""

import numpy as np

from gradviz.errors import DeviceUnavailable

_cupy = None  # the module once cuda was asked for


def module_for(device):
    """The array module of a device ("cpu" or "cuda"); DeviceUnavailable, in one line, without CuPy or a GPU."""
    if device == "cpu":
        return np
    if device == "cuda" or (device.startswith("cuda:") and device[5:].isdigit()):
        return _load_cupy()
    raise RuntimeError(f"Expected one of cpu, cuda device type at start of device string: {device}")


def module_of(array):
    """The array module that an array belongs to."""
    return np if isinstance(array, (np.ndarray, np.generic)) else _cupy


def device_of(array):
    """The device that an array lives on, as PyTorch writes it: "cpu" or "cuda:0"."""
    return "cpu" if isinstance(array, np.ndarray) else f"cuda:{array.device.id}"


def moved(array, device):
    """The array on another device (the same array when it is there already)."""
    xp = module_for(device)
    if xp is np:
        return array if isinstance(array, np.ndarray) else _cupy.asnumpy(array)
    return xp.asarray(array)


def owner(array):
    """The array that owns an array's memory: what `.base` leads to through any number of views."""
    base = array.base
    while base is not None and hasattr(base, "base"):
        array, base = base, base.base
    return array


def offset_of(array):
    """How many elements after the start of its memory an array begins."""
    own = owner(array)
    return (_address(array) - _address(own)) // array.itemsize if own is not array else 0


def _address(array):
    return array.__array_interface__["data"][0] if isinstance(array, np.ndarray) else array.data.ptr


def _load_cupy():
    global _cupy
    if _cupy is None:
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
        _cupy = cupy
    return _cupy
