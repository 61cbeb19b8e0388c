"""RNN, LSTM, GRU, attention and transformers beside PyTorch's: first values, outputs, gradients, masks, prints."""

import warnings

import numpy as np
import pytest

import gradviz
from tests.engine.peers import assert_same

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

STEPS, ONE = (5, 2, 3), (5, 3)
LAYERS = {
    "RNN": (lambda nn: nn.RNN(3, 4), STEPS),
    "RNN relu, two layers": (lambda nn: nn.RNN(3, 4, 2, "relu", bias=False), STEPS),
    "RNN both ways": (lambda nn: nn.RNN(3, 4, num_layers=2, bidirectional=True, batch_first=True), (2, 5, 3)),
    "GRU": (lambda nn: nn.GRU(3, 4), STEPS),
    "GRU alone": (lambda nn: nn.GRU(3, 4, 2, bidirectional=True), ONE),
    "GRU dropout": (lambda nn: nn.GRU(3, 4, 2, dropout=0.5), STEPS),
    "LSTM": (lambda nn: nn.LSTM(3, 4), STEPS),
    "LSTM both ways": (lambda nn: nn.LSTM(3, 4, 2, bidirectional=True, dropout=0.3), STEPS),
    "LSTM projected": (lambda nn: nn.LSTM(3, 4, 2, proj_size=2, batch_first=True, bidirectional=True), (2, 5, 3)),
    "LSTM alone": (lambda nn: nn.LSTM(3, 4, bias=False, batch_first=True), ONE),
}
CELLS = {
    "RNNCell": (lambda nn: nn.RNNCell(3, 4), (2, 3)),
    "RNNCell relu": (lambda nn: nn.RNNCell(3, 4, bias=False, nonlinearity="relu"), (3,)),
    "GRUCell": (lambda nn: nn.GRUCell(3, 4), (2, 3)),
    "GRUCell alone": (lambda nn: nn.GRUCell(3, 4), (3,)),
    "LSTMCell": (lambda nn: nn.LSTMCell(3, 4), (2, 3)),
    "LSTMCell alone": (lambda nn: nn.LSTMCell(3, 4), (3,)),
}


def _input(side, *shape, seed=3):
    return side.from_numpy(np.random.RandomState(seed).randn(*shape)).requires_grad_()


def _flat(found):
    return [each for part in found for each in _flat(part)] if isinstance(found, (tuple, list)) else [found]


def _learned(side, make, given, call):
    """What a layer starts with, gives, and learns; double, and a random number after it."""
    side.manual_seed(11)
    layer = make(side.nn)
    start = {f"start {key}": each for key, each in layer.state_dict().items()}
    inputs = [_input(side, *shape, seed=k) for k, shape in enumerate(given)]
    layer = _filled(side, layer.double())
    outs = [each for each in _flat(call(layer, *inputs)) if each is not None]
    weighed = [(out * side.from_numpy(np.cos(np.arange(out.numel())).reshape(tuple(out.shape)))).sum() for out in outs]
    sum(weighed[1:], weighed[0]).backward()
    grads = {f"gradient {key}": each.grad for key, each in layer.named_parameters() if each.grad is not None}
    leaves = {f"input {k}": each.grad for k, each in enumerate(inputs) if each.grad is not None}
    return {**start, **{f"out {k}": out for k, out in enumerate(outs)}, **grads, **leaves, "next": side.rand(2)}


def _filled(side, layer):
    """The layer with the same weights on both sides: first values differ in their last bits."""
    draws = np.random.RandomState(5)
    with side.no_grad():
        for each in layer.parameters():
            each.copy_(side.from_numpy(np.asarray(draws.randn(*each.shape)) / 2))
    return layer


def _same(make, given, call):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [_learned(side, make, given, call) for side in (gradviz, torch)]
    assert_same(*found)


