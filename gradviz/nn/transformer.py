"""Transformers: layers, stacks of layers, encoder and decoder, as PyTorch composes them: Vaswani et al. (2017)."""

from copy import deepcopy
from math import inf

import numpy as np

from gradviz.engine.backend import moved
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor
from gradviz.nn import functional as F
from gradviz.nn import init
from gradviz.nn.attention import MultiheadAttention
from gradviz.nn.attention_functions import canonical_mask
from gradviz.nn.containers import ModuleList
from gradviz.nn.dropouts import Dropout
from gradviz.nn.factory import factory
from gradviz.nn.layers import Linear
from gradviz.nn.module import Module
from gradviz.nn.norms import LayerNorm


def _activation(given):
    if not isinstance(given, str):
        return given
    if given not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {given}")
    return F.relu if given == "relu" else F.gelu


def _causal(mask, is_causal, length):
    """Whether a mask hides exactly what comes later; `is_causal` where it is known already."""
    if is_causal is not None or mask is None:
        return is_causal is True
    wanted = np.triu(np.full((length, length), -inf), 1)
    return mask.shape == wanted.shape and bool((mask._array == wanted).all())


def _length(tensor, batch_first):
    return tensor.shape[0 if tensor.ndim == 2 or not batch_first else 1]


def _numbers(masks, like):
    """A pair of masks (name, mask), the padding's first, as numbers."""
    (one, padding), (two, mask) = masks
    return canonical_mask(padding, one, mask, two, like), canonical_mask(mask, two, None, "", like)


@factory
class _Layer(Module):
    """What the layers of encoder and decoder share: attention to itself, and the feedforward part."""

    def __init__(
        self, d_model, nhead, dim_feedforward=2048, dropout=0.1, activation=F.relu, layer_norm_eps=1e-5,
        batch_first=False, norm_first=False, bias=True,
    ):  # fmt: skip
        super().__init__()
        self._attend(lambda: MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first))
        self.linear1 = Linear(d_model, dim_feedforward, bias)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias)
        self.norm_first = norm_first
        for kind, make in (("norm", lambda: LayerNorm(d_model, layer_norm_eps, bias=bias)), ("dropout", lambda: Dropout(dropout))):  # noqa: E501
            for number in range(1, self._parts + 1):
                setattr(self, f"{kind}{number}", make())
        self.activation = _activation(activation)

    def _around(self, number, x, part):
        """A part with its norm, before it or after what it is added to."""
        norm = getattr(self, f"norm{number}")
        return x + part(norm(x)) if self.norm_first else norm(x + part(x))

    def _to_itself(self, attn_mask, key_padding_mask, is_causal):
        def part(x):
            found = self.self_attn(
                x, x, x, attn_mask=attn_mask, key_padding_mask=key_padding_mask, need_weights=False,
                is_causal=is_causal,
            )  # fmt: skip
            return self.dropout1(found[0])

        return part

    def _feedforward(self, x):
        x = self.linear2(self.dropout(self.activation(self.linear1(x))))
        return getattr(self, f"dropout{self._parts}")(x)


class TransformerEncoderLayer(_Layer):
    """Attention to itself, then a feedforward part, each added to what came in and standardized."""

    _parts = 2

    def _attend(self, make):
        self.self_attn = make()

    def forward(self, src, src_mask=None, src_key_padding_mask=None, is_causal=False):
        """(L, N, d_model), kept."""
        padding, mask = _numbers((("src_key_padding_mask", src_key_padding_mask), ("src_mask", src_mask)), src)
        x = self._around(1, src, self._to_itself(mask, padding, is_causal))
        return self._around(2, x, self._feedforward)


class TransformerDecoderLayer(_Layer):
    """Attention to itself, to a memory, then a feedforward part."""

    _parts = 3

    def _attend(self, make):
        self.self_attn, self.multihead_attn = make(), make()

    def forward(
        self, tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None, memory_key_padding_mask=None,
        tgt_is_causal=False, memory_is_causal=False,
    ):  # fmt: skip
        """(L, N, d_model) and a memory (S, N, d_model) to (L, N, d_model)."""

        def look(x):
            found = self.multihead_attn(
                x, memory, memory, attn_mask=memory_mask, key_padding_mask=memory_key_padding_mask,
                need_weights=False, is_causal=memory_is_causal,
            )  # fmt: skip
            return self.dropout2(found[0])

        x = self._around(1, tgt, self._to_itself(tgt_mask, tgt_key_padding_mask, tgt_is_causal))
        x = self._around(2, x, look)
        return self._around(3, x, self._feedforward)


