"""`torch.autograd.grad`, which also takes a batch of gradients."""

from gradviz.engine import backward
from gradviz.engine.reach import as_sequence
from gradviz.engine.tensor import Size, Tensor
from gradviz.ops.stacking import stack


def grad(
    outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, only_inputs=True, allow_unused=None,
    is_grads_batched=False, materialize_grads=False,
):  # fmt: skip
    """The gradients of `outputs` for `inputs`, a tuple; nothing is stored in any .grad.

    Outputs and inputs are tensors, or GradientEdges in their place. is_grads_batched: the first dimension of
    grad_outputs counts gradients, one backward each, and the results have it too. RuntimeError for an input
    that the graph doesn't use, unless allow_unused.
    """
    settings = (create_graph, allow_unused, materialize_grads)
    if not is_grads_batched:
        return backward.grad(outputs, inputs, grad_outputs, retain_graph, *settings)
    roots, batch = as_sequence(outputs), as_sequence(() if grad_outputs is None else grad_outputs)
    _check_sizes(roots, batch)
    count, keep = len(batch[0]), create_graph if retain_graph is None else retain_graph
    rows = [
        backward.grad(roots, inputs, [each[k] for each in batch], keep or k < count - 1, *settings)
        for k in range(count)
    ]  # fmt: skip
    return tuple(None if column[0] is None else stack(column, 0) for column in zip(*rows, strict=True))


def _check_sizes(roots, batch):
    if len(batch) != len(roots) or not all(isinstance(each, Tensor) and each.ndim for each in batch):
        raise ValueError("is_grads_batched=True needs grad_outputs whose first dimension counts gradients")
    for position, (root, given) in enumerate(zip(roots, batch, strict=True)):
        if isinstance(root, Tensor) and given.shape[1:] != root.shape:
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch "
                "dimension. The sizes of the remaining dimensions are expected to match the shape of corresponding "
                "output, but a mismatch was detected: "
                f"grad_output[{position}] has a shape of {Size(given.shape[1:])} and "
                f"output[{position}] has a shape of {root.shape}. If you only want some tensors in `grad_output` to be "
                "considered batched, consider using vmap."
            )


__all__ = ["grad"]
