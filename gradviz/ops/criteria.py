"""Losses beside those of loss.py, and what PyTorch's composed losses are made of.

`reduction` is PyTorch's number: 0 none, 1 mean, 2 sum.
"""

import operator
from math import prod

import numpy as np

from gradviz.engine.coerce import broadcast_complaint, refuse_bools
from gradviz.engine.dtypes import default_float, joined, title
from gradviz.engine.op import op, vjp
from gradviz.ops import loss
from gradviz.ops.choosing import chosen
from gradviz.ops.reduction import averaged
from gradviz.ops.refusals import refuse_kinds, refuse_unfit

LEAST = float(np.float32(1e-12))  # PyTorch's EPSILON in the gradient of binary_cross_entropy


def _reduced(values, reduction):
    return values if reduction == 0 else averaged(values) if reduction == 1 else values.sum()


def _shared(grad, shape, reduction):
    """The gradient of each element's loss."""
    return grad / max(prod(shape), 1) if reduction == 1 else grad


# -- regression --------------------------------------------------------------------------------------


def _sloped(ops, grad, self, target, reduction, edge, steep):
    """The difference, at most `edge` in size, times `steep`."""
    difference = self - target
    slope = ops.clamp_numbers(difference, min=-edge, max=edge)
    return slope * (_shared(grad, difference.shape, reduction) * steep)


def _huber_slope(ops, grad, self, target, reduction, delta):
    kinds = [getattr(each, "_array", each).dtype for each in (target, self)]
    if kinds[0] != kinds[1]:
        raise RuntimeError(f"Found dtype {title(kinds[0])} but expected {title(kinds[1])}")
    return _sloped(ops, grad, self, target, reduction, delta, 1.0)


def _bent(xp, difference, edge):
    """Half of the square of small differences, and from the edge on a straight line."""
    inner = xp.clip(difference, -edge, edge)
    line = difference - 0.5 * inner
    line *= inner
    return line


@op(
    self=vjp(
        "(self - target) / beta where abs(self - target) < beta, else sign",
        lambda ops, grad, self, target, reduction, beta: _sloped(ops, grad, self, target, reduction, beta, 1 / beta),
    ),
    target=vjp(
        "-(self - target) / beta where abs(self - target) < beta, else -sign",
        lambda ops, grad, self, target, reduction, beta: -_sloped(ops, grad, self, target, reduction, beta, 1 / beta),
    ),
    dtype="promote",
)
def smooth_l1_loss(xp, self, target, *, reduction=1, beta=1.0):
    """Squares of small differences, absolute values of large ones."""
    refuse_kinds("smooth_l1_cpu", self, "biu")
    return _reduced(_bent(xp, self - target, beta) / beta, reduction)


@op(
    self=vjp(
        "self - target where abs(self - target) < delta, else delta * sign",
        lambda ops, grad, self, target, reduction, delta: _huber_slope(ops, grad, self, target, reduction, delta),
    ),
    target=vjp(
        "target - self where abs(self - target) < delta, else -delta * sign",
        lambda ops, grad, self, target, reduction, delta: -_huber_slope(ops, grad, self, target, reduction, delta),
    ),
)
def huber_loss(xp, self, target, *, reduction=1, delta=1.0):
    """Squares of small differences, `delta` times the absolute values of large ones."""
    kind = joined((self.dtype, target.dtype))
    refuse_unfit(self, self.shape, kind)
    refuse_kinds("huber_cpu", xp.empty(0, kind), "biu")
    difference = xp.subtract(self, target, dtype=kind)
    return _reduced(_bent(xp, difference, delta).astype(self.dtype, copy=False), reduction)


# -- two classes -------------------------------------------------------------------------------------


def _weighed(values, weight):
    return values if weight is None else values * weight


def _bce_input(ops, grad, self, target, weight, reduction):
    under = (1.0 - self) * self
    slope = (self - target) / ops.where(under < LEAST, LEAST, under)
    return _weighed(slope * _shared(grad, slope.shape, reduction), weight)


def _bce_target(ops, grad, self, target, weight, reduction):
    slope = ops.log(1.0 - self) - ops.log(self)
    return _weighed(slope * _shared(grad, slope.shape, reduction), weight)


