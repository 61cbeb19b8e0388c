"""Activations, each with the op that its backward runs, so that a second backward meets PyTorch's nodes.

At a kink the slope is the one that PyTorch's kernel takes there.
"""

from math import inf

import numpy as np

from gradviz.engine.op import op, vjp
from gradviz.engine.within import composed
from gradviz.ops import composite, pointwise
from gradviz.ops.choosing import at_most, chosen, nowhere
from gradviz.ops.refusals import no_derivative, refuse_kinds

NEGATIVE_ELU = (
    "In-place elu backward calculation is triggered with a negative slope which is not supported. This is caused by "
    "calling in-place forward function with a negative slope, please call out-of-place version instead."
)
_SIXTH = 0.1666666716337204  # a float32 for every dtype, as in PyTorch's kernel

# -- smooth ones without an op of their own in backward ----------------------------------------------


def _silu_gradient(ops, grad, self):
    share = ops.sigmoid(self)
    return grad * (share * (self * (1 - share) + 1))


def _silu_gradient_as_op(ops, grad, self):
    share = ops.sigmoid(self)
    return grad * share * (self * (1 - share) + 1)


@op(self=vjp("sigmoid(self) * (1 + self * (1 - sigmoid(self)))", _silu_gradient, _silu_gradient_as_op))
def silu(xp, self):
    """`self * sigmoid(self)`."""
    refuse_kinds("silu_cpu", self, "biu")
    return self * (xp.tanh(self * 0.5) * 0.5 + 0.5)


def _mish_gradient(ops, grad, self, soft=None):
    bent = ops.tanh(ops.softplus(self, beta=1, threshold=20) if soft is None else soft)
    return grad * (bent + self * ops.sigmoid(self) * (1 - bent * bent))


def _mish_gradient_as_op(ops, grad, self):
    power = ops.exp(self)
    # PyTorch's formula, but for what is too great: there its own gradient would be NaN
    soft = ops.log1p(power) if nowhere(power._array == inf) else None
    return _mish_gradient(ops, grad, self, soft)


@op(self=vjp("mish'(self)", lambda ops, grad, self: _mish_gradient(ops, grad, self), _mish_gradient_as_op))
def mish(xp, self):
    """`self * tanh(softplus(self))`."""
    refuse_kinds("mish_cpu", self, "biu")
    return self * xp.tanh(_soft_plus(xp, self, 1, 20))


# -- elu and its kin ---------------------------------------------------------------------------------


def _elu_gradient(ops, grad, self, alpha, scale, input_scale):
    return ops.elu_backward(grad, self, alpha=alpha, scale=scale, input_scale=input_scale, is_result=False)


def _elu_of(xp, self, alpha, scale, input_scale):
    refuse_kinds("elu_cpu", self, "biu")
    return chosen(xp, self < 0, xp.expm1(at_most(xp, self, 0) * input_scale) * (alpha * scale), self * scale)


@op(self=vjp("scale where self > 0, else alpha * scale * input_scale * exp(self * input_scale)", _elu_gradient))
def elu(xp, self, *, alpha=1.0, scale=1, input_scale=1):
    """`self` above zero, `alpha * (exp(self) - 1)` below; selu is this with two scales."""
    return _elu_of(xp, self, alpha, scale, input_scale)


def inverse(alpha):
    """1 / alpha, where PyTorch's backward takes alpha as a float32."""
    return 1 / float(np.float32(alpha))


@op(
    title="celu",
    grad_fn="CeluBackward0",
    self=vjp(
        "1 where self > 0, else exp(self / alpha)",
        lambda ops, grad, self, alpha: _elu_gradient(ops, grad, self, alpha, 1, inverse(alpha)),
    ),
)
def elu_in_scale(xp, self, *, alpha):
    """`self` above zero, `alpha * (exp(self / alpha) - 1)` below."""
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return _elu_of(xp, self, alpha, 1, 1 / alpha)


def celu(input, alpha=1.0):
    """`input` above zero, `alpha * (exp(input / alpha) - 1)` below."""
    return elu_in_scale(input, alpha=alpha)


def _elu_bend(ops, grad, grad_output, self_or_result, alpha, scale, input_scale, is_result):
    both = grad * grad_output * input_scale
    if not is_result:
        both = ops.elu_backward(
            both, self_or_result, alpha=alpha, scale=scale, input_scale=input_scale, is_result=is_result
        )
    return both * (self_or_result < 0)


@op(
    grad_fn="EluBackwardBackward0",
    grad_output=vjp(
        "elu'(self)",
        lambda ops, grad, self_or_result, alpha, scale, input_scale, is_result: ops.elu_backward(
            grad, self_or_result, alpha=alpha, scale=scale, input_scale=input_scale, is_result=is_result
        ),
    ),
    self_or_result=vjp("grad_output * elu''(self)", _elu_bend),
)
def elu_backward(xp, grad_output, self_or_result, *, alpha, scale, input_scale, is_result):
    """The gradient of elu, selu and celu, by what they were given or by what came of it."""
    if is_result and alpha < 0:
        raise RuntimeError(NEGATIVE_ELU)
    if is_result:
        return chosen(
            xp, self_or_result <= 0, grad_output * ((self_or_result + alpha * scale) * input_scale), grad_output * scale
        )
    below = xp.exp(at_most(xp, self_or_result, 0) * input_scale) * (alpha * scale * input_scale)
    return grad_output * chosen(xp, self_or_result <= 0, below, self_or_result.dtype.type(scale))


