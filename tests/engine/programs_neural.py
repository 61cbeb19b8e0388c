"""Matrix products, linear algebra, neural layers and losses: programs whose graphs are compared, as in programs.py."""

M, N, V, BATCH, BATCH_T = (2, 3), (3, 2), (3,), (2, 2, 3), (2, 3, 2)

PRODUCTS = {
    "torch.addmv": (lambda torch, c, a, v: torch.addmv(c, a, v), ((2,), M, V)),
    "torch.addr": (lambda torch, c, a, v: torch.addr(c, a, v), (M, (2,), V)),
    "torch.baddbmm": (lambda torch, c, a, b: torch.baddbmm(c, a, b, alpha=2), ((2, 2), BATCH, BATCH_T)),
    "torch.addbmm": (lambda torch, c, a, b: torch.addbmm(c, a, b), ((2, 2), BATCH, BATCH_T)),
    "torch.vdot": (lambda torch, a, b: torch.vdot(a, b), (V, V)),
    "torch.outer": (lambda torch, a, b: torch.outer(a, b), (V, (2,))),
    "torch.inner": (lambda torch, a, b: torch.inner(a, b), (V, V)),
    "torch.tensordot": (lambda torch, a, b: torch.tensordot(a, b, dims=1), (M, N)),
    "torch.kron": (lambda torch, a, b: torch.kron(a, b), (M, N)),
    "torch.chain_matmul": (lambda torch, a, b, c: torch.chain_matmul(a, b, c), (M, N, M)),
    **{
        f"einsum {equation}": (lambda torch, *operands, equation=equation: torch.einsum(equation, *operands), specs)
        for equation, specs in {
            "ij,jk->ik": (M, N), "ij,j->i": (M, V), "bij,bjk->bik": (BATCH, BATCH_T), "ij,ij->ij": (M, M),
            "ij,jk,kl->il": (M, N, M), "ij->": (M,), "ii->i": ((3, 3),), "i,j->ij": (V, (2,)), "ij->ji": (M,),
            "...ij,...jk->...ik": (BATCH, BATCH_T),
        }.items()
    },
}  # fmt: skip

SQUARE = (3, 3)


def _definite(torch, a):
    return a @ a.t() + 2 * torch.eye(3)


LINALG = {
    "linalg.vector_norm": (lambda torch, a: torch.linalg.vector_norm(a, 3, dim=1), (M,)),
    "linalg.norm": (lambda torch, a: torch.linalg.norm(a), (M,)),
    "linalg.matrix_norm": (lambda torch, a: torch.linalg.matrix_norm(a), (M,)),
    "linalg.inv": (lambda torch, a: torch.linalg.inv(a), (SQUARE,)),
    "a.det()": (lambda torch, a: a.det(), (SQUARE,)),
    "linalg.slogdet": (lambda torch, a: torch.linalg.slogdet(a)[1], (SQUARE,)),
    "linalg.solve": (lambda torch, a, b: torch.linalg.solve(a, b), (SQUARE, (3, 2))),
    "linalg.cholesky": (lambda torch, a: torch.linalg.cholesky(_definite(torch, a)), (SQUARE,)),
    "linalg.matrix_power": (lambda torch, a: torch.linalg.matrix_power(a, 5), (SQUARE,)),
}  # fmt: skip

IMAGE, ROWS, C4, RUNNING = (2, 4, 5, 4), (2, 4, 5), (4,), ((4,), "constant")
POSITIVE, CLASSES = ((2, 3), "positive"), ((2,), "class")


def _f(name, *args, **kwargs):
    return lambda torch, *tensors: getattr(torch.nn.functional, name)(*tensors, *args, **kwargs)


