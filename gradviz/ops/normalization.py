"""Layer, batch and group normalization.

What was saved of a mean and a deviation: see known_statistics.py.
"""

from math import prod

from gradviz.engine.backend import module_of
from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops import standardizing
from gradviz.ops.known_statistics import added, group_gradients, of_statistics
from gradviz.ops.refusals import refuse_kinds


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
    standard, rstd = _standardized(ops, input, mean, rstd, dims)
    return projected(ops, grad, standard, dims) * rstd


def projected(ops, value, standard, dims):
    """A value less its mean, and less its part along the standardized input: what standardizing lets through."""
    along = standard * ops.mean_dim(value * standard, dim=dims, keepdim=True)
    return value - ops.mean_dim(value, dim=dims, keepdim=True) - along


def _are_arrays(grad, input, mean):
    """Whether these are arrays of one dtype, and so may be taken row by row."""
    return not isinstance(input, Tensor) and input.ndim and grad.dtype == input.dtype == mean.dtype and input.size


# -- layer norm --------------------------------------------------------------------------------------


def _last(input, normalized_shape):
    ndim = len(input.shape)
    return tuple(range(ndim - len(normalized_shape), ndim))


def _outer_sum(ops, value, normalized_shape):
    extra = len(value.shape) - len(normalized_shape)
    return ops.sum_dim(value, dim=tuple(range(extra))) if extra else value


def _layer_input(ops, grad, input, weight, bias, normalized_shape, result1, result2):
    if not _are_arrays(grad, input, result1):
        scaled = grad if weight is None else grad * weight
        return _input_gradient(ops, scaled, input, result1, result2, _last(input, normalized_shape))
    xp, count = module_of(input), prod(normalized_shape)
    both, known = (grad.reshape(-1, count), input.reshape(-1, count)), (result1.reshape(-1, 1), result2.reshape(-1, 1))
    factor = None if weight is None else weight.reshape(-1)
    return standardizing.row_gradient(xp, *both, *known, factor).reshape(input.shape)


def _layer_weight(ops, grad, input, weight, bias, normalized_shape, result1, result2):
    if _are_arrays(grad, input, result1):
        xp, count = module_of(input), prod(normalized_shape)
        known = result1.reshape(-1, 1), result2.reshape(-1, 1)
        slopes = standardizing.slopes_of_scale(xp, grad.reshape(-1, count), input.reshape(-1, count), *known)
        return standardizing.column_sums(xp, slopes).reshape(normalized_shape)
    standard, _ = _standardized(ops, input, result1, result2, _last(input, normalized_shape))
    return _outer_sum(ops, standard * grad, normalized_shape)


def _layer_gradients(ops, needed, grad, input, weight, bias, normalized_shape, result1, result2):
    return ops.native_layer_norm_backward(
        grad, input, result1, result2, weight, bias, normalized_shape=normalized_shape, output_mask=needed
    )


def _layer_bias(ops, grad, normalized_shape):
    if isinstance(grad, Tensor) or not grad.size or grad.dtype.itemsize == 2:
        return _outer_sum(ops, grad, normalized_shape)
    table = grad.reshape(-1, prod(normalized_shape))
    return standardizing.column_sums(module_of(grad), table).reshape(normalized_shape)


