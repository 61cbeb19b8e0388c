"""Mistakes with gates, shuffles, resampling, attention, recurrent layers and margins, as in mistakes.py."""


def _f(name, *shapes, **kwargs):
    return lambda torch: getattr(torch.nn.functional, name)(*(torch.ones(shape) for shape in shapes), **kwargs)


def _n(name, *args, **kwargs):
    return lambda torch: getattr(torch.nn, name)(*args, **kwargs)


def _called(name, args, *shapes, **kwargs):
    return lambda torch: getattr(torch.nn, name)(*args)(*(torch.ones(shape) for shape in shapes), **kwargs)


def _long(torch, *values):
    return torch.tensor(values)


def _second(of):
    def run(torch):
        x = torch.ones(1, 1, 2, 3, requires_grad=True)
        (grad,) = torch.autograd.grad(of(torch, x).sum(), x, create_graph=True)
        grad.sum().backward()

    return run


def _unpool(dims, places=0, **settings):
    """The way back of ones, with places counted from one on."""

    def run(torch):
        values = torch.ones(1, 2, *(2,) * dims)
        at = torch.arange(values.numel()).reshape(values.shape)
        given = {"kernel_size": 2} | settings
        return getattr(torch.nn.functional, f"max_unpool{dims}d")(values, at + places if isinstance(places, int) else places(at), **given)  # noqa: E501

    return run


