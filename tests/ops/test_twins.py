"""The C twins of the catalogue come to what NumPy comes to: to the same bits, or to rounding where sums are parted."""

import numpy as np
import pytest

import gradviz as torch
from gradviz.ops import elimination, scans, twins

built = pytest.mark.skipif(
    twins._ops is None, reason="the C twins were not built (no compiler, or GRADVIZ_COMPILED=0)"
)
pytestmark = built
DTYPES = ("f", "d")


@pytest.fixture
def both_ways(monkeypatch):
    """Calls a function with the twins, then without."""

    def call(compute):
        compiled = compute()
        with monkeypatch.context() as without:
            without.setattr(twins, "_ops", None)
            without.setattr(elimination, "compiled", None)
            return compiled, compute()

    return call


def same(one, other):
    assert [(a.shape, a.dtype, a.tobytes()) for a in one] == [(b.shape, b.dtype, b.tobytes()) for b in other]


def near(one, other):
    for a, b in zip(one, other, strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=0, atol=np.abs(b).max() * (2e-4 if a.dtype == "f" else 1e-10))


def with_gradients(function, *arrays):
    leaves = [torch.from_numpy(each.copy()).requires_grad_() for each in arrays]
    out = function(*leaves)
    weights = np.random.default_rng(1).standard_normal(out.shape).astype(arrays[0].dtype)
    out.backward(torch.from_numpy(np.asarray(weights)))
    return [out.detach().numpy(), *(leaf.grad.numpy() for leaf in leaves)]


def random(shape, dtype="f"):
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dim", [0, 1, 2])
def test_gather_and_scatter_add(dim, dtype, both_ways):
    x, shape = random((5, 6, 7), dtype), [5, 6, 7]
    shape[dim] = 9
    index = torch.from_numpy(np.random.default_rng(2).integers(0, x.shape[dim], shape))
    source = random(shape, dtype)
    same(*both_ways(lambda: with_gradients(lambda x: torch.gather(x, dim, index), x)))
    same(*both_ways(lambda: with_gradients(lambda x, s: torch.scatter_add(x, dim, index, s), x, source)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dim", [0, 1, 2])
def test_slices(dim, dtype, both_ways):
    x = random((5, 6, 7), dtype)
    index = torch.tensor([0, 3, 3, 4, 0, 0])
    same(*both_ways(lambda: with_gradients(lambda x: torch.index_select(x, dim, index), x)))
    shape = [5, 6, 7]
    shape[dim] = 6
    same(*both_ways(lambda: with_gradients(lambda x, s: torch.index_add(x, dim, index, s), x, random(shape, dtype))))


@pytest.mark.parametrize("wrong", [-1, 6, 2**40])
def test_a_place_outside(wrong):
    x, index = torch.ones(4, 6), torch.zeros(4, 6, dtype=torch.int64)
    index[2, 3] = wrong
    for call in (torch.gather, lambda x, dim, index: torch.scatter_add(x, dim, index, torch.ones(4, 6))):
        with pytest.raises(RuntimeError, match=f"index {wrong} is out of bounds for dimension 1 with size 6"):
            call(x, 1, index)
    with pytest.raises(RuntimeError, match=f"index {wrong} is out of bounds for dimension 1 with size 6"):
        torch.index_add(x, 1, index[2], torch.ones(4, 6))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1,), (7,), (5, 1), (3, 4, 9), (6, 100), (0, 3), (3, 0)])
@pytest.mark.parametrize("name", ["add", "multiply"])
def test_running_sums_and_products(name, shape, dtype):
    array, function, dim = random(shape, dtype), getattr(np, name), len(shape) - 1
    if array.size:
        array.reshape(-1)[::5] = np.resize([-0.0, np.inf, np.nan, 1e-40], array.reshape(-1)[::5].shape)
    with np.errstate(all="ignore"):
        for from_end in (False, True):
            found = scans.accumulated(np, function, array, dim, from_end)
            given = np.flip(array, dim) if from_end else array
            wanted = function.accumulate(given, axis=dim)
            np.testing.assert_array_equal(found, np.flip(wanted, dim) if from_end else wanted)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("kernel", "padding", "dilation"), [((3, 3), 1, 1), ((1, 2), 0, 1), ((3, 3), 2, 2)])
