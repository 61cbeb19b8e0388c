"""Elementwise ops, reductions over them, and comparisons: programs whose graphs are compared, as in programs.py."""

M, V, POSITIVE, MASK = (2, 3), (3,), ((2, 3), "positive"), ((2, 3), "bool")
UNARY = (
    "exp2 expm1 log2 log10 log1p rsqrt tan asin acos atan sinh cosh asinh acosh atanh erf erfc sinc logit floor ceil "
    "round trunc fix frac deg2rad rad2deg nan_to_num sgn absolute negative"
)
BINARY = (
    "atan2 hypot logaddexp logaddexp2 xlogy remainder fmod maximum minimum fmax fmin clamp_min clamp_max copysign "
    "subtract multiply true_divide"
)
ACTIVATIONS = (
    "gelu silu mish elu celu selu softplus softsign leaky_relu hardtanh relu6 hardswish hardsigmoid logsigmoid "
    "tanhshrink"
)

PROGRAMS: dict[str, tuple] = {
    **{
        f"torch.{name}(a)": (lambda torch, a, name=name: getattr(torch, name)(a), (POSITIVE,))
        for name in UNARY.split()
    },
    **{
        f"torch.{name}(a,b)": (lambda torch, a, b, name=name: getattr(torch, name)(a, b), (M, POSITIVE))
        for name in BINARY.split()
    },
    **{
        f"F.{name}(a)": (lambda torch, a, name=name: getattr(torch.nn.functional, name)(a), (M,))
        for name in ACTIVATIONS.split()
    },
    "F.gelu(a,tanh)": (lambda torch, a: torch.nn.functional.gelu(a, approximate="tanh"), (M,)),
    "F.elu(a,1.5)": (lambda torch, a: torch.nn.functional.elu(a, 1.5), (M,)),
    "F.softplus(a,2,1)": (lambda torch, a: torch.nn.functional.softplus(a, 2, 1), (M,)),
    "F.softmin(a,1)": (lambda torch, a: torch.nn.functional.softmin(a, 1), (M,)),
    "F.threshold(a,0.1,2)": (lambda torch, a: torch.nn.functional.threshold(a, 0.1, 2), (M,)),
    "torch.logit(a,eps)": (lambda torch, a: torch.logit(a, 0.3), (POSITIVE,)),
    "torch.xlogy(2,a)": (lambda torch, a: torch.xlogy(2, a), (POSITIVE,)),
    "torch.xlogy(a,2)": (lambda torch, a: torch.xlogy(a, 2), (M,)),
    "torch.round(a,decimals=2)": (lambda torch, a: torch.round(a, decimals=2), (M,)),
    "a % 2": (lambda torch, a: a % 2, (M,)),
    "torch.fmod(a,2)": (lambda torch, a: torch.fmod(a, 2), (M,)),
    "torch.div(a,b,floor)": (lambda torch, a, b: torch.div(a, b, rounding_mode="floor"), (M, M)),
    "torch.div(a,2,trunc)": (lambda torch, a: torch.div(a, 2, rounding_mode="trunc"), (M,)),
    "a.clamp(0,1)": (lambda torch, a: a.clamp(0, 1), (M,)),
    "a.clamp(min=0)": (lambda torch, a: a.clamp(min=0), (M,)),
    "a.clamp(max=1)": (lambda torch, a: a.clamp(max=1), (M,)),
    "torch.clamp(a,b,c)": (lambda torch, a, b, c: torch.clamp(a, b, c), (M, M, V)),
    "torch.clamp(a,min=b)": (lambda torch, a, b: torch.clamp(a, min=b), (M, M)),
    "torch.clamp(a,max=b)": (lambda torch, a, b: torch.clamp(a, max=b), (M, M)),
    "a.clamp_min(0)": (lambda torch, a: a.clamp_min(0), (M,)),
    "a.clamp_max(1)": (lambda torch, a: a.clamp_max(1), (M,)),
    "a.masked_fill(m,2.)": (lambda torch, a, m: a.masked_fill(m, 2.0), (M, MASK)),
    "a.masked_fill(m,b)": (lambda torch, a, m, b: a.masked_fill(m, b), (M, MASK, ())),
    "torch.lerp(a,b,0.3)": (lambda torch, a, b: torch.lerp(a, b, 0.3), (M, M)),
    "torch.lerp(a,b,c)": (lambda torch, a, b, c: torch.lerp(a, b, c), (M, M, M)),
    "torch.addcmul(a,b,c)": (lambda torch, a, b, c: torch.addcmul(a, b, c), (M, M, M)),
    "torch.addcdiv(a,b,c,value=2)": (lambda torch, a, b, c: torch.addcdiv(a, b, c, value=2), (M, M, M)),
    "torch.copysign(a,-1)": (lambda torch, a: torch.copysign(a, -1), (M,)),
}

# grad_fns that only a second backward makes, or that can't run backward: no program holds them
IN_SECOND_BACKWARDS = {"NotImplemented"} | {
    f"{name}BackwardBackward0"
    for name in ("Elu", "Gelu", "Hardswish", "Hardtanh", "LeakyRelu", "LogSigmoid", "Softplus", "Threshold")
}