A = (2, 3)
MISTAKES = {
    **{
        f"max_unpool{dims}d {what}": _unpool(dims, *given, **settings)
        for dims in (1, 2, 3)
        for what, given, settings in (
            ("to a size that it can't be", (), {"output_size": (9,) * dims}),
            ("to sizes of other dimensions", (), {"output_size": (4,) * (dims + 3)}),
            ("of places of another shape", (lambda at: at[:, :1],), {}),
            ("of small integers as places", (lambda at: at.int(),), {}),
            ("of places beyond the end", (lambda at: at * 0 + 999,), {}),
            ("of places before the start", (lambda at: at * 0 - 999,), {}),
        )
    },
    "max_unpool2d of a matrix": lambda torch: torch.nn.functional.max_unpool2d(torch.ones(A), torch.zeros(A).long(), 2),
    "max_unpool3d of a matrix": lambda torch: torch.nn.functional.max_unpool3d(torch.ones(1, 2, 3), torch.zeros(1, 2, 3).long(), 2),  # noqa: E501
    "max_unpool2d of no channels": lambda torch: torch.nn.functional.max_unpool2d(torch.ones(1, 0, 2, 2), torch.zeros(1, 0, 2, 2).long(), 2),  # noqa: E501
    "max_unpool2d of integers": lambda torch: torch.nn.functional.max_unpool2d(torch.ones(1, 2, 2).long(), torch.zeros(1, 2, 2).long(), 2),  # noqa: E501
    "glu of an odd size": _f("glu", A),
    "glu of a number": _f("glu", ()),
    "prelu of other channels": _f("prelu", A, (2,)),
    "prelu of a matrix": _f("prelu", A, (1, 1)),
    "prelu of a number": _f("prelu", (), (2,)),
    "hardshrink of integers": lambda torch: torch.nn.functional.hardshrink(torch.ones(2).long()),
    "softshrink of integers": lambda torch: torch.nn.functional.softshrink(torch.ones(2).long()),
    "softshrink of a negative gap": _f("softshrink", A, lambd=-1),
    "rrelu the wrong way round": _f("rrelu", A, lower=0.5, upper=0.1),
    "pixel_shuffle of other channels": _f("pixel_shuffle", (1, 3, 2, 2), upscale_factor=2),
    "pixel_shuffle of a matrix": _f("pixel_shuffle", A, upscale_factor=2),
    "pixel_shuffle by nothing": _f("pixel_shuffle", (1, 4, 2, 2), upscale_factor=0),
    "pixel_unshuffle of an odd height": _f("pixel_unshuffle", (1, 3, 3, 2), downscale_factor=2),
    "pixel_unshuffle of an odd width": _f("pixel_unshuffle", (1, 3, 2, 3), downscale_factor=2),
    "channel_shuffle of a matrix": _f("channel_shuffle", A, groups=1),
    "channel_shuffle of channels that don't divide": _f("channel_shuffle", (1, 3, 2), groups=2),
    "channel_shuffle of no groups": _f("channel_shuffle", (1, 3, 2), groups=0),
    "dropout1d of an image": _f("dropout1d", (1, 2, 3, 4)),
    "dropout2d above 1": _f("dropout2d", (1, 2, 3, 4), p=2.0),
    "alpha_dropout below 0": _f("alpha_dropout", A, p=-1.0, training=True),
    "feature_dropout of a vector": lambda torch: torch.feature_dropout(torch.ones(3), 0.5, True),
    "instance_norm of one place": _f("instance_norm", (2, 3, 1)),
    "instance_norm without statistics": _f("instance_norm", (2, 3, 2), use_input_stats=False),
    "InstanceNorm2d of a matrix": _called("InstanceNorm2d", (3,), A),
    "InstanceNorm1d of other channels": lambda torch: torch.nn.InstanceNorm1d(3, affine=True)(torch.ones(2, 4, 2)),
    "BatchNorm3d of an image": _called("BatchNorm3d", (3,), (2, 3, 2, 2)),
    "adaptive_max_pool2d of a matrix": _f("adaptive_max_pool2d", A, output_size=2),
    "interpolate of nothing": _f("interpolate", (1, 1, 2, 2)),
    "interpolate of both": _f("interpolate", (1, 1, 2, 2), size=2, scale_factor=2),
    "interpolate of too many sizes": _f("interpolate", (1, 1, 2), size=(2, 2)),
    "interpolate of too many scales": _f("interpolate", (1, 1, 2), scale_factor=(2, 2)),
    "interpolate bilinear of a row": _f("interpolate", (1, 1, 2), size=2, mode="bilinear"),
    "interpolate of an unknown mode": _f("interpolate", (1, 1, 2), size=2, mode="quick"),
    "interpolate nearest with corners": _f("interpolate", (1, 1, 2), size=2, align_corners=True),
    "interpolate to nothing": _f("interpolate", (1, 1, 2, 2), size=(0, 2)),
    "interpolate a size anew": _f("interpolate", (1, 1, 2), size=2, recompute_scale_factor=True),
    "Softmax2d of a matrix": _called("Softmax2d", (), A),
    "Unflatten to a number": _n("Unflatten", 1, 3),
    "multi_margin_loss of a third power": lambda torch: torch.nn.functional.multi_margin_loss(torch.ones(A), _long(torch, 0, 1), 3),  # noqa: E501
    "multi_margin_loss of no class": lambda torch: torch.nn.functional.multi_margin_loss(torch.ones(A), _long(torch, 0, 3)),  # noqa: E501
    "multi_margin_loss of too few": lambda torch: torch.nn.functional.multi_margin_loss(torch.ones(A), _long(torch, 0)),
    "multi_margin_loss of floats": _f("multi_margin_loss", A, (2,)),
    "multi_margin_loss of another weight": lambda torch: torch.nn.functional.multi_margin_loss(torch.ones(A), _long(torch, 0, 1), weight=torch.ones(2)),  # noqa: E501
    "multilabel_margin_loss of another size": lambda torch: torch.nn.functional.multilabel_margin_loss(torch.ones(A), _long(torch, 0, 1)),  # noqa: E501
    "multilabel_margin_loss of no class": lambda torch: torch.nn.functional.multilabel_margin_loss(torch.ones(3), _long(torch, 0, 1, 3)),  # noqa: E501
    "multilabel_soft_margin_loss reduced somehow": _f("multilabel_soft_margin_loss", A, A, reduction="some"),
    "soft_margin_loss of another size": _f("soft_margin_loss", A, (2,)),
    "soft_margin_loss of a learned target": lambda torch: torch.nn.functional.soft_margin_loss(
        torch.ones(2), torch.ones(2, requires_grad=True)
    ),
    "margin_ranking_loss of other dimensions": _f("margin_ranking_loss", A, (2,), (2,)),
    "triplet_margin_loss of other dimensions": _f("triplet_margin_loss", A, (3,), A),
    "triplet_margin_loss of no margin": _f("triplet_margin_loss", A, A, A, margin=0),
    "TripletMarginLoss of no margin": _n("TripletMarginLoss", 0),
    "cosine_embedding_loss of other dimensions": _f("cosine_embedding_loss", (2, 2, 2), (2, 2, 2), (3,)),
    "gaussian_nll_loss of a negative variance": lambda torch: torch.nn.functional.gaussian_nll_loss(torch.ones(2), torch.ones(2), -torch.ones(2)),  # noqa: E501
    "gaussian_nll_loss of another variance": _f("gaussian_nll_loss", A, A, (4,)),
    "poisson_nll_loss reduced somehow": _f("poisson_nll_loss", A, A, reduction="some"),
    "second backward through attention": _second(lambda torch, x: torch.nn.functional.scaled_dot_product_attention(x, x, x)),  # noqa: E501
    "second backward through multi_margin_loss": _second(
        lambda torch, x: torch.nn.functional.multi_margin_loss(x[0, 0], _long(torch, 0, 1))
    ),
    "attention, causal and masked": lambda torch: torch.nn.functional.scaled_dot_product_attention(
        *[torch.ones(1, 2, 2)] * 3, torch.ones(2, 2), is_causal=True
    ),
    "heads that don't divide": _n("MultiheadAttention", 5, 2),
    "no heads": _n("MultiheadAttention", 4, 0),
    "heads of a vector": _called("MultiheadAttention", (4, 2), (4,), (4,), (4,)),
    "heads of other dimensions": _called("MultiheadAttention", (4, 2), (3, 1, 4), (3, 4), (3, 4)),
    "heads of another width": _called("MultiheadAttention", (4, 2), (3, 1, 5), (3, 1, 5), (3, 1, 5)),
    "heads with a mask of another size": _called("MultiheadAttention", (4, 2), *[(3, 1, 4)] * 3, (2,)),
    "heads with an attention mask of another size": lambda torch: torch.nn.MultiheadAttention(4, 2)(
        *[torch.ones(3, 1, 4)] * 3, attn_mask=torch.ones(2, 2)
    ),
    "heads causal without a mask": lambda torch: torch.nn.MultiheadAttention(4, 2)(
        *[torch.ones(3, 1, 4)] * 3, is_causal=True
    ),
    "Transformer of another width": _called("Transformer", (4, 2, 1, 1, 4), (3, 1, 5), (3, 1, 5)),
    "Transformer of other batches": _called("Transformer", (4, 2, 1, 1, 4), (3, 1, 4), (3, 2, 4)),
    "TransformerEncoderLayer of an unknown activation": _n("TransformerEncoderLayer", 4, 2, activation="tanh"),
    "LSTM of too many dimensions": _called("LSTM", (3, 4), (1, 2, 3, 3)),
    "RNN of too many dimensions": _called("RNN", (3, 4), (3,)),
    "GRU of another width": _called("GRU", (3, 4), (5, 2, 4)),
    "GRU of doubles": lambda torch: torch.nn.GRU(3, 4)(torch.ones(5, 2, 3).double()),
    "GRU of another state": _called("GRU", (3, 4), (5, 2, 3), (1, 3, 4)),
    "GRU of a state without batch": _called("GRU", (3, 4), (5, 2, 3), (1, 4)),
    "LSTM of another state": lambda torch: torch.nn.LSTM(3, 4)(torch.ones(5, 2, 3), (torch.ones(1, 2, 4), torch.ones(1, 2, 3))),  # noqa: E501
    "LSTM of a state without batch": lambda torch: torch.nn.LSTM(3, 4)(torch.ones(5, 2, 3), (torch.ones(1, 4),) * 2),
    "GRU with a projection": _n("GRU", 3, 4, proj_size=2),
    "LSTM with too large a projection": _n("LSTM", 3, 4, proj_size=4),
    "RNN of an unknown nonlinearity": _n("RNN", 3, 4, nonlinearity="gelu"),
    "RNN of no layers": _n("RNN", 3, 4, num_layers=0),
    "RNN of nothing": _n("RNN", 0, 4),
    "RNN with a dropout of 2": _n("RNN", 3, 4, dropout=2),
    "RNN of a bias that is a number": _n("RNN", 3, 4, bias=1),
    "LSTMCell of too many dimensions": _called("LSTMCell", (3, 4), (5, 2, 3)),
    "RNNCell of an unknown nonlinearity": _called("RNNCell", (3, 4, True, "gelu"), (2, 3)),
}  # fmt: skip
