"""The catalogue as vjps see it: `ops.exp(x)` on raw arrays in a plain backward, on Tensors under create_graph."""

from gradviz.engine.backend import module_of
from gradviz.engine.op import catalogue
from gradviz.engine.tensor import Tensor


class Raw:
    """The ops as functions of raw arrays, for one array module."""

    def __init__(self, xp):
        self._xp = xp

    def zeros_like(self, array):
        """Zeros of an array's shape and dtype."""
        return self._xp.zeros_like(array)

    @staticmethod
    def reshape_raw(array, *, size):
        """A reshape that copies where it must."""
        return array.reshape(size)

    def __getattr__(self, name):
        op, xp = catalogue[name], self._xp
        forward = op.forward

        def on_arrays(*arrays, **settings):
            result = forward(xp, *arrays, **settings)
            return result[0] if op.intermediates else result

        setattr(self, name, on_arrays)
        return on_arrays


class Lifted:
    """The ops as functions of Tensors, so that what a vjp computes is itself part of a graph.

    `reshape_raw` is among them too: it is no op, but composed of some, so that the module which does that puts it here.
    """

    def zeros_like(self, tensor):
        """Zeros of a Tensor's shape and dtype, which are no part of a graph."""
        return Tensor(module_of(tensor._array).zeros_like(tensor._array))

    def __getattr__(self, name):
        op = catalogue[name]
        call = (lambda *tensors, **settings: op.call(*tensors, **settings)[0]) if op.returned else op.call
        setattr(self, name, call)
        return call


lifted = Lifted()
_raw = {}


def raw(array):
    """The raw ops for the module of this array or NumPy scalar."""
    found = _raw.get(type(array))
    if found is None:
        found = _raw[type(array)] = Raw(module_of(array))
    return found


def raw_for(grad):
    """The raw ops for an incoming gradient: an array, or a tuple of them with None where nothing arrived."""
    return raw(next(each for each in grad if each is not None) if grad.__class__ is tuple else grad)
