"""What PyTorch's backward of layer and batch norm runs as one op with derivatives of its own.

Let P take away a value's mean and its part along the standardized input, and `slope` be P of the scaled gradient: then
the input's gradient is `slope * rstd`, and P is its own transpose. In evaluation the statistics are numbers and P does
nothing.
"""

from gradviz.engine.catalogue import raw
from gradviz.engine.op import op, vjp
from gradviz.ops.normalization import (
    _all_but_channels,
    _batch_input,
    _batch_parts,
    _batch_weight,
    _beside,
    _last,
    _layer_input,
    _layer_weight,
    _outer_sum,
    _standardized,
    projected,
)


class Standardized:
    """A standardized input, and what its gradient's own gradients are made of; no dims where the statistics are numbers."""  # noqa: E501

    def __init__(self, ops, standard, rstd, dims):
        self._ops, self._standard, self._rstd, self._dims = ops, standard, rstd, dims

    def through(self, value):
        """P of a value, times rstd."""
        return self._projected(value) * self._rstd

    def _projected(self, value):
        return value if self._dims is None else projected(self._ops, value, self._standard, self._dims)

    def of_gradient(self, grad_out, weight, of_input, of_weight, of_bias):
        """The gradient for grad_out, of what arrived for the gradients for input, weight and bias."""
        total = None
        if of_input is not None:
            passed = self.through(of_input)
            total = passed if weight is None else passed * weight
        if of_weight is not None:
            scaled = self._standard * of_weight
            total = scaled if total is None else total + scaled
        if of_bias is not None:
            spread = self._ops.expand(of_bias, size=tuple(grad_out.shape))
            total = spread if total is None else total + spread
        return total

    def of_input(self, grad_out, weight, of_input, of_weight):
        """The gradient for input; None where it is none."""
        inner = None if of_weight is None else grad_out * of_weight
        if of_input is None or self._dims is None:
            return None if inner is None else self.through(inner)
        scaled = grad_out if weight is None else grad_out * weight
        bent = of_input * self._mean(scaled * self._standard) + scaled * self._mean(of_input * self._standard)
        bent = bent * self._rstd
        inner = -bent if inner is None else inner - bent
        shrunk = self._standard * (self._rstd * self._rstd) * self._mean(of_input * self._projected(scaled))
        return self.through(inner) - shrunk

    def _mean(self, value):
        return self._ops.mean_dim(value, dim=self._dims, keepdim=True)


_SLOPES = "weight * rstd * (delta - 1/n - xhat * xhat / n) of input's, xhat of weight's, 1 of bias's gradient"
_BENT = "grad_out * weight * change of rstd * (delta - 1/n - xhat * xhat / n)"
_NONE = vjp("none, as in PyTorch", lambda grads: None)

# -- layer norm --------------------------------------------------------------------------------------


def _of_layer(ops, input, mean, rstd, normalized_shape):
    dims = _last(input, normalized_shape)
    return Standardized(ops, *_standardized(ops, input, mean, rstd, dims), dims)


def _layer_again(ops, grads, grad_out, input, mean, rstd, weight, normalized_shape):
    return _of_layer(ops, input, mean, rstd, normalized_shape).of_gradient(grad_out, weight, *grads)


def _layer_bend(ops, grads, grad_out, input, mean, rstd, weight, normalized_shape):
    return _of_layer(ops, input, mean, rstd, normalized_shape).of_input(grad_out, weight, *grads[:2])


def _layer_scale(ops, grads, grad_out, input, mean, rstd, normalized_shape):
    if grads[0] is None:
        return None
    passed = _of_layer(ops, input, mean, rstd, normalized_shape).through(grads[0])
    return _outer_sum(ops, grad_out * passed, normalized_shape)


@op(
    grad_out=vjp(_SLOPES, _layer_again),
    input=vjp(_BENT, _layer_bend),
    mean=_NONE,
    rstd=_NONE,
    weight=vjp("grad_out * rstd * (delta - 1/n - xhat * xhat / n)", _layer_scale),
    bias=_NONE,
    optional=("weight", "bias"),
    several=True,
)
def native_layer_norm_backward(xp, grad_out, input, mean, rstd, weight, bias, *, normalized_shape, output_mask):
    """The gradients of a layer norm for input, weight and bias; nothing for those that output_mask leaves out."""
    ops, known = raw(input), (weight, bias, normalized_shape, mean, rstd)
    found = [xp.zeros(0, input.dtype)] * 3
    if output_mask[0]:
        found[0] = _layer_input(ops, grad_out, input, *known).astype(input.dtype, order="C", copy=False)
    if output_mask[1]:
        found[1] = _layer_weight(ops, grad_out, input, *known).astype(weight.dtype, copy=False)
    if output_mask[2]:
        found[2] = _outer_sum(ops, grad_out, normalized_shape).astype(bias.dtype, copy=False)
    return found


# -- batch norm --------------------------------------------------------------------------------------


def _of_batch(ops, input, running_mean, running_var, save_mean, save_invstd, train, eps):
    parts = _batch_parts(ops, input, running_mean, running_var, train, save_mean, save_invstd, eps)
    return Standardized(ops, *parts, _all_but_channels(input) if train else None)


def _batch_again(
    ops, grads, grad_out, input, weight, running_mean, running_var, save_mean, save_invstd, train, eps
):
    known = _of_batch(ops, input, running_mean, running_var, save_mean, save_invstd, train, eps)
    of_input, of_weight, of_bias = grads
    return known.of_gradient(
        grad_out, _beside(ops, weight, input), of_input, _beside(ops, of_weight, input),
        _beside(ops, of_bias, input),
    )  # fmt: skip


def _batch_bend(
    ops, grads, grad_out, input, weight, running_mean, running_var, save_mean, save_invstd, train, eps
):
    known = _of_batch(ops, input, running_mean, running_var, save_mean, save_invstd, train, eps)
    return known.of_input(grad_out, _beside(ops, weight, input), grads[0], _beside(ops, grads[1], input))


def _batch_scale(ops, grads, grad_out, input, running_mean, running_var, save_mean, save_invstd, train, eps):
    if grads[0] is None:
        return None
    known = _of_batch(ops, input, running_mean, running_var, save_mean, save_invstd, train, eps)
    return ops.sum_dim(grad_out * known.through(grads[0]), dim=_all_but_channels(input))


@op(
    grad_out=vjp(_SLOPES, _batch_again),
    input=vjp(_BENT, _batch_bend),
    weight=vjp("grad_out * rstd * (delta - 1/n - xhat * xhat / n)", _batch_scale),
    save_mean=_NONE,
    save_invstd=_NONE,
    optional=("weight", "running_mean", "running_var"),
    several=True,
)
def native_batch_norm_backward(
    xp, grad_out, input, weight, running_mean, running_var, save_mean, save_invstd, *, train, eps, output_mask
):
    """The gradients of a batch norm for input, weight and bias; nothing for those that output_mask leaves out."""
    ops, known = raw(input), (weight, running_mean, running_var, train, save_mean, save_invstd, eps)
    found = [xp.zeros(0, input.dtype)] * 3
    if output_mask[0]:
        found[0] = _batch_input(ops, grad_out, input, *known).astype(input.dtype, order="C", copy=False)
    if output_mask[1]:
        found[1] = _batch_weight(ops, grad_out, input, *known).astype(weight.dtype, copy=False)
    if output_mask[2]:
        found[2] = ops.sum_dim(grad_out, dim=_all_but_channels(input))
    return found


__all__ = METHODS = []
