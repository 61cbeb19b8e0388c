"""Layer, batch and group normalization.

What was saved of a mean and a deviation: see known_statistics.py.
"""

from math import prod

import numpy as np

from gradviz.engine.backend import module_of
from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops.known_statistics import added, group_gradients, of_statistics
from gradviz.ops.reduction import averaged
from gradviz.ops.refusals import refuse_kinds


def statistics(xp, array, dims, eps):
    """(mean, 1 / sqrt(variance + eps), centered array) over dims, which are kept; float16 in float32."""
    work = array.astype(xp.float32) if array.dtype.itemsize == 2 else array
    mean = averaged(work, dims, True)
    centered = work - mean
    rstd = 1 / xp.sqrt(_mean_product(xp, centered, centered, dims) + work.dtype.type(eps))
    return mean, rstd, centered


def _mean_product(xp, one, other, dims):
    """The mean of a product over dims, which are kept."""
    size = one.shape[-1]
    if xp is np and dims == (one.ndim - 1,) and size and one.dtype.itemsize > 2:
        return np.vecdot(one, other)[..., None] / one.dtype.type(size)  # a third of the time of both steps
    return averaged(one * other, dims, True)


def _check_dtypes(input, *parameters):
    """RuntimeError unless what scales and shifts has the input's dtype; float32 beside float16 is fine."""
    given = [each.dtype for each in parameters if each is not None]
    odd = [each for each in given if each != input.dtype]
    if not odd:
        return
    if given[0] == input.dtype:
        raise RuntimeError(f"expected scalar type {title(input.dtype)} but found {title(odd[0])}")
    if any(each.name != "float32" for each in given):
        raise RuntimeError("mixed dtype (CPU): expect parameter to have scalar type of Float")
    if input.dtype.itemsize != 2:
        raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")


def _standardized(ops, input, mean, rstd, dims):
    """((input - mean) * rstd, rstd), as functions of the input."""
    if not isinstance(input, Tensor):
        return _times(input - mean, rstd), rstd
    rstd = ops.known_rstd(input, rstd, dim=dims)
    return (input - ops.known_mean(input, mean, dim=dims)) * rstd, rstd


def _times(product, factor):
    """A product with one factor more: in place where it stays as it is but for the values."""
    if product.ndim and product.dtype == factor.dtype:
        product *= factor
        return product
    return product * factor


def _input_gradient(ops, grad, input, mean, rstd, dims):
    """The gradient of the standardized input for the input."""
    if not isinstance(input, Tensor) and input.ndim and grad.dtype == input.dtype == mean.dtype:
        return _input_gradient_of_arrays(grad, input, mean, rstd, dims)
    standard, rstd = _standardized(ops, input, mean, rstd, dims)
    return projected(ops, grad, standard, dims) * rstd


def projected(ops, value, standard, dims):
    """A value less its mean, and less its part along the standardized input: what standardizing lets through."""
    along = standard * ops.mean_dim(value * standard, dim=dims, keepdim=True)
    return value - ops.mean_dim(value, dim=dims, keepdim=True) - along


def _input_gradient_of_arrays(grad, input, mean, rstd, dims):
    """The same in place, which takes half the time."""
    xp = module_of(input)
    out = input - mean
    out *= rstd
    out *= _mean_product(xp, grad, out, dims)
    out += averaged(grad, dims, True)
    xp.subtract(grad, out, out=out)
    out *= rstd
    return out


# -- layer norm --------------------------------------------------------------------------------------


def _last(input, normalized_shape):
    ndim = len(input.shape)
    return tuple(range(ndim - len(normalized_shape), ndim))


def _outer_sum(ops, value, normalized_shape):
    extra = len(value.shape) - len(normalized_shape)
    return ops.sum_dim(value, dim=tuple(range(extra))) if extra else value


def _layer_input(ops, grad, input, weight, bias, normalized_shape, result1, result2):
    scaled = grad if weight is None else grad * weight
    return _input_gradient(ops, scaled, input, result1, result2, _last(input, normalized_shape))


def _layer_weight(ops, grad, input, weight, bias, normalized_shape, result1, result2):
    standard, _ = _standardized(ops, input, result1, result2, _last(input, normalized_shape))
    return _outer_sum(ops, standard * grad, normalized_shape)


def _layer_gradients(ops, needed, grad, input, weight, bias, normalized_shape, result1, result2):
    return ops.native_layer_norm_backward(
        grad, input, result1, result2, weight, bias, normalized_shape=normalized_shape, output_mask=needed
    )


