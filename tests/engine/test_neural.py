"""Products, linear algebra, layers and losses beside PyTorch at the edges: shapes, dtypes, ties, NaN, nothing."""

import itertools
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradviz
from gradviz.ops import convolution
from tests.engine import gradcheck
from tests.engine.peers import assert_same, run
from tests.engine.samples import values
from tests.engine.sampling import twice

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")
SMALL = st.integers(1, 3)
INF, NAN = np.inf, np.nan


def same(program, *arrays):
    """Asserts that a program gives the same on both sides, with its first and second gradients."""
    with np.errstate(all="ignore"):
        wanted = [array.dtype.kind == "f" for array in arrays]
        assert_same(*(run(side, program, list(arrays), wanted) for side in (gradviz, torch)))


def same_first(program, *arrays):
    """The same for the values and the first gradients alone."""
    found = []
    for side in (gradviz, torch):
        leaves = [side.from_numpy(array.copy()) for array in arrays]
        leaves = [leaf.requires_grad_(array.dtype.kind == "f") for leaf, array in zip(leaves, arrays, strict=True)]
        with np.errstate(all="ignore"):
            out = program(side, *leaves)
            if out.requires_grad:
                out.backward(side.ones(tuple(out.shape), dtype=out.dtype))
        grads = {str(k): leaf.grad for k, leaf in enumerate(leaves) if leaf.grad is not None}
        found.append({"output": out, **grads})
    assert_same(*found)


def f(name, *args, **kwargs):
    """A function of torch.nn.functional, its first arguments being the inputs."""
    return lambda side, *tensors: getattr(side.nn.functional, name)(*tensors, *args, **kwargs)


