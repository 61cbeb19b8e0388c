"""Mistakes with windows (pools, columns, convolutions, padding), embeddings and losses, as in mistakes.py."""


def _f(name, *shapes, **kwargs):
    return lambda torch: getattr(torch.nn.functional, name)(*(torch.ones(shape) for shape in shapes), **kwargs)


def _of(name, kinds, *shapes, **kwargs):
    """A function of tensors of these dtypes."""

    def run(torch):
        given = (torch.ones(shape).to(getattr(torch, kind)) for shape, kind in zip(shapes, kinds.split(), strict=True))
        return getattr(torch.nn.functional, name)(*given, **kwargs)

    return run


ROW, IMAGE, VOLUME = (1, 1, 4), (1, 1, 4, 4), (1, 1, 4, 4, 4)
SAME = (2, 3)
POOLS = {
    f"{name} {word}": _f(name, shape, **given)
    for name, shape in (
        ("avg_pool1d", ROW), ("avg_pool2d", IMAGE), ("avg_pool3d", VOLUME), ("max_pool1d", ROW), ("max_pool2d", IMAGE),
        ("max_pool3d", VOLUME),
    )
    for word, given in {
        "by a stride of 0": {"kernel_size": 2, "stride": 0},
        "by a stride below 0": {"kernel_size": 2, "stride": -1},
        "of no window": {"kernel_size": 0, "stride": 1},
        "of a window too large": {"kernel_size": 5},
        "of a padding below 0": {"kernel_size": 2, "padding": -1},
        "of a padding too wide": {"kernel_size": 2, "padding": 2},
    }.items()
}  # fmt: skip
DILATED = {
    f"{name} {word}": _f(name, shape, **given)
    for name, shape in (("max_pool1d", ROW), ("max_pool2d", IMAGE), ("max_pool3d", VOLUME))
    for word, given in {
        "dilated by 0": {"kernel_size": 2, "dilation": 0},
        "of half a padding, dilated": {"kernel_size": 2, "padding": 2, "dilation": 3},
    }.items()
}
CONVOLUTIONS = {
    f"{name} {word}": _f(name, *shapes, **given)
    for name, shapes in (
        ("conv1d", (ROW, (1, 1, 2))), ("conv2d", (IMAGE, (1, 1, 2, 2))), ("conv3d", (VOLUME, (1, 1, 2, 2, 2))),
        ("conv_transpose1d", (ROW, (1, 1, 2))), ("conv_transpose2d", (IMAGE, (1, 1, 2, 2))),
        ("conv_transpose3d", (VOLUME, (1, 1, 2, 2, 2))),
    )
    for word, given in {
        "by a stride of 0": {"stride": 0},
        "of a padding below 0": {"padding": -1},
        "of no groups": {"groups": 0},
        "dilated by less than 0": {"dilation": -1},
        "dilated by 0": {"dilation": 0},
        "by too many strides": {"stride": (1,) * 4},
        **({"that leaves nothing": {"padding": 5}, "with places beyond": {"output_padding": 1}} if "t" in name else {}),
    }.items()
}  # fmt: skip
MISTAKES = {
    **POOLS,
    **DILATED,
    **CONVOLUTIONS,
    "max_pool1d of integers": _of("max_pool1d", "int64", ROW, kernel_size=2),
    "adaptive_max_pool2d of integers": _of("adaptive_max_pool2d", "int64", IMAGE, output_size=2),
    "adaptive_avg_pool2d of None": _f("adaptive_avg_pool2d", IMAGE, output_size=None),
    "avg_pool2d divided by 0": _f("avg_pool2d", IMAGE, kernel_size=2, divisor_override=0),
    "unfold of no window": _f("unfold", IMAGE, kernel_size=0),
    "unfold of a window too large": _f("unfold", IMAGE, kernel_size=5),
    "unfold by a stride of 0": _f("unfold", IMAGE, kernel_size=2, stride=0),
    "unfold of a padding below 0": _f("unfold", IMAGE, kernel_size=2, padding=-1),
    "unfold of a matrix": _f("unfold", SAME, kernel_size=2),
    "fold to no places": _f("fold", (1, 4, 1), output_size=(0, 0), kernel_size=2, padding=1),
    "fold of other columns": _f("fold", (1, 5, 4), output_size=(3, 3), kernel_size=2),
    "fold of too few windows": _f("fold", (1, 4, 3), output_size=(3, 3), kernel_size=2),
    "conv2d of a kernel of booleans": _of("conv2d", "bool bool", IMAGE, (1, 1, 2, 2)),
    "conv2d of a batch, and a weight of doubles": _of("conv2d", "float32 float64", (2, 1, 4, 4), (1, 1, 2, 2)),
    "conv2d of a weight of rows": _f("conv2d", IMAGE, (1, 1, 2)),
    "conv_transpose2d of integers": _of("conv_transpose2d", "int32 int32", IMAGE, (1, 1, 2, 2)),
    "conv2d of nothing": _f("conv2d", (1, 1, 0, 4), (1, 1, 1, 1), padding=1),
    "pad of a vector by its mirror": _f("pad", (4,), pad=(1, 1), mode="reflect"),
    "pad that cuts all off": _f("pad", (2, 4), pad=(-3, -3), mode="replicate"),
    "embedding of booleans": _of("embedding", "bool float32", (2,), (3, 2)),
    "embedding of no rows": _of("embedding", "int64 float32", (2,), (0, 2)),
    "embedding_bag of a matrix of booleans": _of("embedding_bag", "bool float32", (2, 2), (3, 2)),
    "group_norm of single values": _f("group_norm", (1, 2), num_groups=2),
    "layer_norm over nothing": _f("layer_norm", SAME, normalized_shape=()),
    "batch_norm of doubles by floats": _of("batch_norm", "float64 float32 float32", SAME, (3,), (3,)),
    "interpolate of no channels": _f("interpolate", (1, 0, 2, 2), size=3),
    "grid_sample of rows": _f("grid_sample", IMAGE, (1, 3, 2), align_corners=False),
    "cdist of float16": lambda torch: torch.cdist(torch.ones(2, 3).half(), torch.ones(2, 3).half()),
    "huber_loss of integers against floats": _of("huber_loss", "int64 float32", SAME, SAME),
    "prelu of two dtypes": _of("prelu", "float32 float64", SAME, (1,)),
    "rrelu of float16": _of("rrelu", "float16", SAME, training=True),
    "soft_margin_loss of two dtypes": _of("soft_margin_loss", "int64 float32", SAME, SAME),
    "multi_margin_loss of float16": _of("multi_margin_loss", "float16 int64", SAME, (2,)),
    "binary_cross_entropy_with_logits of integers": _of(
        "binary_cross_entropy_with_logits", "float32 int64", SAME, SAME
    ),
    "binary_cross_entropy of another weight": _f("binary_cross_entropy", SAME, SAME, (4,)),
    "nll_loss of places in a matrix": _of("nll_loss", "float32 int64", (2, 3, 4, 4), SAME),
    "cross_entropy by too few weights": _f("cross_entropy", SAME, SAME, (2,)),
    "cosine_similarity of integers": _of("cosine_similarity", "int64 int64", SAME, SAME),
    "rnn_tanh_cell of another batch": lambda torch: torch.rnn_tanh_cell(
        torch.ones(2, 3), torch.ones(3, 2), torch.ones(2, 3), torch.ones(2, 2)
    ),
    "gru_cell of other weights": lambda torch: torch.gru_cell(
        torch.ones(2, 3), torch.ones(2, 2), torch.ones(5, 3), torch.ones(6, 2)
    ),
    "trapezoid of a number": lambda torch: torch.trapezoid(torch.tensor(1.0)),
}
