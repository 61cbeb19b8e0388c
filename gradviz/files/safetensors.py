"""The safetensors format: the length of a header, the header in JSON, the elements of all tensors behind it.

Source: https://github.com/huggingface/safetensors, section "Format"; as there, what the header describes must
cover the rest of the file exactly, without gaps and overlaps.
"""

import json
from math import prod

import numpy as np

from gradviz.errors import BadFile

DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1", "U8": "|u1",
    "BOOL": "|b1",
}  # fmt: skip
NAMES = {np.dtype(code).newbyteorder("=").name: name for name, code in DTYPES.items()}
LONGEST_HEADER = 100_000_000
OUTLINE = "outline"


def write(stream, arrays, outline):
    """Writes the arrays, the widest elements first so that all are aligned, and the outline among the metadata."""
    header = {"__metadata__": {OUTLINE: outline}} if outline is not None else {}
    order = sorted(arrays, key=lambda name: -arrays[name].itemsize)
    starts, end = {}, 0
    for name in order:
        starts[name], end = end, end + arrays[name].nbytes
    for name, array in arrays.items():
        offsets = [starts[name], starts[name] + array.nbytes]
        header[name] = {"dtype": NAMES[array.dtype.name], "shape": list(array.shape), "data_offsets": offsets}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    stream.write(len(text).to_bytes(8, "little") + text)
    for name in order:
        array = arrays[name]
        stream.write(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).data)


def read(stream):
    """({name: array}, outline or None); BadFile for what is no sound file or holds what tensors can't."""
    length = stream.seek(0, 2)
    stream.seek(0)
    header, start = _header(stream, length)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict):
        raise BadFile("the __metadata__ of the header is no object: save the file anew")
    places = {name: _place(name, entry) for name, entry in header.items()}
    _check_cover(places, length - start)
    arrays = {}
    for name, (dtype, shape, begin, _) in places.items():
        array = np.empty(shape, dtype)
        stream.seek(start + begin)
        if stream.readinto(array.reshape(-1).view(np.uint8)) != array.nbytes:
            raise BadFile(f"the file became shorter while {name!r} was read: copy or save it anew")
        arrays[name] = array.astype(dtype.newbyteorder("="), copy=False)
    outline = metadata.get(OUTLINE)
    return arrays, outline if isinstance(outline, str) else None


def _header(stream, length):
    """The header as a dict, and where the elements start."""
    size = int.from_bytes(stream.read(8), "little")
    if length < 8 or size > min(length - 8, LONGEST_HEADER):
        raise BadFile(
            f"the file is no .safetensors file, or is cut off: it begins with a header of {size:,} bytes, but is "
            f"{length:,} bytes long: copy or save it anew"
        )
    try:
        header = json.loads(stream.read(size).decode(), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise BadFile("the header is damaged, or this is no .safetensors file: copy or save it anew")
    return header, 8 + size


def _without_duplicates(pairs):
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name is there twice")
    return dict(pairs)


def _place(name, entry):
    """(dtype, shape, begin, end) of a tensor, checked one by one."""
    try:
        code, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        whole = isinstance(code, str) and all(type(each) is int and each >= 0 for each in (*shape, begin, end))
    except (KeyError, TypeError, ValueError):
        whole = False
    if not whole:
        raise BadFile(f"the header describes {name!r} in a way that is none: copy or save the file anew")
    if code not in DTYPES:
        known = ", ".join(DTYPES)
        raise BadFile(
            f"{name!r} is of {code}{' (bfloat16)' * (code == 'BF16')}, which NumPy tensors can't hold; they are of "
            f"{known}: convert it where the file is made"
        )
    dtype = np.dtype(DTYPES[code])
    needed = prod(shape) * dtype.itemsize
    if end - begin != needed:
        raise BadFile(
            f"{name!r} has {end - begin:,} bytes, but a shape of {shape} {code} takes {needed:,}: copy or save the "
            "file anew"
        )
    return dtype, tuple(shape), begin, end


def _check_cover(places, length):
    end = 0
    for _, _, begin, stop in sorted(places.values(), key=lambda place: place[2:]):
        if begin != end:
            raise BadFile(f"tensors overlap or leave a gap at byte {min(begin, end):,}: copy or save the file anew")
        end = stop
    if end != length:
        raise BadFile(
            f"the header describes {end:,} bytes of tensors, but {length:,} are there: the file is cut off or has "
            "something behind it; copy or save it anew"
        )
