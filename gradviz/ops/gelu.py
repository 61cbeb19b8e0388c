"""gelu, with the op that its backward runs, so that a second backward meets PyTorch's nodes."""

from math import pi, sqrt

from gradviz.engine.op import op, vjp
from gradviz.ops.error_function import erf_of
from gradviz.ops.refusals import refuse_kinds

_SLOPE, _CUBE = sqrt(2 / pi), 0.044715  # of the approximation by tanh


def _check_approximation(approximate):
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")


def _tanh_parts(tanh, x):
    """tanh(inner), and the first and second derivative of inner = sqrt(2 / pi) * (x + 0.044715 * x**3)."""
    square = x * x
    bent = tanh((x + square * x * _CUBE) * _SLOPE)
    return bent, (square * (3 * _CUBE) + 1) * _SLOPE, x * (6 * _CUBE * _SLOPE)


def _normal_density(exp, x):
    return exp(x * x * -0.5) * (1 / sqrt(2 * pi))


@op(
    self=vjp(
        "cdf(self) + self * density(self), of the normal distribution",
        lambda ops, grad, self, approximate: ops.gelu_backward(grad, self, approximate=approximate),
    ),
)
def gelu(xp, self, *, approximate="none"):
    """`self * cdf(self)` of the normal distribution; approximate="tanh" for a formula without erf."""
    _check_approximation(approximate)
    refuse_kinds("GeluKernelImpl", self, "biu")
    if approximate == "tanh":
        return self * (_tanh_parts(xp.tanh, self)[0] + 1) * 0.5
    out = erf_of(xp, self * sqrt(0.5))
    out += 1
    out *= self
    out *= 0.5
    return out


def _gelu_bend(ops, grad, grad_output, self, approximate):
    if approximate == "none":
        square = self * self
        density = ops.exp(square * -0.5) * (1 / sqrt(2 * pi))
        return grad * grad_output * (density * 2 - square * density)
    bent, first, second = _tanh_parts(ops.tanh, self)
    rest = 1 - bent * bent
    return grad * grad_output * (rest * first + self * rest * (second - 2 * bent * first * first) * 0.5)


@op(
    grad_fn="GeluBackwardBackward0",
    grad_output=vjp(
        "gelu'(self)",
        lambda ops, grad, self, approximate: ops.gelu_backward(grad, self, approximate=approximate),
    ),
    self=vjp("grad_output * gelu''(self)", _gelu_bend),
)
def gelu_backward(xp, grad_output, self, *, approximate):
    """The gradient of gelu."""
    if approximate == "none":
        below = erf_of(xp, self * sqrt(0.5))
        below += 1
        below *= 0.5
        density = _normal_density(xp.exp, self)
        density *= self
        below += density
        below *= grad_output
        return below
    bent, first, _ = _tanh_parts(xp.tanh, self)
    return grad_output * ((bent + 1) * 0.5 + self * (1 - bent * bent) * first * 0.5)