def selu(input):
    """elu with the scales that keep mean and variance."""
    return elu(input, alpha=1.6732632423543772, scale=1.0507009873554805)


# -- softplus and logsigmoid -------------------------------------------------------------------------


def _soft_plus(xp, self, beta, threshold):
    scaled = self * beta
    return chosen(xp, scaled > threshold, self, xp.log1p(xp.exp(at_most(xp, scaled, threshold))) / beta)


def _softplus_gradient(ops, grad, self, beta, threshold):
    return ops.softplus_backward(grad, self, beta=beta, threshold=threshold)


@op(self=vjp("sigmoid(beta * self) where beta * self <= threshold, else 1", _softplus_gradient))
def softplus(xp, self, *, beta=1, threshold=20):
    """`log(1 + exp(beta * self)) / beta`, and self itself where `beta * self` is beyond the threshold."""
    refuse_kinds("softplus_cpu", self, "biu")
    return _soft_plus(xp, self, beta, threshold)


def _softplus_bend(ops, grad, grad_output, self, beta, threshold):
    scaled = self * beta
    return ops.sigmoid_backward(grad * grad_output, ops.sigmoid(scaled)) * (scaled < threshold) * beta


@op(
    grad_fn="SoftplusBackwardBackward0",
    grad_output=vjp("softplus'(self)", _softplus_gradient),
    self=vjp("grad_output * softplus''(self)", _softplus_bend),
)
def softplus_backward(xp, grad_output, self, *, beta, threshold):
    """The gradient of softplus."""
    scaled = self * beta
    return grad_output * chosen(xp, scaled > threshold, self.dtype.type(1), xp.tanh(scaled * 0.5) * 0.5 + 0.5)


@op(
    grad_fn="LogSigmoidBackward0",
    self=vjp(
        "1 - sigmoid(self)", lambda ops, grad, self, buffer: ops.log_sigmoid_backward(grad, self, buffer)
    ),
    intermediates=("buffer",),
)
def logsigmoid(xp, self):
    """`log(sigmoid(self))` without overflow."""
    refuse_kinds("log_sigmoid_cpu", self, "biu")
    self = xp.asarray(self, order="C")
    buffer = xp.asarray(xp.exp(-xp.abs(self)))
    return at_most(xp, self, 0) - xp.log1p(buffer), buffer


def _logsigmoid_bend(ops, grad, grad_output, self):
    share = ops.sigmoid(self)
    return grad * grad_output * (share - 1) * share


@op(
    grad_fn="LogSigmoidBackwardBackward0",
    grad_output=vjp(
        "logsigmoid'(self)", lambda ops, grad, self, buffer: ops.log_sigmoid_backward(grad, self, buffer)
    ),
    self=vjp("grad_output * logsigmoid''(self)", _logsigmoid_bend),
)
def log_sigmoid_backward(xp, grad_output, self, buffer):
    """The gradient of logsigmoid; buffer is `exp(-abs(self))`."""
    share = buffer / (1 + buffer)
    return grad_output * chosen(xp, self < 0, 1 - share, share)


# -- piecewise straight ones -------------------------------------------------------------------------


def _leaky_gradient(ops, grad, self, negative_slope):
    return ops.leaky_relu_backward(grad, self, negative_slope=negative_slope)


@op(self=vjp("1 where self > 0, else negative_slope", _leaky_gradient))
def leaky_relu(xp, self, *, negative_slope=0.01):
    """`self` above zero, `negative_slope * self` below."""
    refuse_kinds("leaky_relu_cpu", self, "biu")
    below = self * negative_slope
    if 0 < negative_slope <= 1:  # the same, without a branch an element
        return xp.maximum(self, below)
    return chosen(xp, self > 0, self, below)


@op(
    grad_fn="LeakyReluBackwardBackward0",
    grad_output=vjp("1 where self > 0, else negative_slope", _leaky_gradient),
    self=vjp("0", lambda ops, grad: ops.zeros_like(grad)),
)
def leaky_relu_backward(xp, grad_output, self, *, negative_slope):
    """The gradient of leaky_relu."""
    above = self > 0
    if 0 <= negative_slope <= 1:  # the same, without a branch an element
        return grad_output * xp.maximum(above.astype(grad_output.dtype), grad_output.dtype.type(negative_slope))
    return chosen(xp, above, grad_output, grad_output * negative_slope)


def _hardtanh_gradient(ops, grad, self, min_val, max_val):
    return ops.hardtanh_backward(grad, self, min_val=min_val, max_val=max_val)


