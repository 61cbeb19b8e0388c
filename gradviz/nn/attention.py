"""MultiheadAttention, with PyTorch's parameter names and first values."""

from gradviz.nn import init
from gradviz.nn.attention_functions import canonical_mask, multi_head_attention_forward
from gradviz.nn.convolutions import empty_parameter
from gradviz.nn.factory import factory
from gradviz.nn.layers import Linear
from gradviz.nn.module import Module


class NonDynamicallyQuantizableLinear(Linear):
    """A Linear by the name under which PyTorch prints it inside of MultiheadAttention."""


@factory
class MultiheadAttention(Module):
    """Queries look up keys and take their values, in several heads: Vaswani et al. (2017)."""

    def __init__(
        self, embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False, kdim=None,
        vdim=None, batch_first=False,
    ):  # fmt: skip
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} "
                "instead"
            )
        super().__init__()
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        self.kdim, self.vdim = (embed_dim if each is None else each for each in (kdim, vdim))
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")
        packed = self.kdim == self.vdim == embed_dim
        separate = {"q_proj_weight": embed_dim, "k_proj_weight": self.kdim, "v_proj_weight": self.vdim}
        if packed:
            self.in_proj_weight = empty_parameter(3 * embed_dim, embed_dim)
        for name, size in separate.items():
            self.register_parameter(name, None if packed else empty_parameter(embed_dim, size))
        if not packed:
            self.register_parameter("in_proj_weight", None)
        self.register_parameter("in_proj_bias", empty_parameter(3 * embed_dim) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias)
        for name in ("bias_k", "bias_v"):
            setattr(self, name, empty_parameter(1, 1, embed_dim) if add_bias_kv else None)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self):
        for each in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if each is not None:
                init.xavier_uniform_(each)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for each in (self.bias_k, self.bias_v):
            if each is not None:
                init.xavier_normal_(each)

    def forward(
        self, query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None, average_attn_weights=True,
        is_causal=False,
    ):  # fmt: skip
        """(L, N, E), (S, N, E) and (S, N, E) to (L, N, E) and the weights (N, L, S), or None in their place."""
        key_padding_mask = canonical_mask(key_padding_mask, "key_padding_mask", attn_mask, "attn_mask", query)
        attn_mask = canonical_mask(attn_mask, "attn_mask", None, "", query)
        turned = self.batch_first and query.ndim == 3
        if turned:
            query, key, value = _transposed(query, key, value)
        out, weights = multi_head_attention_forward(
            self, query, key, value, key_padding_mask, need_weights, attn_mask, average_attn_weights, is_causal
        )
        return (out.transpose(1, 0) if turned else out), weights


def _transposed(query, key, value):
    """(N, L, E) as (L, N, E), the same tensor still being the same."""
    if key is value:
        turned = query.transpose(1, 0)
        other = turned if query is key else key.transpose(1, 0)
        return turned, other, other
    return tuple(each.transpose(1, 0) for each in (query, key, value))
