"""Tensors of different devices that meet in one op: what PyTorch allows, and its words for the rest."""

import numpy as np

from gradviz.engine import backend, coerce, dtypes

TAKE_A_SCALAR = {"fill_tensor", "masked_fill_tensor"}


def module_of_all(arrays):
    """The one array module of these arrays, NumPy scalars and None left out; None where they are on several devices."""
    found = []
    for array in arrays:
        if array is None or isinstance(array, np.generic):
            continue
        place = -1 if isinstance(array, np.ndarray) else array.device.id
        if place not in found:
            found.append(place)
    if len(found) > 1:
        return None
    return np if found in ([-1], []) else backend.modules["cuda"]


def on_one_device(op, tensors):
    """The inputs of an elementwise op, with 0-d tensors on the CPU copied to the GPU of the others, in the graph.

    RuntimeError, with PyTorch's words, for any other mix.
    """
    present = [each for each in tensors if each is not None and not isinstance(each._array, np.generic)]
    gpu = next(each for each in present if not isinstance(each._array, np.ndarray))
    device = backend.device_of(gpu._array)
    elementwise = op.name in TAKE_A_SCALAR or (op.dtype in ("promote", "float") and op.variadic is None)
    for each in present:
        scalar = isinstance(each._array, np.ndarray) and each._array.ndim == 0
        if backend.device_of(each._array) != device and not (elementwise and scalar):
            raise RuntimeError(_complaint(op, tensors, device, elementwise))
    return [each if each is None else _beside(gpu, each, device) for each in tensors]


def _beside(gpu, tensor, device):
    from gradviz.engine.catalogue import lifted  # which needs the ops' declarations, which need this

    if tensor._is_number:
        return coerce.number_like(tensor.value, gpu)
    if isinstance(tensor._array, np.ndarray):
        return lifted.to_copy(tensor, device=device, home="cpu")
    return tensor


def _complaint(op, tensors, device, elementwise):
    places = [None if each is None else backend.device_of(each._array) for each in tensors]
    if op.name == "convolution":
        names = [dtypes.type_name(each._array) for each in tensors[:2]]
        if names[0] != names[1]:
            return f"Input type ({names[0]}) and weight type ({names[1]}) should be the same"
    if elementwise:
        other = next(each for each in places if each is not None and each != device)
        return f"Expected all tensors to be on the same device, but found at least two devices, {device} and {other}!"
    first = next(each for each in places if each is not None)
    position, other = next((k, each) for k, each in enumerate(places) if each not in (None, first))
    name = op.inputs[position] if op.variadic is None else op.variadic
    return (
        f"Expected all tensors to be on the same device, but got {name} is on {other}, different from other tensors on "
        f"{first} (when checking argument in method wrapper_CUDA_{op.name})"
    )
