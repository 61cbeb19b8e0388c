"""Gates, shuffled channels, resampling, dropped channels, more pools and losses with margins: an example of each."""

from tests.engine.sampling import Sample, twice

A, ROW, IMAGE, ROWS, VOLUME = (2, 3), (3,), (2, 4, 5, 4), (2, 4, 5), (1, 2, 2, 3, 2)
SIGNS, CLASSES, FIXED, POSITIVE = ((2, 3), "constant"), ((2,), "class"), ((2, 3), "constant"), ((2, 3), "positive")
HOWS = ("mean", "sum", "none")


def _f(name, *args, **kwargs):
    """A function of torch.nn.functional, its first arguments being the inputs."""
    return lambda torch, *tensors: getattr(torch.nn.functional, name)(*tensors, *args, **kwargs)


def _first(gradient_of):
    """The first gradient of something that has no second one."""

    def run(torch, a, *others):
        leaf = a.detach().requires_grad_()
        return torch.autograd.grad(gradient_of(torch, leaf, *others).sum(), leaf, create_graph=True)[0].detach()

    return run


def _seeded(run):
    def seeded(torch, *tensors):
        torch.manual_seed(5)
        return run(torch, *tensors)

    return seeded


def _signs(values):
    return 2 * (values > 1).to(values.dtype) - 1


GATES = (
    Sample("reshape_alias", lambda torch, a: a.t().reshape(3, 1, 2), (A,), second=False),
    Sample("gated", _f("glu"), ((2, 4),)),
    Sample("gated", _f("glu", 0), ((4, 3),)),
    Sample("prelu_kernel", _f("prelu"), (A, (1,))),
    Sample("prelu_kernel", _f("prelu"), ((2, 3, 2), ROW)),
    Sample("prelu_kernel", lambda torch, a, w: torch.prelu(a, w), (ROW, (1,))),
    Sample("rrelu_with_noise", _f("rrelu"), (A,), second=False),
    Sample("rrelu_with_noise", _seeded(_f("rrelu", 0.1, 0.4, True)), ((3, 4),), second=False),
    Sample("without_middle", _f("hardshrink"), (A,), second=False),
    Sample("without_middle", lambda torch, a: a.hardshrink(1.0), (A,), second=False),
    Sample("drawn_together", _f("softshrink", 0.9), (A,), second=False),
    Sample("glu_backward", twice(_f("glu")), ((2, 4),)),
    Sample("prelu_kernel_backward", twice(_f("prelu")), (A, (1,))),
    Sample("prelu_kernel_backward", twice(_f("prelu")), ((2, 3, 2), ROW)),
    Sample("rrelu_with_noise_backward", twice(_f("rrelu")), (A,), second=False),
    Sample("rrelu_with_noise_backward", twice(_seeded(_f("rrelu", 0.1, 0.4, True))), ((3, 4),), second=False),
    Sample("hardshrink_backward", twice(_f("hardshrink")), (A,), second=False),
    Sample("softshrink_backward", twice(_f("softshrink", 0.9)), (A,), second=False),
    Sample("channels_as_places", _f("pixel_shuffle", 2), ((2, 8, 2, 3),), second=False),
    Sample("channels_as_places", _f("pixel_shuffle", 3), ((9, 1, 2),), second=False),
    Sample("places_as_channels", _f("pixel_unshuffle", 2), ((1, 2, 4, 2),), second=False),
    Sample("channels_in_turn", _f("channel_shuffle", 3), ((2, 6, 2),), second=False),
    Sample("clamp_min_number", _f("normalize"), (A,)),
    Sample("linalg_vector_norm", _f("normalize", 3, 0), (A,)),
    Sample("unsafe_split", lambda torch, a, h, u, v: torch.lstm_cell(a, (h, h), u, v)[0], (A, (2, 2), (8, 3), (8, 2))),
    Sample("unsafe_split", lambda torch, a, h, u, v, b, c: torch.gru_cell(a, h, u, v, b, c), (A, (2, 2), (6, 3), (6, 2), (6,), (6,))),  # noqa: E501
    Sample("tanh", lambda torch, a, h, u, v: torch.rnn_tanh_cell(a, h, u, v), (A, (2, 2), (2, 3), (2, 2))),
)  # fmt: skip

