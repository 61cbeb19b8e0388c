"""NumPy's .npz: a zip of .npy arrays. Source: numpy.lib.format."""

import zipfile
from math import prod

import numpy as np

from gradviz.engine import dtypes
from gradviz.errors import BadFile

OUTLINE = "__outline__"
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
MOST = 1100  # how many times smaller deflate makes zeros; a greater promise is a bomb


def write(stream, arrays, outline):
    """Writes the arrays, uncompressed, and the outline as the bytes of an array."""
    if outline is not None:
        arrays = {**arrays, OUTLINE: np.frombuffer(outline.encode(), np.uint8)}
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            # a ZipInfo of our own has no time in it: the same tensors give the same bytes
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def read(stream):
    """({name: array}, outline or None); BadFile for what is no sound .npz of arrays that tensors can hold."""
    length = stream.seek(0, 2)
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        _check(members, length)
        arrays = {info.filename.removesuffix(".npy"): _array(archive, info) for info in members}
    if len(arrays) < len(members):
        raise BadFile("the .npz holds two arrays of one name: save it anew")
    outline = arrays.pop(OUTLINE, None)
    return arrays, None if outline is None else outline.tobytes().decode(errors="replace")


def _check(members, length):
    names = {info.filename for info in members}
    if any(name.endswith("data.pkl") for name in names):
        raise BadFile(
            "the file is PyTorch's zip of a pickle under another name, which gradviz never loads: in PyTorch, use "
            "safetensors.torch.save_file"
        )
    for info in members:
        if not info.filename.endswith(".npy"):
            raise BadFile(f"the zip holds {info.filename!r}, which is no array (.npy): expected an .npz")
        stored = info.compress_type == zipfile.ZIP_STORED
        if info.compress_size > length or info.file_size > info.compress_size * (1 if stored else MOST):
            raise BadFile(
                f"{info.filename!r} claims {info.file_size:,} bytes, more than can be in this file of {length:,}: "
                "copy or save it anew"
            )


def _array(archive, info):
    with archive.open(info) as member:
        version = np.lib.format.read_magic(member)
        if version not in HEADERS:
            raise BadFile(f"{info.filename!r} is of .npy version {version}: expected 1.0 or 2.0")
        shape, fortran, dtype = HEADERS[version](member)
        check_dtype(info.filename.removesuffix(".npy"), dtype)
        nbytes = prod(shape) * dtype.itemsize
        if min(shape, default=0) < 0 or member.tell() + nbytes != info.file_size:
            raise BadFile(
                f"{info.filename!r} says {nbytes:,} bytes of elements, but {info.file_size - member.tell():,} are "
                "there: copy or save the file anew"
            )
        array = np.empty(shape, dtype, "F" if fortran else "C")
        memory = (array.T if fortran else array).reshape(-1).view(np.uint8)
        # the last read sees the end, where the checksum is compared
        if member.readinto(memory) != nbytes or member.read(1):
            raise EOFError
    return array.astype(dtype.newbyteorder("="), copy=False)


def check_dtype(name, dtype):
    """BadFile for an array of elements that a tensor can't hold."""
    try:
        dtypes.of_array(np.empty(0, dtype.newbyteorder("=")))
    except TypeError:
        said = "Python objects, which only a pickle can hold" if dtype.hasobject else f"{dtype}"
        known = ", ".join(each.name for each in dtypes.ALL)
        raise BadFile(
            f"{name!r} is of {said}; tensors here are of {known}: convert it where the file is made"
        ) from None