# -- shapes ------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(data=st.data(), spread=st.sampled_from([1, 2]), transposed=st.booleans())
def test_convolutions_of_all_sizes(data, spread, transposed):
    draw = lambda strategy: tuple(data.draw(st.lists(strategy, min_size=spread, max_size=spread)))  # noqa: E731
    kernel, stride, dilation = draw(SMALL), draw(SMALL), draw(st.integers(1, 2))
    padding = draw(st.integers(0, 2))
    groups, inner, outer, batch = (data.draw(st.integers(1, 2)) for _ in range(4))
    sizes = tuple(d * (k - 1) + 1 + data.draw(st.integers(0, 3)) for k, d in zip(kernel, dilation, strict=True))
    first, second = (groups * inner, outer) if transposed else (groups * outer, inner)
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    if transposed and any((n - 1) * s + d * (k - 1) + 1 <= 2 * p for n, s, d, k, p in zip(sizes, stride, dilation, kernel, padding, strict=True)):  # noqa: E501
        return
    x, w = values((batch, groups * inner, *sizes)), values((first, second, *kernel), seed=2)
    name = f"conv{'_transpose' if transposed else ''}{spread}d"
    same(f(name, **how), x, w, values((groups * outer,), seed=3))


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.sampled_from([(20,), (3, 14), (12, 13), (2, 3, 12)]),
    groups=st.integers(1, 2),
    padding=st.integers(0, 1),
    dilation=st.integers(1, 2),
    transposed=st.booleans(),
)
def test_convolutions_of_many_channels(sizes, groups, padding, dilation, transposed):
    spread = len(sizes)
    kernel = (*(1 for _ in sizes[1:]), 2) if min(sizes) < 4 else (2,) * spread
    across = (*(0 for _ in sizes[1:]), padding) if min(sizes) < 4 else (padding,) * spread
    how = {"padding": across, "dilation": dilation, "groups": groups}
    inner, outer = 8 * groups, 16 * groups
    first, second = (inner, outer // groups) if transposed else (outer, inner // groups)
    if spread == 3 and transposed:
        return
    x, w = values((2, inner, *sizes)), values((first, second, *kernel), seed=2)
    with counted(convolution, "_runs") as runs:
        same(f(f"conv{'_transpose' if transposed else ''}{spread}d", **how), x, w, values((outer,), seed=3))
    assert runs  # the gradients without columns, where there are channels enough


@contextmanager
def counted(module, name):
    """A list that grows with each call of a function."""
    calls, real = [], getattr(module, name)
    setattr(module, name, lambda *args: calls.append(args) or real(*args))
    try:
        yield calls
    finally:
        setattr(module, name, real)


def test_one_maximum_of_equal_ones_gets_the_gradient():
    same(f("max_pool2d", 2), np.zeros((2, 3, 4, 4), np.float32))
    same(f("max_pool2d", 2, 1), np.float32([[[[0.0, -0.0, 0.0], [-0.0, 0.0, -0.0], [1, 1, 1]]]]))
    same(f("max_pool2d", 12, 1, 6), values((1, 1, 14, 14)))  # more places in a window than an int8 counts


@settings(max_examples=40, deadline=None)
@given(data=st.data(), kind=st.sampled_from(["max_pool2d", "avg_pool2d"]), ceil_mode=st.booleans())
def test_pools_of_all_sizes(data, kind, ceil_mode):
    kernel = data.draw(st.tuples(SMALL, SMALL))
    stride = data.draw(st.none() | st.tuples(SMALL, SMALL))
    padding = tuple(data.draw(st.integers(0, k // 2)) for k in kernel)
    sizes = tuple(k + data.draw(st.integers(0, 4)) for k in kernel)
    how = {"ceil_mode": ceil_mode}
    if kind == "avg_pool2d":
        how["count_include_pad"] = data.draw(st.booleans())
    same(f(kind, kernel, stride, padding, **how), values((2, 2, *sizes)))


@settings(max_examples=25, deadline=None)
@given(sizes=st.tuples(SMALL, SMALL, SMALL, SMALL), out=st.tuples(st.integers(1, 4), st.integers(1, 4)))
def test_adaptive_pools_and_upsampling_of_all_sizes(sizes, out):
    same(f("adaptive_avg_pool2d", out), values(sizes))
    same(f("interpolate", out), values(sizes))


@settings(max_examples=25, deadline=None)
@given(kernel=st.tuples(SMALL, SMALL), stride=SMALL, padding=st.integers(0, 2), dilation=st.integers(1, 2))
def test_unfold_and_fold_of_all_sizes(kernel, stride, padding, dilation):
    x = values((2, 2, 6, 5))
    how = {"dilation": dilation, "padding": padding, "stride": stride}
    same(f("unfold", kernel, **how), x)
    same(lambda side, a: side.nn.functional.fold(side.nn.functional.unfold(a, kernel, **how), (6, 5), kernel, **how), x)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_einsum_of_all_subscripts(data):
    sizes = dict(zip("abcd", (2, 3, 1, 2), strict=True))
    count = data.draw(st.integers(1, 3))
    terms = [data.draw(st.text("abcd", min_size=0 if count > 1 else 1, max_size=3)) for _ in range(count)]
    used = sorted(set("".join(terms)))
    output = "".join(data.draw(st.lists(st.sampled_from(used), unique=True))) if used else ""
    arrays = [values(tuple(sizes[each] for each in term), seed=k) for k, term in enumerate(terms, start=1)]
    same(lambda side, *tensors: side.einsum(f"{','.join(terms)}->{output}", *tensors), *arrays)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_tensordot_of_all_dims(data):
    shape = data.draw(st.lists(SMALL, min_size=1, max_size=3))
    first = data.draw(st.lists(st.integers(0, len(shape) - 1), unique=True))
    other = [shape[d] for d in first] + data.draw(st.lists(SMALL, max_size=2))
    order = data.draw(st.permutations(range(len(other))))
    second = [order.index(k) for k in range(len(first))]
    arrays = values(tuple(shape)), values(tuple(other[k] for k in order), seed=2)
    same(lambda side, a, b: side.tensordot(a, b, dims=(first, second)), *arrays)


BATCHES = [(), (2,), (2, 1), (0,)]


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("word", ["inv", "det", "cholesky", "solve", "matrix_power"])
def test_linear_algebra_of_batches(word, size, batch):
    array = values((*batch, size, size), seed=7) + 3 * np.eye(size)
    if word == "cholesky":
        if size > 1:  # of one element the second gradient is zero, and its rounding nobody's business
            same(lambda side, a: side.linalg.cholesky(a @ a.transpose(-1, -2)), array)
    elif word == "solve":
        same(side_solve, array, values((*batch, size, 3), seed=2))
    elif word == "matrix_power":
        same(lambda side, a: side.linalg.matrix_power(a, 4), array)
    else:
        same(lambda side, a: getattr(side.linalg, word)(a), array)


def side_solve(side, a, b):
    return side.linalg.solve(a, b)


@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3, 2)])
@pytest.mark.parametrize("order", [2, 1, 0, 3, 0.5, INF, -INF])
def test_norms_of_all_orders(order, shape):
    if (0 in shape and order in (INF, -INF)) or (shape == () and order in (3, 0.5)):
        return  # no identity; a second gradient of zero, but for its rounding
    same(lambda side, a: side.linalg.vector_norm(a, order), values(shape))


# -- values ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zeros", [2, 3])
def test_the_determinant_of_a_singular_matrix_has_pytorchs_gradient(zeros):
    array = np.diag([2.0, 3.0, 5.0])
    array[3 - zeros :] = 0
    same_first(lambda side, a: side.linalg.det(a), array)


def test_the_determinant_of_two_equal_rows_has_its_cofactors_as_gradient():
    matrix = gradviz.tensor([[2.0, 0, 0], [0, 3, 0], [2, 0, 0]], requires_grad=True)
    matrix.det().backward()  # PyTorch's gradient is zero here, by its way around the singular factor
    np.testing.assert_allclose(matrix.grad.numpy(), [[0, 0, -6], [0, 0, 0], [0, 0, 6]], atol=1e-5)


@pytest.mark.parametrize("order", [2, 1, 3, INF])
def test_norms_of_zeros_and_ties_have_pytorchs_gradient(order):
    same_first(lambda side, a: side.linalg.vector_norm(a, order), np.zeros(3))
    same_first(lambda side, a: side.linalg.vector_norm(a, order, dim=1), np.array([[1.0, -1.0, 1.0], [0.0, 2.0, NAN]]))


def test_slogdet_has_pytorchs_sign():
    for array in (np.diag([1.0, -2.0]), np.zeros((2, 2)), np.array([[0.0, 1.0], [1.0, 0.0]])):
        with np.errstate(all="ignore"):
            ours, theirs = (side.linalg.slogdet(side.from_numpy(array)) for side in (gradviz, torch))
        assert_same(ours._asdict(), {"sign": theirs.sign, "logabsdet": theirs.logabsdet})


SPECIAL = np.array([[[1.0, 1.0, NAN, 0.0], [1.0, 0.0, 2.0, -INF], [-INF, -INF, INF, INF], [-INF, -INF, INF, 5.0]]])


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
@pytest.mark.parametrize("stride", [1, 2])
def test_pools_of_ties_and_of_what_is_not_finite(name, stride):
    same_first(f(name, 2, stride), SPECIAL)
    same_first(f("max_pool2d", 2, stride, 1), SPECIAL)
    places = (side.nn.functional.max_pool2d(side.from_numpy(SPECIAL), 2, stride, return_indices=True)[1] for side in (gradviz, torch))  # noqa: E501
    assert_same(*({"places": each} for each in places))


def test_adaptive_pools_keep_what_is_not_finite_apart():
    same_first(f("adaptive_avg_pool2d", (2, 3)), SPECIAL)


@pytest.mark.parametrize("name", ["layer_norm", "group_norm", "batch_norm"])
def test_normalization_of_constants_and_nan(name):
    call = {"layer_norm": f(name, (4,)), "group_norm": f(name, 2), "batch_norm": f(name, None, None, training=True)}[name]  # noqa: E501
    same_first(call, np.ones((3, 4)))
    same_first(call, np.array([[1.0, NAN, 2.0, 3.0], [0.0, 1.0, 4.0, 5.0]]))


def test_probabilities_at_the_ends():
    ends = np.array(list(itertools.product([0.0, 1.0, 0.3], repeat=2)))
    same_first(f("binary_cross_entropy"), ends[:, 0].copy(), ends[:, 1].copy())
    same_first(f("kl_div", reduction="sum"), ends[:, 0].copy(), ends[:, 1].copy())


def test_logits_that_overflow():
    same_first(f("binary_cross_entropy_with_logits"), np.array([800.0, -800.0, 0.0]), np.array([0.0, 1.0, 1.0]))


@pytest.mark.parametrize("name", ["l1_loss", "smooth_l1_loss", "huber_loss"])
def test_losses_at_their_kinks(name):
    same_first(f(name), np.array([0.0, 1.0, -1.0, 2.0, NAN, INF]), np.zeros(6))


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("name", ["l1_loss", "smooth_l1_loss", "huber_loss"])
def test_losses_that_broadcast(name):
    same(f(name), values((2, 3)), values((3,), seed=2))


def test_losses_of_nothing():
    for name in ("l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits"):
        same_first(f(name), np.zeros((0, 2)), np.zeros((0, 2)))
        same_first(f(name, reduction="sum"), np.zeros((0, 2)), np.zeros((0, 2)))


@pytest.mark.parametrize(
    ("call", "shapes"),
    [
        (f("conv2d", padding=1), ((0, 2, 3, 3), (4, 2, 3, 3))),
        (f("layer_norm", (3,)), ((0, 3),)),
        (f("max_pool2d", 2), ((0, 2, 4, 4),)),
        (f("avg_pool2d", 2), ((0, 2, 4, 4),)),
        (lambda side, a, b: side.einsum("ij,jk->ik", a, b), ((0, 2), (2, 3))),
        (lambda side, a, b: side.tensordot(a, b, dims=1), ((2, 0), (0, 3))),
        (lambda side, a, b: side.kron(a, b), ((2, 0), (2, 3))),
        (lambda side, a, b: side.outer(a, b), ((0,), (3,))),
        (f("dropout", 0.5), ((0, 3),)),
    ],
)
def test_empty_batches(call, shapes):
    same_first(call, *(values(shape, seed=k) for k, shape in enumerate(shapes)))


@pytest.mark.parametrize(
    ("call", "shapes"),
    [
        (f("conv2d", padding=1), ((1, 2, 3, 3), (2, 2, 2, 2))),
        (f("layer_norm", (3,)), ((2, 3),)),
        (f("max_pool2d", 2), ((1, 4, 4),)),
        (f("avg_pool2d", 2), ((1, 4, 4),)),
        (f("smooth_l1_loss"), ((2, 3), (2, 3))),
        (f("cosine_similarity"), ((2, 3), (2, 3))),
        (lambda side, a: side.linalg.vector_norm(a), ((2, 3),)),
        (lambda side, a, b: side.einsum("ij,jk->ik", a, b), ((2, 3), (3, 2))),
        (lambda side, a, b: side.outer(a, b), ((2,), (3,))),
    ],
)
def test_half_precision(call, shapes):
    same_first(call, *(values(shape, dtype=np.float16, seed=k) for k, shape in enumerate(shapes)))


@pytest.mark.parametrize(
    "call",
    [
        lambda side, a: side.outer(a[0], a[0]),
        lambda side, a: side.tensordot(a, a),
        lambda side, a: side.einsum("ij,kj->ik", a, a),
        lambda side, a: side.kron(a, a),
        lambda side, a: side.addmv(a[0, :2], a, a[0]),
        lambda side, a: side.nn.functional.max_pool2d(a[None], 2),
    ],
)
def test_integers(call):
    same_first(call, np.arange(6).reshape(2, 3))


@pytest.mark.parametrize("p", [0.5])
def test_attention_weights_may_be_dropped(p):
    found = []
    for side in (gradviz, torch):
        side.manual_seed(3)
        query = side.from_numpy(values((2, 3, 4))).requires_grad_()
        out = side.nn.functional.scaled_dot_product_attention(query, query, query, dropout_p=p)
        out.sum().backward()
        found.append({"output": out, "gradient": query.grad})
    assert_same(*found)


def test_attention_of_four_dimensions_has_pytorchs_values():
    arrays = [values((2, 2, 3, 4), seed=k) for k in range(3)]
    mask = np.array([[True, False, True], [False, False, False], [True, True, True]])
    same_first(lambda side, q, k, v: side.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True), *arrays)
    same_first(lambda side, *all_of: side.nn.functional.scaled_dot_product_attention(*all_of), *arrays, mask)