LAYERS = {
    "F.layer_norm": (lambda torch, a, w, b: torch.nn.functional.layer_norm(a, (5,), w, b), (ROWS, (5,), (5,))),
    "F.layer_norm plain": (_f("layer_norm", (5,)), (ROWS,)),
    "F.rms_norm": (lambda torch, a, w: torch.nn.functional.rms_norm(a, (5,), w), (ROWS, (5,))),
    "F.batch_norm train": (
        lambda torch, a, m, v, w, b: torch.nn.functional.batch_norm(a, m, v, w, b, True),
        (IMAGE, RUNNING, RUNNING, C4, C4),
    ),
    "F.batch_norm eval": (
        lambda torch, a, m, v, w, b: torch.nn.functional.batch_norm(a, m, v, w, b),
        (IMAGE, RUNNING, RUNNING, C4, C4),
    ),
    "F.group_norm": (lambda torch, a, w, b: torch.nn.functional.group_norm(a, 2, w, b), (IMAGE, C4, C4)),
    "F.dropout": (_f("dropout", 0.5), (ROWS,)),
    "F.dropout eval": (lambda torch, a: torch.nn.functional.dropout(a * 1, training=False), (ROWS,)),
    "F.conv1d": (_f("conv1d", padding=1), (ROWS, (3, 4, 2), (3,))),
    "F.conv1d unbatched": (_f("conv1d"), ((4, 5), (3, 4, 2))),
    "F.conv2d": (_f("conv2d", stride=2, padding=1), (IMAGE, (3, 4, 2, 2), (3,))),
    "F.conv2d no bias": (_f("conv2d"), (IMAGE, (3, 4, 2, 2))),
    "F.conv2d same": (_f("conv2d", padding="same"), (IMAGE, (3, 4, 2, 3))),
    "F.conv2d valid": (_f("conv2d", padding="valid"), (IMAGE, (3, 4, 2, 2))),
    "F.conv_transpose2d": (_f("conv_transpose2d", stride=2), (IMAGE, (4, 3, 2, 2), (3,))),
    "F.max_pool2d": (_f("max_pool2d", 2), (IMAGE,)),
    "F.max_pool1d": (_f("max_pool1d", 2), (ROWS,)),
    "F.avg_pool2d": (_f("avg_pool2d", 2), (IMAGE,)),
    "F.avg_pool1d": (_f("avg_pool1d", 2), (ROWS,)),
    "F.adaptive_avg_pool2d(1)": (_f("adaptive_avg_pool2d", 1), (IMAGE,)),
    "F.adaptive_avg_pool2d(2)": (_f("adaptive_avg_pool2d", 2), (IMAGE,)),
    "F.unfold": (_f("unfold", 2), (IMAGE,)),
    "F.fold": (_f("fold", (5, 4), 2), ((2, 8, 12),)),
    "F.interpolate": (_f("interpolate", scale_factor=2), (IMAGE,)),
    "a block": (
        lambda torch, x, w, g, b: torch.nn.functional.max_pool2d(
            torch.nn.functional.relu(
                torch.nn.functional.batch_norm(torch.nn.functional.conv2d(x, w), None, None, g, b, True)
            ), 2,
        ),
        (IMAGE, (3, 4, 2, 2), (3,), (3,)),
    ),
}  # fmt: skip

LOSSES = {
    "F.l1_loss": (_f("l1_loss"), (M, M)),
    "F.smooth_l1_loss": (_f("smooth_l1_loss"), (M, M)),
    "F.huber_loss(sum)": (_f("huber_loss", reduction="sum"), (M, M)),
    "F.binary_cross_entropy": (
        lambda torch, a, b: torch.nn.functional.binary_cross_entropy(a / 2, b / 2), (POSITIVE, POSITIVE)
    ),
    "F.binary_cross_entropy_with_logits": (_f("binary_cross_entropy_with_logits"), (M, POSITIVE)),
    "F.kl_div": (_f("kl_div", reduction="batchmean"), (M, POSITIVE)),
    "F.kl_div(log_target)": (_f("kl_div", reduction="batchmean", log_target=True), (M, M)),
    "F.cross_entropy 3d": (_f("cross_entropy"), ((2, 3, 4), ((2, 4), "class"))),
    "F.cross_entropy 4d(none)": (_f("cross_entropy", reduction="none"), ((2, 3, 2, 2), ((2, 2, 2), "class"))),
    "F.cross_entropy(label_smoothing)": (_f("cross_entropy", label_smoothing=0.1), (M, CLASSES)),
    "F.cross_entropy(prob target)": (_f("cross_entropy"), (M, POSITIVE)),
    "F.cross_entropy(prob target, label_smoothing)": (_f("cross_entropy", label_smoothing=0.1), (M, POSITIVE)),
    "F.cosine_similarity": (_f("cosine_similarity"), (M, M)),
}  # fmt: skip

IN_SECOND_BACKWARDS = {
    "KnownMean", "KnownRstd", "ConvolutionBackward", "MaxPool2DWithIndicesBackward", "AvgPool2DBackward",
    "AdaptiveAvgPool2DBackward", "NllLoss2DBackward", "DiagonalBackward", "NativeLayerNormBackward",
    "NativeBatchNormBackward", "BinaryCrossEntropyBackward", "HuberLossBackward", "SmoothL1LossBackward",
    "SoftMarginLossBackward",
}  # fmt: skip
PROGRAMS: dict[str, tuple] = {**PRODUCTS, **LINALG, **LAYERS, **LOSSES}