@op(
    input=vjp("weight * rstd * (delta - 1/n - xhat * xhat / n)", _layer_input),
    weight=vjp("xhat = (input - result1) * result2 (summed over what is outer product of dims)", _layer_weight),
    bias=vjp(
        "1 (summed over the outer dims)",
        lambda ops, grad, input, weight, bias, normalized_shape, result1, result2: _outer_sum(
            ops, grad, normalized_shape
        ),
    ),
    intermediates=("result1", "result2"),
    optional=("weight", "bias"),
    title="layer_norm",
    as_op=_layer_gradients,
)
def native_layer_norm(xp, input, weight, bias, *, normalized_shape, eps):
    """`(input - mean) / sqrt(variance + eps) * weight + bias`, over the last dimensions."""
    _check_dtypes(input, weight, bias)
    refuse_kinds("LayerNormKernelImpl", input, "biu")
    if not input.flags.c_contiguous:
        input = input.copy()  # the result lies in order, as PyTorch's
    mean, rstd, out = statistics(xp, input, _last(input, normalized_shape), eps)
    out *= rstd
    if weight is not None:
        out *= weight
    if bias is not None:
        out += bias
    return out.astype(input.dtype, copy=False), mean, rstd


# -- batch norm --------------------------------------------------------------------------------------


def _all_but_channels(input):
    return (0, *range(2, len(input.shape)))


def _beside(ops, channels, input):
    """(C,) as (1, C, 1, ...), to go with the input."""
    if channels is None:
        return None
    return ops.reshape_raw(channels, size=(1, channels.shape[0], *(1,) * (len(input.shape) - 2)))


def _batch_parts(ops, input, running_mean, running_var, training, result1, result2, eps):
    dims = _all_but_channels(input)
    if training:
        return _standardized(ops, input, _beside(ops, result1, input), _beside(ops, result2, input), dims)
    rstd = 1 / ops.sqrt(_beside(ops, running_var, input) + eps)
    return (input - _beside(ops, running_mean, input)) * rstd, rstd


def _refuse_other_dims(channels):
    if len(channels.shape) != 1:
        raise RuntimeError(f"TensorAccessor expected 1 dims but tensor has {len(channels.shape)}")


def _batch_input(ops, grad, input, weight, running_mean, running_var, training, result1, result2, eps):
    if weight is not None:
        _refuse_other_dims(weight)
    scaled = grad if weight is None else grad * _beside(ops, weight, input)
    if not training:
        return scaled / ops.sqrt(_beside(ops, running_var, input) + eps)
    mean, rstd = _beside(ops, result1, input), _beside(ops, result2, input)
    return _input_gradient(ops, scaled, input, mean, rstd, _all_but_channels(input))


def _batch_weight(ops, grad, input, weight, running_mean, running_var, training, result1, result2, eps):
    standard, _ = _batch_parts(ops, input, running_mean, running_var, training, result1, result2, eps)
    return ops.sum_dim(grad * standard, dim=_all_but_channels(input))


def _batch_gradients(ops, needed, grad, input, weight, running_mean, running_var, training, result1, result2, eps):
    return ops.native_batch_norm_backward(
        grad, input, weight, running_mean, running_var, result1, result2, train=training, eps=eps, output_mask=needed
    )


@op(
    input=vjp("weight * rstd * (delta - 1/n - xhat * xhat / n)", _batch_input),
    weight=vjp("xhat (summed over all but the channels: outer product of dims)", _batch_weight),
    bias=vjp(
        "1 (summed over all but the channels)",
        lambda ops, grad, input, weight, running_mean, running_var, training, result1, result2, eps: ops.sum_dim(
            grad, dim=_all_but_channels(input)
        ),
    ),
    intermediates=("result1", "result2"),
    optional=("weight", "bias", "running_mean", "running_var"),
    title="batch_norm",
    as_op=_batch_gradients,
)
def native_batch_norm(xp, input, weight, bias, running_mean, running_var, *, training, momentum, eps):
    """Each channel standardized over the batch, or by the running statistics; training moves those along."""
    refuse_kinds("batch_norm", input, "biu")
    _check_dtypes(input, weight, bias, running_mean, running_var)
    for each in (running_mean, running_var):
        if each is not None:
            _refuse_other_dims(each)
    beside = (1, input.shape[1], *(1,) * (input.ndim - 2))
    if training:
        mean, rstd, out = statistics(xp, input, _all_but_channels(input), eps)
        _move(xp, running_mean, running_var, mean, out, momentum)
        saved = mean.reshape(-1), rstd.reshape(-1)
    else:
        rstd = 1 / xp.sqrt(running_var + running_var.dtype.type(eps)).reshape(beside)
        out = input - running_mean.reshape(beside)
        saved = xp.empty(0, input.dtype), xp.empty(0, input.dtype)
    out *= rstd
    if weight is not None:
        out *= weight.reshape(beside)
    if bias is not None:
        out += bias.reshape(beside)
    return xp.asarray(out, input.dtype, order="C"), *saved