@op(
    self=vjp("(self - target) / (self * (1 - self)) / numel where the mean is taken, else without numel", _bce_input),
    target=vjp("log((1 - self) / self) / numel where the mean is taken, else without numel", _bce_target),
    optional=("weight",),
)
def binary_cross_entropy(xp, self, target, weight, *, reduction=1):
    """Cross entropy of probabilities and targets between 0 and 1; logarithms stop at -100."""
    if self.dtype != target.dtype:
        raise RuntimeError(f"Found dtype {title(target.dtype)} but expected {title(self.dtype)}")
    refuse_kinds("binary_cross_entropy", self, "biu")
    if xp.__name__ == "numpy" and not ((self >= 0) & (self <= 1)).all():  # a GPU would wait for that look
        raise RuntimeError("all elements of input should be between 0 and 1")
    if xp.__name__ == "numpy" and not ((target >= 0) & (target <= 1)).all():
        raise RuntimeError("all elements of target should be between 0 and 1")
    one, other = (xp.maximum(xp.log(each), self.dtype.type(-100)) for each in (self, 1 - self))
    found = (target - 1) * other - target * one
    return _reduced(found if weight is None else into(found, weight, operator.mul), reduction)


def _logits_input(ops, grad, self, target, weight, pos_weight, reduction):
    likely = ops.sigmoid(self)
    if pos_weight is None:
        slope = likely - target
    else:
        positive = pos_weight * target
        slope = (positive + 1.0 - target) * likely - positive
    return _weighed(slope * _shared(grad, slope.shape, reduction), weight)


def _log_sigmoid(ops, value):
    return -(ops.log(ops.exp(-ops.abs(value)) + 1.0) + ops.relu(-value))


def _logits_target(ops, grad, self, target, weight, pos_weight, reduction):
    if pos_weight is None:
        slope = -self
    else:
        slope = _log_sigmoid(ops, -self) - pos_weight * _log_sigmoid(ops, self)
    return _weighed(slope * _shared(grad, slope.shape, reduction), weight)


@op(
    self=vjp("(sigmoid(self) - target) / numel where the mean is taken, else without numel", _logits_input),
    target=vjp("-self / numel where the mean is taken, else without numel", _logits_target),
    optional=("weight", "pos_weight"),
)
def binary_cross_entropy_with_logits(xp, self, target, weight, pos_weight, *, reduction=1):
    """binary_cross_entropy of sigmoid(self), without overflow; in place on `1 - target`, as PyTorch does it."""
    refuse_kinds("log_sigmoid_cpu", self, "biu")
    tail = xp.log1p(xp.exp(-xp.abs(self))) + xp.maximum(-self, self.dtype.type(0))
    if pos_weight is not None:
        refuse_bools(pos_weight, self)
        _refuse_sizes(pos_weight, target)
        tail = into(tail, (pos_weight - 1) * target + 1, operator.mul)
    refuse_bools(target, target)
    found = into(into(1 - target, self, operator.mul), tail, operator.add)
    return _reduced(found if weight is None else into(found, weight, operator.mul), reduction)


def _refuse_sizes(array, other):
    complaint = broadcast_complaint(array.shape, other.shape)
    if complaint is not None:
        raise RuntimeError(complaint)


def into(array, other, function):
    """What an in-place function of PyTorch makes of an array: its size and dtype stay."""
    if array.shape != other.shape or array.dtype != other.dtype:
        _refuse_sizes(array, other)
        refuse_unfit(array, np.broadcast_shapes(array.shape, other.shape), joined((array.dtype, other.dtype)))
    return function(array, other).astype(array.dtype, copy=False)


# -- many classes, in places -------------------------------------------------------------------------


