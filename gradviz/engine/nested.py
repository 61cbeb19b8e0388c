"""Nested Python lists as arrays, and PyTorch's words for lists that are none."""

import numpy as np

from gradviz.engine import dtypes
from gradviz.engine.tensor import Tensor

SEQUENCES = (list, tuple)
TEXTS = (str, bytes)
TYPED = (np.ndarray, np.generic)
NUMBERS = (bool, int, float, np.number, np.bool_)


def array_of(data, dtype=None):
    """A new array: floats in `dtype` or the default one, integers int64, booleans bool; arrays and tensors among the
    numbers have a say with their own dtypes, as in PyTorch's promotion.

    ValueError for ragged lists and numbers too large, TypeError or RuntimeError for what is no number.
    """
    typed = []
    try:
        array = np.array(_plain(data, typed))
    except ValueError:
        array = None
    kind = array.dtype.kind if array is not None else "O"
    if typed and dtype is None and kind in "biuf":
        return array.astype(dtypes.joined(map(_dtype_of, _leaves(data))))
    if kind == "f":
        # straight into the dtype asked for: by way of float32 a float64 would lose digits
        if dtype is None and isinstance(_first(data), np.floating):
            return array  # NumPy's own numbers keep their dtype
        wanted = dtypes.numpy_dtype("tensor", dtype) if dtype is not None else dtypes.default_float()
        if wanted.kind in "iu":
            _refuse_outside(array, wanted, np.iinfo(wanted).min)
        return array.astype(wanted) if wanted.kind == "f" else array
    if kind == "i" and dtype is not None and (wanted := dtypes.numpy_dtype("tensor", dtype)).kind in "iu":
        _refuse_outside(array, wanted, -np.iinfo(wanted).max - 1)  # -1 may wrap around in uint8, as in PyTorch
    if kind == "i":
        return array.astype(np.int64)
    if kind != "b":
        raise _complaint(_lists(data))
    return array


def _refuse_outside(array, wanted, least):
    if not ((array >= least) & (array <= np.iinfo(wanted).max)).all():
        raise RuntimeError(f"value cannot be converted to type {wanted} without overflow")


def tensors_in(data):
    """The tensors among nested sequences, in order; data itself where it is one."""
    waiting, found = [data], []
    while waiting:
        each = waiting.pop()
        if isinstance(each, Tensor):
            found.append(each)
        elif isinstance(each, SEQUENCES):
            waiting += reversed(each)
    return tuple(found)


def _plain(data, typed):
    """Nested sequences with tensors in them as nested sequences of numbers; notes in typed what has a dtype."""
    if isinstance(data, SEQUENCES):
        return [_plain(each, typed) for each in data]
    if isinstance(data, Tensor):
        if data._array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        typed.append(data)
        return data._array.item()
    if isinstance(data, TYPED):
        typed.append(data)
    return data


def _dtype_of(leaf):
    """NumPy's dtype for one that stands among nested numbers."""
    if isinstance(leaf, Tensor):
        return leaf._array.dtype
    if isinstance(leaf, TYPED):
        return leaf.dtype
    return dtypes.default_float() if isinstance(leaf, float) else np.dtype(bool if isinstance(leaf, bool) else np.int64)


def _lists(data):
    """Nested sequences with arrays in them as nested sequences."""
    if isinstance(data, SEQUENCES):
        return [_lists(each) for each in data]
    return data.tolist() if isinstance(data, np.ndarray) else data


def _first(data):
    while isinstance(data, SEQUENCES) and data:
        data = data[0]
    return data


def _complaint(data):
    """The exception that PyTorch raises for data that is no regular nest of numbers."""
    sizes, first = [], data
    while isinstance(first, SEQUENCES):
        sizes.append(len(first))
        first = first[0] if first else 0
    if isinstance(first, TEXTS) and sizes:
        return ValueError(f"too many dimensions '{type(first).__name__}'")
    leaves = list(_leaves(data))
    odd = next((each for each in leaves if not isinstance(each, (*NUMBERS, Tensor, np.ndarray))), 0)
    if isinstance(odd, TEXTS):
        return TypeError(f"new(): invalid data type '{type(odd).__name__}'")
    if odd != 0:
        return RuntimeError(f"Could not infer dtype of {type(odd).__name__}")
    if any(isinstance(each, Tensor) and each._array.size != 1 for each in leaves):
        return ValueError("only one element tensors can be converted to Python scalars")
    floating = any(isinstance(each, (float, np.floating)) for each in leaves)
    return _misfit(data, sizes, 0, floating) or ValueError("Overflow when unpacking long long")


def _leaves(data):
    if isinstance(data, SEQUENCES):
        for each in data:
            yield from _leaves(each)
    else:
        yield data


def _misfit(data, sizes, dim, floating):
    """What is wrong at the first place that doesn't have the sizes of the first elements; None where all have."""
    sequence = isinstance(data, SEQUENCES)
    if dim == len(sizes):
        if not sequence:
            return None
        kind = type(data).__name__
        return TypeError(
            f"must be real number, not {kind}" if floating else f"'{kind}' object cannot be interpreted as an integer"
        )
    if not sequence:
        return TypeError("not a sequence")
    if len(data) != sizes[dim]:
        return ValueError(f"expected sequence of length {sizes[dim]} at dim {dim} (got {len(data)})")
    return next(filter(None, (_misfit(each, sizes, dim + 1, floating) for each in data)), None)