@op(
    input=vjp("weight * rstd * (delta - 1/n - xhat * xhat / n)", _layer_input),
    weight=vjp("xhat = (input - result1) * result2 (summed over what is outer product of dims)", _layer_weight),
    bias=vjp(
        "1 (summed over the outer dims)",
        lambda ops, grad, input, weight, bias, normalized_shape, result1, result2: _layer_bias(
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
    flat = (None if each is None else each.reshape(-1) for each in (weight, bias))
    outer = input.shape[: input.ndim - len(normalized_shape)]
    table = standardizing.in_rows(input, prod(outer), prod(normalized_shape))
    mean, rstd, out = standardizing.standardized(xp, table, eps, *flat)
    kept = (*outer, *(1,) * len(normalized_shape))
    return out.reshape(input.shape).astype(input.dtype, copy=False), mean.reshape(kept), rstd.reshape(kept)


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
    known = result1 if training else running_var
    if _are_arrays(grad, input, known):
        factor = result2 if training else 1 / ops.sqrt(running_var + eps)
        scale = factor if weight is None else factor * weight
        return _batch_input_of_arrays(grad, input, scale, training, result1, result2)
    scaled = grad if weight is None else grad * _beside(ops, weight, input)
    if not training:
        return scaled / ops.sqrt(_beside(ops, running_var, input) + eps)
    mean, rstd = _beside(ops, result1, input), _beside(ops, result2, input)
    return _input_gradient(ops, scaled, input, mean, rstd, _all_but_channels(input))


def _batch_input_of_arrays(grad, input, scale, training, mean, rstd):
    xp, count = module_of(input), input.size // input.shape[1]
    if not training:
        return standardizing.by_channels(xp, standardizing.TIMES, (grad,), (scale,))
    average = standardizing.channel_sums(xp, grad) / count
    slope = standardizing.dot_of_channels(xp, grad, input, mean) * (rstd * rstd) / count
    return standardizing.by_channels(xp, standardizing.CHANNEL_GRADIENT, (grad, input), (mean, average, slope, scale))


def _batch_weight(ops, grad, input, weight, running_mean, running_var, training, result1, result2, eps):
    mean = result1 if training else running_mean
    if _are_arrays(grad, input, mean):
        rstd = result2 if training else 1 / ops.sqrt(running_var + eps)
        return standardizing.dot_of_channels(module_of(input), grad, input, mean) * rstd
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
    work = input.astype("float32") if input.dtype.itemsize == 2 else input
    if training:
        count = input.size // max(input.shape[1], 1)
        mean = standardizing.channel_sums(xp, work) / count
        squares = standardizing.squares_of_channels(xp, work, mean)
        rstd = 1 / xp.sqrt(squares / count + work.dtype.type(eps))
        if running_mean is not None:
            _move(running_mean, mean, momentum)
        if running_var is not None:
            _move(running_var, squares / (count - 1), momentum)
        saved = mean, rstd
    else:
        mean, rstd = running_mean, 1 / xp.sqrt(running_var + running_var.dtype.type(eps))
        saved = xp.empty(0, input.dtype), xp.empty(0, input.dtype)
    shift = xp.zeros(mean.shape, mean.dtype) if bias is None else bias
    scale = rstd if weight is None else rstd * weight
    out = standardizing.by_channels(xp, standardizing.AFFINE, (work,), (mean, scale, shift))
    return xp.asarray(out, input.dtype, order="C"), *saved


def _move(running, now, momentum):
    """A running statistic, in place and uncounted as in PyTorch; the variance is without bias."""
    running *= 1 - momentum
    running += momentum * now


# -- group norm --------------------------------------------------------------------------------------


def _in_groups(ops, value, N, group):
    return ops.reshape_raw(value, size=(N, group, prod(value.shape[1:]) // group))


def _group_input(ops, grad, input, weight, result1, result2, N, C, HxW, group, eps):
    if _are_arrays(grad, input, result1):
        return _group_input_of_arrays(grad, input, weight, result1, result2)
    scaled = grad if weight is None else grad * _beside(ops, weight, input)
    mean, rstd = (ops.reshape_raw(each, size=(N, group, 1)) for each in (result1, result2))
    one, two = _in_groups(ops, scaled, N, group), _in_groups(ops, input, N, group)
    return ops.reshape_raw(_input_gradient(ops, one, two, mean, rstd, (2,)), size=tuple(input.shape))


def _group_input_of_arrays(grad, input, weight, mean, rstd):
    xp, count = module_of(input), input.size // mean.size
    scaled = grad if weight is None else standardizing.by_channels(xp, standardizing.TIMES, (grad,), (weight,))
    known = mean.reshape(-1, 1), rstd.reshape(-1, 1)
    one, two = scaled.reshape(-1, count), input.reshape(-1, count)
    return standardizing.row_gradient(xp, one, two, *known).reshape(input.shape)


def _of_each_channel(xp, groups, C):
    """(N, groups) as (N * C, 1): each group's number for each of its channels."""
    return xp.repeat(groups, C // groups.shape[1], axis=1).reshape(-1, 1)


def _group_weight(ops, grad, input, weight, result1, result2, N, C, HxW, group, eps):
    if _are_arrays(grad, input, result1):
        xp = module_of(input)
        both = standardizing.channel_rows((grad, input))
        found = standardizing.centered_dot(xp, *both, _of_each_channel(xp, result1, C))
        found *= _of_each_channel(xp, result2, C)
        return xp.add.reduce(found.reshape(N, C), axis=0)
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
    table = standardizing.in_rows(input, N * group, C * HxW // group)
    if weight is None and bias is None:
        mean, rstd, out = standardizing.standardized(xp, table, eps)
    else:
        mean, rstd = standardizing.row_statistics(xp, table, eps)
        scale = xp.ones(C, mean.dtype) if weight is None else weight
        shift = xp.zeros(C, mean.dtype) if bias is None else bias
        center, factor = (_of_each_channel(xp, each.reshape(N, group), C) for each in (mean, rstd))
        factor *= xp.tile(scale, N)[:, None]
        out = standardizing.AFFINE[0](xp, table.reshape(N * C, HxW), center, factor, xp.tile(shift, N)[:, None])
    out, mean, rstd = out.reshape(input.shape), mean.reshape(N, group), rstd.reshape(N, group)
    return out.astype(input.dtype, copy=False), mean, rstd