def _move(xp, running_mean, running_var, mean, centered, momentum):
    """Running statistics, in place and uncounted as in PyTorch; the variance without bias."""
    if running_mean is not None:
        running_mean *= 1 - momentum
        running_mean += momentum * mean.reshape(-1)
    if running_var is not None:
        count = centered.size // max(mean.size, 1)
        squares = (centered * centered).sum(axis=_all_but_channels(centered))
        running_var *= 1 - momentum
        running_var += momentum * squares / (count - 1)


# -- group norm --------------------------------------------------------------------------------------


def _in_groups(ops, value, N, group):
    return ops.reshape_raw(value, size=(N, group, prod(value.shape[1:]) // group))


def _group_input(ops, grad, input, weight, result1, result2, N, C, HxW, group, eps):
    scaled = grad if weight is None else grad * _beside(ops, weight, input)
    mean, rstd = (ops.reshape_raw(each, size=(N, group, 1)) for each in (result1, result2))
    one, two = _in_groups(ops, scaled, N, group), _in_groups(ops, input, N, group)
    return ops.reshape_raw(_input_gradient(ops, one, two, mean, rstd, (2,)), size=tuple(input.shape))


def _group_weight(ops, grad, input, weight, result1, result2, N, C, HxW, group, eps):
    mean, rstd = (ops.reshape_raw(each, size=(N, group, 1)) for each in (result1, result2))
    standard, _ = _standardized(ops, _in_groups(ops, input, N, group), mean, rstd, (2,))
    return ops.sum_dim(grad * ops.reshape_raw(standard, size=tuple(input.shape)), dim=_all_but_channels(input))


def _group_input_of_all(ops, grads, input, weight, result1, result2, N, C, HxW, group, eps):
    grad, of_mean, of_rstd = (*grads, None, None)[:3]
    known = input, weight, result1, result2, N, C, HxW, group, eps
    first = None if grad is None else _group_input(ops, grad, *known)
    return added(first, of_statistics(ops, of_mean, of_rstd, input, result2, N, group))


def _group_weight_of_all(ops, grads, input, weight, result1, result2, N, C, HxW, group, eps):
    known = input, weight, result1, result2, N, C, HxW, group, eps
    return None if grads[0] is None else _group_weight(ops, grads[0], *known)


@op(
    input=vjp("weight * rstd * (delta - 1/n - xhat * xhat / n)", _group_input_of_all),
    weight=vjp("xhat (summed over all but the channels: outer product of dims)", _group_weight_of_all),
    bias=vjp(
        "1 (summed over all but the channels)",
        lambda ops, grads, input, weight, result1, result2, N, C, HxW, group, eps: (
            None if grads[0] is None else ops.sum_dim(grads[0], dim=_all_but_channels(input))
        ),
    ),
    intermediates=("result1", "result2"),
    outputs=("result0", "result1", "result2"),
    optional=("weight", "bias"),
    title="group_norm",
    as_op=group_gradients,
)
def native_group_norm(xp, input, weight, bias, *, N, C, HxW, group, eps):
    """Each group of channels of each sample standardized."""
    _check_dtypes(input, weight, bias)
    refuse_kinds("GroupNormKernelImpl", input, "biu")
    mean, rstd, out = statistics(xp, input.reshape(N, group, C * HxW // group), (2,), eps)
    out *= rstd
    out = out.reshape(input.shape)
    beside = (1, input.shape[1], *(1,) * (input.ndim - 2))
    if weight is not None:
        out *= weight.reshape(beside)
    if bias is not None:
        out += bias.reshape(beside)
    return out.astype(input.dtype, copy=False), mean.reshape(N, group), rstd.reshape(N, group)
