"""Copies of arrays that wait for the script's end: in memory up to a size, the others in a file without a name."""

from tempfile import TemporaryFile
from typing import NamedTuple

import numpy as np


class Place(NamedTuple):
    """Where an array is in the file."""

    start: int
    shape: tuple
    dtype: np.dtype


class Shelf:
    """Lists of arrays, with None among them, that are wanted back once. room: bytes that stay in memory.

    Where no file can be written, all stays in memory.
    """

    def __init__(self, room):
        self._left = room
        self._file = None

    def put(self, arrays):
        """What to give `back` for them."""
        self._left -= sum(each.nbytes for each in arrays if each is not None)
        if self._left >= 0:
            return arrays
        try:
            return [None if each is None else self._written(each) for each in arrays]
        except OSError:
            return arrays

    def back(self, kept):
        """The arrays."""
        return [self._read(each) if isinstance(each, Place) else each for each in kept]

    def _written(self, array):
        if self._file is None:
            self._file = TemporaryFile()
        start = self._file.seek(0, 2)
        self._file.write(array.tobytes())
        return Place(start, array.shape, array.dtype)

    def _read(self, place):
        self._file.seek(place.start)
        count = int(np.prod(place.shape, dtype=np.int64))
        return np.frombuffer(self._file.read(count * place.dtype.itemsize), place.dtype).reshape(place.shape)
