"""Elementwise ops and reductions at the edges, beside PyTorch: zeros, NaN, ties, nothing, 0-d, other dtypes."""

import itertools
import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

import gradviz
from tests.engine.peers import PAIRS, SHAPES, array_of, assert_same, same
from tests.engine.sampling import values

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

inf, nan = math.inf, math.nan
SPECIAL = [0.0, 1.0, -1.0, 2.5, -2.5, 0.5, -0.5, 3.0, -3.0, 6.0, 30.0, -30.0, -1e-3, inf, -inf, nan]


def _named(names, where=lambda torch: torch):
    return {name: lambda torch, a, name=name: getattr(where(torch), name)(a) for name in names.split()}


UNARY = {
    **_named(
        "exp2 expm1 log2 log10 log1p rsqrt tan asin acos atan sinh cosh asinh acosh atanh erf erfc sinc logit floor "
        "ceil round trunc frac deg2rad rad2deg nan_to_num signbit isnan isinf isfinite absolute square"
    ),
    **_named(
        "gelu silu elu celu selu softplus softsign leaky_relu hardtanh relu6 hardswish hardsigmoid logsigmoid mish "
        "tanhshrink",
        lambda torch: torch.nn.functional,
    ),
    "gelu by tanh": lambda torch, a: torch.nn.functional.gelu(a, approximate="tanh"),
    "softplus of 2": lambda torch, a: torch.nn.functional.softplus(a, 2, 5),
    "threshold": lambda torch, a: torch.threshold(a, 1, 20),
    "round to 1": lambda torch, a: torch.round(a, decimals=1),
    "round to tens": lambda torch, a: torch.round(a, decimals=-1),
    "logit eps": lambda torch, a: torch.logit(a, 0.1),
    "xlogy(a, 2)": lambda torch, a: torch.xlogy(a, 2),
    "xlogy(a, 0)": lambda torch, a: torch.xlogy(a, 0),
    "xlogy(a, -1)": lambda torch, a: torch.xlogy(a, -1.0),
    "xlogy(2, a)": lambda torch, a: torch.xlogy(2, a),
    "xlogy(0, a)": lambda torch, a: torch.xlogy(0, a),
    "a % 2.5": lambda torch, a: a % 2.5,
    "a % -2": lambda torch, a: a % -2,
    "fmod(a, 2)": lambda torch, a: torch.fmod(a, 2),
    "a // 2": lambda torch, a: a.detach() // 2,
    "3 % a": lambda torch, a: 3 % (a.detach() * 2 + 1),
    "clamp": lambda torch, a: torch.clamp(a, -1, 2.5),
    "clamp(min)": lambda torch, a: a.clamp(min=0),
    "clamp_max": lambda torch, a: torch.clamp_max(a, 2.5),
    "copysign(a, -0.0)": lambda torch, a: torch.copysign(a, -0.0),
    "masked_fill": lambda torch, a: a.masked_fill(a > 0, 7),
}
BINARY = {
    **{
        name: lambda torch, a, b, name=name: getattr(torch, name)(a, b)
        for name in (
            "atan2 hypot logaddexp logaddexp2 xlogy remainder fmod maximum minimum fmax fmin clamp_min clamp_max "
            "copysign logical_and logical_or logical_xor greater less_equal"
        ).split()
    },
    "floor_divide": lambda torch, a, b: torch.floor_divide(a.detach(), b.detach()),
    "div floor": lambda torch, a, b: torch.div(a, b, rounding_mode="floor"),
    "div trunc": lambda torch, a, b: torch.div(a, b, rounding_mode="trunc"),
    "clamp": lambda torch, a, b: torch.clamp(a, b, b * 2),
    "lerp": lambda torch, a, b: torch.lerp(a, b, b),
    "addcmul": lambda torch, a, b: torch.addcmul(a, a, b, value=2),
    "addcdiv": lambda torch, a, b: torch.addcdiv(a, a, b),
    "isclose": lambda torch, a, b: torch.isclose(a, b, equal_nan=True),
}
REDUCTIONS = {
    **_named("var std prod max min amax amin median nansum nanmean argmax argmin all any count_nonzero norm sum mean"),
    **{
        f"{name}(a, 0)": lambda torch, a, name=name: getattr(torch, name)(a, 0)
        for name in (
            "var std prod amax amin nansum nanmean argmax argmin all any count_nonzero sum mean logsumexp cumsum "
            "cumprod"
        ).split()
    },
    **{
        f"{name}(a, -1, keepdim)": lambda torch, a, name=name: getattr(torch, name)(a, -1, keepdim=True)
        for name in "var std prod amax amin nansum nanmean argmax argmin all any logsumexp".split()
    },
    **{
        f"{name}(a, -1)[{k}]": lambda torch, a, name=name, k=k: getattr(torch, name)(a, -1)[k]
        for name in ("max", "min", "median")
        for k in (0, 1)
    },
    **{
        f"norm(a, {p}, {dim})": lambda torch, a, p=p, dim=dim: torch.norm(a, p, dim)
        for p in (0, 0.5, 1, 1.5, 2, 3, inf, -inf)
        for dim in (None, 0)
    },
    "var_mean": lambda torch, a: torch.var_mean(a, 0, keepdim=True)[0],
    "aminmax": lambda torch, a: torch.aminmax(a, keepdim=True)[0],
    "aminmax(a, 0)": lambda torch, a: a.aminmax(dim=0).max,
    "var of 3 degrees": lambda torch, a: a.var(-1, correction=3),
    "std over all": lambda torch, a: a.std(unbiased=False),
    "amax(a, ())": lambda torch, a: a.amax(()),
    "all(a, ())": lambda torch, a: a.all(()),
    "cumsum in float64": lambda torch, a: a.cumsum(0, dtype=torch.float64),
    "prod in float64": lambda torch, a: a.prod(0, dtype=torch.float64),
    "sum of ints": lambda torch, a: torch.nan_to_num(a.detach()).clamp(-9, 9).sum(0, dtype=torch.int64),
}
FILLED = {
    "plain": [[1.0, 2, -3], [4, -5, 0.5]],
    "ties": [[1.0, 2, 2], [2, -1, -1]],
    "a zero": [[1.0, 0, 2], [2, 3, 4]],
    "zeros": [[0.0, 0, 2], [2, 0, 4]],
    "all zeros": [[0.0] * 3] * 2,
    "nan": [[1, nan, 2], [nan, 3, nan]],
    "inf": [[inf, 1, 2], [-inf, 3, 4]],
    "one": [[1.0]],
    "0-d": 1.5,
    "0-d zero": 0.0,
    "0-d nan": nan,
    "vector": [3.0, 1, 2, 1],
    "empty": np.zeros(0),
    "no rows": np.zeros((0, 3)),
    "no columns": np.zeros((3, 0)),
}