def test_depthwise_convolutions(kernel, padding, dilation, dtype, both_ways):
    x, weight, bias = random((2, 4, 20, 22), dtype), random((4, 1, *kernel), dtype), random((4,), dtype)

    def convolved(x, weight, bias):
        return torch.nn.functional.conv2d(x, weight, bias, padding=padding, dilation=dilation, groups=4)

    near(*both_ways(lambda: with_gradients(convolved, x, weight, bias)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 5, 64, 65, 130])
@pytest.mark.parametrize("batch", [(), (3,), (2, 2)])
def test_elimination(size, batch, dtype, both_ways):
    array = random((*batch, size, size), dtype) + 3 * np.eye(size, dtype=dtype)
    same_factors = both_ways(lambda: elimination.factorized(np, array))
    np.testing.assert_array_equal(same_factors[0][1], same_factors[1][1])
    near(*same_factors)
    right = random((*batch, size, 4), dtype)
    for left in (True, False):
        given = right if left else np.ascontiguousarray(np.swapaxes(right, -1, -2))
        near(*both_ways(lambda left=left, given=given: with_gradients(
            lambda a, b: torch.linalg.solve(a, b, left=left), array, given)))  # fmt: skip
    near(*both_ways(lambda: with_gradients(torch.linalg.solve, array, right[..., 0].copy())))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 5, 65, 130])
def test_triangles(size, dtype, both_ways):
    array, right = random((2, size, size), dtype) / size + np.eye(size, dtype=dtype), random((2, size, 3), dtype)
    for upper in (True, False):
        for unit in (True, False):
            near(*both_ways(lambda upper=upper, unit=unit: with_gradients(
                lambda a, b: torch.linalg.solve_triangular(a, b, upper=upper, unitriangular=unit), array, right
            )))  # fmt: skip
    positive = array @ np.swapaxes(array, -1, -2) + np.eye(size, dtype=dtype)
    near(*both_ways(lambda: with_gradients(torch.linalg.cholesky, positive)))


def test_the_determinant_of_singular_matrices(both_ways):
    for array in (np.zeros((3, 3)), np.ones((3, 3)), np.diag([1.0, 2.0, 0.0]), np.arange(9.0).reshape(3, 3)):
        near(*both_ways(lambda array=array: with_gradients(torch.linalg.det, array)))


def test_pivots_of_what_is_no_number(both_ways):
    array = random((4, 4))
    array[2, 0] = np.nan
    with np.errstate(all="ignore"):
        one, other = both_ways(lambda: elimination.factorized(np, array))
    np.testing.assert_array_equal(one[1], other[1])


def test_arrays_that_do_not_go_together():
    x, i = np.ones((2, 3), "f"), np.zeros((2, 3), np.int64)
    stack, pivots = np.ones((1, 3, 3)), np.full((1, 3), 9, np.int32)
    for call in (
        lambda: twins._ops.pick(x, i, x, 2, 4, 3, 1), lambda: twins._ops.pick(x, i.astype(np.int32), x, 2, 3, 3, 1),
        lambda: twins._ops.add_at(x, i, x.astype("d"), 2, 3, 3, 1), lambda: twins._ops.add_slices(x, i, x, 2, 3, 3, 1),
        lambda: twins._ops.accumulate(x, x[:1], False, False), lambda: twins._ops.accumulate(x.T, x.T, False, False),
        lambda: twins._ops.runs(0, x, x, x, np.array([5]), 2, 2, 3), lambda: twins._ops.factor(stack, pivots, 0, 4),
        lambda: twins._ops.interchange(stack, pivots, False),
        lambda: twins._ops.substitute(stack[:, :2], stack, True, False),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="don't go together"):
            call()
