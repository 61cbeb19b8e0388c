"""Layer, batch and group normalization.

What was saved of a mean and a deviation stands for the op that makes it from the input (known_mean, known_rstd), so
that one formula serves the plain backward and, differentiated again, every order.
"""

from math import prod

import numpy as np

from gradviz.engine.backend import module_of
from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops.reduction import averaged
from gradviz.ops.refusals import refuse_kinds


def _mean_gradient(ops, grad, input, dim):
    return ops.expand(grad, size=tuple(input.shape)) / prod(input.shape[each] for each in dim)


@op(input=vjp("1 / (elements of the dims)", _mean_gradient))
def known_mean(xp, input, mean, *, dim):
    """The mean over dims that is known already."""
    return mean


def _rstd_gradient(ops, grad, input, rstd, dim):
    spread = _mean_gradient(ops, grad * -(rstd * rstd * rstd), input, dim)
    return spread * (input - ops.mean_dim(input, dim=dim, keepdim=True))


@op(
    input=vjp(
        "-result**3 * (input - mean) / (elements of the dims)",
        lambda ops, grad, input, result, dim: _rstd_gradient(ops, grad, input, result, dim),
    ),
)
def known_rstd(xp, input, rstd, *, dim):
    """`1 / sqrt(variance + eps)` over dims that is known already."""
    return rstd


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


def _check_dtypes(input, weight, *others):
    """RuntimeError unless what scales and shifts has the input's dtype; float32 beside float16 is fine."""
    given = [each for each in (weight, *others) if each is not None]
    odd = [each for each in given if each.dtype != input.dtype]
    if not odd or (input.dtype.itemsize == 2 and all(each.dtype.itemsize == 4 for each in given)):
        return
    if weight is None or weight.dtype == input.dtype:
        raise RuntimeError(f"expected scalar type {title(input.dtype)} but found {title(odd[0].dtype)}")
    if all(title(each.dtype) == "Float" for each in given):
        raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")
    raise RuntimeError("mixed dtype (CPU): expect parameter to have scalar type of Float")


def standardized(ops, input, mean, rstd, dims):
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
    standard, rstd = standardized(ops, input, mean, rstd, dims)
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


def normalized_dims(input, normalized_shape):
    """The dims of the normalized shape: the last ones."""
    ndim = len(input.shape)
    return tuple(range(ndim - len(normalized_shape), ndim))


def outer_sum(ops, value, normalized_shape):
    """A value summed over the dims before the normalized shape."""
    extra = len(value.shape) - len(normalized_shape)
    return ops.sum_dim(value, dim=tuple(range(extra))) if extra else value


def layer_input(ops, grad, input, weight, bias, normalized_shape, result1, result2):
    """A layer norm's gradient for input."""
    scaled = grad if weight is None else grad * weight
    return _input_gradient(ops, scaled, input, result1, result2, normalized_dims(input, normalized_shape))


def layer_weight(ops, grad, input, weight, bias, normalized_shape, result1, result2):
    """A layer norm's gradient for weight."""
    standard, _ = standardized(ops, input, result1, result2, normalized_dims(input, normalized_shape))
    return outer_sum(ops, standard * grad, normalized_shape)


def _layer_gradients(ops, needed, grad, input, weight, bias, normalized_shape, result1, result2):
    return ops.native_layer_norm_backward(
        grad, input, result1, result2, weight, bias, normalized_shape=normalized_shape, output_mask=needed
    )


