"""The samples of samples_layers.py as programs whose graphs are compared, and what runs in float32 alone."""

from tests.engine.samples_layers import ATTENTION, GATES, LAYERS, RESAMPLING, _f

Q, MASK, FIXED = (1, 2, 3, 4), ((3, 3), "bool"), ((1, 2, 3, 4), "constant")


def _gru(torch, x, h, u, v, b, c):
    return torch.gru(x, h, (u, v, b, c), True, 1, 0.0, True, False, False)[0]


def _rnn(torch, x, h, u, v):
    return torch.rnn_relu(x, h, (u, v), False, 1, 0.0, True, False, False)[0]


def _of_one(name, *shapes):
    """A loss of a learned input, and of what is not learned."""
    known = tuple((shape, "constant") for shape in shapes)
    return _f(name), ((2, 3), *known)


_FIRST = {}  # op -> (its place, its first sample), losses and cells aside: they have too many patterns
for _place, _sample in enumerate(GATES + ATTENTION + LAYERS + RESAMPLING):
    if any(_sample.floating()) and len(_sample.inputs) < 4 and not _sample.op.endswith("_backward"):
        _FIRST.setdefault(_sample.op, (_place, _sample))

CELL = (((2, 3), "constant"), (2, 2), ((8, 3), "constant"), (8, 2))
PROGRAMS: dict[str, tuple] = {
    **{f"{op} {place}": (sample.run, sample.inputs) for op, (place, sample) in _FIRST.items()},
    "attention": (_f("scaled_dot_product_attention"), (Q, Q, Q)),
    "attention, causal": (_f("scaled_dot_product_attention", is_causal=True, scale=0.3), (Q, Q, FIXED)),
    "attention, masked": (
        lambda torch, q, k, v, m: torch.nn.functional.scaled_dot_product_attention(q, k, v, m),
        (Q, FIXED, FIXED, MASK),
    ),
    "attention, mask learned": (
        lambda torch, q, k, v, m: torch.nn.functional.scaled_dot_product_attention(q, k, v, m),
        (FIXED, Q, FIXED, (3, 3)),
    ),
    "attention, values of another width": (_f("scaled_dot_product_attention"), (Q, FIXED, (1, 2, 3, 5))),
    "F.multi_margin_loss": (_f("multi_margin_loss"), ((2, 3), ((2,), "class"))),
    "F.multi_margin_loss squared": (_f("multi_margin_loss", 2, 0.5), ((2, 3), ((2,), "class"))),
    "F.multilabel_margin_loss": (_f("multilabel_margin_loss"), ((2, 3), ((2, 3), "class"))),
    "F.soft_margin_loss": _of_one("soft_margin_loss", (2, 3)),
    "F.pairwise_distance": (_f("pairwise_distance"), ((2, 3), (2, 3))),
    "F.triplet_margin_loss": (_f("triplet_margin_loss"), ((2, 3), (2, 3), (2, 3))),
    "F.triplet_margin_loss, swapped": (_f("triplet_margin_loss", swap=True), ((2, 3), (2, 3), ((2, 3), "constant"))),
    "F.triplet_margin_with_distance_loss": _of_one("triplet_margin_with_distance_loss", (2, 3), (2, 3)),
    "F.cosine_embedding_loss": (_f("cosine_embedding_loss", 0.1), ((2, 3), (2, 3), ((2,), "constant"))),
    "F.hinge_embedding_loss": _of_one("hinge_embedding_loss", (2, 3)),
    "F.margin_ranking_loss": _of_one("margin_ranking_loss", (2, 3), (2, 3)),
    "F.multilabel_soft_margin_loss": (_f("multilabel_soft_margin_loss"), ((2, 3), (2, 3))),
    "F.gaussian_nll_loss": (_f("gaussian_nll_loss", full=True), ((2, 3), ((2, 3), "constant"), ((2, 3), "positive"))),
    "F.poisson_nll_loss": _of_one("poisson_nll_loss", (2, 3)),
    "F.poisson_nll_loss, full": (_f("poisson_nll_loss", full=True), ((2, 3), ((2, 3), "positive"))),
    "F.poisson_nll_loss of rates": (_f("poisson_nll_loss", log_input=False), (((2, 3), "positive"), ((2, 3), "positive"))),  # noqa: E501
    "torch.lstm_cell": (lambda torch, x, h, u, v: torch.lstm_cell(x, (h, h), u, v)[0], CELL),
    "torch.gru": (_gru, ((2, 1, 3), (1, 1, 2), ((6, 3), "constant"), (6, 2), ((6,), "constant"), ((6,), "constant"))),
    "torch.rnn_relu": (_rnn, ((2, 1, 3), ((1, 1, 2), "constant"), (2, 3), ((2, 2), "constant"))),
    "F.linear of a transposed input": (
        lambda torch, x, w, b: torch.nn.functional.linear(x.transpose(0, 1), w, b), ((2, 2, 3), (4, 3), (4,))
    ),
}  # fmt: skip

IN_SECOND_BACKWARDS = {
    "GluBackward", "PreluKernelBackward", "RreluWithNoiseBackward",
    "HardshrinkBackward", "SoftshrinkBackward",
    *(f"UpsampleNearest{n}DBackward" for n in (1, 2, 3)), *(f"UpsampleNearestExact{n}DBackward" for n in (1, 2, 3)),
    "UpsampleLinear1DBackward", "UpsampleBilinear2DBackward", "UpsampleTrilinear3DBackward",
    "UpsampleBicubic2DBackward",
}  # fmt: skip
