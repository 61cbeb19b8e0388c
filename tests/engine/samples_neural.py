"""Matrix products, linear algebra, neural layers and losses: an example of each."""

from tests.engine.sampling import Sample, twice

V, A, B, BATCH = (3,), (2, 3), (3, 2), (2, 2, 3)

PRODUCTS = (
    Sample("addmv", lambda torch, c, a, v: torch.addmv(c, a, v), ((2,), A, V)),
    Sample("addmv", lambda torch, c, a, v: c.addmv(a, v, beta=2, alpha=0.5), ((1,), A, V)),
    Sample("addr", lambda torch, c, v, w: torch.addr(c, v, w), ((2, 3), (2,), V)),
    Sample("addr", lambda torch, c, v, w: c.addr(v, w, beta=-1, alpha=3), (V, (2,), V)),
    Sample("baddbmm", lambda torch, c, a, b: torch.baddbmm(c, a, b), ((2, 2, 2), BATCH, (2, 3, 2))),
    Sample("baddbmm", lambda torch, c, a, b: torch.baddbmm(c, a, b, beta=2, alpha=0.5), ((2,), BATCH, (2, 3, 2))),
    Sample("addbmm", lambda torch, c, a, b: torch.addbmm(c, a, b), ((2, 2), BATCH, (2, 3, 2))),
    Sample("addbmm", lambda torch, c, a, b: torch.addbmm(c, a, b, beta=2, alpha=0.5), ((), BATCH, (2, 3, 2))),
    Sample("vdot", lambda torch, a, b: torch.vdot(a, b), (V, V)),
    Sample("mul", lambda torch, a, b: torch.outer(a, b), (V, (2,))),
    Sample("mm", lambda torch, a, b: torch.inner(a, b), (A, (4, 3))),
    Sample("dot", lambda torch, a, b: torch.inner(a, b), (V, V)),
    Sample("mm", lambda torch, a, b: torch.tensordot(a, b, dims=([0, 2], [1, 0])), ((2, 4, 3), (3, 2))),
    Sample("mm", lambda torch, a, b: torch.tensordot(a, b, dims=0), (V, (2,))),
    Sample("dot", lambda torch, a, b: torch.tensordot(a, b, dims=2), (A, A)),
    Sample("mul", lambda torch, a, b: torch.kron(a.contiguous(), b.contiguous()), (A, (2,))),
    Sample("mm", lambda torch, a, b, c: torch.chain_matmul(a, b, c), (A, B, A)),
    Sample("mm", lambda torch, v, a, b: torch.linalg.multi_dot([v, a, b]), ((2,), A, B)),
    *(
        Sample("bmm", lambda torch, *operands, equation=equation: torch.einsum(equation, *operands), specs)
        for equation, specs in (
            ("ij,jk->ik", (A, B)),
            ("ij,j", (A, V)),
            ("bij,bjk->bik", (BATCH, (2, 3, 2))),
            ("...ij,...jk", (BATCH, (3, 2))),
            ("ij,jk,kl->il", (A, B, A)),
            ("i...j,j->...", (BATCH, V)),
            ("bij,bij->b", (BATCH, BATCH)),
            ("Zi,iZ->", (A, B)),
        )
    ),
    Sample("sum_dim", lambda torch, a: torch.einsum("ij->j", a), (A,), second=False),
    Sample("permute", lambda torch, a: torch.einsum("ij->ji", [a]), (A,), second=False),
    Sample("mul", lambda torch, a, b: torch.einsum("i,j->ij", a, b), (V, (2,))),
    Sample("diagonal", lambda torch, a: torch.einsum("ii->i", a), ((3, 3),), second=False),
    Sample("diagonal", lambda torch, a: torch.einsum("bii", a), ((2, 3, 3),), second=False),
    Sample("diagonal_backward", twice(lambda torch, a: torch.einsum("jii->ij", a)), ((2, 3, 3),), second=False),
)  # fmt: skip

S = (3, 3)


def _definite(torch, a):
    return a @ a.transpose(-1, -2) + 2 * torch.eye(3, dtype=a.dtype)


def _singular(torch, a):
    return torch.cat([a, a.sum(0, keepdim=True)])


