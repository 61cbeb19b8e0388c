"""Attention: scaled dot products of queries and keys, with one head or several."""

import warnings
from math import inf, sqrt

from gradviz.engine import backend
from gradviz.engine.dtypes import in_cpp
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import composite, criteria, joining, padding, pointwise, reduction, stacking
from gradviz.ops.attention import scale_of, scaled_dot_product_flash_attention_for_cpu
from gradviz.ops.dropping import dropout
from gradviz.ops.linear import linear

# -- scaled dot products -----------------------------------------------------------------------------


def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None
):
    """softmax(query @ key.T * scale + mask) @ value: one op where PyTorch's CPU code has one, else its plain steps."""
    _refuse_kinds(query, key, value, attn_mask)
    if not query._array.shape[-2] or not value._array.size:
        return _of_nothing(query, key, value)
    if attn_mask is not None and attn_mask._array.dtype.kind == "b":
        _refuse_infinities(query)
        attn_mask = _as_numbers(attn_mask, query)
    if _in_one(query, key, value, attn_mask, dropout_p):
        return scaled_dot_product_flash_attention_for_cpu(
            query, key, value, attn_mask, dropout_p=float(dropout_p), is_causal=is_causal, scale=scale
        )
    return _in_steps(query, key, value, attn_mask, dropout_p, is_causal, scale)


def _refuse_kinds(query, key, value, attn_mask):
    if not all(each.ndim >= 2 for each in (query, key, value)):
        raise RuntimeError(
            f"Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: {query.ndim} "
            f"key.dim: {key.ndim} and value.dim: {value.ndim} instead."
        )
    kinds = [in_cpp(each._array.dtype) for each in (query, key, value)]
    if len({*kinds}) > 1:
        raise RuntimeError(
            f"Expected query, key, and value to have the same dtype, but got query.dtype: {kinds[0]} key.dtype: "
            f"{kinds[1]} and value.dtype: {kinds[2]} instead."
        )
    if attn_mask is not None and in_cpp(attn_mask._array.dtype) not in ("bool", "float", kinds[0]):
        raise RuntimeError(
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
            f"{in_cpp(attn_mask._array.dtype)} and  query.dtype: {kinds[0]} instead."
        )


@composed("scaled_dot_product_attention")
def _of_nothing(query, key, value):
    """No queries or no values: zeros, which are in the graph, as in PyTorch."""
    total = pointwise.add(pointwise.add(*map(reduction.sum, (query, key))), reduction.sum(value))
    zeros = joining.new_zeros(query, size=(*query.shape[:-1], value.shape[-1]))
    return pointwise.add(zeros, criteria.mul_number(total, other=0))


def _refuse_infinities(like):
    name = like._array.dtype.name
    if like._array.dtype.kind in "iu":
        kind = "int" if name == "int32" else f"{name}_t"
        raise RuntimeError(f"value cannot be converted to type {kind} without overflow")


def _as_numbers(mask, like, masked=False):
    """A mask of bools as 0 and -inf; `masked` is what stands for -inf."""
    xp = backend.module_of(mask._array)
    return Tensor(xp.where(mask._array == masked, -inf, 0.0).astype(like._array.dtype))


def _in_one(query, key, value, attn_mask, dropout_p):
    """Whether PyTorch's CPU code computes it in one op."""
    given = query, key, value
    shapes = [each._array.shape for each in given]
    if dropout_p > 0 or any(len(shape) != 4 or not shape[2] for shape in shapes):
        return False
    if len({shape[:2] for shape in shapes}) > 1 or len({shape[3] for shape in shapes}) > 1 or shapes[1] != shapes[2]:
        return False
    if attn_mask is not None:
        wanted = (*shapes[0][:3], shapes[1][2])
        mask = attn_mask._array.shape
        fits = len(mask) in (2, 4) and all(n in (1, m) for n, m in zip(reversed(mask), reversed(wanted), strict=False))
        if attn_mask.requires_grad or not fits:
            return False
    tensors = given if attn_mask is None else (*given, attn_mask)
    return all(array.shape[-1] == 1 or array.strides[-1] == array.itemsize for array in (t._array for t in tensors))


@composed("scaled_dot_product_attention")
def _in_steps(query, key, value, attn_mask, dropout_p, is_causal, scale):
    if is_causal and attn_mask is not None:
        raise RuntimeError("_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")
    share = sqrt(scale_of(query, scale))
    if is_causal:
        xp = backend.module_of(query._array)
        attn_mask = _as_numbers(Tensor(xp.tril(xp.ones((query.shape[-2], key.shape[-2]), bool))), query)
    query = criteria.mul_number(query, other=share)
    turned = criteria.mul_number(composite.transpose(key, -2, -1), other=share)
    scores = composite.matmul(query, turned)
    if attn_mask is not None:
        scores.add_(attn_mask)
    weights = criteria.safe_softmax(scores, dim=scores.ndim - 1)
    if dropout_p > 0:
        weights = dropout(weights, dropout_p, True)
    return composite.matmul(weights, value)


