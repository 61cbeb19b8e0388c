"""Mistakes with elementwise ops, activations and reductions, as in mistakes.py."""


def _backward_of(compute):
    return lambda torch: compute(torch, torch.ones(2, requires_grad=True)).sum().backward()


def _functional(name, *args, **kwargs):
    return lambda torch: getattr(torch.nn.functional, name)(torch.tensor([1, 2]), *args, **kwargs)


def _second_hardsigmoid(torch):
    x = torch.ones(2, requires_grad=True)
    (grad,) = torch.autograd.grad(torch.nn.functional.hardsigmoid(x).sum(), x, create_graph=True)
    grad.sum().backward()


INTEGERS = "frac hypot logaddexp logaddexp2 lerp addcdiv var std norm nanmean".split()
FLOATS_ONLY = "gelu silu elu celu selu softplus leaky_relu hardswish hardsigmoid logsigmoid mish".split()
TOO_FAR = "var std prod amax amin logsumexp cumsum cumprod all any count_nonzero nansum argmin norm".split()
PAIRS = "maximum minimum fmax fmin atan2 hypot logaddexp logical_and logical_or isclose equal".split()


def _of_integers(name):
    count = {"hypot": 2, "logaddexp": 2, "logaddexp2": 2, "lerp": 3, "addcdiv": 3}.get(name, 1)
    return lambda torch: getattr(torch, name)(*[torch.tensor([1, 2])] * count)


def _too_far(name):
    return lambda torch: getattr(torch, name)(torch.ones(2, 3), **({"p": 2} if name == "norm" else {}), dim=2)


def _of_bools(compute):
    return lambda torch: compute(torch, torch.tensor([True, False]))


MISTAKES = {
    **{f"{name} of integers": _of_integers(name) for name in INTEGERS},
    **{f"F.{name} of integers": _functional(name) for name in FLOATS_ONLY},
    **{f"{name} over a dim too far": _too_far(name) for name in TOO_FAR},
    **{
        f"{name} with a number": lambda torch, name=name: getattr(torch, name)(torch.ones(2), 2.0) for name in PAIRS
    },
    **{
        f"{name} of a bool": lambda torch, name=name: getattr(torch, name)(torch.tensor([True]))
        for name in "floor ceil round trunc frac abs positive argmin argmax median".split()
    },
    "maximum of shapes that don't broadcast": lambda torch: torch.maximum(torch.ones(2), torch.ones(3)),
    "round integers to decimals": lambda torch: torch.round(torch.tensor([1]), decimals=1),
    "integer floor division by zero": lambda torch: torch.tensor([1]) // 0,
    "integer remainder by zero": lambda torch: torch.tensor([1]) % 0,
    "integer fmod by zero": lambda torch: torch.fmod(torch.tensor([1]), torch.tensor([0])),
    "integer rounded division by zero": lambda torch: torch.div(torch.tensor([1]), 0, rounding_mode="trunc"),
    "remainder of bools": _of_bools(lambda torch, a: a % a),
    "fmod of bools": _of_bools(lambda torch, a: torch.fmod(a, a)),
    "rounded division of bools": _of_bools(lambda torch, a: torch.div(a, a, rounding_mode="floor")),
    "division with an unknown rounding": lambda torch: torch.div(torch.ones(2), 2, rounding_mode="up"),
    "exclusive or of floats": lambda torch: torch.ones(2) ^ torch.ones(2),
    "shift of floats": lambda torch: torch.ones(2) << 1,
    "shift of bools": _of_bools(lambda torch, a: a >> a),
    "clamp without bounds": lambda torch: torch.clamp(torch.ones(2)),
    "lerp to another dtype": lambda torch: torch.lerp(torch.ones(2), torch.ones(2, dtype=torch.float64), 0.5),
    "lerp with a weight of another dtype": lambda torch: torch.lerp(
        torch.ones(2), torch.ones(2), torch.ones(2, dtype=torch.float64)
    ),
    "addcmul with a number": lambda torch: torch.addcmul(torch.ones(2), torch.ones(2), 2.0),
    "addcmul of shapes that don't broadcast": lambda torch: torch.addcmul(torch.ones(2), torch.ones(3), torch.ones(2)),
    "masked_fill with an integer mask": lambda torch: torch.ones(2).masked_fill(torch.tensor([0, 1]), 0.0),
    "masked_fill with many values": _of_bools(lambda torch, a: torch.ones(2).masked_fill(a, torch.ones(2))),
    "masked_fill with a mask of another size": _of_bools(lambda torch, a: torch.ones(3).masked_fill(a, 0.0)),
    "isclose of two dtypes": lambda torch: torch.isclose(torch.ones(2), torch.ones(2, dtype=torch.float64)),
    "allclose of two dtypes": lambda torch: torch.allclose(torch.ones(2), torch.tensor([1, 2])),
    "heaviside of two dtypes": lambda torch: torch.heaviside(torch.ones(2), torch.ones(2, dtype=torch.float64)),
    "backward through heaviside": _backward_of(lambda torch, a: torch.heaviside(a, a)),
    "backward through floor division": _backward_of(lambda torch, a: a // 2),
    "backward through a number's remainder": _backward_of(lambda torch, a: 2 % a),
    "second backward through hardsigmoid": _second_hardsigmoid,
    "gelu with an unknown approximation": _functional("gelu", approximate="erf"),
    "celu with alpha 0": lambda torch: torch.nn.functional.celu(torch.ones(2), 0.0),
    "hardtanh with crossed bounds": lambda torch: torch.nn.functional.hardtanh(torch.ones(2), 1, -1),
    "relu6 of bools": _of_bools(lambda torch, a: torch.nn.functional.relu6(a)),
    "threshold of bools": _of_bools(lambda torch, a: torch.nn.functional.threshold(a, 0, 1)),
    "mean in an integer dtype": lambda torch: torch.ones(2).mean(dtype=torch.int64),
    "max of nothing": lambda torch: torch.ones(0).max(),
    "min over an empty dim": lambda torch: torch.ones(2, 0).min(1),
    "amax of nothing": lambda torch: torch.ones(0).amax(),
    "amin over an empty dim": lambda torch: torch.ones(2, 0).amin(-1),
    "aminmax of nothing": lambda torch: torch.aminmax(torch.ones(0)),
    "aminmax over an empty dim": lambda torch: torch.aminmax(torch.ones(2, 0), dim=1),
    "argmin of nothing": lambda torch: torch.ones(0).argmin(),
    "median over an empty dim": lambda torch: torch.ones(2, 0).median(1),
    "median over a dim of bools": _of_bools(lambda torch, a: a.median(0)),
    "max over a dim too far": lambda torch: torch.ones(2).max(1),
    "infinite norm of nothing": lambda torch: torch.ones(0).norm(float("inf")),
    "infinite norm over an empty dim": lambda torch: torch.ones(2, 0).norm(float("inf"), 1),
    "norm of three dims": lambda torch: torch.ones(2, 2, 2).norm(dim=(0, 1, 2)),
    "addcmul of bools": _of_bools(lambda torch, a: torch.addcmul(a, a, a)),
    "norm of an unknown order": lambda torch: torch.ones(2).norm("x"),
}