def answers(side, program, arrays):
    """The output and first gradients of a program, or what it raises."""
    leaves = [side.from_numpy(np.array(array)) for array in arrays]
    leaves = [leaf.requires_grad_() if leaf.is_floating_point() else leaf for leaf in leaves]
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = [out := program(side, *leaves)]
            if out.requires_grad:
                ones = side.ones(tuple(out.shape), dtype=out.dtype)
                found += side.autograd.grad(out, leaves, ones, allow_unused=True)
    except Exception as error:  # noqa: BLE001  whatever it raises is compared
        return f"{type(error).__name__}: {error}"
    # a gradient of zeros may be none at all in PyTorch
    return {str(k): each for k, each in enumerate(found) if each is not None and (k == 0 or array_of(each).any())}


def alike(program, *arrays):
    """Asserts that both sides give the same, or raise the same."""
    ours, theirs = (answers(side, program, arrays) for side in (gradviz, torch))
    if isinstance(ours, str) or isinstance(theirs, str):
        assert ours == theirs
    else:
        assert_same(ours, theirs)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("name", UNARY)
def test_special_values_of_one_input(name, dtype):
    # where PyTorch's vectorised and plain code differ, by the place in the array: gelu(inf) in float32, slopes at NaN
    plain = "elu celu selu hardtanh relu6 hardswish".split()
    special = [each for each in SPECIAL if not (each == inf and "gelu" in name)]
    special = [each for each in special if not (each != each and (name in plain or name == "logit eps"))]
    alike(UNARY[name], np.array(special, dtype))


@pytest.mark.parametrize("dtype", ["float64", "float16"])
@pytest.mark.parametrize("name", BINARY)
def test_special_values_of_two_inputs(name, dtype):
    pairs = np.array(list(itertools.product(SPECIAL, repeat=2)), dtype)
    alike(BINARY[name], pairs[:, 0].copy(), pairs[:, 1].copy())


@pytest.mark.parametrize("kind", ["int64", "int32", "uint8", "bool"])
@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_integers_and_bools(name, kind):
    array = np.array([3, 2, 0, 1, 7]).astype(kind)
    if name in UNARY:
        alike(UNARY[name], array)
    else:
        alike(BINARY[name], array, array[::-1].copy())


@pytest.mark.parametrize("filled", FILLED)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_at_the_edges(name, filled):
    alike(REDUCTIONS[name], np.array(FILLED[filled], np.float64))


@pytest.mark.parametrize("kind", ["float32", "int64", "int32", "uint8", "bool"])
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_of_other_dtypes(name, kind):
    alike(REDUCTIONS[name], np.array([[3, 1, 2], [0, 5, 5]]).astype(kind))


