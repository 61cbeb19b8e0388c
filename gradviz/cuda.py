"""`torch.cuda`: whether there is a GPU. Random numbers are drawn on the CPU, so there is one seed for all."""

from gradviz.engine import backend
from gradviz.engine.random import manual_seed
from gradviz.errors import DeviceUnavailable


def is_available():
    """Whether tensors can be made on a GPU: CuPy is installed and finds one."""
    try:
        backend.module_for("cuda")
    except DeviceUnavailable:
        return False
    return True


def manual_seed_all(seed):
    """Seeds the random numbers; any Python int."""
    manual_seed(seed)


def synchronize(device=None):
    """Waits until the GPU has done what it was told; DeviceUnavailable where there is none."""
    backend.module_for("cuda").cuda.Device().synchronize()


__all__ = ["is_available", "manual_seed", "manual_seed_all", "synchronize"]