def test_running_statistics_move_as_pytorchs_and_only_in_training():
    found = []
    for side in (gradviz, torch):
        mean, variance = side.zeros(3), side.ones(3)
        x = side.from_numpy(values((4, 3, 2), dtype=np.float32)).requires_grad_()
        normal = side.nn.functional.batch_norm
        out = [normal(x, mean, variance, training=each, momentum=0.3) for each in (True, True, False)]
        sum(each.sum() for each in out).backward()  # the changes of the statistics are no in-place changes
        found.append({"mean": mean, "variance": variance, "out": out[2], "gradient": x.grad})
        assert mean._version == 0
    assert_same(*found)


THIRDS = {
    "layer_norm": lambda torch, a, w, b: torch.nn.functional.layer_norm(a, (2, 3), w, b),
    "layer_norm of weights": lambda torch, w, a, b: torch.nn.functional.layer_norm(a, (2, 3), w, b),
    "batch_norm": lambda torch, a, w, b: torch.nn.functional.batch_norm(a, None, None, w, b, True),
    "batch_norm of weights": lambda torch, w, a, b: torch.nn.functional.batch_norm(a, None, None, w, b, True),
    "batch_norm in evaluation": lambda torch, a, w, b: torch.nn.functional.batch_norm(
        a, a.new_zeros(3), a.new_zeros(3) + 2, w, b
    ),
    "conv_transpose2d": lambda torch, a, w, b: torch.nn.functional.conv_transpose2d(a, w, b, 2, 1, 1, 2),
    "conv_transpose2d of weights": lambda torch, w, a, b: torch.nn.functional.conv_transpose2d(a, w, b, 2, 1, 1, 2),
}


@pytest.mark.parametrize("name", THIRDS)
def test_third_gradients_are_the_numeric_ones_where_pytorchs_are_not(name):
    of_input = {"layer": [(3, 2, 3), (2, 3), (2, 3)], "batch": [(2, 3, 2), (3,), (3,)]}
    shapes = of_input.get(name[:5], [(1, 2, 2, 2), (2, 1, 3, 3), (2,)])
    shapes = [shapes[1], shapes[0], shapes[2]] if name.endswith("weights") else shapes
    arrays = [values(shape, seed=seed) for seed, shape in enumerate(shapes, 1)]
    gradcheck.check(lambda *leaves: twice(THIRDS[name])(gradviz, *leaves), arrays, [0, 1, 2], order=2, tolerance=3e-5)
