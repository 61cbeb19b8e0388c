"""Losses that ask for a margin, and what they are made of. `reduction` is PyTorch's number: 0 none, 1 mean, 2 sum."""

import operator

from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.ops import pointwise
from gradviz.ops.criteria import _reduced, as_floats, into
from gradviz.ops.loss_kernels import shared, soft_slope
from gradviz.ops.refusals import no_derivative, refuse_half, refuse_kinds, refuse_mixed, refuse_whole_result


@op(title="sub", grad_fn="SubBackward1", self=vjp("1", lambda grad: grad))
def sub_number(xp, self, *, other):
    """A tensor minus a number that PyTorch's own code subtracts."""
    return as_floats(self, other) - other


@op(
    self=vjp(
        "-target / (1 + exp(target * self)) / numel where the mean is taken, else without numel",
        soft_slope,
        lambda ops, grad, self, target, reduction: ops.soft_margin_loss_backward(
            grad, self, target, reduction=reduction
        ),
    ),
)
def soft_margin_loss(xp, self, target, *, reduction):
    """`log(1 + exp(-target * self))`: targets are 1 and -1; in place on `-self`, as PyTorch does it."""
    product = into(pointwise.neg.op.forward(xp, self), target, operator.mul)
    refuse_whole_result(self)
    return _reduced(xp.log(xp.exp(product) + 1), reduction)


# -- many classes ------------------------------------------------------------------------------------


def _missing(xp, self, target, margin):
    """How far each other class is from the margin below the target's, (N, C): 0 for the target and for those beyond."""
    chosen = xp.take_along_axis(self, target[:, None], axis=1)
    gap = xp.maximum(margin - chosen + self, 0)
    xp.put_along_axis(gap, target[:, None], 0, axis=1)
    return gap


def _rows(array, ndim):
    return array.reshape(1, -1) if array.ndim < ndim else array


def _check_matrix(self):
    if self.ndim > 2 or (self.ndim and not self.shape[-1]):
        raise RuntimeError(
            f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(self.shape)}"
        )


def _refuse_kinds(kernel, self, target):
    refuse_kinds(kernel, self, "biu")
    refuse_half(kernel, self)
    if target.dtype.name != "int64":
        raise RuntimeError(f"expected scalar type Long but found {title(target.dtype)}")


def _check_classes(self, target, weight):
    _check_matrix(self)
    count = self.shape[0] if self.ndim == 2 else 1
    if target.ndim > 1 or target.size != count:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch "
            f"size). Expected target size [{count}], but got {list(target.shape)}. Input has shape {list(self.shape)}."
        )
    if weight is not None and weight.shape != (self.shape[-1],):
        raise RuntimeError(f"inconsistent weight size, expected {self.shape[-1]} but got {list(weight.shape)}")
    _refuse_kinds("multi_margin_loss_cpu_kernel", self, target)
    if weight is not None:
        refuse_mixed(self, weight)
    if target.size and type(target).__module__ == "numpy" and not 0 <= target.min() <= target.max() < self.shape[-1]:
        raise RuntimeError("target out of range")


def _no_second(name, *inputs):
    """The vjps of a gradient that PyTorch has no derivative of."""

    def refuse(grad):
        return no_derivative(name)

    return {each: vjp("none, as in PyTorch", refuse) for each in inputs}


@op(
    self=vjp(
        "weight[target] * p * gap**(p - 1) / classes at other classes, minus their sum at the target, where gap > 0, "
        "else 0",
        lambda ops, grad, self, target, weight, p, margin, reduction: ops.multi_margin_loss_backward(
            grad, self, target, weight, p=p, margin=margin, reduction=reduction
        ),
    ),
    optional=("weight",),
)
def multi_margin_loss(xp, self, target, weight, *, p, margin, reduction):
    """The mean of `max(0, margin - self[target] + self[i])**p` over the other classes i."""
    _check_classes(self, target, weight)
    rows, places = _rows(self, 2), target.reshape(-1)
    found = _missing(xp, rows, places, margin) ** p
    if weight is not None:
        found = found * weight[places][:, None]
    each = found.sum(axis=1) / self.dtype.type(rows.shape[1])
    return _reduced(each if self.ndim == 2 else each.reshape(target.shape), reduction)