LINALG = (
    Sample("linalg_vector_norm", lambda torch, a: torch.linalg.norm(a), (A,)),
    Sample("linalg_vector_norm", lambda torch, a: torch.linalg.vector_norm(a, 3, dim=1, keepdim=True), (A,)),
    Sample("linalg_vector_norm", lambda torch, a: torch.linalg.vector_norm(a, 1, dim=(0, 1)), (A,), second=False),
    Sample("linalg_vector_norm", lambda torch, a: torch.linalg.vector_norm(a, float("inf"), dim=0), (A,), second=False),
    Sample("linalg_vector_norm", lambda torch, a: torch.linalg.vector_norm(a, 0, dim=0), (A,), second=False),
    Sample("linalg_vector_norm", lambda torch, a: torch.linalg.vector_norm(a, -2.5, dim=-1), (A,)),
    Sample("linalg_vector_norm", lambda torch, a: torch.linalg.matrix_norm(a), (BATCH,)),
    Sample("linalg_inv_ex", lambda torch, a: torch.linalg.inv(a), (S,)),
    Sample("linalg_inv_ex", lambda torch, a: a.inverse(), ((2, 3, 3),)),
    Sample("linalg_det", lambda torch, a: torch.linalg.det(a), (S,)),
    Sample("linalg_det", lambda torch, a: a.det(), ((2, 3, 3),)),
    Sample("linalg_det", twice(lambda torch, a: torch.det(a)), (S,)),
    Sample("linalg_svd_of", twice(lambda torch, a: torch.det(_singular(torch, a)) + a.sum()), ((2, 3),)),
    Sample("linalg_slogdet", lambda torch, a: torch.linalg.slogdet(a)[1], (S,)),
    Sample("linalg_slogdet", lambda torch, a: torch.slogdet(a).logabsdet, ((2, 3, 3),)),
    Sample("linalg_solve_ex", lambda torch, a, b: torch.linalg.solve(a, b), (S, V)),
    Sample("linalg_solve_ex", lambda torch, a, b: torch.linalg.solve(a, b), (S, (3, 2))),
    Sample("linalg_solve_ex", lambda torch, a, b: torch.linalg.solve(a, b), ((2, 3, 3), (2, 3, 2))),
    Sample("linalg_solve_ex", lambda torch, a, b: torch.linalg.solve(a, b, left=False), (S, (2, 3))),
    Sample("linalg_cholesky_ex", lambda torch, a: torch.linalg.cholesky(_definite(torch, a)), (S,)),
    Sample("linalg_cholesky_ex", lambda torch, a: torch.linalg.cholesky(_definite(torch, a)), ((2, 3, 3),)),
    Sample("linalg_cholesky_ex", lambda torch, a: torch.linalg.cholesky(_definite(torch, a), upper=True), (S,)),
    Sample("tril", twice(lambda torch, a: torch.linalg.cholesky(_definite(torch, a))), (S,)),
    Sample("linalg_slogdet", lambda torch, a: torch.slogdet(a)[0], (((3, 3), "constant"),)),
    Sample("linalg_slogdet", lambda torch, a: torch.logdet(_definite(torch, a)), (S,)),
    Sample("copy", lambda torch, a: a.matrix_power(0), (S,), second=False),
    Sample("mm", lambda torch, a: torch.linalg.matrix_power(a, 5), (S,)),
    Sample("mm", lambda torch, a: torch.linalg.matrix_power(a, -3), (S,)),
    Sample("bmm", lambda torch, a: a.matrix_power(2), ((2, 3, 3),)),
)  # fmt: skip

IMAGE, ROWS, CLASSES = (2, 4, 5, 4), (2, 4, 5), ((2,), "class")
CHANNELS, WEIGHT, RUNNING = (4,), ((4,), "positive"), ((4,), "constant")


def _f(name, *args, **kwargs):
    """A function of torch.nn.functional, its first arguments being the inputs."""
    return lambda torch, *tensors: getattr(torch.nn.functional, name)(*tensors, *args, **kwargs)


def _plain(name, *args, **kwargs):
    return lambda torch, a: getattr(torch.nn.functional, name)(a, *args, **kwargs)


