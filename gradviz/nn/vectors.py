"""Parameters as one vector and back, and sequences of different lengths as one tensor, as `torch.nn.utils`."""

from types import SimpleNamespace

import numpy as np

from gradviz.engine.asking import typename
from gradviz.engine.tensor import Tensor
from gradviz.nn.clipping import clip_grad_norm_, clip_grad_value_
from gradviz.ops import composite, indexing, stacking


def parameters_to_vector(parameters):
    """All elements of all parameters, one after the other; part of the graph."""
    return stacking.cat([composite.view(each, -1) for each in parameters])


def vector_to_parameters(vec, parameters):
    """Gives each parameter its part of a vector as its data, without a copy."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {typename(vec)}")
    start = 0
    for each in parameters:
        part = indexing.slice(vec, dim=0, start=start, end=start + each.numel(), step=1)
        each.data = composite.view(part, *each.shape).data
        start += each.numel()


def pad_sequence(sequences, batch_first=False, padding_value=0.0, padding_side="right"):
    """Sequences (L, ...) of different lengths side by side: (longest, B, ...), or (B, longest, ...)."""
    if padding_side not in ("right", "left"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    sequences = list(sequences)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    longest = max(each.shape[0] for each in sequences)
    lead = (len(sequences), longest) if batch_first else (longest, len(sequences))
    out = sequences[0].new_full((*lead, *sequences[0].shape[1:]), padding_value)
    for k, each in enumerate(sequences):
        size = each.shape[0]
        rows = slice(0, size) if padding_side == "right" else slice(longest - size, longest)
        out[(k, rows) if batch_first else (rows, k)] = each
    return out


def get_total_norm(tensors, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """The norm of the norms of tensors."""
    found = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if not found:
        return Tensor(np.zeros((), np.float32))
    total = stacking.stack([each.norm(norm_type) for each in found]).norm(norm_type)
    if error_if_nonfinite and not total.isfinite():
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be "
            "clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    return total


rnn = SimpleNamespace(pad_sequence=pad_sequence)

__all__ = [
    "clip_grad_norm_", "clip_grad_value_", "get_total_norm", "parameters_to_vector", "rnn", "vector_to_parameters",
]  # fmt: skip
