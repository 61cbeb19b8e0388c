"""Every in-place form beside PyTorch, on a whole tensor and on a view of it: values, gradients, nodes."""

import re

import numpy as np
import pytest

import gradviz
from gradviz.ops.changes import FORMS
from tests.engine.peers import assert_same, run
from tests.engine.sampling import values

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

A, POSITIVE, OTHER, MASK, INDEX = (2, 3), ((2, 3), "positive"), (2, 3), ((2, 3), "bool"), ((2,), "class")
NO_NAMES = ["asinh_", "acosh_", "atanh_", "arcsinh_", "arccosh_", "arctanh_"]  # PyTorch's nodes have no derivative
_ALONE = (
    "digamma_ erfinv_ lgamma_ "
    "abs_ absolute_ ceil_ cos_ cosh_ deg2rad_ erf_ erfc_ exp_ exp2_ expm1_ fix_ floor_ frac_ log_ log10_ log1p_ log2_ "
    "logit_ nan_to_num_ neg_ negative_ rad2deg_ reciprocal_ relu_ round_ rsqrt_ sgn_ sigmoid_ sign_ sin_ sinc_ sinh_ "
    "sqrt_ square_ tan_ tanh_ tril_ triu_ trunc_ zero_ logical_not_ asinh_ arcsinh_"
).split()
_BY_OTHERS = (
    "add_ sub_ subtract_ mul_ multiply_ div_ divide_ true_divide_ pow_ remainder_ fmod_ atan2_ arctan2_ hypot_ "
    "copysign_ xlogy_ copy_ clamp_min_ clamp_max_ eq_ ne_ lt_ le_ gt_ ge_ not_equal_ less_ less_equal_ greater_ "
    "greater_equal_ logical_and_ logical_or_ logical_xor_ heaviside_ floor_divide_"
).split()
_BY_NUMBERS = (
    "add_ sub_ mul_ div_ pow_ remainder_ fmod_ fill_ clamp_min_ clamp_max_ eq_ ne_ lt_ le_ gt_ ge_ copy_ xlogy_ "
    "copysign_ floor_divide_"
).split()
ROW = ((2, 3), (2, 3))
CALLS = {
    **{name: (name, (), (POSITIVE,)) for name in _ALONE},
    **{f"{name} tensor": (name, (), (POSITIVE, OTHER)) for name in _BY_OTHERS},
    **{f"{name} number": (name, (0.7,), (POSITIVE,)) for name in _BY_NUMBERS},
    **{f"small {name}": (name, (), (A,)) for name in ("asin_", "acos_", "atan_", "arcsin_", "arccos_", "arctan_")},
    "acosh_": ("acosh_", (), (POSITIVE,)),
    "clamp_": ("clamp_", (-0.3, 0.6), (A,)),
    "clip_": ("clip_", (-0.3, 0.6), (A,)),
    "round_(decimals)": ("round_", {"decimals": 1}, (A,)),
    "div_(floor)": ("div_", {"other": 0.4, "rounding_mode": "floor"}, (A,)),
    "add_(alpha)": ("add_", {"alpha": 2}, (A, OTHER)),
    "lerp_(number)": ("lerp_", {"weight": 0.3}, (A, OTHER)),
    "lerp_(tensor)": ("lerp_", (), (A, OTHER, POSITIVE)),
    "addcmul_": ("addcmul_", {"value": 2}, (A, OTHER, OTHER)),
    "addcdiv_": ("addcdiv_", {"value": 2}, (A, OTHER, POSITIVE)),
    "addmm_": ("addmm_", {"beta": 0.5}, (A, (2, 2), (2, 3))),
    "addbmm_": ("addbmm_", (), (A, (4, 2, 2), (4, 2, 3))),
    "addr_": ("addr_", (), (A, (2,), (3,))),
    "masked_fill_": ("masked_fill_", (2.5,), (A, MASK)),
    "masked_fill_(tensor)": ("masked_fill_", (), (A, MASK, ())),
    "masked_scatter_": ("masked_scatter_", (), (A, MASK, OTHER)),
    "cumsum_": ("cumsum_", (1,), (A,)),
    "cumprod_": ("cumprod_", (1,), (A,)),
    "tril_(1)": ("tril_", (1,), (A,)),
    "index_add_": (lambda x, i, b: x.index_add_(1, i, b, alpha=2), (), (A, INDEX, (2, 2))),
    "index_copy_": (lambda x, i, b: x.index_copy_(1, i[:1], b[:, :1]), (), (A, INDEX, (2, 2))),
    "index_fill_": (lambda x, i: x.index_fill_(1, i, 2.5), (), (A, INDEX)),
    "index_fill_(tensor)": (lambda x, i, b: x.index_fill_(1, i, b), (), (A, INDEX, ())),
    "index_put_": (lambda x, i, b: x.index_put_((i[:1] % 2,), b), (), (A, INDEX, (3,))),
    "index_put_(accumulate)": (lambda x, i, b: x.index_put_((i % 2, i), b, accumulate=True), (), (A, INDEX, (2,))),
    "put_": (lambda x, i, b: x.put_(i, b, accumulate=True), (), (A, INDEX, (2,))),
    "scatter_": (lambda x, i, b: x.scatter_(1, i[:, None], b[:, :1]), (), (A, INDEX, OTHER)),
    "scatter_(number)": (lambda x, i: x.scatter_(1, i[:, None], 2.5), (), (A, INDEX)),
    "scatter_add_": (lambda x, i, b: x.scatter_add_(1, i[:, None], b[:, :1]), (), (A, INDEX, OTHER)),
    "vector addmv_": (lambda x, a, b: x[0].addmv_(a, b), (), (A, (3, 2), (2,))),
    "index_reduce_": (lambda x, i, b: x.index_reduce_(1, i, b, "prod"), (), (A, INDEX, (2, 2))),
    "scatter_reduce_": (lambda x, i, b: x.scatter_reduce_(1, i[:, None], b[:, :1], "mean"), (), (A, INDEX, OTHER)),
    "float_power_ number": ("float_power_", (2,), (A,)),
    "float_power_ tensor": ("float_power_", (), (POSITIVE, OTHER)),
    "ldexp_": ("ldexp_", (), (A, OTHER)),
    "nextafter_": ("nextafter_", (), (A, OTHER)),
    "renorm_": ("renorm_", (2, 1, 0.5), (A,)),
    "fill_diagonal_": ("fill_diagonal_", (0.5,), (A,)),
    "batch baddbmm_": (lambda x, a, b: x[None].baddbmm_(a, b), (), (A, (1, 2, 2), (1, 2, 3))),
    **{
        f"F.{name}": (lambda x, name=name, args=args: (name, x, args), "F", (A,))
        for name, args in {
            "relu": (), "elu": (0.7,), "celu": (0.7,), "selu": (), "silu": (), "mish": (), "hardswish": (),
            "hardsigmoid": (), "hardtanh": (-0.5, 0.5), "relu6": (), "leaky_relu": (0.2,), "threshold": (0.1, 2.0),
        }.items()
    },
}  # fmt: skip


