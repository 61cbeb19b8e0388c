"""Gradients brought to the shape and dtype of the input they belong to: what broadcasting and promotion did, undone."""

import numpy as np

from gradviz.engine.tensor import Tensor


def fitted(gradient, shape, dtype, ops):
    """A gradient, array or Tensor, in this shape and dtype; `ops` are the differentiable ones where it is a Tensor."""
    if gradient is None:
        return None
    if gradient.shape != shape:
        gradient = sum_to_size(gradient, shape, ops)
    if not isinstance(gradient, Tensor):
        return gradient if gradient.dtype is dtype else gradient.astype(dtype)
    return gradient if gradient._array.dtype == dtype else ops.to_copy(gradient, dtype=dtype)


def fitted_all(node, outgoing, ops):
    """What a node hands on, each in the shape and dtype of its input, where the node was made to look after that."""
    if not node._run.fits:
        return outgoing
    fits = node._settings[len(node.setting_names) :]
    if node.op.variadic in node.op.differentiable:
        return [fitted(each, *fit, ops) for each, fit in zip(outgoing, fits[0], strict=True)]
    return [fitted(each, fits[2 * i], fits[2 * i + 1], ops) for i, each in enumerate(outgoing)]


def sum_to_size(gradient, shape, ops):
    """Undoes broadcasting: sums a gradient over the dimensions that were spread out."""
    if gradient.__class__ is np.ndarray and gradient.shape[1:] == shape:  # a bias: the most frequent case by far
        return np.add.reduce(gradient, 0)
    extra = len(gradient.shape) - len(shape)
    dims = [*range(extra), *(extra + i for i, size in enumerate(shape) if size == 1 and gradient.shape[extra + i] != 1)]
    if isinstance(gradient, Tensor):
        if not shape:
            return ops.sum(gradient)
        summed = ops.sum_dim(gradient, dim=tuple(dims), keepdim=True)
        return ops.view(summed, size=tuple(shape)) if extra else summed
    return gradient.sum(axis=tuple(dims), keepdims=True).reshape(shape)


def broadcasts_from(small, large):
    """Whether a tensor of the shape `small` spreads out to the shape `large`."""
    extra = len(large) - len(small)
    return extra >= 0 and all(a in (1, b) for a, b in zip(small, large[extra:], strict=True))


def refuse_misfit(node, position, given, wanted):
    """RuntimeError, in PyTorch's words, for a gradient whose shape doesn't sum up to that of its input."""
    if given != wanted and not broadcasts_from(wanted, given):
        raise RuntimeError(
            f"Function {node} returned an invalid gradient at index {position} - got {list(given)} but expected shape "
            f"compatible with {list(wanted)}"
        )