class _Stack(Module):
    def __init__(self, layer, num_layers, norm=None):
        super().__init__()
        self.layers = ModuleList([deepcopy(layer) for _ in range(num_layers)])
        self.num_layers, self.norm = num_layers, norm

    def _normed(self, output):
        return output if self.norm is None else self.norm(output)


class TransformerEncoder(_Stack):
    """A TransformerEncoderLayer several times, each with weights of its own."""

    def __init__(self, encoder_layer, num_layers, norm=None, enable_nested_tensor=True, mask_check=True):
        super().__init__(encoder_layer, num_layers, norm)
        self.enable_nested_tensor, self.mask_check = enable_nested_tensor, mask_check

    def forward(self, src, mask=None, src_key_padding_mask=None, is_causal=None):
        """(L, N, d_model), kept."""
        padding, mask = _numbers((("src_key_padding_mask", src_key_padding_mask), ("mask", mask)), src)
        is_causal = _causal(mask, is_causal, _length(src, self.layers[0].self_attn.batch_first))
        for layer in self.layers:
            src = layer(src, src_mask=mask, is_causal=is_causal, src_key_padding_mask=padding)
        return self._normed(src)


class TransformerDecoder(_Stack):
    """A TransformerDecoderLayer several times, each with weights of its own."""

    def __init__(self, decoder_layer, num_layers, norm=None):
        super().__init__(decoder_layer, num_layers, norm)

    def forward(
        self, tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None, memory_key_padding_mask=None,
        tgt_is_causal=None, memory_is_causal=False,
    ):  # fmt: skip
        """(L, N, d_model) and a memory (S, N, d_model) to (L, N, d_model)."""
        tgt_is_causal = _causal(tgt_mask, tgt_is_causal, _length(tgt, self.layers[0].self_attn.batch_first))
        for layer in self.layers:
            tgt = layer(
                tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=tgt_is_causal,
                memory_is_causal=memory_is_causal,
            )  # fmt: skip
        return self._normed(tgt)


@factory
class Transformer(Module):
    """An encoder, and a decoder that looks at what it makes."""

    def __init__(
        self, d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=2048, dropout=0.1,
        activation=F.relu, custom_encoder=None, custom_decoder=None, layer_norm_eps=1e-5, batch_first=False,
        norm_first=False, bias=True,
    ):  # fmt: skip
        super().__init__()
        sizes = d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias
        for name, given, layer, stack, count in (
            ("encoder", custom_encoder, TransformerEncoderLayer, TransformerEncoder, num_encoder_layers),
            ("decoder", custom_decoder, TransformerDecoderLayer, TransformerDecoder, num_decoder_layers),
        ):
            if given is None:
                given = layer(*sizes)
                given = stack(given, count, LayerNorm(d_model, layer_norm_eps, bias=bias))
            setattr(self, name, given)
        for each in self.parameters():
            if each.ndim > 1:
                init.xavier_uniform_(each)
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def forward(
        self, src, tgt, src_mask=None, tgt_mask=None, memory_mask=None, src_key_padding_mask=None,
        tgt_key_padding_mask=None, memory_key_padding_mask=None, src_is_causal=None, tgt_is_causal=None,
        memory_is_causal=False,
    ):  # fmt: skip
        """(S, N, d_model) and (L, N, d_model) to (L, N, d_model)."""
        place = 0 if self.batch_first else 1
        if src.ndim == 3 and src.shape[place] != tgt.shape[place]:
            raise RuntimeError("the batch number of src and tgt must be equal")
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise RuntimeError("the feature number of src and tgt must be equal to d_model")
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        return self.decoder(
            tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask, tgt_is_causal,
            memory_is_causal,
        )  # fmt: skip

    @staticmethod
    def generate_square_subsequent_mask(sz, device=None, dtype=None):
        """A mask (sz, sz) that hides what comes later: -inf above the diagonal, else 0."""
        kind = (mode.default_dtype if dtype is None else dtype).numpy
        return Tensor(moved(np.triu(np.full((sz, sz), -inf, kind), 1), str(device or mode.default_device)))
