"""Losses, and the log-softmax that cross entropy starts with.

`reduction` is PyTorch's number: 0 none, 1 mean, 2 sum.
"""

import numpy as np

from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.engine.rows import rows
from gradviz.ops.backward_kernels import NO_SLOPE
from gradviz.ops.loss_kernels import shared
from gradviz.ops.reduction import averaged
from gradviz.ops.refusals import refuse_kinds


def _refuse_whole(kernel, array, dim):
    last = "" if dim + 1 < array.ndim else "lastdim_"
    refuse_kinds(f"{kernel}_{last}kernel_impl", array, "biu")


@op(
    self=vjp(
        "delta - softmax(self): grad - exp(result) * sum(grad)",
        lambda ops, grad, result, dim: ops.log_softmax_backward_data(grad, result, dim=dim),
    ),
)
def log_softmax(xp, self, *, dim):
    """`self - log(sum(exp(self)))` along a dimension, shifted by its maximum so that nothing overflows."""
    if not self.size:
        return self.copy()
    _refuse_whole("log_softmax", self, dim)
    return _log_softmax.along(dim, xp, xp.asarray(self, order="C"))


@rows("r")
def _log_softmax(xp, self, dim=-1):
    shifted = self - self.max(axis=dim, keepdims=True)
    shifted -= xp.log(xp.exp(shifted).sum(axis=dim, keepdims=True))
    return shifted


@op(
    self=vjp(
        "result * (delta - result)",
        lambda ops, grad, result, dim: ops.softmax_backward_data(grad, result, dim=dim),
    ),
)
def softmax(xp, self, *, dim):
    """`exp(self) / sum(exp(self))` along a dimension, shifted by its maximum so that nothing overflows."""
    if not self.size:
        return self.copy()
    _refuse_whole("softmax", self, dim)
    return _softmax.along(dim, xp, xp.asarray(self, order="C"))


@rows("r")
def _softmax(xp, self, dim=-1):
    raised = xp.exp(self - self.max(axis=dim, keepdims=True))
    raised /= raised.sum(axis=dim, keepdims=True)
    return raised


def _mse_gradient(grad, self, target, reduction, sign):
    scaled = (self - target) * (sign * 2.0)
    return shared(scaled, scaled, reduction) * grad


@op(
    self=vjp(
        "2 * (self - target) / numel where the mean is taken, else without numel",
        lambda grad, self, target, reduction: _mse_gradient(grad, self, target, reduction, 1),
        lambda ops, grad, self, target, reduction: ops.mse_loss_backward(grad, self, target, reduction=reduction),
    ),
    target=vjp(
        "-2 * (self - target) / numel where the mean is taken, else without numel",
        lambda grad, self, target, reduction: _mse_gradient(grad, self, target, reduction, -1),
        lambda ops, grad, self, target, reduction: ops.mse_loss_backward(grad, target, self, reduction=reduction),
    ),
    dtype="promote",
)
def mse_loss(xp, self, target, *, reduction=1):
    """Mean of `(self - target)**2` (reduction 1), its sum (2), or each (0)."""
    refuse_kinds("mse_cpu", self, "biu")
    difference = self - target
    squares = difference * difference
    return squares if reduction == 0 else averaged(squares) if reduction == 1 else squares.sum()


def _nll_gradient(ops, grad, self, target, weight, total_weight, reduction, ignore_index):
    return ops.nll_loss_backward(
        grad, self, target, weight, total_weight, reduction=reduction, ignore_index=ignore_index
    )


@op(
    self=vjp("-weight[target] / total_weight at the target, else 0", _nll_gradient),
    intermediates=("total_weight",),
    optional=("weight",),
)
def nll_loss(xp, self, target, weight, *, reduction=1, ignore_index=-100):
    """Minus the log-probability (N, C) of each target class (N,), weighted, and averaged (1), summed (2) or each (0)."""  # noqa: E501
    if target.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if self.ndim == 1:
        if target.ndim == 1 and target.size != 1:
            raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {target.size}")
        found, total = nll_loss.op.forward(
            xp, self[None], target.reshape(1), weight, reduction=reduction, ignore_index=ignore_index
        )
        return found.reshape(()), total
    refuse_kinds("nll_loss_out_frame", self, "biu")
    _check_targets(xp, self, target, weight, ignore_index)
    picked = -xp.take_along_axis(self, _safe(xp, target, ignore_index)[:, None], axis=1)[:, 0]
    weights = _weights(xp, self, target, weight, ignore_index)
    losses = picked * weights
    total = weights.sum()
    if reduction == 0:
        return losses, xp.asarray(total * 0)
    return losses.sum() / total if reduction == 1 else losses.sum(), xp.asarray(total)


@op(
    grad_output=vjp(
        "-weight[target] / total_weight",
        lambda ops, grad, target, weight, reduction, ignore_index: ops.nll_loss(
            grad, target, weight, reduction=reduction, ignore_index=ignore_index
        ),
    ),
    self=NO_SLOPE,
    grad_fn="NllLossBackwardBackward0",
    optional=("weight",),
    hidden=("self_sym_sizes",),
)
def nll_loss_backward(xp, grad_output, self, target, weight, total_weight, *, reduction, ignore_index):
    """The gradient of nll_loss."""
    if target.ndim and len(target) != len(self):
        raise RuntimeError(f"size mismatch (got input: {list(self.shape)}, target: {list(target.shape)})")
    weights = _weights(xp, self, target, weight, ignore_index)
    amount = -grad_output * weights
    if reduction == 1:
        amount = amount / total_weight
    out = xp.zeros(self.shape, self.dtype)
    if out.ndim == 1:
        out[_safe(xp, target, ignore_index)] = amount
    else:
        out[xp.arange(len(out)), _safe(xp, target, ignore_index)] = amount
    return out


def _safe(xp, target, ignore_index):
    return xp.where(target == ignore_index, 0, target)


def _weights(xp, self, target, weight, ignore_index):
    counted = (target != ignore_index).astype(self.dtype)
    return counted if weight is None else counted * weight[_safe(xp, target, ignore_index)]


def check_class_kind(target):
    """RuntimeError unless class numbers are of the dtypes that PyTorch takes."""
    if target.dtype not in (np.int64, np.uint8):
        raise RuntimeError(f"expected target dtype to be Long or Byte, but got {title(target.dtype)}")


def check_weight_kind(self, weight):
    """RuntimeError unless the weights of the classes are of the input's dtype."""
    if weight is not None and weight.dtype != self.dtype:
        raise RuntimeError(f"expected scalar type {title(self.dtype)} but found {title(weight.dtype)}")


def _check_targets(xp, self, target, weight, ignore_index):
    if weight is not None and weight.shape != self.shape[1:]:
        raise RuntimeError(
            f"weight tensor should be defined either for all {self.shape[1]} classes or no classes but got weight "
            f"tensor of shape: {list(weight.shape)}"
        )
    check_class_kind(target)
    check_weight_kind(self, weight)
    if xp.__name__ == "numpy":  # on a GPU this look would wait for the device
        wrong = target[((target < 0) | (target >= self.shape[1])) & (target != ignore_index)]
        if wrong.size:
            raise IndexError(f"Target {int(wrong[0])} is out of bounds.")
