"""Elementwise ops, reductions over them, and comparisons: programs whose graphs are compared, as in programs.py."""

from math import inf

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
WHOLE = "var std norm prod max min amax amin median nansum nanmean"
ALONG = "var std logsumexp prod amax amin cumsum cumprod nansum nanmean"

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
    **{f"a.{name}()": (lambda torch, a, name=name: getattr(a, name)(), (M,)) for name in WHOLE.split()},
    **{f"torch.{name}(a,1)": (lambda torch, a, name=name: getattr(torch, name)(a, 1), (M,)) for name in ALONG.split()},
    **{
        f"a.{name}(1,keepdim).values": (lambda torch, a, name=name: getattr(a, name)(1, keepdim=True).values, (M,))
        for name in ("max", "min", "median")
    },
    "a.max(0).indices, values used": (lambda torch, a: a * a.max(0)[1] + a.max(0)[0], (M,)),
    "torch.max(a,b)": (lambda torch, a, b: torch.max(a, b), (M, M)),
    "a.aminmax().max": (lambda torch, a: a.aminmax().max, (M,)),
    "a.aminmax(dim=1), both": (lambda torch, a: torch.add(*a.aminmax(dim=1)), (M,)),
    "torch.var_mean(a,1), both": (lambda torch, a: torch.mul(*torch.var_mean(a, 1)), (M,)),
    "torch.var_mean(a)[0]": (lambda torch, a: torch.var_mean(a, unbiased=False)[0], (M,)),
    "a.var(unbiased=False)": (lambda torch, a: a.var(unbiased=False), (M,)),
    "a.std((0,1),correction=0)": (lambda torch, a: a.std((0, 1), correction=0), (M,)),
    "a.amax((0,1),keepdim)": (lambda torch, a: a.amax((0, 1), keepdim=True), (M,)),
    "a.logsumexp((0,1))": (lambda torch, a: a.logsumexp((0, 1)), (M,)),
    **{f"torch.norm(a,{p})": (lambda torch, a, p=p: torch.norm(a, p), (M,)) for p in (0, 0.5, 1, 3, inf)},
    "a.norm(2,1,keepdim)": (lambda torch, a: a.norm(2, 1, True), (M,)),
    "a.sum(dtype)": (lambda torch, a: a.sum(dtype=torch.float64), (M,)),
    "a.mean(1,dtype)": (lambda torch, a: a.mean(1, dtype=torch.float64), (M,)),
    "a.prod(dtype)": (lambda torch, a: a.prod(dtype=torch.float64), (M,)),
}

# grad_fns that only a second backward makes, or that can't run backward: no program holds them
IN_SECOND_BACKWARDS = {"NotImplemented"} | {
    f"{name}BackwardBackward0"
    for name in ("Elu", "Gelu", "Hardswish", "Hardtanh", "LeakyRelu", "LogSigmoid", "MseLoss", "Sigmoid", "Softplus",
                 "Tanh", "Threshold")
}
IN_SECOND_BACKWARDS |= {"SoftmaxBackwardDataBackward0", "LogSoftmaxBackwardDataBackward0"}