ATTENTION = (
    Sample("scaled_dot_product_flash_attention_for_cpu", _f("scaled_dot_product_attention"), (((1, 2, 3, 2), "constant"),) * 3),  # noqa: E501
    Sample("flash_attention_backward", _first(lambda torch, q, k, v: torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)), (((1, 2, 3, 2), "constant"),) * 3),  # noqa: E501
    Sample("flash_attention_backward", _first(lambda torch, k, q, v: torch.nn.functional.scaled_dot_product_attention(q, k, v)), (((1, 2, 3, 2), "constant"),) * 3),  # noqa: E501
    Sample("flash_attention_backward", _first(lambda torch, v, k, q: torch.nn.functional.scaled_dot_product_attention(q, k, v, scale=0.3)), (((1, 2, 3, 2), "constant"),) * 3),  # noqa: E501
)  # fmt: skip

LAYERS = (
    Sample("native_batch_norm", _f("instance_norm"), ((2, 3, 4),)),
    Sample("repeat", lambda torch, a, w, b: torch.nn.functional.instance_norm(a, None, None, w, b), ((2, 3, 2, 2), ROW, ROW)),  # noqa: E501
    Sample("native_batch_norm", lambda torch, a, m, v: torch.nn.functional.instance_norm(a, m * 1, v * 1, momentum=0.3), ((2, 3, 4), ((3,), "constant"), ((3,), "constant"))),  # noqa: E501
    Sample("native_batch_norm", lambda torch, a, m, v: torch.nn.functional.instance_norm(a, m, v, use_input_stats=False), ((2, 3, 4), ((3,), "constant"), ((3,), "constant")), second=False),  # noqa: E501
    Sample("mul", _seeded(_f("dropout1d", 0.4)), ((3, 4),), second=False),
    Sample("mul", _seeded(_f("dropout2d", 0.4)), ((2, 3, 2, 2),), second=False),
    Sample("mul", _seeded(_f("dropout3d", 0.4)), ((2, 3, 1, 2, 2),), second=False),
    Sample("add", _seeded(_f("alpha_dropout", 0.4, True)), ((3, 4),), second=False),
    Sample("add", _seeded(_f("feature_alpha_dropout", 0.4, True)), ((3, 4, 2),), second=False),
    Sample("adaptive_max_pool2d", _f("adaptive_max_pool2d", (2, 3)), (IMAGE,), second=False),
    Sample("adaptive_max_pool2d", lambda torch, a: torch.nn.functional.adaptive_max_pool2d(a, (None, 1), True)[1], (((2, 4, 5), "constant"),)),  # noqa: E501
    Sample("adaptive_max_pool2d", _f("adaptive_max_pool1d", 3), (ROWS,), second=False),
    Sample("adaptive_max_pool2d_backward", twice(lambda torch, a: torch.nn.functional.adaptive_max_pool2d(a, 2)), ((1, 3, 4),), second=False),  # noqa: E501
    Sample("gather", lambda torch, a: torch.autograd.grad((twice(lambda torch, a: torch.nn.functional.adaptive_max_pool2d(a, 2))(torch, a) ** 2).sum(), a, create_graph=True)[0], ((1, 3, 4),), second=False),  # noqa: E501
)  # fmt: skip

_SHAPES = {1: (2, 1, 4), 2: (1, 2, 3, 4), 3: VOLUME}
_MODES = {
    "upsample_nearest{}d": ("nearest", (1, 2, 3)), "upsample_nearest_exact{}d": ("nearest-exact", (1, 2, 3)),
    "upsample_linear{}d": ("linear", (1,)), "upsample_bilinear{}d": ("bilinear", (2,)),
    "upsample_trilinear{}d": ("trilinear", (3,)), "upsample_bicubic{}d": ("bicubic", (2,)),
}  # fmt: skip


