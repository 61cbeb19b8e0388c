"""What PyTorch's backward runs as one op with derivatives of its own, so that a second backward meets its nodes.

A plain backward computes the same by the vjps of the ops that these belong to.
"""

from gradviz.engine.op import op, vjp
from gradviz.engine.rows import rows

# of a kernel that reads no more of `self` than its shape, or steps with it: zeros, which the graph shows, as PyTorch's
NO_SLOPE = vjp("0", lambda ops, grad, self_sym_sizes: ops.new_zeros(grad, size=tuple(self_sym_sizes)))


@op(
    grad_fn="TanhBackwardBackward0",
    grad_output=vjp(
        "1 - output**2",
        lambda grad, output: grad * (1 - output * output),
        lambda ops, grad, output: ops.tanh_backward(grad, output),
    ),
    output=vjp("-2 * output * grad_output", lambda grad, grad_output, output: grad * (output * -2 * grad_output)),
)
def tanh_backward(xp, grad_output, output):
    """The gradient of tanh."""
    return grad_output * (1 - output * output)


@op(
    grad_fn="SigmoidBackwardBackward0",
    grad_output=vjp(
        "output * (1 - output)",
        lambda grad, output: grad * ((1 - output) * output),
        lambda ops, grad, output: ops.sigmoid_backward(grad, output),
    ),
    output=vjp(
        "(1 - 2 * output) * grad_output", lambda grad, grad_output, output: grad * grad_output * (output * -2 + 1)
    ),
)
def sigmoid_backward(xp, grad_output, output):
    """The gradient of sigmoid."""
    return grad_output * ((1 - output) * output)


def summed(ops, value, dim):
    """Sums along a dimension, kept; a 0-d value has none."""
    return ops.sum_dim(value, dim=(dim,), keepdim=True) if len(value.shape) else value


def softmax_gradient(ops, grad, output, dim):
    """The gradient of softmax, whose result is `output`."""
    return output * (grad - summed(ops, grad * output, dim))


def _softmax_bend(ops, grad, grad_output, output, dim):
    first = grad_output * grad - summed(ops, output * grad_output, dim) * grad
    return first - grad_output * summed(ops, output * grad, dim)


@op(
    grad_fn="SoftmaxBackwardDataBackward0",
    grad_output=vjp(
        "output * (delta - output)",
        softmax_gradient,
        lambda ops, grad, output, dim: ops.softmax_backward_data(grad, output, dim=dim),
    ),
    output=vjp("grad_output - sum(grad_output * output), less what the sum takes", _softmax_bend),
)
def softmax_backward_data(xp, grad_output, output, *, dim):
    """The gradient of softmax."""
    if not output.ndim:
        return output * (grad_output - grad_output * output)
    return _of_softmax.along(dim, xp, grad_output, output)


@rows("rr")
def _of_softmax(xp, grad, output, dim=-1):
    return output * (grad - (grad * output).sum(axis=dim, keepdims=True))


def _log_softmax_gradient(ops, grad, output, dim):
    return grad - summed(ops, grad * ops.exp(output), dim)


@op(
    grad_fn="LogSoftmaxBackwardDataBackward0",
    grad_output=vjp("delta - exp(output)", _log_softmax_gradient),
    output=vjp(
        "-exp(output) * sum(grad_output)",
        lambda ops, grad, grad_output, output, dim: -summed(ops, grad_output, dim) * ops.exp(output) * grad,
    ),
)
def log_softmax_backward_data(xp, grad_output, output, *, dim):
    """The gradient of log_softmax."""
    if not output.ndim:
        return grad_output - xp.exp(output) * grad_output
    return _of_log_softmax.along(dim, xp, grad_output, output)


@rows("rr")
def _of_log_softmax(xp, grad, output, dim=-1):
    return grad - xp.exp(output) * grad.sum(axis=dim, keepdims=True)


__all__ = METHODS = []