@pytest.mark.parametrize("name", [name for name in UNARY if name != "hardsigmoid"])  # that has no second gradient
@given(shape=SHAPES)
def test_shapes_of_one_input(name, shape):
    same(UNARY[name], [np.asarray(values(shape, "positive", np.float64) * 0.5 + 1e-3)])


@pytest.mark.parametrize("name", BINARY)
@given(shapes=PAIRS)
def test_broadcasting(name, shapes):
    one, two = shapes.input_shapes
    if name == "lerp":  # its weight may not be the larger one's
        two = one
    same(BINARY[name], [values(one, "positive", np.float64, 1), values(two, "positive", np.float64, 2)])


@pytest.mark.parametrize("word", ["var", "std", "amax", "amin", "logsumexp", "norm", "nansum", "all", "count_nonzero"])
@given(shape=arrays_of.array_shapes(min_dims=1, max_dims=3, min_side=2, max_side=3), data=st.data())
def test_reductions_over_dims(word, shape, data):
    dims = st.integers(-len(shape), len(shape) - 1)
    dim = data.draw(st.lists(dims, min_size=1, unique_by=lambda d: d % len(shape)).map(tuple))
    order = {"p": 2} if word == "norm" else {}
    same(lambda torch, a: getattr(torch, word)(a, dim=dim, **order), [values(shape, "real", np.float64)])


def test_a_tie_is_shared_by_amax_and_max_but_not_with_indices():
    found = []
    for compute in (lambda a: a.amax(), lambda a: a.max(), lambda a: a.max(0).values, lambda a: a.clamp(max=2)):
        x = gradviz.tensor([1.0, 2.0, 2.0], requires_grad=True)
        compute(x).sum().backward()
        found.append(x.grad.tolist())
    assert found == [[0, 0.5, 0.5], [0, 0.5, 0.5], [0, 1, 0], [1, 1, 1]]


def test_results_with_names_are_tuples_that_print_as_pytorchs():
    ours, theirs = (side.tensor([[1.0, 3], [2, 0]]).max(1) for side in (gradviz, torch))
    values_of_it, indices = ours
    assert repr(ours) == repr(theirs) and values_of_it is ours.values and indices is ours.indices


@pytest.mark.parametrize(
    "compute",
    [
        lambda torch: torch.allclose(torch.ones(2), torch.ones(2) + 1e-9),
        lambda torch: torch.equal(torch.ones(2), torch.ones(2)),
        lambda torch: torch.equal(torch.ones(2), torch.ones(1)),
        lambda torch: torch.ones(2).allclose(torch.tensor([1.0, math.nan]), equal_nan=True),
    ],
)
def test_answers_that_are_python_bools(compute):
    assert compute(gradviz) is compute(torch)


@pytest.mark.parametrize("function", [math.erf, math.erfc], ids=lambda f: f.__name__)
def test_erf_is_exact_to_the_last_digits(function):
    array = np.concatenate([np.linspace(-7, 7, 3001), np.linspace(-0.6, 0.6, 999), [0.0, inf, -inf, 25.0]])
    found = getattr(gradviz, function.__name__)(gradviz.from_numpy(array)).numpy()
    np.testing.assert_allclose(found, [function(x) for x in array], rtol=2e-15, atol=0)
    inside = gradviz.from_numpy(array[np.abs(array) < 4])  # where the formula for larger ones isn't needed
    again = getattr(gradviz, function.__name__)(inside).numpy()
    assert np.array_equal(again, found[np.abs(array) < 4])


@pytest.mark.parametrize("name", "CELU ELU GELU Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid Mish ReLU6 SELU SiLU Softplus Softsign Tanhshrink".split())  # noqa: E501
def test_layers_print_as_pytorchs(name):
    assert repr(getattr(gradviz.nn, name)()) == repr(getattr(torch.nn, name)())


@pytest.mark.parametrize(("name", "given"), [("Softmin", (1,)), ("Threshold", (0.5, 2)), ("GELU", ("tanh",))])
def test_layers_with_arguments_print_as_pytorchs(name, given):
    assert repr(getattr(gradviz.nn, name)(*given)) == repr(getattr(torch.nn, name)(*given))


@pytest.mark.parametrize("zeros", [(), (1,), (0, 3), (1, 4, 5), (0, 1, 2)])
@pytest.mark.parametrize(
    "program",
    [lambda torch, a: a.prod(), lambda torch, a: a.prod(1), lambda torch, a: a.cumprod(1), lambda torch, a: a.cumprod(0)],  # noqa: E501
)
def test_second_gradients_of_products_at_zeros(program, zeros):
    array = np.array([[1.5, -2.0, 0.5], [0.7, 3.0, -1.1]])
    array.reshape(-1)[list(zeros)] = 0
    same(program, [array])
