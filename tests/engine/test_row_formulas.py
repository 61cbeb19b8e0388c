"""Formulas of rows: NumPy's loops row by row give the bits of the formula on whole arrays."""

import numpy as np
import pytest

import gradviz as torch
from gradviz.engine import threads, twins
from gradviz.engine.rows import Rows, row_dot, rows
from gradviz.ops import backward_kernels, loss, standardizing

built = pytest.mark.skipif(
    twins._engine is None, reason="the C twins were not built (no compiler, or GRADVIZ_COMPILED=0)"
)
ODD = [0.0, -0.0, 1.0, -7.5, np.inf, -np.inf, np.nan, 1e-40, 1e30]
SHAPES = [(1, 1), (3, 5), (4, 2, 64), (300, 17), (2, 40000), (7,)]  # (300, 17): several blocks; (2, 40000): long rows


def _formulas():
    """Every formula of rows in the catalogue, with a name."""
    for module in (backward_kernels, loss, standardizing):
        for name, value in vars(module).items():
            for k, each in enumerate(value if isinstance(value, tuple) else (value,)):
                if isinstance(each, Rows):
                    yield f"{name}{k or ''}", each


FORMULAS = dict(_formulas())


def arrays(kinds, shape, dtype):
    random = np.random.default_rng(0)
    sizes = {"r": shape, "1": (*shape[:-1], 1), "c": shape[-1:]}

    def made(size):
        array = np.asarray(random.standard_normal(size), dtype)
        places = random.random(size) < 0.02
        array[places] = np.asarray(random.choice(ODD, size), dtype)[places]
        return array

    return [made(sizes[kind]) if kind != "n" else shape[-1] for kind in kinds]


def bits(found):
    found = found if isinstance(found, tuple) else (found,)
    return [(each.shape, each.dtype, np.where(each != each, np.nan, each).tobytes()) for each in found]


def test_they_are_many():
    assert {"_softmax", "_log_softmax", "_of_softmax", "_scaled_rows", "AFFINE", "AFFINE1"} <= FORMULAS.keys()


@built
@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("dtype", ["f", "d"])
def test_the_bits_of_the_formula(name, dtype):
    formula = FORMULAS[name]
    for shape in SHAPES:
        given = arrays(formula._kinds, shape, dtype)
        with np.errstate(all="ignore"):
            compiled = formula._compiled(*given)
            assert compiled is not None and bits(compiled) == bits(formula.formula(np, *given)), shape


@built
@pytest.mark.parametrize("count", [1, 2, 5])
def test_threads_share_the_rows(count):
    before = threads.get_num_threads()
    given = arrays("r", (4000, 100), "f")
    threads.set_num_threads(count)
    try:
        with np.errstate(all="ignore"):
            assert bits(loss._softmax(np, *given)) == bits(loss._softmax.formula(np, *given))
    finally:
        threads.set_num_threads(before)


@built
def test_other_arrays_go_the_formulas_way():
    whole = np.arange(24.0).reshape(4, 6)
    softmax = loss._softmax
    for other in (whole.T, whole[:, ::2], whole.astype(int), whole.astype(np.float16), np.ones((0, 3)), np.ones((3, 0)),
                  np.float32(1), whole.astype(">f8")):  # fmt: skip
        assert softmax._compiled(other) is None
    for strided in (whole.T, whole[:, ::2], np.broadcast_to(whole[:1], (4, 6))):
        np.testing.assert_array_equal(softmax(np, strided), softmax.formula(np, np.ascontiguousarray(strided)))
    both = FORMULAS["_of_softmax"]._compiled
    assert both(whole, whole[:2]) is None and both(whole, whole.reshape(6, 4)) is None
    assert both(whole, whole.astype("f")) is None and both(whole) is None and both() is None


@built
def test_a_formula_of_more_than_rows_has_none():
    def of_columns(xp, row):
        return row - row.sum(axis=0, keepdims=True)

    def that_compares(xp, row):
        return xp.where(row > 0, row, 0.0)

    def twice_folded(xp, row):
        return row.max(axis=-1, keepdims=True).max(axis=-1, keepdims=True)

    for formula in (of_columns, that_compares, twice_folded, lambda xp, row: row.reshape(-1)):
        found = rows("r")(formula)
        assert found._compiled(np.ones((2, 3))) is None
        np.testing.assert_array_equal(found(np, np.ones((2, 3))), formula(np, np.ones((2, 3))))


@built
@pytest.mark.parametrize("kinds", ["", "1r", "rx", "rrrrrrrrr"])
def test_kinds(kinds):
    with pytest.raises(ValueError, match="kinds are r, 1, c and n"):
        twins._engine.Rows(lambda dtype: None, kinds)


@built
def test_an_error_in_drawing_is_none_of_the_callers():
    formula = twins._engine.Rows(lambda dtype: 1 / 0, "r")
    with pytest.raises(ZeroDivisionError):
        formula(np.ones(3))


def test_along_another_dimension():
    x = np.random.default_rng(0).standard_normal((3, 4, 5))
    for dim in range(3):
        turned = np.moveaxis(loss._softmax(np, np.ascontiguousarray(np.moveaxis(x, dim, -1))), -1, dim)
        np.testing.assert_allclose(loss._softmax.along(dim, np, x), turned, rtol=1e-14)


def test_a_product_of_rows():
    x, y = np.arange(6.0).reshape(2, 3), np.ones((2, 3))
    assert row_dot(np, x, y).tolist() == [[3.0], [12.0]]


@pytest.mark.parametrize("shape", [(64, 300), (8, 16, 5, 7), (40, 6)])
@pytest.mark.parametrize("kind", ["layer", "batch", "eval", "group"])
def test_normalization_in_float32_is_that_in_float64(shape, kind):
    random, F = np.random.default_rng(0), torch.nn.functional
    x, weights = random.standard_normal(shape) * 3 + 100, random.standard_normal(shape)
    channels = shape[-1] if kind == "layer" else shape[1]
    scale, shift = random.standard_normal(channels), random.standard_normal(channels)
    normalized = {
        "layer": lambda x, w, b: F.layer_norm(x, shape[-1:], w, b),
        "batch": lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
        "eval": lambda x, w, b: F.batch_norm(x, w.detach() + 100, w.detach() ** 2 + 1, w, b),
        "group": lambda x, w, b: F.group_norm(x, 2, w, b),
    }[kind]
    found = []
    for dtype in (np.float32, np.float64):
        leaves = [torch.from_numpy(each.astype(dtype)).requires_grad_() for each in (x, scale, shift)]
        out = normalized(*leaves)
        out.backward(torch.from_numpy(weights.astype(dtype)))
        found.append([out.detach().numpy(), *(leaf.grad.numpy() for leaf in leaves)])
    for narrow, wide in zip(*found, strict=True):
        np.testing.assert_allclose(narrow, wide, rtol=2e-3, atol=2e-3 * np.abs(wide).max())
