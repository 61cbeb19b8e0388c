"""`torch.cuda`: the GPUs, as CuPy sees them.

One generator serves all devices: random numbers are drawn on the CPU, so that a seed gives the same ones everywhere.
"""

from gradviz.engine import backend, random


def is_available():
    """Whether CuPy is installed and finds a GPU."""
    return backend.cuda() is not None


def device_count():
    """How many GPUs there are."""
    cupy = backend.cuda()
    return 0 if cupy is None else cupy.cuda.runtime.getDeviceCount()


def current_device():
    """The number of the GPU that "cuda" means; DeviceUnavailable without one."""
    return backend.module_for("cuda").cuda.Device().id


def set_device(device):
    """Makes a GPU, by its number or name, the one that "cuda" means, and that ops on its tensors need."""
    _device(device).use()


def get_device_name(device=None):
    """What a GPU, or the current one, is called."""
    number = _device(device).id
    name = backend.modules["cuda"].cuda.runtime.getDeviceProperties(number)["name"]
    return name.decode() if isinstance(name, bytes) else name


def synchronize(device=None):
    """Waits until a GPU, or the current one, has done all it was given."""
    _device(device).synchronize()


def manual_seed(seed):
    """Seeds the generator where there is a GPU; any Python int."""
    if is_available():
        random.manual_seed(seed)


manual_seed_all = manual_seed


class device:
    """Inside, "cuda" means this GPU: a context manager."""

    def __init__(self, device):
        self._device = _device(device)

    def __enter__(self):
        self._device.__enter__()

    def __exit__(self, *exception):
        self._device.__exit__(*exception)


def _device(device):
    number = device if isinstance(device, int) else backend.parsed("cuda" if device is None else device)[1]
    cupy = backend.module_for("cuda" if number is None else f"cuda:{number}")
    return cupy.cuda.Device(number) if number is not None else cupy.cuda.Device()


__all__ = [
    "current_device", "device", "device_count", "get_device_name", "is_available", "manual_seed",
    "manual_seed_all", "set_device", "synchronize",
]  # fmt: skip