@op(title="hardtanh", self=vjp("1 where min_val < self < max_val, else 0", _hardtanh_gradient), grad_fn="HardtanhBackward0")  # noqa: E501
def bounded_line(xp, self, *, min_val, max_val):
    """`self` between two numbers, the nearer of them beyond."""
    if self.dtype.kind == "b":
        raise RuntimeError("Bool inputs not supported for hardtanh")
    if self.dtype.kind == "u" and int(min_val) < 0:
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    return xp.clip(self, self.dtype.type(min_val), self.dtype.type(max_val))


@op(
    grad_fn="HardtanhBackwardBackward0",
    grad_output=vjp("1 where min_val < self < max_val, else 0", _hardtanh_gradient),
    self=vjp("0", lambda ops, grad: ops.zeros_like(grad)),
)
def hardtanh_backward(xp, grad_output, self, *, min_val, max_val):
    """The gradient of hardtanh and relu6."""
    return chosen(xp, (self <= min_val) | (self >= max_val), grad_output.dtype.type(0), grad_output)


def hardtanh(input, min_val=-1.0, max_val=1.0):
    """`input` between two numbers, the nearer of them beyond."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    return bounded_line(input, min_val=min_val, max_val=max_val)


def relu6(input):
    """`min(max(input, 0), 6)`."""
    return bounded_line(input, min_val=0, max_val=6)


def _threshold_gradient(ops, grad, self, threshold):
    return ops.threshold_backward(grad, self, threshold=threshold)


@op(title="threshold", grad_fn="ThresholdBackward0", self=vjp("1 where self > threshold, else 0", _threshold_gradient))
def above_threshold(xp, self, *, threshold, value):
    """`self` above a threshold, a number elsewhere."""
    refuse_kinds("threshold_cpu", self, "b")
    return chosen(xp, self <= threshold, self.dtype.type(value), self)


@op(
    grad_fn="ThresholdBackwardBackward0",
    grad_output=vjp("1 where self > threshold, else 0", _threshold_gradient),
    self=vjp("0", lambda ops, grad: ops.zeros_like(grad)),
)
def threshold_backward(xp, grad_output, self, *, threshold):
    """The gradient of threshold."""
    return chosen(xp, self <= threshold, grad_output.dtype.type(0), grad_output)


def threshold(input, threshold, value):
    """`input` above a threshold, a number elsewhere."""
    return above_threshold(input, threshold=threshold, value=value)


def _sixfold(xp, self):
    return xp.clip(self + 3, 0, 6)


def _hardswish_gradient(ops, grad, self):
    return ops.hardswish_backward(grad, self)


@op(self=vjp("1 where self > 3, else 0 where self < -3, else self / 3 + 1 / 2", _hardswish_gradient))
def hardswish(xp, self):
    """`self * min(max(self + 3, 0), 6) / 6`."""
    refuse_kinds("hardswish_cpu", self, "biu")
    part = _sixfold(xp, self) * self
    part /= 6
    return part


@op(
    grad_fn="HardswishBackwardBackward0",
    grad_output=vjp("hardswish'(self)", _hardswish_gradient),
    self=vjp(
        "grad_output / 3 where -3 < self < 3, else 0",
        lambda ops, grad, grad_output, self: ops.where((self > -3) & (self < 3), grad * grad_output / 3, 0.0),
    ),
)
def hardswish_backward(xp, grad_output, self):
    """The gradient of hardswish."""
    middle = chosen(xp, self < 3, grad_output * (self / 3 + 0.5), grad_output)
    return chosen(xp, self <= -3, grad_output.dtype.type(0), middle)


@op(
    self=vjp(
        "1 / 6 where -3 < self < 3, else 0",
        lambda ops, grad, self: ops.hardsigmoid_backward(grad, self),
    ),
)
def hardsigmoid(xp, self):
    """`min(max(self + 3, 0), 6) / 6`."""
    refuse_kinds("hardsigmoid_cpu", self, "biu")
    return _sixfold(xp, self) / 6


@op(
    grad_fn="NotImplemented",
    grad_output=vjp("none, as in PyTorch", lambda grad: no_derivative("hardsigmoid_backward")),
    self=vjp("none, as in PyTorch", lambda grad: no_derivative("hardsigmoid_backward")),
)
def hardsigmoid_backward(xp, grad_output, self):
    """The gradient of hardsigmoid; PyTorch has no derivative of it."""
    return chosen(xp, (self > -3) & (self < 3), grad_output * _SIXTH, grad_output.dtype.type(0))


# -- composites --------------------------------------------------------------------------------------


@composed("softsign")
def softsign(input):
    """`input / (1 + |input|)`."""
    return pointwise.div(input, pointwise.add(pointwise.abs(input), 1))


@composed("tanhshrink")
def tanhshrink(input):
    """`input - tanh(input)`."""
    return pointwise.sub(input, pointwise.tanh(input))


@composed("softmin")
def softmin(input, dim, dtype=None):
    """softmax of `-input`."""
    return composite.softmax(pointwise.neg(input), dim, dtype)


__all__ = ["celu", "selu", "threshold"]
METHODS = []
