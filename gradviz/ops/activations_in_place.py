"""Activations whose in-place form has a backward of its own, which knows the result alone."""

from gradviz.engine.op import op, vjp
from gradviz.ops import activations, gates

NEGATIVE_SLOPE = (
    "In-place leakyReLu backward calculation is triggered with a negative slope which is not supported. This is caused "
    "by calling in-place forward function with a negative slope, please call out-of-place version instead. File an "
    "issue at https://github.com/pytorch/pytorch if you do require supporting in-place leakRelu backward calculation "
    "with negative slope"
)


def _elu_gradient(ops, grad, result, alpha, scale, input_scale):
    return ops.elu_backward(grad, result, alpha=alpha, scale=scale, input_scale=input_scale, is_result=True)


@op(
    title="elu",
    grad_fn="EluBackward1",
    self=vjp("scale where result > 0, else (result + alpha * scale) * input_scale", _elu_gradient),
)
def elu_in_place(xp, self, *, alpha=1.0, scale=1, input_scale=1):
    """`self` above zero, `alpha * (exp(self) - 1)` below."""
    return activations.elu.op.forward(xp, self, alpha=alpha, scale=scale, input_scale=input_scale)


@op(
    title="celu",
    grad_fn="CeluBackward1",
    self=vjp(
        "1 where result > 0, else result / alpha + 1",
        lambda ops, grad, result, alpha: _elu_gradient(ops, grad, result, alpha, 1, activations.inverse(alpha)),
    ),
)
def celu_in_place(xp, self, *, alpha):
    """`self` above zero, `alpha * (exp(self / alpha) - 1)` below."""
    return activations.elu_in_scale.op.forward(xp, self, alpha=alpha)


def _leaky_gradient(ops, grad, result, negative_slope):
    if negative_slope < 0:
        raise RuntimeError(NEGATIVE_SLOPE)
    return ops.leaky_relu_backward(grad, result, negative_slope=negative_slope)


@op(
    title="leaky_relu",
    grad_fn="LeakyReluBackward1",
    self=vjp("1 where result > 0, else negative_slope", _leaky_gradient),
)
def leaky_relu_in_place(xp, self, *, negative_slope):
    """`self` above zero, `negative_slope * self` below."""
    return activations.leaky_relu.op.forward(xp, self, negative_slope=negative_slope)


@op(
    title="threshold",
    grad_fn="ThresholdBackward1",
    self=vjp(
        "1 where self > threshold, else 0",
        lambda ops, grad, self, threshold: ops.threshold_backward(grad, self, threshold=threshold),
    ),
)
def threshold_in_place(xp, self, *, threshold, value):
    """`self` above a threshold, a number elsewhere."""
    return activations.above_threshold.op.forward(xp, self, threshold=threshold, value=value)


def _random_slope(ops, grad, result, noise, lower, upper, training):
    return ops.rrelu_with_noise_backward(grad, result, noise, lower=lower, upper=upper, training=training)


@op(
    title="rrelu",
    grad_fn="RreluWithNoiseBackward1",
    self=vjp("noise where training, else 1 where result > 0, else (lower + upper) / 2", _random_slope),
)
def rrelu_in_place(xp, self, noise, *, lower, upper, training):
    """`self` above zero, below it times a random slope (training) or the mean one."""
    return gates.rrelu_with_noise.op.forward(xp, self, noise, lower=lower, upper=upper, training=training)


def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, generator=None):
    """`input` above zero, below it times a random slope between two numbers, or in evaluation the mean one."""
    noise = gates.slopes_below(input, lower, upper, training, generator)
    return rrelu_in_place(input, noise, lower=lower, upper=upper, training=training)


def elu(input, alpha=1.0):
    """`input` above zero, `alpha * (exp(input) - 1)` below."""
    return elu_in_place(input, alpha=alpha)


def celu(input, alpha=1.0):
    """`input` above zero, `alpha * (exp(input / alpha) - 1)` below."""
    return celu_in_place(input, alpha=alpha)


def selu(input):
    """elu with the scales that keep mean and variance."""
    return elu_in_place(input, alpha=1.6732632423543772, scale=1.0507009873554805)


def leaky_relu(input, negative_slope=0.01):
    """`input` above zero, `negative_slope * input` below."""
    return leaky_relu_in_place(input, negative_slope=negative_slope)


def threshold(input, threshold, value):
    """`input` above a threshold, a number elsewhere."""
    return threshold_in_place(input, threshold=threshold, value=value)
