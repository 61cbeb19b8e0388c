"""Attention as one op, as PyTorch's CPU code has it: scores are computed anew in backward, not saved.

Source: Dao et al., "FlashAttention" (2022). PyTorch has no second derivative of it, so there is none here.
"""

from math import inf, sqrt

import numpy as np

from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.engine.rows import rows
from gradviz.ops.choosing import chosen
from gradviz.ops.refusals import no_derivative


def _mt(xp, array):
    return xp.swapaxes(array, -1, -2)


def scale_of(query, scale):
    """`scale`, or where it is None 1 / sqrt of the last size."""
    if scale is not None:
        return scale
    return 1 / sqrt(query.shape[-1]) if query.shape[-1] else inf


def _scores(xp, query, key, attn_mask, is_causal, scale):
    scores = (query * query.dtype.type(scale_of(query, scale))) @ _mt(xp, key)
    if attn_mask is not None:
        scores = scores + attn_mask
    if is_causal:
        later = ~xp.tril(xp.ones(scores.shape[-2:], bool))
        xp.copyto(scores, scores.dtype.type(-inf), where=later)
    return scores


@rows("r")
def _raised(xp, scores):
    """(exp of what scores are below the greatest, their sum, the greatest)."""
    top = scores.max(axis=-1, keepdims=True)
    raised = xp.exp(scores - top)
    return raised, raised.sum(axis=-1, keepdims=True), top


@rows("r1")
def _weights(xp, scores, known):
    return xp.exp(scores - known)


@rows("rr11")
def _slopes(xp, scores, along, known, total):
    slopes = xp.exp(scores - known)
    slopes *= along - total
    return slopes


def _gradient_for(which):
    def gradient(ops, grad, query, key, value, attn_mask, output, logsumexp, dropout_p, is_causal, scale):
        return ops.flash_attention_backward(
            grad, query, key, value, attn_mask, output, logsumexp, which=which, is_causal=is_causal, scale=scale
        )

    return gradient


@op(
    title="scaled_dot_product_attention",
    query=vjp("scale * softmax' (grad @ value.T) @ key", _gradient_for("query")),
    key=vjp("scale * softmax' (grad @ value.T).T @ query", _gradient_for("key")),
    value=vjp("softmax(scale * query @ key.T).T (softmax.T @ grad)", _gradient_for("value")),
    intermediates=("logsumexp",),
    optional=("attn_mask",),
    result="output",
)
def scaled_dot_product_flash_attention_for_cpu(xp, query, key, value, attn_mask, *, dropout_p, is_causal, scale):
    """softmax(scale * query @ key.T + mask) @ value: (N, H, L, E), (N, H, S, E) and (N, H, S, E) to (N, H, L, E)."""
    if query.dtype.kind != "f":
        raise RuntimeError(f"expected scalar type Float but found {title(query.dtype)}")
    scores = _scores(xp, query, key, attn_mask, is_causal, scale)
    raised, total, top = _raised(xp, scores)
    if xp is not np or not np.isfinite(top).all():  # on a GPU this look would wait for the device
        top = chosen(xp, xp.isinf(top), scores.dtype.type(0), top)
        raised = xp.exp(scores - top)
        total = raised.sum(axis=-1, keepdims=True)
    nothing = total == 0  # to attend to: then zeros
    total = chosen(xp, nothing, scores.dtype.type(1), total)
    return raised @ value / total, chosen(xp, nothing, scores.dtype.type(-inf), xp.log(total) + top)[..., 0]


def _none(*names):
    return {name: vjp("none, as in PyTorch", _refuse) for name in names}


def _refuse(grad):
    return no_derivative("_scaled_dot_product_flash_attention_for_cpu_backward")


@op(grad_fn="NotImplemented", optional=("attn_mask",), **_none("self", "query", "key", "value"))
def flash_attention_backward(xp, self, query, key, value, attn_mask, output, logsumexp, *, which, is_causal, scale):
    """The gradient of attention for one of its inputs; PyTorch has no derivative of it."""
    known = chosen(xp, xp.isinf(logsumexp), logsumexp.dtype.type(0), logsumexp)[..., None]
    scores = _scores(xp, query, key, attn_mask, is_causal, scale)
    if which == "value":
        return _mt(xp, _weights(xp, scores, known)) @ self
    slopes = _slopes(xp, scores, self @ _mt(xp, value), known, (self * output).sum(axis=-1, keepdims=True))
    found = slopes @ key if which == "query" else _mt(xp, slopes) @ query
    found *= query.dtype.type(scale_of(query, scale))
    return found
