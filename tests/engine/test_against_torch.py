"""gradviz beside PyTorch, live: values, dtypes, gradients and second gradients of every op."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

import gradviz
from tests.engine.peers import PAIRS, SHAPES, assert_same, same
from tests.engine.samples import SAMPLES, values

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

BINARY = {
    "add": lambda torch, a, b: a + b,
    "sub": lambda torch, a, b: a - b,
    "mul": lambda torch, a, b: a * b,
    "div": lambda torch, a, b: a / b,
    "pow": lambda torch, a, b: (a * a) ** b,
    "lt": lambda torch, a, b: a < b,
    "where": lambda torch, a, b: torch.where(a > 0, a, b),
    "mse_loss": lambda torch, a, b: torch.nn.functional.mse_loss(a, b),
}
UNARY = {
    **{
        name: lambda torch, a, name=name: getattr(a, name)()
        for name in "neg reciprocal exp log sqrt sin cos tanh sigmoid relu abs sign clone sum mean".split()
    },
    **{f"a ** {n}": lambda torch, a, n=n: a**n for n in (2, 3, 0, 1, -1, 0.5, 2.5)},
    **{f"{n} ** a": lambda torch, a, n=n: n**a for n in (2, 0.5, 0)},
    "2 - a": lambda torch, a: 2 - a,
    "a > 0": lambda torch, a: a > 0,
}
SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 1e30, -1e-30, np.inf, -np.inf, np.nan]


def laid_out(array, layout):
    """The same values in Fortran order, or with gaps between the elements."""
    if layout == "gaps":
        wide = np.zeros((*array.shape, 2), array.dtype)
        wide[..., 0] = array
        return wide[..., 0]
    return np.asarray(array, order=layout)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("k", range(len(SAMPLES)), ids=lambda k: f"{SAMPLES[k].op}-{k}")
def test_every_op_under_every_pattern_of_requires_grad(k, dtype):
    sample = SAMPLES[k]
    for wanted in itertools.product(*((True, False) if able else (False,) for able in sample.floating())):
        same(sample.run, sample.arrays(dtype), wanted)


@pytest.mark.parametrize("layout", ["F", "gaps"])
@pytest.mark.parametrize("k", range(len(SAMPLES)), ids=lambda k: f"{SAMPLES[k].op}-{k}")
def test_layouts_other_than_contiguous(k, layout):
    sample = SAMPLES[k]
    same(sample.run, [laid_out(array, layout) for array in sample.arrays()], sample.floating())


def test_a_view_that_strides_forbid():
    for side in (gradviz, torch):
        with pytest.raises(RuntimeError, match="view size is not compatible"):
            side.from_numpy(laid_out(values((2, 3)), "F")).view(3, 2)


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("name", BINARY)
@given(shapes=PAIRS, double=st.booleans())
def test_broadcasting(name, shapes, double):
    one, two = shapes.input_shapes
    dtype = np.float64 if double else np.float32
    same(BINARY[name], [values(one, "real", dtype, 1), values(two, "real", dtype, 2)])


@pytest.mark.parametrize("name", [name for name in UNARY if name != "0 ** a"])  # PyTorch's second gradient is NaN
@given(shape=SHAPES)
def test_shapes_of_one_input(name, shape):
    same(UNARY[name], [values(shape, "positive", np.float64)])


@pytest.mark.parametrize("word", ["sum", "mean", "softmax", "log_softmax"])
@given(shape=SHAPES.filter(len), data=st.data(), keepdim=st.booleans())
def test_reductions_and_softmax_over_dims(word, shape, data, keepdim):
    dims = st.integers(-len(shape), len(shape) - 1)
    array = values(shape, "real", np.float64)
    if "softmax" in word:
        dim = data.draw(dims)
        same(lambda torch, a: getattr(a, word)(dim), [array])
    else:
        dim = data.draw(st.lists(dims, min_size=1, unique_by=lambda d: d % len(shape)).map(tuple))
        same(lambda torch, a: getattr(a, word)(dim, keepdim=keepdim), [array])


@given(shape=SHAPES, data=st.data())
def test_basic_indexing(shape, data):
    index = data.draw(
        arrays_of.basic_indices(shape, allow_newaxis=True).filter(
            lambda index: not any(
                isinstance(part, slice) and part.step is not None and part.step < 0
                for part in (index if isinstance(index, tuple) else (index,))
            )
        )
    )
    same(lambda torch, a: a[index] * 1, [values(shape, "real", np.float64)])


@pytest.mark.parametrize("batch", [(), (2,), (0,), (3, 1)])
@given(sizes=st.tuples(*[st.integers(0, 3)] * 3), data=st.data())
def test_matrix_products(batch, sizes, data):
    n, k, m = sizes
    left = data.draw(st.sampled_from([(k,), (n, k), (*batch, n, k)]))
    right = data.draw(st.sampled_from([(k,), (k, m), (*batch, k, m), (2, k, m)] if batch != (0,) else [(k,), (k, m)]))
    same(lambda torch, a, b: a @ b, [values(left, "real", np.float64, 1), values(right, "real", np.float64, 2)])


@pytest.mark.parametrize("name", UNARY)
def test_zeros_infinities_and_nan_of_one_input(name):
    """First gradients only: of the second, PyTorch itself says that they are whatever the formula gives."""
    # pow(-0.0, -0.5) is inf in C; PyTorch takes 1 / sqrt(-0.0) for it, and there alone
    array = np.array([each for each in SPECIAL if name != "a ** 0.5" or each > 0])
    _same_first(UNARY[name], [array])


@pytest.mark.parametrize("name", sorted(set(BINARY) - {"pow", "mse_loss"}))
def test_zeros_infinities_and_nan_of_two_inputs(name):
    pairs = np.array(list(itertools.product(SPECIAL, repeat=2)))
    _same_first(BINARY[name], [pairs[:, 0].copy(), pairs[:, 1].copy()])


def test_powers_at_the_edges():
    pairs = np.array(list(itertools.product([0.0, 1.0, 2.0, -2.0, np.inf], [0.0, 1.0, 2.0, -1.0, 0.5])))
    _same_first(lambda torch, a, b: a**b, [pairs[:, 0].copy(), pairs[:, 1].copy()])


def test_masked_gradients_let_no_nan_through():
    array = np.array([-1.0, 0.0, 2.0])
    _same_first(lambda torch, a: torch.where(a > 0, a, 1.0).log() + torch.where(a > 0, a.log(), 0.0), [array])


def _same_first(program, arrays):
    found = []
    for side in (gradviz, torch):
        leaves = [side.from_numpy(array.copy()).requires_grad_() for array in arrays]
        with np.errstate(all="ignore"):
            out = program(side, *leaves)
            grads = [None] * len(leaves)
            if out.requires_grad:
                grads = side.autograd.grad(out, leaves, side.ones(tuple(out.shape), dtype=out.dtype))
        found.append({str(k): each for k, each in enumerate([out, *grads]) if each is not None})
    assert_same(*found)


@pytest.mark.parametrize(
    "make",
    [
        lambda torch: torch.tensor([[1, 2], [3, 4]]),
        lambda torch: torch.tensor([[1.0, 2], [torch.tensor(3), 4]]),
        lambda torch: torch.tensor([True, False]),
        lambda torch: torch.tensor([True, 2.5]),
        lambda torch: torch.tensor(np.array([1.0, 2.0])),
        lambda torch: torch.tensor(0.1, dtype=torch.float64),
        lambda torch: torch.tensor([1.9, -1.9], dtype=torch.int64),
        lambda torch: torch.tensor([0, 1], dtype=torch.bool),
        lambda torch: torch.tensor(range(3)),
        lambda torch: torch.zeros(2, 3),
        lambda torch: torch.zeros((2, 3), dtype=torch.int64),
        lambda torch: torch.ones(()),
        lambda torch: torch.full((2,), 3),
        lambda torch: torch.full_like(torch.ones(2, dtype=torch.float64), 3),
        lambda torch: torch.tensor([torch.pi, torch.e, torch.inf, torch.nan])[torch.newaxis],
        lambda torch: torch.full((2,), 0.1, dtype=torch.float64),
        lambda torch: torch.eye(2, 3),
        lambda torch: torch.arange(5),
        lambda torch: torch.arange(1, 2, 0.3),
        lambda torch: torch.arange(5, 1, -2),
        lambda torch: torch.arange(0.0, 1.0, 0.1, dtype=torch.float64),
        lambda torch: torch.linspace(0, 1, 7),
        lambda torch: torch.zeros_like(torch.ones(2, dtype=torch.float64)),
        lambda torch: torch.ones_like(torch.ones(2), dtype=torch.int64),
        lambda torch: torch.tensor([1.5, -1.5]).long(),
        lambda torch: torch.tensor([2, 3]) ** 0.5,
        lambda torch: torch.tensor([True, False]) ** 2,
        lambda torch: 2.5 ** torch.tensor([1, 2]),
        lambda torch: torch.tensor([7, 8]) / 2,
        lambda torch: torch.tensor([1, 2]).exp(),
        lambda torch: torch.tensor([True, True]).sum(),
        lambda torch: torch.full((4000,), 20.0, dtype=torch.float16).mean(),
        lambda torch: torch.full((3000,), 0.1, dtype=torch.float16).sum(),
        lambda torch: torch.tensor([1, 2]) == 2.5,
        lambda torch: ~torch.tensor([1, -2]),
        lambda torch: torch.where(torch.tensor([True, False]), 1, torch.zeros(2)),
    ],
)
def test_made_and_converted(make):
    assert_same({"": make(gradviz)}, {"": make(torch)})


@pytest.mark.parametrize("other", [None, "a", [1.0, 2.0]])
def test_comparison_with_what_is_no_number(other):
    ours = gradviz.ones(2)
    assert (ours == other, ours != other) == (False, True)
    with pytest.raises(TypeError, match="unsupported operand type|not supported between|can only concatenate"):
        other + ours
    with pytest.raises(TypeError, match=r"unsupported operand type\(s\) for -: 'Tensor' and"):
        ours - other
