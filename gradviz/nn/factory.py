"""Layers made on a device and in a dtype: `Linear(3, 4, device="cuda", dtype=torch.float64)`."""

from functools import wraps

from gradviz.engine.creation import INTEGER_GRAD
from gradviz.engine.devices import Device
from gradviz.engine.switches import mode


def factory(layer):
    """Lets a layer's class take device and dtype: what its parameters and their first values are made in."""
    make = layer.__init__

    @wraps(make)
    def __init__(self, *args, device=None, dtype=None, **settings):
        if dtype is not None and not dtype.is_floating_point:
            raise RuntimeError(INTEGER_GRAD)
        before = mode.default_device, mode.default_dtype
        mode.default_device = before[0] if device is None else Device(device)
        mode.default_dtype = before[1] if dtype is None else dtype
        try:
            make(self, *args, **settings)
        finally:
            mode.default_device, mode.default_dtype = before

    layer.__init__ = __init__
    return layer
