"""Items made a batch: tensors stacked, numbers made tensors, and what holds them rebuilt around that."""

import copy
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence

import numpy as np

from gradviz.engine.creation import tensor
from gradviz.engine.dtypes import float64
from gradviz.engine.exchange import as_tensor
from gradviz.engine.tensor import Tensor
from gradviz.ops.stacking import stack


def default_collate(batch):
    """A batch of items: one more dim in front of tensors, arrays and numbers; texts in a list.

    TypeError for what can't be batched; RuntimeError where items that are sequences differ in length.
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(list(batch), 0)
    if isinstance(first, np.ndarray):
        _refuse_objects(first)
        return stack([as_tensor(each) for each in batch], 0)
    if isinstance(first, (np.bool_, np.number, np.object_)):
        return as_tensor(batch)
    if isinstance(first, float):
        return tensor(batch, dtype=float64)
    if isinstance(first, int):
        return tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _mapping(first, {key: default_collate([each[key] for each in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*map(default_collate, zip(*batch, strict=False)))
    if isinstance(first, Sequence):
        if any(len(each) != len(first) for each in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        columns = [default_collate(each) for each in zip(*batch, strict=True)]
        return columns if isinstance(first, tuple) else _sequence(first, columns)
    raise TypeError(_complaint(type(first)))


def default_convert(data):
    """Arrays, and what is in dicts and lists, as tensors; all else as it is."""
    if isinstance(data, Tensor):
        return data
    if isinstance(data, np.ndarray) and data.dtype.kind in "SUO":
        return data
    if type(data).__module__ == "numpy" and not isinstance(data, (np.str_, np.bytes_)):
        return as_tensor(data)
    if isinstance(data, Mapping):
        return _mapping(data, {key: default_convert(each) for key, each in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, tuple):
        return [default_convert(each) for each in data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _sequence(data, [default_convert(each) for each in data])
    return data


def _mapping(like, found):
    """What was found, in a mapping of the same kind where that can be made."""
    try:
        if not isinstance(like, MutableMapping):
            return type(like)(found)
        made = copy.copy(like)  # it may have more than its items
        made.update(found)
        return made
    except TypeError:
        return found


def _sequence(like, found):
    try:
        if not isinstance(like, MutableSequence):
            return type(like)(found)
        made = copy.copy(like)
        for i, each in enumerate(found):
            made[i] = each
        return made
    except TypeError:
        return found


def _refuse_objects(array):
    if array.dtype.kind in "SUO":
        raise TypeError(_complaint(array.dtype))


def _complaint(kind):
    return f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {kind}"
