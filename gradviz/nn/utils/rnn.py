"""Sequences of different lengths as one tensor: padded, or packed without padding; as `torch.nn.utils.rnn`."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from gradviz.engine import dtypes
from gradviz.engine.exchange import as_tensor
from gradviz.engine.tensor import Tensor
from gradviz.ops import changes, gathering, packing, sorting


class _Packed(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Packed):
    """Rows (sum(batch_sizes), ...) of sequences without padding; made by pack_padded_sequence and pack_sequence."""

    __slots__ = ()

    def __new__(cls, data, batch_sizes=None, sorted_indices=None, unsorted_indices=None):
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        elif batch_sizes.device.type != "cpu":
            raise ValueError(
                "batch_sizes should always be on CPU. Instances of PackedSequence should never be created manually. "
                "They should be instantiated by functions like pack_sequence and pack_padded_sequences in nn.utils.rnn."
                " https://pytorch.org/docs/stable/nn.html#torch.nn.utils.rnn.pack_sequence"
            )
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args, **kwargs):
        """In another dtype or on another device; itself where it is so."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        order = (None if each is None else each.to(data.device) for each in self[2:])
        return type(self)(data, self.batch_sizes, *order)

    def cuda(self, *args, **kwargs):
        """On a GPU."""
        return self.to("cuda") if not args and not kwargs else self.to(*args, **kwargs)

    def cpu(self, *args, **kwargs):
        """On the CPU."""
        return self.to("cpu")

    @property
    def is_cuda(self):
        """Whether the rows are on a GPU."""
        return self.data.is_cuda


def _conversion(name, dtype):
    def converted(self):
        return self.to(dtype)

    converted.__name__ = converted.__qualname__ = name
    converted.__doc__ = f"`to({dtype})`."
    return converted


for _name, _dtype in {
    "double": dtypes.float64, "float": dtypes.float32, "half": dtypes.float16, "long": dtypes.int64,
    "int": dtypes.int32, "short": dtypes.int16, "char": dtypes.int8, "byte": dtypes.uint8,
}.items():  # fmt: skip
    setattr(PackedSequence, _name, _conversion(_name, _dtype))


def invert_permutation(permutation):
    """Where each element of a permutation came from; None of None."""
    if permutation is None:
        return None
    return sorting.argsort(permutation)


# -- packed ------------------------------------------------------------------------------------------


def pack_padded_sequence(input, lengths, batch_first=False, enforce_sorted=True):
    """(steps, N, ...) without padding; lengths fall, unless enforce_sorted is False."""
    lengths = lengths.to(dtypes.int64) if isinstance(lengths, Tensor) else as_tensor(lengths, dtypes.int64, "cpu")
    order = None
    if not enforce_sorted:
        lengths, order = sorting.sort(lengths, descending=True)
        order = order.to(input.device)
        input = gathering.index_select(input, 0 if batch_first else 1, order)
    if lengths.ndim != 1 or lengths.device.type != "cpu":
        raise RuntimeError(
            f"'lengths' argument should be a 1D CPU int64 tensor, but got {lengths.ndim}D {lengths.device.type} "
            f"{dtypes.title(lengths._array.dtype)} tensor"
        )
    data = packing.pack_padded_sequence(input, lengths=tuple(lengths.tolist()), batch_first=batch_first)
    going_on = (np.arange(int(lengths[0]))[:, None] < lengths._array).sum(axis=1)
    return PackedSequence(data, Tensor(going_on), order)


def pack_sequence(sequences, enforce_sorted=True):
    """Sequences (L, ...) in one, without padding; the longest first, unless enforce_sorted is False."""
    lengths = as_tensor([each.shape[0] for each in sequences])
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def pad_packed_sequence(sequence, batch_first=False, padding_value=0.0, total_length=None):
    """(steps, N, ...) with padding, and the lengths: what pack_padded_sequence was given."""
    longest = sequence.batch_sizes.shape[0]
    if total_length is not None:
        if total_length < longest:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {longest}"
            )
        longest = total_length
    padded, lengths = packing.pad_packed_sequence(
        sequence.data, sequence.batch_sizes, batch_first, padding_value, longest
    )
    if sequence.unsorted_indices is None:
        return padded, lengths
    order = sequence.unsorted_indices
    return gathering.index_select(padded, 0 if batch_first else 1, order), lengths[order.cpu()]


# -- padded ------------------------------------------------------------------------------------------


def pad_sequence(sequences, batch_first=False, padding_value=0.0, padding_side="right"):
    """Sequences (L, ...) of different lengths side by side: (longest, B, ...), or (B, longest, ...)."""
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    if padding_side not in ("right", "left"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    sequences = list(sequences)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    for place, each in enumerate(sequences):
        if not isinstance(each, Tensor):
            raise TypeError(f"expected Tensor as element {place} in argument 0, but got {type(each).__name__}")
    longest = max(each.shape[0] for each in sequences)
    lead = (len(sequences), longest) if batch_first else (longest, len(sequences))
    out = sequences[0].new_full((*lead, *sequences[0].shape[1:]), padding_value)
    for k, each in enumerate(sequences):
        size = each.shape[0]
        rows = slice(0, size) if padding_side == "right" else slice(longest - size, longest)
        out[(k, rows) if batch_first else (rows, k)] = each
    return out


def unpad_sequence(padded_sequences, lengths, batch_first=False):
    """The sequences (L, ...) that were padded; as in PyTorch, without batch_first the tensor itself is turned."""
    if not batch_first:
        changes.transpose_(padded_sequences, 0, 1)
    place = Tensor(np.arange(padded_sequences.shape[1])).to(lengths.device)
    return [each[place < length] for each, length in zip(padded_sequences, lengths, strict=True)]


def unpack_sequence(packed_sequences):
    """The sequences (L, ...) that were packed."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)


__all__ = [
    "PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence",
    "pad_sequence", "unpack_sequence", "unpad_sequence",
]  # fmt: skip
