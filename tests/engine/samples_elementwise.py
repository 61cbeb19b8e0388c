"""Elementwise ops, reductions over them, and comparisons: an example of each."""

from math import inf, nan

from tests.engine.sampling import Sample, twice

A, B, ROW, COLUMN, SCALAR = (2, 3), (2, 3), (3,), (2, 1), ()
POSITIVE, FIXED = ((2, 3), "positive"), ((2, 3), "constant")
MASK, CLASSES = ((2, 3), "bool"), ((2, 3), "class")


def _unary(names, inputs=(A,), before=lambda a: a, second=True):
    return (
        Sample(name, lambda torch, a, name=name: getattr(torch, name)(before(a)), inputs, second) for name in names
    )


def _functional(names, second=True):
    return (
        Sample(name, lambda torch, a, name=name: getattr(torch.nn.functional, name)(a), (A,), second) for name in names
    )


ELEMENTWISE = (
    *_unary("exp2 expm1 tan atan sinh cosh asinh erf erfc sinc".split()),
    *_unary("asin acos atanh".split(), before=lambda a: a * 0.5),
    *_unary("log2 log10 log1p rsqrt".split(), (POSITIVE,)),
    *_unary(["acosh"], (POSITIVE,), before=lambda a: a + 1.5),
    *_unary("floor ceil trunc frac deg2rad rad2deg sgn signbit".split(), second=False),
    Sample("isnan", lambda torch, a: torch.isnan(torch.where(a > 0, a, nan)), (A,)),
    Sample("isinf", lambda torch, a: torch.where(a > 0, a, -inf).isinf(), (A,)),
    Sample("isfinite", lambda torch, a: torch.isfinite(torch.where(a > 0, a, inf)), (A,)),
    Sample("asin", lambda torch, a: torch.arcsin(a * 0.3), (SCALAR,)),
    Sample("atan2", lambda torch, a, b: torch.atan2(a, b), (A, ROW)),
    Sample("atan2", lambda torch, a, b: a.arctan2(b), (COLUMN, B)),
    Sample("hypot", lambda torch, a, b: torch.hypot(a, b), (A, ROW)),
    Sample("logit_of", lambda torch, a: torch.logit(a * 0.5), (POSITIVE,)),
    Sample("logit_of", lambda torch, a: (a * 0.5).logit(0.35), (POSITIVE,)),
    Sample("logaddexp", lambda torch, a, b: torch.logaddexp(a, b), (A, ROW)),
    Sample("logaddexp2", lambda torch, a, b: torch.logaddexp2(a, b), (A, ROW)),
    Sample("xlogy_tensor", lambda torch, a, b: torch.xlogy(a, b), (A, ((3,), "positive"))),
    Sample("xlogy_of_number", lambda torch, b: torch.xlogy(2.5, b), (POSITIVE,)),
    Sample("xlogy_with_number", lambda torch, a: torch.xlogy(a, 2), (A,), second=False),
    Sample("round_whole", lambda torch, a: a.round(), (A,), second=False),
    Sample("round_decimals", lambda torch, a: torch.round(a, decimals=1), (A,), second=False),
    Sample("round_decimals", lambda torch, a: torch.round(a * 100, decimals=-1), (A,), second=False),
    Sample("trunc", lambda torch, a: torch.fix(a), (A,), second=False),
    Sample("remainder_by", lambda torch, a: a % 0.7, (A,), second=False),
    Sample("remainder_tensor", lambda torch, a, b: torch.remainder(a, b), (A, ROW), second=False),
    Sample("remainder_of", lambda torch, b: 3 % b, (FIXED,)),
    Sample("fmod_by", lambda torch, a: torch.fmod(a, -0.7), (A,), second=False),
    Sample("fmod_tensor", lambda torch, a, b: a.fmod(b), (A, ROW), second=False),
    Sample("floor_divide", lambda torch, a: a // 0.3, (FIXED,)),
    Sample("floor_divide", lambda torch, a: 3 // a, (FIXED,)),
    Sample("div_rounded", lambda torch, a, b: torch.div(a, b, rounding_mode="floor"), (A, ROW), second=False),
    Sample("div_rounded", lambda torch, a: a.div(0.3, rounding_mode="trunc"), (A,), second=False),
    Sample("div", lambda torch, a, b: torch.true_divide(a, b), (A, ROW)),
    Sample("maximum", lambda torch, a, b: torch.maximum(a, b), (A, ROW), second=False),
    Sample("minimum", lambda torch, a, b: a.minimum(b), (A, ROW), second=False),
    Sample("maximum", lambda torch, a: torch.maximum(a, a), (A,), second=False),
    Sample("fmax", lambda torch, a, b: torch.fmax(a, b), (A, ROW), second=False),
    Sample("fmin", lambda torch, a, b: torch.fmin(a, b), (A, ROW), second=False),
    Sample("clamp_numbers", lambda torch, a: a.clamp(-0.5, 1), (A,), second=False),
    Sample("clamp_numbers", lambda torch, a: torch.clip(a, min=0.1), (A,), second=False),
    Sample("clamp_numbers", lambda torch, a: torch.clamp(a, max=0.1), (A,), second=False),
    Sample("clamp_tensors", lambda torch, a, b, c: torch.clamp(a, b, c), (A, ROW, POSITIVE), second=False),
    Sample("clamp_tensors", lambda torch, a, b: torch.clamp(a, min=b), (A, ROW), second=False),
    Sample("clamp_tensors", lambda torch, a, b: a.clamp(max=b), (A, ROW), second=False),
    Sample("clamp_min_number", lambda torch, a: a.clamp_min(0.1), (A,), second=False),
    Sample("clamp_max_number", lambda torch, a: torch.clamp_max(a, 0.1), (A,), second=False),
    Sample("clamp_min_tensor", lambda torch, a, b: torch.clamp_min(a, b), (A, ROW), second=False),
    Sample("clamp_max_tensor", lambda torch, a, b: torch.clamp_max(a, b), (A, ROW), second=False),
    Sample("masked_fill_number", lambda torch, a, m: a.masked_fill(m, 2.5), (A, MASK), second=False),
    Sample("masked_fill_number", lambda torch, a, m: torch.masked_fill(a, m, 1), (ROW, MASK), second=False),
    Sample("masked_fill_tensor", lambda torch, a, m, v: a.masked_fill(m, v), (A, MASK, SCALAR), second=False),
    Sample("numbers_for_nan", lambda torch, a: torch.where(a > 0, a, inf).nan_to_num(1.5, 2.5), (A,), second=False),
    Sample("heaviside", lambda torch, a, b: torch.heaviside(a - a * (a > 1), b), (FIXED, ((3,), "constant"))),
    Sample("lerp_number", lambda torch, a, b: torch.lerp(a, b, 0.3), (A, ROW), second=False),
    Sample("lerp_number", lambda torch, a, b: a.lerp(b, 0.75), (A, ROW), second=False),
    Sample("lerp_tensor", lambda torch, a, b, w: torch.lerp(a, b, w), (A, ROW, COLUMN)),
    Sample("addcmul_of", lambda torch, c, a, b: torch.addcmul(c, a, b, value=2), (A, ROW, COLUMN)),
    Sample("addcmul_of", lambda torch, c, a, b: c.addcmul(a, b), (A, B, B)),
    Sample("addcdiv_of", lambda torch, c, a, b: torch.addcdiv(c, a, b, value=0.5), (A, ROW, COLUMN)),
    # its second derivative is what rounding leaves of 0
    Sample("copysign_tensor", lambda torch, a, b: torch.copysign(a, b), (A, ROW)),
    Sample("copysign_number", lambda torch, a: torch.copysign(a, -1), (A,)),
    Sample("abs", lambda torch, a: torch.absolute(a), (A,), second=False),
    Sample("neg", lambda torch, a: a.negative(), (A,), second=False),
    Sample("sub", lambda torch, a, b: torch.subtract(a, b, alpha=2), (A, B), second=False),
    Sample("mul", lambda torch, a, b: a.multiply(b), (A, B)),
    *(
        Sample(f"logical_{name}", lambda torch, a, b, name=name: getattr(torch, f"logical_{name}")(a > 0, b), (A, CLASSES))  # noqa: E501
        for name in ("and", "or", "xor")
    ),
    Sample("bitwise_xor", lambda torch, a, b: a ^ b, (MASK, CLASSES)),
    Sample("bitwise_xor", lambda torch, a: 5 ^ a, (CLASSES,)),
    Sample("bitwise_left_shift", lambda torch, a: a << 2, (CLASSES,)),
    Sample("bitwise_right_shift", lambda torch, a, b: torch.bitwise_right_shift(a * 9, b), (CLASSES, CLASSES)),
    *_functional("gelu silu mish elu softplus logsigmoid hardswish".split()),
    *_functional(["leaky_relu"], second=False),
    # PyTorch has no second derivative of it, so its gradient is looked at here as an output
    Sample("hardsigmoid", lambda torch, a: torch.nn.Hardsigmoid()(a), (FIXED,)),
    Sample("hardsigmoid_backward", twice(lambda torch, a: torch.nn.functional.hardsigmoid(a * 2)), (FIXED,)),
    Sample("gelu", lambda torch, a: torch.nn.GELU("tanh")(a), (A,)),
    Sample("gelu_backward", twice(lambda torch, a: torch.nn.functional.gelu(a)), (A,)),
    Sample("tanh_backward", twice(lambda torch, a: torch.tanh(a)), (A,)),
    Sample("sigmoid_backward", twice(lambda torch, a: torch.sigmoid(a)), (A,)),
    Sample("softmax_backward_data", twice(lambda torch, a: torch.softmax(a, 1)), (A,)),
    Sample("softmax_backward_data", twice(lambda torch, a: torch.softmax(a, 0)), (SCALAR,), second=False),
    Sample("log_softmax_backward_data", twice(lambda torch, a: torch.log_softmax(a, 0)), (A,)),
    Sample("log_softmax_backward_data", twice(lambda torch, a: torch.log_softmax(a, 0)), (SCALAR,), second=False),
    Sample("mse_loss_backward", twice(lambda torch, a, b: torch.nn.functional.mse_loss(a, b)), (A, A)),
    Sample("mse_loss_backward", twice(lambda torch, a, b: torch.nn.functional.mse_loss(a, b, reduction="sum")), (A, A)),
    Sample("smooth_l1_loss_backward", twice(lambda torch, a, b: torch.nn.functional.smooth_l1_loss(a, b)), (A, A)),
    Sample("smooth_l1_loss_backward", twice(lambda torch, a, b: torch.nn.functional.smooth_l1_loss(a, b, reduction="none", beta=0.4)), (A, A)),  # noqa: E501
    Sample("huber_loss_backward", twice(lambda torch, a, b: torch.nn.functional.huber_loss(a, b)), (A, A)),
    Sample("huber_loss_backward", twice(lambda torch, a, b: torch.nn.functional.huber_loss(a, b, reduction="sum", delta=0.4)), (A, A)),  # noqa: E501
    Sample("soft_margin_loss_backward", twice(lambda torch, a, b: torch.nn.functional.soft_margin_loss(a, b)), (A, (A, "constant"))),  # noqa: E501
    Sample("binary_cross_entropy_backward", twice(lambda torch, a, b: torch.nn.functional.binary_cross_entropy(a.sigmoid(), b.sigmoid())), (A, A)),  # noqa: E501
    Sample("binary_cross_entropy_backward", twice(lambda torch, a, b, w: torch.nn.functional.binary_cross_entropy(a.sigmoid(), b.sigmoid(), w, reduction="sum")), (A, A, (A, "constant"))),  # noqa: E501
    Sample("threshold_backward", twice(lambda torch, a: torch.relu(a)), (A,), second=False),
    Sample("gelu_backward", twice(lambda torch, a: torch.nn.functional.gelu(a, approximate="tanh")), (A,)),
    Sample("elu", lambda torch, a: torch.nn.functional.elu(a, 1.5), (A,)),
    Sample("elu", lambda torch, a: torch.selu(a), (A,)),
    # powers of 2: PyTorch rounds 1 / alpha to float32 in celu's backward
    Sample("elu_in_scale", lambda torch, a: torch.celu(a, 0.5), (A,)),
    Sample("elu_backward", twice(lambda torch, a: torch.nn.SELU()(a)), (A,)),
    Sample("elu_backward", twice(lambda torch, a: torch.nn.CELU(2.0)(a)), (A,)),
    Sample("softplus", lambda torch, a: torch.nn.functional.softplus(a, 2, 1), (A,)),
    Sample("softplus_backward", twice(lambda torch, a: torch.nn.Softplus(2.0, 1.0)(a)), (A,)),
    Sample("log_sigmoid_backward", twice(lambda torch, a: torch.nn.LogSigmoid()(a)), (A,)),
    Sample("leaky_relu_backward", twice(lambda torch, a: torch.nn.LeakyReLU(0.2)(a)), (A,), second=False),
    Sample("bounded_line", lambda torch, a: torch.nn.Hardtanh(-0.5, 0.7)(a), (A,), second=False),
    Sample("bounded_line", lambda torch, a: torch.nn.functional.relu6(a * 9), (A,), second=False),
    Sample("hardtanh_backward", twice(lambda torch, a: torch.nn.functional.hardtanh(a)), (A,), second=False),
    Sample("hardswish", lambda torch, a: torch.nn.Hardswish()(a * 3), (A,)),
    Sample("hardswish_backward", twice(lambda torch, a: torch.nn.functional.hardswish(a * 3)), (A,)),
    Sample("above_threshold", lambda torch, a: torch.threshold(a, 0.1, 20), (A,), second=False),
    Sample("threshold_backward", twice(lambda torch, a: torch.nn.Threshold(0.1, 20)(a)), (A,), second=False),
    Sample("softmax", lambda torch, a: torch.nn.Softmin(1)(a), (A,)),
    Sample("div", lambda torch, a: torch.nn.Softsign()(a), (A,)),
    Sample("sub", lambda torch, a: torch.nn.Tanhshrink()(a), (A,)),
    Sample("near", lambda torch, a, b: torch.isclose(a, b, rtol=0.8), (A, ROW)),
    Sample("gt", lambda torch, a, b: torch.greater(a, b), (A, ROW)),
    Sample("ne", lambda torch, a, b: a.not_equal(b), (A, ROW)),
)  # fmt: skip

CUBE = (2, 3, 2)
REDUCTIONS = (
    Sample("var_of", lambda torch, a: a.var(), (A,)),
    Sample("var_of", lambda torch, a: torch.var(a, 1), (A,)),
    Sample("var_of", lambda torch, a: torch.var(a, (0, -1), correction=0, keepdim=True), (CUBE,)),
    Sample("std_of", lambda torch, a: a.std(unbiased=False), (A,)),
    Sample("std_of", lambda torch, a: torch.std(a, dim=0, keepdim=True), (A,)),
    Sample("var_mean_of", lambda torch, a: sum(torch.var_mean(a, 1)), (A,)),
    Sample("var_mean_of", lambda torch, a: torch.var_mean(a)[1], (A,), second=False),
    Sample("var_mean_of", lambda torch, a: torch.var_mean(a, (0, 2), keepdim=True)[0], (CUBE,)),
    Sample("logsumexp_of", lambda torch, a: torch.logsumexp(a, 1), (A,)),
    Sample("logsumexp_of", lambda torch, a: a.logsumexp((0, 1), keepdim=True), (A,)),
    Sample("nansum_of", lambda torch, a: torch.where(a > 0, a, nan).nansum(), (A,), second=False),
    Sample("nansum_of", lambda torch, a: torch.nansum(a, 1, keepdim=True), (A,), second=False),
    Sample("nansum_of", lambda torch, a: torch.where(a > 0, a, nan).nanmean(), (A,), second=False),
    Sample("prod_of", lambda torch, a: a.prod(), (A,)),
    Sample("prod_of", lambda torch, a: torch.prod(a, dtype=torch.float64), (A,)),
    Sample("prod_dim", lambda torch, a: torch.prod(a, 1), (A,)),
    Sample("prod_dim", lambda torch, a: a.prod(-2, keepdim=True), (CUBE,)),
    Sample("cumsum_of", lambda torch, a: a.cumsum(0), (A,), second=False),
    Sample("cumsum_of", lambda torch, a: torch.cumsum(a, dim=-1), (A,), second=False),
    Sample("cumsum_of", twice(lambda torch, a: a.cumsum(1)), (A,), second=False),
    Sample("cumprod_of", lambda torch, a: torch.cumprod(a, 1), (A,)),
    Sample("cumprod_of", lambda torch, a: a.cumprod(0), (SCALAR,), second=False),
    Sample("all_of", lambda torch, a: (a > 0).all(), (A,)),
    Sample("all_of", lambda torch, a: torch.all(a > 0, dim=1, keepdim=True), (A,)),
    Sample("any_of", lambda torch, a: torch.any(a > 1), (A,)),
    Sample("any_of", lambda torch, a: (a > 1).any((0, 1)), (A,)),
    Sample("nonzeros", lambda torch, a: torch.count_nonzero(a > 0, dim=0), (A,)),
    Sample("sum", lambda torch, a: a.sum(dtype=torch.float64), (A,), second=False),
    Sample("sum_dim", lambda torch, a: torch.sum(a, 1, dtype=torch.float64), (A,), second=False),
    Sample("sum_dim", lambda torch, a: a.sum(()), (A,), second=False),
    Sample("mean", lambda torch, a: torch.mean(a, dtype=torch.float64), (A,), second=False),
    Sample("mean_dim", lambda torch, a: a.mean((), True), (A,), second=False),
    Sample("amax_of", lambda torch, a: a.amax(1), (A,), second=False),
    Sample("amax_of", lambda torch, a: torch.amax(a, dim=(0, 1), keepdim=True), (A,), second=False),
    Sample("amin_of", lambda torch, a: a.amin(), (A,), second=False),
    Sample("aminmax_of", lambda torch, a: torch.mul(*torch.aminmax(a, dim=1)), (A,)),
    Sample("aminmax_of", lambda torch, a: a.aminmax().min, (A,), second=False),
    Sample("max_of_all", lambda torch, a: a.max(), (A,), second=False),
    Sample("max_of_all", lambda torch, a: torch.max(a * a), (A,)),
    Sample("min_of_all", lambda torch, a: torch.min(a), (A,), second=False),
    Sample("max_at", lambda torch, a: torch.max(a, 1).values, (A,), second=False),
    Sample("max_at", lambda torch, a: a.max(0, True)[0], (A,), second=False),
    Sample("max_at", lambda torch, a: a.max(0).values, (SCALAR,), second=False),
    Sample("min_at", lambda torch, a: torch.min(a, dim=-1).values, (CUBE,), second=False),
    Sample("maximum", lambda torch, a, b: torch.max(a, b), (A, ROW), second=False),
    Sample("minimum", lambda torch, a, b: a.min(b), (A, ROW), second=False),
    Sample("median_of_all", lambda torch, a: a.median(), (A,), second=False),
    Sample("median_at", lambda torch, a: torch.median(a, 1).values, ((2, 4),), second=False),
    Sample("median_at", lambda torch, a: a.median(0, keepdim=True)[0], (A,), second=False),
    Sample("median_place", lambda torch, a: a.median(1).indices, (A,)),
    Sample("scatter", twice(lambda torch, a: a.max(1).values), (A,), second=False),
    Sample("gather", twice(twice(lambda torch, a: a.max(1, keepdim=True)[0])), (A,), second=False),
    Sample("gather", twice(twice(lambda torch, a: a.min(0)[0])), (A,), second=False),
    Sample("argmin", lambda torch, a: a.argmin(), (A,)),
    Sample("argmin", lambda torch, a: torch.argmin(a, dim=1, keepdim=True), (A,)),
    *(
        Sample("linalg_vector_norm", lambda torch, a, p=p: torch.norm(a, p), (A,), second=p not in (0, 1, inf, -inf))
        for p in ("fro", 0, 0.5, 1, 1.5, 2, 3, inf, -inf)
    ),
    *(
        Sample("linalg_vector_norm", lambda torch, a, p=p: a.norm(p, (0, 2), True), (CUBE,), p not in (0, 1, inf))
        for p in (0, 0.5, 1, 2, 2.5, inf)
    ),
    Sample("linalg_vector_norm", lambda torch, a: torch.norm(a, dim=1), (A,)),
)  # fmt: skip

SAMPLES: tuple[Sample, ...] = (*ELEMENTWISE, *REDUCTIONS)