def _resampled(mode, *args, **kwargs):
    return _f("interpolate", *args, mode=mode, **kwargs)


RESAMPLING = (
    *(
        Sample(op.format(n), _resampled(mode, scale_factor=1.7), (_SHAPES[n],), second=False)
        for op, (mode, dims) in _MODES.items() for n in dims
    ),
    *(
        Sample(op.format(n) + "_backward", twice(lambda torch, a, mode=mode: torch.nn.functional.interpolate(a, 3, mode=mode)), (_SHAPES[n],), second=False)  # noqa: E501
        for op, (mode, dims) in _MODES.items() for n in dims
    ),
    *(
        Sample(op.format(n), _resampled(mode, 5, align_corners=True), (_SHAPES[n],), second=False)
        for op, (mode, dims) in _MODES.items() for n in dims if "nearest" not in mode
    ),
    Sample("upsample_bilinear2d", _resampled("bilinear", scale_factor=(0.6, 2), recompute_scale_factor=True), ((1, 1, 5, 3),), second=False),  # noqa: E501
    Sample("adaptive_avg_pool2d", _resampled("area", (2, 3)), (IMAGE,), second=False),
    Sample("adaptive_avg_pool2d", _resampled("area", scale_factor=0.5), (ROWS,), second=False),
)  # fmt: skip



def _ctc(targets, input_lengths=(5, 3), target_lengths=(2, 1), **settings):
    """ctc_loss of log-probabilities (5, 2, 3)."""

    def run(torch, a):
        return torch.nn.functional.ctc_loss(a.log_softmax(2), torch.tensor(targets), input_lengths, target_lengths, **settings)  # noqa: E501

    return run


def _ctc_alone(torch, a):
    return torch.ctc_loss(a.log_softmax(1), torch.tensor([0, 0]), torch.tensor([5]), torch.tensor([2]), 1)