def _told(op, run, *inputs):
    """A sample of values alone, outside any graph."""
    return Sample(op, lambda torch, *tensors: run(torch, *tensors).detach(), inputs, second=False, slope=False)


def _half_dropped(torch, a):
    torch.manual_seed(5)
    return torch.nn.functional.dropout(a, 0.3)


LAYERS = (
    Sample("native_layer_norm", lambda torch, a: torch.nn.functional.layer_norm(a, (3,)), (A,)),
    Sample("native_layer_norm", lambda torch, a, w, b: torch.nn.functional.layer_norm(a, (2, 3), w, b), ((4, 2, 3), A, A)),  # noqa: E501
    Sample("native_layer_norm", lambda torch, a, w: torch.nn.functional.layer_norm(a, (3,), w), (A, V)),
    # PyTorch's third derivative is not the numeric one, so nothing is asked of what comes behind these
    _told("native_layer_norm_backward", twice(_plain("layer_norm", (3,))), A),
    _told("native_layer_norm_backward", twice(lambda torch, w, a, b: torch.nn.functional.layer_norm(a, (3,), w, b)), V, A, V),  # noqa: E501
    _told("known_mean", twice(twice(_plain("layer_norm", (3,), None, None, 0.5))), A),
    _told("known_rstd", twice(twice(_plain("layer_norm", (3,), None, None, 0.5))), A),
    _told("native_batch_norm_backward", twice(lambda torch, a, w, b: torch.nn.functional.batch_norm(a, None, None, w, b, True)), (2, 2, 3), (2,), (2,)),  # noqa: E501
    Sample("native_batch_norm", lambda torch, a, w, b: torch.nn.functional.batch_norm(a, None, None, w, b, True), (IMAGE, CHANNELS, CHANNELS)),  # noqa: E501
    Sample("native_batch_norm", lambda torch, a, m, v: torch.nn.functional.batch_norm(a, m * 1, v * 1, None, None, True, 0.3), ((5, 4), RUNNING, RUNNING)),  # noqa: E501
    Sample("native_batch_norm", lambda torch, a, m, v, w, b: torch.nn.functional.batch_norm(a, m, v, w, b), (ROWS, RUNNING, RUNNING, CHANNELS, CHANNELS)),  # noqa: E501
    Sample("native_group_norm", lambda torch, a, w, b: torch.nn.functional.group_norm(a, 2, w, b), (IMAGE, CHANNELS, CHANNELS)),  # noqa: E501
    Sample("native_group_norm", lambda torch, a: torch.nn.functional.group_norm(a, 1), (ROWS,)),
    Sample("rsqrt", lambda torch, a, w: torch.nn.functional.rms_norm(a, (3,), w), (A, V)),
    Sample("rsqrt", lambda torch, a: torch.nn.functional.rms_norm(a, (2, 3), eps=0.1), (A,)),
    Sample("mul", _half_dropped, ((5, 7),), second=False),
    Sample("convolution", lambda torch, a, w, b: torch.nn.functional.conv2d(a, w, b), ((2, 3, 4, 5), (2, 3, 2, 3), (2,))),  # noqa: E501
    Sample("convolution", _f("conv2d", None, 2, 1), ((2, 3, 5, 4), (2, 3, 3, 2))),
    Sample("convolution", _f("conv2d", None, (1, 2), (1, 0), (2, 1), 2), ((2, 4, 5, 4), (4, 2, 2, 2))),
    Sample("convolution", _f("conv2d", padding="same"), ((1, 2, 4, 4), (3, 2, 3, 3))),
    Sample("convolution", _f("conv2d"), ((2, 4, 4), (3, 2, 1, 1))),
    Sample("convolution", _f("conv1d", stride=2, padding=1), ((2, 3, 6), (2, 3, 3), (2,))),
    Sample("convolution", _f("conv1d", padding="valid", groups=3), ((3, 5), (3, 1, 2))),
    Sample("convolution", _f("conv3d"), ((1, 2, 3, 3, 2), (2, 2, 2, 2, 2), (2,))),
    Sample("convolution", _f("conv_transpose2d", stride=2, padding=1, output_padding=1), ((1, 2, 3, 3), (2, 3, 3, 2), (3,))),  # noqa: E501
    Sample("convolution", _f("conv_transpose1d", groups=2, dilation=2), ((2, 4, 3), (4, 1, 2))),
    Sample("constant_pad_nd", _f("conv2d", padding="same"), ((1, 2, 3, 4), (1, 2, 2, 3))),
    Sample("convolution_backward", twice(lambda torch, a, w: torch.nn.functional.conv1d(a, w)), ((1, 2, 4), (2, 2, 2))),
    Sample("convolution_backward", twice(lambda torch, w, a: torch.nn.functional.conv1d(a, w)), ((2, 2, 2), (1, 2, 4))),  # noqa: E501
    Sample("convolution_backward", twice(lambda torch, b, a, w: torch.nn.functional.conv1d(a, w, b)), ((2,), (1, 2, 4), (2, 2, 2))),  # noqa: E501
    Sample("max_pool2d_with_indices", _f("max_pool2d", 2), (IMAGE,), second=False),
    Sample("max_pool2d_with_indices", _f("max_pool2d", (3, 2), 1, (1, 0), (1, 2), True), (IMAGE,), second=False),
    Sample("max_pool2d_with_indices", _f("max_pool1d", 3, 2, 1), (ROWS,), second=False),
    Sample("max_pool2d_with_indices", lambda torch, a: torch.nn.functional.max_pool2d(a, 2, return_indices=True)[1], ((1, 5, 4),), second=False),  # noqa: E501
    Sample("max_pool2d_backward", twice(_plain("max_pool2d", 2, 1)), ((1, 3, 3),), second=False),
    Sample("gather", lambda torch, a: torch.autograd.grad((twice(_plain("max_pool2d", 2, 1))(torch, a) ** 2).sum(), a, create_graph=True)[0], ((1, 3, 3),), second=False),  # noqa: E501
    Sample("avg_pool2d", _f("avg_pool2d", 2), (IMAGE,), second=False),
    Sample("avg_pool2d", _f("avg_pool2d", 3, 2, 1, True, False), (IMAGE,), second=False),
    Sample("avg_pool2d", _f("avg_pool2d", (2, 3), 1, 1, divisor_override=5), ((2, 4, 4),), second=False),
    Sample("avg_pool2d", _f("avg_pool1d", 2, 1, 1), (ROWS,), second=False),
    Sample("avg_pool2d_backward", twice(_plain("avg_pool2d", 2, 1)), ((1, 3, 3),), second=False),
    Sample("squeeze_one", _f("avg_pool1d", 2), (ROWS,), second=False),
    Sample("adaptive_avg_pool2d", _f("adaptive_avg_pool2d", (2, 3)), (IMAGE,), second=False),
    Sample("squeeze_one", _f("avg_pool1d", 2), (ROWS,), second=False),
    Sample("adaptive_avg_pool2d", _f("adaptive_avg_pool1d", 3), ((4, 5),), second=False),
    Sample("mean_dim", _f("adaptive_avg_pool2d", 1), (IMAGE,), second=False),
    Sample("adaptive_avg_pool2d_backward", twice(_plain("adaptive_avg_pool2d", (2, None))), ((1, 3, 3),), second=False),
    Sample("im2col", _f("unfold", 2, 1, 1, (2, 1)), (IMAGE,), second=False),
    Sample("col2im", _f("fold", (4, 3), 2, padding=1), ((2, 8, 20),), second=False),
    Sample("upsample_nearest2d", _f("interpolate", scale_factor=2), ((1, 2, 2, 3),), second=False),
    Sample("upsample_nearest2d", _f("interpolate", (3, 5)), ((1, 2, 4, 3),), second=False),
    Sample("upsample_nearest2d_backward", twice(_plain("interpolate", (3, 5))), ((1, 1, 4, 3),), second=False),
    Sample("safe_softmax", _f("scaled_dot_product_attention"), ((2, 3, 4), (2, 5, 4), (2, 5, 4))),
    Sample("safe_softmax", _f("scaled_dot_product_attention", is_causal=True, scale=0.3), ((2, 3, 4), (2, 3, 4), (2, 3, 2))),  # noqa: E501
    Sample("safe_softmax", lambda torch, q, k, v, m: torch.nn.functional.scaled_dot_product_attention(q, k, v, m), ((2, 3, 4), (2, 5, 4), (2, 5, 4), ((3, 5), "bool"))),  # noqa: E501
)  # fmt: skip

