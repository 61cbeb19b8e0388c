"""Losses beside those of loss.py, and what PyTorch's composed losses are made of.

`reduction` is PyTorch's number: 0 none, 1 mean, 2 sum.
"""

import operator

import numpy as np

from gradviz.engine.coerce import broadcast_complaint, refuse_bools
from gradviz.engine.dtypes import default_float, joined, title
from gradviz.engine.op import op, vjp
from gradviz.ops import loss
from gradviz.ops.backward_kernels import NO_SLOPE, softmax_gradient
from gradviz.ops.choosing import chosen
from gradviz.ops.loss_kernels import entropy_slope, huber_slope, shared, sloped, weighed
from gradviz.ops.reduction import averaged
from gradviz.ops.refusals import refuse_kinds, refuse_unfit


def _reduced(values, reduction):
    return values if reduction == 0 else averaged(values) if reduction == 1 else values.sum()


# -- regression --------------------------------------------------------------------------------------


def _bent(xp, difference, edge):
    """Half of the square of small differences, and from the edge on a straight line."""
    inner = xp.clip(difference, -edge, edge)
    line = difference - 0.5 * inner
    line *= inner
    return line


@op(
    self=vjp(
        "(self - target) / beta where abs(self - target) < beta, else sign",
        lambda ops, grad, self, target, reduction, beta: sloped(ops, grad, self, target, reduction, beta, 1 / beta),
        lambda ops, grad, self, target, reduction, beta: ops.smooth_l1_loss_backward(
            grad, self, target, reduction=reduction, beta=beta
        ),
    ),
    target=vjp(
        "-(self - target) / beta where abs(self - target) < beta, else -sign",
        lambda ops, grad, self, target, reduction, beta: -sloped(ops, grad, self, target, reduction, beta, 1 / beta),
        lambda ops, grad, self, target, reduction, beta: ops.smooth_l1_loss_backward(
            grad, target, self, reduction=reduction, beta=beta
        ),
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
        lambda ops, grad, self, target, reduction, delta: huber_slope(ops, grad, self, target, reduction, delta),
        lambda ops, grad, self, target, reduction, delta: ops.huber_loss_backward(
            grad, self, target, reduction=reduction, delta=delta
        ),
    ),
    target=vjp(
        "target - self where abs(self - target) < delta, else -delta * sign",
        lambda ops, grad, self, target, reduction, delta: -huber_slope(ops, grad, self, target, reduction, delta),
        lambda ops, grad, self, target, reduction, delta: ops.huber_loss_backward(
            grad, target, self, reduction=reduction, delta=delta
        ),
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


def _bce_target(ops, grad, self, target, weight, reduction):
    slope = ops.log(1.0 - self) - ops.log(self)
    return weighed(slope * shared(grad, slope, reduction), weight)


def _bce_target_as_ops(ops, grad, self, weight, reduction):
    found = weighed(-ops.logit_of(self, eps=None) * grad, weight)
    return shared(found, found, reduction)


@op(
    self=vjp(
        "(self - target) / (self * (1 - self)) / numel where the mean is taken, else without numel",
        entropy_slope,
        lambda ops, grad, self, target, weight, reduction: ops.binary_cross_entropy_backward(
            grad, self, target, weight, reduction=reduction
        ),
    ),
    target=vjp(
        "log((1 - self) / self) / numel where the mean is taken, else without numel", _bce_target, _bce_target_as_ops
    ),
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


def _logits_slope(ops, self, target, pos_weight):
    likely = ops.sigmoid(self)
    if pos_weight is None:
        return likely - target
    positive = pos_weight * target
    return (positive + 1.0 - target) * likely - positive


def _logits_input(ops, grad, self, target, weight, pos_weight, reduction):
    slope = _logits_slope(ops, self, target, pos_weight)
    return weighed(slope * shared(grad, slope, reduction), weight)


def _logits_input_as_ops(ops, grad, self, target, weight, pos_weight, reduction):
    found = weighed(_logits_slope(ops, self, target, pos_weight) * grad, weight)
    return shared(found, found, reduction)


def _log_sigmoid(ops, value):
    return -(ops.log(ops.exp(-ops.abs(value)) + 1.0) + ops.relu(-value))


def _logits_target(ops, grad, self, target, weight, pos_weight, reduction):
    if pos_weight is None:
        slope = -self
    else:
        slope = _log_sigmoid(ops, -self) - pos_weight * _log_sigmoid(ops, self)
    return weighed(slope * shared(grad, slope, reduction), weight)


def _logits_target_as_ops(ops, grad, self, weight, pos_weight, reduction):
    slope = -self if pos_weight is None else ops.logsigmoid(-self) - ops.logsigmoid(self) * pos_weight
    found = weighed(slope * grad, weight)
    return shared(found, found, reduction)


@op(
    self=vjp(
        "(sigmoid(self) - target) / numel where the mean is taken, else without numel",
        _logits_input,
        _logits_input_as_ops,
    ),
    target=vjp("-self / numel where the mean is taken, else without numel", _logits_target, _logits_target_as_ops),
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
    grad_output=vjp(
        "-weight[target] / total_weight",
        lambda ops, grad, target, weight, reduction, ignore_index: ops.nll_loss2d(
            grad, target, weight, reduction=reduction, ignore_index=ignore_index
        ),
    ),
    self=NO_SLOPE,
    optional=("weight",),
    hidden=("self_sym_sizes",),
)
def nll_loss2d_backward(xp, grad_output, self, target, weight, total_weight, *, reduction, ignore_index):
    """The gradient of nll_loss2d."""
    shape = self.shape
    grad = grad_output.reshape(-1) if reduction == 0 else grad_output
    found = loss.nll_loss_backward.op.forward(
        xp, grad, _rows(xp, self), target.reshape(-1), _flat(weight), total_weight, reduction=reduction,
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
        lambda ops, grad, result, dim: softmax_gradient(ops, grad, result, dim),
        lambda ops, grad, result, dim: ops.softmax_backward_data(grad, result, dim=dim),
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
