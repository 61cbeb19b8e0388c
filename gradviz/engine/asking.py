"""What scripts ask of types and shapes: their limits, what two become together, their names."""

import numpy as np

from gradviz.engine import dtypes
from gradviz.engine.coerce import NUMBERS, number_like
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Size, Tensor


class finfo:
    """The limits of a floating dtype, the default one unless told."""

    def __init__(self, type=None):
        self._type = mode.default_dtype if type is None else type
        if not self._type.is_floating_point:
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'"
            )
        limits = np.finfo(self._type.numpy)
        self.bits, self.dtype = limits.bits, self._type.name
        self.eps, self.max, self.min = float(limits.eps), float(limits.max), float(limits.min)
        self.tiny = self.smallest_normal = float(limits.smallest_normal)
        self.resolution = float(f"1e-{limits.precision}")

    def __repr__(self):
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        told = ", ".join(f"{name}={getattr(self, name):.6g}" for name in names)
        return f"finfo({told}, dtype={self.dtype})"


class iinfo:
    """The limits of an integer dtype."""

    def __init__(self, type):
        if type is dtypes.bool_:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        if type.is_floating_point:
            raise TypeError("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")
        limits = np.iinfo(type.numpy)
        self.bits, self.dtype, self.min, self.max = limits.bits, type.name, int(limits.min), int(limits.max)

    def __repr__(self):
        return f"iinfo(min={self.min:.6g}, max={self.max:.6g}, dtype={self.dtype})"


def promote_types(type1, type2):
    """The dtype that two tensors of these dtypes become together."""
    return result_type(*(Tensor(np.zeros(1, each.numpy)) for each in (type1, type2)))


def result_type(tensor1, tensor2):
    """The dtype that two tensors or Python numbers become together."""
    given = [number_like(each) if type(each) in NUMBERS else each for each in (tensor1, tensor2)]
    return dtypes.of_array(np.zeros(0, dtypes.result_type(given)))


def can_cast(from_, to):
    """Whether values of one dtype may be written into a tensor of another: not floats into integers or bools."""
    ranks = [{"b": 0, "u": 1, "i": 1, "f": 2}[each.numpy.kind] for each in (from_, to)]
    return ranks[0] <= ranks[1]


def broadcast_shapes(*shapes):
    """The shape that tensors of these shapes (a tuple or an int each) become together."""
    found = []
    for position, shape in enumerate(shapes):
        sizes = (shape,) if isinstance(shape, int) else shape
        found = [1] * (len(sizes) - len(found)) + found
        for back in range(1, len(sizes) + 1):
            if found[-back] == 1:
                found[-back] = sizes[-back]
            elif sizes[-back] not in (1, found[-back]):
                raise RuntimeError(
                    f"Attempting to broadcast a dimension of length {sizes[-back]} at {-back}! Mismatching argument at "
                    f"index {position} had {sizes}; but expected shape should be broadcastable to {found}"
                )
    return Size(found)


def typename(obj):
    """The name of an object's type: "torch.FloatTensor" for a tensor."""
    if isinstance(obj, Tensor):
        return f"torch.{dtypes.title(obj._array.dtype)}Tensor"
    kind = obj if hasattr(obj, "__qualname__") else type(obj)
    return kind.__qualname__ if kind.__module__ in ("builtins", None) else f"{kind.__module__}.{kind.__qualname__}"