@op(
    input=vjp("weight * rstd * (delta - 1/n - xhat * xhat / n)", layer_input),
    weight=vjp("xhat = (input - result1) * result2 (summed over what is outer product of dims)", layer_weight),
    bias=vjp(
        "1 (summed over the outer dims)",
        lambda ops, grad, input, weight, bias, normalized_shape, result1, result2: outer_sum(
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
    mean, rstd, out = statistics(xp, input, normalized_dims(input, normalized_shape), eps)
    out *= rstd
    if weight is not None:
        out *= weight
    if bias is not None:
        out += bias
    return out.astype(input.dtype, copy=False), mean, rstd


# -- batch norm --------------------------------------------------------------------------------------


def all_but_channels(input):
    """All dims but the second."""
    return (0, *range(2, len(input.shape)))


def by_channel(ops, channels, input):
    """(C,) as (1, C, 1, ...), to go with the input."""
    if channels is None:
        return None
    return ops.reshape_raw(channels, size=(1, channels.shape[0], *(1,) * (len(input.shape) - 2)))


def batch_parts(ops, input, running_mean, running_var, training, result1, result2, eps):
    """((input - mean) * rstd, rstd), of the batch in training, else of the running statistics."""
    dims = all_but_channels(input)
    if training:
        return standardized(ops, input, by_channel(ops, result1, input), by_channel(ops, result2, input), dims)
    rstd = 1 / ops.sqrt(by_channel(ops, running_var, input) + eps)
    return (input - by_channel(ops, running_mean, input)) * rstd, rstd


def batch_input(ops, grad, input, weight, running_mean, running_var, training, result1, result2, eps):
    """A batch norm's gradient for input."""
    scaled = grad if weight is None else grad * by_channel(ops, weight, input)
    if not training:
        return scaled / ops.sqrt(by_channel(ops, running_var, input) + eps)
    mean, rstd = by_channel(ops, result1, input), by_channel(ops, result2, input)
    return _input_gradient(ops, scaled, input, mean, rstd, all_but_channels(input))


def batch_weight(ops, grad, input, weight, running_mean, running_var, training, result1, result2, eps):
    """A batch norm's gradient for weight."""
    standard, _ = batch_parts(ops, input, running_mean, running_var, training, result1, result2, eps)
    return ops.sum_dim(grad * standard, dim=all_but_channels(input))


def _batch_gradients(ops, needed, grad, input, weight, running_mean, running_var, training, result1, result2, eps):
    return ops.native_batch_norm_backward(
        grad, input, weight, running_mean, running_var, result1, result2, train=training, eps=eps, output_mask=needed
    )


@op(
    input=vjp("weight * rstd * (delta - 1/n - xhat * xhat / n)", batch_input),
    weight=vjp("xhat (summed over all but the channels: outer product of dims)", batch_weight),
    bias=vjp(
        "1 (summed over all but the channels)",
        lambda ops, grad, input, weight, running_mean, running_var, training, result1, result2, eps: ops.sum_dim(
            grad, dim=all_but_channels(input)
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
    beside = (1, input.shape[1], *(1,) * (input.ndim - 2))
    if training:
        mean, rstd, out = statistics(xp, input, all_but_channels(input), eps)
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
        squares = (centered * centered).sum(axis=all_but_channels(centered))
        running_var *= 1 - momentum
        running_var += momentum * squares / (count - 1)


# -- group norm --------------------------------------------------------------------------------------


def _in_groups(ops, value, N, group):
    return ops.reshape_raw(value, size=(N, group, prod(value.shape[1:]) // group))


def _group_input(ops, grads, input, weight, result1, result2, N, C, HxW, group, eps):
    grad, of_mean, of_rstd = (*grads, None, None)[:3]
    mean, rstd = (ops.reshape_raw(each, size=(N, group, 1)) for each in (result1, result2))
    grouped, total = _in_groups(ops, input, N, group), None
    if grad is not None:
        scaled = grad if weight is None else grad * by_channel(ops, weight, input)
        total = _input_gradient(ops, _in_groups(ops, scaled, N, group), grouped, mean, rstd, (2,))
    if of_mean is not None:
        part = _mean_gradient(ops, ops.reshape_raw(of_mean, size=(N, group, 1)), grouped, (2,))
        total = part if total is None else total + part
    if of_rstd is not None:
        part = _rstd_gradient(ops, ops.reshape_raw(of_rstd, size=(N, group, 1)), grouped, rstd, (2,))
        total = part if total is None else total + part
    return ops.reshape_raw(total, size=tuple(input.shape))


def _group_weight(ops, grads, input, weight, result1, result2, N, C, HxW, group, eps):
    if grads[0] is None:
        return None
    mean, rstd = (ops.reshape_raw(each, size=(N, group, 1)) for each in (result1, result2))
    standard, _ = standardized(ops, _in_groups(ops, input, N, group), mean, rstd, (2,))
    return ops.sum_dim(grads[0] * ops.reshape_raw(standard, size=tuple(input.shape)), dim=all_but_channels(input))


def _group_gradients(ops, needed, grads, input, weight, result1, result2, N, C, HxW, group, eps):
    """All three, step by step as PyTorch: functions of mean and rstd, which are outputs of the node too."""
    grad, of_mean, of_rstd = (*grads, None, None)[:3]
    found = [None] * 3
    if needed[0] and (of_mean is not None or of_rstd is not None):
        found[0] = _group_input(ops, (None, of_mean, of_rstd), input, weight, result1, result2, N, C, HxW, group, eps)
    if grad is None:
        return found
    sizes = N, group, C // group, HxW
    along, values = (ops.reshape_raw(each, size=sizes) for each in (grad, input))
    mean, rstd = (ops.reshape_raw(each, size=(N, group, 1, 1)) for each in (result1, result2))
    ds, db = (ops.unsqueeze_in_place(ops.sum_dim(each, dim=(3,)), dim=3) for each in (along * values, along))
    if needed[0]:
        gamma = None if weight is None else ops.reshape_raw(weight, size=(1, group, C // group, 1))
        passed = ops.reshape_raw(_group_slope(ops, along, values, mean, rstd, ds, db, gamma), size=tuple(input.shape))
        found[0] = passed if found[0] is None else found[0] + passed
    if needed[1]:
        found[1] = ops.reshape_raw(ops.sum_dim((ds - db * mean) * rstd, dim=(0,)), size=(C,))
    if needed[2]:
        found[2] = ops.reshape_raw(ops.sum_dim(db, dim=(0,)), size=(C,))
    return found


def _group_slope(ops, along, values, mean, rstd, ds, db, gamma):
    share = 1 / max(prod(values.shape[2:]), 1)
    cube = rstd * rstd * rstd
    scale = rstd if gamma is None else rstd * gamma
    b, c = (
        ops.unsqueeze_in_place(ops.sum_dim(each if gamma is None else each * gamma, dim=(2,)), dim=2)
        for each in (ds, db)
    )
    b = (c * mean - b) * cube * share
    c = -b * mean - c * rstd * share
    return scale * along + b * values + c


@op(
    input=vjp("weight * rstd * (delta - 1/n - xhat * xhat / n)", _group_input),
    weight=vjp("xhat (summed over all but the channels: outer product of dims)", _group_weight),
    bias=vjp(
        "1 (summed over all but the channels)",
        lambda ops, grads, input, weight, result1, result2, N, C, HxW, group, eps: (
            None if grads[0] is None else ops.sum_dim(grads[0], dim=all_but_channels(input))
        ),
    ),
    intermediates=("result1", "result2"),
    outputs=("result0", "result1", "result2"),
    optional=("weight", "bias"),
    title="group_norm",
    as_op=_group_gradients,
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
