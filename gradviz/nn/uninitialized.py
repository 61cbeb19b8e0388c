"""Parameters and buffers whose shape is not known yet."""

import numpy as np

from gradviz.engine import dtypes
from gradviz.engine.backend import moved
from gradviz.engine.devices import Device
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor

NO_SHAPE = (
    "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in `load_state_dict` "
    "when trying to load an uninitialized parameter into an initialized one. Call `forward` to initialize the "
    "parameters before accessing their attributes."
)
NO_SHARING = (
    "Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the parameters before "
    "calling `module.share_memory()`."
)
KNOWN = {
    "cls_to_become", "data", "device", "dtype", "grad", "grad_fn", "is_cuda", "is_floating_point", "is_leaf",
    "materialize", "moved_to", "ndim", "requires_grad", "share_memory_", "shape", "size", "_edge", "_grad",
    "_is_parameter", "_rare", "_requires_grad", "_serial", "_viewed", "_base",
}  # fmt: skip
CONVERSIONS = {"to", "half", "float", "double", "char", "short", "int", "long", "cuda", "cpu"}


class _Nowhere:
    """What stands in the place of the array: its dtype and device."""

    def __init__(self, dtype, device):
        self.dtype, self.device = dtype, device


class UninitializedTensorMixin:
    """A tensor of a dtype and a device, but no shape: nothing can be computed with it."""

    __slots__ = ()

    def __new__(cls, requires_grad=True, device=None, dtype=None):
        made = object.__new__(cls)
        dtype = mode.default_dtype if dtype is None else dtype
        made._array = _Nowhere(dtype.numpy, Device(mode.default_device if device is None else device))
        made._requires_grad = requires_grad
        made._edge = made._grad = made._rare = made._viewed = None
        made._serial = 0
        return made

    def __init__(self, *args, **kwargs):
        """All is done."""

    def __getattribute__(self, name):
        if name in KNOWN or name[:2] == "__":
            return object.__getattribute__(self, name)
        if name in CONVERSIONS:
            return getattr(self.data, name)
        kind = type(self).__name__
        function = f"<method '{name}' of 'torch._C.TensorBase' objects>" if name != "_array" else "a function"
        raise ValueError(
            f"Attempted to use an uninitialized parameter in {function}. This error happens when you are using a "
            f"`LazyModule` or explicitly manipulating `torch.nn.parameter.{kind}` objects. When using LazyModules Call "
            "`forward` with a dummy batch to initialize the parameters before calling torch functions"
        )

    @property
    def dtype(self):
        """The dtype that the tensor will have."""
        return dtypes.of_array(_place(self))

    @property
    def device(self):
        """The device that the tensor will be on."""
        return _place(self).device

    @property
    def shape(self):
        """RuntimeError: it is not known."""
        raise RuntimeError(NO_SHAPE)

    @property
    def data(self):
        """No elements."""
        return Tensor(_empty(self, (0,)))

    @property
    def ndim(self):
        """That of no elements."""
        return 1

    def size(self, *dim):
        """That of no elements."""
        return self.data.size(*dim)

    def is_floating_point(self):
        """Whether the dtype is a floating one."""
        return _place(self).dtype.kind == "f"

    def share_memory_(self):
        """RuntimeError: there is no memory."""
        raise RuntimeError(NO_SHARING)

    def moved_to(self, dtype, device):
        """Makes it of another dtype, or for another device, in place."""
        place = _place(self)
        place.dtype = place.dtype if dtype is None else dtype.numpy
        place.device = place.device if device is None else Device(device)

    def materialize(self, shape, device=None, dtype=None):
        """Makes it a tensor of this shape, in place."""
        self.moved_to(dtype, device)
        self._array = _empty(self, tuple(shape))
        self.__class__ = self.cls_to_become
        if mode.observer is not None:
            mode.observer.forward(type(self).__name__, self, (), None, {}, 0)

    def __repr__(self):
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo):
        if id(self) not in memo:
            place = _place(self)
            made = type(self)(self._requires_grad, place.device)
            _place(made).dtype = place.dtype
            memo[id(self)] = made
        return memo[id(self)]


def _place(tensor):
    return object.__getattribute__(tensor, "_array")


def _empty(tensor, shape):
    place = _place(tensor)
    return moved(np.zeros(shape, place.dtype), place.device)


def is_lazy(tensor):
    """Whether a tensor's shape is not known yet."""
    return isinstance(tensor, UninitializedTensorMixin)


class UninitializedBuffer(UninitializedTensorMixin, Tensor):
    """A buffer that the first forward makes."""

    __slots__ = ()
    cls_to_become = Tensor

    def __new__(cls, requires_grad=False, device=None, dtype=None):
        return super().__new__(cls, requires_grad, device, dtype)