@pytest.mark.parametrize("name", [*LAYERS, *CELLS])
def test_a_recurrent_layer_is_pytorchs(name):
    make, shape = LAYERS.get(name) or CELLS[name]
    _same(make, [shape], lambda layer, x: layer(x))
    assert repr(make(gradviz.nn)) == repr(make(torch.nn))


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("RNN", [(1, 2, 4)]), ("GRU alone", [(4, 4)]), ("LSTM", [(1, 2, 4)] * 2), ("LSTM alone", [(1, 4)] * 2),
        ("LSTM projected", [(4, 2, 2), (4, 2, 4)]), ("RNNCell", [(2, 4)]), ("GRUCell alone", [(4,)]),
        ("LSTMCell", [(2, 4)] * 2), ("LSTMCell alone", [(4,)] * 2),
    ],
)  # fmt: skip
def test_a_state_is_taken_over(name, states):
    make, shape = LAYERS.get(name) or CELLS[name]
    _same(make, [shape, *states], lambda layer, x, *state: layer(x, state if len(state) > 1 else state[0]))


@pytest.mark.parametrize("name", ["RNN", "GRU"])
def test_the_graph_of_a_recurrent_layer_is_pytorchs(name):
    found = []
    for side in (gradviz, torch):
        out = LAYERS[name][0](side.nn).double()(_input(side, *STEPS))[0]
        waiting, seen = [out.grad_fn], []
        for node in waiting:
            seen.append(type(node).__name__)
            waiting += [n for n, _ in node.next_functions if n is not None and n not in waiting]
        found.append(seen)
    assert found[0] == found[1]


# -- attention ---------------------------------------------------------------------------------------

HEADS = {
    "plain": lambda nn: nn.MultiheadAttention(6, 2),
    "batch first": lambda nn: nn.MultiheadAttention(6, 3, batch_first=True),
    "no bias": lambda nn: nn.MultiheadAttention(6, 2, bias=False),
    "more keys": lambda nn: nn.MultiheadAttention(6, 2, add_bias_kv=True, add_zero_attn=True),
    "dropout": lambda nn: nn.MultiheadAttention(6, 2, dropout=0.4),
}
CALLS = {
    "to itself": ([(5, 4, 6)], lambda layer, x: layer(x, x, x)),
    "without weights": ([(5, 4, 6)], lambda layer, x: layer(x, x, x, need_weights=False)),
    "to a memory": ([(5, 4, 6), (3, 4, 6)], lambda layer, x, m: layer(x, m, m)),
    "to three": ([(5, 4, 6)] * 3, lambda layer, q, k, v: layer(q, k, v, need_weights=False)),
    "alone": ([(5, 6)], lambda layer, x: layer(x, x, x)),
    "of each head": ([(5, 4, 6)], lambda layer, x: layer(x, x, x, average_attn_weights=False)),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", HEADS)
def test_attention_is_pytorchs(name, call):
    given, run = CALLS[call]
    if name == "batch first" and call == "to a memory":
        given = [(4, 5, 6), (4, 3, 6)]
    _same(HEADS[name], given, run)


def test_attention_of_other_widths():
    make = lambda nn: nn.MultiheadAttention(6, 2, kdim=3, vdim=5)  # noqa: E731
    _same(make, [(4, 2, 6), (3, 2, 3), (3, 2, 5)], lambda layer, q, k, v: layer(q, k, v))
    assert repr(make(gradviz.nn)) == repr(make(torch.nn))


def _masks(layer, *names):
    side = gradviz if isinstance(layer, gradviz.nn.Module) else torch
    known = {
        "bool": side.from_numpy(np.triu(np.ones((5, 5), bool), 1)),
        "numbers": side.from_numpy(np.random.RandomState(0).randn(5, 5)),
        "of heads": side.from_numpy(np.random.RandomState(0).rand(8, 5, 5) < 0.3),
        "padding": side.from_numpy(np.arange(5) >= np.array([[5], [3], [4], [5]])),
    }
    return [known[name] for name in names]


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("mask", [None, "bool", "numbers", "of heads"])
@pytest.mark.parametrize("padding", [None, "padding"])
@pytest.mark.parametrize("name", ["plain", "more keys"])
def test_masks_hide_what_pytorchs_hide(name, mask, padding, need_weights):
    def run(layer, x):
        settings = {"need_weights": need_weights}
        if mask is not None:
            (settings["attn_mask"],) = _masks(layer, mask)
        if padding is not None:
            (settings["key_padding_mask"],) = _masks(layer, padding)
        return layer(x, x, x, **settings)

    _same(HEADS[name], [(5, 4, 6)], run)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("how", [{}, {"is_causal": True}, {"scale": 0.3}, "bool", "numbers", "nothing", "wide"])
def test_scaled_dot_products_of_four_dimensions(how, dtype):
    found = []
    for side in (gradviz, torch):
        q, k, v = (side.from_numpy(np.random.RandomState(n).randn(2, 3, length, 4).astype(dtype)).requires_grad_() for n, length in enumerate((5, 6, 6)))  # noqa: E501
        settings = how if isinstance(how, dict) else {}
        if not settings and how:
            mask = np.random.RandomState(9).randn(5, 6).astype(dtype)
            mask = {"bool": mask > 0, "nothing": np.arange(30).reshape(5, 6) > 11}.get(how, mask)
            settings = {"attn_mask": side.from_numpy(mask[None, None] if how == "wide" else mask)}
        out = side.nn.functional.scaled_dot_product_attention(q, k, v, **settings)
        out.backward(side.from_numpy(np.cos(np.arange(120).reshape(2, 3, 5, 4)).astype(dtype)))
        found.append({"out": out, "q": q.grad, "k": k.grad, "v": v.grad})
        assert type(out.grad_fn).__name__ == "ScaledDotProductFlashAttentionForCpuBackward0"
    assert_same(*found)


# -- transformers ------------------------------------------------------------------------------------

BLOCKS = {
    "TransformerEncoderLayer": (lambda nn: nn.TransformerEncoderLayer(6, 2, 7, dropout=0.2), [(5, 4, 6)]),
    "TransformerEncoderLayer norm first": (
        lambda nn: nn.TransformerEncoderLayer(6, 2, 7, 0.0, "gelu", batch_first=True, norm_first=True, bias=False),
        [(4, 5, 6)],
    ),
    "TransformerEncoder": (
        lambda nn: nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 2, 7), 2, nn.LayerNorm(6)), [(5, 4, 6)]
    ),
    "TransformerDecoderLayer": (lambda nn: nn.TransformerDecoderLayer(6, 2, 7), [(5, 4, 6), (3, 4, 6)]),
    "TransformerDecoder": (
        lambda nn: nn.TransformerDecoder(nn.TransformerDecoderLayer(6, 2, 7, norm_first=True), 2),
        [(5, 4, 6), (3, 4, 6)],
    ),
    "Transformer": (lambda nn: nn.Transformer(6, 2, 1, 2, 7, batch_first=True), [(4, 5, 6), (4, 3, 6)]),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", BLOCKS)