@op(
    grad_fn="NotImplemented", optional=("weight",), **_no_second("multi_margin_loss_backward", "self", "scores")
)
def multi_margin_loss_backward(xp, self, scores, target, weight, *, p, margin, reduction):
    """The gradient of multi_margin_loss."""
    rows, places = _rows(scores, 2), target.reshape(-1)
    gap = _missing(xp, rows, places, margin)
    slope = (gap > 0).astype(rows.dtype) if p == 1 else 2 * gap
    if weight is not None:
        slope = slope * weight[places][:, None]
    xp.put_along_axis(slope, places[:, None], -slope.sum(axis=1, keepdims=True), axis=1)
    grad = shared(self, rows[:, 0], reduction) / rows.dtype.type(rows.shape[1])
    return (slope * grad.reshape(-1, 1)).reshape(scores.shape)


def _named(xp, target, kind):
    """How often each class is named in its row before the first -1, (N, C)."""
    before = xp.cumprod(target >= 0, axis=1)
    found = xp.zeros(target.shape, kind)
    rows = xp.broadcast_to(xp.arange(len(target))[:, None], target.shape)
    xp.add.at(found, (rows, target * before), before.astype(kind))
    return found


def _pairs(xp, self, times):
    """`max(0, 1 - self[t] + self[i])` for classes t that are named and others i, (N, t, i)."""
    gap = xp.maximum(1 - self[:, :, None] + self[:, None, :], 0)
    return gap * times[:, :, None] * (times == 0)[:, None, :]


@op(
    self=vjp(
        "1 / classes for each named class that is too near, minus that at the named one, where they are, else 0",
        lambda ops, grad, self, target, is_target, reduction: ops.multilabel_margin_loss_backward(
            grad, self, target, is_target, reduction=reduction
        ),
    ),
    intermediates=("is_target",),
)
def multilabel_margin_loss(xp, self, target, *, reduction):
    """The mean of `max(0, 1 - self[t] + self[i])` over classes t that the target names (up to -1) and others i."""
    _check_matrix(self)
    if target.shape != self.shape:
        raise RuntimeError(f"inconsistent target size: {list(target.shape)} for input of size: {list(self.shape)}")
    if target.size and type(target).__module__ == "numpy" and not -1 <= target.min() <= target.max() < self.shape[-1]:
        raise RuntimeError("argument #2 'target' is out of range")
    _refuse_kinds("multilabel_margin_loss_forward_out_frame", self, target)
    rows, times = _rows(self, 2), _named(xp, _rows(target, 2), self.dtype)
    each = _pairs(xp, rows, times).sum(axis=(1, 2)) / self.dtype.type(rows.shape[1])
    marks = (times > 0).astype(self.dtype).reshape(self.shape)
    return _reduced(each if self.ndim == 2 else each.reshape(()), reduction), marks


@op(grad_fn="NotImplemented", **_no_second("multilabel_margin_loss_backward", "self", "scores"))
def multilabel_margin_loss_backward(xp, self, scores, target, is_target, *, reduction):
    """The gradient of multilabel_margin_loss."""
    rows, times = _rows(scores, 2), _named(xp, _rows(target, 2), scores.dtype)
    near = (_pairs(xp, rows, (times > 0) * 1) > 0) * times[:, :, None]
    slope = near.sum(axis=1) - near.sum(axis=2)
    grad = shared(self, rows[:, 0], reduction) / rows.dtype.type(rows.shape[1])
    return (slope * grad.reshape(-1, 1)).reshape(scores.shape).astype(scores.dtype, copy=False)