def _rows(xp, scores):
    """(N, C, H, W) as (N * H * W, C)."""
    return xp.moveaxis(scores, 1, -1).reshape(scores.size // max(scores.shape[1], 1), scores.shape[1])


@op(
    grad_fn="NllLoss2DBackward0",
    self=vjp(
        "-weight[target] / total_weight at the target, else 0",
        lambda ops, grad, self, target, weight, total_weight, reduction, ignore_index: ops.nll_loss2d_backward(
            grad, self, target, weight, total_weight, reduction=reduction, ignore_index=ignore_index
        ),
    ),
    intermediates=("total_weight",),
    optional=("weight",),
)
def nll_loss2d(xp, self, target, weight, *, reduction=1, ignore_index=-100):
    """nll_loss at each place: (N, C, H, W) log-probabilities and (N, H, W) classes."""
    _check_places(self, target, weight)
    forward = loss.nll_loss.op.forward
    result, total = forward(
        xp, _rows(xp, self), target.reshape(-1), _flat(weight), reduction=reduction, ignore_index=ignore_index
    )
    return result.reshape(target.shape) if reduction == 0 else result, total


def _check_places(self, target, weight):
    if target.ndim != 3:
        raise RuntimeError(
            f"only batches of spatial targets supported (3D tensors) but got targets of dimension: {target.ndim}"
        )
    loss.check_class_kind(target)
    if weight is not None and weight.size != self.shape[1]:
        raise RuntimeError("weight tensor should be defined either for all or no classes")
    if target.shape[0] != self.shape[0] or target.shape[1:] != self.shape[2:]:
        raise RuntimeError(f"size mismatch (got input: {list(self.shape)} , target: {list(target.shape)}")
    refuse_kinds("nll_loss2d_forward_out_frame", self, "biu")
    loss.check_weight_kind(self, weight)
    if target.dtype.name == "uint8":
        raise RuntimeError("expected scalar type Long but found Byte")


def _flat(weight):
    return None if weight is None else weight.reshape(-1)


@op(
    grad_fn="NllLoss2DBackwardBackward0",
    self=vjp(
        "-weight[target] / total_weight",
        lambda ops, grad, target, weight, total_weight, reduction, ignore_index: ops.nll_loss2d(
            grad, target, weight, reduction=reduction, ignore_index=ignore_index
        ),
    ),
    optional=("weight",),
)
def nll_loss2d_backward(xp, self, log_probabilities, target, weight, total_weight, *, reduction, ignore_index):
    """The gradient of nll_loss2d: `self` is the incoming gradient."""
    shape = log_probabilities.shape
    grad = self.reshape(-1) if reduction == 0 else self
    found = loss.nll_loss_backward.op.forward(
        xp, grad, _rows(xp, log_probabilities), target.reshape(-1), _flat(weight), total_weight, reduction=reduction,
        ignore_index=ignore_index,
    )  # fmt: skip
    return xp.ascontiguousarray(xp.moveaxis(found.reshape(shape[0], *shape[2:], shape[1]), -1, 1))


# -- what composed losses are made of, named as PyTorch's C++ names it --------------------------------


def as_floats(array, number):
    """Integers in the default dtype where they meet a float; all else as it is."""
    return array.astype(default_float()) if array.dtype.kind != "f" and isinstance(number, float) else array


@op(title="mul", grad_fn="MulBackward1", self=vjp("other", lambda grad, other: grad * other))
def mul_number(xp, self, *, other):
    """A tensor times a number that PyTorch's own code multiplies by."""
    return as_floats(self, other) * other


@op(title="div", grad_fn="DivBackward1", self=vjp("1 / other", lambda grad, other: grad / other))
def div_number(xp, self, *, other):
    """A tensor divided by a number that PyTorch's own code divides by."""
    return as_floats(self, 1.0) / other


@op(title="add", grad_fn="AddBackward1", self=vjp("1", lambda grad: grad))
def add_number(xp, self, *, other):
    """A tensor plus a number that PyTorch's own code adds."""
    return as_floats(self, other) + other


@op(
    grad_fn="SafeSoftmaxBackward0",
    self=vjp(
        "result * (delta - result)",
        lambda ops, grad, result, dim: result * (grad - ops.sum_dim(grad * result, dim=(dim,), keepdim=True)),
    ),
)
def safe_softmax(xp, self, *, dim):
    """softmax; zeros, not NaN, where all is -inf."""
    if not self.size:
        return self.copy()
    greatest = self.max(axis=dim, keepdims=True)
    nothing = greatest == -xp.inf
    raised = xp.exp(self - chosen(xp, nothing, self.dtype.type(0), greatest))
    return raised / chosen(xp, nothing, self.dtype.type(1), raised.sum(axis=dim, keepdims=True))