HOWS = ("mean", "sum", "none")
LIKELY = ((2, 3), "positive")
LOSSES = (
    *(Sample("abs", _f("l1_loss", reduction=how), (A, A), second=False) for how in HOWS),
    *(Sample("smooth_l1_loss", _f("smooth_l1_loss", reduction=how, beta=0.7), (A, A)) for how in HOWS),
    *(Sample("huber_loss", _f("huber_loss", reduction=how, delta=1.3), (A, A)) for how in HOWS),
    *(
        Sample("binary_cross_entropy", lambda torch, a, b, how=how: torch.nn.functional.binary_cross_entropy(a.sigmoid(), b.sigmoid(), reduction=how), (A, A))  # noqa: E501
        for how in HOWS
    ),
    Sample("binary_cross_entropy", lambda torch, a, b, w: torch.nn.functional.binary_cross_entropy(a / 2, b / 2, w), (LIKELY, LIKELY, ((3,), "constant"))),  # noqa: E501
    *(
        Sample("binary_cross_entropy_with_logits", _f("binary_cross_entropy_with_logits", reduction=how), (A, A))
        for how in HOWS
    ),
    Sample("binary_cross_entropy_with_logits", lambda torch, a, b, w, p: torch.nn.functional.binary_cross_entropy_with_logits(a, b, w, pos_weight=p), (A, A, ((2, 3), "constant"), ((3,), "constant"))),  # noqa: E501
    Sample("xlogy_tensor", _f("kl_div", reduction="batchmean"), (A, LIKELY)),
    Sample("xlogy_tensor", _f("kl_div", reduction="none"), (A, LIKELY)),
    Sample("exp", _f("kl_div", reduction="sum", log_target=True), (A, A)),
    *(
        Sample("nll_loss2d", _f("cross_entropy", reduction=how), ((2, 3, 2, 2), ((2, 2, 2), "class"))) for how in HOWS
    ),
    Sample("nll_loss2d", lambda torch, a, c, w: torch.nn.functional.cross_entropy(a, c, w, ignore_index=1), ((2, 3, 4), ((2, 4), "class"), ((3,), "constant"))),  # noqa: E501
    Sample("nll_loss2d", _f("nll_loss", reduction="none"), ((2, 3, 1, 2, 2), ((2, 1, 2, 2), "class")), second=False),
    Sample("nll_loss2d_backward", twice(lambda torch, a, c: torch.nn.functional.nll_loss(a, c)), ((2, 3, 2), ((2, 2), "class")), second=False),  # noqa: E501
    Sample("nll_loss", _f("nll_loss"), (A, CLASSES), second=False),
    *(
        Sample("masked_fill_number", _f("cross_entropy", ignore_index=1, label_smoothing=0.2, reduction=how), ((5, 3), ((5,), "class")))  # noqa: E501
        for how in HOWS
    ),
    Sample("masked_fill_number", lambda torch, a, c, w: torch.nn.functional.cross_entropy(a, c, w, label_smoothing=0.1), ((2, 3, 2), ((2, 2), "class"), ((3,), "constant"))),  # noqa: E501
    Sample("mul_number", _f("cross_entropy", label_smoothing=0.1), (A, CLASSES)),
    *(Sample("div_number" if how == "mean" else "neg", _f("cross_entropy", reduction=how), (A, LIKELY)) for how in HOWS),  # noqa: E501
    Sample("add_number", lambda torch, a, b, w: torch.nn.functional.cross_entropy(a, b, w, label_smoothing=0.1), ((2, 3, 2), ((2, 3, 2), "positive"), ((3,), "constant"))),  # noqa: E501
    Sample("linalg_vector_norm", _f("cosine_similarity"), (A, A)),
    Sample("linalg_vector_norm", _f("cosine_similarity", dim=0), (A, (2, 1))),
)  # fmt: skip

SAMPLES: tuple[Sample, ...] = PRODUCTS + LINALG + LAYERS + LOSSES
