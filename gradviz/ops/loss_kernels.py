"""What PyTorch's backward of a loss runs as one op with derivatives of its own: a second backward meets its nodes.

`reduction` is PyTorch's number: 0 none, 1 mean, 2 sum.
"""

from math import prod

import numpy as np

from gradviz.engine.catalogue import raw
from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp

LEAST = float(np.float32(1e-12))  # PyTorch's EPSILON in the gradient of binary_cross_entropy
MARGIN = 1e-12  # its eps in that gradient's own gradients


def shared(value, losses, reduction):
    """The gradient of each of the losses, where that of their mean is `value`."""
    return value / max(prod(losses.shape), 1) if reduction == 1 else value


def weighed(values, weight):
    """Values times a weight, or as they are."""
    return values if weight is None else values * weight


def _ones(ops, grad):
    return ops.new_zeros(grad, size=tuple(grad.shape)) + 1


# -- regression --------------------------------------------------------------------------------------


def _mse_bend(grad, grad_output, reduction):
    product = grad * grad_output * 2
    return shared(product, product, reduction)


@op(
    grad_fn="MseLossBackwardBackward0",
    grad_output=vjp(
        "2 * (self - target) / numel where the mean is taken, else without numel",
        lambda ops, grad, self, target, reduction: ops.mse_loss_backward(grad, self, target, reduction=reduction),
    ),
    self=vjp(
        "2 * grad_output / numel where the mean is taken, else without numel",
        lambda grad, grad_output, reduction: _mse_bend(grad, grad_output, reduction),
    ),
    target=vjp(
        "-2 * grad_output / numel where the mean is taken, else without numel",
        lambda grad, grad_output, reduction: -_mse_bend(grad, grad_output, reduction),
    ),
)
def mse_loss_backward(xp, grad_output, self, target, *, reduction):
    """The gradient of mse_loss for its input."""
    difference = (self - target) * 2.0
    return xp.asarray(shared(difference, difference, reduction) * grad_output, order="C")


def sloped(ops, grad, self, target, reduction, edge, steep):
    """The gradient of a loss that is a square up to an edge, and then straight."""
    difference = self - target
    slope = ops.clamp_numbers(difference, min=-edge, max=edge)
    return slope * (shared(grad, difference, reduction) * steep)


def _within(ops, grad, grad_output, self, target, edge):
    return grad * grad_output * (ops.abs(self - target) < edge)


def _smooth_bend(ops, grad, grad_output, self, target, reduction, beta):
    found = _within(ops, grad, grad_output, self, target, beta) / beta
    return shared(found, found, reduction)


@op(
    grad_fn="SmoothL1LossBackwardBackward0",
    grad_output=vjp(
        "(self - target) / beta where abs(self - target) < beta, else sign",
        lambda ops, grad, self, target, reduction, beta: ops.smooth_l1_loss_backward(
            grad, self, target, reduction=reduction, beta=beta
        ),
    ),
    self=vjp(
        "grad_output / beta where abs(self - target) < beta, else 0",
        _smooth_bend,
    ),
    target=vjp(
        "-grad_output / beta where abs(self - target) < beta, else 0",
        lambda ops, grad, grad_output, self, target, reduction, beta: -_smooth_bend(
            ops, grad, grad_output, self, target, reduction, beta
        ),
    ),
)
def smooth_l1_loss_backward(xp, grad_output, self, target, *, reduction, beta):
    """The gradient of smooth_l1_loss for its input."""
    return xp.asarray(sloped(raw(self), grad_output, self, target, reduction, beta, 1 / beta), order="C")


def huber_slope(ops, grad, self, target, reduction, delta):
    """The gradient of huber_loss for its input."""
    kinds = [getattr(each, "_array", each).dtype for each in (target, self)]
    if kinds[0] != kinds[1]:
        raise RuntimeError(f"Found dtype {title(kinds[0])} but expected {title(kinds[1])}")
    return sloped(ops, grad, self, target, reduction, delta, 1.0)


def _huber_bend(ops, grad, grad_output, self, target, reduction, delta):
    found = _within(ops, grad, grad_output, self, target, delta)
    return shared(found, found, reduction)