def program(name, place):
    """A program that changes a tensor, or its transposed inside, in place, and shows the node that it got."""
    call, args, _ = CALLS[name]

    def changed(side, a, *others):
        x = a * 1 if place == "whole" else side.cat([a, a]).t().contiguous() * 1
        part = x if place == "whole" else x.t()[2:]
        if args == "F":
            word, target, rest = call(part)
            getattr(side.nn.functional, word)(target, *rest, inplace=True)
        elif not isinstance(call, str):
            call(part, *others)
        elif isinstance(args, dict):
            getattr(part, call)(*others, **args)
        else:
            getattr(part, call)(*others, *args)
        changed.nodes = _nodes(x), _nodes(part), x._version
        return x

    return changed


def _nodes(tensor):
    node = tensor.grad_fn
    if node is None:
        return None
    return type(node).__name__, [None if n is None else type(n).__name__ for n, _ in node.next_functions]


def _outcome(side, name, place, arrays, wanted):
    made = program(name, place)
    try:
        with np.errstate(all="ignore"):
            return run(side, made, arrays, wanted), made.nodes
    except RuntimeError as error:
        return {}, re.sub(r"torch::autograd::|_(?= is not implemented)", "", str(error))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("place", ["whole", "view"])
@pytest.mark.parametrize("name", CALLS)
def test_an_in_place_form(name, place):
    specs = [each if each and isinstance(each[0], tuple) else (each, "real") for each in CALLS[name][2]]
    arrays = [values(*spec, np.float64, seed) for seed, spec in enumerate(specs, start=1)]
    if "small" in name:
        arrays[0] = arrays[0] / 4
    if "logit" in name:
        arrays[0] = arrays[0] / 2
    if "acosh" in name:
        arrays[0] = arrays[0] + 1
    able = [array.dtype.kind == "f" for array in arrays]
    if "heaviside" in name or "xlogy_ number" in name:
        able[1:] = [False] * len(able[1:])
    for wanted in {tuple(able), (True, *[False] * len(able[1:]))}:
        if any(word in name for word in ("asinh_", "arcsinh_", "acosh_")):  # PyTorch has no derivative in place
            ours, theirs = (program(name, place)(side, *map(side.from_numpy, arrays)) for side in (gradviz, torch))
            np.testing.assert_allclose(ours.tolist(), theirs.tolist(), rtol=1e-12)
            continue
        (ours, mine), (theirs, yours) = (_outcome(side, name, place, arrays, wanted) for side in (gradviz, torch))
        assert_same(ours, theirs)
        assert mine == yours