# -- several heads -----------------------------------------------------------------------------------


def canonical_mask(mask, name, other, other_name, like):
    """A mask of numbers, 0 and -inf for a mask of bools (True is left out); warns where `other` is of another kind."""
    if mask is None:
        return None
    if mask._array.dtype.kind not in "bf":
        raise AssertionError(f"only bool and floating types of {name} are supported")
    if other is not None and mask.dtype != other.dtype:
        warnings.warn(
            f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both instead.",
            stacklevel=3,
        )
    return _as_numbers(mask, like, masked=True) if mask._array.dtype.kind == "b" else mask


def _check_dimensions(query, key, value, key_padding_mask, attn_mask, num_heads):
    """Whether there is a batch; AssertionError, in PyTorch's words, for shapes that don't go together."""
    if query.ndim not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D query tensor"
        )
    batched, ndim = query.ndim == 3, query.ndim
    which = f"For {'batched' if batched else 'unbatched'} ({ndim}-D) `query`, expected"
    if key.ndim != ndim or value.ndim != ndim:
        raise AssertionError(
            f"{which} `key` and `value` to be {ndim}-D but found {key.ndim}-D and {value.ndim}-D tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask.ndim != ndim - 1:
        raise AssertionError(
            f"{which} `key_padding_mask` to be `None` or {ndim - 1}-D but found {key_padding_mask.ndim}-D tensor "
            "instead"
        )
    if attn_mask is not None and attn_mask.ndim not in (2, 3):
        raise AssertionError(
            f"{which} `attn_mask` to be `None`, 2-D or 3-D but found {attn_mask.ndim}-D tensor instead"
        )
    wanted = (num_heads, query.shape[0], key.shape[0])
    if attn_mask is not None and not batched and attn_mask.ndim == 3 and attn_mask.shape != wanted:
        raise AssertionError(f"Expected `attn_mask` shape to be {wanted} but got {attn_mask.shape}")
    return batched


def _packed(query, key, value, weight, bias):
    """Queries, keys and values by one weight (3 * E, E): one product for all that come from one tensor."""
    size = query.shape[-1]
    if key is value and query is key:
        return _taken_apart(linear(query, weight, bias), 3, size)
    sizes = [size, 2 * size] if key is value else None
    weights = stacking.split(weight, sizes) if sizes else stacking.chunk(weight, 3)
    biases = [None] * 3
    if bias is not None:
        biases = stacking.split(bias, sizes) if sizes else stacking.chunk(bias, 3)
    if key is value:
        first = linear(query, weights[0], biases[0])
        return (first, *_taken_apart(linear(key, weights[1], biases[1]), 2, size))
    given = zip((query, key, value), weights, biases, strict=False)
    return tuple(linear(each, own, its) for each, own, its in given)


def _taken_apart(projected, count, size):
    """(L, N, count * E) as `count` tensors (L, N, E)."""
    parts = projected.unflatten(-1, (count, size)).unsqueeze(0).transpose(0, -2).squeeze(-2).contiguous()
    return tuple(parts[k] for k in range(count))


def _separate(tensors, weights, bias):
    biases = [None] * 3 if bias is None else stacking.chunk(bias, 3)
    size = tensors[0].shape[-1]
    named = zip(("query", "key", "value"), tensors, weights, strict=True)
    for name, tensor, weight in named:
        wanted = (size, tensor.shape[-1])
        if weight.shape != wanted:
            raise AssertionError(f"expecting {name} weights shape of {wanted}, but got {weight.shape}")
    return tuple(linear(*each) for each in zip(tensors, weights, biases, strict=True))


def _shaped_mask(mask, batch, num_heads, length, source):
    """An attention mask (L, S) or (N * heads, L, S), with three dimensions."""
    if mask is None:
        return None
    wanted = (length, source) if mask.ndim == 2 else (batch * num_heads, length, source)
    if mask.ndim not in (2, 3):
        raise RuntimeError(f"attn_mask's dimension {mask.ndim} is not supported")
    if mask.shape != wanted:
        raise RuntimeError(f"The shape of the {mask.ndim}D attn_mask is {mask.shape}, but should be {wanted}.")
    return mask.unsqueeze(0) if mask.ndim == 2 else mask


def _merged(attn_mask, key_padding_mask, batch, num_heads):
    """One mask of both, (N * heads, 1 or L, S)."""
    if key_padding_mask is None:
        return attn_mask
    source = key_padding_mask.shape[1]
    spread = key_padding_mask.view(batch, 1, 1, source).expand(-1, num_heads, -1, -1)
    spread = spread.reshape(batch * num_heads, 1, source)
    return spread if attn_mask is None else attn_mask + spread


@composed("multi_head_attention_forward")
def multi_head_attention_forward(heads, query, key, value, key_padding_mask, need_weights, attn_mask, average, is_causal):  # noqa: E501
    """What MultiheadAttention `heads` computes: (L, N, E), (S, N, E) and (S, N, E) to (L, N, E), and the weights."""
    batched = _check_dimensions(query, key, value, key_padding_mask, attn_mask, heads.num_heads)
    if not batched:
        same, alike = query is key, key is value
        query = query.unsqueeze(1)
        key = query if same else key.unsqueeze(1)
        value = key if alike else value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, _ = query.shape
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    if is_causal and key_padding_mask is None and not need_weights:
        attn_mask = None
    elif key_padding_mask is not None:
        is_causal = False
    _check_sizes(heads, query, key, value)
    q, k, v = _projected(heads, query, key, value)
    attn_mask = _shaped_mask(attn_mask, batch, heads.num_heads, length, key.shape[0])
    return _attended(heads, (q, k, v), (attn_mask, key_padding_mask), (need_weights, average, is_causal, batched))


def _check_sizes(heads, query, key, value):
    if query.shape[-1] != heads.embed_dim:
        raise AssertionError(f"was expecting embedding dimension of {heads.embed_dim}, but got {query.shape[-1]}")
    if heads.in_proj_weight is None:
        if key.shape[:2] != value.shape[:2]:
            raise AssertionError(
                f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}"
            )
    elif key.shape != value.shape:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")


