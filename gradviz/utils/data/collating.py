"""Samples as one batch, tensors stacked; as PyTorch's default_collate."""

import copy
import re
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence

import numpy as np

from gradviz.engine.creation import tensor
from gradviz.engine.dtypes import float64
from gradviz.engine.exchange import as_tensor
from gradviz.engine.tensor import Tensor
from gradviz.ops.stacking import stack

WRONG = "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"


def default_collate(batch):
    """A list of samples as one: tensors stacked, numbers a tensor, and so within tuples, lists and dicts."""
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(list(batch), 0)
    if isinstance(first, np.ndarray):
        if re.search("[SaUO]", first.dtype.str):
            raise TypeError(WRONG.format(first.dtype))
        return stack([as_tensor(each) for each in batch], 0)
    if isinstance(first, (np.bool_, np.number)):
        return as_tensor(np.array(batch))
    if isinstance(first, float):
        return tensor(batch, dtype=float64)
    if isinstance(first, int):
        return tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    return _within(batch, first)


def _within(batch, first):
    if isinstance(first, Mapping):
        found = {key: default_collate([each[key] for each in batch]) for key in first}
        if isinstance(first, MutableMapping):
            made = copy.copy(first)
            made.update(found)
            return made
        return type(first)(found)
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*map(default_collate, zip(*batch, strict=False)))
    if not isinstance(first, Sequence):
        raise TypeError(WRONG.format(type(first)))
    if any(len(each) != len(first) for each in batch):
        raise RuntimeError("each element in list of batch should be of equal size")
    found = [default_collate(each) for each in zip(*batch, strict=True)]
    if isinstance(first, tuple) or isinstance(first, list):
        return found
    if isinstance(first, MutableSequence):
        made = copy.copy(first)
        made[:] = found
        return made
    return type(first)(found)


def default_convert(data):
    """One sample with its arrays as tensors, also within tuples, lists and dicts."""
    if isinstance(data, np.ndarray) and not re.search("[SaUO]", data.dtype.str):
        return as_tensor(data)
    if isinstance(data, (np.bool_, np.number)):
        return as_tensor(np.asarray(data))
    if isinstance(data, Mapping):
        return type(data)({key: default_convert(each) for key, each in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, tuple):
        return [default_convert(each) for each in data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return type(data)([default_convert(each) for each in data])
    return data
