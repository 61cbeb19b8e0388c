"""A small copy of an array's values, made at the moment of an event: all of a small one, else its corners."""

import math
import struct
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gradviz.errors import BadTrace

MOST_CORNERS = 4096
_BLOCK = 1024  # squares that are added in the array's own dtype
_TINY = 1e-30  # squares of float32 below this may have been lost
_HEAD = struct.Struct("<BBBB")  # whole, edge, length of the dtype's name, number of dimensions
_SUMMARY = struct.Struct("<ddddQQ")
_heads = {}  # (shape, dtype) -> head of a whole value: asked for at every event
_MOST_HEADS = 4096
_DTYPES = {np.dtype(code).str: np.dtype(code) for code in "? b B h H i I q Q e f d F D".split()}
_NAMES = {code: dtype.name for code, dtype in _DTYPES.items()}  # NumPy works a name out each time


class Summary(NamedTuple):
    """What is told of a large array: of its finite values, and how many are not finite; then there is no norm."""

    min: float
    max: float
    mean: float
    norm: float
    nan: int
    inf: int


class Preview(NamedTuple):
    """An array as it was: values is all of it when whole, else `edge` from both ends of each long dimension."""

    shape: tuple[int, ...]
    dtype: str
    whole: bool
    edge: int
    values: np.ndarray
    summary: Summary | None


def encode(array: np.ndarray, *, whole_up_to: int = 64, edge: int = 3) -> bytes:
    """Pack the preview of an array: whole up to so many elements, else corners and a summary."""
    shape, dtype = array.shape, array.dtype
    if array.size <= whole_up_to:
        head = _heads.get((shape, dtype))
        return (head or heading(shape, dtype, True, 0)) + array.tobytes()
    edge, places, at = _corners(shape, edge)
    corners = array.reshape(-1).take(places) if array.flags.c_contiguous else array.squeeze()[at]
    return packed(heading(shape, dtype, False, edge), _summary(array), corners.tobytes())


def packed(head: bytes, summary: tuple, corners: bytes) -> bytes:
    """The preview of a large array: its heading, the fields of its Summary, and its corners in C order."""
    return head + _SUMMARY.pack(*summary) + corners


def decode(data: bytes) -> Preview:
    """Unpack what encode packed. Raises BadTrace when sizes or names are not what encode writes."""
    try:
        whole, edge, letters, dims = _HEAD.unpack_from(data)
        place = _HEAD.size
        code = data[place : place + letters].decode("ascii")
        place += letters
        shape = struct.unpack_from(f"<{dims}Q", data, place)
        place += 8 * dims
        if code not in _DTYPES or whole > 1 or max(shape, default=0) > 1 << 48:
            raise ValueError(code)
        summary = None
        if not whole:
            summary = Summary(*_SUMMARY.unpack_from(data, place))
            place += _SUMMARY.size
        stored = shape if whole else tuple(min(length, 2 * edge) for length in shape)
        dtype = _DTYPES[code]
        if len(data) - place != math.prod(stored) * dtype.itemsize:
            raise ValueError(stored)
        values = np.frombuffer(data, dtype, offset=place).reshape(stored)
    except (ValueError, struct.error, UnicodeDecodeError):
        raise BadTrace("a value in this trace is damaged: its size is not what its shape says") from None
    return Preview(shape, _NAMES[code], bool(whole), edge, values, summary)


def heading(shape: tuple[int, ...], dtype: np.dtype, whole: bool, edge: int) -> bytes:
    """How a preview begins; TypeError for a dtype that is no plain number's."""
    code = dtype.str
    if code not in _DTYPES:
        raise TypeError(f"can't preview an array of dtype {code}: booleans and numbers only")
    name = code.encode("ascii")
    head = _HEAD.pack(whole, edge, len(name), len(shape)) + name + struct.pack(f"<{len(shape)}Q", *shape)
    if whole:
        if len(_heads) >= _MOST_HEADS:
            _heads.clear()
        _heads[shape, dtype] = head
    return head


def fitting(shape: tuple[int, ...], edge: int) -> int:
    """The widest edge, up to the one asked for, whose corners stay few however many dimensions there are."""
    while edge and math.prod(min(length, 2 * edge) for length in shape) > MOST_CORNERS:
        edge -= 1
    return edge


@lru_cache(maxsize=1024)
def _corners(shape, edge):
    """(edge, places, at): the corners' places in the flattened array, and as an index of the squeezed one."""
    edge = fitting(shape, edge)
    squeezed = [length for length in shape if length != 1]  # NumPy indexes with fewer dimensions than arrays may have
    at = np.ix_(*(_kept(length, edge) for length in squeezed))
    return edge, np.ravel_multi_index(at, squeezed).ravel(), at


def _kept(length, edge):
    """The indices along one dimension that a preview keeps."""
    if length <= 2 * edge:
        return np.arange(length)
    return np.concatenate([np.arange(edge), np.arange(length - edge, length)])


def _summary(array):
    """The fields of Summary for an array."""
    values = np.abs(array) if array.dtype.kind == "c" else array
    if values.dtype.kind == "b":
        values = values.view(np.uint8)
    flat = values.ravel("K")  # as it lies in memory: what is transposed is not copied
    with np.errstate(all="ignore"):
        if flat.dtype.kind == "f" and flat.dtype.itemsize >= 4:
            # in the array's own dtype, at the speed of memory; what overflows or isn't finite goes the long way
            size = flat.size
            total = float(np.add.reduce(flat))
            square = float(flat.dot(flat)) if size <= 2 * _BLOCK else _long_square(flat)
            if math.isfinite(total) and math.isfinite(square):
                low, high = float(np.minimum.reduce(flat)), float(np.maximum.reduce(flat))
                if square > _TINY or low == high == 0:
                    return low, high, total / size, math.sqrt(square), 0, 0
        return _long_summary(flat)


def _long_square(flat):
    """The sum of the squares, in blocks: one float32 that took in millions would be wrong in its third digit."""
    flat = np.ascontiguousarray(flat)  # NumPy adds up a strided block one by one, less exactly than BLAS
    cut = flat.size - flat.size % _BLOCK
    blocks, rest = flat[:cut].reshape(-1, _BLOCK), flat[cut:]
    return float(np.add.reduce(np.vecdot(blocks, blocks), dtype=np.float64)) + float(rest.dot(rest))


def _long_summary(flat):
    """As _summary, in float64 and with what is not finite counted."""
    nan = inf = 0
    if flat.dtype.kind == "f":
        finite = np.isfinite(flat)
        nan = int(np.count_nonzero(np.isnan(flat)))
        inf = int(flat.size - np.count_nonzero(finite) - nan)
        flat = flat[finite]
    if not flat.size:
        return math.nan, math.nan, math.nan, math.nan, nan, inf
    wide = flat.astype(np.float64)
    norm = math.nan if nan + inf else float(np.sqrt(wide @ wide))
    return float(flat.min()), float(flat.max()), float(wide.mean()), norm, nan, inf
