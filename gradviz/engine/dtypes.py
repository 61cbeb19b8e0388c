"""dtypes with PyTorch's names, and PyTorch's promotion rules.

NumPy promotes by value ranges (float32 with int64 gives float64); PyTorch by category first (float32
with int64 gives float32), and lets a tensor with dimensions outrank a 0-d tensor, and that a Python number, of
the same category. Source: the section "Type promotion" of PyTorch's page on tensor attributes.
"""

from functools import reduce

import numpy as np

from gradviz.engine import switches


class dtype:
    """A tensor's element type; `torch.float32` in print, as in PyTorch."""

    __slots__ = ("name", "numpy", "is_floating_point", "itemsize", "_title")

    def __init__(self, name, title):
        self.name = name
        self.numpy = np.dtype(name)
        self.is_floating_point = self.numpy.kind == "f"
        self.itemsize = self.numpy.itemsize
        self._title = title

    def __repr__(self):
        return f"torch.{self.name}"

    def __reduce__(self):
        return (of_name, (self.name,))


float16 = dtype("float16", "Half")
float32 = dtype("float32", "Float")
float64 = dtype("float64", "Double")
int8 = dtype("int8", "Char")
uint8 = dtype("uint8", "Byte")
int16 = dtype("int16", "Short")
int32 = dtype("int32", "Int")
int64 = dtype("int64", "Long")
bool_ = dtype("bool", "Bool")

ALL = (float16, float32, float64, int8, uint8, int16, int32, int64, bool_)
_BY_NAME = {each.name: each for each in ALL}
_BY_NUMPY = {each.numpy: each for each in ALL}
_BY_PYTHON = {float: float64, int: int64, bool: bool_}
_CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2}


def of_name(name):
    """The dtype called `name`, such as "float32"."""
    return _BY_NAME[name]


def of_title(name):
    """The dtype that PyTorch's errors and types call `name`, such as "Float"; None for another name."""
    return next((each for each in ALL if each._title == name), None)


def of_array(array):
    """The dtype of a NumPy or CuPy array; TypeError for one that tensors can't have."""
    found = _BY_NUMPY.get(array.dtype)
    if found is None:
        # PyTorch's sentence, complex and the wide unsigned ones included: gradviz doesn't have those
        raise TypeError(
            f"can't convert np.ndarray of type {array.dtype.type.__module__}.{array.dtype.type.__name__}. The only "
            "supported types are: float64, float32, float16, complex64, complex128, int64, int32, int16, int8, uint64, "
            "uint32, uint16, uint8, and bool."
        )
    return found


def checked(array):
    """A NumPy array or scalar that a tensor can be made of; TypeError or ValueError, in PyTorch's words, for others."""
    if any(step < 0 for step in array.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "currently supported. (You can probably work around this by making a copy of your array  with "
            "array.copy().) "
        )
    if array.itemsize and any(step % array.itemsize for step in array.strides):
        raise ValueError(
            "given numpy array strides not a multiple of the element byte size. Copy the numpy array to reallocate "
            "the memory."
        )
    if not array.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion between byte orders is "
            "currently not supported."
        )
    of_array(array)
    return array


def numpy_dtype(function, wanted):
    """NumPy's dtype for a dtype, or for Python's float, int and bool; TypeError for what is none."""
    found = _BY_PYTHON.get(wanted, wanted) if isinstance(wanted, type) else wanted
    if not isinstance(found, dtype):
        where = f"{function}(): " if function else ""
        raise TypeError(f"{where}argument 'dtype' must be torch.dtype, not {type(wanted).__name__}")
    return found.numpy


def title(numpy_dtype):
    """PyTorch's name for a dtype in its errors, such as "Float"."""
    return _BY_NUMPY[numpy_dtype]._title


def type_name(array):
    """PyTorch's name for a kind of tensor in its errors, such as "torch.FloatTensor"; booleans have another one."""
    on_cpu = isinstance(array, np.ndarray)
    if array.dtype.kind == "b":
        return "CPUBoolType" if on_cpu else "CUDABoolType"
    return f"torch.{'' if on_cpu else 'cuda.'}{title(array.dtype)}Tensor"


_IN_CPP = {
    "float16": "c10::Half", "float32": "float", "float64": "double", "int8": "signed char", "uint8": "unsigned char",
    "int16": "short int", "int32": "int", "int64": "long int", "bool": "bool",
}  # fmt: skip


def in_cpp(numpy_dtype):
    """The C++ type's name, which some of PyTorch's errors show."""
    return _IN_CPP[numpy_dtype.name]


def default_float():
    """NumPy's dtype for what `torch.get_default_dtype()` names."""
    return switches.mode.default_dtype.numpy


def result_type(tensors):
    """NumPy dtype that an op over these tensors computes in: PyTorch's promotion rules."""
    ranks = [None, None, None]  # with dimensions, 0-d, Python numbers
    for tensor in tensors:
        array = tensor._array
        rank = 2 if tensor._is_number else (0 if array.ndim else 1)
        seen = ranks[rank]
        ranks[rank] = array.dtype if seen is None else _join(seen, array.dtype)
    winner = None
    for rank, candidate in enumerate(ranks):
        if candidate is None:
            continue
        if winner is None:
            winner = default_float() if rank == 2 and candidate.kind == "f" else candidate
        elif _CATEGORY[candidate.kind] > _CATEGORY[winner.kind]:
            winner = default_float() if rank == 2 and candidate.kind == "f" else candidate
    return winner


def joined(found):
    """The dtype that several of one rank are promoted to."""
    return reduce(_join, found)


def _join(one, other):
    if one == other:
        return one
    high, low = (one, other) if _CATEGORY[one.kind] >= _CATEGORY[other.kind] else (other, one)
    if _CATEGORY[high.kind] > _CATEGORY[low.kind]:
        return high
    return np.promote_types(one, other)