SPEECH = ((5, 2, 3), "constant")
LOSSES = (
    *(Sample("ctc_loss_of", _ctc([[1, 1], [2, 1]], reduction=how, zero_infinity=True), (SPEECH,)) for how in HOWS),
    Sample("ctc_loss_of", _ctc([1, 2, 2], (4, 5)), (SPEECH,)),
    Sample("ctc_loss_of", _ctc([1, 2, 1, 2], (0, 2), (0, 4), zero_infinity=True, reduction="sum"), (SPEECH,)),
    Sample("ctc_loss_of", _ctc_alone, (((5, 3), "constant"),)),
    Sample("ctc_loss_backward", _first(_ctc([[0, 0], [2, 0]], blank=1)), (SPEECH,)),
    *(Sample("soft_margin_loss", lambda torch, a, b, how=how: torch.nn.functional.soft_margin_loss(a, b, reduction=how), (A, FIXED)) for how in HOWS),  # noqa: E501
    *(
        Sample("multi_margin_loss", lambda torch, a, c, how=how: torch.nn.functional.multi_margin_loss(a, c, reduction=how), (FIXED, CLASSES))  # noqa: E501
        for how in HOWS
    ),
    Sample("multi_margin_loss", lambda torch, a, c, w: torch.nn.functional.multi_margin_loss(a, c, 2, 0.7, w), (FIXED, CLASSES, ((3,), "constant"))),  # noqa: E501
    Sample("multi_margin_loss_backward", _first(lambda torch, a, c, w: torch.nn.functional.multi_margin_loss(a, c, 2, 0.7, w)), (FIXED, CLASSES, ((3,), "constant"))),  # noqa: E501
    Sample("multi_margin_loss_backward", _first(lambda torch, a, c: torch.nn.functional.multi_margin_loss(a, c, reduction="none")), (FIXED, CLASSES)),  # noqa: E501
    Sample("multilabel_margin_loss", lambda torch, a, c: torch.nn.functional.multilabel_margin_loss(a, c - 1), (FIXED, ((2, 3), "class"))),  # noqa: E501
    Sample("multilabel_margin_loss", lambda torch, a, c: torch.nn.functional.multilabel_margin_loss(a, c, reduction="none"), (((4, 3), "constant"), ((4, 3), "class"))),  # noqa: E501
    Sample("multilabel_margin_loss_backward", _first(lambda torch, a, c: torch.nn.functional.multilabel_margin_loss(a, c - 1)), (FIXED, ((2, 3), "class"))),  # noqa: E501
    Sample("norm_of", lambda torch, a, b: torch.nn.functional.pairwise_distance(a, b), (A, A)),
    Sample("norm_of", lambda torch, a, b: torch.nn.functional.pairwise_distance(a, b, 3, keepdim=True), (A, ROW)),
    *(Sample("norm_of", lambda torch, a, b, c, how=how: torch.nn.functional.triplet_margin_loss(a, b, c, reduction=how), (A, A, A)) for how in HOWS),  # noqa: E501
    Sample("minimum", lambda torch, a, b, c: torch.nn.functional.triplet_margin_loss(a, b, c, 5.0, swap=True), (A, A, A)),  # noqa: E501
    Sample("minimum", lambda torch, a, b, c: torch.nn.functional.triplet_margin_with_distance_loss(a, b, c, distance_function=lambda x, y: ((x - y) ** 2).sum(1), margin=4, swap=True), (A, A, A)),  # noqa: E501
    *(
        Sample("sub_number", lambda torch, a, b, s, how=how: torch.nn.functional.cosine_embedding_loss(a, b, _signs(s), 0.1, reduction=how), (A, A, ((2,), "constant")))  # noqa: E501
        for how in HOWS
    ),
    Sample("sub_number", lambda torch, a, b: torch.nn.functional.cosine_embedding_loss(a, b, torch.tensor(-1), -1.5), (ROW, ROW)),  # noqa: E501
    *(
        Sample("where", lambda torch, a, s, how=how: torch.nn.functional.hinge_embedding_loss(a, _signs(s), reduction=how), (A, SIGNS), second=False)  # noqa: E501
        for how in HOWS
    ),
    Sample("clamp_min_number", lambda torch, a, b, s: torch.nn.functional.margin_ranking_loss(a, b, _signs(s), 0.5), (A, A, SIGNS), second=False),  # noqa: E501
    *(Sample("logsigmoid", lambda torch, a, b, how=how: torch.nn.functional.multilabel_soft_margin_loss(a, b, reduction=how), (A, POSITIVE)) for how in HOWS),  # noqa: E501
    Sample("logsigmoid", lambda torch, a, b, w: torch.nn.functional.multilabel_soft_margin_loss(a, b, w), (A, A, ((3,), "constant"))),  # noqa: E501
    *(Sample("log", lambda torch, a, b, v, how=how: torch.nn.functional.gaussian_nll_loss(a, b, v, full=True, reduction=how), (A, A, POSITIVE)) for how in HOWS),  # noqa: E501
    Sample("log", lambda torch, a, b, v: torch.nn.functional.gaussian_nll_loss(a, b, v), (A, A, ((2,), "positive"))),
    Sample("log", lambda torch, a, b: torch.nn.functional.gaussian_nll_loss(a, b, 0.5), (A, A)),
    *(Sample("exp", lambda torch, a, b, how=how: torch.nn.functional.poisson_nll_loss(a, b, reduction=how), (A, POSITIVE)) for how in HOWS),  # noqa: E501
    Sample("exp", lambda torch, a, b: torch.nn.functional.poisson_nll_loss(a, b, full=True), (A, POSITIVE)),
    Sample("log", lambda torch, a, b: torch.nn.functional.poisson_nll_loss(a, b, log_input=False), (POSITIVE, POSITIVE)),  # noqa: E501
)  # fmt: skip

SAMPLES: tuple[Sample, ...] = GATES + ATTENTION + LAYERS + RESAMPLING + LOSSES