@op(
    grad_fn="HuberLossBackwardBackward0",
    grad_output=vjp(
        "self - target where abs(self - target) < delta, else delta * sign",
        lambda ops, grad, self, target, reduction, delta: ops.huber_loss_backward(
            _ones(ops, grad), self, target, reduction=reduction, delta=delta
        )
        * grad,
    ),
    self=vjp(
        "grad_output where abs(self - target) < delta, else 0",
        _huber_bend,
    ),
    target=vjp(
        "-grad_output where abs(self - target) < delta, else 0",
        lambda ops, grad, grad_output, self, target, reduction, delta: -_huber_bend(
            ops, grad, grad_output, self, target, reduction, delta
        ),
    ),
)
def huber_loss_backward(xp, grad_output, self, target, *, reduction, delta):
    """The gradient of huber_loss for its input."""
    return xp.asarray(huber_slope(raw(self), grad_output, self, target, reduction, delta), order="C")


# -- two classes -------------------------------------------------------------------------------------


def soft_slope(ops, grad, self, target, reduction):
    """The gradient of soft_margin_loss."""
    turned = ops.neg(target)  # which refuses booleans, as PyTorch does here
    raised = ops.exp(turned * self)
    slope = turned * raised / (raised + 1)
    return slope * shared(grad, slope, reduction)


def _soft_bend(ops, grad, grad_output, self, target, reduction):
    raised = ops.exp(self * -target)
    more = raised + 1
    found = grad * grad_output * (target * target) * raised / (more * more)
    return shared(found, found, reduction)


@op(
    grad_fn="SoftMarginLossBackwardBackward0",
    grad_output=vjp(
        "-target / (1 + exp(target * self)) / numel where the mean is taken, else without numel",
        lambda ops, grad, self, target, reduction: ops.soft_margin_loss_backward(
            _ones(ops, grad), self, target, reduction=reduction
        )
        * grad,
    ),
    self=vjp(
        "target**2 * exp(-target * self) / (1 + exp(-target * self))**2 * grad_output / numel where the mean is taken, "
        "else without numel",
        _soft_bend,
    ),
)
def soft_margin_loss_backward(xp, grad_output, self, target, *, reduction):
    """The gradient of soft_margin_loss."""
    return soft_slope(raw(self), grad_output, self, target, reduction)


def entropy_slope(ops, grad, self, target, weight, reduction):
    """The gradient of binary_cross_entropy for its input."""
    under = (1.0 - self) * self
    slope = (self - target) / ops.where(under < LEAST, LEAST, under)
    return weighed(slope * shared(grad, slope, reduction), weight)


def _entropy_again(grad, self, target, weight, reduction):
    slope = (self - target) / ((self + MARGIN) * (1 - self + MARGIN))
    found = weighed(slope * grad, weight)
    return shared(found, found, reduction)


def _entropy_bend(grad, grad_output, self, target, weight, reduction):
    above = self * self - self * 2 * target + target
    slope = above / ((self + MARGIN) ** 2 * (1 - self + MARGIN) ** 2)
    found = weighed(slope * (grad * grad_output), weight)
    return shared(found, found, reduction)


def _entropy_bend_of_target(grad, grad_output, self, weight, reduction):
    found = weighed(-grad * grad_output / ((1 - self) * self), weight)
    return shared(found, found, reduction)


@op(
    grad_fn="BinaryCrossEntropyBackwardBackward0",
    grad_output=vjp(
        "(self - target) / (self * (1 - self)) / numel where the mean is taken, else without numel", _entropy_again
    ),
    self=vjp(
        "(self**2 - 2 * self * target + target) / (self * (1 - self))**2 * grad_output / numel where the mean is "
        "taken, else without numel",
        _entropy_bend,
    ),
    target=vjp(
        "-grad_output / (self * (1 - self)) / numel where the mean is taken, else without numel",
        _entropy_bend_of_target,
    ),
    optional=("weight",),
)
def binary_cross_entropy_backward(xp, grad_output, self, target, weight, *, reduction):
    """The gradient of binary_cross_entropy for its input."""
    return entropy_slope(raw(self), grad_output, self, target, weight, reduction)