def _projected(heads, query, key, value):
    if heads.in_proj_weight is not None:
        return _packed(query, key, value, heads.in_proj_weight, heads.in_proj_bias)
    weights = heads.q_proj_weight, heads.k_proj_weight, heads.v_proj_weight
    return _separate((query, key, value), weights, heads.in_proj_bias)


def _by_heads(tensor, count, size):
    return tensor.view(tensor.shape[0], count, size).transpose(0, 1)


def _attended(heads, projected, masks, settings):
    """(L, N, E) of queries, keys and values, and the weights."""
    (q, k, v), (attn_mask, key_padding_mask) = projected, masks
    need_weights, average, is_causal, batched = settings
    length, batch, width = q.shape
    count, size = batch * heads.num_heads, heads.head_dim
    if heads.bias_k is not None:
        k, v = (stacking.cat([each, more.repeat(1, batch, 1)]) for each, more in ((k, heads.bias_k), (v, heads.bias_v)))
        attn_mask, key_padding_mask = _wider(attn_mask), _wider(key_padding_mask)
    q, k, v = (_by_heads(each, count, size) for each in (q, k, v))
    if heads.add_zero_attn:
        k, v = (stacking.cat([each, joining.new_zeros(each, size=(count, 1, size))], 1) for each in (k, v))
        attn_mask, key_padding_mask = _wider(attn_mask), _wider(key_padding_mask)
    mask = _merged(attn_mask, key_padding_mask, batch, heads.num_heads)
    p = heads.dropout if heads.training else 0.0
    weights = None
    if need_weights:
        out, weights = _with_weights(q, k, v, mask, p)
        out = out.transpose(0, 1).reshape(length * batch, width)
    else:
        out = _without_weights((q, k, v), mask, p, is_causal, (batch, heads.num_heads, size))
        out = out.permute(2, 0, 1, 3).reshape(batch * length, width)
    out = linear(out, heads.out_proj.weight, heads.out_proj.bias).view(length, batch, width)
    if weights is not None:
        weights = weights.view(batch, heads.num_heads, length, k.shape[1])
        weights = weights.mean(dim=1) if average else weights
    if batched:
        return out, weights
    return out.squeeze(1), None if weights is None else weights.squeeze(0)


def _wider(mask):
    """A mask with one more key, which it doesn't hide."""
    return None if mask is None else padding.pad(mask, (0, 1))


def _with_weights(q, k, v, mask, p):
    scaled = q * sqrt(1.0 / q.shape[-1])
    turned = k.transpose(-2, -1)
    scores = scaled.bmm(turned) if mask is None else mask.baddbmm(scaled, turned)
    weights = composite.softmax(scores, -1)
    if p > 0.0:
        weights = dropout(weights, p, True)
    return weights.bmm(v), weights


def _without_weights(projected, mask, p, is_causal, sizes):
    batch, num_heads, size = sizes
    if mask is not None:
        source = projected[1].shape[1]
        mask = mask.unsqueeze(0) if mask.shape[0] == 1 and mask.ndim == 3 else mask.view(batch, num_heads, -1, source)
    q, k, v = (each.view(batch, num_heads, each.shape[1], size) for each in projected)
    return scaled_dot_product_attention(q, k, v, mask, p, is_causal)


__all__ = ["scaled_dot_product_attention"]