def test_a_transformer_is_pytorchs(name):
    make, given = BLOCKS[name]
    _same(make, given, lambda layer, *inputs: layer(*inputs))
    assert repr(make(gradviz.nn)) == repr(make(torch.nn))


@pytest.mark.filterwarnings("ignore")
def test_masks_reach_all_layers():
    def encode(layer, x):
        mask, padding = _masks(layer, "bool", "padding")
        return layer(x, mask=mask), layer(x, mask=mask, src_key_padding_mask=padding)

    def decode(layer, x, memory):
        (mask,) = _masks(layer, "bool")
        return layer(x, memory, tgt_mask=mask)

    _same(BLOCKS["TransformerEncoder"][0], [(5, 4, 6)], encode)
    _same(BLOCKS["TransformerDecoder"][0], [(5, 4, 6), (3, 4, 6)], decode)
    ours, theirs = (side.nn.Transformer.generate_square_subsequent_mask(4) for side in (gradviz, torch))
    assert_same({"": ours}, {"": theirs})


@pytest.mark.filterwarnings("ignore")
def test_evaluation_gives_what_pytorchs_gives():
    found = []
    for side in (gradviz, torch):
        side.manual_seed(0)
        layer = _filled(side, BLOCKS["TransformerEncoder"][0](side.nn).double()).eval()
        found.append({"": layer(_input(side, 5, 4, 6))})
    assert_same(*found)