def test_every_form_is_called():
    elsewhere = {  # tests/engine/samples_in_place.py, and ints below
        *"bernoulli_ exponential_ normal_ random_ uniform_ t_ transpose_ swapaxes_ swapdims_ squeeze_".split(),
        *"unsqueeze_ detach_ as_strided_ cauchy_ geometric_ log_normal_ gcd_ lcm_".split(),
        *"bitwise_and_ bitwise_left_shift_ bitwise_not_ bitwise_or_ bitwise_right_shift_ bitwise_xor_".split(),
    }
    called = {name.split()[-1].split("(")[0] for name in CALLS} | {name.split()[0] for name in CALLS}
    assert set(FORMS) - called - elsewhere == {"arccosh_", "arctanh_", "atanh_"}


@pytest.mark.parametrize("name", [name for name in FORMS if name.startswith("bitwise_")])
def test_bits_in_place(name):
    for side in (gradviz, torch):
        x = side.tensor([5, 6, 7])
        assert getattr(x, name)(*([] if name == "bitwise_not_" else [2])) is x and x._version == 1
        wanted = getattr(side.tensor([5, 6, 7]), name[:-1])(*([] if name == "bitwise_not_" else [2]))
        assert x.tolist() == wanted.tolist()


@pytest.mark.parametrize("sign", "+ - * / ** // %".split())
def test_an_operator_keeps_the_tensor(sign):
    for side in (gradviz, torch):
        space = {"x": side.ones(3, requires_grad=True) * 3, "b": side.ones(3)}
        before = space["x"]
        exec(f"x {sign}= b\nx {sign}= 2\nx[0] {sign}= 2", space)  # noqa: S102
        assert space["x"] is before and before._version >= 3


def test_a_matrix_product_makes_a_new_tensor():
    for side in (gradviz, torch):
        before = x = side.ones(2, 2)
        x @= x
        assert x is not before and before.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("text", ["x &= b", "x |= b", "x ^= b", "n <<= 1", "n >>= 1"])
def test_an_operator_of_bits(text):
    found = []
    for side in (gradviz, torch):
        space = {"x": side.tensor([True, False]), "b": side.tensor([True, True]), "n": side.tensor([5, 6])}
        exec(text, space)  # noqa: S102
        found.append([space["x"].tolist(), space["n"].tolist()])
    assert found[0] == found[1]


def test_functions_of_torch():
    for side in (gradviz, torch):
        x = side.ones(3)
        assert side.relu_(x) is x and side.exp_(x) is x and side.clamp_(x, 0, 2) is x and x.tolist() == [2, 2, 2]
